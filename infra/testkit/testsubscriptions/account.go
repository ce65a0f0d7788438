package testsubscriptions

import (
	"context"
	"testing"
)

// accounts is what customers' subscriptions have left over, which their accounts should hold.
type accounts map[string]*leftover

type leftover struct {
	amount  int64
	of      string // the last subscription
	unknown bool   // one began elsewhere: what was paid there is in no book here
}

func (a accounts) add(b *Records) {
	l := a[b.Sub.CustomerID]
	if l == nil {
		l = &leftover{}
		a[b.Sub.CustomerID] = l
	}
	l.amount, l.of, l.unknown = l.amount+b.Left(), b.Sub.ID, l.unknown || b.adopted()
}

// checkAccounts checks that money less credit is what was used, for each customer.
func (w *Shop) checkAccounts(t testing.TB, want accounts) {
	t.Helper()
	for customer, l := range want {
		if l.unknown {
			continue
		}
		held, err := w.Unfaulted.AccountCredit(context.Background(), customer)
		if err != nil {
			t.Fatal(err)
		}
		var credit int64
		for _, m := range held {
			credit += m.Amount
		}
		if credit != l.amount {
			t.Errorf("%s has %d on account; money taken less credit and what was used is %d\n%s", customer, credit, l.amount,
				w.Story(t, w.Of(t, l.of)))
		}
	}
}
