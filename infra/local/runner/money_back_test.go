package runner_test

import (
	"encoding/json"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
)

// hook sends a provider's message, signed with a secret at a time.
func (s *shop) hook(n payment.Notification, secret string, at time.Time) answer {
	s.t.Helper()
	body, err := json.Marshal(n)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.try(guest.with(sandbox.SignatureHeader, sandbox.Sign(secret, body, at)), "POST", "/payments/webhooks/sandbox", string(body))
}

func TestALateChargeOfASubscriptionIsSettledByTheSignedMessage(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.subscribe(s.as("late"), s.plan(nil), "pm_card_sandbox_lateWebhook").field(t, "id")
	state := func() string { return s.do(s.as("late"), "GET", "/subscriptions/"+id, nil).field(t, "state") }
	charge := s.Payments().Ledger()[0]
	n := payment.Notification{ID: "evt_forged", Type: "payment.captured", Subject: payment.SubjectPayment, At: s.Clock().Now(), Payment: payment.Payment{
		ID: charge.ID, Key: charge.Key, State: payment.StateCaptured, Metadata: charge.Metadata,
	}}
	now := s.Clock().Now()
	for why, a := range map[string]answer{
		"forged": s.hook(n, "whsec_guessed", now), "replayed an hour later": s.hook(n, "whsec_local", now.Add(-time.Hour)),
		"unsigned": s.try(guest, "POST", "/payments/webhooks/sandbox", `{}`),
	} {
		if a.status != 401 || a.field(t, "code") != "bad_signature" {
			t.Errorf("a message that is %s: %d %s", why, a.status, a.body)
		}
	}
	if early := s.hook(n, "whsec_local", now); early.status != 503 || state() != "starting" {
		t.Errorf("a message that the provider does not bear out: %d %s, it is %s", early.status, early.body, state())
	}
	s.advance(2*time.Minute + time.Second) // the provider's own message comes; the next check would be after five minutes
	if state() != "active" || s.told("late", "영수증") != 1 {
		t.Errorf("it is %s, mails %v", state(), s.subjects("late@example.com"))
	}
	if again := s.hook(n, "whsec_local", s.Clock().Now()); again.status != 200 || len(s.invoices(s.as("late"), id)) != 1 {
		t.Errorf("the message once more: %d %s", again.status, again.body)
	}
}

func TestACreditNoteIsMailedShownAndItsRefundFollowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.subscribe(s.as("nari"), s.plan(nil), "pm_card_refundFail").field(t, "id")
	s.advance(10 * oneDay)
	s.do(s.as("nari"), "POST", "/subscriptions/"+id+"/changes", `{"do":"cancel_now"}`)
	s.settle()
	list := s.do(s.as("nari"), "GET", "/subscriptions/"+id+"/credit-notes", nil)
	number := list.field(t, "creditNotes.0.number")
	if list.field(t, "creditNotes.0.refunds.0.state") != "refunded" || s.told("nari", number) != 1 {
		t.Fatalf("%s; mails %v", list.body, s.subjects("nari@example.com"))
	}
	s.advance(3 * time.Minute) // the bank takes the refund back
	note := s.do(s.as("nari"), "GET", "/subscriptions/"+id+"/credit-notes/"+number, nil)
	if note.field(t, "refunds.0.state") != "refund_failed" {
		t.Errorf("the customer sees %s", note.body)
	}
	shop := s.merchant()
	refund := s.do(shop, "GET", "/admin/refunds", nil)
	if refund.field(t, "refunds.0.creditNote") != number || s.do(shop, "GET", "/admin/credit-notes?year=2026", nil).field(t, "creditNotes.0.number") != number {
		t.Errorf("open refunds: %s", refund.body)
	}
	path := "/admin/subscriptions/" + id + "/refunds/" + refund.field(t, "refunds.0.id")
	again := s.do(shop, "POST", path+"/retry", nil)
	if again.field(t, "state") != "refunded" || again.field(t, "attempts") != "2" {
		t.Errorf("sent again: %s", again.body)
	}
	s.advance(3 * time.Minute)
	settled := s.do(shop, "POST", path+"/settle", `{"reference":"transfer of 3 December"}`)
	if seen := s.do(shop, "GET", "/admin/credit-notes/"+number, nil); settled.field(t, "state") != "paid_otherwise" || seen.field(t, "refunds.0.reference") == "" {
		t.Errorf("settled: %s, %s", settled.body, seen.body)
	}
	if left := s.do(shop, "GET", "/admin/refunds", nil); left.body != `{"refunds":[]}`+"\n" && left.body != `{"refunds":[]}` {
		t.Errorf("still open: %s", left.body)
	}
	if twice := s.try(shop, "POST", path+"/retry", nil); twice.status != 409 || twice.field(t, "code") != "refund_not_open" {
		t.Errorf("sent once more: %d %s", twice.status, twice.body)
	}
}

// refusedRefund is a subscription whose refund was refused because the bank's desk had given the money back.
func refusedRefund(s *shop) belongings {
	b := ownSubscription(s)
	for _, e := range s.Payments().Ledger() {
		if e.Metadata["subscription"] == b.subscription {
			s.refundAtTheDesk(e.ID, e.Captured)
		}
	}
	s.do(b.owner.caller, "POST", "/subscriptions/"+b.subscription+"/changes", `{"do":"cancel_now"}`)
	list := s.do(b.owner.caller, "GET", "/subscriptions/"+b.subscription+"/credit-notes", nil)
	b.number, b.refund = list.field(s.t, "creditNotes.0.number"), list.field(s.t, "creditNotes.0.refunds.0.id")
	return b
}

func (s *shop) refundAtTheDesk(paymentID string, amount money.Money) {
	s.t.Helper()
	client := sandbox.New(sandbox.Config{BaseURL: s.Address() + "/sandbox", APIKey: "sk_local"})
	if _, err := client.Refund(s.t.Context(), payment.RefundRequest{Key: unique("desk"), PaymentID: paymentID, Amount: amount}); err != nil {
		s.t.Fatal(err)
	}
}
