package subscription

import (
	"slices"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
)

// do begins a subscription: with a trial, with a gift, or with a first payment at once.
func (c Start) do(r *run) error {
	today := civil.DateAt(r.at, civil.ZoneOrUTC(c.Zone))
	if err := c.check(today); err != nil {
		return err
	}
	r.s = Subscription{
		ID: c.ID, CustomerID: c.CustomerID, Region: c.Region, AddressID: c.AddressID, Terms: c.Terms, Card: c.Card,
		Gift:   copied(c.Gift),
		Anchor: c.anchor(today), NoRenewal: c.Gift != nil, SetupDue: c.Terms.SetupFee > 0, Credit: c.Credit, StartedAt: r.at,
	}
	if c.Trial && c.Terms.TrialDays > 0 {
		r.event(EventStarted, string(c.Terms.Kind), 0)
		r.s.State = Trialing
		ends := today.Add(c.Terms.TrialDays)
		// The anchor is the first paid day, so that a trial does not move the billing day.
		r.s.Anchor = c.anchor(ends)
		r.s.Span = Span{Seq: r.number(), Kind: SpanTrial, Opens: today, Closes: ends, Start: r.at,
			End: ends.Start(r.s.zone()), Paid: true}
		return nil
	}
	r.s.State, r.s.Unbegun = Starting, true
	if c.Gift == nil || !r.startGift(today) {
		// A gift that begins today opens its first cycle like any other subscription.
		r.openPeriod(today, r.at, OpenFirst)
	}
	// Nothing had to be charged, so no outcome will come that could activate it.
	if r.s.Open == nil && r.s.State == Starting {
		r.s.State = Active
		r.begun()
	}
	return nil
}

// begun makes a request a subscription, once its first payment is made.
func (r *run) begun() {
	if r.s.Unbegun {
		r.s.Unbegun = false
		r.event(EventStarted, string(r.s.Terms.Kind), 0)
	}
}

// check names every wrong field of a start at once.
func (c Start) check(today civil.Date) error {
	var f fields
	f.Require(c.ID != "", "/id", "required", "an id")
	f.Require(len(c.Region) == 2, "/region", "unknown", "a country, two letters")
	_, err := civil.Zone(c.Zone)
	f.Require(err == nil, "/zone", "unknown", "an IANA time zone such as Asia/Seoul")
	f.interval(c.Terms.Interval)
	f.within("/quantity", int64(c.Terms.Quantity), 1, MaxQuantity)
	f.within("/billingDay", int64(c.BillingDay), 0, 31)
	// A day of the month means nothing to an interval of days or weeks.
	f.Require(c.BillingDay == 0 || c.Terms.Interval.months() > 0, "/billingDay", "not_for_this_plan",
		"only for plans by month or year")
	// The part of a month before the billing day cannot be paid together with whole cycles.
	f.Require(c.BillingDay == 0 || c.Terms.Prepaid == 1 || c.Terms.delivers(), "/billingDay", "not_for_this_plan",
		"not for a prepaid membership")
	c.giftProblems(&f, today)
	f.Require(c.Terms.Payment() == 0 || c.Card.Token != "", "/card", "required", "a way to pay")
	return f.Err()
}

// anchor counts from the first day, or from the billing day in its month.
func (c Start) anchor(first civil.Date) Anchor {
	a := AnchorOn(first, c.Zone)
	if c.BillingDay > 0 {
		a.Day = c.BillingDay
	}
	return a
}

// openNext ends the running span and begins the one after it, on the planned days, however late the
// job runs: nobody gets days free or pays them twice because a job was late.
func (r *run) openNext() {
	old := r.s.Span
	day, start := old.Closes, old.End
	// A shortage belongs to the cycle that has just ended.
	r.s.Stock = nil
	r.closeSpan()
	if old.Kind == SpanTrial && !r.trialConverts() {
		return
	}
	// The gift's last day to be claimed has come.
	if g := r.s.Gift; g != nil && g.Waits && g.ClaimedBy == "" {
		r.giveUpGift()
		return
	}
	if r.s.State == Canceled && (old.Kind == SpanTrial || r.runOut()) {
		r.end(EndCanceled)
		return
	}
	// A pause may end on any day, so the cycles may have to be counted from there.
	if old.Kind == SpanPaused {
		r.reanchor(day)
		r.s.State = Active
		r.event(EventResumed, "", 0)
		r.notice(Notice{Kind: NoticeResumed, Situation: "over", Date: day, Amount: r.s.money(0)})
	}
	if r.s.State == Trialing {
		r.s.State = Active
	}
	switch {
	// A pause wins over a skip: it leaves out that cycle too.
	case r.s.PauseUntil > day:
		r.begin(Span{Kind: SpanPaused, Opens: day, Closes: r.s.PauseUntil}, start)
		r.s.State, r.s.PauseUntil = Paused, ""
		r.event(EventPaused, "", 0)
	case r.s.Skip:
		r.s.Skip, r.s.PauseUntil = false, ""
		r.begin(Span{Kind: SpanSkipped, Opens: day, Closes: r.nextOpening(day)}, start)
		r.event(EventSkipped, "requested", 0)
	default:
		r.s.PauseUntil = ""
		r.openPeriod(day, start, OpenRenewal)
	}
}

