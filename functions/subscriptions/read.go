package subscriptions

import (
	"context"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Which names a subscription. Exported because Huma fills only exported embedded structs.
type Which struct {
	ID string `path:"subscriptionId" maxLength:"64" example:"sub_01k9x7d3f8q7m2k"`
}

// load reads the caller's own subscription. Errors: 404, also for one of somebody else.
func (f *Subscriptions) load(ctx context.Context, id string) (*service.Record, error) {
	r, err := f.Billing.LoadOf(ctx, id, auth.From(ctx).Subject)
	// A request whose first payment failed was never a subscription.
	if err == nil && r.Sub.State == subscription.Ended && !r.Sub.Begun() {
		return nil, service.NotFound()
	}
	return r, err
}

// get reads a subscription. 1 round trip, strongly consistent.
func (f *Subscriptions) get(ctx context.Context, in *Which) (*SubscriptionOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return f.output(200, r, false), nil
}

// SubscriptionSummary is a subscription in a list.
type SubscriptionSummary struct {
	ID        string             `json:"id"`
	State     subscription.State `json:"state" enum:"starting,trialing,active,past_due,suspended,paused,canceled,ended"`
	PlanID    string             `json:"planId"`
	Title     string             `json:"title"`
	Price     money.Formatted    `json:"price" doc:"Of one payment."`
	Closes    civil.Date         `json:"closes" doc:"The day after the last of the running period."`
	StartedAt time.Time          `json:"startedAt"`
}

// SubscriptionList is a page of subscriptions.
type SubscriptionList struct {
	Body struct {
		Subscriptions []SubscriptionSummary `json:"subscriptions" nullable:"false"`
		Credit        []money.Formatted     `json:"credit" nullable:"false" doc:"Account credit that no subscription holds, by currency: the next one that starts uses it."`
		NextCursor    string                `json:"nextCursor,omitempty"`
	}
}

// mine lists the caller's subscriptions with the account credit that none of them holds. 2 round
// trips.
func (f *Subscriptions) mine(ctx context.Context, in *pageInput) (*SubscriptionList, error) {
	cards, next, err := f.Billing.OfCustomer(ctx, auth.From(ctx).Subject, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	credit, err := f.Billing.AccountCredit(ctx, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	out := &SubscriptionList{}
	out.Body.Credit = make([]money.Formatted, len(credit))
	for i, m := range credit {
		out.Body.Credit[i] = m.Formatted()
	}
	out.Body.Subscriptions, out.Body.NextCursor = make([]SubscriptionSummary, len(cards)), string(next)
	for i, c := range cards {
		out.Body.Subscriptions[i] = summaryOf(c)
	}
	return out, nil
}

func summaryOf(c service.Summary) SubscriptionSummary {
	return SubscriptionSummary{
		ID: c.ID, State: c.State, PlanID: c.PlanID, Title: c.Title, Price: money.Of(c.Amount, c.Currency).Formatted(),
		Closes: c.Closes, StartedAt: c.StartedAt,
	}
}

// PartsInput asks for a page of something that belongs to a subscription.
type PartsInput struct {
	Which
	api.Paging
}

// HistoryList is a page of history.
type HistoryList struct {
	Body struct {
		Entries    []subscription.Entry `json:"entries" nullable:"false"`
		NextCursor string               `json:"nextCursor,omitempty"`
	}
}

// history lists what happened to a subscription. 2 round trips: the first proves the owner.
func (f *Subscriptions) history(ctx context.Context, in *PartsInput) (*HistoryList, error) {
	if _, err := f.load(ctx, in.ID); err != nil {
		return nil, err
	}
	out, err := f.historyOf(ctx, in)
	if err != nil {
		return nil, err
	}
	for i := range out.Body.Entries {
		// What the shop noted about a customer is for the shop.
		out.Body.Entries[i].Shop, out.Body.Entries[i].ShopNote = "", ""
	}
	return out, nil
}

func (f *Subscriptions) historyOf(ctx context.Context, in *PartsInput) (*HistoryList, error) {
	lines, next, err := f.Billing.History(ctx, in.ID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &HistoryList{}
	out.Body.Entries, out.Body.NextCursor = make([]subscription.Entry, len(lines)), string(next)
	for i, l := range lines {
		out.Body.Entries[i] = l.Entry
	}
	return out, nil
}

// InvoiceLine is a line of an invoice. Its amount contains the tax.
type InvoiceLine struct {
	Kind     invoice.LineKind `json:"kind" enum:"period,setup,unused,discount" doc:"unused: days that were paid and are given back."`
	PlanID   string           `json:"planId"`
	Quantity int              `json:"quantity"`
	From     civil.Date       `json:"from,omitempty"`
	To       civil.Date       `json:"to,omitempty" doc:"The day after the last."`
	Amount   money.Formatted  `json:"amount"`
}

// InvoiceTax is the tax contained in the lines of one rate.
type InvoiceTax struct {
	RateBP int64           `json:"rateBp" doc:"Basis points: 1000 is 10 %."`
	Gross  money.Formatted `json:"gross"`
	Tax    money.Formatted `json:"tax"`
}

// linesOf shows invoice lines in the currency of the subscription, which never changes.
func linesOf(r *service.Record, lines []invoice.Line) []InvoiceLine {
	out := make([]InvoiceLine, len(lines))
	for i, l := range lines {
		out[i] = InvoiceLine{Kind: l.Kind, PlanID: l.PlanID, Quantity: l.Quantity, From: civil.Date(l.From),
			To: civil.Date(l.To), Amount: r.Money(l.Amount).Formatted()}
	}
	return out
}

// taxesOf shows the tax of each rate. The tax is contained in the gross amount.
func taxesOf(r *service.Record, taxes []invoice.TaxLine) []InvoiceTax {
	out := make([]InvoiceTax, len(taxes))
	for i, t := range taxes {
		out[i] = InvoiceTax{RateBP: t.RateBP, Gross: r.Money(t.Gross).Formatted(), Tax: r.Money(t.Tax).Formatted()}
	}
	return out
}

// Invoice is an invoice as the API shows it.
type Invoice struct {
	Number     string          `json:"number" example:"INV-2026-000123"`
	State      invoice.State   `json:"state" enum:"open,paid,void"`
	Title      string          `json:"title"`
	Issued     time.Time       `json:"issued"`
	Lines      []InvoiceLine   `json:"lines" nullable:"false"`
	Taxes      []InvoiceTax    `json:"taxes" nullable:"false" doc:"Contained in the lines."`
	Subtotal   money.Formatted `json:"subtotal"`
	CreditUsed money.Formatted `json:"creditUsed"`
	Total      money.Formatted `json:"total" doc:"What was, or is to be, charged."`
}

// InvoiceList is a page of invoices.
type InvoiceList struct {
	Body struct {
		Invoices   []Invoice `json:"invoices" nullable:"false"`
		NextCursor string    `json:"nextCursor,omitempty"`
	}
}

// invoices lists the invoices of a subscription. 2 round trips.
func (f *Subscriptions) invoices(ctx context.Context, in *PartsInput) (*InvoiceList, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return f.invoicesOf(ctx, r, in)
}

func (f *Subscriptions) invoicesOf(ctx context.Context, r *service.Record, in *PartsInput) (*InvoiceList, error) {
	all, next, err := f.Billing.Documents().Of(ctx, in.ID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &InvoiceList{}
	out.Body.Invoices, out.Body.NextCursor = make([]Invoice, len(all)), string(next)
	for i, n := range all {
		out.Body.Invoices[i] = Invoice{
			Number: n.Number, State: n.State, Title: n.Title, Issued: n.Issued, Lines: linesOf(r, n.Lines),
			Taxes:    taxesOf(r, n.Taxes),
			Subtotal: r.Money(n.Subtotal).Formatted(), CreditUsed: r.Money(n.CreditUsed).Formatted(),
			Total: r.Money(n.Total).Formatted(),
		}
	}
	return out, nil
}
