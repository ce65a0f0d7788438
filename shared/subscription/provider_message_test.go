package subscription_test

import (
	"testing"

	"dangol/shared/payment"
	. "dangol/shared/subscription"
)

func TestNewsOfAChargeAsksAtOnce(t *testing.T) {
	t.Parallel()
	at := seoul("2026-03-10 09:00")
	s, _, err := Subscription{}.Apply(starting(plan(Membership, 9900)), at)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]ChargeReport{"another invoice": {Key: "sub_1#9", Attempt: 1},
		"another attempt": {Key: s.Open.Key, Attempt: 2}} {
		if _, effects, err := s.Apply(c, at); err != nil || effects != nil {
			t.Errorf("news of %s: %v, %v", name, effects, err)
		}
	}
	_, effects, err := s.Apply(ChargeReport{Key: s.Open.Key, Attempt: 1}, at)
	ask, ok := effects[0].(Charge)
	if err != nil || !ok || !ask.Lookup || ask.AttemptKey != s.Open.AttemptKey() {
		t.Errorf("effects %+v, %v; want a look at the provider", effects, err)
	}
}

func TestARenewedCardIsChargedWhereAnotherOneWasNeeded(t *testing.T) {
	t.Parallel()
	for kind, want := range map[payment.Kind]bool{payment.KindHard: true, payment.KindSoft: false} {
		at := seoul("2026-03-10 09:00")
		h := open(t, starting(plan(Membership, 9900)), at)
		h.provider = func(Charge) outcome { return outcome{kind: kind, code: "expired_card"} }
		h.until(seoul("2026-04-10 12:00"))
		wantState(t, h, PastDue)
		tries := h.s.Open.Attempt
		h.provider = nil
		card := h.s.Card
		card.ExpYear = 2040
		h.do(CardUpdated{Card: card}, seoul("2026-04-10 13:00"))
		if charged := h.s.Open == nil; charged != want || h.s.Card != card {
			t.Errorf("after a %s decline and %d tries it was charged: %v", kind, tries, charged)
		}
		other := card
		other.Token = "card_9"
		h.do(CardUpdated{Card: other}, seoul("2026-04-10 14:00"))
		if h.s.Card != card {
			t.Error("news of another card changed this one")
		}
	}
}
