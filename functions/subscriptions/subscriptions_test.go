package subscriptions_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/api"
	"dangol/shared/subscription"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := subscriptions.New(t.Context(), apitest.Env(t, "subscriptions", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "subscriptions", map[string]int{
		"list-plans": 200, "get-plan-of-nobody": 404, "subscribe-without-token": 401, "cancel-forged-token": 401,
		"report-without-token": 401,
	})
}

// shop is the function with a bank and a clock.
type shop struct {
	*testsubscriptions.Shop
	guest *apitest.Client
}

func open(t *testing.T) *shop {
	t.Helper()
	w := testsubscriptions.New(t, fault.New(fault.Plan{}))
	f := &subscriptions.Subscriptions{Billing: w.Billing}
	handler := f.Service(api.Options{Clock: w.Clock, Verify: apitest.Verify, Log: w.Billing.Log}).Lambda()
	return &shop{w, apitest.New(t, handler)}
}

const membership = `{"kind":"membership","name":{"ko":"단골","en":"Regular"},"interval":{"unit":"month","count":1},"prices":{"KRW":%d},
	"tax":{"rateBp":1000,"included":true},"trialDays":%d,"benefits":{"percentOffBp":500}}`

// offer makes a monthly membership and returns its id.
func (s *shop) offer(price, trialDays int) string {
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", fmt.Sprintf(membership, price, trialDays)).Want(201).Into(&p)
	return p.ID
}

func (s *shop) ann() *apitest.Client { return s.guest.As(apitest.Ann) }

func (s *shop) request(planID, card string) map[string]any {
	return map[string]any{
		"planId": planID, "currency": "KRW", "paymentMethod": card, "region": "KR", "zone": "Asia/Seoul", "language": "ko",
		"email": "ann@example.com", "name": "김하늘",
	}
}

func (s *shop) subscribe(planID, card string) (v subscriptions.Subscription) {
	s.ann().With("Idempotency-Key", "subscribe-"+s.NextKey()+"-0123456789").Do("POST", "/subscriptions",
		s.request(planID, card)).Want(201).Into(&v)
	return v
}

func (s *shop) change(id string, change any) *apitest.Response {
	return s.ann().Do("POST", "/subscriptions/"+id+"/changes", change)
}

func TestSubscribingTwiceWithOneKeyIsOneSubscription(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
	var first, again subscriptions.Subscription
	keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa")).Want(201).Into(&first)
	r := keyed.Do("POST", "/subscriptions", s.request(plan, "pm_card_visa")).Want(201).Into(&again)
	if again.ID != first.ID || first.State != subscription.Active || r.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s %s, again %s", first.ID, first.State, again.ID)
	}
	s.Check(t)
}

func TestWhatOneGetsAsAMemberIsWhatCartsGoBy(t *testing.T) {
	t.Parallel()
	s := open(t)
	read := func(c *apitest.Client) (m subscriptions.Membership) {
		c.Do("GET", "/me/membership", nil).Want(200).Into(&m)
		return m
	}
	if m := read(s.ann()); m.Member || len(m.Memberships) != 0 || m.PointsTimes != 1 || m.Invited {
		t.Errorf("before: %+v", m)
	}
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	m := read(s.ann())
	if !m.Member || m.Benefits.PercentOffBP != 500 || len(m.Memberships) != 1 || m.Memberships[0].SubscriptionID != v.ID ||
		m.Memberships[0].Title != "단골" {
		t.Errorf("%+v", m)
	}
	if m := read(s.guest.As(apitest.Bob)); m.Member {
		t.Errorf("somebody else: %+v", m)
	}
	s.guest.Do("GET", "/me/membership", nil).WantProblem(401, "token_required")
	s.Clock.MoveTo(m.Memberships[0].Until)
	if m := read(s.ann()); m.Member {
		t.Errorf("when it is over: %+v", m)
	}
}

