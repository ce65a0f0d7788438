package reviews_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/review/reward"
	"dangol/shared/review/store"
)

// counted counts the codes that are taken.
type counted struct {
	reviews.Granter
	taken *int
}

func (c counted) Grant(ctx context.Context, o store.Offer, kind string) (reviews.Granted, error) {
	*c.taken++
	return c.Granter.Grant(ctx, o, kind)
}

// A code that is taken and not given is one less for a review that earned it in another month.
func TestNoCodeIsTakenForARewardThatIsNotGiven(t *testing.T) {
	t.Parallel()
	s, taken := open(t), 0
	s.offer(t, 1_000)
	s.Rewards = counted{s.Rewards, &taken}
	for n := range 6 {
		s.write(fmt.Sprint("c", n), 5, distinctText(n))
	}
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	// Each job comes twice at once, so two may take a code for the same review.
	if taken > 4 {
		t.Errorf("%d codes were taken for 2 rewards of 500 out of 1,000, of 6 reviews", taken)
	}
}

func TestNoCodeIsTakenWhenTheBestReviewsAreChosenAgain(t *testing.T) {
	t.Parallel()
	s, taken := open(t), 0
	s.offer(t, 100_000)
	s.Rewards = counted{s.Rewards, &taken}
	own := s.write("c1", 5, distinctText(1))
	for _, who := range []string{"v1", "v2", "v3"} {
		s.as(customer(who)).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).Want(200)
	}
	s.clock.MoveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	for range 3 {
		s.as(apitest.Merchant).Do("POST", "/admin/review-rewards/best?month=2026-11", nil).Want(200)
	}
	if taken != 1 {
		t.Errorf("%d codes were taken for the best review, chosen three times", taken)
	}
}

func TestAReviewOfARefundedLineIsNotAmongTheBestOfItsMonth(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.offer(t, 100_000)
	own, next := s.write("c1", 5, distinctText(1)), s.write("c2", 5, distinctText(2))
	for _, who := range []string{"v1", "v2", "v3"} {
		s.as(customer(who)).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).Want(200)
		s.as(customer(who)).Do("PUT", path(next)+"/vote", map[string]any{"helpful": true}).Want(200)
	}
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	s.refund(own)
	s.clock.MoveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	var out struct{ Best []reward.Candidate }
	s.as(apitest.Merchant).Do("POST", "/admin/review-rewards/best?month=2026-11", nil).Want(200).Into(&out)
	s.unrewarded(own)
	if len(out.Best) != 1 || out.Best[0].ReviewID != next.ID {
		t.Errorf("best %+v", out.Best)
	}
}

// Only the money of its own line decides whether a review earns something.
func TestWhetherAReviewEarnsSomethingAfterARefund(t *testing.T) {
	t.Parallel()
	unit := func(line string) []refund.UnitRef { return []refund.UnitRef{{LineID: line}} }
	for _, c := range []struct {
		name  string
		state order.PayState
		entry refund.Entry
		want  string
	}{
		{"returned for store credit", order.PayCaptured,
			refund.Entry{Kind: refund.Returned, To: refund.ToStoreCredit, Units: unit("line_1"), Amount: 9_000, Paid: true},
			"refunded"},
		{"refunded", order.PayPartRefunded,
			refund.Entry{Kind: refund.Returned, To: refund.ToPayments, Units: unit("line_1"), Amount: 8_000, Paid: true},
			"refunded"},
		{"exchanged", order.PayCaptured,
			refund.Entry{Kind: refund.Returned, To: refund.ToExchange, Units: unit("line_1"), Amount: 8_000, Paid: true},
			reward.ForText},
		{"another line was refunded", order.PayPartRefunded,
			refund.Entry{Kind: refund.Returned, To: refund.ToPayments, Units: unit("line_2"), Amount: 4_000, Paid: true},
			reward.ForText},
		{"a gesture", order.PayPartRefunded,
			refund.Entry{Kind: refund.Gesture, To: refund.ToPayments, Amount: 1_000, Goodwill: 1_000, Paid: true},
			reward.ForText},
		{"all was given back as a gesture", order.PayRefunding,
			refund.Entry{Kind: refund.Gesture, To: refund.ToPayments, Amount: 9_000, Goodwill: 9_000, Paid: true},
			"refunded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.offer(t, 100_000)
			own := s.write("cust-ann", 5, good)
			_, err := s.Orders.Change(t.Context(), s.stored(own).OrderID, func(o *order.Order) (bool, []table.Write, error) {
				c.entry.Key = "e1"
				o.Payment.State, o.Ledger = c.state, append(o.Ledger, c.entry)
				return true, nil, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.clock.Advance(reward.Default.Wait)
			s.sweep()
			if got := s.stored(own).RewardOutcome; got != c.want {
				t.Errorf("outcome %q, want %q", got, c.want)
			}
		})
	}
}
