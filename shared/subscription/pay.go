package subscription

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

// do takes the news that a charge succeeded, for the open invoice or for one that was given up.
func (c ChargeSucceeded) do(r *run) error {
	switch o := r.s.Open; {
	case o != nil && o.Key == c.Key:
		r.closeAction(ActionPaid, "")
		if c.Card.Token != "" {
			r.s.Card = c.Card
		}
		r.paid(c.PaymentID)
	case c.Key == r.s.Voided.Key:
		// The money came after the invoice was given up: it is not ours.
		r.note = "paid after it was given up; refunded"
		r.emit(Refund{
			Key: c.Key + "#refund-late", PaymentID: c.PaymentID, ChargeKey: c.Key, Amount: r.s.money(r.s.Voided.Left),
		})
		r.s.Voided = Paid{}
	// An outcome that came twice.
	case r.knows(c.Key):
	default:
		return refuse("unknown_charge", "This subscription has no open invoice %s.", c.Key)
	}
	return nil
}

// knows reports whether the key is of one of this subscription's earlier invoices, so that its
// outcome has been dealt with.
func (r *run) knows(key string) bool {
	n, ok := strings.CutPrefix(key, Key(r.s.ID, 0)[:len(r.s.ID)+1])
	seq, err := strconv.Atoi(n)
	return ok && err == nil && seq >= 1 && seq <= r.s.Seq
}

// paid closes the open invoice and begins what it paid for. paymentID is "" when account credit
// covered it.
func (r *run) paid(paymentID string) {
	o := r.s.Open
	r.s.Open = nil
	r.remember(o)
	r.emit(Settle{Key: o.Key, PaymentID: paymentID})
	r.s.CreditPaid += o.CreditUsed
	if o.Amount > 0 {
		r.s.Payments = append(r.s.Payments, Paid{Key: o.Key, PaymentID: paymentID, Left: o.Amount})
		r.notice(Notice{Kind: NoticeReceipt, Date: civil.DateAt(r.at, r.s.zone()), Amount: r.s.money(o.Amount)})
	}
	if o.Kind == OpenChange {
		r.change(o.Change)
		return
	}
	// The running span is marked, also when the payment came after its last day.
	r.s.Span.Paid = true
	switch {
	case r.s.waiting():
		// The cycles of a gift begin when it is claimed, so all of them are left.
		r.s.PrepaidLeft = r.s.Terms.Prepaid
	case r.s.Span.whole():
		// The first of the prepaid cycles begins now.
		r.cycle()
		r.s.PrepaidLeft = r.s.Terms.Prepaid - 1
	}
	r.deliver()
	r.s.Stock = nil
	r.standAfterPayment(o)
}

// standAfterPayment moves to the state that a paid subscription is in. A canceled one stays
// canceled.
func (r *run) standAfterPayment(o *Open) {
	switch r.s.State {
	case Starting:
		r.s.State = Active
		r.begun()
		r.event(EventActivated, "", o.Amount)
	case PastDue, Suspended:
		r.s.State = Active
		r.event(EventRecovered, "", o.Amount)
		r.notice(Notice{Kind: NoticeRecovered, Amount: r.s.money(o.Amount)})
	default:
		r.begun() // canceled while the first payment was being made
		r.event(EventRenewed, "", o.Amount)
	}
	// Only after a decline that counted: a technical failure that was repaired changes no days.
	if !o.Since.IsZero() {
		r.recover(o)
	}
}

