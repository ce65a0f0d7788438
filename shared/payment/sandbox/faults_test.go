package sandbox_test

import (
	"errors"
	"fmt"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/shared/payment"
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
	for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered, fault.Throttled, fault.Twice} {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				f := fixture(t)
				in := fault.New(fault.Plan{N: n, Mode: mode})
				shop := in.Provider(f.Provider)
				req := f.Order("once")
				req.CaptureNow = true
				first, second := pay(t, shop, req), pay(t, shop, req)
				if first.ID != second.ID || second.State != payment.StateCaptured || second.Captured != req.Amount {
					t.Errorf("after %v: %+v, then %+v", in.Calls(), first, second)
				}
			})
		}
	}
}
