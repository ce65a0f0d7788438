package subscription

import (
	"fmt"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/civil"
)

// cardDays is how long before a payment the subscriber learns that the card will have expired by then.
const cardDays = 14

// trialDays is how long before a trial turns paid the notice goes out where no consent is needed: Visa's and
// Mastercard's seven days.
const trialDays = 7

// maxPriceNoticeDays is how early a price change may be announced at most: Cal. Bus. & Prof. Code 17602(b), 7 to 30
// days.
const maxPriceNoticeDays = 30

// planned is a notice to come. The tag, which begins with the day it is about, keeps it from being sent twice.
type planned struct {
	at  time.Time
	tag string
	// due sorts those of one question: when several are late only the last is sent.
	kind NoticeKind
	on   civil.Date
}

// plannedNotices are the notices that a subscription without an open invoice has still to send.
func (s *Subscription) plannedNotices() []planned {
	var out []planned
	add := func(kind NoticeKind, on civil.Date, days int) {
		tag := fmt.Sprintf("%s:%s:%d", on, kind, days)
		// A question that was renewed has a new id, so it is announced again, although the day is
		// the same.
		if kind == NoticeConsent || kind == NoticePriceChange {
			tag += ":" + s.ConsentRequest.ID
		}
		if slices.Contains(s.NoticesSent, tag) {
			return
		}
		out = append(out, planned{at: s.Terms.hour(on.Add(-days), s.zone()), tag: tag, kind: kind, on: on})
	}
	// Nothing is announced where no payment will come: canceled after the minimum term, unpaid,
	// ended, and gifts, which never renew.
	pays := s.State == Active || s.State == Paused || s.State == Trialing || s.State == Canceled &&
		s.Span.Kind != SpanTrial && s.PrepaidLeft == 0 &&
		s.Cycles < s.Terms.MinCycles
	if !pays || s.NoRenewal {
		return nil
	}
	on := s.nextPaid()
	if s.State == Trialing {
		on = s.Span.Closes
	}
	if a := s.ConsentRequest; a != nil && a.Answer == "" && s.State != Canceled {
		s.askNotices(a, add)
	}
	// Where consent is required the request itself announces the end of the trial.
	if s.State == Trialing && s.ConsentRequest != nil && !s.ConsentRequest.Required && s.ConsentRequest.Answer != Refused {
		add(NoticeTrialEnding, on, trialDays)
	}
	// A renewal that costs nothing needs no announcement.
	if s.State != Trialing && s.coming().Payment() > 0 && !s.endsUnlessAnswered(on) {
		for _, days := range s.renewalDays() {
			add(NoticeRenewal, on, days)
		}
	}
	if s.Card.expired(on) && s.coming().Payment() > 0 {
		add(NoticeCardExpiring, on, cardDays)
	}
	return out
}

// askNotices plans what is said about a price that is to begin. Where consent is required it is asked for on each of
// the policy's days; where silence is enough one notice says what is going to happen, and nobody is asked for anything.
func (s *Subscription) askNotices(a *ConsentRequest, add func(NoticeKind, civil.Date, int)) {
	days := s.Terms.Policy.ConsentDays
	switch {
	case a.Required:
		for _, n := range days {
			add(NoticeConsent, a.On, n)
		}
	case a.Kind == compliance.PriceRises:
		// California wants the notice 7 to 30 days before; a plan that asks earlier is held to its latest allowed day.
		add(NoticePriceChange, a.On, min(slices.Max(days), maxPriceNoticeDays))
	}
}

// renewalDays are the days before a renewal on which it is announced: what the law of the place and the networks want,
// else the plan's choice.
func (s *Subscription) renewalDays() []int {
	t := s.coming()
	period := s.Anchor.Opening(t.Interval, 0).Days(s.Anchor.Opening(t.Interval, t.Prepaid))
	var days []int
	for _, rule := range compliance.RenewalRulesFor(s.Region, period) {
		days = append(days, rule.Days())
	}
	// The default of 3 was filled in by Policy.or, and -1 means never.
	if len(days) == 0 && t.Policy.RenewalDays > 0 {
		days = append(days, t.Policy.RenewalDays)
	}
	return days
}

// tell sends a notice and marks the late ones of the same kind and day as sent, so that after a
// pause of the jobs only one mail goes out. On the day itself nothing is left to announce.
func (r *run) tell(n planned) {
	for _, other := range r.s.plannedNotices() {
		if other.kind == n.kind && other.on == n.on && !other.at.After(r.at) {
			r.s.NoticesSent = append(r.s.NoticesSent, other.tag)
		}
	}
	if r.playing || !r.at.Before(n.on.Start(r.s.zone())) {
		return
	}
	r.notice(r.announcement(n))
}

// announcement is what a planned notice says at this instant.
func (r *run) announcement(n planned) Notice {
	out := Notice{Kind: n.kind, Date: n.on}
	switch n.kind {
	case NoticeConsent, NoticePriceChange:
		ask := *r.s.ConsentRequest
		out.ConsentRequest, out.Amount = &ask, r.s.money(ask.New)
		out.Situation = r.s.askSituation(r.lastRequest(n))
	case NoticeRenewal, NoticeTrialEnding:
		out.Amount = r.chargeOn(n.on)
		switch {
		case out.Amount.IsZero():
			out.Situation = ByCredit
		case n.kind == NoticeRenewal && r.s.Cycles < r.s.Terms.MinCycles:
			out.Situation = MinimumTerm
		}
	default:
		out.Amount = r.chargeOn(n.on)
	}
	return out
}

// lastRequest reports whether no further request for the same consent follows.
func (r *run) lastRequest(n planned) bool {
	return !slices.ContainsFunc(r.s.plannedNotices(), func(other planned) bool { return other.kind == n.kind })
}
