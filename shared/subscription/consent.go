package subscription

import (
	"errors"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

// minAskDays is the least time between the first request and the change: seven days, by the rules
// of the card networks and in Korea.
const minAskDays = 7

// consentRule is the law where the subscriber is; a plan may ask for more.
func (s *Subscription) consentRule() compliance.ConsentRule {
	rule := compliance.ConsentRuleFor(s.Region)
	rule.Required = rule.Required || s.Terms.Policy.AlwaysAskConsent
	return rule
}

// may reports whether the new price may begin: with valid consent where the law or the plan
// requires it, else unless the subscriber refused.
func (a *ConsentRequest) may(s *Subscription, at time.Time) bool {
	rule := s.consentRule()
	if !rule.Required {
		return a.Answer != Refused
	}
	// The proof is checked again when the price begins: it must be unchanged, be about exactly this
	// instant, and fall into the period that the law sets.
	return a.Answer == Granted && a.Proof != nil && a.Proof.Intact() && a.Proof.Notice.Change.Equal(at) &&
		rule.Accept(a.Proof.Notice, a.Proof.Answer, s.zone()) == nil
}

// trialConverts reports whether the trial turns paid. Without the consent that is needed the
// subscription ends and nothing is charged.
func (r *run) trialConverts() bool {
	// The question is about this day only and is over, whatever the answer was.
	ask := r.s.ConsentRequest
	r.s.ConsentRequest = nil
	if r.s.State == Canceled || ask == nil || ask.may(&r.s, r.s.Span.End) {
		return true
	}
	r.end(EndNoConsent)
	return false
}

// applyRise puts a dearer price in force on its day. Without consent the old price stays, or the
// subscription ends, as the plan says. It returns false when the subscription ended.
func (r *run) applyRise(day civil.Date, start time.Time) bool {
	ask := r.s.ConsentRequest
	if ask == nil || ask.Kind != compliance.PriceRises || day < ask.On {
		return true
	}
	r.s.ConsentRequest = nil
	switch {
	case ask.may(&r.s, start):
		r.s.Terms.Version, r.s.Terms.Price, r.s.Terms.TaxBP = ask.Version, ask.Price, ask.TaxBP
		r.event(EventChanged, "price", r.s.Terms.Payment())
	case r.s.Terms.Policy.Silence == EndsAll:
		r.end(EndNoConsent)
		return false
	}
	return true
}

// retarget keeps the question in step with the day and price it is about. When either changes, the
// answer to the old question no longer counts and a new one is asked.
func (r *run) retarget() {
	s := &r.s
	// While an invoice is open the day of the next payment is not certain; the question is looked
	// at again once it is paid.
	if s.State == Ended || s.State == Canceled || s.Open != nil {
		return
	}
	if s.State == Trialing {
		r.askTrial()
		return
	}
	ask := s.ConsentRequest
	if ask == nil || ask.Kind != compliance.PriceRises {
		return
	}
	t := s.Terms
	if s.Next != nil {
		t = *s.Next
	}
	on := s.nextPaid()
	// The price begins with a payment, so the day wanted is moved to the first payment on or after
	// it.
	for on < ask.Wanted {
		on = s.Anchor.Opening(t.Interval, s.Anchor.Index(t.Interval, on)+t.Prepaid)
	}
	old := t.Payment()
	t.Price = ask.Price
	r.ask(ConsentRequest{
		Kind: compliance.PriceRises, On: on, Old: old, New: t.Payment(), Version: ask.Version, Price: ask.Price,
		TaxBP: ask.TaxBP, Wanted: ask.Wanted,
	})
}

// askTrial asks for the consent that a trial needs to turn paid.
func (r *run) askTrial() {
	s := &r.s
	price := s.Terms.Payment()
	if first := s.Anchor; first.Opening(s.Terms.Interval, first.Index(s.Terms.Interval, s.Span.Closes)) != s.Span.Closes {
		price = s.Terms.Cycle() // a part of a period comes first; the price agreed to is that of a whole one
	}
	// Consent is to the amount that will be charged, so the setup fee is part of it.
	if s.SetupDue {
		price += s.Terms.SetupFee
	}
	// Nothing will be charged, so there is nothing to consent to.
	if price == 0 {
		s.ConsentRequest = nil
		return
	}
	r.ask(ConsentRequest{Kind: compliance.TrialTurnsPaid, On: s.Span.Closes, New: price, Version: s.Terms.Version})
}

// ask stores a question in place of the one there. The same question keeps its answer.
func (r *run) ask(a ConsentRequest) {
	a.Change = a.On.Start(r.s.zone())
	// The running span ends at an exact instant, which after a move of zones is not the start of
	// the local day.
	if a.On == r.s.Span.Closes {
		a.Change = r.s.Span.End
	}
	// The id contains day and price: another of either is another question.
	a.ID = r.s.ID + ":" + string(a.On) + ":" + r.s.money(a.New).Format()
	a.Required = r.s.consentRule().Required
	if old := r.s.ConsentRequest; old != nil && old.ID == a.ID && old.Change.Equal(a.Change) && old.Old == a.Old {
		old.Required = a.Required
		return
	}
	a.Made = r.at
	r.s.ConsentRequest = &a
}

// nextPaid is the day of the next payment as things stand, after prepaid cycles, a pause or a skip.
func (s *Subscription) nextPaid() civil.Date {
	day, a, i := s.Span.Closes, s.Anchor, s.Terms.Interval
	switch {
	case s.State == Paused:
		return day
	case s.PauseUntil > day:
		if s.PrepaidLeft == 0 {
			return s.PauseUntil
		}
		// Prepaid cycles run on after the pause, counted from the day it ends.
		day, a = s.PauseUntil, AnchorOn(s.PauseUntil, a.Zone)
	case s.Skip:
		day = a.Opening(i, a.Index(i, day)+1)
	}
	n := a.Index(i, day)
	// Not an opening day: a shorter part until the next opening comes first. It costs a payment for
	// a membership; a plan that delivers waits for the opening.
	if a.Opening(i, n) == day {
		return a.Opening(i, n+s.PrepaidLeft)
	}
	if s.Terms.delivers() {
		return a.Opening(i, n+1+s.PrepaidLeft)
	}
	return day
}

// ConsentNotice is what to show before a yes: the question, with the words for the way to pay and to cancel filled in
// by the caller.
func (s *Subscription) ConsentNotice(method, cancel, effect string) (compliance.ConsentNotice, bool) {
	a := s.ConsentRequest
	if a == nil {
		return compliance.ConsentNotice{}, false
	}
	return compliance.ConsentNotice{
		ID: a.ID, Kind: a.Kind, Change: a.Change, Old: s.money(a.Old), New: s.money(a.New), Method: method, Cancel: cancel,
		Effect: effect,
	}, true
}

// do accepts a yes, if it is about the question that is open now and counts under the law.
func (c Consent) do(r *run) error {
	a := r.s.ConsentRequest
	if a == nil {
		return refuse("no_question", "Nothing is being asked.")
	}
	// The texts of the notice (card, how to cancel, effect) are the caller's; day, kind and prices
	// must be those of the open question.
	want, _ := r.s.ConsentNotice(c.Notice.Method, c.Notice.Cancel, c.Notice.Effect)
	if c.Notice.Change.UTC() != want.Change || c.Notice.ID != want.ID || c.Notice.Kind != want.Kind ||
		c.Notice.Old != want.Old || c.Notice.New != want.New {
		return refuse("question_changed", "The date or the price is another by now. Please read the notice again.")
	}
	// The instant comes from the command's clock and not from the client.
	c.Answer.At = r.at
	proof, err := r.s.consentRule().Proof(c.Notice, c.Answer, r.s.zone())
	if err != nil {
		return consentProblem(err)
	}
	a.Answer, a.Proof = Granted, &proof
	r.note = string(a.Kind) + " granted " + a.ID
	r.event(EventConsent, string(Granted), a.New)
	return nil
}

// consentProblem tells the caller why an answer is no valid consent.
func consentProblem(err error) error {
	codes := map[error]string{
		compliance.ErrNotExplicit: "consent_not_explicit", compliance.ErrNotSeparate: "consent_not_separate",
		compliance.ErrOutsideWindow: "consent_too_early", compliance.ErrOtherNotice: "question_changed",
		compliance.ErrNotice: "consent_notice_incomplete",
	}
	for cause, code := range codes {
		if errors.Is(err, cause) {
			p := problem.Conflict(code, "This does not count as consent.")
			p.Cause = err
			return p
		}
	}
	return err
}

// do takes a no, also after a yes, as long as the price has not begun.
func (Refuse) do(r *run) error {
	a := r.s.ConsentRequest
	if a == nil {
		return refuse("no_question", "Nothing is being asked.")
	}
	// The proof of an earlier yes is dropped: it no longer proves anything.
	a.Answer, a.Proof = Refused, nil
	r.note = string(a.Kind) + " refused " + a.ID
	r.event(EventConsent, string(Refused), a.New)
	return nil
}

// do makes the plan's latest price that of the subscriber. A lower price begins with the next
// payment; a higher one needs the question first.
func (c Propose) do(r *run) error {
	t := r.s.Terms
	if r.s.Next != nil {
		t = *r.s.Next
	}
	// The price of the plan that is left is none of the plan that follows.
	if t.PlanID != r.s.Terms.PlanID {
		return refuse("change_pending", "Another plan follows this one.")
	}
	var f fields
	// Also compared with terms that are planned already, so that a repeated proposal changes
	// nothing.
	f.Require(c.Version > t.Version, "/version", "too_small", "later than %d", t.Version)
	f.within("/price", c.Price, 0, maxPrice)
	f.within("/taxBp", c.TaxBP, 0, 10_000)
	_, err := civil.ParseDate(string(c.From))
	f.Require(err == nil, "/from", "no_date", "a date, YYYY-MM-DD")
	if err := f.Err(); err != nil {
		return err
	}
	r.note = "version " + r.s.money(c.Price).Format()
	// In a trial no price has been agreed to by paying; the question about it is renewed by
	// retarget.
	if r.s.State == Trialing {
		r.s.Terms.Version, r.s.Terms.Price, r.s.Terms.TaxBP = c.Version, c.Price, c.TaxBP
		return nil
	}
	if c.Price <= t.Price {
		t.Version, t.Price, t.TaxBP = c.Version, c.Price, c.TaxBP
		r.s.Next, r.s.ConsentRequest = &t, nil
		return nil
	}
	// The first request comes AskDays before, so the earliest day is that far off.
	soonest := civil.DateAt(r.at, r.s.zone()).Add(slices.Max(r.s.Terms.Policy.ConsentDays) + 1)
	r.s.ConsentRequest = &ConsentRequest{Kind: compliance.PriceRises, Version: c.Version, Price: c.Price,
		TaxBP: c.TaxBP, Wanted: max(c.From, soonest)}
	return nil
}
