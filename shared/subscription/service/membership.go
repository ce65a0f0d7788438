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
	SubscriptionID string    `dynamodbav:"subscriptionId"`
	At             time.Time `dynamodbav:"at"`
}

// membershipKey is the key of the marker: one for each plan of a customer.
func membershipKey(customerID, planID string) table.Key {
	return table.Key{PK: ownerKey(customerID), SK: "MEMBERSHIP#" + planID}
}

// markMembership adds the marker to a change that begins a membership of which there can be one, and returns its
// position among the required writes. over is the subscription that the marker may be taken from; "" when there is no
// marker.
func (s *Service) markMembership(w *changeSet, start subscription.Start, over string) int {
	if !start.Single {
		return noMarker
	}
	put := table.Put{
		Item: membershipMarker{
			Key: membershipKey(start.CustomerID, start.Terms.PlanID), SubscriptionID: start.ID, At: w.now,
		},
		If: table.IfNew,
	}
	if over != "" {
		put.If, put.With = "#subscriptionId = :over", map[string]any{":over": over}
	}
	w.addContested(put)
	return len(w.required) - 1
}

// heldBefore returns the subscription that the customer's marker names, when that does not stand in the way: it is gone
// or over, or a request for one whose cardholder was sent to the bank and may not come back. 2 round trips. Errors: 409
// already_subscribed with the subscription that does.
func (s *Service) heldBefore(ctx context.Context, start subscription.Start) (subscriptionID string, err error) {
	var marker membershipMarker
	err = s.Table.Get(ctx, membershipKey(start.CustomerID, start.Terms.PlanID), &marker)
	if errors.Is(err, table.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	held, err := s.Load(ctx, marker.SubscriptionID)
	switch {
	case problem.Code(err) == "subscription_not_found":
		return marker.SubscriptionID, nil
	case err != nil:
		return "", err
	case held.Sub.State == subscription.Ended, !held.Sub.Begun() && held.Sub.OpenAction() != nil:
		return marker.SubscriptionID, nil
	// It has gone to another plan since, or is the very one that starts again: then its version decides.
	case held.Sub.ID == start.ID, !held.willHave(start.Terms.PlanID):
		return marker.SubscriptionID, nil
	}
	return "", AlreadySubscribed(marker.SubscriptionID)
}

// willHave reports whether a subscription is on a plan, or goes to it at the end of the period.
func (r *Record) willHave(planID string) bool {
	return r.Sub.Terms.PlanID == planID || r.Sub.Next != nil && r.Sub.Next.PlanID == planID
}

// markRestart adds the marker to a change that starts an ended membership again: the customer may have begun another
// one since. Up to 2 round trips. Errors: 409 already_subscribed.
func (s *Service) markRestart(ctx context.Context, w *changeSet, terms subscription.Terms) error {
	start := subscription.Start{
		ID: w.next.Sub.ID, CustomerID: w.next.Sub.CustomerID, Terms: terms, Single: true,
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