func TestWhatIsAnothersIsNotThere(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	bob := s.guest.As(apitest.Bob)
	for _, path := range []string{"", "/history", "/invoices", "/consent"} {
		bob.Do("GET", "/subscriptions/"+v.ID+path, nil).WantProblem(404, "subscription_not_found")
	}
	for path, body := range map[string]any{
		"/quote": `{"do":"cancel"}`, "/changes": `{"do":"cancel"}`, "/cancel": nil, "/reactivate": nil, "/pay": nil,
		"/consent": `{"noticeId":"x","answer":"no","explicit":true,"separate":true}`,
	} {
		bob.Do("POST", "/subscriptions/"+v.ID+path, body).WantProblem(404, "subscription_not_found")
	}
	bob.Do("PUT", "/subscriptions/"+v.ID+"/payment-method", `{"paymentMethod":"pm_card_visa"}`).WantProblem(404,
		"subscription_not_found")
}

func TestWhatIsQuotedIsCharged(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	dear := s.offer(31_000, 0)
	s.Clock.Advance(10 * 24 * time.Hour)
	change := map[string]any{"do": "upgrade", "planId": dear}
	var quote struct {
		Now struct{ Amount int64 }
	}
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/quote", change).Want(200).Into(&quote)
	s.change(v.ID, change).Want(200).Into(&v)
	ledger := s.Bank.Ledger()
	if got := ledger[len(ledger)-1].Captured.Amount; got != quote.Now.Amount || got == 0 || v.Plan.ID != dear {
		t.Errorf("quoted %d, charged %d, on plan %s", quote.Now.Amount, got, v.Plan.ID)
	}
	s.Check(t)
}

func TestAnOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.ann().With("If-Match", `"1"`).Do("POST", "/subscriptions/"+v.ID+"/cancel", nil).WantProblem(412, "version_mismatch")
	s.ann().With("If-Match", fmt.Sprintf("%q", fmt.Sprint(v.Version))).Do("POST", "/subscriptions/"+v.ID+"/cancel",
		nil).Want(200).Into(&v)
	if v.State != subscription.Canceled || v.EndsOn != "2026-04-02" {
		t.Errorf("it is %s and ends on %s", v.State, v.EndsOn)
	}
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/reactivate", nil).Want(200).Into(&v)
	if v.State != subscription.Active {
		t.Errorf("after it was taken back it is %s", v.State)
	}
}

func TestConsentNeedsTheNoticeThatWasShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 14), "pm_card_visa")
	path := "/subscriptions/" + v.ID + "/consent"
	var notice struct{ ID, Fingerprint, Method string }
	s.ann().Do("GET", path, nil).Want(200).Into(&notice)
	yes := map[string]any{"noticeId": notice.ID, "fingerprint": "another", "answer": "yes", "explicit": true,
		"separate": true}
	s.ann().Do("POST", path, yes).WantProblem(409, "question_changed")
	yes["fingerprint"], yes["explicit"] = notice.Fingerprint, false
	s.ann().Do("POST", path, yes).WantProblem(409, "consent_not_explicit")
	yes["explicit"] = true
	s.ann().Do("POST", path, yes).Want(200).Into(&v)
	if v.Question == nil || v.Question.Answer != subscription.Granted || notice.Method != "visa 4242" {
		t.Errorf("question %+v, method %q", v.Question, notice.Method)
	}
}

func TestATrialIsGivenOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 14)
	first := s.subscribe(plan, "pm_card_visa")
	s.change(first.ID, `{"do":"cancel_now"}`).Want(200)
	refused := s.ann().With("Idempotency-Key", "the-trial-once-more").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa"))
	refused.WantProblem(409, "trial_used")
	paid := s.request(plan, "pm_card_visa")
	paid["noTrial"] = true
	var second subscriptions.Subscription
	s.ann().With("Idempotency-Key", "no-trial-this-time").Do("POST", "/subscriptions", paid).Want(201).Into(&second)
	if first.State != subscription.Trialing || second.State != subscription.Active {
		t.Errorf("the first is %s, the second %s", first.State, second.State)
	}
}

