package subscription

import (
	"slices"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

// do refuses terms that are not dearer per month: a cheaper plan at once would mean money back,
// which is what Downgrade avoids. Terms are compared per month, so that other intervals compare.
func (c Upgrade) do(r *run) error {
	if err := r.s.compatible(c.Terms); err != nil {
		return err
	}
	if c.Terms.PerMonth() <= r.s.Terms.PerMonth() && c.Terms.averageDays() <= r.s.Terms.averageDays() {
		return refuse("not_an_upgrade", "This plan is neither dearer nor longer than the one there is.")
	}
	return r.upgrade(c.Terms)
}

// compatible returns a problem when the subscription cannot change to the terms. Kind and currency
// are fixed: spans, credit and invoices depend on them.
func (s *Subscription) compatible(t Terms) error {
	switch {
	case t.Kind != s.Terms.Kind:
		return refuse("other_kind", "A %s cannot become a %s.", s.Terms.Kind, t.Kind)
	case t.Currency != s.Terms.Currency:
		return refuse("other_currency", "A subscription in %s cannot go on in %s.", s.Terms.Currency, t.Currency)
	// The giver has paid for exactly this.
	case s.NoRenewal:
		return refuse("gift", "A gift cannot be changed.")
	case t.Quantity < 1 || t.Quantity > MaxQuantity:
		return wrongQuantity()
	}
	return t.Interval.Valid()
}

// upgrade changes to dearer terms now, or at the next payment where goods are sent.
func (r *run) upgrade(t Terms) error {
	r.note = t.PlanID
	// In a trial nothing is paid yet, so there is nothing to settle. Parcels are not prorated.
	switch {
	case r.s.State == Trialing:
		r.s.Terms = t
		r.plannedChange(InTrial)
		return nil
	case t.delivers() || r.s.Span.Kind != SpanPaid:
		r.later(t)
		r.plannedChange("plan")
		return nil
	}
	// The day of the change belongs to the new plan.
	today := r.today()
	old := r.s.Span
	unused := old.part(today, old.Closes)
	ch := Change{Terms: t, Anchor: r.s.Anchor, Span: Span{
		Kind: SpanPaid, Opens: today, Closes: old.Closes, WholeOpens: old.WholeOpens, WholeCloses: old.WholeCloses,
		Price: t.Cycle(),
		Start: r.at, End: old.End,
	}}
	line := invoice.Line{Kind: invoice.LinePeriod, PlanID: t.PlanID, Version: t.Version, Quantity: t.Quantity, Cycles: 1,
		From: string(today), TaxBP: t.TaxBP}
	// Same length and paid cycle by cycle: the rest of the running period is charged at the new
	// price by days. Anything else begins a whole period of the new plan today.
	if t.Interval == r.s.Terms.Interval && t.Prepaid == 1 && r.s.Terms.Prepaid == 1 {
		line.To, line.Amount = string(old.Closes), ch.Span.Cost()
	} else {
		// Another rhythm: a whole period of it begins today.
		unused += int64(r.s.PrepaidLeft) * r.s.Terms.Cycle()
		ch.Anchor = AnchorOn(today, r.s.Anchor.Zone)
		ch.Span.WholeOpens, ch.Span.WholeCloses = today, ch.Anchor.Opening(t.Interval, 1)
		ch.Span.Closes = ch.Span.WholeCloses
		ch.Span.End = ch.Span.Closes.Start(r.s.zone())
		ch.PrepaidLeft = t.Prepaid - 1
		line.To, line.Amount = string(ch.Anchor.Opening(t.Interval, t.Prepaid)), t.Payment()
	}
	// Built now and stored with the invoice: the change takes effect when it is paid, with the days
	// and prices that were quoted.
	ch.Span.Seq, ch.Span.Paid = r.number(), true
	r.invoiceChange(ch, line, unused)
	return nil
}

// invoiceChange makes one invoice for the new days less the unused old ones. It never goes below 0:
// where the old days are worth more, the rest becomes account credit.
func (r *run) invoiceChange(ch Change, line invoice.Line, unused int64) {
	t := r.s.Terms
	lines := []invoice.Line{line}
	if back := min(unused, line.Amount); back > 0 {
		lines = append(lines, invoice.Line{
			Kind: invoice.LineUnused, PlanID: t.PlanID, Version: t.Version, Quantity: t.Quantity, From: string(ch.Span.Opens),
			To:     string(r.s.Span.Closes),
			Amount: -back, TaxBP: t.TaxBP,
		})
	}
	// Before the invoice, which then costs nothing and puts the change in force at once: the credit note is for days of
	// the old plan, with its tax.
	if rest := unused - line.Amount; rest > 0 {
		r.credit(rest, 0, "unused days")
	}
	r.invoice(OpenChange, lines, &ch)
}

// change puts a paid change in force. It begins on the day it was asked for, also when the payment
// came later: the invoice counted from that day.
func (r *run) change(ch *Change) {
	r.s.Span.Closes, r.s.Span.End = ch.Span.Opens, ch.Span.Start
	r.closeSpan()
	r.s.Span, r.closed = ch.Span, false
	// What was planned for the old terms no longer applies; a price rise of the plan does where the plan stays.
	r.s.Next = nil
	if r.s.Aside != nil {
		r.s.Aside.Next = nil
	}
	if ask := r.s.ConsentRequest; ask != nil && (ch.Terms.PlanID != r.s.Terms.PlanID || ch.Terms.Version >= ask.Version) {
		r.s.ConsentRequest = nil
	}
	r.s.Terms, r.s.Anchor, r.s.PrepaidLeft = ch.Terms, ch.Anchor, ch.PrepaidLeft
	// A part of a period does not count towards the minimum term; its whole was counted when it
	// began.
	if r.s.Span.whole() {
		r.s.Cycles++
	}
	r.event(EventChanged, "upgrade", 0)
}

// later makes the terms those of the next payment. A later change replaces an earlier one.
func (r *run) later(t Terms) {
	r.s.Next = &t
	if t.PlanID != r.s.Terms.PlanID {
		r.s.ConsentRequest = nil // a price rise of the plan that is left
	}
}

// do accepts equal prices too: a change to a plan at the same price has nothing to pay and waits
// for the next payment.
func (c Downgrade) do(r *run) error {
	if err := r.s.compatible(c.Terms); err != nil {
		return err
	}
	if c.Terms.PerMonth() > r.s.Terms.PerMonth() {
		return refuse("not_a_downgrade", "This plan is dearer than the one there is.")
	}
	r.note = c.Terms.PlanID
	if r.s.State == Trialing {
		r.s.Terms = c.Terms
		r.plannedChange(InTrial)
		return nil
	}
	r.later(c.Terms)
	r.plannedChange("plan")
	return nil
}

// coming is a copy of the terms that the next payment is made under.
func (s *Subscription) coming() Terms {
	t := s.Terms
	if s.Next != nil {
		t = *s.Next
	}
	// The list is cloned, so that an edit does not reach the terms now in force.
	t.Contents = slices.Clone(t.Contents)
	return t
}

// ComingContents are the goods that the next cycle to be paid sends; empty for a box and a membership.
func (s *Subscription) ComingContents() []Item { return s.coming().Contents }

// do changes the number of units. More units of a membership are charged at once like an upgrade;
// everything else begins with the next payment.
func (c ChangeQuantity) do(r *run) error {
	if c.Quantity < 1 || c.Quantity > MaxQuantity {
		return wrongQuantity()
	}
	if err := r.s.unpaidDelivery(); err != nil {
		return err
	}
	t := r.s.coming()
	t.Quantity = c.Quantity
	// Only when no other change is planned: that change would be lost by an upgrade at once.
	if r.s.State == Active && !t.delivers() && r.s.Next == nil && c.Quantity > r.s.Terms.Quantity {
		return r.upgrade(t)
	}
	r.note = "quantity"
	if r.s.State == Trialing {
		r.s.Terms = t
		r.plannedChange(InTrial)
		return nil
	}
	r.later(t)
	r.plannedChange("quantity")
	return nil
}

// unpaidDelivery refuses to change quantity or price of cycles that are already paid.
func (s *Subscription) unpaidDelivery() error {
	if s.Terms.delivers() && s.PrepaidLeft > 0 || s.NoRenewal {
		return refuse("prepaid", "The coming cycles are paid for as they are.")
	}
	return nil
}

// do exchanges the contents of the coming cycles.
func (c Swap) do(r *run) error {
	if !r.s.Terms.delivers() {
		return refuse("not_for_this_plan", "A membership sends nothing to swap.")
	}
	var f fields
	f.items("/contents", c.Contents)
	f.Require(len(c.Contents) > 0, "/contents", "required", "one item at least")
	f.within("/price", c.Price, 0, maxPrice)
	if err := f.Err(); err != nil {
		return err
	}
	// Contents of the same price may change even when the cycles are prepaid.
	if c.Price != r.s.coming().Price {
		if err := r.s.unpaidDelivery(); err != nil {
			return err
		}
	}
	r.note = "contents"
	if r.s.PrepaidLeft > 0 {
		r.s.Terms.Contents = slices.Clone(c.Contents) // at the price that is paid
		return nil
	}
	t := r.s.coming()
	t.Contents, t.Price = slices.Clone(c.Contents), c.Price
	r.later(t)
	r.plannedChange("contents")
	return nil
}

// do changes where the coming parcels go. Parcels under way keep their address.
func (c ChangeAddress) do(r *run) error {
	r.s.AddressID = c.AddressID
	r.note = "address"
	return nil
}

// do moves the subscriber to another time zone and country. The running period keeps its end; only
// the spans after it follow the new local days.
func (c Move) do(r *run) error {
	var f fields
	_, err := civil.Zone(c.Zone)
	f.Require(err == nil, "/zone", "unknown", "an IANA time zone such as Asia/Seoul")
	f.Require(len(c.Region) == 2, "/region", "unknown", "a country, two letters")
	if err := f.Err(); err != nil {
		return err
	}
	r.s.Anchor.Zone, r.s.Region = c.Zone, c.Region
	// A change that waits for its payment carries an anchor of its own.
	if r.s.Open != nil && r.s.Open.Change != nil {
		r.s.Open.Change.Anchor.Zone = c.Zone
	}
	r.note = c.Zone
	return nil
}

// do moves the next opening day and counts the days after it from there.
func (c ChangeDate) do(r *run) error {
	p, a, i := &r.s.Span, r.s.Anchor, r.s.Terms.Interval
	_, err := civil.ParseDate(string(c.To))
	today := civil.DateAt(r.at, r.s.zone())
	next := AnchorOn(c.To, a.Zone)
	switch {
	case err != nil:
		return problem.InvalidField("/to", "no_date", "a date, YYYY-MM-DD")
	case r.s.PauseUntil != "" || r.s.Skip:
		return refuse("change_pending", "Take the pause or the skip back first.")
	// The days of a prepaid membership are paid as a block; moving them would change its length.
	case !r.s.Terms.delivers() && r.s.Terms.Prepaid > 1:
		return refuse("not_for_this_plan", "The days of a prepaid membership are fixed.")
	case c.To <= max(today, p.Opens):
		return problem.InvalidField("/to", "too_early", "after today")
	// At most one interval later: otherwise days would pass unpaid without a pause.
	case next.Opening(i, -1) > p.Closes:
		return problem.InvalidField("/to", "too_late", "at most one interval after %s", p.Closes)
	}
	if c.Day != 0 {
		// To must be the opening that Day leads to in its month, else the first period would not
		// open on To.
		next.Day = c.Day
		if i.months() == 0 || c.Day > 31 || next.Opening(i, 0) != c.To {
			return problem.InvalidField("/day", "other_day", "a day of the month that %s is the last of", c.To)
		}
	}
	r.s.Anchor = next
	r.note = string(c.To)
	// Moving a date to a later day needs no more: the running period ends as planned, and the days
	// until the new one are a span of their own.
	if c.To < p.Closes {
		r.shorten(c.To)
	}
	r.event(EventChanged, "date", 0)
	return nil
}

// shorten ends the running period earlier. Paid days of a membership that are not used become
// account credit; of plans that deliver nothing is given back, the parcel came already.
func (r *run) shorten(to civil.Date) {
	p := &r.s.Span
	if p.Kind == SpanPaid && !r.s.Terms.delivers() {
		r.credit(p.part(to, p.Closes), 0, "date changed")
	}
	p.Closes, p.End = to, max2(to.Start(r.s.zone()), r.at)
}
