package subscriptions

import (
	"context"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/service"
)

// credits registers the routes of credit notes and of the money that goes back.
func (f *Subscriptions) credits(s *api.Service) {
	route := func(access api.Access, method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: path, ID: id, Summary: summary, Tag: "Credit notes", Access: access,
			Errors: append([]int{422}, errors...),
		}
	}
	const one = "/subscriptions/{subscriptionId}"
	api.Handle(s, route(api.Customer, "GET", one+"/credit-notes", "listCreditNotes",
		"The credit notes of a subscription, newest first", 404), f.creditNotes)
	api.Handle(s, route(api.Customer, "GET", one+"/credit-notes/{number}", "getCreditNote", "Read a credit note", 404),
		f.creditNote)
	api.Handle(s, route(api.MerchantIs, "GET", "/admin/credit-notes", "listAllCreditNotes",
		"The credit notes of a year, in the order of their numbers"), f.allCreditNotes)
	api.Handle(s, route(api.MerchantIs, "GET", "/admin/credit-notes/{number}", "getAnyCreditNote", "Read a credit note",
		404), f.anyCreditNote)
	api.Handle(s, route(api.MerchantIs, "GET", "/admin/refunds", "listOpenRefunds",
		"Refunds that the provider refused, oldest first"), f.openRefunds)
	retry := route(api.MerchantIs, "POST", "/admin"+one+"/refunds/{refundId}/retry", "retryRefund",
		"Send a refused refund once more", 404, 409, 503)
	api.Handle(s, retry, f.retryRefund)
	settle := route(api.MerchantIs, "POST", "/admin"+one+"/refunds/{refundId}/settle", "settleRefund",
		"Note that the customer got the money otherwise", 404, 409)
	api.Handle(s, settle, f.settleRefund)
	f.payouts(s)
}

// CreditNote is a credit note as the API shows it.
type CreditNote struct {
	Number         string               `json:"number" example:"CN-2026-000003"`
	SubscriptionID string               `json:"subscriptionId"`
	Reason         string               `json:"reason" doc:"canceled, out of stock, suspended, date changed, unused days, gift_unclaimed"`
	Issued         time.Time            `json:"issued"`
	Amount         money.Formatted      `json:"amount"`
	ToCard         money.Formatted      `json:"toCard" doc:"Goes back to where it was paid from."`
	ToCredit       money.Formatted      `json:"toCredit" doc:"Account credit."`
	Taxes          []InvoiceTax         `json:"taxes" nullable:"false" doc:"Contained in the amount."`
	Refunds        []SubscriptionRefund `json:"refunds" nullable:"false" doc:"How the part for the card is getting on."`
}

// SubscriptionRefund is money on its way back to a card.
type SubscriptionRefund struct {
	ID             string              `json:"id" example:"3.refund-1"`
	SubscriptionID string              `json:"subscriptionId"`
	CreditNote     string              `json:"creditNote,omitempty"`
	Amount         money.Formatted     `json:"amount"`
	State          service.RefundState `json:"state" enum:"pending,refunded,refund_failed,paid_otherwise"`
	Attempts       int                 `json:"attempts"`
	At             time.Time           `json:"at"`
	Reason         string              `json:"reason,omitempty" doc:"Why the provider refused; for the shop only."`
	Reference      string              `json:"reference,omitempty" doc:"Of the payment made otherwise."`
	PaymentID      string              `json:"paymentId,omitempty" doc:"For the shop only."`
}

// refundOf shows a refund. The reason of a refusal and the payment's id are for the shop only.
func refundOf(c service.RefundDetails, shop bool) SubscriptionRefund {
	v := SubscriptionRefund{
		ID: c.ID, SubscriptionID: c.SubscriptionID, CreditNote: c.Note, Amount: money.Of(c.Amount, c.Currency).Formatted(),
		State:    c.State,
		Attempts: c.Attempts, At: c.At, Reference: c.Reference,
	}
	if shop {
		v.Reason, v.PaymentID = c.Reason, c.PaymentID
	}
	return v
}

