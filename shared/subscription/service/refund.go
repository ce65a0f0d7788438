package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// RefundState is how far money has come on its way back to a card.
type RefundState string

// The states of a refund. A failed one is open: the customer is owed money, and a person has to try again or pay it
// otherwise.
const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "refunded"
	RefundFailed  RefundState = "refund_failed"
	RefundSettled RefundState = "paid_otherwise"
)

// Refund is money that goes back to a card.
type Refund struct{ RefundDetails }

// refundItem is a refund as stored, under its subscription. Failed ones are in the index of open
// refunds until a person has dealt with them.
type refundItem struct {
	table.Key
	List      string                      `dynamodbav:"gsi1pk,omitempty"`
	ListAt    string                      `dynamodbav:"gsi1sk,omitempty"`
	Card      table.Packed[RefundDetails] `dynamodbav:"card"`
	SendKey   string                      `dynamodbav:"sendKey"`   // for the condition that nobody else
	ChangedAt time.Time                   `dynamodbav:"changedAt"` // has written it meanwhile
}

// RefundDetails is what there is to know of a refund.
type RefundDetails struct {
	ID             string `json:"id"`
	SubscriptionID string `json:"subscriptionId"`
	CustomerID     string `json:"customerId"`
	// number of the credit note; none for money that came too late to be ours
	Note      string      `json:"note,omitempty"`
	PaymentID string      `json:"paymentId"`
	Amount    int64       `json:"amount"`
	Currency  string      `json:"currency"`
	State     RefundState `json:"state"`
	SendKey   string      `json:"sendKey"` // the provider's key of the last attempt
	Attempts  int         `json:"attempts"`
	Reason    string      `json:"reason,omitempty"`    // why the provider refused
	Reference string      `json:"reference,omitempty"` // of the payment made otherwise
	At        time.Time   `json:"at"`
	ChangedAt time.Time   `json:"changedAt"`
}

// openRefunds is one index key: refused refunds are rare.
const openRefunds = "REFUNDS#open"

// refundID names a refund within its subscription: the common part of the keys of all its attempts,
// "3.refund-1". It has no "#", because it is part of a path.
func refundID(subscriptionID, key string) string {
	base, _, _ := strings.Cut(strings.TrimPrefix(key, subscriptionID+"#"), "~")
	return strings.ReplaceAll(base, "#", ".")
}

// attemptKey is the provider's key of the n-th attempt (from 1). Under a key that was refused the
// provider repeats the refusal.
func attemptKey(first string, n int) string {
	base, _, _ := strings.Cut(first, "~")
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s~%d", base, n)
}

// refundKey is the key of a refund.
func refundKey(subscriptionID, id string) table.Key {
	return table.Key{PK: KeyOf(subscriptionID).PK, SK: "REFUND#" + id}
}

// item is the refund as stored.
func (r *Refund) item() refundItem {
	i := refundItem{
		Key: refundKey(r.SubscriptionID, r.ID), Card: table.Packed[RefundDetails]{Value: r.RefundDetails}, SendKey: r.SendKey,
		ChangedAt: r.ChangedAt,
	}
	// Sorted by time, so that the oldest debt is at the top.
	if r.State == RefundFailed {
		i.List, i.ListAt = openRefunds, instant(r.At)+"#"+r.SubscriptionID+"#"+r.ID
	}
	return i
}

// refund is the stored refund.
func (i refundItem) refund() Refund { return Refund{i.Card.Value} }

// refund records money that is to be given back; note is the credit note it belongs to, nil for
// money that arrived too late.
func (w *changeSet) refund(t Task, note *invoice.CreditNote) {
	w.refunds = append(w.refunds, refunding{note, &Refund{RefundDetails: RefundDetails{
		ID: refundID(w.next.Sub.ID, t.Key), SubscriptionID: w.next.Sub.ID, CustomerID: w.next.Sub.CustomerID,
		PaymentID: t.PaymentID,
		Amount:    t.Amount, Currency: w.next.Sub.Terms.Currency, State: RefundPending, SendKey: t.Key, Attempts: 1,
		At:        w.now,
		ChangedAt: w.now,
	}}})
}

