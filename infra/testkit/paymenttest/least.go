package paymenttest

import (
	"context"
	"fmt"

	"dangol/shared/payment"
)

// LeastOf is a provider that takes no payment below an amount in minor units, as Stripe takes none below 50 cents.
type LeastOf struct {
	payment.Provider
	Amount int64
}

// Authorize refuses smaller amounts as the real one does.
func (p LeastOf) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	if r.Amount.Amount < p.Amount {
		return payment.Payment{}, fmt.Errorf("%w: %w: too small", payment.ErrInvalid, payment.ErrAmount)
	}
	return p.Provider.Authorize(ctx, r)
}