// runOut reports whether nothing that is paid or owed is left of a canceled subscription.
func (r *run) runOut() bool { return r.s.PrepaidLeft == 0 && r.s.Cycles >= r.s.Terms.MinCycles }

// begin starts a span after the one before. Its end is the start of a local day; where a move of
// time zones would put that before its start, the span is empty.
func (r *run) begin(p Span, start time.Time) {
	p.Seq = r.number()
	p.Start, p.End = start, p.Closes.Start(r.s.zone())
	if p.End.Before(start) {
		p.End = start
	}
	// Spans that cost nothing count as paid, so that nothing waits for a payment.
	if p.Kind != SpanPaid {
		p.Paid = true
	}
	r.s.Span, r.closed = p, false
	// Days in UTC: the limit protects the system and has nothing to do with the subscriber's day.
	if day := civil.DateAt(r.at, time.UTC); r.s.Burst.Day != day {
		r.s.Burst = Burst{Day: day}
	}
	r.s.Burst.N++
	r.s.Burst.Hold = r.s.Burst.N >= burstLimit
	// Notices of days that have passed can no longer be sent twice. A tag begins with its day.
	r.s.NoticesSent = slices.DeleteFunc(r.s.NoticesSent,
		func(tag string) bool { return tag[:len(time.DateOnly)] < string(p.Opens) })
}

// number gives the next span or invoice its number. Numbers are never reused, so that the keys of
// charges made of them are unique.
func (r *run) number() int {
	r.s.Seq++
	return r.s.Seq
}

// reanchor counts cycles from a day on, unless it is an opening day already: then the stored day of
// the month (31, for example) must not be lost.
func (r *run) reanchor(day civil.Date) {
	a, i := r.s.Anchor, r.s.Terms.Interval
	if a.Opening(i, a.Index(i, day)) != day {
		r.s.Anchor = AnchorOn(day, a.Zone)
	}
}

// nextOpening is the first opening after a day.
func (r *run) nextOpening(day civil.Date) civil.Date {
	a, i := r.s.Anchor, r.s.Terms.Interval
	return a.Opening(i, a.Index(i, day)+1)
}

// openPeriod begins the period, or the part of one, that opens on a day. It is covered by an
// earlier payment, or it is invoiced now.
func (r *run) openPeriod(day civil.Date, start time.Time, kind OpenKind) {
	covered := r.s.PrepaidLeft > 0
	if !covered {
		// A gift never renews: with its last cycle it is over.
		if kind == OpenRenewal && r.s.NoRenewal {
			r.end(EndGiftOver)
			return
		}
		if !r.applyNext(day, start) {
			return
		}
	}
	a, i := r.s.Anchor, r.s.Terms.Interval
	n := a.Index(i, day)
	p := Span{
		Kind: SpanPaid, Opens: day, Closes: a.Opening(i, n+1), WholeOpens: a.Opening(i, n), WholeCloses: a.Opening(i, n+1),
		Price: r.s.Terms.Cycle(),
	}
	// Parcels are sent in whole cycles only; the days before the next opening cost nothing.
	if !p.whole() && r.s.Terms.delivers() {
		r.begin(Span{Kind: SpanGap, Opens: day, Closes: p.Closes}, start)
		r.event(EventSkipped, "date", 0)
		return
	}
	if !covered && p.whole() {
		p.Price -= r.s.discount(p.Price) // what is given back of the period is what was paid for it
	}
	r.begin(p, start)
	if covered && p.whole() {
		r.s.PrepaidLeft--
		r.cycle()
		r.send()
		r.event(EventRenewed, "prepaid", 0)
		return
	}
	// The payments of the period before can no longer be refunded by days.
	r.s.Payments, r.s.CreditPaid, r.s.GoodwillToCard = nil, 0, 0
	r.invoice(kind, r.periodLines(p), nil)
}

// applyNext puts the terms that wait for the next payment in force. It returns false when the subscription ended over
// it.
func (r *run) applyNext(day civil.Date, start time.Time) bool {
	if next := r.s.Next; next != nil {
		before := r.s.Terms.Interval
		r.s.Terms, r.s.Next = *next, nil
		// Only another interval moves the opening days; another price keeps them.
		if next.Interval != before {
			r.reanchorInterval(day)
		}
		r.event(EventChanged, "terms", 0)
	}
	return r.applyRise(day, start)
}

// reanchorInterval counts an interval of another length from this day on. A stored day beyond the
// end of a short month is kept: 31 stays 31.
func (r *run) reanchorInterval(day civil.Date) {
	keep := r.s.Anchor.Day
	r.s.Anchor = AnchorOn(day, r.s.Anchor.Zone)
	y, m, _ := day.Parts()
	if clamped(y*12+int(m)-1, keep) == day {
		r.s.Anchor.Day = keep
	}
}

