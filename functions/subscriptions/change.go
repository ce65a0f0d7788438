package subscriptions

import (
	"context"
	"strconv"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Changing is embedded in every input that changes a subscription. It is exported because Huma
// fills only exported embedded structs.
type Changing struct {
	Which
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the subscription that the change is meant for; 412 when it has moved on."`
}

// do applies a change to the caller's own subscription. prepare works the command out from the
// subscription as it was read and is called once; the write is tried again on the newest version
// when another one came in between. Errors: 402 payment_declined, 404, 409, 412, 503.
func (f *Subscriptions) do(ctx context.Context, in Changing,
	prepare func(*service.Record) (resolvedChange, error)) (*SubscriptionOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	want, err := prepare(r)
	if err != nil {
		// The plan or the offer it names may be gone since, which takes nothing back.
		served, err := f.unlessServed(ctx, err)
		if err != nil {
			return nil, err
		}
		return f.output(200, served, true), nil
	}
	after, replay, err := f.apply(ctx, r, in.IfMatch, want)
	if err != nil {
		return nil, err
	}
	// The request was charged in the same call. On a replay the decline was already answered, and
	// what is stored may be newer than that answer.
	if a, declined := after.DeclinedSince(r); declined && !replay {
		return nil, paymentDeclined(after, a)
	}
	return f.output(200, after, replay), nil
}

// paymentDeclined is the answer to a request whose payment failed: 402 for a decline, 503 for a
// charge that did not reach the bank, which is not the card's fault.
func paymentDeclined(r *service.Record, a subscription.Attempt) error {
	if a.Kind == payment.KindTechnical {
		return problem.Unavailable("payment_unavailable",
			"The payment could not be made; nothing was charged. Try again later.").
			With("subscriptionId", r.Sub.ID)
	}
	if a.Code == subscription.CodeInvalidMethod {
		return problem.InvalidField("/paymentMethod", "invalid", "not a card that the payment provider knows")
	}
	return problem.PaymentRequired("payment_declined", "The payment was declined; nothing was charged.").
		With("declineCode", payment.PublicDeclineCode(a.Code)).With("subscriptionId", r.Sub.ID)
}

// apply writes the command with the idempotency key of the request. Errors: 412 version_mismatch
// when If-Match names another version than the stored one.
func (f *Subscriptions) apply(ctx context.Context, r *service.Record, ifMatch string,
	want resolvedChange) (*service.Record, bool, error) {
	return f.Billing.Apply(ctx, r, func(r *service.Record) (service.Change, bool, error) {
		c := service.Change{
			Command: want.command, Edit: want.edit, Single: want.single, Request: api.Idempotency(ctx), Shop: want.shop,
			Note: want.note,
		}
		if want.shop == "" {
			// Whoever sends a request is there, so their bank may ask for them. For the shop nobody is.
			c.Session = &subscription.Session{ReturnURL: want.returnURL}
		}
		// Checked inside, on the version that is written, and not on the one read before.
		if !api.Matches(ifMatch, strconv.Itoa(r.Version)) {
			return c, false, problem.Precondition("version_mismatch",
				"The subscription has changed since you read it.").With("version", r.Version)
		}
		return c, true, nil
	})
}

// servedBefore reads the subscription that a request with the same key has made or changed, as it is now; ok is false
// when there was none. 1 round trip, 2 when there was. Errors: 422 idempotency_key_reused.
func (f *Subscriptions) servedBefore(ctx context.Context) (r *service.Record, ok bool, err error) {
	item, ok, err := api.Idempotency(ctx).Lookup(ctx, f.Billing.Table)
	if err != nil || !ok {
		return nil, false, err
	}
	var made struct{ ID string }
	if err := api.Idempotency(ctx).Replay(item, &made); err != nil {
		return nil, false, err
	}
	r, err = f.Billing.Load(ctx, made.ID)
	return r, err == nil, err
}

// unlessServed is servedBefore for a request that is refused: when it was not served before the error is the refusal.
func (f *Subscriptions) unlessServed(ctx context.Context, refusal error) (*service.Record, error) {
	if problem.Code(refusal) == "" {
		return nil, refusal // a technical failure says nothing about the request
	}
	r, ok, err := f.servedBefore(ctx)
	if err == nil && !ok {
		err = refusal
	}
	return r, err
}

// changeInput is one change with the version it is meant for.
type changeInput struct {
	Changing
	Body SubscriptionChangeRequest
}

// change applies one change request at once.
func (f *Subscriptions) change(ctx context.Context, in *changeInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) { return f.work(ctx, r, in.Body) })
}

