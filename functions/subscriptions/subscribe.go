package subscriptions

import (
	"context"

	"dangol/shared/address"
	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// subscribeInput is a request to subscribe. Region and zone are asked for and not taken from the
// address: a membership has no address, but law and local days apply to it.
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

// subscribe starts a subscription: it checks the contact data, reads the plan, saves the card and
// makes the first payment in the same request. Errors: 402 payment_declined, 404 plan_not_found,
// 409, 422, 503.
func (f *Subscriptions) subscribe(ctx context.Context, in *subscribeInput) (*SubscriptionOutput, error) {
	start, r, err := f.startOf(ctx, in)
	if err != nil {
		// The plan may have been archived since, or the membership is the one that this very request has begun.
		return f.unlessStarted(ctx, err)
	}
	session := &subscription.Session{}
	if session.ReturnURL, err = in.Body.checked(); err != nil {
		return nil, err
	}
	if start.Gift != nil { // after everything that may be wrong with the request, and before anything is charged
		// A repetition sends no mail and is not counted as one.
		if out, replay, err := f.startedBefore(ctx); err != nil || replay {
			return out, err
		}
		if err := f.takeGiftMail(ctx, start.CustomerID, start.Gift.Recipient); err != nil {
			return nil, err
		}
	}
	setup, err := f.equip(ctx, start, r, session, in)
	if err != nil {
		return nil, err
	}
	var made *service.Record
	var replay bool
	if setup != nil {
		made, replay, err = f.Billing.StartWhenKept(ctx, r, setup, api.Idempotency(ctx))
	} else {
		made, replay, err = f.Billing.StartOnSession(ctx, r, *start, session, api.Idempotency(ctx))
	}
	if err != nil {
		return nil, err
	}
	if err := notBegun(made); err != nil {
		return nil, err
	}
	return f.output(201, made, replay), nil
}

// startOf checks a request to subscribe and works out what would begin, without address and card. 2 round trips.
// Errors: 404 plan_not_found, 409 for what the customer has or has had, 422.
func (f *Subscriptions) startOf(ctx context.Context, in *subscribeInput) (*subscription.Start, *service.Record,
	error) {
	b, who := in.Body, auth.From(ctx).Subject
	p, err := f.onOffer(ctx, b.PlanID)
	if err != nil {
		return nil, nil, err
	}
	if b.Email, err = format.Email("/email", b.Email); err != nil {
		return nil, nil, err
	}
	// The shop's mails call whoever was named as the subscriber by it.
	if b.Name, err = format.DisplayName("/name", b.Name, longestName); err != nil {
		return nil, nil, err
	}
	if _, err := format.Country("/region", b.Region); err != nil {
		return nil, nil, err
	}
	if _, err := format.Language("/language", b.Language); err != nil {
		return nil, nil, err
	}
	if err := problem.CheckText(b.Name, 0, maxName, "/name"); err != nil {
		return nil, nil, err
	}
	terms, err := p.Terms(b.Currency, b.Quantity)
	if err != nil {
		return nil, nil, err
	}
	start := &subscription.Start{
		// A gift never has a trial: it is paid by somebody who does not use it.
		CustomerID: who, Region: b.Region, Zone: b.Zone, Terms: terms, Trial: p.TrialDays > 0 && !b.NoTrial && b.Gift == nil,
		BillingDay: b.BillingDay,
		// A gift is somebody else's.
		Single: terms.Kind == subscription.Membership && !p.Several && b.Gift == nil,
	}
	r := &service.Record{
		Contact: service.Contact{Email: b.Email, Name: b.Name, Language: b.Language},
		// The title is stored, so that mails and lists need no second read and keep the name under
		// which it was bought.
		Titles: map[string]string{p.ID: titleOf(p, b.Language)},
	}
	if b.Gift != nil {
		return start, r, b.Gift.wrap(start, r)
	}
	earlier, err := f.earlier(ctx, who, p)
	if err != nil {
		return nil, nil, err
	}
	// An early look that saves keeping a card in most cases. The markers in the transaction decide.
	return start, r, earlier.refusal(*start)
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
		// The recipient of a gift may name the address when claiming it; everybody else has to name
		// it now.
	} else if start.Terms.Kind != subscription.Membership && start.Gift == nil {
		return nil, problem.InvalidField("/address", "required", "where to send it")
	}
	if b.PaymentMethod == "" {
		// A plan that costs nothing may start without a card.
		if start.Terms.Payment() > 0 {
			return nil, problem.InvalidField("/paymentMethod", "required", "the payment provider's token of the card")
		}
		return nil, nil
	}
	if _, err := format.Token("/paymentMethod", b.PaymentMethod); err != nil {
		return nil, err
	}
	free := f.chargesNothing(*start, b.PaymentMethod)
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

// chargesNothing reports whether nothing is charged when a subscription begins: in a trial, for a plan that costs
// nothing, and for goods whose first parcel is sent on a later billing day. What is wrong with the start is not said
// here.
func (f *Subscriptions) chargesNothing(start subscription.Start, card string) bool {
	// An id that exists nowhere: the rules ask for one and do not use it in a quote.
	start.ID, start.Card.Token = "quote", card
	q, err := subscription.Subscription{}.Quote(start, f.Billing.Clock.Now())
	return err == nil && q.Now.Amount == 0
}

// earlierOf is what a customer has, or has had, of a plan.
type earlierOf struct {
	trial   bool   // a trial was used
	running string // id of the membership that has not ended, where the plan allows one only
}

// refusal is why a customer cannot begin a plan as they ask, nil when they can. Nobody who asks for a trial is charged
// instead: they say noTrial.
func (e earlierOf) refusal(start subscription.Start) error {
	switch {
	case e.running != "":
		return service.AlreadySubscribed(e.running)
	case e.trial && start.Trial:
		return service.TrialUsed()
	}
	return nil
}

// earlier looks at the customer's subscriptions to a plan. The list is read a moment late, so of two requests in the
// same moment both can pass; the markers in the transaction let one begin.
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

// startedBefore is the answer to a request that was served before, by its key. 1 round trip, 2 when it was. Errors:
// 402 for one that was declined, 422 idempotency_key_reused.
func (f *Subscriptions) startedBefore(ctx context.Context) (*SubscriptionOutput, bool, error) {
	r, ok, err := f.servedBefore(ctx)
	if err != nil || !ok {
		return nil, false, err
	}
	if err := notBegun(r); err != nil {
		return nil, false, err
	}
	return f.output(201, r, true), true, nil
}

// unlessStarted is the refusal of a request to subscribe, or the answer to the same request when it was served before.
func (f *Subscriptions) unlessStarted(ctx context.Context, refusal error) (*SubscriptionOutput, error) {
	if problem.Code(refusal) == "" {
		return nil, refusal // a technical failure says nothing about the request
	}
	if out, replay, err := f.startedBefore(ctx); err != nil || replay {
		return out, err
	}
	return nil, refusal
}
