package sandbox_test

import (
	"errors"
	"fmt"
	"testing"

	"dangol/shared/payment"
	"dangol/shared/payment/paymenttest"
)

// pay is how a careful shop pays: the same key until there is an answer.
func pay(t *testing.T, p payment.Provider, req payment.AuthorizeRequest) payment.Payment {
	t.Helper()
	for range 5 {
		got, err := p.Authorize(t.Context(), req)
		if err == nil {
			return got
		}
		if !errors.Is(err, payment.ErrUnknown) && !errors.Is(err, payment.ErrUnavailable) {
			t.Fatal(err)
		}
		if got, err := p.Lookup(t.Context(), req.Key); err == nil {
			return got
		}
	}
	t.Fatal("no answer")
	return payment.Payment{}
}

func TestWhicheverCallFailsTheShopperIsChargedOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []paymenttest.Fault{paymenttest.Before, paymenttest.After, paymenttest.Refuse, paymenttest.Twice} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("fault %d at call %d", fault, n), func(t *testing.T) {
				t.Parallel()
				f := fixture(t)
				shop := paymenttest.Break(f.Provider, paymenttest.OnCall(n, fault))
				req := f.Order("once")
				req.CaptureNow = true
				first, second := pay(t, shop, req), pay(t, shop, req)
				if first.ID != second.ID || second.State != payment.StateCaptured || second.Captured != req.Amount {
					t.Errorf("after %v: %+v, then %+v", shop.Calls(), first, second)
				}
			})
		}
	}
}
