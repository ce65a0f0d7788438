package promotions_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// meeting holds the first writes of the calendar back until so many have come together: everybody has asked the guard,
// nobody has published.
type meeting struct {
	table.DB
	mu   sync.Mutex
	left int
	all  chan struct{}
}

func meet(n int) func(table.DB) table.DB {
	return func(db table.DB) table.DB { return &meeting{DB: db, left: n, all: make(chan struct{})} }
}

func (m *meeting) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	writesCalendar := slices.ContainsFunc(in.TransactItems, func(w types.TransactWriteItem) bool {
		return w.Put != nil && table.Item(w.Put.Item).Key() == store.KeyOfCalendar()
	})
	if !writesCalendar {
		return m.DB.TransactWriteItems(ctx, in, o...)
	}
	m.mu.Lock()
	if m.left--; m.left == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	<-m.all
	return m.DB.TransactWriteItems(ctx, in, o...)
}

// publishAtOnce publishes drafts at the same moment and returns the answers, the good ones first.
func (b *bench) publishAtOnce(drafts []string) []*apitest.Response {
	b.t.Helper()
	answers := make([]*apitest.Response, len(drafts))
	var all sync.WaitGroup
	for i, id := range drafts {
		all.Go(func() { answers[i] = b.merchant.Do("POST", "/promotions/"+id+"/publish", nil) })
	}
	all.Wait()
	slices.SortFunc(answers, func(x, y *apitest.Response) int { return x.Status - y.Status })
	return answers
}

func TestOfThoseWhoPublishAtTheSameInstantOneIsFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(n int) map[string]any
		status  int
		problem string
	}{
		{"two sales of one product", func(int) map[string]any { return nil }, 409, "discount_guard"},
		{"one code for two", func(n int) map[string]any {
			return map[string]any{"kind": "free_shipping", "terms": nil, "code": []string{"FRIDAY", "FRI-DAY", "F-RIDAY"}[n]}
		}, 422, "invalid_input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const merchants = 3
			b := newBench(t, meet(merchants))
			product, _ := b.sell(12_000)
			var drafts []string
			for n := range merchants {
				drafts = append(drafts, b.create(body(product, tt.change(n))).ID)
			}
			answers := b.publishAtOnce(drafts)
			answers[0].Want(200)
			for _, refused := range answers[1:] {
				refused.WantProblem(tt.status, tt.problem)
			}
			live, err := b.f.Store.Published(t.Context(), monday)
			if err != nil || len(live) != 1 {
				t.Errorf("%d are published (%v)", len(live), err)
			}
			for _, id := range drafts {
				if last := b.plans.last(id); last.State != b.record(id).Promotion.State {
					t.Errorf("%s is %s and its schedules are those of one that is %s", id, b.record(id).Promotion.State, last.State)
				}
			}
		})
	}
}

func TestThoseWhoDoNotGetInEachOthersWayAreAllPublished(t *testing.T) {
	t.Parallel()
	const merchants = 3
	b := newBench(t, meet(merchants))
	var drafts []string
	for n := range merchants {
		product, _ := b.sell(12_000)
		drafts = append(drafts, b.create(body(product,
			map[string]any{"code": fmt.Sprint("CODE", n), "kind": "free_shipping", "terms": nil})).ID)
	}
	for _, answer := range b.publishAtOnce(drafts) {
		answer.Want(200)
	}
}

// behind is an index that shows nothing of what is written.
type behind struct{ table.DB }

func (b behind) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput,
	error) {
	return &dynamodb.QueryOutput{}, nil
}

func TestTheGuardKnowsWhatTheIndexDoesNotShowYet(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(db table.DB) table.DB { return behind{db} })
	product, _ := b.sell(12_000)
	first, second := b.create(body(product, nil)), b.create(body(product, nil))
	b.merchant.Do("POST", "/promotions/"+first.ID+"/publish", nil).Want(200)
	b.merchant.Do("POST", "/promotions/"+second.ID+"/publish", nil).WantProblem(409, "discount_guard")
	b.merchant.Do("POST", "/promotions/"+first.ID+"/end", nil).Want(200)
	b.merchant.Do("POST", "/promotions/"+second.ID+"/publish", nil).Want(200)
	if p := b.record(second.ID).Promotion; p.State != promotion.Scheduled {
		t.Errorf("it is %s", p.State)
	}
}