// creditNoteOf joins a credit note with its refunds: one note may have several, because the money
// goes back to each payment it came from.
func creditNoteOf(n invoice.CreditNote, refunds []service.Refund, shop bool) CreditNote {
	view := func(amount int64) money.Formatted { return money.Of(amount, n.Currency).Formatted() }
	v := CreditNote{
		Number: n.Number, SubscriptionID: n.SubscriptionID, Reason: n.Reason, Issued: n.Issued, Amount: view(n.Amount),
		ToCard:   view(n.ToCard),
		ToCredit: view(n.ToCredit), Taxes: []InvoiceTax{}, Refunds: []SubscriptionRefund{},
	}
	for _, t := range n.Taxes {
		v.Taxes = append(v.Taxes, InvoiceTax{RateBP: t.RateBP, Gross: view(t.Gross), Tax: view(t.Tax)})
	}
	for _, r := range refunds {
		// Refunds of all notes of the subscription are read at once and divided here.
		if r.Note == n.Number {
			v.Refunds = append(v.Refunds, refundOf(r.RefundDetails, shop))
		}
	}
	return v
}

// CreditNoteList is a page of credit notes.
type CreditNoteList struct {
	Body struct {
		CreditNotes []CreditNote `json:"creditNotes" nullable:"false"`
		NextCursor  string       `json:"nextCursor,omitempty"`
	}
}

// refundsRead is how many refunds of a subscription are read for its credit notes: far more than
// one subscription collects, so one page is always enough.
const refundsRead = 500

// creditNotes lists the caller's credit notes with the state of their refunds. 3 round trips.
func (f *Subscriptions) creditNotes(ctx context.Context, in *PartsInput) (*CreditNoteList, error) {
	// Reading the subscription first proves that it belongs to the caller.
	if _, err := f.load(ctx, in.ID); err != nil {
		return nil, err
	}
	notes, next, err := f.Billing.Documents().CreditNotesOf(ctx, in.ID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	refunds, _, err := f.Billing.Refunds(ctx, in.ID, refundsRead, "")
	if err != nil {
		return nil, err
	}
	out := &CreditNoteList{}
	out.Body.CreditNotes, out.Body.NextCursor = make([]CreditNote, len(notes)), string(next)
	for i, n := range notes {
		out.Body.CreditNotes[i] = creditNoteOf(n, refunds, false)
	}
	return out, nil
}

// creditNoteInput names a credit note of one's own subscription.
type creditNoteInput struct {
	Which
	Number string `path:"number" maxLength:"40" example:"CN-2026-000003"`
}

// CreditNoteOutput is one credit note.
type CreditNoteOutput struct{ Body CreditNote }

// noteNotFound is also the answer for a note of another subscription.
func noteNotFound() error {
	return problem.NotFound("credit_note_not_found", "There is no such credit note.")
}

// creditNote reads one of the caller's credit notes. 3 round trips.
func (f *Subscriptions) creditNote(ctx context.Context, in *creditNoteInput) (*CreditNoteOutput, error) {
	if _, err := f.load(ctx, in.ID); err != nil {
		return nil, err
	}
	return f.noteOf(ctx, in.ID, in.Number, false)
}

// noteOf reads a note with its refunds; shop adds what only the merchant sees. 2 round trips.
func (f *Subscriptions) noteOf(ctx context.Context, subscriptionID, number string, shop bool) (*CreditNoteOutput,
	error) {
	n, err := f.Billing.Documents().CreditNote(ctx, subscriptionID, number)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, noteNotFound()
	}
	refunds, _, err := f.Billing.Refunds(ctx, subscriptionID, refundsRead, "")
	if err != nil {
		return nil, err
	}
	return &CreditNoteOutput{Body: creditNoteOf(*n, refunds, shop)}, nil
}

// yearInput asks for one year of the book: numbers start again each year of the shop's zone.
type yearInput struct {
	api.Paging
	Year int `query:"year" required:"true" minimum:"2000" maximum:"9999" example:"2026"`
}

// BookedCreditNoteList is a page of a year's book of credit notes.
type BookedCreditNoteList struct {
	Body struct {
		CreditNotes []BookedCreditNote `json:"creditNotes" nullable:"false"`
		NextCursor  string             `json:"nextCursor,omitempty"`
	}
}

