package service

import (
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// trialMarker says that a customer has had the trial of a plan. It is written in the transaction that begins the trial,
// under the condition that it is not there yet: the list of a customer's subscriptions is an index, which may be a
// second old, so it can tell early that there is no trial but not that there is one.
type trialMarker struct {
	table.Key
	SubscriptionID string    `dynamodbav:"subscriptionId"`
	At             time.Time `dynamodbav:"at"`
}

// trialKey is the key of the marker. The sort key holds the plan, so a customer has one trial of
// each plan.
func trialKey(customerID, planID string) table.Key {
	return table.Key{PK: ownerKey(customerID), SK: "TRIAL#" + planID}
}

// noMarker is the position for a change that writes no marker.
const noMarker = -1

// markTrial adds the marker to a change that begins a trial, and returns its position among the required writes.
func (s *Service) markTrial(w *changeSet, start subscription.Start) int {
	// Starts that pay at once leave the customer's trial for later.
	if !start.Trial {
		return noMarker
	}
	w.addContested(table.Put{
		Item: trialMarker{Key: trialKey(start.CustomerID, start.Terms.PlanID), SubscriptionID: start.ID, At: w.now},
		If:   table.IfNew,
	})
	return len(w.required) - 1
}

// refusedAt reports whether the condition of the required write at a position failed. In the
// transaction the required writes follow the counters and the numbers taken, in that order.
func (w *changeSet) refusedAt(err error, position int) bool {
	c, refused := table.Refused(err)
	return refused && position != noMarker && c.Refused(w.firstCounter+len(w.numbersTaken)+position)
}

// TrialUsed is the answer to somebody who asks for the trial of a plan once more: 409 trial_used.
func TrialUsed() error {
	return problem.Conflict("trial_used", "The trial of this plan was used. Send noTrial to pay at once.")
}
