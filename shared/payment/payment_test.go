package payment_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"dangol/shared/money"
	"dangol/shared/payment"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		got  payment.Kind
		want payment.Kind
	}{
		{"no money today", payment.Classify("insufficient_funds"), payment.KindSoft},
		{"lost: Visa category 1", payment.Classify("lost_card"), payment.KindHard},
		{"stolen: Visa category 1", payment.Classify("stolen_card"), payment.KindHard},
		{"picked up: Visa category 1", payment.Classify("pickup_card"), payment.KindHard},
		{"no such number: Visa category 1", payment.Classify("invalid_number"), payment.KindHard},
		{"payment stopped: Visa category 1", payment.Classify("stop_payment_order"), payment.KindHard},
		{"consent withdrawn: Visa category 1", payment.Classify("revocation_of_authorization"), payment.KindHard},
		{"all consent withdrawn: Visa category 1", payment.Classify("revocation_of_all_authorizations"), payment.KindHard},
		{"not permitted: Visa category 1", payment.Classify("transaction_not_allowed"), payment.KindHard},
		{"expired", payment.Classify("expired_card"), payment.KindHard},
		{"the machine was ill", payment.Classify("processing_error"), payment.KindTechnical},
		{"the bank did not answer", payment.Classify("issuer_not_available"), payment.KindTechnical},
		{"the shopper has to come", payment.Classify("authentication_required"), payment.KindAction},
		{"unheard of", payment.Classify("moon_in_retrograde"), payment.KindSoft},
		{"Mastercard 03 overrules", payment.ClassifyAdvised("insufficient_funds", "", "03"), payment.KindHard},
		{"Mastercard 21 overrules", payment.ClassifyAdvised("do_not_honor", "21"), payment.KindHard},
		{"Mastercard 02 does not", payment.ClassifyAdvised("do_not_honor", "02"), payment.KindSoft},
		{"Stripe's advice overrules", payment.ClassifyAdvised("generic_decline", "do_not_try_again"), payment.KindHard},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, tc.got, tc.want)
		}
	}
}

func TestEveryStateIsOpenGoodOrDead(t *testing.T) {
	t.Parallel()
	for _, s := range []payment.State{
		payment.StateRequiresAction, payment.StateProcessing, payment.StateAuthorized, payment.StateCaptured,
		payment.StateVoided, payment.StateDeclined, payment.StateCanceled,
	} {
		n := 0
		for _, is := range []bool{s.Open(), s.Secured(), s.Failed()} {
			if is {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is %d of the three", s, n)
		}
	}
}

func TestADeclinedPaymentIsAnError(t *testing.T) {
	t.Parallel()
	p := payment.Payment{State: payment.StateDeclined, DeclineCode: "lost_card", DeclineKind: payment.KindHard}
	if d, ok := errors.AsType[*payment.Declined](p.Declined()); !ok || d.Code != "lost_card" ||
		!strings.Contains(d.Error(), "lost_card") {
		t.Errorf("got %v", p.Declined())
	}
	if err := (payment.Payment{State: payment.StateCaptured}).Declined(); err != nil {
		t.Errorf("a captured one: %v", err)
	}
}

func TestRefundable(t *testing.T) {
	t.Parallel()
	p := payment.Payment{Captured: money.Of(12_000, "KRW"), Refunded: money.Of(5_000, "KRW")}
	if p.Refundable() != 7_000 {
		t.Errorf("got %d", p.Refundable())
	}
}

func TestOnlyAConnectionThatWasNeverMadeIsHarmless(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ err, want, not error }{
		"refused":     {&net.OpError{Op: "dial", Err: errors.New("refused")}, payment.ErrUnavailable, payment.ErrUnknown},
		"reset":       {&net.OpError{Op: "read", Err: errors.New("reset")}, payment.ErrUnknown, payment.ErrUnavailable},
		"out of time": {context.DeadlineExceeded, payment.ErrUnknown, payment.ErrUnavailable},
	} {
		got := payment.UnansweredError(tc.err)
		if !errors.Is(got, tc.want) || errors.Is(got, tc.not) || !errors.Is(got, tc.err) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