// recover gives back the days on which the benefits were suspended, and passes over the periods
// that went by meanwhile: what was not sent or given is not charged.
func (r *run) recover(o *Open) {
	p := &r.s.Span
	today := civil.DateAt(r.at, r.s.zone())
	if o.Suspended && !r.s.Terms.delivers() {
		from := civil.DateAt(r.s.days(o.Since, r.s.Terms.Policy.Dunning.or().SuspendDays), r.s.zone())
		from, to := max(from, p.Opens), min(max(today, p.Opens), p.Closes)
		if from < to {
			p.FreeFrom, p.FreeTo = from, to
			r.credit(p.part(from, to), 0, "suspended")
		}
	}
	// The period still runs, or was not interrupted: nothing to pass over.
	if r.at.Before(p.End) || !o.Suspended && !r.s.Terms.delivers() {
		return
	}
	day, start := p.Closes, p.End
	closes := today
	// On an opening day the next cycle begins today; otherwise the days until the next opening are
	// free.
	if r.s.Anchor.Opening(r.s.Terms.Interval, r.s.Anchor.Index(r.s.Terms.Interval, today)) != today {
		closes = r.nextOpening(today)
	}
	if closes > day {
		r.closeSpan()
		r.begin(Span{Kind: SpanGap, Opens: day, Closes: closes}, start)
	}
}

// credit makes a credit note: toCard of the amount is refunded, the rest is account credit.
func (r *run) credit(amount, toCard int64, reason string) {
	if amount <= 0 {
		return
	}
	// Refunds are made first and credit is the rest, so that both add up to the note.
	r.s.Credit += amount - toCard
	r.emit(MakeCreditNote{invoice.CreditNote{
		SubscriptionID: r.s.ID, Seq: r.s.Span.Seq, Reason: reason, Issued: r.at, Currency: r.s.Terms.Currency,
		Amount: amount, ToCard: toCard, ToCredit: amount - toCard,
		// A credit note shows the tax contained in its amount, as the invoice does.
		Taxes: invoice.Taxes([]invoice.Line{{Amount: amount, TaxBP: r.s.Terms.TaxBP}}),
	}})
}

// refund gives an amount back to where it came from, the last payment first; what was paid from credit becomes credit
// again.
func (r *run) refund(amount int64, reason string) {
	left := amount
	var refunds []Effect
	// The last payment first, as its card is the most likely to be still valid.
	for i := range slices.Backward(r.s.Payments) {
		p := &r.s.Payments[i]
		back := min(left, p.Left)
		if back == 0 {
			continue
		}
		p.Left, left = p.Left-back, left-back
		p.Refunds++
		// A number in the key, because a payment can be refunded in several parts.
		key := p.Key + "#refund-" + strconv.Itoa(p.Refunds)
		refunds = append(refunds, Refund{Key: key, PaymentID: p.PaymentID, ChargeKey: p.Key, Amount: r.s.money(back)})
	}
	r.s.CreditPaid = max(r.s.CreditPaid-left, 0)
	// The note comes before its refunds, which name it.
	r.credit(amount, amount-left, reason)
	r.emit(refunds...)
}

// refundUnused gives back what is paid and not used, at most what is left of what was paid once some of it has gone
// back to the card as goodwill: nothing is given back twice.
func (r *run) refundUnused(amount int64, reason string) {
	if r.s.GoodwillToCard > 0 {
		left := r.s.CreditPaid
		for _, p := range r.s.Payments {
			left += p.Left
		}
		amount = min(amount, left)
	}
	r.refund(amount, reason)
}

// do takes the news that a charge failed. News of another attempt than the one in flight is old and
// changes nothing.
func (c ChargeFailed) do(r *run) error {
	o := r.s.Open
	if o == nil || o.Key != c.Key || !o.InFlight || o.Attempt != c.Attempt {
		if o == nil && !r.knows(c.Key) {
			return refuse("unknown_charge", "This subscription has no open invoice %s.", c.Key)
		}
		return nil
	}
	r.closeAction(ActionFailed, c.Code)
	o.InFlight, o.CheckAt = false, time.Time{}
	o.Failures = append(o.Failures, Attempt{
		At: r.at, Kind: c.Kind, Code: c.Code, Card: r.s.Card.Token, Brand: r.s.Card.Brand, Amount: o.Amount, ByHand: o.ByHand,
		Present: o.Session != nil,
	})
	r.note = string(c.Kind) + " " + c.Code
	switch {
	// The plan of now is untouched: only the change was not paid.
	case o.Kind == OpenChange:
		r.void("change not paid")
		r.notice(Notice{Kind: NoticeChangeFailed, Reason: c.Code})
	// Nobody waits for a subscription that never began; the shopper may try again with another
	// card.
	case o.Kind == OpenFirst:
		r.void(EndNotStarted)
		r.end(EndNotStarted)
	default:
		r.follow(c.Kind)
	}
	return nil
}

