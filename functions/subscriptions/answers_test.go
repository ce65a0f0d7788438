package subscriptions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/payment"
	"dangol/shared/subscription"
)

// asking is a trial whose end asks for consent.
func asking(t *testing.T) (s *shop, v subscriptions.Subscription) {
	t.Helper()
	s = open(t)
	v = s.subscribe(s.offer(10_000, 14), "pm_card_visa")
	s.Until(t.Context(), s.Clock.Now().Add(10*24*time.Hour))
	return s, s.read(v.ID)
}

func TestARefusalNeedsNoFingerprintAndIsFinal(t *testing.T) {
	t.Parallel()
	s, v := asking(t)
	path := "/subscriptions/" + v.ID + "/consent"
	var notice struct {
		NoticeID  string `json:"noticeId"`
		IfRefused string `json:"ifRefused"`
	}
	s.ann().Do("GET", path, nil).Want(200).Into(&notice)
	if notice.IfRefused != string(subscription.EndsThen) {
		t.Fatalf("a refusal means %q", notice.IfRefused)
	}
	for _, wrong := range []struct{ answer, channel, field string }{
		{"maybe", "web", "/answer"}, {"", "web", "/answer"}, {"no", "pigeon", "/channel"},
	} {
		s.ann().Do("POST", path, map[string]any{
			"answer": wrong.answer, "channel": wrong.channel, "noticeId": "an-old-page", "explicit": false, "separate": false,
		}).WantField(wrong.field)
	}
	no := map[string]any{"answer": "no", "channel": "web", "noticeId": "an-old-page", "explicit": true, "separate": true}
	s.ann().Do("POST", path, no).Want(200)
	s.Until(t.Context(), s.Clock.Now().Add(10*24*time.Hour))
	if after := s.read(v.ID); after.State != subscription.Ended || len(s.Bank.Ledger()) != 0 {
		t.Errorf("after the trial it is %s, and %d payments were made", after.State, len(s.Bank.Ledger()))
	}
	s.ann().Do("GET", path, nil).WantProblem(404, "nothing_asked")
	s.Check(t)
}

func TestWhyAFirstPaymentDidNotSucceedIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		card, code string
		status     int
	}{
		{"pm_card_chargeDeclinedInsufficientFunds", "payment_declined", 402},
		{"pm_card_chargeDeclinedLostCard", "payment_declined", 402},
		{"pm_nobody_knows", "invalid_input", 422},
	} {
		t.Run(c.card, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			p := s.ann().With("Idempotency-Key", "subscribe-with-"+c.card).Do("POST", "/subscriptions",
				s.request(s.offer(10_000, 0), c.card)).WantProblem(c.status, c.code)
			// The bank's word for a card that was reported is not for the shopper.
			if strings.Contains(fmt.Sprint(p.Extra["declineCode"]), "lost") {
				t.Errorf("the answer says %+v", p.Extra)
			}
			var list struct{ Subscriptions []any }
			if s.ann().Do("GET", "/subscriptions", nil).Want(200).Into(&list); len(list.Subscriptions) != 0 {
				t.Errorf("%d subscriptions began", len(list.Subscriptions))
			}
			for _, e := range s.Bank.Ledger() {
				if e.State != payment.StateDeclined {
					t.Errorf("a payment is %s", e.State)
				}
			}
		})
	}
}

func TestAChangeThatLeavesOutWhatItNeedsNamesIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	for _, c := range []struct{ change, field string }{
		{`{"do":"change_address"}`, "/address"},
		{`{"do":"move"}`, "/zone"},
		{`{"do":"move","region":"XX"}`, "/region"},
		{`{"do":"upgrade"}`, "/planId"},
		{`{"do":"downgrade"}`, "/planId"},
		{`{"do":"pause","until":"tomorrow"}`, "/until"},
	} {
		s.change(v.ID, c.change).WantField(c.field)
	}
	merchant := s.guest.As(apitest.Merchant)
	for _, c := range []struct{ change, field string }{
		{`{"do":"give_coupon","note":"sorry"}`, "/coupon"},
		{`{"do":"cancel","note":""}`, "/note"},
	} {
		merchant.Do("POST", "/admin/subscriptions/"+v.ID+"/changes", c.change).WantField(c.field)
	}
	if after := s.read(v.ID); after.Version != v.Version || after.State != subscription.Active {
		t.Errorf("version %d is %s, want %d untouched", after.Version, after.State, v.Version)
	}
}

func TestTheShopReadsAllSubscriptionsOfOneCustomer(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	v := s.subscribe(plan, "pm_card_visa")
	s.guest.As(apitest.Bob).With("Idempotency-Key", "subscribe-of-bob-0123456789").Do("POST", "/subscriptions",
		s.request(plan, "pm_card_visa")).Want(201)
	for query, want := range map[string]int{
		"": 2, "?customerId=" + apitest.Ann.Subject: 1, "?customerId=nobody": 0,
		"?state=ended&customerId=" + apitest.Ann.Subject: 1, // the other filters do not count then
		"?state=ended": 0,
	} {
		var list struct {
			Subscriptions []subscriptions.FoundSubscription
		}
		s.guest.As(apitest.Merchant).Do("GET", "/admin/subscriptions"+query, nil).Want(200).Into(&list)
		if len(list.Subscriptions) != want {
			t.Errorf("%q finds %d, want %d", query, len(list.Subscriptions), want)
		}
		if want == 1 && list.Subscriptions[0].ID != v.ID {
			t.Errorf("%q finds %s", query, list.Subscriptions[0].ID)
		}
	}
}

func TestAReportNeedsAPeriodThatBeginsBeforeItEnds(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	const from = "from=2026-03-01T00:00:00Z"
	for to, status := range map[string]int{
		"2026-03-01T00:00:01Z": 200, "2026-03-01T00:00:00Z": 422, "2026-02-28T23:59:59Z": 422,
		"2026-03-01T09:00:00%2B09:00": 422, // the same moment in Seoul
	} {
		got := merchant.Do("GET", "/admin/subscriptions/report?currency=KRW&"+from+"&to="+to, nil)
		if got.Status != status {
			t.Errorf("to %s: %d %s, want %d", to, got.Status, got.Body, status)
		}
	}
}
