package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

// crowd is some people and moderators who work on the reviews of one product at the same time, over a database that
// fails, loses answers, throttles and does calls twice.
type crowd struct {
	shop
	mu      sync.Mutex
	written []*review.Review
}

func (c *crowd) some(dice *rand.Rand) *review.Review {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.written) == 0 {
		return nil
	}
	return c.written[dice.IntN(len(c.written))]
}

// act does one thing and forgets its error: what was not done is not done, what was done counts.
func (c *crowd) act(ctx context.Context, dice *rand.Rand) {
	action := dice.IntN(10)
	r := c.some(dice)
	if r == nil || action < 2 {
		fresh := c.draft(dice.IntN(12), dice.IntN(5)+1)
		c.mu.Lock()
		c.written = append(c.written, fresh)
		c.mu.Unlock()
		_ = c.create(ctx, fresh)
		return
	}
	who := fmt.Sprintf("voter_%d", dice.IntN(4))
	switch action {
	case 2, 3:
		_, _ = c.Change(ctx, key(r), func(r *review.Review) (store.Effect, bool, error) {
			e := store.Effect{With: []table.Write{c.Keep(r)}}
			r.Edits++
			r.Stars = dice.IntN(5) + 1
			return e, true, nil
		})
	case 4, 5:
		state := review.States[dice.IntN(len(review.States))]
		_, _ = c.Change(ctx, key(r), setState(state))
	case 6:
		_, _ = c.Report(ctx, key(r), who, review.Spam, "")
	case 7:
		_ = c.Settle(ctx, r.ID, dice.IntN(2) == 0)
	default:
		_, _ = c.Vote(ctx, key(r), who, []*bool{yes(), no(), nil}[dice.IntN(3)])
	}
}

func TestAnyInterleavingWithFaultsLeavesTheSummaryEqualToARecount(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			inject := fault.New(fault.Plan{Every: 9})
			c := &crowd{shop: open(t, inject.DB)}
			var people sync.WaitGroup
			for n := range uint64(6) {
				people.Go(func() {
					dice := rand.New(rand.NewPCG(seed, n))
					for range 30 {
						c.act(t.Context(), dice)
					}
				})
			}
			people.Wait()
			inject.Stop()
			summary := c.exact(t)
			if _, faults := inject.Count(); len(faults) == 0 || summary.Changes == 0 {
				t.Fatal("nothing went wrong, or nothing happened")
			}
			c.votesAndReportsAddUp(t)
		})
	}
}

// votesAndReportsAddUp compares the counts on reviews and reporters with the single votes and reports.
func (c *crowd) votesAndReportsAddUp(t *testing.T) {
	t.Helper()
	judged := map[string]int{}
	for _, r := range c.written {
		got, err := c.Get(t.Context(), key(r))
		if err != nil {
			continue // its line had a review, or the write failed
		}
		helpful, unhelpful := 0, 0
		err = c.Table.All(t.Context(), table.Query{
			Where: "#pk = :pk", With: map[string]any{":pk": "REVIEW#" + r.ID}, Strong: true,
		}, func(item table.Item) error {
			var row struct {
				Helpful    bool   `dynamodbav:"helpful"`
				ReporterID string `dynamodbav:"reporterId"`
				State      string `dynamodbav:"state"`
			}
			if err := item.Decode(&row); err != nil {
				return err
			}
			switch sk := item.Text("sk"); {
			case strings.HasPrefix(sk, "VOTE#") && row.Helpful:
				helpful++
			case strings.HasPrefix(sk, "VOTE#"):
				unhelpful++
			case strings.HasPrefix(sk, "REPORT#") && row.State != "open":
				judged[row.ReporterID+" "+row.State]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Helpful != helpful || got.Unhelpful != unhelpful {
			t.Errorf("%s counts %d to %d votes, there are %d to %d", r.ID, got.Helpful, got.Unhelpful, helpful, unhelpful)
		}
	}
	for n := range 4 {
		who := fmt.Sprintf("voter_%d", n)
		sc, err := c.Screen(t.Context(), &review.Review{AuthorID: who, ProductID: "none"}, nil, store.AccountLinks{})
		if err != nil {
			t.Fatal(err)
		}
		if sc.Author.Upheld != judged[who+" upheld"] || sc.Author.Dismissed != judged[who+" dismissed"] {
			t.Errorf("%s has %d upheld and %d dismissed reports, the reports say %v", who, sc.Author.Upheld, sc.Author.Dismissed,
				judged)
		}
	}
}
