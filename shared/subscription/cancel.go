package subscription

import (
	"time"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

const maxPauseDays = 366

func (SkipNext) do(r *run) error {
	switch {
	case !r.s.Terms.delivers():
		return refuse("not_for_this_plan", "A membership has no cycle to skip. Pause it instead.")
	case r.s.Skip:
		return refuse("already_skipped", "The next cycle is skipped already.")
	case r.s.PauseUntil != "":
		return refuse("change_pending", "A pause is planned already.")
	}
	r.s.Skip, r.note = true, "next cycle"
	return nil
}

func (Unskip) do(r *run) error {
	if !r.s.Skip {
		return refuse("nothing_skipped", "The next cycle is not skipped.")
	}
	r.s.Skip, r.note = false, "next cycle"
	return nil
}

func (c Pause) do(r *run) error {
	_, err := civil.ParseDate(string(c.Until))
	from := r.s.Span.Closes
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
	case r.s.Cycles < r.s.Terms.MinCycles:
		return refuse("minimum_term", "This plan can be paused after %d paid cycles.", r.s.Terms.MinCycles)
	}
	r.note = string(c.Until)
	if r.s.State == Paused {
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
	p.Closes = max(p.Opens, min(civil.DateAt(r.at, r.s.zone()), p.Closes))
	if r.at.Before(p.End) {
		p.End = r.at
	}
	r.note = "resumed early"
	r.openNext()
	return nil
}

func (c Cancel) do(r *run) error {
	o := r.s.Open
	r.note = c.Reason
	if r.s.State == Canceled && !c.Now {
		return nil
	}
	inFlight := o != nil && o.InFlight
	switch {
	case c.Now && inFlight:
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	case c.Now && r.s.Cycles < r.s.Terms.MinCycles && r.s.Span.Kind != SpanTrial:
		return refuse("minimum_term", "This plan runs for %d paid cycles.", r.s.Terms.MinCycles)
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
	r.s.State = Canceled
	if planned := r.s.Planned(); !planned.none() {
		r.s.Aside = &planned
	}
	r.s.PauseUntil, r.s.Skip, r.s.Next = "", false, nil
	r.event(EventCanceled, c.Reason, 0)
	r.notice(r.canceledNotice())
	return nil
}

// stopNow ends today and gives back what is paid and not used: from tomorrow on, today counts as used.
func (r *run) stopNow() {
	p := r.s.Span
	unused := int64(r.s.PrepaidLeft) * r.s.Terms.Cycle()
	switch {
	case r.s.waiting():
		unused += r.s.Terms.SetupFee
	case p.Kind == SpanPaid && !r.s.Terms.delivers():
		unused += p.part(r.today().Add(1), p.Closes)
	}
	r.s.PrepaidLeft = 0
	r.refund(unused, EndCanceled)
	r.end(EndCanceled)
}

// endsOn is the day on which a canceled subscription ends: when what is paid, and the minimum term, are over.
func (s *Subscription) endsOn() civil.Date {
	a, i := s.Anchor, s.Terms.Interval
	more := max(s.PrepaidLeft, s.Terms.MinCycles-s.Cycles)
	if s.Span.Kind == SpanTrial || more <= 0 {
		return s.Span.Closes
	}
	return a.Opening(i, a.Index(i, s.Span.Closes)+more)
}

func (c Reactivate) do(r *run) error {
	if c.Card != nil {
		r.s.Card = *c.Card
	}
	if r.s.State == Ended {
		return c.restart(r)
	}
	if c.Terms != nil {
		return refuse("still_running", "The plan can be changed once the cancellation is taken back.")
	}
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
	switch {
	case c.Terms == nil:
		return problem.InvalidField("/terms", "required", "the plan to go on with")
	case c.Terms.Currency != r.s.Terms.Currency && r.s.Credit > 0:
		return refuse("other_currency", "There is credit in %s.", r.s.Terms.Currency)
	case r.s.Card.Token == "" && c.Terms.Payment() > 0:
		return problem.InvalidField("/card", "required", "a way to pay")
	}
	if err := c.Terms.Interval.Valid(); err != nil {
		return problem.InvalidField("/terms/interval", "invalid", "%v", err)
	}
	last := r.s.Span
	today := max(civil.DateAt(r.at, r.s.zone()), last.Closes)
	r.closed = true
	if today > last.Closes || r.at.After(last.End) {
		r.begin(Span{Kind: SpanGap, Opens: last.Closes, Closes: today}, last.End)
		r.s.Span.End = max2(r.at, r.s.Span.Start)
		r.closeSpan()
	}
	r.s.Terms, r.s.Anchor = *c.Terms, AnchorOn(today, r.s.Anchor.Zone)
	r.s.State, r.s.EndReason, r.s.EndedAt = Starting, "", time.Time{}
	r.s.Cycles, r.s.PrepaidLeft, r.s.NoRenewal, r.s.Gift, r.s.SetupDue = 0, 0, false, nil, false
	r.s.Credit += c.Credit
	r.event(EventReactivate, "ended", 0)
	r.openPeriod(today, r.s.Span.End, OpenFirst)
	return nil
}

func max2(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
