package reviews_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/events"
	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	promotions "dangol/shared/promotion/store"
	"dangol/shared/review/reward"
	"dangol/shared/review/store"
)

// meanwhile lets something happen while a reward is made.
type meanwhile struct {
	reviews.Granter
	do func()
}

func (m meanwhile) Grant(ctx context.Context, o store.Offer, kind string) (reviews.Granted, error) {
	m.do()
	return m.Granter.Grant(ctx, o, kind)
}

// beforeWrite lets something happen once, before the next write of a review.
type beforeWrite struct {
	table.DB
	do *func()
}

func (b beforeWrite) once() {
	if do := *b.do; do != nil {
		*b.do = nil
		do()
	}
}

func (b beforeWrite) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	b.once()
	return b.DB.PutItem(ctx, in, o...)
}

func (b beforeWrite) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput,
	o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	b.once()
	return b.DB.TransactWriteItems(ctx, in, o...)
}

// refund delivers the refund of the line that the review is of, once: a second delivery would mend the first.
func (s *shop) refund(own reviews.OwnReview) {
	s.deliverTimes(1, events.OrderRefunded{OrderRef: events.OrderRef{OrderID: s.stored(own).OrderID},
		Lines: []events.OrderLine{{LineID: "line_1"}}})
}

// unrewarded fails the test when a review of refunded goods has a reward that can be used.
func (s *shop) unrewarded(own reviews.OwnReview) {
	s.t.Helper()
	if r := s.stored(own); r.Reward != nil && r.Reward.Revoked.IsZero() {
		s.t.Errorf("the review of a refunded line keeps %+v (outcome %q)", r.Reward, r.RewardOutcome)
	}
	s.exact()
}

func TestARefundWhileTheRewardIsMadeLeavesNone(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.offer(t, 100_000)
	own := s.write("cust-ann", 5, good)
	s.clock.Advance(reward.Default.Wait)
	s.Rewards = meanwhile{s.Rewards, func() { s.refund(own) }}
	s.sweep()
	s.unrewarded(own)
}

func TestARewardThatIsGivenWhileTheRefundIsNotedIsTakenBack(t *testing.T) {
	t.Parallel()
	var do func()
	s := open(t, func(db table.DB) table.DB { return beforeWrite{db, &do} })
	s.offer(t, 100_000)
	own := s.write("cust-ann", 5, good)
	s.clock.Advance(reward.Default.Wait)
	do = s.sweep
	s.refund(own)
	if do != nil {
		t.Fatal("the refund wrote nothing")
	}
	s.unrewarded(own)
}

func TestNoCodeIsGivenThatNoCartTakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*shop, *promotion.Promotion)
		given  bool
	}{
		{"live", func(*shop, *promotion.Promotion) {}, true},
		{"ended early", func(s *shop, p *promotion.Promotion) { p.Ends = s.clock.Now().Add(-time.Hour) }, false},
		{"made a draft again", func(_ *shop, p *promotion.Promotion) { p.State = promotion.Draft }, false},
		// It goes on: the code is good as soon as it does.
		{"paused", func(_ *shop, p *promotion.Promotion) { p.State = promotion.Paused }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			promotionID := s.offer(t, 100_000)
			own := s.write("cust-ann", 5, good)
			s.clock.Advance(reward.Default.Wait)
			_, err := promotions.Store{Table: s.Commerce, Clock: s.clock}.Change(t.Context(), promotionID,
				func(r *promotions.Record) (bool, error) {
					test.change(s, &r.Promotion)
					return true, nil
				})
			if err != nil {
				t.Fatal(err)
			}
			s.sweep()
			r := s.stored(own)
			if (r.Reward != nil) != test.given || !test.given && r.RewardOutcome != "no_offer" {
				t.Errorf("given %+v, outcome %q", r.Reward, r.RewardOutcome)
			}
			// What gives nothing cannot be offered either.
			got := s.as(apitest.Merchant).Do("PUT", "/admin/review-rewards", map[string]any{"text": 500, "budget": 1000,
				"promotions": map[string]string{"review": promotionID}})
			if (got.Status == 200) != test.given || !test.given && !strings.Contains(got.Body, "/promotions/review") {
				t.Errorf("offered again: %d %s", got.Status, got.Body)
			}
		})
	}
}

func TestTheBudgetCountsTheBestOfAMonthToo(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.offer(t, 11_000)
	best := func() {
		t.Helper()
		s.as(apitest.Merchant).Do("POST", "/admin/review-rewards/best?month=2026-11", nil).Want(200)
	}
	var all []reviews.OwnReview
	for n, who := range []string{"cust-ann", "cust-bob"} {
		own := s.write(who, 5, distinctText(n))
		all = append(all, own)
		for _, voter := range []string{"v1", "v2", "v3"}[n:] {
			s.as(customer(voter)).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).Want(200)
		}
	}
	s.clock.MoveTo(time.Date(2026, 12, 10, 0, 0, 0, 0, time.UTC))
	s.sweep() // 500 for each
	best()    // 10,000 for the first; the second does not fit into what is left
	if first, second := s.stored(all[0]).Reward, s.stored(all[1]).Reward; first.Kind != reward.ForBest ||
		second.Kind == reward.ForBest {
		t.Errorf("of a budget of 11,000: %+v and %+v", first, second)
	}
	var offer struct{ Spent, Rewards int }
	s.as(apitest.Agent).Do("GET", "/admin/review-rewards", nil).Want(200).Into(&offer)
	if offer.Spent != 11_000 || offer.Rewards != 3 {
		t.Errorf("spent %+v", offer)
	}
	best() // chosen again, nothing is given twice
	s.as(apitest.Agent).Do("GET", "/admin/review-rewards", nil).Want(200).Into(&offer)
	if offer.Spent != 11_000 {
		t.Errorf("after choosing again spent %+v", offer)
	}
}

func TestWhatAnOfferMayName(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.coupons(t, 10)
	merchant := s.as(apitest.Merchant)
	set := func(kind, promotionID string) *apitest.Response {
		return merchant.Do("PUT", "/admin/review-rewards",
			map[string]any{"text": 500, "budget": 1000, "promotions": map[string]string{kind: promotionID}})
	}
	set("five_stars", p).WantField("/promotions/five_stars") // a reward for an opinion: 16 CFR 465
	set("review", "promo_00000000000000000000000000").WantField("/promotions/review")
	var offer store.Offer
	set("review", p).Want(200)
	s.as(apitest.Agent).Do("GET", "/admin/review-rewards", nil).Want(200).Into(&offer)
	if offer.Promotions["review"] != p || offer.Criteria.Text != 500 || offer.Criteria.Wait != reward.Default.Wait {
		t.Errorf("stored %+v", offer)
	}
	s.as(apitest.Agent).Do("PUT", "/admin/review-rewards", map[string]any{"budget": 1}).Want(403)
}
