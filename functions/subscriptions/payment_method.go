package subscriptions

import (
	"context"

	"dangol/shared/payment"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

type defaultCardInput struct {
	Body struct {
		SubscriptionID string `json:"subscriptionId" minLength:"1" maxLength:"64" doc:"The subscription whose card is to pay for all. Change that one first, where the bank may want to see the cardholder." example:"sub_01k9x7d3f8q7m2k"`
	}
}

// DefaultCardOutput says which subscriptions are charged to the new card from now on.
type DefaultCardOutput struct {
	Body struct {
		PaymentMethod SubscriptionPaymentMethod `json:"paymentMethod"`
		Subscriptions []CardChange              `json:"subscriptions" nullable:"false" doc:"The others."`
	}
}

// CardChange is what became of one subscription.
type CardChange struct {
	ID      string             `json:"id"`
	State   subscription.State `json:"state"`
	Changed bool               `json:"changed" doc:"Charged to the new card from now on."`
	Code    string             `json:"code,omitempty" doc:"Why not, or payment_declined: the card was changed, and what is unpaid could not be charged to it." example:"payment_running"`
}

// cardsAtOnce is how many subscriptions of a customer one request changes.
const cardsAtOnce = 100

// defaultCard puts all of a customer's running subscriptions on the card of one of them, which the provider keeps
// already. Each is a change of its own, so one that cannot be changed at this moment does not hold up the others.
func (f *Subscriptions) defaultCard(ctx context.Context, in *defaultCardInput) (*DefaultCardOutput, error) {
	who := auth.From(ctx).Subject
	of, err := f.load(ctx, in.Body.SubscriptionID)
	if err != nil {
		return nil, err
	}
	m, ok := of.Methods[of.Sub.Card.Token]
	if !ok {
		return nil, problem.InvalidField("/subscriptionId", "unknown", "a subscription with a card")
	}
	cards, _, err := f.Billing.OfCustomer(ctx, who, cardsAtOnce, "")
	if err != nil {
		return nil, err
	}
	out := &DefaultCardOutput{}
	out.Body.Subscriptions = []CardChange{}
	out.Body.PaymentMethod = SubscriptionPaymentMethod{
		Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear,
	}
	for _, c := range cards {
		if c.State == subscription.Ended || c.ID == of.Sub.ID {
			continue
		}
		r, err := f.load(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		done, err := f.changeCard(ctx, r, m)
		if err != nil {
			return nil, err
		}
		out.Body.Subscriptions = append(out.Body.Subscriptions, done)
	}
	return out, nil
}

// changeCard changes the card of one subscription. A refusal of the rules is part of the answer.
func (f *Subscriptions) changeCard(ctx context.Context, r *service.Record, m payment.Method) (CardChange, error) {
	done := CardChange{ID: r.Sub.ID, State: r.Sub.State}
	after, _, err := f.apply(ctx, r, "", resolvedChange{
		command: subscription.ChangeCard{Card: service.CardOf(m)}, edit: func(r *service.Record) { r.UseMethod(m) },
	})
	if code := problem.Code(err); code != "" && problem.From(err).Status < 500 {
		done.Code = code
		return done, nil
	}
	if err != nil {
		return done, err
	}
	done.State, done.Changed = after.Sub.State, true
	if _, declined := after.DeclinedSince(r); declined {
		done.Code = "payment_declined"
	}
	return done, nil
}

// routeOfCard registers the card for all of a customer's subscriptions.
func (f *Subscriptions) routeOfCard(s *api.Service) {
	api.Handle(s, api.Route{
		Method: "PUT", Path: "/me/payment-method", ID: "updateAllPaymentMethods", Tag: "Subscriptions",
		Summary: "Charge the card of one subscription for all others too, at once what is unpaid", Access: api.Customer,
		Errors: []int{402, 404, 409, 422, 503},
	}, f.defaultCard)
}
