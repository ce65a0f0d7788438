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

func (s *Service) handlePayment(ctx context.Context, p payment.Payment) error {
	id := p.Metadata["subscription"]
	if id == "" {
		return nil
	}
	r, err := s.Load(ctx, id)
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
	if len(r.Tasks) > 0 {
		if s.Clock.Now().Before(r.Lease) {
			return task.ErrLater // somebody is waiting for this very answer
		}
		return s.Work(ctx, id)
	}
	r, _, err = s.Apply(ctx, r, func(*Record) (Change, bool, error) {
		return Change{Command: subscription.ChargeReport{Key: o.Key, Attempt: o.Attempt}}, true, nil
	})
	if now := openOf(r); err == nil && now != nil && now.InFlight && now.AttemptKey() == p.Key && !p.State.Open() {
		return task.ErrLater // the provider says that it is over, and could not be asked
	}
	return err
}

func openOf(r *Record) *subscription.Open {
	if r == nil {
		return nil
	}
	return r.Sub.Open
}

// recordLatePayment takes in money that came after its charge had been given up: it pays the invoice if that is still
// open, and goes back if not.
func (s *Service) recordLatePayment(ctx context.Context, r *Record, p payment.Payment) error {
	if p.State != payment.StateCaptured {
		return nil
	}
	cut := strings.LastIndexByte(p.Key, '#')
	if cut < 0 {
		return nil
	}
	key := p.Key[:cut]
	open := r.Sub.Open != nil && r.Sub.Open.Key == key && !r.Sub.Open.InFlight
	if !open && r.Sub.Voided.Key != key {
		return nil
	}
	got, err := s.Provider.Get(ctx, p.ID)
	switch {
	case errors.Is(err, payment.ErrUnknown), errors.Is(err, payment.ErrUnavailable):
		return task.ErrLater
	case err != nil || got.State != payment.StateCaptured || got.Refundable() == 0:
		return nil
	}
	_, _, err = s.Apply(ctx, r, func(*Record) (Change, bool, error) {
		return Change{Command: subscription.ChargeSucceeded{Key: key, PaymentID: got.ID}}, true, nil
	})
	return err
}

// payerItem finds the customer of a provider's customer.
type payerItem struct {
	table.Key
	CustomerID string `dynamodbav:"customerId"`
}

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

// hearMethod takes over what the network says about a card: every subscription that is charged to it gets the new
// dates.
func (s *Service) handleMethod(ctx context.Context, m payment.Method) error {
	if m.Token == "" || m.CustomerRef == "" {
		return nil
	}
	var who payerItem
	err := s.Table.Get(ctx, payerKey(m.CustomerRef), &who)
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
