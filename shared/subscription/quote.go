package subscription

import (
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
)

// Quote is what a command would do, before it is done.
type Quote struct {
	State State `json:"state"`
	// Now is charged at once; Lines say what for, CreditUsed what account credit pays of it.
	Now        money.Money       `json:"now"`
	Lines      []invoice.Line    `json:"lines,omitempty"`
	Taxes      []invoice.TaxLine `json:"taxes,omitempty"`
	CreditUsed money.Money       `json:"creditUsed"`
	// Refund goes back to the card, Credit is account credit afterwards.
	Refund money.Money `json:"refund"`
	Credit money.Money `json:"credit"`
	// NextPayment is the next charge after that and its day; "" when none will come.
	NextPayment civil.Date  `json:"nextPayment,omitempty"`
	NextAmount  money.Money `json:"nextAmount"`
	// EndsOn is the day a canceled subscription ends, "" for one that goes on.
	EndsOn civil.Date `json:"endsOn,omitempty"`
	// Closes is the day after the last of the running period.
	Closes civil.Date `json:"closes"`
	// Planned is what is planned afterwards, also what a cancellation taken back restores.
	Planned Planned `json:"planned"`
	// Ask is the consent that is needed afterwards, before a price begins.
	Ask *ConsentRequest `json:"ask,omitempty"`
}

// Quote tells what a command would cost and when, by carrying it out on a copy. Errors are those of Apply.
func (s Subscription) Quote(c Command, at time.Time) (Quote, error) {
	after, effects, err := s.Apply(c, at)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{
		State: after.State, Now: after.money(0), CreditUsed: after.money(0), Refund: after.money(0), Credit: after.money(0),
		NextAmount: after.money(0),
	}
	// Several commands emit several of these; the figures add up over all of them.
	for _, e := range effects {
		switch e := e.(type) {
		case MakeInvoice:
			q.Now, q.Lines, q.Taxes = after.money(e.Invoice.Total), e.Invoice.Lines, e.Invoice.Taxes
			q.CreditUsed = after.money(e.Invoice.CreditUsed)
		case Refund:
			q.Refund.Amount += e.Amount.Amount
		case CreditLeft:
			q.Credit.Amount += e.Amount.Amount
		}
	}
	// What comes next depends on whether the invoice gets paid; a quote assumes that it does.
	paid := after.payOpen(at)
	q.State, q.Credit.Amount = paid.State, q.Credit.Amount+paid.Credit
	if paid.State == Canceled {
		q.EndsOn = paid.endsOn()
	} else if paid.State == Ended {
		q.EndsOn = paid.Span.Closes
	}
	q.Closes = paid.Span.Closes
	q.Planned, q.Ask = paid.Planned(), copied(paid.ConsentRequest)
	for _, u := range paid.Upcoming(1) {
		q.NextPayment, q.NextAmount = u.On, u.Amount
	}
	return q, nil
}

// payOpen is the subscription as it stands if its open invoice is paid at an instant.
func (s Subscription) payOpen(at time.Time) Subscription {
	if s.Open == nil {
		return s
	}
	paid, _, err := s.Apply(ChargeSucceeded{Key: s.Open.Key}, at)
	// It cannot be paid as it stands; the caller then shows the state before the payment.
	if err != nil {
		return s
	}
	return paid
}

// Payment is one that is to come, and what it sends.
type Payment struct {
	On       civil.Date  `json:"on"`
	At       time.Time   `json:"at"`
	Amount   money.Money `json:"amount"`
	Contents []Item      `json:"contents,omitempty"`
	Quantity int         `json:"quantity"`
}

// Upcoming foresees the next n charges if nothing changes and every one succeeds, by running the
// rules forward. Consent that is still to be given counts as not given.
func (s Subscription) Upcoming(n int) []Payment {
	var out []Payment
	s.play(func(e Effect, at time.Time, opens civil.Date) bool {
		if inv, ok := e.(MakeInvoice); ok && inv.Invoice.Total > 0 {
			out = append(out, Payment{On: opens, At: at, Amount: s.money(inv.Invoice.Total), Quantity: s.Terms.Quantity})
		}
		return len(out) < n
	})
	return out
}

// Parcels foresees the deliveries before an instant, paid and prepaid, if nothing changes and every charge succeeds.
// Contents is empty for a box: the edition of that day.
func (s Subscription) Parcels(before time.Time) []Payment {
	var out []Payment
	s.play(func(e Effect, at time.Time, opens civil.Date) bool {
		if !at.Before(before) {
			return false
		}
		if d, ok := e.(Deliver); ok {
			out = append(out, Payment{On: opens, At: at, Contents: d.Contents, Quantity: d.Quantity})
		}
		return true
	})
	return out
}

// playLimit bounds how far a subscription is played forward: a year of a daily plan with its notices.
const playLimit = 1500

// ahead is a run that only foresees.
func ahead(at time.Time) *run { return &run{at: at, playing: true} }

// play carries out what is due, with every charge succeeding, until see returns false.
func (s Subscription) play(see func(e Effect, at time.Time, opens civil.Date) bool) {
	s.Burst = Burst{}
	for range playLimit {
		at := s.Due
		if at.IsZero() {
			return
		}
		var effects []Effect
		if s.Open != nil {
			var err error
			if s, effects, err = s.apply(ChargeSucceeded{Key: s.Open.Key}, ahead(at)); err != nil {
				return
			}
		} else {
			s, effects, _ = s.apply(Due{}, ahead(at))
		}
		for _, e := range effects {
			if !see(e, at, s.Span.Opens) {
				return
			}
		}
	}
}