// refunding is a refund and its credit note, whose number is not known yet.
type refunding struct {
	note   *invoice.CreditNote
	refund *Refund
}

// refundItems are the writes of the refunds. The number of the note is only known here, after
// number.
func (w *changeSet) refundItems() []table.Write {
	var all []table.Write
	for _, r := range w.refunds {
		if r.note != nil {
			r.refund.Note = r.note.Number
		}
		all = append(all, table.Put{Item: r.refund.item(), If: table.IfNew})
	}
	return all
}

// refundStateWrite is the write of a refund's new state; none when it is the same. 1 round trip.
func (s *Service) refundStateWrite(ctx context.Context, id string, t Task, state RefundState,
	reason string) ([]table.Write, error) {
	r, err := s.Refund(ctx, id, refundID(id, t.Key))
	if problem.Code(err) == "refund_not_found" {
		return nil, nil // taken in from elsewhere
	}
	if err != nil || r.State == state && r.Reason == reason {
		return nil, err
	}
	// The provider's message has overtaken its answer, and knows more.
	if state == RefundPending {
		return nil, nil
	}
	return []table.Write{s.refundStatePut(r, state, reason)}, nil
}

// refundStatePut is the write of another state, under the condition that nobody has written one
// since the read.
func (s *Service) refundStatePut(r *Refund, state RefundState, reason string) table.Put {
	// Both values are those that were read; the item below has the new ones.
	read, key := r.ChangedAt, r.SendKey
	r.State, r.Reason, r.ChangedAt = state, reason, s.Clock.Now()
	return table.Put{
		Item: r.item(), If: "#changedAt = :read AND #sendKey = :key", With: map[string]any{":read": read, ":key": key},
	}
}

// reportRefusedRefund logs and counts a refund that needs a person.
func (s *Service) reportRefusedRefund(ctx context.Context, subscriptionID, key, reason string) {
	s.Log.ErrorContext(ctx, "refund refused: a person has to", "subscription", subscriptionID, "key", key, "reason",
		reason)
	// Tests and the merchant's function run without metrics.
	if s.Metrics == nil {
		return
	}
	if err := s.Metrics.Emit(nil, metrics.Metric{Name: MetricRefused, Unit: metrics.Count, Value: 1}); err != nil {
		s.Log.ErrorContext(ctx, "metrics", "error", err)
	}
}

// MetricRefused counts refunds that the provider refused; an alarm watches it.
const MetricRefused = "RefundsRefused"

// refundNotFound is also the answer for a refund of another subscription.
func refundNotFound() error { return problem.NotFound("refund_not_found", "There is no such refund.") }

// Refund reads a refund, strongly consistent. 1 round trip. Errors: 404 refund_not_found.
func (s *Service) Refund(ctx context.Context, subscriptionID, id string) (*Refund, error) {
	var i refundItem
	err := s.Table.Get(ctx, refundKey(subscriptionID, id), &i)
	if errors.Is(err, table.ErrNotFound) {
		return nil, refundNotFound()
	}
	r := i.refund()
	return &r, err
}

// RefundKeyOf is the key of the refund that the provider was asked for with a key of the subscription.
func RefundKeyOf(subscriptionID, sendKey string) table.Key {
	return refundKey(subscriptionID, refundID(subscriptionID, sendKey))
}

// DecodeRefund reads a refund from its item.
func DecodeRefund(item table.Item) (RefundDetails, error) {
	var i refundItem
	err := item.Decode(&i)
	return i.Card.Value, err
}

// Refunds lists the refunds of a subscription, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) Refunds(ctx context.Context, subscriptionID string, limit int, after table.Cursor) ([]Refund,
	table.Cursor, error) {
	return listed(ctx, s, subscriptionID, "REFUND#", limit, after, refundItem.refund)
}

