package subscriptions

import (
	"strconv"
	"time"

	"dangol/shared/address"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/civil"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Subscription is a subscription as the API shows it. Dates are the subscriber's local days.
type Subscription struct {
	ID          string                     `json:"id" example:"sub_01k9x7d3f8q7m2k"`
	State       subscription.State         `json:"state" enum:"requires_action,starting,trialing,active,past_due,suspended,paused,canceled,ended" doc:"requires_action: nothing has begun; send the shopper to payment.redirectUrl. starting: nothing has begun; ask again."`
	Version     int                        `json:"version"`
	Plan        PlanRef                    `json:"plan"`
	Quantity    int                        `json:"quantity"`
	Price       money.Formatted            `json:"price" doc:"Of one payment."`
	Interval    subscription.Interval      `json:"interval"`
	Opens       civil.Date                 `json:"opens" doc:"First day of the running period."`
	Closes      civil.Date                 `json:"closes" doc:"The day after its last."`
	Next        *NextPayment               `json:"next,omitempty" doc:"The next charge if nothing changes."`
	EndsOn      civil.Date                 `json:"endsOn,omitempty" doc:"Of one that is canceled or has ended."`
	EndReason   string                     `json:"endReason,omitempty"`
	Credit      money.Formatted            `json:"credit" doc:"Account credit; the next invoices use it first."`
	Unpaid      *UnpaidInvoice             `json:"unpaid,omitempty"`
	Payment     *PaymentAction             `json:"payment,omitempty" doc:"While the bank wants the cardholder."`
	Question    *ConsentRequest            `json:"question,omitempty" doc:"The consent that is being asked for."`
	Method      *SubscriptionPaymentMethod `json:"paymentMethod,omitempty"`
	Address     *address.Address           `json:"address,omitempty"`
	Contents    []subscription.Item        `json:"contents,omitempty"`
	SkipNext    bool                       `json:"skipNext,omitempty"`
	PauseUntil  civil.Date                 `json:"pauseUntil,omitempty"`
	Planned     *PlannedChange             `json:"planned,omitempty" doc:"What follows with the next payment."`
	PrepaidLeft int                        `json:"prepaidLeft,omitempty"`
	Benefits    subscription.Benefits      `json:"benefits" doc:"In force at this moment."`
	Allows      []string                   `json:"allows" nullable:"false" doc:"What would be accepted at this moment."`
	Processing  bool                       `json:"processing" doc:"A payment or a parcel is under way; read again in a minute."`
	Gift        *GiftState                 `json:"gift,omitempty" doc:"Of one that was given away."`
	AfterCancel *AfterCancel               `json:"afterCancel,omitempty" doc:"In the answer to a cancellation only."`
	StartedAt   time.Time                  `json:"startedAt"`
}

// PlanRef names the plan that is subscribed to.
type PlanRef struct {
	ID      string            `json:"id"`
	Version int               `json:"version"`
	Kind    subscription.Kind `json:"kind" enum:"membership,box,replenishment"`
	Title   string            `json:"title"`
}

// NextPayment is a charge to come.
type NextPayment struct {
	On     civil.Date      `json:"on"`
	Amount money.Formatted `json:"amount"`
}

// UnpaidInvoice is the invoice that is not paid yet.
type UnpaidInvoice struct {
	Amount  money.Formatted   `json:"amount"`
	Running bool              `json:"running" doc:"The provider is being asked."`
	RetryAt time.Time         `json:"retryAt,omitzero"`
	Wait    subscription.Wait `json:"wait,omitempty" doc:"card: another card is needed; shopper: the bank wants to see the cardholder; nothing: no retry is left."`
}

// PaymentAction is a challenge of the bank that the cardholder has to pass.
type PaymentAction struct {
	State       string    `json:"state" enum:"requires_action" doc:"Send the shopper to redirectUrl; when they are back, confirm."`
	RedirectURL string    `json:"redirectUrl" doc:"The bank's challenge."`
	ExpiresAt   time.Time `json:"expiresAt" doc:"A payment that has not been made by then is withdrawn."`
}

// requiresAction is the state of what waits for the cardholder.
const requiresAction = "requires_action"

// actionOf is the challenge that the cardholder has to pass; nil when there is none.
func actionOf(r *service.Record) *PaymentAction {
	if a := r.Sub.OpenAction(); a != nil {
		return &PaymentAction{State: requiresAction, RedirectURL: a.URL, ExpiresAt: a.Until}
	}
	if r.Setup != nil {
		return &PaymentAction{State: requiresAction, RedirectURL: r.Setup.URL, ExpiresAt: r.Setup.Until}
	}
	return nil
}

// ConsentRequest is what consent is asked for.
type ConsentRequest struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind" enum:"trial_turns_paid,price_rises"`
	On       civil.Date      `json:"on"`
	Old      money.Formatted `json:"old"`
	New      money.Formatted `json:"new"`
	Required bool            `json:"required" doc:"Without a yes the new price does not begin."`
	ConsentOutcomes
	Answer subscription.Answer `json:"answer,omitempty"`
}