func TestEachWishHasARightAndAWrongMoment(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	s.change(v.ID, `{"do":"skip_next"}`).WantProblem(409, "not_for_this_plan")
	s.change(v.ID, `{"do":"swap","contents":[]}`).WantProblem(409, "not_for_this_plan")
	s.change(v.ID, `{"do":"resume"}`).WantProblem(409, "not_paused")
	s.change(v.ID, `{"do":"pause","until":"2026-04-01"}`).WantField("/until")
	s.change(v.ID, `{"do":"change_date","to":"2026-13-01"}`).WantField("/to")
	s.change(v.ID, `{"do":"upgrade","planId":"plan_none"}`).WantProblem(404, "plan_not_found")
	s.change(v.ID, `{"do":"fly"}`).Want(422)
	s.change(v.ID, `{"do":"pause","until":"2026-05-01"}`).Want(200)
	s.change(v.ID, `{"do":"resume"}`).Want(200)
	s.change(v.ID, `{"do":"change_date","to":"2026-03-20"}`).Want(200)
	s.change(v.ID, `{"do":"change_quantity","quantity":2}`).Want(200)
	s.change(v.ID, `{"do":"move","zone":"Europe/Berlin","region":"DE"}`).Want(200)
	s.change(v.ID, `{"do":"change_address","address":{"name":"A","line1":"B","country":"KR"}}`).Want(200)
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200).Into(&v)
	if v.State != subscription.Ended || !slices.Equal(v.Allows, []string{"reactivate"}) {
		t.Errorf("it is %s and allows %v", v.State, v.Allows)
	}
	s.change(v.ID, `{"do":"pause","until":"2026-08-01"}`).WantProblem(409, "subscription_ended")
	s.Check(t)
}

func TestGoodsAreSwappedAtThePlansDiscount(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap, balm := s.Sell(testshop.ProductSpec{Price: 10_000, Units: 50}), s.Sell(testshop.ProductSpec{Price: 20_000,
		Units: 50})
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", map[string]any{
		"kind": "replenishment", "name": map[string]string{"ko": "비누"},
		"interval": map[string]any{"unit": "month", "count": 1},
		"prices":   map[string]int{"KRW": 9_000}, "tax": map[string]any{"rateBp": 1000, "included": true},
		"contents": []map[string]any{{"variantId": soap, "quantity": 1}},
	}).Want(201).Into(&p)
	body := s.request(p.ID, "pm_card_visa")
	keyed := s.ann().With("Idempotency-Key", "a-key-of-sixteen-characters")
	keyed.Do("POST", "/subscriptions", body).WantField("/address")
	body["address"] = map[string]string{"name": "김하늘", "line1": "왕십리로 83", "country": "KR"}
	var v subscriptions.Subscription
	s.ann().With("Idempotency-Key", "another-key-of-characters").Do("POST", "/subscriptions", body).Want(201).Into(&v)
	s.change(v.ID, map[string]any{"do": "swap", "contents": []map[string]any{{"variantId": balm, "quantity": 1}}}).Want(
		200).Into(&v)
	if v.Next == nil || v.Next.Amount.Amount != 18_000 {
		t.Errorf("the next payment is %+v, want 18,000", v.Next)
	}
	s.change(v.ID, `{"do":"skip_next"}`).Want(200)
	s.change(v.ID, `{"do":"skip_next"}`).WantProblem(409, "already_skipped")
	s.change(v.ID, map[string]any{"do": "swap",
		"contents": []map[string]any{{"variantId": "var_none", "quantity": 1}}}).WantField("/contents/0/variantId")
	s.Check(t)
}