// follow decides what comes after a declined renewal.
func (r *run) follow(kind payment.Kind) {
	o := r.s.Open
	counted := withoutPresent(o.Failures)
	brokenOff := len(counted) < len(o.Failures)
	d := Next(r.s.Terms.Policy.Dunning, counted, r.s.Used, r.at, r.s.days)
	o.RetryAt, o.Wait = d.Retry, d.Wait
	r.event(EventFailed, string(kind), o.Amount)
	// What they broke off changes nothing that was decided before; where nothing was, the invoice must not be forgotten.
	if !d.Counts || brokenOff && !o.Since.IsZero() {
		return
	}
	if r.s.Terms.delivers() {
		r.emit(ReleaseStock{Key: o.Key}) // the next try is days away and holds them again
	}
	// Who has canceled is not dunned: the subscription ends.
	if r.s.State == Canceled {
		r.void(EndUnpaid)
		r.end(EndUnpaid)
		return
	}
	if o.Since.IsZero() {
		o.Since = r.at
	}
	if r.s.State == Active {
		r.s.State = PastDue
	}
	r.notice(r.failedNotice(NoticePaymentFailed))
}

// withoutPresent leaves out the last failures that say nothing about charging the card without the cardholder: a
// challenge that they broke off, or a technical failure while they were there. What was planned before those stays.
// The first failure of an invoice is always decided on.
func withoutPresent(failures []Attempt) []Attempt {
	n := len(failures)
	for n > 1 && failures[n-1].Present &&
		(failures[n-1].Kind == payment.KindAction || failures[n-1].Kind == payment.KindTechnical) {
		n--
	}
	return failures[:n]
}

// suspend stops the benefits after the policy's days without payment. Retries may go on.
func (r *run) suspend() {
	r.s.State, r.s.Open.Suspended = Suspended, true
	r.event(EventSuspended, "", r.s.Open.Amount)
	r.notice(r.failedNotice(NoticeSuspended))
}

// do charges another card from now on, and at once what is unpaid.
func (c ChangeCard) do(r *run) error {
	if c.Card.Token == "" {
		return problem.InvalidField("/card", "required", "a way to pay")
	}
	// Two charges of one invoice at a time could both succeed.
	if o := r.s.Open; o != nil && o.InFlight {
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	}
	r.s.Card = c.Card
	r.note = "card changed"
	// While the cycle waits for stock nothing may be charged for it.
	if r.s.Open != nil && !r.s.outOfStock() {
		r.collect()
		r.s.Open.ByHand = true
	}
	return nil
}

// do charges the unpaid invoice at once, within the limits of the card networks.
func (PayNow) do(r *run) error {
	o := r.s.Open
	switch {
	case o == nil || r.s.outOfStock():
		return refuse("nothing_unpaid", "Nothing is unpaid.")
	case r.s.OpenAction() != nil:
		return nil // the bank is waiting for them already
	case o.InFlight:
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	// A hard decline must not be repeated with the same card; the networks fine it.
	case o.Wait == WaitCard:
		return refuse("card_refused", "This card cannot be charged again. Please use another one.")
	}
	last := o.Failures[len(o.Failures)-1]
	if at, _ := allowedByNetwork(slices.Concat(r.s.Used, o.Failures), last, r.at); at.After(r.at) {
		return refuse("too_many_tries", "This card was tried too often. Please use another one, or wait.")
	}
	r.collect()
	r.s.Open.ByHand = true
	return nil
}
