package reconcile

import (
	"dangol/shared/invoice"
	"dangol/shared/payment"
)

// Invoice holds an invoice against the payments that were made for it, those that were declined included. An invoice
// that is paid has one payment over its total; of every other payment, and of those for an invoice that is not paid,
// nothing may be kept.
func Invoice(i invoice.Invoice, made []payment.Payment) (found []Difference) {
	say := func(kind Kind, paymentID string, books, provider int64, note string) {
		found = append(found, Difference{
			Kind: kind, Subject: i.Number, PaymentID: paymentID, Currency: i.Currency, Books: books, Provider: provider,
			Note: note,
		})
	}
	charged := i.State == invoice.Paid && i.Total > 0
	seen := false
	for _, p := range made {
		switch {
		case p.State != payment.StateCaptured:
		case charged && p.ID == i.PaymentID:
			seen = true
			if p.Captured.Amount != i.Total {
				say(CaptureDiffers, p.ID, i.Total, p.Captured.Amount, "")
			}
		case p.Refundable() == 0:
		case charged:
			say(ChargedTwice, p.ID, 0, p.Refundable(), "the invoice is paid by "+i.PaymentID)
		default:
			say(InvoiceNotOwed, p.ID, 0, p.Refundable(), "the invoice is "+string(i.State))
		}
	}
	if charged && !seen {
		say(InvoiceNotPaid, i.PaymentID, i.Total, 0, "")
	}
	return found
}

// NoInvoice is the difference of a payment for an invoice that is not there. key is what the payment names.
func NoInvoice(key string, p payment.Payment) []Difference {
	if p.State != payment.StateCaptured || p.Refundable() == 0 {
		return nil
	}
	return []Difference{{
		Kind: InvoiceMissing, Subject: key, PaymentID: p.ID, Currency: p.Amount.Currency, Provider: p.Refundable(),
	}}
}

// Gap checks two numbers of a series that stand next to each other in its book; before is "" in front of the first
// number of a year.
func Gap(before, after string) []Difference {
	series, year, n, err := invoice.ParseNumber(after)
	if err != nil {
		return []Difference{{Kind: NumberMissing, Subject: after, Note: err.Error()}}
	}
	if want := invoice.NumberOf(series, year, n-1); n > 1 && before != want {
		return []Difference{{Kind: NumberMissing, Subject: want, Note: "the book has " + before + " before " + after}}
	}
	if n == 1 && before != "" {
		return []Difference{{Kind: NumberMissing, Subject: after, Note: "the book has " + before + " before it"}}
	}
	return nil
}
