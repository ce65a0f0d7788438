package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// Payout is how much account credit of a subscription's customer can go back to the cards that paid the subscription.
type Payout struct {
	Credit money.Money // on account, in the currency of the subscription
	Most   money.Money // of it, what the payments can take back
	parts  []payoutPart
}

// payoutPart is what goes back on one payment.
type payoutPart struct {
	paymentID string
	amount    int64
}

const (
	// payoutInvoices is how many of the latest invoices a payout looks at: a bank takes money back for a few months.
	payoutInvoices = 24
	// payoutNoteMost is how long the shop's note may be, in characters.
	payoutNoteMost = 500
	// payoutName is the part of a refund's key that says that it pays account credit out.
	payoutName = "#payout-"
	// CommandPaidOut names a payout in the history.
	CommandPaidOut = "credit_paid_out"
)

// PayoutOf works out what can be paid out now. Up to 24 requests to the provider, fewer when the latest payments take
// it all. Errors: those of the provider, as 503 payment_unavailable.
func (s *Service) PayoutOf(ctx context.Context, r *Record) (Payout, error) {
	credit, err := s.CreditFor(ctx, r)
	p := Payout{Credit: credit, Most: r.Money(0)}
	if err != nil || credit.Amount == 0 {
		return p, err
	}
	reserved, err := s.reserved(ctx, r)
	if err != nil {
		return p, err
	}
	invoices, _, err := s.Documents().Of(ctx, r.Sub.ID, payoutInvoices, "")
	if err != nil {
		return p, err
	}
	for _, i := range invoices {
		if p.Most.Amount == credit.Amount {
			break
		}
		if i.State != invoice.Paid || i.PaymentID == "" {
			continue
		}
		paid, err := s.Provider.Get(ctx, i.PaymentID)
		switch {
		case errors.Is(err, payment.ErrNotFound):
			continue
		case err != nil:
			return p, problem.Unavailable("payment_unavailable", "The payment provider does not answer; try again.").Because(err)
		}
		if part := min(paid.Refundable()-reserved[i.PaymentID], credit.Amount-p.Most.Amount); part > 0 {
			p.parts = append(p.parts, payoutPart{i.PaymentID, part})
			p.Most.Amount += part
		}
	}
	return p, nil
}

// CreditFor is what the customer of a subscription has on account in its currency. 1 round trip, 1 RCU.
func (s *Service) CreditFor(ctx context.Context, r *Record) (money.Money, error) {
	var a account
	err := s.Table.Get(ctx, accountKey(r.Sub.CustomerID, r.Sub.Terms.Currency), &a)
	if errors.Is(err, table.ErrNotFound) {
		return r.Money(0), nil
	}
	return r.Money(a.Amount), err
}

// reserved is what of each payment is not free: refunds on their way, and what the rules may still give back of the
// running period.
func (s *Service) reserved(ctx context.Context, r *Record) (map[string]int64, error) {
	out := map[string]int64{}
	// One that has ended has no period of which anything could still go back.
	if r.Sub.State != subscription.Ended {
		for _, p := range r.Sub.Payments {
			out[p.PaymentID] += p.Left
		}
	}
	for after := table.Cursor(""); ; {
		refunds, next, err := s.Refunds(ctx, r.Sub.ID, pageSize, after)
		if err != nil {
			return nil, err
		}
		for _, one := range refunds {
			// A pending one may have reached the provider already. Then it counts twice, which pays out less and never more.
			if one.State == RefundPending {
				out[one.PaymentID] += one.Amount
			}
		}
		if after = next; after == "" {
			return out, nil
		}
	}
}

