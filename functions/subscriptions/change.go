package subscriptions

import (
	"context"
	"strconv"

	"dangol/shared/address"
	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Changing is in every input that changes a subscription.
type Changing struct {
	Which
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the subscription that the change is meant for; 412 when it has moved on."`
}

// do carries a wish out on the caller's subscription. make works the command out; it is asked once.
func (f *Subscriptions) do(ctx context.Context, in Changing,
	prepare func(*service.Record) (resolvedChange, error)) (*SubscriptionOutput, error) {
	r, err := f.load(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	want, err := prepare(r)
	if err != nil {
		return nil, err
	}
	after, replay, err := f.apply(ctx, r, in.IfMatch, want)
	if err != nil {
		return nil, err
	}
	if a, declined := after.DeclinedSince(r); declined && !replay {
		return nil, paymentDeclined(after, a)
	}
	return f.output(200, after, replay), nil
}

// paymentDeclined is the answer to a request whose payment was declined. A charge that did not reach the bank is not
// the card's fault: 503.
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

// apply writes what was asked, if it is meant for the version that is there.
func (f *Subscriptions) apply(ctx context.Context, r *service.Record, ifMatch string,
	want resolvedChange) (*service.Record, bool, error) {
	return f.Billing.Apply(ctx, r, func(r *service.Record) (service.Change, bool, error) {
		c := service.Change{
			Command: want.command, Edit: want.edit, Request: api.Idempotency(ctx), Shop: want.shop, Note: want.note,
		}
		if want.shop == "" {
			// Whoever sends a request is there, so their bank may ask for them. For the shop nobody is.
			c.Session = &subscription.Session{ReturnURL: want.returnURL}
		}
		if !api.Matches(ifMatch, strconv.Itoa(r.Version)) {
			return c, false, problem.Precondition("version_mismatch",
				"The subscription has changed since you read it.").With("version", r.Version)
		}
		return c, true, nil
	})
}

type changeInput struct {
	Changing
	Body SubscriptionChangeRequest
}

func (f *Subscriptions) change(ctx context.Context, in *changeInput) (*SubscriptionOutput, error) {
	return f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) { return f.work(ctx, r, in.Body) })
}

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

type cancelInput struct {
	Changing
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" example:"Too many creams at home"`
	}
}

func (f *Subscriptions) cancel(ctx context.Context, in *cancelInput) (*SubscriptionOutput, error) {
	request := SubscriptionChangeRequest{Do: "cancel"}
	if in.Body != nil {
		request.Reason = in.Body.Reason
	}
	out, err := f.do(ctx, in.Changing, func(r *service.Record) (resolvedChange, error) { return f.work(ctx, r, request) })
	if err != nil {
		return nil, err
	}
	r, err := f.load(ctx, in.ID)
	if err == nil {
		out.Body.AfterCancel = f.afterCancel(ctx, r)
	}
	return out, nil // what has been canceled stays so, whatever can be said of it
}

type reactivateInput struct {
	Changing
	Body *struct {
		Offer    string `json:"offer,omitempty" maxLength:"100" doc:"Id of an offer made after canceling: goes on with that change."`
		PlanID   string `json:"planId,omitempty" maxLength:"64" doc:"After the end: the plan to begin; the same when missing."`
		Quantity int    `json:"quantity,omitempty" minimum:"1" maximum:"100"`
		BankReturn
	}
}

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

type payInput struct {
	Changing
	Body *struct{ BankReturn }
}

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

type cardInput struct {
	Changing
	Body struct {
		PaymentMethod string `json:"paymentMethod" minLength:"1" maxLength:"200" doc:"The provider's token of the card." example:"pm_card_visa"`
		BankReturn
	}
}

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

// subscribeInput is a request to subscribe.
type subscribeInput struct {
	Body struct {
		PlanID        string           `json:"planId" minLength:"1" maxLength:"64" example:"plan_01k9x7d3f8q7m2k"`
		Currency      string           `json:"currency" pattern:"^[A-Z]{3}$" example:"KRW"`
		Quantity      int              `json:"quantity,omitempty" minimum:"1" maximum:"100" default:"1"`
		PaymentMethod string           `json:"paymentMethod,omitempty" maxLength:"200" doc:"The provider's token of the card; kept for renewals." example:"pm_card_visa"`
		NoTrial       bool             `json:"noTrial,omitempty" doc:"Pay at once, although the plan has a trial."`
		BillingDay    int              `json:"billingDay,omitempty" minimum:"1" maximum:"31" doc:"Day of the month to bill on."`
		Region        string           `json:"region" pattern:"^[A-Z]{2}$" doc:"Country of the subscriber; decides which law is kept." example:"KR"`
		Zone          string           `json:"zone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Seoul"`
		Language      string           `json:"language" pattern:"^[a-z]{2,3}$" doc:"Of mails." example:"ko"`
		Email         string           `json:"email" format:"email" maxLength:"254" example:"haneul@example.com"`
		Name          string           `json:"name,omitempty" maxLength:"100" example:"김하늘"`
		Address       *address.Address `json:"address,omitempty" doc:"Where parcels go; needed for what is sent, and of a gift the recipient's where it is known."`
		Gift          *GiftRequest     `json:"gift,omitempty" doc:"Paid now and never renewed; prepaid plans only. Without an address it waits until it is claimed."`
		BankReturn
	}
}

