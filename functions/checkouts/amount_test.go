package checkouts_test

import (
	"context"
	"fmt"
	"testing"

	"dangol/infra/testkit/testshop"
	"dangol/shared/payment"
)

// leastOf is a provider that takes no payment below an amount.
type leastOf struct {
	payment.Provider
	amount int64
}

func (p leastOf) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	if r.Amount.Amount < p.amount {
		return payment.Payment{}, fmt.Errorf("%w: %w: too small", payment.ErrInvalid, payment.ErrAmount)
	}
	return p.Provider.Authorize(ctx, r)
}

// It is not the card that is wrong, so the shopper is not sent away for another one.
func TestAnAmountThatNoCardCanBeChargedIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	s := open(t, func(w *testshop.Shop) { w.Service.Provider = leastOf{w.Service.Provider, 50_000} })
	variant := s.Sell(testshop.ProductSpec{Price: 12_000, Units: 9})
	b := s.FillCart("", map[string]int{variant: 1})
	for range 2 { // the same request has the same answer
		p := s.buy(b, "few", card("pm_card_visa")).WantProblem(409, "amount_not_payable")
		if p.Extra["checkoutId"] == nil || p.Extra["amount"] == nil {
			t.Errorf("extra is %v", p.Extra)
		}
	}
	if n := s.SellableUnits(t, variant); n != 9 {
		t.Errorf("%d in stock, want 9", n)
	}
}
