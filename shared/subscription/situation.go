package subscription

import (
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
)

// The situations of notices: of each kind, which text is true. They are computed here, from the decision, and nowhere
// else; shared/mail has a text for each in every language.
const (
	MinimumTerm    = "minimum_term"    // canceled, renewal: charges of the minimum term are still to come
	InTrial        = "trial"           // canceled, change_planned: nothing has been paid yet
	PaymentRunning = "payment_running" // canceled: the outcome of one charge is still to come
	PrepaidRuns    = "prepaid"         // canceled: parcels that are paid are still to come
	ByCredit       = "credit"          // renewal, trial_ending, out_of_stock: account credit covers it, or gets it back
	LastReminder   = "_last"           // ends the situation of the last consent request
)

// Outcome is what becomes of a price that consent is asked for.
type Outcome string

// The outcomes: the price begins, the subscription goes on at the old one, or ends.
const (
	PriceBegins Outcome = "price_begins"
	PriceStays  Outcome = "price_stays"
	EndsThen    Outcome = "ends"
)

// WithoutYes is what happens on the day when the subscriber has said nothing, and when they have said no.
func (s *Subscription) WithoutYes() (silent, refused Outcome) {
	a := s.ConsentRequest
	// Nothing is asked, so nothing changes.
	if a == nil {
		return PriceStays, PriceStays
	}
	refused = PriceStays
	// A trial always ends with a no: nobody agreed to a price.
	if a.Kind == compliance.TrialTurnsPaid || s.Terms.Policy.Silence == EndsAll {
		refused = EndsThen
	}
	silent = refused
	// Silence is enough where neither the law nor the plan asks for a yes.
	if !a.Required {
		silent = PriceBegins
	}
	return silent, refused
}

// askSituation names the text of a consent request or a notice of a new price: by what a no leads to, and whether it is
// the last one.
func (s *Subscription) askSituation(last bool) string {
	_, refused := s.WithoutYes()
	situation := "keep"
	switch {
	case s.ConsentRequest.Kind == compliance.TrialTurnsPaid:
		situation = InTrial
	case refused == EndsThen:
		situation = "end"
	}
	// Only a request has a last reminder; a notice goes out once.
	if last && s.ConsentRequest.Required {
		situation += LastReminder
	}
	return situation
}

// endsUnlessAnswered reports whether the subscription ends on a day if nobody answers. A renewal is not announced then:
// it is the requests for consent that say what is going to happen.
func (s *Subscription) endsUnlessAnswered(on civil.Date) bool {
	silent, refused := s.WithoutYes()
	// Another day is none of this question's, and a yes was given.
	switch a := s.ConsentRequest; {
	case a == nil || a.On != on || a.Answer == Granted:
		return false
	case a.Answer == Refused:
		return refused == EndsThen
	}
	return silent == EndsThen
}

// foreseen is the subscription as it stands in the middle of a change, ready to be played forward.
func (r *run) foreseen() Subscription {
	// A copy, so that foreseeing changes nothing; its notices are planned as if the change were
	// over.
	next := &run{s: r.s.clone(), at: r.at}
	next.schedule()
	return next.s
}

// chargeOn is what is charged on a day if nothing changes: 0 when account credit covers it.
func (r *run) chargeOn(on civil.Date) money.Money {
	// The next charge may be on a later day: then nothing is charged on this one.
	for _, u := range r.foreseen().Upcoming(1) {
		if u.On == on {
			return u.Amount
		}
	}
	return r.s.money(0)
}

// canceledNotice says what a cancellation leaves: until when it runs, and what is still charged until then.
func (r *run) canceledNotice() Notice {
	n := Notice{Kind: NoticeCanceled, Date: r.s.endsOn().Add(-1), Amount: r.s.money(0)}
	foreseen := r.foreseen()
	// A canceled subscription is charged for its minimum term at most, so the list ends by itself.
	for _, u := range foreseen.Upcoming(r.s.Terms.MinCycles + 1) {
		n.Charges++
		n.Amount.Amount += u.Amount.Amount
	}
	// What still costs something comes first: the subscriber has to know that above all.
	switch {
	case n.Charges > 0:
		n.Situation = MinimumTerm
	case r.s.Span.Kind == SpanTrial:
		n.Situation = InTrial
	case r.s.Open != nil:
		n.Situation, n.Amount = PaymentRunning, r.s.money(r.s.Open.Amount)
	case r.s.PrepaidLeft > 0 && r.s.Terms.delivers():
		n.Situation = PrepaidRuns
	}
	return n
}

