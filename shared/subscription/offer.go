package subscription

import "fmt"

// maxOffers is how many offers a plan makes to those who leave.
const maxOffers = 5

// OfferKind is what somebody who has canceled is offered.
type OfferKind string

// The kinds: stop for some days instead, or go on with another plan.
const (
	OfferPause OfferKind = "pause"
	OfferPlan  OfferKind = "plan"
)

// Offer is one that a plan makes after a cancellation, and never before: leaving must be possible
// in one step.
type Offer struct {
	Kind   OfferKind `json:"kind" enum:"pause,plan"`
	Days   int       `json:"days,omitempty" doc:"pause: for so long after what is paid."`
	PlanID string    `json:"planId,omitempty" doc:"plan: one that is no dearer per month."`
}

// ID names an offer among those of its plan.
func (o Offer) ID() string {
	if o.Kind == OfferPause {
		return fmt.Sprintf("pause-%d", o.Days)
	}
	return "plan-" + o.PlanID
}

// offers checks the offers of a plan field by field. Whether the other plan exists is not known
// here; an offer whose plan is gone is simply not made.
func (f *fields) offers(offers []Offer) {
	f.within("/policy/offers", int64(len(offers)), 0, maxOffers)
	for i, o := range offers {
		at := fmt.Sprintf("/policy/offers/%d", i)
		switch o.Kind {
		case OfferPause:
			f.within(at+"/days", int64(o.Days), 1, maxPauseDays)
		case OfferPlan:
			f.Require(o.PlanID != "", at+"/planId", "required", "a plan")
		default:
			f.Require(false, at+"/kind", "unknown", "pause or plan")
		}
	}
}

// AcceptOffer takes a cancellation back with a change: a pause of so many days after what is paid, or other terms from
// then on. Either both happen or neither.
type AcceptOffer struct {
	PauseDays int
	Terms     *Terms
}

// Explain says why somebody has left. It is asked for afterwards, and may stay unanswered.
type Explain struct{ Reason string }

func (AcceptOffer) name() string { return "accept_offer" }
func (Explain) name() string     { return "explain" }

// do takes the cancellation back and applies the offer in the same change, so that nobody goes on
// without what they were offered.
func (c AcceptOffer) do(r *run) error {
	if err := (Reactivate{}).do(r); err != nil {
		return err
	}
	var next Command = Pause{Until: r.s.Span.Closes.Add(c.PauseDays)}
	if c.Terms != nil {
		next = Downgrade{Terms: *c.Terms}
	}
	// The state after reactivating must allow it: an unpaid invoice forbids both.
	if err := r.s.may(next.name()); err != nil {
		return err
	}
	return next.do(r)
}

// do stores the reason in the history and as an event; the state stays.
func (c Explain) do(r *run) error {
	r.note = c.Reason
	r.event(EventLeft, c.Reason, 0)
	return nil
}
