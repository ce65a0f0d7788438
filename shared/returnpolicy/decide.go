package returnpolicy

import (
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
)

// Reason is why goods come back.
type Reason string

// The reasons.
const (
	ChangedMind    Reason = "changed_mind"
	WrongSize      Reason = "wrong_size"
	OrderedTwice   Reason = "ordered_twice"
	Late           Reason = "late"
	Damaged        Reason = "damaged"
	Faulty         Reason = "faulty"
	WrongItem      Reason = "wrong_item"
	NotAsDescribed Reason = "not_as_described"
	MissingParts   Reason = "missing_parts"
)

// Reasons lists every reason.
var Reasons = []Reason{ChangedMind, WrongSize, OrderedTwice, Late, Damaged, Faulty, WrongItem, NotAsDescribed,
	MissingParts}

// Fault reports whether the reason is the shop's to answer for: it then pays the way back, and the longer window
// counts.
func (r Reason) Fault() bool {
	switch r {
	case Damaged, Faulty, WrongItem, NotAsDescribed, MissingParts:
		return true
	}
	return false
}

// Known reports whether the reason is one of the list.
func (r Reason) Known() bool {
	switch r {
	case ChangedMind, WrongSize, OrderedTwice, Late:
		return true
	}
	return r.Fault()
}

// Question is a line of an order that somebody wants to return.
type Question struct {
	Item     Item
	Reason   Reason
	Country  string
	Received time.Time // zero while the parcel is on its way
	At       time.Time
}

// Code is why a line cannot be returned. Stable, machine-readable.
type Code string

// The codes.
const (
	WindowClosed Code = "return_window_closed"
	FinalSale    Code = "final_sale"
)

// Decision is what the policy and the law say about a return of a line.
type Decision struct {
	Allowed bool
	Code    Code      // why not
	Until   time.Time // when the right to return ends, the first instant that is too late; zero while not received
	// ByLaw says that the law gives the right, whatever the policy says.
	ByLaw bool
	Rule  Rule
	Law   compliance.ReturnRule
}

// Decide says whether a line may be returned. The law is the least there is: where it gives more than the policy, it
// counts.
func (s Section) Decide(q Question) Decision {
	d := Decision{Rule: s.Rule(q.Item), Law: compliance.ReturnRuleFor(q.Country)}
	zone := ZoneOf(q.Country)
	// Before receipt no time runs, so nothing can be too late.
	var policyEnds, lawEnds time.Time
	if !q.Received.IsZero() {
		if q.Reason.Fault() {
			lawEnds = d.Law.FaultEnds(q.Received, time.Time{}, zone)
			policyEnds = compliance.ReturnRule{FaultMonths: d.Rule.FaultMonths}.FaultEnds(q.Received, time.Time{}, zone)
		} else {
			lawEnds = compliance.WindowEnds(q.Received, d.Law.WithdrawalDays, zone)
			policyEnds = compliance.WindowEnds(q.Received, d.Rule.WindowDays, zone)
		}
		d.Until = latest(policyEnds, lawEnds)
	}
	// Faulty units are never excluded: an exemption is from the right to change one's mind.
	excluded := d.Rule.FinalSale != "" && !q.Reason.Fault()
	withdrawal := d.Law.WithdrawalDays > 0 && !q.Reason.Fault() && !excluded
	d.ByLaw = (withdrawal || q.Reason.Fault()) && (q.Received.IsZero() || q.At.Before(lawEnds))
	switch {
	case excluded:
		d.Code = FinalSale
	case !q.Received.IsZero() && !q.At.Before(d.Until):
		d.Code = WindowClosed
	default:
		d.Allowed = true
	}
	return d
}

// latest is the later of two instants.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// WayBackFee is what the customer pays for a way back with the shop's label, in minor units of the currency.
func (d Decision) WayBackFee(reason Reason, currency string) int64 {
	if reason.Fault() {
		return 0
	}
	return d.Rule.WayBack[currency]
}

// RestockingFee is what the shop keeps of units that cost so much, when they are returned at an instant. It never
// applies to a right that the law gives free of fees.
func (d Decision) RestockingFee(q Question, cost int64) int64 {
	if q.Reason.Fault() || d.Rule.Restocking.BasisPoints == 0 || d.ByLaw && !d.Law.Fees {
		return 0
	}
	if from := d.Rule.Restocking.FromDay; from > 0 {
		// The first days are free of the fee, which is what the law of some countries asks for.
		if q.Received.IsZero() || q.At.Before(compliance.WindowEnds(q.Received, from-1, ZoneOf(q.Country))) {
			return 0
		}
	}
	return money.Percent(cost, int64(d.Rule.Restocking.BasisPoints))
}

// ReturnWaived reports whether faulty units that cost so much are refunded without coming back:
// sending them would cost more than they are worth.
func (d Decision) ReturnWaived(reason Reason, currency string, cost int64) bool {
	limit := d.Rule.KeepBelow[currency]
	return reason.Fault() && limit > 0 && cost < limit
}