// quoteInput is the same body as a change, without If-Match: a quote changes nothing.
type quoteInput struct {
	Which
	Body SubscriptionChangeRequest
}

// QuoteOutput is what a change would do.
type QuoteOutput struct {
	Body struct {
		State       subscription.State `json:"state" doc:"Afterwards, once it is paid."`
		Now         money.Formatted    `json:"now" doc:"Charged at once."`
		Lines       []InvoiceLine      `json:"lines" nullable:"false" doc:"What for."`
		Taxes       []InvoiceTax       `json:"taxes" nullable:"false"`
		CreditUsed  money.Formatted    `json:"creditUsed" doc:"Paid from account credit."`
		Refund      money.Formatted    `json:"refund" doc:"Goes back to the card."`
		Credit      money.Formatted    `json:"credit" doc:"Account credit afterwards."`
		NextPayment *NextPayment       `json:"nextPayment,omitempty"`
		EndsOn      civil.Date         `json:"endsOn,omitempty" doc:"The day after the last."`
		Planned     *PlannedChange     `json:"planned,omitempty" doc:"What is planned afterwards; a cancellation taken back restores it."`
		Version     int                `json:"version" doc:"Send it as If-Match with the change, to get what was quoted."`
	}
}

// quote runs the change on a copy and reports the result. It reads what the change itself would
// read, writes nothing and charges nothing. 1 to 3 round trips.
func (f *Subscriptions) quote(ctx context.Context, in *quoteInput) (*QuoteOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	want, err := f.work(ctx, r, in.Body)
	if err != nil {
		return nil, err
	}
	q, err := r.Sub.Quote(want.command, f.Billing.Clock.Now())
	if err != nil {
		return nil, err
	}
	return quoteOutput(r, q), nil
}

func quoteOutput(r *service.Record, q subscription.Quote) *QuoteOutput {
	// The version goes out with the figures: sent back as If-Match it makes sure that what was
	// quoted is what is done.
	out := &QuoteOutput{}
	b := &out.Body
	b.State, b.Version, b.EndsOn = q.State, r.Version, q.EndsOn
	b.Now, b.CreditUsed, b.Refund, b.Credit = q.Now.Formatted(), q.CreditUsed.Formatted(), q.Refund.Formatted(),
		q.Credit.Formatted()
	b.Lines, b.Taxes, b.Planned = linesOf(r, q.Lines), taxesOf(r, q.Taxes), plannedOf(r, q.Planned)
	if q.NextPayment != "" {
		b.NextPayment = &NextPayment{On: q.NextPayment, Amount: q.NextAmount.Formatted()}
	}
	return out
}

// cancelInput has an optional body: canceling is one step and needs no reason.
type cancelInput struct {
	Changing
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" example:"Too many creams at home"`
	}
}

// cancel cancels at the end of what is paid, in one step. The answer then names where a reason may
// be given and which offers the shop makes; neither is part of canceling.
func (f *Subscriptions) cancel(ctx context.Context, in *cancelInput) (*SubscriptionOutput, error) {
	request := SubscriptionChangeRequest{Do: "cancel"}
	if in.Body != nil {
		request.Reason = in.Body.Reason
	}
	out, err := f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) { return f.work(ctx, r, request) })
	if err != nil {
		return nil, err
	}
	// A second read: the offers need the subscription as it is after the cancellation.
	r, err := f.load(ctx, in.ID)
	if err == nil {
		out.Body.AfterCancel = f.afterCancel(ctx, r)
	}
	return out, nil // what has been canceled stays so, whatever can be said of it
}

