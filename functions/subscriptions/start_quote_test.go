package subscriptions_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/subscription"
)

type startQuote = struct {
	State             subscription.State
	Now               struct{ Amount int64 }
	Trial             *subscriptions.TrialQuote
	NextPayment       *subscriptions.NextPayment
	AlreadySubscribed string
}

func (s *shop) quoteStart(planID, region, zone string) (q startQuote) {
	s.ann().Do("POST", "/subscriptions/quote", map[string]any{
		"planId": planID, "currency": "KRW", "region": region, "zone": zone,
	}).Want(200).Into(&q)
	return q
}

func TestWhatSubscribingCostsIsSaidBefore(t *testing.T) {
	t.Parallel()
	s := open(t)
	paid, trial := s.offer(10_000, 0), s.offer(9_900, 14)
	if q := s.quoteStart(trial, "KR", "Asia/Seoul"); q.Now.Amount != 0 || q.State != subscription.Trialing ||
		!q.Trial.ConsentRequired || q.Trial.ConsentFrom == "" || q.NextPayment.Amount.Amount != 9_900 ||
		q.NextPayment.On != q.Trial.LastDay.Add(1) {
		t.Errorf("a trial in Korea: %+v, %+v, %+v", q, q.Trial, q.NextPayment)
	}
	if q := s.quoteStart(trial, "US", "America/New_York"); q.Trial.ConsentRequired ||
		q.NextPayment.Amount.Amount != 9_900 {
		t.Errorf("a trial in the USA: %+v, %+v", q.Trial, q.NextPayment)
	}
	q := s.quoteStart(paid, "KR", "Asia/Seoul")
	v := s.subscribe(paid, "pm_card_visa")
	if q.Now.Amount != 10_000 || q.State != v.State || q.NextPayment.On != v.Next.On ||
		q.NextPayment.Amount.Amount != v.Next.Amount.Amount {
		t.Errorf("quoted %+v, %+v; got %+v, %+v", q, q.NextPayment, v, v.Next)
	}
	if q := s.quoteStart(paid, "KR", "Asia/Seoul"); q.AlreadySubscribed != v.ID {
		t.Errorf("already subscribed: %q, want %s", q.AlreadySubscribed, v.ID)
	}
	s.subscribe(trial, "pm_card_visa")
	if q := s.quoteStart(trial, "KR", "Asia/Seoul"); q.Trial != nil || q.Now.Amount != 9_900 {
		t.Errorf("the trial is offered twice: %+v", q)
	}
	s.Check(t)
}

func TestAMoveLeavesWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.change(v.ID, map[string]any{"do": "move"}).WantField("/zone")
	s.change(v.ID, map[string]any{"do": "move", "zone": "Europe/Berlin"}).Want(200)
	s.change(v.ID, map[string]any{"do": "move", "region": "DE"}).Want(200)
	r, err := s.Billing.Load(t.Context(), v.ID)
	if err != nil || r.Sub.Anchor.Zone != "Europe/Berlin" || r.Sub.Region != "DE" {
		t.Errorf("%s in %s, %v", r.Sub.Anchor.Zone, r.Sub.Region, err)
	}
}

