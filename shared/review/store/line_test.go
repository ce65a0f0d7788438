package store_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/events"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

// askAt moves the clock to a time after the delivery and does the request that is due then. It returns the kind of the
// request that was published, empty for none.
func (s shop) askAt(t testing.TB, after time.Duration) (kind string, l *store.Line) {
	t.Helper()
	s.clock.MoveTo(noon.Add(after))
	before, err := s.LineOf(t.Context(), "ord_1", "line_1")
	if err == nil {
		err = s.Ask(t.Context(), before.Key)
	}
	if err == nil {
		l, err = s.LineOf(t.Context(), "ord_1", "line_1")
	}
	if err != nil {
		t.Fatal(err)
	}
	if l.Event == nil || before.Event != nil && before.Event.ID == l.Event.ID {
		return "", l
	}
	var asked events.ReviewRequested
	if err := json.Unmarshal([]byte(l.Event.Data), &asked); err != nil {
		t.Fatal(err)
	}
	return asked.Kind, l
}

// arrive notes the delivery of the line that draft(1) is about.
func (s shop) arrive(t testing.TB) {
	t.Helper()
	line := store.Line{OrderID: "ord_1", LineID: "line_1", ProductID: "prod_1", CustomerID: "cust_1", Delivered: noon}
	if err := s.Delivered(t.Context(), line); err != nil {
		t.Fatal(err)
	}
}

func TestABuyerIsAskedTwiceAtMostWheneverTheReviewComes(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		written time.Duration // after the delivery; 0 for never
		want    []string      // requests after 8, 31 and 60 days
	}{
		"no review":                             {want: []string{"first", "follow_up", ""}},
		"a review before anybody asked":         {written: 2 * day, want: []string{"", "follow_up", ""}},
		"a review after the first request":      {written: 10 * day, want: []string{"first", "follow_up", ""}},
		"a review after both requests":          {written: 40 * day, want: []string{"first", "follow_up", ""}},
		"a review on the day of both requests":  {written: 31*day + time.Hour, want: []string{"first", "follow_up", ""}},
		"a review a moment before the last one": {written: 30 * day, want: []string{"first", "follow_up", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.arrive(t)
			last := time.Duration(0)
			for i, after := range []time.Duration{8 * day, 31 * day, 60 * day} {
				if c.written > last && c.written <= after {
					s.clock.MoveTo(noon.Add(c.written))
					s.write(t, 1, 4, func(r *review.Review) { r.Delivered = noon })
				}
				last = after
				if got, _ := s.askAt(t, after); got != c.want[i] {
					t.Errorf("after %d days %q, want %q", after/day, got, c.want[i])
				}
			}
			if _, l := s.askAt(t, 90*day); l.At != 0 {
				t.Errorf("something is still due: %+v", l.Due)
			}
		})
	}
}

func TestTheFollowUpIsNotAskedForWhenItCannotCome(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]store.Rule{
		"the review is deleted": setState(review.Deleted),
		"it is there already": func(r *review.Review) (store.Effect, bool, error) {
			r.FollowUp = &review.FollowUp{Stars: 5, Text: "한 달 뒤에도 좋아요", Written: noon}
			return store.Effect{}, true, nil
		},
	} {
		s := open(t)
		s.arrive(t)
		r := s.write(t, 1, 4, func(r *review.Review) { r.Delivered = noon })
		if _, err := s.Change(t.Context(), key(r), rule); err != nil {
			t.Fatal(err)
		}
		if kind, l := s.askAt(t, review.FollowUpAfter); kind != "" || l.At != 0 {
			t.Errorf("%s: asked for %q, due %d", name, kind, l.At)
		}
	}
}

// interrupted lets something happen right before the first write.
type interrupted struct {
	table.DB
	once   sync.Once
	before func()
}

func (i *interrupted) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	i.once.Do(i.before)
	return i.DB.PutItem(ctx, in, o...)
}

// The review and the request for it happen at one time: the line must keep its review, or it would take a second one.
func TestAReviewThatIsWrittenWhileItsBuyerIsAskedStaysTheReviewOfTheLine(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"first": review.FirstRequest, "follow-up": review.FollowUpAfter} {
		s := open(t)
		s.arrive(t)
		if after == review.FollowUpAfter {
			s.askAt(t, review.FirstRequest)
		}
		db := &interrupted{DB: localtest.DB(t)}
		slow := s.Store
		slow.Table = table.New(db, s.Table.Name(), nil)
		s.clock.MoveTo(noon.Add(after))
		var r *review.Review
		db.before = func() { r = s.write(t, 1, 4, func(r *review.Review) { r.Delivered = noon }) }
		l, err := s.LineOf(t.Context(), "ord_1", "line_1")
		if err == nil {
			err = slow.Ask(t.Context(), l.Key)
		}
		if err == nil {
			l, err = s.LineOf(t.Context(), "ord_1", "line_1")
		}
		if err != nil || r == nil || l.ReviewID != r.ID {
			t.Errorf("%s: the line has the review %q, %v", name, l.ReviewID, err)
		}
	}
}