// BookedCreditNote is a credit note in the book.
type BookedCreditNote struct {
	Number         string          `json:"number" example:"CN-2026-000003"`
	SubscriptionID string          `json:"subscriptionId"`
	Amount         money.Formatted `json:"amount"`
	Issued         time.Time       `json:"issued"`
}

// allCreditNotes pages through the book of a year in the order of the numbers, as an auditor reads
// it. 1 round trip.
func (f *Subscriptions) allCreditNotes(ctx context.Context, in *yearInput) (*BookedCreditNoteList, error) {
	entries, next, err := f.Billing.Documents().BookPage(ctx, invoice.CreditNotes, in.Year, in.Limit,
		table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &BookedCreditNoteList{}
	out.Body.CreditNotes, out.Body.NextCursor = make([]BookedCreditNote, len(entries)), string(next)
	for i, e := range entries {
		out.Body.CreditNotes[i] = BookedCreditNote{
			Number: e.Number, SubscriptionID: e.SubscriptionID, Amount: money.Of(e.Amount, e.Currency).Formatted(),
			Issued: e.Issued,
		}
	}
	return out, nil
}

// numberInput names a document by its number alone.
type numberInput struct {
	Number string `path:"number" maxLength:"40" example:"CN-2026-000003"`
}

// anyCreditNote reads a note by its number: the book leads to the subscription. 3 round trips.
func (f *Subscriptions) anyCreditNote(ctx context.Context, in *numberInput) (*CreditNoteOutput, error) {
	e, err := f.Billing.Documents().Find(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, noteNotFound()
	}
	return f.noteOf(ctx, e.SubscriptionID, in.Number, true)
}

// SubscriptionRefundList is a page of refunds.
type SubscriptionRefundList struct {
	Body struct {
		Refunds    []SubscriptionRefund `json:"refunds" nullable:"false"`
		NextCursor string               `json:"nextCursor,omitempty"`
	}
}

// openRefunds lists refunds that need a person: the provider refused them for good.
func (f *Subscriptions) openRefunds(ctx context.Context, in *pageInput) (*SubscriptionRefundList, error) {
	all, next, err := f.Billing.OpenRefunds(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &SubscriptionRefundList{}
	out.Body.Refunds, out.Body.NextCursor = make([]SubscriptionRefund, len(all)), string(next)
	for i, r := range all {
		out.Body.Refunds[i] = refundOf(r, true)
	}
	return out, nil
}

// RefundPath names a refund.
type RefundPath struct {
	Which
	RefundID string `path:"refundId" maxLength:"100" example:"3.refund-1"`
}

// SubscriptionRefundOutput is one refund.
type SubscriptionRefundOutput struct{ Body SubscriptionRefund }

// retryRefund sends a refused refund to the provider again. Errors: 404, 409, 503.
func (f *Subscriptions) retryRefund(ctx context.Context, in *RefundPath) (*SubscriptionRefundOutput, error) {
	r, err := f.Billing.RetryRefund(ctx, in.ID, in.RefundID)
	if err != nil {
		return nil, err
	}
	return &SubscriptionRefundOutput{Body: refundOf(r.RefundDetails, true)}, nil
}

// settleInput says how the customer got the money instead.
type settleInput struct {
	RefundPath
	Body struct {
		Reference string `json:"reference" minLength:"1" maxLength:"200" doc:"Where the payment is to be found." example:"Bank transfer 2026-12-03"`
	}
}

// settleRefund records that the money was paid another way, so that the refund is not tried again.
// Errors: 404, 409.
func (f *Subscriptions) settleRefund(ctx context.Context, in *settleInput) (*SubscriptionRefundOutput, error) {
	if err := problem.CheckText(in.Body.Reference, 1, maxReference, "/reference"); err != nil {
		return nil, err
	}
	r, err := f.Billing.SettleRefund(ctx, in.ID, in.RefundID, in.Body.Reference)
	if err != nil {
		return nil, err
	}
	return &SubscriptionRefundOutput{Body: refundOf(r.RefundDetails, true)}, nil
}

// maxReference is how long the reference of a payment made elsewhere may be, in characters.
const maxReference = 200
