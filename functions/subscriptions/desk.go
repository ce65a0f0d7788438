package subscriptions

import (
	"context"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// desk registers what the shop does with its customers' subscriptions.
func (f *Subscriptions) desk(s *api.Service) {
	route := func(method, path, id, summary string, errors ...int) api.Route {
		return api.Route{
			Method: method, Path: "/admin" + path, ID: id, Summary: summary, Tag: "Subscriptions of the shop",
			Access: api.MerchantIs, Errors: append([]int{422}, errors...),
		}
	}
	search := route("GET", "/subscriptions", "searchSubscriptions", "Find subscriptions")
	search.Description = "By plan and id. What does not match is passed over: a page may be short, or empty, and " +
		"still have a `nextCursor`."
	api.Handle(s, search, f.search)
	const one = "/subscriptions/{subscriptionId}"
	api.Handle(s, route("GET", one, "getSubscriptionOfCustomer", "Read a customer's subscription", 404), f.getAny)
	api.Handle(s, route("GET", one+"/history", "getHistoryOfCustomer",
		"What happened to it, with what the shop noted, newest first", 404), f.historyOfAny)
	api.Handle(s, route("GET", one+"/invoices", "listInvoicesOfCustomer", "Its invoices, newest first", 404),
		f.invoicesOfAny)
	act := route("POST", one+"/changes", "changeSubscriptionForCustomer", "Change it for the customer, with a note", 402,
		404,
		409, 412, 503)
	act.Keyed = api.KeyOptional
	act.Description = "What the customer may do, and besides: `goodwill` (a credit note without a rule that owes it), " +
		"`give_coupon`, `remind_payment` (the mail with the link to pay, once more). The customer gets the same mails as " +
		"after doing it themselves. " + underWayText
	api.Handle(s, act, f.changeAny)
	api.Handle(s, route("GET", "/invoices", "listAllInvoices", "The invoices of a year, in the order of their numbers"),
		f.allInvoices)
}

type searchInput struct {
	api.Paging
	State      string     `query:"state" enum:"starting,trialing,active,past_due,suspended,paused,canceled,ended"`
	PlanID     string     `query:"planId" maxLength:"64"`
	CustomerID string     `query:"customerId" maxLength:"128" doc:"All of one customer; the other filters do not count then."`
	Query      string     `query:"q" maxLength:"100" doc:"Part of the mail address, or the id."`
	PastDue    bool       `query:"pastDue" doc:"Those with an unpaid invoice."`
	DueBefore  civil.Date `query:"dueBefore" doc:"Those whose running period ends before this day." example:"2026-12-24"`
}

// FoundSubscription is a subscription in the shop's list.
type FoundSubscription struct {
	SubscriptionSummary
	Email  string `json:"email"`
	Unpaid bool   `json:"unpaid" doc:"An invoice was declined and is not paid."`
}

// FoundSubscriptionList is a page of subscriptions.
type FoundSubscriptionList struct {
	Body struct {
		Subscriptions []FoundSubscription `json:"subscriptions" nullable:"false"`
		NextCursor    string              `json:"nextCursor,omitempty"`
	}
}

func (f *Subscriptions) search(ctx context.Context, in *searchInput) (*FoundSubscriptionList, error) {
	q := service.SearchQuery{
		PlanID: in.PlanID, State: subscription.State(in.State), Text: in.Query, PastDue: in.PastDue, Limit: in.Limit,
		After: table.Cursor(in.Cursor),
	}
	if in.DueBefore != "" {
		day, err := civil.ParseDate(string(in.DueBefore))
		if err != nil {
			return nil, problem.InvalidField("query/dueBefore", "no_date", "a date, YYYY-MM-DD")
		}
		q.DueBefore = day
	}
	find := f.Billing.Search
	if in.CustomerID != "" {
		find = func(ctx context.Context, q service.SearchQuery) ([]service.Summary, table.Cursor, error) {
			return f.Billing.OfCustomer(ctx, in.CustomerID, q.Limit, q.After)
		}
	}
	cards, next, err := find(ctx, q)
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &FoundSubscriptionList{}
	out.Body.Subscriptions, out.Body.NextCursor = make([]FoundSubscription, len(cards)), string(next)
	for i, c := range cards {
		out.Body.Subscriptions[i] = FoundSubscription{SubscriptionSummary: summaryOf(c), Email: c.Email, Unpaid: c.Unpaid}
	}
	return out, nil
}

// CustomerSubscriptionOutput is a customer's subscription as the shop sees it.
type CustomerSubscriptionOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     struct {
		Subscription
		CustomerID string               `json:"customerId"`
		Email      string               `json:"email"`
		Name       string               `json:"name,omitempty"`
		Language   string               `json:"language"`
		Region     string               `json:"region"`
		Coupon     *subscription.Coupon `json:"coupon,omitempty"`
	}
}

