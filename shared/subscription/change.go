package subscription

import (
	"slices"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

func (c Upgrade) do(r *run) error {
	if err := r.s.compatible(c.Terms); err != nil {
		return err
	}
	if c.Terms.PerMonth() <= r.s.Terms.PerMonth() && c.Terms.averageDays() <= r.s.Terms.averageDays() {
		return refuse("not_an_upgrade", "This plan is neither dearer nor longer than the one there is.")
	}
	return r.upgrade(c.Terms)
}

// compatible returns a problem when a subscription cannot go over to the terms.
func (s *Subscription) compatible(t Terms) error {
	switch {
	case t.Kind != s.Terms.Kind:
		return refuse("other_kind", "A %s cannot become a %s.", s.Terms.Kind, t.Kind)
	case t.Currency != s.Terms.Currency:
		return refuse("other_currency", "A subscription in %s cannot go on in %s.", s.Terms.Currency, t.Currency)
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
	ch.Span.Seq, ch.Span.Paid = r.number(), true
	r.invoiceChange(ch, line, unused)
	return nil
}

// invoiceChange invoices the new days less the old ones that are not used. Where those are worth more the invoice stops
// at 0 and the rest is account credit.
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
	r.invoice(OpenChange, lines, &ch)
	if rest := unused - line.Amount; rest > 0 {
		r.credit(rest, 0, "unused days")
	}
}

// change puts a change that is paid in force. Its day was fixed when it was asked for.
func (r *run) change(ch *Change) {
	r.s.Span.Closes, r.s.Span.End = ch.Span.Opens, ch.Span.Start
	r.closeSpan()
	r.s.Span, r.closed = ch.Span, false
	r.s.Terms, r.s.Anchor, r.s.PrepaidLeft = ch.Terms, ch.Anchor, ch.PrepaidLeft
	r.s.Next, r.s.Ask = nil, nil
	if r.s.Span.whole() {
		r.s.Cycles++
	}
	r.event(EventChanged, "upgrade", 0)
}

// later makes the terms those of the next payment.
func (r *run) later(t Terms) {
	r.s.Next = &t
	if t.PlanID != r.s.Terms.PlanID {
		r.s.Ask = nil // a price rise of the plan that is left
	}
}

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

// coming is a copy of the terms of the next payment.
func (s *Subscription) coming() Terms {
	t := s.Terms
	if s.Next != nil {
		t = *s.Next
	}
	t.Contents = slices.Clone(t.Contents)
	return t
}

func (c ChangeQuantity) do(r *run) error {
	if c.Quantity < 1 || c.Quantity > MaxQuantity {
		return wrongQuantity()
	}
	if err := r.s.unpaidDelivery(); err != nil {
		return err
	}
	t := r.s.coming()
	t.Quantity = c.Quantity
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

// unpaidGoods refuses to change what is paid for cycles to come.
func (s *Subscription) unpaidDelivery() error {
	if s.Terms.delivers() && s.PrepaidLeft > 0 || s.NoRenewal {
		return refuse("prepaid", "The coming cycles are paid for as they are.")
	}
	return nil
}

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

func (c ChangeAddress) do(r *run) error {
	r.s.AddressID = c.AddressID
	r.note = "address"
	return nil
}

func (c Move) do(r *run) error {
	var f fields
	_, err := civil.Zone(c.Zone)
	f.Require(err == nil, "/zone", "unknown", "an IANA time zone such as Asia/Seoul")
	f.Require(len(c.Region) == 2, "/region", "unknown", "a country, two letters")
	if err := f.Err(); err != nil {
		return err
	}
	r.s.Anchor.Zone, r.s.Region = c.Zone, c.Region
	if r.s.Open != nil && r.s.Open.Change != nil {
		r.s.Open.Change.Anchor.Zone = c.Zone
	}
	r.note = c.Zone
	return nil
}

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
	case !r.s.Terms.delivers() && r.s.Terms.Prepaid > 1:
		return refuse("not_for_this_plan", "The days of a prepaid membership are fixed.")
	case c.To <= max(today, p.Opens):
		return problem.InvalidField("/to", "too_early", "after today")
	case next.Opening(i, -1) > p.Closes:
		return problem.InvalidField("/to", "too_late", "at most one interval after %s", p.Closes)
	}
	if c.Day != 0 {
		next.Day = c.Day
		if i.months() == 0 || c.Day > 31 || next.Opening(i, 0) != c.To {
			return problem.InvalidField("/day", "other_day", "a day of the month that %s is the last of", c.To)
		}
	}
	r.s.Anchor = next
	r.note = string(c.To)
	if c.To < p.Closes {
		r.shorten(c.To)
	}
	r.event(EventChanged, "date", 0)
	return nil
}

// shorten lets the running period end earlier. Days of a membership that are paid and not used become account credit.
func (r *run) shorten(to civil.Date) {
	p := &r.s.Span
	if p.Kind == SpanPaid && !r.s.Terms.delivers() {
		r.credit(p.part(to, p.Closes), 0, "date changed")
	}
	p.Closes, p.End = to, max2(to.Start(r.s.zone()), r.at)
}
