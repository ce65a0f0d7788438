package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"dangol/shared/money"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// account is the credit of a customer that no subscription holds, one item for each currency.
type account struct {
	table.Key
	Amount   int64  `dynamodbav:"amount"`
	Currency string `dynamodbav:"currency"`
}

// accountPK is the partition of a customer's credit.
func accountPK(customerID string) string { return "ACCOUNT#" + customerID }

// accountKey is the key of the credit in one currency.
func accountKey(customerID, currency string) table.Key {
	return table.Key{PK: accountPK(customerID), SK: "CREDIT#" + currency}
}

// AccountCredit is the credit of a customer that no subscription holds, by currency. 1 round trip, 0.5 RCU.
func (s *Service) AccountCredit(ctx context.Context, customerID string) ([]money.Money, error) {
	all, _, err := table.Latest(ctx, s.Table, accountPK(customerID), "CREDIT#", pageSize, "", identity[account])
	var out []money.Money
	// The list is read newest key first; backwards it is in the order of the currencies.
	for _, a := range slices.Backward(all) {
		if a.Amount > 0 {
			out = append(out, money.Of(a.Amount, a.Currency))
		}
	}
	return out, err
}

// applyAccountCredit moves the customer's account credit in the currency to a subscription that
// starts or starts again, in the same transaction. 1 round trip.
func (s *Service) applyAccountCredit(ctx context.Context, w *changeSet, c subscription.Command) (subscription.Command,
	error) {
	var customer, currency string
	switch c := c.(type) {
	case subscription.Start:
		customer, currency = c.CustomerID, c.Terms.Currency
	case subscription.Reactivate:
		if w.next.Sub.State != subscription.Ended || c.Terms == nil {
			return c, nil
		}
		customer, currency = w.next.Sub.CustomerID, c.Terms.Currency
	default:
		return c, nil
	}
	var a account
	err := s.Table.Get(ctx, accountKey(customer, currency), &a)
	if errors.Is(err, table.ErrNotFound) || err == nil && a.Amount == 0 {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	// The condition is the amount that was read: two starts at the same time must not both get it.
	w.addContested(table.Update{
		Key: accountKey(customer, currency), Do: "SET #amount = :none", If: "#amount = :read",
		With: map[string]any{":none": 0, ":read": a.Amount},
	})
	switch c := c.(type) {
	case subscription.Start:
		c.Credit = a.Amount
		return c, nil
	case subscription.Reactivate:
		c.Credit = a.Amount
		return c, nil
	}
	return c, nil
}

// addContested adds a write that another change may come before. When its condition fails, the
// change is decided again from a fresh read.
func (w *changeSet) addContested(one table.Write) {
	w.contested, w.required = append(w.contested, len(w.required)), append(w.required, one)
}

// transferCredit gives the credit of a subscription that ended to another one of the customer, so
// that its next invoice uses it, or else to their account. Either happens in the transaction of the
// end.
func (s *Service) transferCredit(ctx context.Context, w *changeSet, left money.Money) error {
	recipient, err := s.creditRecipient(ctx, w.next)
	if err != nil {
		return err
	}
	if recipient == nil {
		// Without a condition: whatever is there grows by as much.
		w.required = append(w.required, table.Update{
			Key:  accountKey(w.next.Sub.CustomerID, left.Currency),
			Do:   "SET #amount = if_not_exists(#amount, :none) + :left, #currency = :currency",
			With: map[string]any{":none": 0, ":left": left.Amount, ":currency": left.Currency},
		})
		return nil
	}
	read, state := recipient.Version, recipient.Sub.State
	recipient = recipient.clone()
	recipient.Sub.Credit += left.Amount
	recipient.Version, recipient.UpdatedAt, recipient.WriteID = read+1, w.now, id.New("chg", w.now)
	recipient.setIndexKeys()
	// The recipient may change at the same time, so its version is the condition.
	w.addContested(table.Put{Item: recipient, If: "#version = :read", With: map[string]any{":read": read}})
	w.required = append(w.required, table.Put{If: table.IfNew, Item: HistoryEntry{
		Key:     table.Key{PK: recipient.Key.PK, SK: fmt.Sprintf("HISTORY#%08d#%02d", recipient.Version, 0)},
		Version: recipient.Version,
		Entry: subscription.Entry{
			At: w.now, Command: "credit_received", From: state, To: state, Seq: recipient.Sub.Span.Seq,
			Note: left.Format() + " of " + w.next.Sub.ID,
		},
	}})
	return nil
}

// creditRecipient is another running subscription of the customer in the same currency; nil when
// there is none. 1 round trip, and 1 for each candidate.
func (s *Service) creditRecipient(ctx context.Context, ended *Record) (*Record, error) {
	cards, _, err := s.OfCustomer(ctx, ended.Sub.CustomerID, pageSize, "")
	if err != nil {
		return nil, err
	}
	goesOn := []subscription.State{subscription.Trialing, subscription.Active, subscription.PastDue, subscription.Paused}
	for _, c := range cards {
		if c.ID == ended.Sub.ID || c.Currency != ended.Sub.Terms.Currency || !slices.Contains(goesOn, c.State) {
			continue
		}
		// The index may be behind, so the candidate is read again before it is trusted.
		r, err := s.Load(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if slices.Contains(goesOn, r.Sub.State) && !r.Sub.NoRenewal && r.Sub.Terms.Currency == ended.Sub.Terms.Currency {
			return r, nil
		}
	}
	return nil, nil
}