// OpenRefunds lists what the provider refused and nobody has settled, oldest first. 1 round trip, 0.5 RCU per 4 KB.
// Errors: table.ErrCursor.
func (s *Service) OpenRefunds(ctx context.Context, limit int, after table.Cursor) ([]RefundDetails, table.Cursor,
	error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": openRefunds}, Limit: limit, After: after,
	})
	if err != nil {
		return nil, "", err
	}
	out := make([]RefundDetails, len(page.Items))
	for i, item := range page.Items {
		var in struct {
			Card table.Packed[RefundDetails] `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return nil, "", err
		}
		out[i] = in.Card.Value
	}
	return out, page.Next, nil
}

// notOpen is the answer for a refund that nobody has to deal with.
func notOpen(r *Refund) error {
	return problem.Conflict("refund_not_open", "This refund is %s.", r.State).With("state", string(r.State))
}

// RetryRefund sends a refused refund once more, under a key of its own: what was refused moved nothing. It returns the
// refund after the attempt. Errors: 404 refund_not_found, 409 refund_not_open.
func (s *Service) RetryRefund(ctx context.Context, subscriptionID, id string) (*Refund, error) {
	refund, err := s.Refund(ctx, subscriptionID, id)
	if err != nil {
		return nil, err
	}
	if refund.State != RefundFailed {
		return nil, notOpen(refund)
	}
	r, err := s.Load(ctx, subscriptionID)
	if err != nil {
		return nil, err
	}
	// The condition is built from the state that was read; the item is replaced below by the next
	// attempt.
	again := s.refundStatePut(refund, RefundPending, "")
	refund.Attempts++
	refund.SendKey = attemptKey(refund.SendKey, refund.Attempts)
	again.Item = refund.item()
	_, _, err = s.Apply(ctx, r, func(*Record) (Change, bool, error) {
		return Change{Required: []table.Write{again}, Edit: func(r *Record) {
			r.enqueue(Task{Kind: TaskRefund, Key: refund.SendKey, PaymentID: refund.PaymentID, Amount: refund.Amount})
		}}, true, nil
	})
	// Somebody else has retried or settled it meanwhile.
	if _, others := table.Refused(err); others {
		return nil, notOpen(refund)
	}
	if err != nil {
		return nil, err
	}
	return s.Refund(ctx, subscriptionID, id)
}

// SettleRefund notes that the customer got the money otherwise, for example by bank transfer. Errors: 404
// refund_not_found, 409 refund_not_open.
func (s *Service) SettleRefund(ctx context.Context, subscriptionID, id, reference string) (*Refund, error) {
	r, err := s.Refund(ctx, subscriptionID, id)
	if err != nil {
		return nil, err
	}
	if r.State != RefundFailed {
		return nil, notOpen(r)
	}
	r.Reference = reference
	// Settling needs no change of the subscription, so it is a write of the refund alone.
	err = s.Table.Put(ctx, s.refundStatePut(r, RefundSettled, r.Reason))
	if _, others := table.Failed(err); others {
		return nil, notOpen(r)
	}
	return r, err
}

// handleRefund stores what the provider reports about a refund under way, or about one that failed
// after all. News of earlier attempts, and what is known already, changes nothing. Errors:
// task.ErrLater.
func (s *Service) handleRefund(ctx context.Context, subscriptionID string, refund payment.Refund) error {
	r, err := s.Refund(ctx, subscriptionID, refundID(subscriptionID, refund.Key))
	if problem.Code(err) == "refund_not_found" {
		return nil
	}
	// News of an attempt that was followed by another one.
	if err != nil || r.SendKey != refund.Key {
		return err
	}
	var state RefundState
	switch {
	// A bank may return a refund days after it succeeded: the account was closed.
	case refund.State == payment.RefundFailed && (r.State == RefundPending || r.State == RefundDone):
		state = RefundFailed
	case refund.State == payment.RefundSucceeded && r.State == RefundPending:
		state = RefundDone
	default:
		return nil
	}
	reason := ""
	if state == RefundFailed {
		reason = "failed at the bank"
	}
	err = s.Table.Put(ctx, s.refundStatePut(r, state, reason))
	// Written by somebody else since the read: the message is looked at again.
	if _, others := table.Failed(err); others {
		return task.ErrLater
	}
	if err == nil && state == RefundFailed {
		s.reportRefusedRefund(ctx, subscriptionID, refund.Key, reason)
	}
	return err
}

// RefundsRefused is the alarm of the functions that may give a subscriber's money back.
var RefundsRefused = function.Alarm{
	Name: "refunds-refused", Metric: MetricRefused,
	What: "Refunds were refused: see GET /admin/refunds, then retry or settle them",
}
