package returns_test

import (
	"context"
	"fmt"
	"testing"

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

func TestAnAdditionThatNoCardCanBeChargedIsSaidToBeOneAndCanBeGivenUp(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	d.f.Provider = leastOf{d.f.Provider, 50_000}
	a := d.add(o, oil, 1)
	path := fmt.Sprintf("%s/%d", d.additionsOf(o), a.N)
	for range 2 {
		d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_visa")).
			WantProblem(409, "amount_not_payable")
	}
	d.ann().Do("POST", path+"/cancel", nil).Want(200)
	if n := d.SellableUnits(t, oil); n != 9 {
		t.Errorf("%d in stock, want 9", n)
	}
}
