package server_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// decide is the cardholder on the bank's page.
func (b *bank) decide(t *testing.T, address, decision string) answer {
	t.Helper()
	got := read(t, http.MethodPost, address, "decision="+decision)
	if got.status != http.StatusSeeOther {
		t.Fatalf("the page answers %d: %s", got.status, got.body)
	}
	return got
}

func TestTheCardholderIsAskedWhetherACardMayBeKept(t *testing.T) {
	t.Parallel()
	b := open(t)
	m := b.save(t, "pm_card_authenticationRequiredOnSetup")
	if m.Token != "" || m.SetupID == "" || m.NextActionURL == "" {
		t.Fatalf("kept without a question: %+v", m)
	}
	if page := read(t, http.MethodGet, m.NextActionURL, ""); !strings.Contains(page.body, "keep this card") ||
		strings.Contains(page.body, "₩") {
		t.Errorf("the page asks for an amount: %s", page.body)
	}
	if open, err := b.SavedMethod(t.Context(), m.SetupID); err != nil || open.Token != "" || open.NextActionURL == "" {
		t.Fatalf("before the answer: %+v, %v", open, err)
	}
	b.decide(t, m.NextActionURL, "approve")
	kept, err := b.SavedMethod(t.Context(), m.SetupID)
	if err != nil || kept.Token == "" || kept.CustomerRef == "" || kept.NextActionURL != "" {
		t.Fatalf("after it: %+v, %v", kept, err)
	}
	b.decide(t, m.NextActionURL, "decline") // a second look at the page changes nothing
	if again, err := b.SavedMethod(t.Context(), m.SetupID); err != nil || again.Token != kept.Token {
		t.Errorf("a second answer changed it: %+v, %v", again, err)
	}
	// What was agreed to when the card was kept is not asked again.
	if p, err := b.renew(t, "renewal", kept); err != nil || p.State != payment.StateCaptured {
		t.Errorf("the renewal: %+v, %v", p, err)
	}
	present := order("present", kept.Token)
	present.CustomerRef = kept.CustomerRef
	if p, err := b.Authorize(t.Context(), present); err != nil || p.State != payment.StateAuthorized {
		t.Errorf("the next order: %+v, %v", p, err)
	}
	if n := len(b.server.Ledger()); n != 2 {
		t.Errorf("%d payments, want two: keeping a card is none", n)
	}
}

func TestACardWhoseOwnerDeclinesIsNotKept(t *testing.T) {
	t.Parallel()
	b := open(t)
	m := b.save(t, "pm_card_authenticationRequired")
	b.decide(t, m.NextActionURL, "decline")
	kept, err := b.SavedMethod(t.Context(), m.SetupID)
	if code := declineOf(t, err); code != "setup_intent_authentication_failure" || kept.Token != "" {
		t.Fatalf("%+v, %q", kept, code)
	}
	b.decide(t, m.NextActionURL, "approve")
	if _, err := b.SavedMethod(t.Context(), m.SetupID); declineOf(t, err) == "" {
		t.Error("approved after it was declined")
	}
	if len(b.server.Ledger()) != 0 {
		t.Errorf("money moved: %+v", b.server.Ledger())
	}
}

func TestWhatIsNoQuestionAboutACardIsNotFoundAsOne(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.pay(t, "k", "pm_card_visa")
	m := b.save(t, "pm_card_authenticationRequired")
	for _, id := range []string{"seti_none", p.ID} {
		if got, err := b.SavedMethod(t.Context(), id); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	if _, err := b.Capture(t.Context(), m.SetupID, "c", money.Of(1, "KRW")); !errors.Is(err, payment.ErrStateConflict) {
		t.Errorf("a question about a card was captured: %v", err)
	}
}

func TestACardIsKeptForACustomerOnly(t *testing.T) {
	t.Parallel()
	b := open(t)
	if _, err := b.SaveMethod(t.Context(), payment.SaveMethodRequest{Key: "s", MethodToken: "pm_card_visa"}); !errors.Is(
		err, payment.ErrInvalid) {
		t.Errorf("kept for nobody: %v", err)
	}
	guest := order("g", "pm_card_visa")
	guest.CustomerID, guest.KeepMethod = "", true
	if _, err := b.Authorize(t.Context(), guest); !errors.Is(err, payment.ErrInvalid) {
		t.Errorf("kept for a guest: %v", err)
	}
	evil := payment.SaveMethodRequest{
		Key: "r", CustomerID: "usr_1", MethodToken: "pm_card_visa", ReturnURL: "javascript:alert(1)",
	}
	if _, err := b.SaveMethod(t.Context(), evil); !errors.Is(err, payment.ErrInvalid) {
		t.Errorf("goes back to a script: %v", err)
	}
	m := b.save(t, "pm_card_visa")
	stranger := order("x", m.Token)
	stranger.CustomerID, stranger.CustomerRef = "usr_2", "cus_2"
	if _, err := b.Authorize(t.Context(), stranger); !errors.Is(err, payment.ErrInvalid) {
		t.Errorf("paid with somebody else's card: %v", err)
	}
}

func TestACardThatIsKeptTwiceIsOneCard(t *testing.T) {
	t.Parallel()
	b := open(t)
	m := b.save(t, "pm_card_visa")
	again, err := b.SaveMethod(t.Context(), payment.SaveMethodRequest{
		Key: "again", CustomerID: "usr_1", CustomerRef: m.CustomerRef, MethodToken: m.Token,
	})
	if err != nil || again.Token != m.Token {
		t.Fatalf("kept as %+v, %v; was %s", again, err, m.Token)
	}
	buy := order("buy", m.Token)
	buy.CustomerRef, buy.KeepMethod = m.CustomerRef, true
	if p, err := b.Authorize(t.Context(), buy); err != nil || p.Method.Token != m.Token {
		t.Errorf("kept with a purchase as %+v, %v", p.Method, err)
	}
}

func TestARenewedCardKeepsItsTokenAndItsPast(t *testing.T) {
	t.Parallel()
	b := open(t)
	m := b.save(t, "pm_sandbox_chargeCustomerFailTwice")
	if _, err := b.renew(t, "first", m); declineOf(t, err) == "" {
		t.Fatal("the first charge was to fail")
	}
	if known, err := b.server.RenewCard("pm_nobody", 1, 2030); known || err != nil {
		t.Errorf("a card that nobody has is renewed: %v, %v", known, err)
	}
	if known, err := b.server.RenewCard(m.Token, 7, 2031); !known || err != nil {
		t.Fatalf("%v, %v", known, err)
	}
	b.advance(t, 0)
	told := b.got[len(b.got)-1]
	if told.Subject != payment.SubjectMethod || told.Method.Token != m.Token || told.Method.ExpMonth != 7 ||
		told.Method.ExpYear != 2031 || told.Method.CustomerRef != m.CustomerRef {
		t.Errorf("the shop is told %+v", told)
	}
	if _, err := b.renew(t, "second", m); declineOf(t, err) == "" {
		t.Error("the second charge was to fail too: a new date is no new card")
	}
	if p, err := b.renew(t, "third", m); err != nil || p.Method.ExpYear != 2031 {
		t.Errorf("the third: %+v, %v", p.Method, err)
	}
}
