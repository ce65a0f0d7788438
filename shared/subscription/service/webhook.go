package service

import (
	"context"
	"errors"
	"strings"

	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/subscription"
)

// HandleWebhook deals with a provider's message about a subscription; one about anything else changes nothing. A
// message may come late, twice or never: it only tells where to look. What is true is asked of the provider. Errors:
// task.ErrLater.
func (s *Service) HandleWebhook(ctx context.Context, n payment.Notification) error {
	switch n.Subject {
	case payment.SubjectPayment:
		return s.handlePayment(ctx, n.Payment)
	case payment.SubjectRefund:
		if id := n.Refund.Metadata["subscription"]; id != "" {
			return s.handleRefund(ctx, id, n.Refund)
		}
	case payment.SubjectMethod:
		return s.handleMethod(ctx, n.Method)
	}
	return nil
}

// handlePayment deals with the news about one payment: it belongs to the attempt that is in flight,
// or it is late. 1 round trip when there is nothing to do.
func (s *Service) handlePayment(ctx context.Context, p payment.Payment) error {
	// Payments of orders carry no subscription in their metadata.
	id := p.Metadata["subscription"]
	if id == "" {
		return nil
	}
	r, err := s.Load(ctx, id)
	// Erased or from another stage of the shop: repeating the message would not help.
	if problem.Code(err) == "subscription_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	o := r.Sub.Open
	if o == nil || !o.InFlight || o.AttemptKey() != p.Key {
		return s.recordLatePayment(ctx, r, p)
	}
	// The task that made this charge is still stored. Its worker gets the answer in its own call,
	// so the message is only needed when that worker is gone.
	if len(r.Tasks) > 0 {
		if s.Clock.Now().Before(r.Lease) {
			return task.ErrLater // somebody is waiting for this very answer
		}
		return s.Work(ctx, id)
	}
	// The report makes the rules look the attempt up at the provider; the message itself is not
	// believed.
	r, _, err = s.Apply(ctx, r, func(*Record) (Change, bool, error) {
		return Change{Command: subscription.ChargeReport{Key: o.Key, Attempt: o.Attempt}}, true, nil
	})
	if now := openOf(r); err == nil && now != nil && now.InFlight && now.AttemptKey() == p.Key && !p.State.Open() {
		return task.ErrLater // the provider says that it is over, and could not be asked
	}
	return err
}

// openOf is the open invoice after a change; nil when there is none or the change was not made.
func openOf(r *Record) *subscription.Open {
	if r == nil {
		return nil
	}
	return r.Sub.Open
}

// recordLatePayment takes in money that arrived after its charge had been given up: it pays the
// invoice if that is still open, and is refunded if not.
func (s *Service) recordLatePayment(ctx context.Context, r *Record, p payment.Payment) error {
	if p.State != payment.StateCaptured {
		return nil
	}
	// An attempt key is "<invoice key>#<attempt>"; the invoice key itself contains a "#" too, so
	// the last one counts.
	cut := strings.LastIndexByte(p.Key, '#')
	if cut < 0 {
		return nil
	}
	key := p.Key[:cut]
	// Only the open invoice and the last voided one are remembered. Older attempts cannot still be
	// captured.
	open := r.Sub.Open != nil && r.Sub.Open.Key == key && !r.Sub.Open.InFlight
	if !open && r.Sub.Voided.Key != key {
		return nil
	}
	got, err := s.Provider.Get(ctx, p.ID)
	switch {
	case errors.Is(err, payment.ErrUnknown), errors.Is(err, payment.ErrUnavailable):
		return task.ErrLater
	// Refundable is 0 when the money has already been given back, for example by hand.
	case err != nil || got.State != payment.StateCaptured || got.Refundable() == 0:
		return nil
	}
	_, _, err = s.Apply(ctx, r, func(*Record) (Change, bool, error) {
		return Change{Command: subscription.ChargeSucceeded{Key: key, PaymentID: got.ID}}, true, nil
	})
	return err
}

// payerItem leads from the provider's customer to the shop's customer.
type payerItem struct {
	table.Key
	CustomerID string `dynamodbav:"customerId"`
}

// payerKey is the key of that item. A provider's customer is never reused for another customer.
func payerKey(ref string) table.Key { return table.Key{PK: "PAYER#" + ref, SK: "PAYER"} }

// payerWrite remembers whose a kept card is, so that a message about it finds the subscriptions.
func payerWrite(r *Record) []table.Write {
	m, ok := r.Methods[r.Sub.Card.Token]
	if !ok || m.CustomerRef == "" {
		return nil
	}
	// Without a condition: it is the same each time.
	return []table.Write{table.Put{Item: payerItem{payerKey(m.CustomerRef), r.Sub.CustomerID}}}
}

// handleMethod takes over what the card network says about a card (a new expiry date, a new
// number): every running subscription that is charged to it gets the new data. 1 round trip per
// page and 2 per subscription concerned.
func (s *Service) handleMethod(ctx context.Context, m payment.Method) error {
	if m.Token == "" || m.CustomerRef == "" {
		return nil
	}
	var who payerItem
	err := s.Table.Get(ctx, payerKey(m.CustomerRef), &who)
	// A card that no subscription has used: nothing to update.
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var after table.Cursor
	for {
		cards, next, err := s.OfCustomer(ctx, who.CustomerID, pageSize, after)
		if err != nil {
			return err
		}
		for _, c := range cards {
			if c.State == subscription.Ended {
				continue
			}
			if err := s.renewCard(ctx, c.ID, m); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// renewCard writes the new card data to one subscription. It changes nothing when the subscription
// has another card by now or the data is already there, so a repeated message is harmless.
func (s *Service) renewCard(ctx context.Context, id string, m payment.Method) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	_, _, err = s.Apply(ctx, r, func(r *Record) (Change, bool, error) {
		kept, ok := r.Methods[m.Token]
		if !ok || r.Sub.Card.Token != m.Token || kept == m {
			return Change{}, false, nil
		}
		return Change{
			Command: subscription.CardUpdated{Card: subscription.Card{Token: m.Token, Brand: m.Brand, ExpYear: m.ExpYear,
				ExpMonth: m.ExpMonth}},
			Edit: func(r *Record) { r.Methods[m.Token] = m },
		}, true, nil
	})
	return err
}