// PayOut sends account credit of the subscription's customer back to the cards that paid the subscription: the latest
// payments first, never more than they can take back. amount 0 is as much as can be. The credit and the refunds change
// in one transaction; each refund is then a task like any other: it is looked up before it is sent, and one that is
// refused is open until somebody deals with it. Nothing is credited once more: the credit note that made the credit has
// taken the tax back already. replayed says that a request with the same key had been served before. Errors: 409
// no_account_credit, 422 too_large at /amount with what is possible, 422 idempotency_key_reused, 503
// payment_unavailable and busy.
func (s *Service) PayOut(
	ctx context.Context, subscriptionID string, amount int64, shop, note string, request idempotency.Request,
) (after *Record, replayed bool, err error) {
	after, err = table.Modify(ctx,
		func(ctx context.Context, _ table.Item) (*Record, error) { return s.Load(ctx, subscriptionID) },
		func(ctx context.Context, r *Record) (*Record, error) {
			after, again, err := s.Apply(ctx, r, func(r *Record) (Change, bool, error) {
				c, err := s.payOut(ctx, r, amount, shop, note)
				c.Request = request
				return c, err == nil, err
			})
			// The credit has changed between the read and the write: it is planned again.
			if _, changed := table.Refused(err); changed {
				err = table.Stale(err, nil)
			}
			replayed = again
			return after, err
		})
	return after, replayed, err
}

// payOut plans the change that pays an amount out.
func (s *Service) payOut(ctx context.Context, r *Record, amount int64, shop, note string) (Change, error) {
	// The schema of the route says the same; an amount below zero would take money instead of giving it.
	if amount < 0 {
		return Change{}, problem.InvalidField("/amount", "too_small", "0 or more")
	}
	if note == "" {
		return Change{}, problem.InvalidField("/note", "required", "why the credit is paid out")
	}
	if utf8.RuneCountInString(note) > payoutNoteMost {
		return Change{}, problem.InvalidField("/note", "too_long", "at most %d characters", payoutNoteMost)
	}
	p, err := s.PayoutOf(ctx, r)
	switch {
	case err != nil:
		return Change{}, err
	case p.Credit.Amount == 0:
		return Change{}, problem.Conflict("no_account_credit", "The customer has no account credit in %s.", p.Credit.Currency)
	case amount == 0 && p.Most.Amount > 0:
		amount = p.Most.Amount
	case amount == 0 || amount > p.Most.Amount:
		return Change{}, problem.InvalidField("/amount", "too_large", "at most %s, which the payments can take back",
			p.Most.Display())
	}
	now := s.Clock.Now()
	// The condition is the amount that was read: a new subscription may use the credit at the same time.
	c := Change{Required: []table.Write{table.Update{
		Key: accountKey(r.Sub.CustomerID, p.Credit.Currency), Do: "SET #amount = :left", If: "#amount = :read",
		With: map[string]any{":left": p.Credit.Amount - amount, ":read": p.Credit.Amount},
	}}}
	var tasks []Task
	for _, part := range p.parts {
		of := min(part.amount, amount)
		if amount -= of; of == 0 {
			break
		}
		// Given counts every task there ever was, so the key is never used again.
		t := Task{
			Kind: TaskRefund, Key: fmt.Sprintf("%s%s%d", r.Sub.ID, payoutName, r.Given+len(tasks)+1), PaymentID: part.paymentID,
			Amount: of,
		}
		tasks = append(tasks, t)
		refund := Refund{RefundDetails: RefundDetails{
			ID: refundID(r.Sub.ID, t.Key), SubscriptionID: r.Sub.ID, CustomerID: r.Sub.CustomerID, PaymentID: t.PaymentID,
			Amount: of, Currency: p.Credit.Currency, State: RefundPending, SendKey: t.Key, Attempts: 1, At: now, ChangedAt: now,
		}}
		c.Required = append(c.Required, table.Put{Item: refund.item(), If: table.IfNew})
	}
	c.Required = append(c.Required, table.Put{If: table.IfNew, Item: HistoryEntry{
		Key:     table.Key{PK: r.Key.PK, SK: fmt.Sprintf("HISTORY#%08d#%02d", r.Version+1, 0)},
		Version: r.Version + 1,
		Entry: subscription.Entry{
			At: now, Command: CommandPaidOut, From: r.Sub.State, To: r.Sub.State, Seq: r.Sub.Span.Seq, Shop: shop,
			ShopNote: note,
		},
	}})
	c.Edit = func(r *Record) {
		for _, t := range tasks {
			r.enqueue(t)
		}
	}
	return c, nil
}

// PaysCreditOut reports whether a refund pays account credit out.
func (r Refund) PaysCreditOut() bool {
	return strings.HasPrefix(r.ID, strings.TrimPrefix(payoutName, "#"))
}