// periodLines are the invoice lines of a whole period (all prepaid cycles at once), or of a part of
// one by days.
func (r *run) periodLines(p Span) []invoice.Line {
	t := r.s.Terms
	l := invoice.Line{
		Kind: invoice.LinePeriod, PlanID: t.PlanID, Version: t.Version, Quantity: t.Quantity, Cycles: 1,
		From: string(p.Opens), To: string(p.Closes),
		Amount: p.Cost(), TaxBP: t.TaxBP,
	}
	if p.whole() {
		l.Amount, l.Cycles = t.Payment(), t.Prepaid
		l.To = string(r.s.Anchor.Opening(t.Interval, r.s.Anchor.Index(t.Interval, p.Opens)+t.Prepaid))
	}
	lines := []invoice.Line{l}
	if off := r.s.discount(l.Amount); off > 0 && p.whole() {
		lines = append(lines, invoice.Line{
			Kind: invoice.LineDiscount, PlanID: t.PlanID, Version: t.Version, Quantity: t.Quantity, Amount: -off, TaxBP: t.TaxBP,
		})
	}
	return append(lines, r.setupLine()...)
}

// setupLine is the line of the setup fee while it is due; a slice, so that it can be appended as it
// is.
func (r *run) setupLine() []invoice.Line {
	t := r.s.Terms
	if !r.s.SetupDue {
		return nil
	}
	return []invoice.Line{{Kind: invoice.LineSetup, PlanID: t.PlanID, Version: t.Version, Quantity: 1, Amount: t.SetupFee,
		TaxBP: t.TaxBP}}
}

// cycle counts a paid cycle that has begun; the minimum term is counted in these.
func (r *run) cycle() {
	r.s.Span.Paid = true
	r.s.Cycles++
}

// closeSpan reports the running span with its final days: a change or cancellation may have cut it.
func (r *run) closeSpan() {
	r.emit(SpanEnded{Span: r.s.Span, Terms: r.s.Terms})
	r.closed = true
}

// cut ends the running span on a day and at this instant, if it would run longer.
func (r *run) cut(day civil.Date) {
	p := &r.s.Span
	if day < p.Closes {
		p.Closes = day
	}
	if r.at.Before(p.End) {
		p.End = r.at
	}
	r.closeSpan()
}

// end makes the subscription final. Account credit that is left stays the customer's.
func (r *run) end(reason string) {
	if !r.closed {
		// The day of the end is used, so the span covers it.
		r.cut(r.today().Add(1))
	}
	r.s.State, r.s.EndReason, r.s.EndedAt = Ended, reason, r.at
	// Nothing of a final state may ask, charge or wait for anything.
	r.s.Open, r.s.ConsentRequest, r.s.Next, r.s.Aside, r.s.Stock, r.s.PauseUntil, r.s.Skip =
		nil, nil, nil, nil, nil, "", false
	if r.s.Begun() {
		r.event(EventEnded, reason, r.s.Credit)
	}
	if r.s.Credit > 0 {
		r.emit(CreditLeft{r.s.money(r.s.Credit)})
		r.s.Credit = 0
	}
	// Whoever subscribes is there and is told that the payment was declined; a mail is for an outcome that comes later.
	if reason == EndNotStarted && (r.at.Sub(r.s.Span.Start) <= present || r.broken()) {
		return
	}
	if r.s.Begun() || reason == EndNotStarted || reason == EndNothingToBuy {
		r.notice(r.endedNotice(reason))
	}
}

// broken reports whether the last payment came to nothing because the cardholder did not come back from their bank:
// they know, and did not want it.
func (r *run) broken() bool {
	return r.s.Action != nil && r.s.Action.State == ActionFailed && r.s.Action.Code == CodeActionExpired
}

// present is how long after the start the sender surely still waits for the answer. Within it a
// failed first payment is answered and not mailed.
const present = time.Minute

// void gives the open invoice up: the credit it used comes back, the goods go back to stock.
func (r *run) void(reason string) {
	o := r.s.Open
	r.s.Credit += o.CreditUsed
	// Paid before, so it is due again with the next invoice.
	r.s.SetupDue = r.s.SetupDue || o.SetupFee
	if o.Coupon && r.s.Coupon != nil {
		r.s.Coupon.Left++
	}
	// Remembered, because money may still arrive for it.
	r.s.Voided, r.s.Open = Paid{Key: o.Key, Left: o.Amount}, nil
	r.remember(o)
	r.emit(Void{Key: o.Key, Reason: reason})
	if r.s.Terms.delivers() && o.Change == nil {
		r.emit(ReleaseStock{Key: o.Key})
	}
}

// remember keeps failed charges for the networks' limits, which look a month back.
func (r *run) remember(o *Open) {
	all := append(r.s.Used, o.Failures...)
	r.s.Used = slices.DeleteFunc(all, func(a Attempt) bool { return r.at.Sub(a.At) > month })
}
