package subscriptions

import (
	"context"
	"time"

	"dangol/shared/membership"
	"dangol/shared/platform/auth"
)

// Membership is what a customer gets as a member.
type Membership struct {
	Member      bool                    `json:"member" doc:"Whether a membership is in force."`
	Benefits    membership.Benefits     `json:"benefits" doc:"Of all memberships together: of each the best."`
	PointsTimes int                     `json:"pointsTimes" doc:"What points are multiplied by; 1 without that benefit."`
	Invited     bool                    `json:"invited" doc:"Whether invitations to events are part of it."`
	Memberships []MembershipEntitlement `json:"memberships" nullable:"false" doc:"Those in force."`
}

// MembershipEntitlement is one membership in force.
type MembershipEntitlement struct {
	SubscriptionID string              `json:"subscriptionId"`
	PlanID         string              `json:"planId"`
	Title          string              `json:"title" example:"Regular"`
	State          string              `json:"state" enum:"trialing,active,past_due,canceled" doc:"Of the subscription."`
	Benefits       membership.Benefits `json:"benefits"`
	Since          time.Time           `json:"since"`
	Until          time.Time           `json:"until" doc:"When it is over unless it is paid again before."`
}

// MembershipOutput is the caller's membership.
type MembershipOutput struct {
	Body Membership
}

// membership answers with the same entitlements that carts and checkouts use. 1 round trip.
func (f *Subscriptions) membership(ctx context.Context, _ *struct{}) (*MembershipOutput, error) {
	s, err := f.Billing.Entitlements(ctx, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	now := f.Billing.Clock.Now()
	m := s.Member(now)
	all := m.Benefits()
	out := &MembershipOutput{Body: Membership{
		Member: m.HasPlan(), Benefits: all, PointsTimes: m.PointsTimes(), Invited: all.Invitations,
		Memberships: []MembershipEntitlement{},
	}}
	for _, h := range s.At(now) {
		out.Body.Memberships = append(out.Body.Memberships, MembershipEntitlement(h))
	}
	return out, nil
}
