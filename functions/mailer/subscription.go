package mailer

import (
	"cmp"

	"dangol/events"
	"dangol/shared/mail"
	"dangol/shared/money"
)

// subscriptionMail is a receipt where the event carries the invoice, else the notice of its kind.
func subscriptionMail(b events.SubscriptionNoticeIssued) letter {
	l := letter{to: b.Email, language: b.Language, about: b.SubscriptionID}
	if b.Invoice != nil {
		l.content = receipt(b)
		return l
	}
	if b.CreditNote != nil {
		l.content = creditNote(b)
		return l
	}
	n := mail.SubscriptionNotice{
		Kind: b.Kind, Situation: b.Situation, SubscriptionID: b.SubscriptionID, Plan: b.Plan, Name: b.Name, Date: b.Date,
		Amount: b.Amount, Charges: b.Charges, From: b.From, NextPlan: b.NextPlan, PayBy: b.PayBy,
		BenefitsStop: b.BenefitsStop, Method: b.Method, Retry: b.Retry, Zone: b.Zone,
	}
	if b.Ask != nil {
		n.Old = b.Ask.Old
	}
	l.content = n
	return l
}

// creditNote is the mail about money or credit that goes back.
func creditNote(b events.SubscriptionNoticeIssued) mail.SubscriptionCreditNote {
	n := b.CreditNote
	out := mail.SubscriptionCreditNote{
		Number: n.Number, SubscriptionID: b.SubscriptionID, Plan: b.Plan, Name: b.Name, Reason: b.Reason, Amount: n.Amount,
		ToCard:   n.ToCard,
		ToCredit: n.ToCredit, Tax: money.Of(0, n.Amount.Currency),
	}
	// One sum: a mail shows no breakdown by rate, the document does.
	for _, t := range n.Taxes {
		out.Tax.Amount += t.Tax.Amount
	}
	return out
}

// receipt is the mail about an invoice that was paid.
func receipt(b events.SubscriptionNoticeIssued) mail.SubscriptionReceipt {
	i := b.Invoice
	out := mail.SubscriptionReceipt{
		Number: i.Number, SubscriptionID: b.SubscriptionID, Plan: b.Plan, Name: b.Name, Subtotal: i.Subtotal,
		CreditUsed: i.CreditUsed,
		Total:      i.Total, Tax: money.Of(0, i.Total.Currency), Method: b.Method,
	}
	for _, t := range i.Taxes {
		out.Tax.Amount += t.Tax.Amount
	}
	for _, l := range i.Lines {
		out.Lines = append(out.Lines, mail.ReceiptLine{
			// Fees have no quantity.
			Kind: l.Kind, Plan: cmp.Or(l.Plan, b.Plan), Quantity: max(l.Quantity, 1), Cycles: l.Cycles, From: l.From, To: l.To,
			Amount: l.Amount,
		})
	}
	return out
}

// gift is the mail that somebody gets for whom a subscription was paid.
func gift(b events.SubscriptionGiftAnnounced) letter {
	return letter{to: b.Email, language: b.Language, about: b.SubscriptionID, content: mail.SubscriptionGift{
		SubscriptionID: b.SubscriptionID, Plan: b.Plan, Name: b.Name, From: b.From, Message: b.Message, Cycles: b.Cycles,
		Until: b.Until,
		Token: b.Token,
	}}
}
