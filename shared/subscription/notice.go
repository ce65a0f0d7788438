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
		if kind == NoticeConsent {
			tag += ":" + s.Ask.ID
		}
		if slices.Contains(s.Told, tag) {
			return
		}
		out = append(out, planned{at: s.Terms.hour(on.Add(-days), s.zone()), tag: tag, kind: kind, on: on})
	}
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
	if a := s.Ask; a != nil && a.Answer == "" && s.State != Canceled {
		for _, days := range s.Terms.Policy.AskDays {
			add(NoticeConsent, a.On, days)
		}
	}
	if s.State == Trialing && s.Ask != nil && !s.Ask.Required {
		add(NoticeTrialEnding, on, trialDays)
	}
	if s.State != Trialing && s.coming().Payment() > 0 {
		for _, days := range s.renewalDays() {
			add(NoticeRenewal, on, days)
		}
	}
	if s.Card.expired(on) && s.coming().Payment() > 0 {
		add(NoticeCardExpiring, on, cardDays)
	}
	return out
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
	if len(days) == 0 && t.Policy.RenewalDays > 0 {
		days = append(days, t.Policy.RenewalDays)
	}
	return days
}

// tell sends a notice, and marks those of the same kind and day that are late as well as told. On the day itself, after
// a run that was late, there is nothing left to announce.
func (r *run) tell(n planned) {
	for _, other := range r.s.plannedNotices() {
		if other.kind == n.kind && other.on == n.on && !other.at.After(r.at) {
			r.s.Told = append(r.s.Told, other.tag)
		}
	}
	if !r.at.Before(n.on.Start(r.s.zone())) {
		return
	}
	notice := Notice{Kind: n.kind, Date: n.on, Amount: r.s.money(r.s.coming().Payment())}
	if n.kind == NoticeConsent {
		ask := *r.s.Ask
		notice.Ask, notice.Amount = &ask, r.s.money(ask.New)
	}
	r.notice(notice)
}