// endedNotice says why a subscription ended and which day was its last.
func (r *run) endedNotice(reason string) Notice {
	n := Notice{Kind: NoticeEnded, Date: r.s.Span.Closes.Add(-1), Reason: reason, Situation: reason}
	switch {
	case reason == EndNotStarted || reason == EndNothingToBuy:
		n.Date = "" // there was no day
	case reason == EndNoConsent && r.s.Span.Kind == SpanTrial:
		n.Situation = "no_consent_trial"
	case reason == EndNoConsent:
		n.Situation = "no_consent_price"
	}
	return n
}

// failedNotice says of a renewal that was declined what is waited for, until when it can be paid, and until when the
// benefits go on.
func (r *run) failedNotice(kind NoticeKind) Notice {
	o, d := r.s.Open, r.s.Terms.Policy.Dunning.or()
	n := Notice{Kind: kind, Date: r.s.Span.Opens, Amount: r.s.money(o.Amount)}
	// day is a day of the dunning schedule in the subscriber's zone.
	day := func(days int) civil.Date { return civil.DateAt(r.s.days(o.Since, days), r.s.zone()) }
	n.PayBy = day(d.CancelDays).Add(-1) // given up in the morning of that day
	// Parcels have no benefits that could stop: a parcel that is not paid is not sent.
	if r.s.State == PastDue && !r.s.Terms.delivers() {
		n.BenefitsStop = day(d.SuspendDays)
	}
	if kind == NoticeSuspended {
		n.Situation = "benefits"
		// Two texts, because benefits stop and parcels are not sent.
		if r.s.Terms.delivers() {
			n.Situation = "parcels"
		}
		return n
	}
	n.Retry, n.Wait, n.Situation = o.RetryAt, o.Wait, "retry"
	// No date means that somebody has to act first; the text says who.
	if o.RetryAt.IsZero() {
		n.Situation = string(o.Wait)
	}
	return n
}

// shortageSituation says what is done about a cycle whose goods are out: that depends on whether it was paid ahead.
func (r *run) shortageSituation(action StockAction) string {
	// Goods are held before the charge, so without an open invoice the cycle was paid before.
	paid := r.s.Open == nil
	switch {
	case action == StockSubstitute:
		return "substitute"
	case action == StockWait && paid:
		return "wait_paid"
	case action == StockWait:
		return "wait"
	case !paid:
		return "skip"
	case action == StockRefund && r.paidByCard():
		return "refund"
	case action == StockRefund:
		return ByCredit // what account credit paid becomes account credit again
	case r.s.Terms.Prepaid > 1:
		return "skip_paid"
	}
	return ByCredit
}

// paidByCard reports whether money of the running period can still go back to a card.
func (r *run) paidByCard() bool {
	return slices.ContainsFunc(r.s.Payments, func(p Paid) bool { return p.Left > 0 })
}

// planNotice is a notice about what was just planned, with the next charge and its day.
func (r *run) planNotice(kind NoticeKind, situation string) Notice {
	n := Notice{Kind: kind, Situation: situation, Amount: r.s.money(0)}
	for _, u := range r.foreseen().Upcoming(1) {
		n.Date, n.Amount = u.On, u.Amount
	}
	return n
}

// plannedChange tells that terms have been planned for the next payment.
func (r *run) plannedChange(situation string) {
	t := r.s.coming()
	n := Notice{
		Kind: NoticeChangePlanned, Situation: situation, Date: r.s.nextPaid(), Amount: r.s.money(t.Payment()),
		NextPlan: t.PlanID,
	}
	// In a trial the next payment is at its end, whatever the plan's days are.
	if r.s.State == Trialing {
		n.Date = r.s.Span.Closes
	}
	r.notice(n)
}

// quietHours is when channels that disturb may be used at the earliest.
func (r *run) quietHours() time.Time {
	// For SMS and push; mail disturbs nobody.
	return compliance.QuietHours(compliance.SMS, r.s.Region).Next(r.at, r.s.zone())
}