func (f *Subscriptions) shopView(r *service.Record, replay bool) *CustomerSubscriptionOutput {
	own := f.output(200, r, replay)
	out := &CustomerSubscriptionOutput{Status: own.Status, ETag: own.ETag, Replayed: own.Replayed}
	b := &out.Body
	b.Subscription, b.CustomerID, b.Coupon, b.Region = own.Body, r.Sub.CustomerID, r.Sub.Coupon, r.Sub.Region
	b.Email, b.Name, b.Language = r.Email, r.Name, r.Language
	return out
}

func (f *Subscriptions) getAny(ctx context.Context, in *Which) (*CustomerSubscriptionOutput, error) {
	r, err := f.Billing.Load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return f.shopView(r, false), nil
}

func (f *Subscriptions) historyOfAny(ctx context.Context, in *PartsInput) (*HistoryList, error) {
	if _, err := f.Billing.Load(ctx, in.ID); err != nil {
		return nil, err
	}
	return f.historyOf(ctx, in)
}

func (f *Subscriptions) invoicesOfAny(ctx context.Context, in *PartsInput) (*InvoiceList, error) {
	r, err := f.Billing.Load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return f.invoicesOf(ctx, r, in)
}

// ShopChangeRequest is a change that the shop makes for a customer.
type ShopChangeRequest struct {
	SubscriptionChangeRequest
	// Do has more values than the customer's.
	Do     string               `json:"do" enum:"skip_next,unskip,change_date,pause,resume,swap,change_quantity,change_address,move,upgrade,downgrade,cancel,cancel_now,reactivate,goodwill,give_coupon,remind_payment"`
	Note   string               `json:"note" minLength:"1" maxLength:"500" doc:"Why; for the shop only." example:"Asked by telephone"`
	Amount int64                `json:"amount,omitempty" minimum:"0" doc:"goodwill: minor units."`
	ToCard bool                 `json:"toCard,omitempty" doc:"goodwill: back to the card, not to account credit."`
	Coupon *subscription.Coupon `json:"coupon,omitempty" doc:"give_coupon: an amount or a percentage off the next periods."`
}

type shopChangeInput struct {
	Changing
	Body ShopChangeRequest
}

func (f *Subscriptions) changeAny(ctx context.Context, in *shopChangeInput) (*CustomerSubscriptionOutput, error) {
	r, err := f.Billing.Load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	want, err := f.shopWork(ctx, r, in.Body)
	if err == nil {
		err = problem.CheckText(in.Body.Note, 1, maxText, "/note")
	}
	if err != nil {
		served, err := f.unlessServed(ctx, err)
		if err != nil {
			return nil, err
		}
		return f.shopView(served, true), nil
	}
	want.shop, want.note = auth.From(ctx).Subject, in.Body.Note
	after, replay, err := f.apply(ctx, r, in.IfMatch, want)
	if err != nil {
		return nil, err
	}
	if a, declined := after.DeclinedSince(r); declined && !replay {
		return nil, paymentDeclined(after, a)
	}
	return f.shopView(after, replay), nil
}

// shopWork works out what the shop asks for: what only the shop may do, else what the customer may.
func (f *Subscriptions) shopWork(ctx context.Context, r *service.Record, w ShopChangeRequest) (resolvedChange, error) {
	switch w.Do {
	case "goodwill":
		return resolvedChange{command: subscription.Goodwill{Amount: w.Amount, ToCard: w.ToCard}}, nil
	case "remind_payment":
		return resolvedChange{command: subscription.RemindPayment{}}, nil
	case "give_coupon":
		if w.Coupon == nil {
			return resolvedChange{}, problem.InvalidField("/coupon", "required", "an amount or a percentage, and periods")
		}
		return resolvedChange{command: subscription.GiveCoupon{Coupon: *w.Coupon}}, nil
	}
	own := w.SubscriptionChangeRequest
	own.Do = w.Do
	return f.work(ctx, r, own)
}

type allInvoicesInput struct {
	api.Paging
	Year int `query:"year" required:"true" minimum:"2000" maximum:"9999"`
}

// InvoiceEntry is an invoice in the book of its year.
type InvoiceEntry struct {
	Number         string          `json:"number" example:"INV-2026-000123"`
	SubscriptionID string          `json:"subscriptionId"`
	State          invoice.State   `json:"state" enum:"open,paid,void"`
	Total          money.Formatted `json:"total"`
	Issued         time.Time       `json:"issued"`
}

// InvoiceBook is a page of the book of a year.
type InvoiceBook struct {
	Body struct {
		Invoices   []InvoiceEntry `json:"invoices" nullable:"false"`
		NextCursor string         `json:"nextCursor,omitempty"`
	}
}

func (f *Subscriptions) allInvoices(ctx context.Context, in *allInvoicesInput) (*InvoiceBook, error) {
	entries, next, err := f.Billing.Documents().BookPage(ctx, invoice.Invoices, in.Year, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &InvoiceBook{}
	out.Body.Invoices, out.Body.NextCursor = make([]InvoiceEntry, len(entries)), string(next)
	for i, e := range entries {
		out.Body.Invoices[i] = InvoiceEntry{
			Number: e.Number, SubscriptionID: e.SubscriptionID, State: e.State, Issued: e.Issued,
			Total: money.Of(e.Amount, e.Currency).Formatted(),
		}
	}
	return out, nil
}
