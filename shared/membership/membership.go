// Package membership is what members of the shop have: the benefits of the plans they subscribe to, from when, and
// until when at the latest. It is pure. Package subscription decides what a subscription gives, billing writes it down
// (see entitlements), promotion makes discounts of it. Moments are UTC, percentages basis points (10,000 is all of it).
package membership

import (
	"cmp"
	"slices"
	"time"
)

// Benefits is what a plan gives its members while the membership is in force.
type Benefits struct {
	PercentOffBP     int64 `json:"percentOffBp,omitempty" doc:"Basis points off the goods of every order."`
	ExcludeSaleItems bool  `json:"excludeSaleItems,omitempty" doc:"percentOffBp leaves goods with a struck-through price alone."`
	FreeShipping     bool  `json:"freeShipping,omitempty"`
	EarlyAccessHours int   `json:"earlyAccessHours,omitempty" doc:"Hours before a drop opens to everybody."`
	PointsTimes      int   `json:"pointsTimes,omitempty" doc:"Points multiplier; 0 and 1 mean none."`
	Invitations      bool  `json:"invitations,omitempty" doc:"Invited to events."`
}

// Entitlement is one membership of a customer.
type Entitlement struct {
	SubscriptionID string    `json:"subscriptionId"`
	PlanID         string    `json:"planId"`
	Title          string    `json:"title"` // of the plan, in the subscriber's language
	State          string    `json:"state"` // of the subscription
	Benefits       Benefits  `json:"benefits"`
	Since          time.Time `json:"since"` // start of the subscription
	// Until is when the membership is over unless it is written down again before: nothing that happens late makes it last
	// longer.
	Until time.Time `json:"until"`
}

// Entitlements is the memberships of one customer, those that are over perhaps among them.
type Entitlements []Entitlement

// At lists the memberships in force at a moment, by plan. Of two subscriptions to one plan the one that lasts longer
// counts.
func (s Entitlements) At(at time.Time) (in []Entitlement) {
	for _, h := range s {
		if at.Before(h.Until) {
			in = append(in, h)
		}
	}
	// Sorted so that of one plan the longest membership comes first, which is
	// the one that the compaction keeps; the subscription's id decides
	// between equals, so the answer does not depend on how the item was read.
	slices.SortFunc(in, func(a, b Entitlement) int {
		return cmp.Or(cmp.Compare(a.PlanID, b.PlanID), b.Until.Compare(a.Until),
			cmp.Compare(a.SubscriptionID, b.SubscriptionID))
	})
	return slices.CompactFunc(in, func(a, b Entitlement) bool { return a.PlanID == b.PlanID })
}

// Member is the holder of these memberships at a moment.
func (s Entitlements) Member(at time.Time) Member {
	var m Member
	for _, h := range s.At(at) {
		m = append(m, Plan{ID: h.PlanID, Title: h.Title, Benefits: h.Benefits})
	}
	return m
}

// Plan is one plan that somebody is a member by.
type Plan struct {
	ID       string   `json:"id"`
	Title    string   `json:"title,omitempty"`
	Benefits Benefits `json:"benefits"`
}

// Member is somebody by the plans whose benefits they have at one moment, each once, in the order of their ids. The
// zero Member is somebody without a membership.
type Member []Plan

// HasPlan reports whether there is a membership of one of the plans; of any plan when none is named.
func (m Member) HasPlan(plans ...string) bool {
	return slices.ContainsFunc(m, func(p Plan) bool { return len(plans) == 0 || slices.Contains(plans, p.ID) })
}

// Benefits is what all memberships give together: of each benefit the best. They do not add up. Of two equal
// percentages the one that also takes off goods on sale counts.
func (m Member) Benefits() (b Benefits) {
	for _, p := range m {
		o := p.Benefits
		// At the same percentage, the benefit with fewer exceptions is better for the member.
		if o.PercentOffBP > b.PercentOffBP || o.PercentOffBP == b.PercentOffBP && b.ExcludeSaleItems {
			b.PercentOffBP, b.ExcludeSaleItems = o.PercentOffBP, o.ExcludeSaleItems
		}
		b.FreeShipping = b.FreeShipping || o.FreeShipping
		b.EarlyAccessHours = max(b.EarlyAccessHours, o.EarlyAccessHours)
		b.PointsTimes = max(b.PointsTimes, o.PointsTimes)
		b.Invitations = b.Invitations || o.Invitations
	}
	return b
}

// EarlyAccess is how long before everybody else a drop opens.
func (m Member) EarlyAccess() time.Duration {
	return time.Duration(m.Benefits().EarlyAccessHours) * time.Hour
}

// PointsTimes is what points are multiplied by, 1 without a benefit.
func (m Member) PointsTimes() int { return max(m.Benefits().PointsTimes, 1) }