func TestABadPlanNamesEachField(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	bad := map[string]any{
		"kind": "membership", "name": map[string]string{"ko": "x"}, "interval": map[string]any{"unit": "month", "count": 61},
		"prices": map[string]int{"KRW": -1, "XXQ": 5}, "tax": map[string]any{"rateBp": 20_000, "included": true},
	}
	r := merchant.Do("POST", "/plans", bad)
	for _, pointer := range []string{"/interval/count", "/prices/KRW", "/prices/XXQ", "/tax/rateBp"} {
		r.WantField(pointer)
	}
	plan := s.offer(10_000, 0)
	merchant.With("If-Match", `"9"`).Do("PUT", "/plans/"+plan, fmt.Sprintf(membership, 12_000, 0)).WantProblem(412,
		"version_mismatch")
	merchant.With("If-Match", `"1"`).Do("PUT", "/plans/"+plan, fmt.Sprintf(membership, 12_000, 0)).Want(200)
}

func TestARiseReachesSubscribersOfEarlierVersions(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	v := s.subscribe(plan, "pm_card_visa")
	merchant := s.guest.As(apitest.Merchant)
	merchant.Do("PUT", "/plans/"+plan, fmt.Sprintf(membership, 12_000, 0)).Want(200)
	proposed := s.propose(plan)
	s.ann().Do("GET", "/subscriptions/"+v.ID, nil).Want(200).Into(&v)
	if proposed != 1 || v.Question == nil || v.Question.New.Amount != 12_000 || v.Price.Amount != 10_000 {
		t.Errorf("proposed to %d; question %+v", proposed, v.Question)
	}
}

// propose brings the latest price of a plan to all its subscribers, and says to how many.
func (s *shop) propose(plan string) (proposed int) {
	for cursor := ""; ; {
		var page struct {
			Proposed   int
			NextCursor string
		}
		s.guest.As(apitest.Merchant).Do("POST", "/plans/"+plan+"/proposal?cursor="+cursor, `{"from":"2026-05-01"}`).Want(200).
			Into(&page)
		proposed += page.Proposed
		if cursor = page.NextCursor; cursor == "" {
			return proposed
		}
	}
}

func TestTheReportAddsUp(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	v := s.subscribe(plan, "pm_card_visa")
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/changes", `{"do":"cancel_now"}`).Want(200)
	s.subscribe(plan, "pm_card_visa")
	var r struct {
		New, Closing, RenewalAmount struct{ Amount int64 }
		Renewals                    int
		Ready                       bool
		States                      map[string]int
	}
	s.Clock.Advance(time.Hour)
	path := "/admin/subscriptions/report?from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z&days=40"
	s.guest.As(apitest.Merchant).Do("GET", path, nil).Want(200).Into(&r)
	if !r.Ready || r.New.Amount != 10_000 || r.Closing.Amount != 10_000 || r.Renewals != 1 ||
		r.RenewalAmount.Amount != 10_000 || r.States["ended"] != 1 {
		t.Errorf("%+v", r)
	}
}

func TestASubscriptionIsRefusedWhatHasTheWrongForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	for _, c := range []struct{ name, field, value, pointer string }{
		{"a line break in the token", "paymentMethod", "pm_card_visa\r\nX: 1", "/paymentMethod"},
		{"a mail address with a name", "email", "Ann <ann@example.com>", "/email"},
		{"a country that is none", "region", "XX", "/region"},
		{"a language that is none", "language", "xx", "/language"},
	} {
		body := s.request(plan, "pm_card_visa")
		body[c.field] = c.value
		s.ann().With("Idempotency-Key", "a-key-for-"+c.field).Do("POST", "/subscriptions",
			body).Want(422).WantField(c.pointer)
	}
	body := s.request(plan, "pm_card_visa")
	body["address"] = map[string]any{"name": "a", "line1": "b", "country": "KR", "postalCode": "1"}
	s.ann().With("Idempotency-Key", "a-key-for-address").Do("POST", "/subscriptions",
		body).Want(422).WantField("/address/postalCode")
}