func (f *Subscriptions) subscribe(ctx context.Context, in *subscribeInput) (*SubscriptionOutput, error) {
	b, who := in.Body, auth.From(ctx).Subject
	p, err := f.onOffer(ctx, b.PlanID)
	if err != nil {
		return nil, err
	}
	if b.Email, err = format.Email("/email", b.Email); err != nil {
		return nil, err
	}
	if _, err := format.Country("/region", b.Region); err != nil {
		return nil, err
	}
	if _, err := format.Language("/language", b.Language); err != nil {
		return nil, err
	}
	terms, err := p.Terms(b.Currency, b.Quantity)
	if err != nil {
		return nil, err
	}
	start := subscription.Start{
		CustomerID: who, Region: b.Region, Zone: b.Zone, Terms: terms, Trial: p.TrialDays > 0 && !b.NoTrial && b.Gift == nil,
		BillingDay: b.BillingDay,
	}
	r := &service.Record{
		Contact: service.Contact{Email: b.Email, Name: b.Name, Language: b.Language},
		Titles:  map[string]string{p.ID: titleOf(p, b.Language)},
	}
	if b.Gift != nil {
		if err := b.Gift.wrap(&start, r); err != nil {
			return nil, err
		}
	}
	earlier, err := f.earlier(ctx, who, p)
	if err != nil {
		return nil, err
	}
	start.Trial = start.Trial && !earlier.trial
	if earlier.running != "" && b.Gift == nil {
		// A repetition of the request that began it gets its answer, not this refusal.
		if r, replay, err := f.startedBefore(ctx); err != nil || replay {
			return r, err
		}
		return nil, problem.Conflict("already_subscribed", "You have this membership already.").
			With("subscriptionId", earlier.running)
	}
	session := &subscription.Session{}
	if session.ReturnURL, err = b.checked(); err != nil {
		return nil, err
	}
	setup, err := f.equip(ctx, &start, r, session, in)
	if err != nil {
		return nil, err
	}
	var made *service.Record
	var replay bool
	if setup != nil {
		made, replay, err = f.Billing.StartWhenKept(ctx, r, setup, api.Idempotency(ctx))
	} else {
		made, replay, err = f.Billing.StartOnSession(ctx, r, start, session, api.Idempotency(ctx))
	}
	if err != nil {
		return nil, err
	}
	if err := notBegun(made); err != nil {
		return nil, err
	}
	return f.output(201, made, replay), nil
}

// equip adds the address and the card to a request to subscribe. A payment that is made now keeps the card itself;
// where nothing is charged the card is kept first, and setup is not nil when the bank wants the cardholder for that.
func (f *Subscriptions) equip(ctx context.Context, start *subscription.Start, r *service.Record,
	session *subscription.Session, in *subscribeInput) (setup *service.Setup, err error) {
	b := in.Body
	if b.Address != nil {
		to, id, err := addressOf("/address", *b.Address)
		if err != nil {
			return nil, err
		}
		start.AddressID, r.Addresses = id, map[string]address.Address{id: to}
	} else if start.Terms.Kind != subscription.Membership && start.Gift == nil {
		return nil, problem.InvalidField("/address", "required", "where to send it")
	}
	if b.PaymentMethod == "" {
		if start.Terms.Payment() > 0 {
			return nil, problem.InvalidField("/paymentMethod", "required", "the payment provider's token of the card")
		}
		return nil, nil
	}
	if _, err := format.Token("/paymentMethod", b.PaymentMethod); err != nil {
		return nil, err
	}
	free := start.Trial || start.Terms.Payment() == 0
	if !free { // account credit may pay it all
		credit, err := f.Billing.AccountCredit(ctx, start.CustomerID)
		if err != nil {
			return nil, err
		}
		free = len(credit) > 0
	}
	if !free {
		start.Card.Token, session.Keep = b.PaymentMethod, true
		return nil, nil
	}
	m, err := f.keep(ctx, start.CustomerID, "", b.PaymentMethod, api.Idempotency(ctx).Token(start.CustomerID),
		session.ReturnURL)
	switch {
	case err != nil:
		return nil, err
	case m.NextActionURL != "":
		return f.Billing.SetupOf(m, start, session.ReturnURL), nil
	}
	start.Card, r.Methods = service.CardOf(m), map[string]payment.Method{m.Token: m}
	return nil, nil
}

// earlierOf is what a customer has, or has had, of a plan.
type earlierOf struct {
	trial   bool   // a trial was used
	running string // id of the membership that has not ended, where the plan allows one only
}

// earlier looks at the customer's subscriptions to a plan. The list is read a moment late: two requests with different
// keys in the same moment can both pass, which leaves two memberships that either can be canceled, and no wrong charge.
func (f *Subscriptions) earlier(ctx context.Context, customerID string, p *service.Plan) (out earlierOf, err error) {
	cards, _, err := f.Billing.OfCustomer(ctx, customerID, 100, "")
	if err != nil {
		return out, err
	}
	for _, c := range cards {
		if c.PlanID != p.ID {
			continue
		}
		out.trial = out.trial || c.Trial != nil
		if c.State != subscription.Ended && c.Kind == subscription.Membership && !p.Several {
			out.running = c.ID
		}
	}
	return out, nil
}

// startedBefore is the answer to a request that was served before, by its key.
func (f *Subscriptions) startedBefore(ctx context.Context) (*SubscriptionOutput, bool, error) {
	item, ok, err := api.Idempotency(ctx).Lookup(ctx, f.Billing.Table)
	if err != nil || !ok {
		return nil, false, err
	}
	var made struct{ ID string }
	if err := api.Idempotency(ctx).Replay(item, &made); err != nil {
		return nil, false, err
	}
	r, err := f.Billing.Load(ctx, made.ID)
	if err != nil {
		return nil, false, err
	}
	return f.output(201, r, true), true, nil
}