// SubscriptionPaymentMethod is a card, for people.
type SubscriptionPaymentMethod struct {
	Brand    string `json:"brand"`
	Last4    string `json:"last4"`
	ExpMonth int    `json:"expMonth,omitempty"`
	ExpYear  int    `json:"expYear,omitempty"`
}

// SubscriptionOutput is one subscription.
type SubscriptionOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     Subscription
}

// underWayText describes the answers of a request that charges a card.
const underWayText = "The answer is 202 while nothing is paid yet: with `payment` when the bank wants the " +
	"cardholder, with `processing` while the outcome of the charge is not known. 402 and 503 say that nothing was charged."

// Statuses of answers.
const (
	created  = 201
	accepted = 202
)

// charging reports whether a charge is under way whose outcome is not known.
func charging(r *service.Record) bool { return r.Sub.Open != nil && r.Sub.Open.InFlight }

// output is the answer of every route that returns one subscription.
func (f *Subscriptions) output(status int, r *service.Record, replay bool) *SubscriptionOutput {
	out := &SubscriptionOutput{Status: status, ETag: api.ETag(strconv.Itoa(r.Version)), Body: f.view(r)}
	if out.Body.Payment != nil || charging(r) || status == created && !r.Sub.Begun() {
		out.Status = accepted // nothing is done before the cardholder has been at the bank, or the bank has answered
	}
	if replay {
		out.Replayed = "true"
	}
	return out
}

// view computes what the shopper sees from the stored record, without a read. Dates and amounts to
// come are found by running the rules on a copy.
func (f *Subscriptions) view(r *service.Record) Subscription {
	s, now := &r.Sub, f.Billing.Clock.Now()
	v := Subscription{
		ID: s.ID, State: s.State, Version: r.Version, Quantity: s.Terms.Quantity,
		Price:    r.Money(s.Terms.Payment()).Formatted(),
		Plan:     PlanRef{ID: s.Terms.PlanID, Version: s.Terms.Version, Kind: s.Terms.Kind, Title: r.Title()},
		Interval: s.Terms.Interval, Opens: s.Span.Opens, Closes: s.Span.Closes, EndReason: s.EndReason,
		Credit:   r.Money(s.Credit).Formatted(),
		Contents: s.Terms.Contents, SkipNext: s.Skip, PauseUntil: s.PauseUntil, PrepaidLeft: s.PrepaidLeft,
		Benefits: s.InForce(now),
		// Tasks that wait, or a charge without an answer: a client should read again soon.
		Allows: allows(r, now), Planned: plannedOf(r, s.Planned()), Processing: len(r.Tasks) > 0 || charging(r),
		StartedAt: s.StartedAt,
	}
	if v.Payment = actionOf(r); v.Payment != nil && !s.Begun() {
		v.State = requiresAction
	} else if v.State == "" {
		v.State = subscription.Starting
	}
	if s.State == "" {
		return v // a request that waits for its card: no periods yet
	}
	for _, u := range s.Upcoming(1) {
		v.Next = &NextPayment{On: u.On, Amount: u.Amount.Formatted()}
	}
	// A canceled subscription ends when what is paid and the minimum term are over; canceling it
	// again, as a quote, gives that day.
	if s.State == subscription.Ended {
		v.EndsOn = s.Span.Closes
	} else if q, err := s.Quote(subscription.Cancel{}, now); err == nil && s.State == subscription.Canceled {
		v.EndsOn = q.EndsOn
	}
	if o := s.Open; o != nil {
		v.Unpaid = &UnpaidInvoice{Amount: r.Money(o.Amount).Formatted(), Running: o.InFlight, RetryAt: o.RetryAt,
			Wait: o.Wait}
	}
	if a := s.ConsentRequest; a != nil {
		v.Question = &ConsentRequest{
			ID: a.ID, Kind: string(a.Kind), On: a.On, Old: r.Money(a.Old).Formatted(), New: r.Money(a.New).Formatted(),
			Required: a.Required, Answer: a.Answer, ConsentOutcomes: outcomesOf(s),
		}
	}
	if m, ok := r.Methods[s.Card.Token]; ok {
		v.Method = &SubscriptionPaymentMethod{Brand: m.Brand, Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear}
	}
	v.Gift = giftState(s)
	// After a gift is claimed the address is the recipient's, and the giver must not see it.
	if a, ok := r.Addresses[s.AddressID]; ok && (v.Gift == nil || !v.Gift.Claimed) {
		v.Address = &a
	}
	return v
}