func TestAMembershipIsHadOnceUnlessThePlanAllowsSeveral(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	first := s.subscribe(plan, "pm_card_visa")
	again := s.ann().With("Idempotency-Key", "another-key-of-sixteen").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa"))
	again.WantProblem(409, "already_subscribed")
	if !strings.Contains(again.Body, first.ID) {
		t.Errorf("which one it is is not said: %s", again.Body)
	}
	s.ann().Do("POST", "/subscriptions/"+first.ID+"/changes", map[string]any{"do": "cancel_now"}).Want(200)
	s.subscribe(plan, "pm_card_visa")

	var several subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", `{"kind":"membership","name":{"en":"Seat"},"several":true,
		"interval":{"unit":"month","count":1},"prices":{"KRW":1000},"tax":{"rateBp":1000,"included":true}}`).
		Want(201).Into(&several)
	s.subscribe(several.ID, "pm_card_visa")
	s.subscribe(several.ID, "pm_card_visa")
	s.Check(t)
}

func TestAYearlyPlanThatIsCheaperPerMonthBeginsAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	var yearly subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", `{"kind":"membership","name":{"en":"Yearly"},
		"interval":{"unit":"year","count":1},"prices":{"KRW":99000},"tax":{"rateBp":1000,"included":true}}`).
		Want(201).Into(&yearly)
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/changes", map[string]any{"do": "upgrade", "planId": yearly.ID}).
		Want(200).Into(&v)
	if v.Plan.ID != yearly.ID || v.Closes != v.Opens.Add(365) {
		t.Errorf("%s until %s", v.Plan.ID, v.Closes)
	}
	back := s.change(v.ID, map[string]any{"do": "upgrade", "planId": s.offer(8_000, 0)})
	back.WantProblem(409, "not_an_upgrade")
	s.Check(t)
}

func TestCancelingAndComingBackLosesNothingThatWasPlanned(t *testing.T) {
	t.Parallel()
	s := open(t)
	cheap := s.offer(5_000, 0)
	for name, change := range map[string]func(subscriptions.Subscription) map[string]any{
		"a downgrade": func(subscriptions.Subscription) map[string]any {
			return map[string]any{"do": "downgrade", "planId": cheap}
		},
		"a pause": func(v subscriptions.Subscription) map[string]any {
			return map[string]any{"do": "pause", "until": v.Closes.Add(60)}
		},
	} {
		v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
		s.change(v.ID, change(v)).Want(200).Into(&v)
		before := v.Planned
		s.ann().Do("POST", "/subscriptions/"+v.ID+"/cancel", nil).Want(200)
		var quoted struct{ Planned *subscriptions.PlannedChange }
		s.ann().Do("POST", "/subscriptions/"+v.ID+"/quote", map[string]any{"do": "reactivate"}).Want(200).Into(&quoted)
		var after subscriptions.Subscription
		s.ann().Do("POST", "/subscriptions/"+v.ID+"/reactivate", nil).Want(200).Into(&after)
		if before == nil || cmp.Diff(before, quoted.Planned) != "" || cmp.Diff(before, after.Planned) != "" {
			t.Errorf("%s: planned %+v, quoted %+v, restored %+v", name, before, quoted.Planned, after.Planned)
		}
	}
	s.Check(t)
}

// TestEveryButtonThatIsShownIsAccepted quotes each change in each state: what allows lists is accepted, and what it
// leaves out is refused.
func TestEveryButtonThatIsShownIsAccepted(t *testing.T) {
	t.Parallel()
	s := open(t)
	dearer, cheaper := s.offer(90_000, 0), s.offer(10, 0)
	for name, play := range map[string]func(v *subscriptions.Subscription){
		"active": func(*subscriptions.Subscription) {},
		"canceled": func(v *subscriptions.Subscription) {
			s.ann().Do("POST", "/subscriptions/"+v.ID+"/cancel", nil).Want(200)
		},
		"ended": func(v *subscriptions.Subscription) { s.change(v.ID, map[string]any{"do": "cancel_now"}).Want(200) },
		"a pause is planned": func(v *subscriptions.Subscription) {
			s.change(v.ID, map[string]any{"do": "pause", "until": v.Closes.Add(30)}).Want(200)
		},
		"trialing": func(v *subscriptions.Subscription) { *v = s.subscribe(s.offer(10_000, 20), "pm_card_visa") },
	} {
		v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
		play(&v)
		s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&v)
		for do, fields := range map[string]map[string]any{
			"skip_next": {}, "unskip": {}, "change_date": {"to": v.Closes}, "pause": {"until": v.Closes.Add(40)}, "resume": {},
			"change_quantity": {"quantity": 2}, "upgrade": {"planId": dearer}, "downgrade": {"planId": cheaper},
			"cancel_now": {}, "reactivate": {}, "move": {"zone": "Asia/Tokyo", "region": "JP"},
		} {
			fields["do"] = do
			got := s.ann().Do("POST", "/subscriptions/"+v.ID+"/quote", fields)
			if listed := slices.Contains(v.Allows, do); listed != (got.Status == 200) {
				t.Errorf("%s: %s listed %v, and answered %d %s", name, do, listed, got.Status, got.Body)
			}
		}
	}
}
