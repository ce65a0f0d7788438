package subscriptions_test

import (
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/subscription"
)

func (s *shop) restart(id string) *apitest.Response {
	return s.ann().Do("POST", "/subscriptions/"+id+"/reactivate", nil)
}

// running counts the memberships of a plan that have not ended.
func (s *shop) running(t *testing.T, plan string) (n int) {
	t.Helper()
	for _, r := range s.All(t) {
		if r.Sub.Terms.PlanID == plan && r.Sub.State != subscription.Ended {
			n++
		}
	}
	return n
}

func TestAnEndedMembershipStartsAgainUnlessThereIsAnother(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	first := s.subscribe(plan, "pm_card_visa")
	s.change(first.ID, `{"do":"cancel_now"}`).Want(200)
	second := s.subscribe(plan, "pm_card_visa")
	p := s.restart(first.ID).WantProblem(409, "already_subscribed")
	if p.Extra["subscriptionId"] != second.ID || s.running(t, plan) != 1 {
		t.Errorf("%d are running; it says %v", s.running(t, plan), p.Extra)
	}
	taken := len(s.Bank.Ledger())
	if taken != 2 {
		t.Errorf("%d payments, want 2", taken)
	}
	s.change(second.ID, `{"do":"cancel_now"}`).Want(200)
	var again subscriptions.Subscription
	s.restart(first.ID).Want(200).Into(&again)
	if again.State != subscription.Active || s.running(t, plan) != 1 {
		t.Errorf("it is %s", again.State)
	}
	s.restart(second.ID).WantProblem(409, "already_subscribed")
	s.ann().With("Idempotency-Key", "a-third-of-sixteen-characters").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa")).WantProblem(409, "already_subscribed")
	s.Check(t)
}

func TestOfTwoEndedMembershipsOneStartsAgainAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	ids := make([]string, 2)
	for i := range ids {
		ids[i] = s.subscribe(plan, "pm_card_visa").ID
		s.change(ids[i], `{"do":"cancel_now"}`).Want(200)
	}
	answers := make(chan int, len(ids))
	for _, id := range ids {
		go func() { answers <- s.restart(id).Status }()
	}
	count := map[int]int{}
	for range ids {
		count[<-answers]++
	}
	if count[200] != 1 || s.running(t, plan) != 1 {
		t.Errorf("answers %v, %d are running", count, s.running(t, plan))
	}
	s.Check(t)
}

func TestAPlanThatWasLeftCanBeBegunAnew(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan, dear := s.offer(10_000, 0), s.offer(31_000, 0)
	first := s.subscribe(plan, "pm_card_visa")
	s.change(first.ID, map[string]any{"do": "upgrade", "planId": dear}).Want(200)
	second := s.subscribe(plan, "pm_card_visa") // the first is on another plan now
	if second.ID == first.ID || s.running(t, plan) != 1 || s.running(t, dear) != 1 {
		t.Errorf("%d and %d are running", s.running(t, plan), s.running(t, dear))
	}
	s.Check(t)
}

func TestNobodyChangesToAPlanThatTheyHaveAlready(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan, dear := s.offer(10_000, 0), s.offer(31_000, 0)
	cheap, costly := s.subscribe(plan, "pm_card_visa"), s.subscribe(dear, "pm_card_visa")
	for do, change := range map[string]struct{ from, to, has string }{
		"upgrade":   {cheap.ID, dear, costly.ID},
		"downgrade": {costly.ID, plan, cheap.ID},
	} {
		p := s.change(change.from, map[string]any{"do": do, "planId": change.to}).WantProblem(409, "already_subscribed")
		if p.Extra["subscriptionId"] != change.has {
			t.Errorf("the %s names %v", do, p.Extra)
		}
	}
	if n := len(s.Bank.Ledger()); n != 2 {
		t.Errorf("%d payments, want 2", n)
	}
	s.change(costly.ID, `{"do":"cancel_now"}`).Want(200)
	s.change(cheap.ID, map[string]any{"do": "upgrade", "planId": dear}).Want(200)
	s.restart(costly.ID).WantProblem(409, "already_subscribed")
	s.Check(t)
}

func TestWhatIsPlannedForTheEndOfThePeriodCountsAsHad(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan, dear := s.offer(10_000, 0), s.offer(31_000, 0)
	planned := s.subscribe(dear, "pm_card_visa")
	s.change(planned.ID, map[string]any{"do": "downgrade", "planId": plan}).Want(200)
	p := s.ann().With("Idempotency-Key", "another-of-sixteen-characters").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa")).WantProblem(409, "already_subscribed")
	if p.Extra["subscriptionId"] != planned.ID {
		t.Errorf("it names %v", p.Extra)
	}
	s.Check(t)
}

func TestOfAnUpgradeAndASubscriptionToItsPlanAtOnceOneIsMade(t *testing.T) {
	t.Parallel()
	for range 4 {
		s := open(t)
		plan, dear := s.offer(10_000, 0), s.offer(31_000, 0)
		first := s.subscribe(plan, "pm_card_visa")
		answers := make(chan int, 2)
		go func() {
			answers <- s.change(first.ID, map[string]any{"do": "upgrade", "planId": dear}).Status
		}()
		go func() {
			answers <- s.ann().With("Idempotency-Key", "another-of-sixteen-characters").Do("POST", "/subscriptions",
				s.request(dear, "pm_card_visa")).Status
		}()
		if a, b := <-answers, <-answers; a == b || s.running(t, dear) != 1 {
			t.Errorf("answers %d and %d; %d are running", a, b, s.running(t, dear))
		}
		s.Check(t)
	}
}

func TestSeveralSeatsStartAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	var seats subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", `{"kind":"membership","name":{"en":"Seat"},"several":true,
		"interval":{"unit":"month","count":1},"prices":{"KRW":1000},"tax":{"rateBp":1000,"included":true}}`).
		Want(201).Into(&seats)
	first := s.subscribe(seats.ID, "pm_card_visa")
	s.change(first.ID, `{"do":"cancel_now"}`).Want(200)
	s.subscribe(seats.ID, "pm_card_visa")
	s.restart(first.ID).Want(200)
	if n := s.running(t, seats.ID); n != 2 {
		t.Errorf("%d seats are taken, want 2", n)
	}
	s.Until(t.Context(), s.Clock.Now().Add(time.Hour))
	s.Check(t)
}

func TestTheLastDayOfAMonthIsBilledOnTheLastDayOfEach(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Clock.MoveTo(time.Date(2027, 1, 31, 3, 0, 0, 0, time.UTC)) // noon in Seoul
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	for _, want := range []string{"2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"} {
		if v = s.read(v.ID); string(v.Closes) != want {
			t.Fatalf("the period closes on %s, want %s", v.Closes, want)
		}
		closes, err := time.ParseInLocation("2006-01-02", want, time.FixedZone("KST", 9*60*60))
		if err != nil {
			t.Fatal(err)
		}
		s.Until(t.Context(), closes.Add(time.Hour))
	}
	if n := len(s.Bank.Ledger()); n != 5 {
		t.Errorf("%d payments, want 5", n)
	}
	s.Check(t)
}
