package runner_test

import (
	"encoding/json"
	"testing"
	"time"

	"dangol/infra/testkit/system"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
)

// hook sends a provider's message, signed with a secret at a time.
func (s *shop) hook(n payment.Notification, secret string, at time.Time) system.Answer {
	s.T.Helper()
	body, err := json.Marshal(n)
	if err != nil {
		s.T.Fatal(err)
	}
	return s.Try(system.Guest.With(sandbox.SignatureHeader, sandbox.Sign(secret, body, at)), "POST",
		"/payments/webhooks/sandbox", string(body))
}

func TestALateChargeOfASubscriptionIsSettledByTheSignedMessage(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.Subscribe(s.As("late"), s.Plan(nil), "pm_card_sandbox_lateWebhook").Field(t, "id")
	state := func() string { return s.Do(s.As("late"), "GET", "/subscriptions/"+id, nil).Field(t, "state") }
	charge := s.Payments().Ledger()[0]
	n := payment.Notification{ID: "evt_forged", Type: "payment.captured", Subject: payment.SubjectPayment,
		At: s.Clock().Now(), Payment: payment.Payment{
			ID: charge.ID, Key: charge.Key, State: payment.StateCaptured, Metadata: charge.Metadata,
		}}
	now := s.Clock().Now()
	for why, a := range map[string]system.Answer{
		"forged": s.hook(n, "whsec_guessed", now), "replayed an hour later": s.hook(n, "whsec_local", now.Add(-time.Hour)),
		"unsigned": s.Try(system.Guest, "POST", "/payments/webhooks/sandbox", `{}`),
	} {
		if a.Status != 401 || a.Field(t, "code") != "bad_signature" {
			t.Errorf("a message that is %s: %d %s", why, a.Status, a.Body)
		}
	}
	if early := s.hook(n, "whsec_local", now); early.Status != 503 || state() != "starting" {
		t.Errorf("a message that the provider does not bear out: %d %s, it is %s", early.Status, early.Body, state())
	}
	// the provider's own message comes; the next check would be after five minutes
	s.AdvanceBy(2*time.Minute + time.Second)
	if state() != "active" || s.mailsWith("late", "영수증") != 1 {
		t.Errorf("it is %s, mails %v", state(), s.Subjects("late@example.com"))
	}
	if again := s.hook(n, "whsec_local", s.Clock().Now()); again.Status != 200 || len(s.invoices(s.As("late"), id)) != 1 {
		t.Errorf("the message once more: %d %s", again.Status, again.Body)
	}
}

func TestACreditNoteIsMailedShownAndItsRefundFollowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.Subscribe(s.As("nari"), s.Plan(nil), "pm_card_refundFail").Field(t, "id")
	s.AdvanceBy(10 * oneDay)
	s.Do(s.As("nari"), "POST", "/subscriptions/"+id+"/changes", `{"do":"cancel_now"}`)
	s.RunUntilIdle()
	list := s.Do(s.As("nari"), "GET", "/subscriptions/"+id+"/credit-notes", nil)
	number := list.Field(t, "creditNotes.0.number")
	if list.Field(t, "creditNotes.0.refunds.0.state") != "refunded" || s.mailsWith("nari", number) != 1 {
		t.Fatalf("%s; mails %v", list.Body, s.Subjects("nari@example.com"))
	}
	s.AdvanceBy(3 * time.Minute) // the bank takes the refund back
	note := s.Do(s.As("nari"), "GET", "/subscriptions/"+id+"/credit-notes/"+number, nil)
	if note.Field(t, "refunds.0.state") != "refund_failed" {
		t.Errorf("the customer sees %s", note.Body)
	}
	shop := s.Merchant()
	refund := s.Do(shop, "GET", "/admin/refunds", nil)
	if refund.Field(t, "refunds.0.creditNote") != number ||
		s.Do(shop, "GET", "/admin/credit-notes?year=2026", nil).Field(t, "creditNotes.0.number") != number {
		t.Errorf("open refunds: %s", refund.Body)
	}
	path := "/admin/subscriptions/" + id + "/refunds/" + refund.Field(t, "refunds.0.id")
	again := s.Do(shop, "POST", path+"/retry", nil)
	if again.Field(t, "state") != "refunded" || again.Field(t, "attempts") != "2" {
		t.Errorf("sent again: %s", again.Body)
	}
	s.AdvanceBy(3 * time.Minute)
	settled := s.Do(shop, "POST", path+"/settle", `{"reference":"transfer of 3 December"}`)
	if seen := s.Do(shop, "GET", "/admin/credit-notes/"+number, nil); settled.Field(t, "state") != "paid_otherwise" ||
		seen.Field(t, "refunds.0.reference") == "" {
		t.Errorf("settled: %s, %s", settled.Body, seen.Body)
	}
	if left := s.Do(shop, "GET", "/admin/refunds", nil); left.Body != `{"refunds":[]}`+"\n" &&
		left.Body != `{"refunds":[]}` {
		t.Errorf("still open: %s", left.Body)
	}
	if twice := s.Try(shop, "POST", path+"/retry", nil); twice.Status != 409 ||
		twice.Field(t, "code") != "refund_not_open" {
		t.Errorf("sent once more: %d %s", twice.Status, twice.Body)
	}
}
