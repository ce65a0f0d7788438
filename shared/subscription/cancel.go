package subscription

import (
	"time"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

// maxPauseDays bounds a pause. A longer one is a cancellation in effect, and a price agreed to more
// than a year ago should not be charged without a new decision.
const maxPauseDays = 366

// do marks the next cycle as skipped. Only plans that deliver have one: the days of a membership
// are stopped with a pause.
func (SkipNext) do(r *run) error {
	switch {
	case !r.s.Terms.delivers():
		return refuse("not_for_this_plan", "A membership has no cycle to skip. Pause it instead.")
	case r.s.Skip:
		return refuse("already_skipped", "The next cycle is skipped already.")
	// A pause already leaves the next cycle out.
	case r.s.PauseUntil != "":
		return refuse("change_pending", "A pause is planned already.")
	}
	r.s.Skip, r.note = true, "next cycle"
	return nil
}

// do takes a planned skip back, up to the moment the cycle opens.
func (Unskip) do(r *run) error {
	if !r.s.Skip {
		return refuse("nothing_skipped", "The next cycle is not skipped.")
	}
	r.s.Skip, r.note = false, "next cycle"
	return nil
}

// do plans a pause from the end of the paid period, or moves the end of the running one.
func (c Pause) do(r *run) error {
	_, err := civil.ParseDate(string(c.Until))
	from := r.s.Span.Closes
	// On a paused subscription the end may be moved to any later day, but not before today: those
	// days have passed.
	if r.s.State == Paused {
		from = max(civil.DateAt(r.at, r.s.zone()), r.s.Span.Opens)
	}
	switch {
	case err != nil:
		return problem.InvalidField("/until", "no_date", "a date, YYYY-MM-DD")
	case c.Until <= from:
		return problem.InvalidField("/until", "too_early", "after %s", from)
	case from.Days(c.Until) > maxPauseDays:
		return problem.InvalidField("/until", "too_late", "a year at most")
	// A pause must not be a way around the minimum term.
	case r.s.Cycles < r.s.Terms.MinCycles:
		return refuse("minimum_term", "This plan can be paused after %d paid cycles.", r.s.Terms.MinCycles)
	}
	r.note = string(c.Until)
	if r.s.State == Paused {
		// The end is moved, never into the past: the span would close before it began.
		r.s.Span.Closes, r.s.Span.End = c.Until, max2(c.Until.Start(r.s.zone()), r.at)
		r.pausedNotice("moved", r.s.Span.Opens, c.Until)
		return nil
	}
	r.s.PauseUntil, r.s.Skip = c.Until, false
	r.pausedNotice("planned", r.s.Span.Closes, c.Until)
	return nil
}

// pausedNotice tells of a pause: its first day, the day it is over, and what is charged then.
func (r *run) pausedNotice(situation string, from, until civil.Date) {
	r.notice(Notice{
		Kind: NoticePaused, Situation: situation, From: from, Date: until, Amount: r.chargeOn(until),
	})
}

// do ends a running pause today, or takes a planned one back.
func (Resume) do(r *run) error {
	if r.s.State == Active {
		if r.s.PauseUntil == "" {
			return refuse("not_paused", "No pause is planned.")
		}
		r.s.PauseUntil, r.note = "", "pause taken back"
		r.notice(r.planNotice(NoticeResumed, "withdrawn"))
		return nil
	}
	p := &r.s.Span
	// Days that were paused stay paused, also when the command comes after the planned end.
	p.Closes = max(p.Opens, min(civil.DateAt(r.at, r.s.zone()), p.Closes))
	if r.at.Before(p.End) {
		p.End = r.at
	}
	r.note = "resumed early"
	r.openNext()
	return nil
}

// do cancels. Without Now the subscription runs to the end of what is paid or of the minimum term;
// with Now, or when nothing is left to run, it ends in this step.
func (c Cancel) do(r *run) error {
	o := r.s.Open
	r.note = c.Reason
	// Canceling twice is no error, and only the new reason is noted. With Now the second request
	// asks for more than the first.
	if r.s.State == Canceled && !c.Now {
		return nil
	}
	inFlight := o != nil && o.InFlight
	switch {
	// The charge may succeed at any moment. Ending now would leave a payment for a subscription
	// that is gone.
	case c.Now && inFlight:
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	case c.Now && r.s.Cycles < r.s.Terms.MinCycles && r.s.Span.Kind != SpanTrial:
		return refuse("minimum_term", "This plan runs for %d paid cycles.", r.s.Terms.MinCycles)
	// An unpaid invoice that is not being charged is void with the cancellation: who leaves is not
	// charged for days to come.
	case o != nil && !inFlight && (r.runOut() || r.s.State == PastDue || r.s.State == Suspended):
		r.event(EventCanceled, c.Reason, 0)
		r.void(EndCanceled)
		r.end(EndCanceled)
		return nil
	case c.Now || r.s.State == Paused:
		r.event(EventCanceled, c.Reason, 0)
		r.stopNow()
		return nil
	}
	// What is paid runs on; whatever was planned for the time after it is dropped.
	r.s.State = Canceled
	if planned := r.s.Planned(); !planned.none() {
		r.s.Aside = &planned
	}
	r.s.PauseUntil, r.s.Skip, r.s.Next = "", false, nil
	r.event(EventCanceled, c.Reason, 0)
	r.notice(r.canceledNotice())
	return nil
}

// stopNow ends the subscription today and refunds what is paid and not used. Today counts as used,
// so the refund covers the days from tomorrow on.
func (r *run) stopNow() {
	p := r.s.Span
	unused := int64(r.s.PrepaidLeft) * r.s.Terms.Cycle()
	switch {
	// A gift that has not begun is refunded in full, setup fee included.
	case r.s.waiting():
		unused += r.s.Terms.SetupFee
	// Parcels cannot be returned by the day: of plans that deliver only the cycles that have not
	// begun are refunded.
	case p.Kind == SpanPaid && !r.s.Terms.delivers():
		unused += p.part(r.today().Add(1), p.Closes)
	}
	r.s.PrepaidLeft = 0
	r.refundUnused(unused, EndCanceled)
	r.end(EndCanceled)
}

// endsOn is the day on which a canceled subscription ends: when what is paid and the minimum term
// are over. Both run side by side, so the longer one counts.
func (s *Subscription) endsOn() civil.Date {
	a, i := s.Anchor, s.Terms.Interval
	more := max(s.PrepaidLeft, s.Terms.MinCycles-s.Cycles)
	// A trial ends on its own day: nothing has been paid for after it.
	if s.Span.Kind == SpanTrial || more <= 0 {
		return s.Span.Closes
	}
	return a.Opening(i, a.Index(i, s.Span.Closes)+more)
}

// do takes a cancellation back, or starts again after the end.
func (c Reactivate) do(r *run) error {
	if c.Card != nil {
		r.s.Card = *c.Card
	}
	if r.s.State == Ended {
		return c.restart(r)
	}
	// Other terms would need a payment or consent of their own; they follow as an upgrade or
	// downgrade.
	if c.Terms != nil {
		return refuse("still_running", "The plan can be changed once the cancellation is taken back.")
	}
	// The state is worked out anew, because the one before canceling is not stored.
	switch {
	case r.s.Span.Kind == SpanTrial:
		r.s.State = Trialing
	case r.s.Open != nil && r.s.Open.Kind == OpenFirst:
		r.s.State = Starting
	default:
		r.s.State = Active
	}
	r.restore()
	r.event(EventReactivate, "", 0)
	return nil
}

// restart begins again with a payment. The days in between belong to nobody.
func (c Reactivate) restart(r *run) error {
	// The address of a gift that was claimed is its recipient's: it is not the giver's to see or to send anything to.
	if r.s.Gift != nil && r.s.Gift.ClaimedBy != "" {
		r.s.AddressID = ""
	}
	switch {
	case c.Terms == nil:
		return problem.InvalidField("/terms", "required", "the plan to go on with")
	case c.Terms.delivers() && r.s.AddressID == "":
		return refuse("missing_address", "There is no address to send the parcels to. Please subscribe anew.")
	// Credit cannot be converted, so a restart in another currency would lose it.
	case c.Terms.Currency != r.s.Terms.Currency && r.s.Credit > 0:
		return refuse("other_currency", "There is credit in %s.", r.s.Terms.Currency)
	case r.s.Card.Token == "" && c.Terms.Payment() > 0:
		return problem.InvalidField("/card", "required", "a way to pay")
	}
	if err := c.Terms.Interval.Valid(); err != nil {
		return problem.InvalidField("/terms/interval", "invalid", "%v", err)
	}
	// Not before the last closing day: it is part of a span that is already accounted for, and each
	// day belongs to exactly one span.
	last := r.s.Span
	today := max(civil.DateAt(r.at, r.s.zone()), last.Closes)
	r.closed = true
	// The days without a subscription become a span of their own, so that the history has no hole.
	if today > last.Closes || r.at.After(last.End) {
		r.begin(Span{Kind: SpanGap, Opens: last.Closes, Closes: today}, last.End)
		r.s.Span.End = max2(r.at, r.s.Span.Start)
		r.closeSpan()
	}
	r.s.Terms, r.s.Anchor = *c.Terms, AnchorOn(today, r.s.Anchor.Zone)
	r.s.State, r.s.EndReason, r.s.EndedAt = Starting, "", time.Time{}
	// A new beginning: the minimum term counts from 0, and what was a gift is an ordinary
	// subscription.
	r.s.Cycles, r.s.PrepaidLeft, r.s.NoRenewal, r.s.Gift, r.s.SetupDue = 0, 0, false, nil, false
	r.s.Credit += c.Credit
	r.event(EventReactivate, "ended", 0)
	r.openPeriod(today, r.s.Span.End, OpenFirst)
	return nil
}

// max2 is the later of two instants.
func max2(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
