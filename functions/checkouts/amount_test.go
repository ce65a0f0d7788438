package checkouts_test

import (
	"testing"

	"dangol/infra/testkit/paymenttest"
	"dangol/infra/testkit/testshop"
)

// It is not the card that is wrong, so the shopper is not sent away for another one.
func TestAnAmountThatNoCardCanBeChargedIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	s := open(t, func(w *testshop.Shop) {
		w.Service.Provider = paymenttest.LeastOf{Provider: w.Service.Provider, Amount: 50_000}
	})
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
