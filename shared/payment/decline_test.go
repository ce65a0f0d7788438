package payment_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"dangol/shared/payment"
)

// A card that the network calls finished is never tried again, whatever the bank's code says.
func TestAdviceOfTheNetworkOutweighsTheCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   string
		advice []string
		want   payment.Kind
	}{
		"the recurring payment was canceled": {"do_not_honor", []string{"", "21"}, payment.KindHard},
		"Stripe says never":                  {"try_again_later", []string{"do_not_try_again"}, payment.KindHard},
		"advice to try later allows what is allowed": {"insufficient_funds", []string{"02", "try_again_later"},
			payment.KindSoft},
		"advice to try later does not mend a card": {"stolen_card", []string{"try_again_later"}, payment.KindHard},
		"a code that nobody knows":                 {"brand_new_code", nil, payment.KindSoft},
		"no code at all":                           {"", nil, payment.KindSoft},
	} {
		if got := payment.ClassifyAdvised(c.code, c.advice...); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Whoever holds a stolen card must not learn that the bank knows; everybody else is told what they can do about it.
func TestAShopperIsNotToldThatACardIsReported(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"stolen_card", "lost_card", "pickup_card", "fraudulent", "merchant_blacklist"} {
		if got := payment.PublicDeclineCode(code); got != "generic_decline" {
			t.Errorf("%s is told as %s", code, got)
		}
		if payment.Classify(code) != payment.KindHard {
			t.Errorf("%s is tried again", code)
		}
	}
	for _, code := range []string{"insufficient_funds", "expired_card", "incorrect_cvc", "authentication_required", ""} {
		if got := payment.PublicDeclineCode(code); got != code {
			t.Errorf("%s is told as %s", code, got)
		}
	}
}

// The caller decides by these errors whether money may have moved: a cause must not change what an error is.
func TestWhatAFailedCallMeansForTheMoney(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		err  error
		is   []error
		isnt []error
	}{
		"never connected": {
			payment.UnansweredError(fmt.Errorf("post: %w", dial)), []error{payment.ErrUnavailable, dial},
			[]error{payment.ErrUnknown, payment.ErrOurFault},
		},
		"broken off while reading": {
			payment.UnansweredError(&net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}),
			[]error{payment.ErrUnknown, io.ErrUnexpectedEOF}, []error{payment.ErrUnavailable},
		},
		"a wrong key of the shop": {
			payment.OurFault(io.EOF), []error{payment.ErrUnavailable, payment.ErrOurFault, io.EOF},
			[]error{payment.ErrUnknown, payment.ErrInvalid},
		},
	} {
		for _, want := range c.is {
			if !errors.Is(c.err, want) {
				t.Errorf("%s: %v is not %v", name, c.err, want)
			}
		}
		for _, other := range c.isnt {
			if errors.Is(c.err, other) {
				t.Errorf("%s: %v is %v as well", name, c.err, other)
			}
		}
	}
}
