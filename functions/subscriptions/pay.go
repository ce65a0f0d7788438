package subscriptions

import (
	"errors"

	"dangol/shared/payment"
	"dangol/shared/platform/problem"
)

// methodProblem translates the provider's error about saving a card into a problem.
func methodProblem(err error) error {
	declined, refused := errors.AsType[*payment.Declined](err)
	switch {
	case err == nil:
		return nil
	case refused:
		return problem.PaymentRequired("payment_declined", "The card was refused.").With("declineCode",
			safeCode(declined)).Because(err)
	case errors.Is(err, payment.ErrInvalid):
		return problem.InvalidField("/paymentMethod", "invalid", "not a card that the payment provider knows")
	// Unknown is treated like unavailable here: saving a card charges nothing, and the repeat
	// carries the same key.
	case errors.Is(err, payment.ErrUnavailable), errors.Is(err, payment.ErrUnknown):
		return problem.Unavailable("payment_unavailable", "The payment provider does not answer. Try again.").Because(err)
	default:
		return err
	}
}

// safeCode is the provider's decline code. Hard declines get a generic one, so that somebody who
// tries stolen cards does not learn whether a card was reported stolen.
func safeCode(d *payment.Declined) string {
	if d.Kind == payment.KindHard {
		return "generic_decline"
	}
	return d.Code
}
