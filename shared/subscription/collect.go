package subscription

import (
	"slices"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
)

const (
	firstCheck  = 5 * time.Minute // Kill Bill asks after 5 minutes, an hour, then daily
	secondCheck = time.Hour
	laterChecks = 24 * time.Hour
)

// invoice makes the invoice of the span in change, else of the running span, uses account credit, and charges what is
// left. At 0 it is paid at once.
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

// collect charges the open invoice; where nothing is left to charge the goods are held and it is paid.
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

// retry charges again after a failure. What the subscriber asked for and a machine was too ill to try is still their
// try.
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
	o.Attempt++
	o.InFlight, o.Checks, o.CheckAt = true, 0, r.at.Add(firstCheck)
	o.RetryAt, o.Wait, o.ByHand = time.Time{}, "", false
	o.Session, r.s.Action = r.session, nil
	r.emitCharge(false)
}

func (r *run) emitCharge(lookup bool) {
	o := r.s.Open
	r.emit(Charge{
		Key: o.Key, AttemptKey: o.AttemptKey(), Attempt: o.Attempt, Amount: r.s.money(o.Amount), Card: r.s.Card,
		Lookup: lookup, Session: o.Session, Withdraw: lookup && r.actionIsOver(),
		Hold: r.holdOf(o),
	})
}

// check asks again what became of the charge in flight.
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

// holdOf is the hold that an invoice's goods need before it is charged; nil when it sends none.
func (r *run) holdOf(o *Open) *HoldStock {
	if !r.s.Terms.delivers() || r.s.waiting() || o != nil && o.Change != nil {
		return nil
	}
	return &HoldStock{Key: r.cycleKey(), Opens: r.s.Span.Opens, Contents: r.contents(), Quantity: r.s.Terms.Quantity}
}

// send holds the goods of a cycle that is paid already and delivers them.
func (r *run) send() {
	if hold := r.holdOf(nil); hold != nil {
		r.emit(*hold)
		r.deliver()
	}
}

func (r *run) deliver() {
	if r.s.Terms.delivers() && !r.s.waiting() {
		r.emit(Deliver{
			Key: r.cycleKey(), Opens: r.s.Span.Opens, Contents: r.contents(), Quantity: r.s.Terms.Quantity,
			AddressID: r.s.AddressID,
		})
	}
}

func (r *run) contents() []Item {
	if r.s.Stock != nil && r.s.Stock.Substituted {
		return r.s.Terms.Policy.Substitutes
	}
	return r.s.Terms.Contents
}

func (r *run) cycleKey() string { return Key(r.s.ID, r.s.Span.Seq) }