// reactivateInput has an optional body; without it the cancellation is simply taken back.
type reactivateInput struct {
	Changing
	Body *struct {
		Offer    string `json:"offer,omitempty" maxLength:"100" doc:"Id of an offer made after canceling: goes on with that change."`
		PlanID   string `json:"planId,omitempty" maxLength:"64" doc:"After the end: the plan to begin; the same when missing."`
		Quantity int    `json:"quantity,omitempty" minimum:"1" maximum:"100"`
		BankReturn
	}
}

// reactivate takes a cancellation back, accepts an offer with it, or starts again after the end.
func (f *Subscriptions) reactivate(ctx context.Context, in *reactivateInput) (*SubscriptionOutput, error) {
	request := SubscriptionChangeRequest{Do: "reactivate"}
	if in.Body != nil {
		request.PlanID, request.Quantity = in.Body.PlanID, in.Body.Quantity
		request.ReturnURL = in.Body.ReturnURL
	}
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) {
		if in.Body != nil && in.Body.Offer != "" {
			return f.accept(ctx, r, in.Body.Offer)
		}
		return f.work(ctx, r, request)
	})
}

// payInput may say where the bank sends the shopper back to.
type payInput struct {
	Changing
	Body *struct{ BankReturn }
}

// pay charges the unpaid invoice at once instead of waiting for the next retry.
func (f *Subscriptions) pay(ctx context.Context, in *payInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(*service.Record) (resolvedChange, error) {
		c := resolvedChange{command: subscription.PayNow{}}
		var err error
		if in.Body != nil {
			c.returnURL, err = in.Body.checked()
		}
		return c, err
	})
}

// cardInput names a card by the provider's token; the shop never sees a card number.
type cardInput struct {
	Changing
	Body struct {
		PaymentMethod string `json:"paymentMethod" minLength:"1" maxLength:"200" doc:"The provider's token of the card." example:"pm_card_visa"`
		BankReturn
	}
}

// card changes the card for future charges. What is unpaid is charged to it in the same request.
func (f *Subscriptions) card(ctx context.Context, in *cardInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) {
		if !r.Sub.Allows(subscription.ChangeCard{}) {
			return resolvedChange{command: subscription.ChangeCard{}}, nil // the rules say why not, before a card is kept
		}
		returnURL, err := in.Body.checked()
		if err != nil {
			return resolvedChange{}, err
		}
		// The version is in the key: a card whose challenge was not passed may be tried again, which is another request.
		about := r.Sub.ID + "-" + strconv.Itoa(r.Version)
		// The provider's customer is kept, so that all cards of a subscriber hang on one customer
		// there.
		m, err := f.keep(ctx, r.Sub.CustomerID, r.Methods[r.Sub.Card.Token].CustomerRef, in.Body.PaymentMethod, about,
			returnURL)
		switch {
		case err != nil:
			return resolvedChange{}, err
		case m.NextActionURL != "":
			setup := f.Billing.SetupOf(m, nil, returnURL)
			return resolvedChange{edit: func(r *service.Record) { r.Setup = setup }}, nil
		}
		return resolvedChange{
			command: subscription.ChangeCard{Card: service.CardOf(m)}, returnURL: returnURL,
			edit: func(r *service.Record) { r.UseMethod(m) },
		}, nil
	})
}

// keep keeps a card for charges without the shopper. With a NextActionURL in it the method is not kept yet.
func (f *Subscriptions) keep(ctx context.Context, customerID, customerRef, token, about, returnURL string,
) (payment.Method, error) {
	if _, err := format.Token("/paymentMethod", token); err != nil {
		return payment.Method{}, err
	}
	m, err := f.Billing.Provider.SaveMethod(ctx, payment.SaveMethodRequest{
		Key: "save-" + about + "-" + token, CustomerID: customerID, CustomerRef: customerRef, MethodToken: token,
		ReturnURL: returnURL,
	})
	return m, methodProblem(err)
}
