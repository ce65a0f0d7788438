package service

import (
	"context"
	"errors"
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// membershipMarker names the subscription by which a customer has, or last had, a membership of which there can be one
// at a time. It is written in the transaction that begins the subscription, because the list of a customer's
// subscriptions is an index, which may be a second old. It stays when the subscription ends: the next one looks whether
// the subscription it names is over, and replaces it.
type membershipMarker struct {
	table.Key
	SubscriptionID string `dynamodbav:"subscriptionId"`
	// Version counts the writes. Which subscription is named does not tell one write from the next: an ended one that
	// starts again takes its own marker.
	Version int       `dynamodbav:"version"`
	At      time.Time `dynamodbav:"at"`
}

// membershipKey is the key of the marker: one for each plan of a customer.
func membershipKey(customerID, planID string) table.Key {
	return table.Key{PK: ownerKey(customerID), SK: "MEMBERSHIP#" + planID}
}

// markMembership adds the marker to a change that begins a membership of which there can be one, and returns its
// position among the required writes. over is the version of the marker that it may replace; 0 when there is none.
func (s *Service) markMembership(w *changeSet, start subscription.Start, over int) int {
	if !start.Single {
		return noMarker
	}
	put := table.Put{
		Item: membershipMarker{
			Key: membershipKey(start.CustomerID, start.Terms.PlanID), SubscriptionID: start.ID, Version: over + 1,
			At: w.now,
		},
		If: table.IfNew,
	}
	if over > 0 {
		put.If, put.With = "#version = :over", map[string]any{":over": over}
	}
	w.addContested(put)
	return len(w.required) - 1
}

// heldBefore returns the version of the customer's marker, 0 without one, when the subscription that it names does not
// stand in the way: it is gone or over, or a request for one whose cardholder was sent to the bank and may not come
// back. 2 round trips. Errors: 409 already_subscribed with the subscription that does.
func (s *Service) heldBefore(ctx context.Context, start subscription.Start) (version int, err error) {
	var marker membershipMarker
	err = s.Table.Get(ctx, membershipKey(start.CustomerID, start.Terms.PlanID), &marker)
	if errors.Is(err, table.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	held, err := s.Load(ctx, marker.SubscriptionID)
	switch {
	case problem.Code(err) == "subscription_not_found":
		return marker.Version, nil
	case err != nil:
		return 0, err
	case held.Sub.State == subscription.Ended, !held.Sub.Begun() && held.Sub.OpenAction() != nil:
		return marker.Version, nil
	// It has gone to another plan since, or is the very one that starts again: then its version decides.
	case held.Sub.ID == start.ID, !held.willHave(start.Terms.PlanID):
		return marker.Version, nil
	}
	return 0, AlreadySubscribed(marker.SubscriptionID)
}

// willHave reports whether a subscription is on a plan, or goes to it with the payment that is open or at the end of
// the period.
func (r *Record) willHave(planID string) bool {
	s := &r.Sub
	return s.Terms.PlanID == planID || s.Next != nil && s.Next.PlanID == planID ||
		s.Open != nil && s.Open.Change != nil && s.Open.Change.Terms.PlanID == planID
}

// markOther adds the marker to a command by which a subscription that exists comes to a plan: an ended one starts
// again, or one changes its plan. The customer may have the plan by another subscription. Up to 2 round trips. Errors:
// 409 already_subscribed.
func (s *Service) markOther(ctx context.Context, w *changeSet, command subscription.Command) error {
	var terms *subscription.Terms
	switch c := command.(type) {
	case subscription.Reactivate:
		terms = c.Terms // nil when only a cancellation is taken back
	case subscription.Upgrade:
		terms = &c.Terms
	case subscription.Downgrade:
		terms = &c.Terms
	case subscription.AcceptOffer:
		terms = c.Terms // nil for a pause
	}
	if terms == nil {
		return nil
	}
	start := subscription.Start{
		ID: w.next.Sub.ID, CustomerID: w.next.Sub.CustomerID, Terms: *terms, Single: true,
	}
	over, err := s.heldBefore(ctx, start)
	if err != nil {
		return err
	}
	s.markMembership(w, start, over)
	return nil
}

// AlreadySubscribed is the answer to somebody who has a membership of which there can be one: 409 already_subscribed.
func AlreadySubscribed(subscriptionID string) error {
	return problem.Conflict("already_subscribed", "You have this membership already.").
		With("subscriptionId", subscriptionID)
}
