package rma

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"dangol/shared/compliance"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
)

// Receive adds what arrived to the counts of the lines. The first time it starts the law's time for the refund. Goods
// may arrive in several parcels, until they are inspected. Errors: 409 return_state; 422 for units that were not
// announced.
func (r *RMA) Receive(counts map[string]Count, by string, now time.Time) error {
	if !r.in(Approved, Booked, InTransit, Received) || r.Way == Stays {
		return r.refuse("received")
	}
	// All counts are checked before any is changed, so that a refusal leaves the return as it was.
	total := 0
	for id, c := range counts {
		l := r.Line(id)
		if l == nil {
			return problem.InvalidField("/lines", "not_allowed", "line %s is not in this return", id)
		}
		if c.Good < 0 || c.Damaged < 0 || c.Wrong < 0 || c.Total()+l.Count.Total() > len(l.Units) {
			return problem.InvalidField("/lines", "too_large", "%d units of line %s were announced, %d have arrived",
				len(l.Units), id, l.Count.Total())
		}
		total += c.Total()
	}
	if total == 0 {
		return problem.InvalidField("/lines", "required", "at least one unit")
	}
	for id, c := range counts {
		l := r.Line(id)
		l.Count = Count{l.Count.Good + c.Good, l.Count.Damaged + c.Damaged, l.Count.Wrong + c.Wrong}
	}
	r.addEntry(now, WasReceived, fmt.Sprint(total), by)
	// A second parcel does not start the time again: the law counts from the first goods that came
	// back.
	if r.State != Received {
		r.startRefundClock(now)
	}
	r.State = Received
	return nil
}

// keptParcels bounds how many requests a return remembers. A repetition comes seconds after the first request, not
// after sixteen other parcels.
const keptParcels = 16

// CountedFor remembers the keyed request that counted a parcel.
func (r *RMA) CountedFor(by order.Request) {
	if by.Key != "" {
		r.Parcels = append(r.Parcels[max(0, len(r.Parcels)-keptParcels+1):], by)
	}
}

// startRefundClock starts the time that the law gives for the refund, and when the shop is warned: a business day, or a
// day, before it ends.
func (r *RMA) startRefundClock(now time.Time) {
	// The law of the country that the goods went to, not of the shop's.
	law := compliance.ReturnRuleFor(r.Country)
	r.Deadlines.RefundBy = law.RefundBy(r.CreatedAt, now)
	r.Deadlines.WarnAt = r.Deadlines.RefundBy.Add(-24 * time.Hour)
	if law.RefundBusinessDays > 1 {
		r.Deadlines.WarnAt = compliance.BusinessDaysAfter(now, law.RefundBusinessDays-1)
	}
	r.await(r.Deadlines.WarnAt)
}

// Inspect keeps what the inspection found. A line that is not named is accepted as it arrived: what is good and damaged
// is accepted, what is good is restocked. Errors: 409 return_state; 422 for more units than arrived.
func (r *RMA) Inspect(results map[string]Result, by string, now time.Time) error {
	if !r.in(Received) {
		return r.refuse("inspected")
	}
	for id, got := range results {
		l := r.Line(id)
		if l == nil {
			return problem.InvalidField("/lines", "not_allowed", "line %s is not in this return", id)
		}
		if err := l.check(got); err != nil {
			return err
		}
	}
	// What is wrong in the parcel is neither accepted nor restocked: it is no goods of this order.
	for i := range r.Lines {
		l := &r.Lines[i]
		got, named := results[l.LineID]
		if !named {
			got = Result{Accepted: l.Count.Good + l.Count.Damaged, Restocked: l.Count.Good, WriteOff: l.Count.Damaged,
				Grade: "A"}
		}
		l.Result = got
	}
	r.State = Inspected
	r.addEntry(now, WasInspected, "", by)
	return nil
}

// maxNote bounds what the inspection says of a line, in characters.
const maxNote = 1000

// check is what is wrong with the result of a line; nil when nothing is. Error: 422.
func (l *Line) check(got Result) error {
	arrived := l.Count.Good + l.Count.Damaged
	switch {
	case got.Accepted < 0 || got.Accepted > arrived:
		return problem.InvalidField("/lines", "too_large", "%d units of line %s arrived that can be accepted", arrived,
			l.LineID)
	// What is not accepted may be restocked too: the customer does not want it back.
	case got.Restocked < 0 || got.WriteOff < 0 || got.Restocked+got.WriteOff > l.Count.Total():
		return problem.InvalidField("/lines", "too_large",
			"line %s: restocked and written off are at most the %d that arrived",
			l.LineID, l.Count.Total())
	// A fault is the shop's to answer for; the law's deduction is for goods that are withdrawn from
	// (2011/83/EU, Art. 14(2)).
	case got.DamageFee < 0 || got.DamageFee > 0 && l.Reason.Fault():
		return problem.InvalidField("/lines", "not_allowed", "line %s: no fee for damage on goods that came back for a fault",
			l.LineID)
	case got.Grade != "" && !slices.Contains(Grades, got.Grade):
		return problem.InvalidField("/lines", "not_allowed", "grades are A, B, C and D")
	case utf8.RuneCountInString(got.Note) > maxNote:
		return problem.InvalidField("/lines", "too_long", "line %s: a note of at most %d characters", l.LineID, maxNote)
	}
	return nil
}
