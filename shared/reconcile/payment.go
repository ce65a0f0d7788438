package reconcile

import (
	"time"

	"dangol/shared/payment"
)

// OpenFor is how long a payment may be open: a reservation lapses after seven days, and an exchange that is sent ahead
// keeps one for nearly as long.
const OpenFor = 8 * 24 * time.Hour

// Settled reports whether a payment has come to its end. One that has not is looked at again a day later, and is a
// difference once it is older than OpenFor; see Left.
func Settled(p payment.Payment) bool { return !p.State.Open() && p.State != payment.StateAuthorized }

// Left is the difference of a payment that should have come to its end; nothing while it still may.
func Left(subject string, p payment.Payment, now time.Time) []Difference {
	if Settled(p) || now.Sub(p.CreatedAt) < OpenFor {
		return nil
	}
	return []Difference{{
		Kind: PaymentLeftOpen, Subject: subject, PaymentID: p.ID, Currency: p.Amount.Currency, Provider: p.Amount.Amount,
		Note: "the payment is still " + string(p.State),
	}}
}

// Unclaimed is the difference of a payment that no order, return or invoice has among its payments: nothing of it may
// be kept. subject is what the payment names, or "".
func Unclaimed(subject string, p payment.Payment) []Difference {
	kept := p.Refundable()
	if p.State != payment.StateCaptured || kept == 0 {
		return nil
	}
	if subject == "" {
		subject = p.ID
	}
	return []Difference{{
		Kind: MoneyWithoutOrder, Subject: subject, PaymentID: p.ID, Currency: p.Amount.Currency, Provider: kept,
	}}
}

// Unknown is the difference of a payment that the books name and the provider does not have.
func Unknown(subject, paymentID, currency string, books int64) Difference {
	return Difference{Kind: PaymentUnknown, Subject: subject, PaymentID: paymentID, Currency: currency, Books: books}
}

// BookedRefund is a refund as the shop's books have it.
type BookedRefund struct {
	Amount int64
	State  payment.RefundState
}

// Refund holds a refund against its entry in the books: the amount is the same, and so is the end that it came to. A
// refund that the bank still works on has no end yet.
func Refund(subject string, books BookedRefund, r payment.Refund) []Difference {
	if books.Amount == r.Amount.Amount && (books.State == r.State || r.State == payment.RefundPending) {
		return nil
	}
	return []Difference{{
		Kind: RefundDiffers, Subject: subject, PaymentID: r.PaymentID, Currency: r.Amount.Currency, Books: books.Amount,
		Provider: r.Amount.Amount, Note: "refund " + r.ID + " is " + string(books.State) + " in the books and " +
			string(r.State) + " at the provider",
	}}
}

// UnknownRefund is the difference of a refund that no books have. One that failed moved nothing.
func UnknownRefund(subject string, r payment.Refund) []Difference {
	if r.State == payment.RefundFailed {
		return nil
	}
	if subject == "" {
		subject = r.ID
	}
	return []Difference{{
		Kind: RefundUnknown, Subject: subject, PaymentID: r.PaymentID, Currency: r.Amount.Currency, Provider: r.Amount.Amount,
		Note: "refund " + r.ID,
	}}
}
