package subscription

import (
	"slices"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
)

const (
	// A first answer that got lost is usually known within minutes; what is still open after an
	// hour is a matter of the bank and is looked at daily.
	firstCheck  = 5 * time.Minute // Kill Bill asks after 5 minutes, an hour, then daily
	secondCheck = time.Hour
	laterChecks = 24 * time.Hour
)

// invoice makes the invoice of the change's span, or of the running one, uses account credit first
// and charges the rest. An invoice of 0 is paid at once.
func (r *run) invoice(kind OpenKind, lines []invoice.Line, change *Change) {
	seq := r.s.Span.Seq
	if change != nil {
		seq = change.Span.Seq
	}
	sum := invoice.Subtotal(lines)
	credit := min(r.s.Credit, sum)
	r.s.Credit -= credit
	inv := invoice.Draft{
		Key: Key(r.s.ID, seq), SubscriptionID: r.s.ID, CustomerID: r.s.CustomerID, Kind: string(kind), Seq: seq, Issued: r.at,
		Currency: r.s.Terms.Currency, Lines: lines, Taxes: invoice.Taxes(lines), Subtotal: sum, CreditUsed: credit,
		Total: sum - credit,
	}
	setup := slices.ContainsFunc(lines, func(l invoice.Line) bool { return l.Kind == invoice.LineSetup })
	// Set back if the invoice is given up, so that the fee is due again with the next one.
	if setup {
		r.s.SetupDue = false
	}
	coupon := slices.ContainsFunc(lines, func(l invoice.Line) bool { return l.Kind == invoice.LineDiscount })
	if coupon {
		r.s.Coupon.Left--
	}
	r.s.Open = &Open{Key: inv.Key, Kind: kind, Amount: inv.Total, CreditUsed: credit, SetupFee: setup, Coupon: coupon,
		Change: change}
	r.emit(MakeInvoice{inv})
	r.collect()
}

// collect charges the open invoice. With nothing left to charge the stock is still reserved first:
// a cycle without stock must not count as delivered.
func (r *run) collect() {
	if r.s.Open.Amount > 0 {
		r.charge()
		return
	}
	if hold := r.holdOf(r.s.Open); hold != nil {
		r.emit(*hold)
	}
	r.paid("")
}

// retry charges again after a failure. If the subscriber asked for the charge and a technical
// failure stopped it, the repetition still counts as theirs and uses up no day of the schedule.
func (r *run) retry() {
	last := r.s.Open.Failures[len(r.s.Open.Failures)-1]
	r.collect()
	if o := r.s.Open; o != nil {
		o.ByHand = last.ByHand && last.Kind == payment.KindTechnical
	}
}

// charge makes the next attempt.
func (r *run) charge() {
	o := r.s.Open
	// A new number, and so a new key, for each attempt: under the old key a provider repeats its
	// old answer.
	o.Attempt++
	o.InFlight, o.Checks, o.CheckAt = true, 0, r.at.Add(firstCheck)
	o.RetryAt, o.Wait, o.ByHand = time.Time{}, "", false
	o.Session, r.s.Action = r.session, nil
	r.emitCharge(false)
}

// emitCharge asks for the charge, or with lookup for what became of it.
func (r *run) emitCharge(lookup bool) {
	o := r.s.Open
	r.emit(Charge{
		Key: o.Key, AttemptKey: o.AttemptKey(), Attempt: o.Attempt, Amount: r.s.money(o.Amount), Card: r.s.Card,
		Lookup: lookup, Session: o.Session, Withdraw: lookup && r.actionIsOver(),
		Hold: r.holdOf(o),
	})
}

// check asks the provider again about the charge in flight, after growing pauses.
func (r *run) check() {
	o := r.s.Open
	o.Checks++
	pause := laterChecks
	if o.Checks == 1 {
		pause = secondCheck
	}
	o.CheckAt = r.at.Add(pause)
	r.emitCharge(true)
}

// holdOf is the stock reservation that has to precede a charge; nil where the invoice sends
// nothing: memberships, gifts that wait, and changes of plan.
func (r *run) holdOf(o *Open) *HoldStock {
	if !r.s.Terms.delivers() || r.s.waiting() || o != nil && o.Change != nil {
		return nil
	}
	return &HoldStock{Key: r.cycleKey(), Opens: r.s.Span.Opens, Contents: r.contents(), Quantity: r.s.Terms.Quantity}
}

// send reserves and delivers a cycle that an earlier payment covers.
func (r *run) send() {
	if hold := r.holdOf(nil); hold != nil {
		r.emit(*hold)
		r.deliver()
	}
}

// deliver asks for the order of the running cycle. A gift that waits delivers nothing yet.
func (r *run) deliver() {
	if r.s.Terms.delivers() && !r.s.waiting() {
		r.emit(Deliver{
			Key: r.cycleKey(), Price: r.s.money(r.s.Span.Price), Opens: r.s.Span.Opens, Contents: r.contents(),
			Quantity: r.s.Terms.Quantity, AddressID: r.s.AddressID,
		})
	}
}

// contents are what this cycle sends: the plan's substitutes once the shortage rules chose them.
func (r *run) contents() []Item {
	if r.s.Stock != nil && r.s.Stock.Substituted {
		return r.s.Terms.Policy.Substitutes
	}
	return r.s.Terms.Contents
}

// cycleKey names the running cycle for stock and orders; it is the invoice key of its span.
func (r *run) cycleKey() string { return Key(r.s.ID, r.s.Span.Seq) }
