package subscription

import (
	"time"

	"dangol/shared/membership"
)

// InForce returns the benefits a member has at an instant; none while nothing is paid.
func (s *Subscription) InForce(at time.Time) Benefits {
	if at.Before(s.inForceUntil()) {
		return s.Terms.Benefits
	}
	return Benefits{}
}

// Membership is what the subscription gives as it stands; ok is false when it is no membership, or gives nothing.
func (s *Subscription) Membership(title string) (h membership.Entitlement, ok bool) {
	until := s.inForceUntil()
	if s.Terms.Kind != Membership || until.IsZero() {
		return membership.Entitlement{}, false
	}
	return membership.Entitlement{
		SubscriptionID: s.ID, PlanID: s.Terms.PlanID, Title: title, State: string(s.State), Benefits: s.Terms.Benefits,
		Since: s.StartedAt.UTC(), Until: until.UTC(),
	}, true
}

// inForceUntil is the last instant of the benefits if nobody touches the subscription again; zero when there are none.
//
// They end with the paid days where nothing follows: a trial without consent, a canceled subscription, a gift, a
// planned pause. Where a payment is to follow they last as long as the plan lets an unpaid one have them, counted from
// the end of the paid days, or from the decline once there was one: a payment, or a billing run, that is late takes
// nothing from anybody. Nor does a technical failure to charge, so they last until the next attempt at least.
func (s *Subscription) inForceUntil() time.Time {
	p := s.Span
	if s.waiting() {
		// A gift that has not begun gives nothing yet.
		return time.Time{}
	}
	switch s.State {
	case Trialing:
		// Without the consent that is needed the trial ends on its last day and nothing is charged.
		if ask := s.ConsentRequest; ask != nil && !ask.may(s, p.End) {
			return p.End
		}
		return s.grace(p.End)
	case Active:
		switch {
		case !p.Paid:
			// The first charge of the period is under way: the paid days are those before it.
			return s.untilRetry(s.grace(p.Start))
		// Nothing follows the paid days, so there is nothing to be late with.
		case s.PauseUntil > p.Closes, s.NoRenewal && s.PrepaidLeft == 0:
			return p.End
		}
		return s.untilRetry(s.grace(p.End))
	case PastDue:
		return s.grace(s.Open.Since)
	case Canceled:
		switch follows := p.Kind == SpanPaid && (s.PrepaidLeft > 0 || s.Cycles < s.Terms.MinCycles); {
		// A canceled subscription keeps only what is paid, unless the minimum term still obliges
		// the subscriber to pay.
		case p.Kind != SpanPaid && p.Kind != SpanTrial, !p.Paid && !follows:
			return time.Time{}
		case !p.Paid:
			return s.grace(p.Start)
		case follows:
			return s.grace(p.End)
		}
		return p.End
	}
	return time.Time{}
}

// untilRetry is an instant, or the next charge attempt where that is later.
func (s *Subscription) untilRetry(at time.Time) time.Time {
	if o := s.Open; o != nil {
		return max2(at, o.RetryAt)
	}
	return at
}

// grace is when the plan stops the benefits of what is unpaid since an instant.
func (s *Subscription) grace(since time.Time) time.Time {
	return s.days(since, s.Terms.Policy.Dunning.or().SuspendDays)
}
