package subscriptions_test

import (
	"context"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/shared/payment"
	"dangol/shared/platform/idempotency"
)

// The merchant sees what can go back, sends part of it once however often the request comes, and the rest after it.
func TestTheShopPaysOutTheCreditOfSomebodyWhoLeft(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	merchant := s.guest.As(apitest.Merchant)
	path := "/admin/subscriptions/" + v.ID + "/credit-payouts"
	merchant.Do("POST", "/admin/subscriptions/"+v.ID+"/changes",
		map[string]any{"do": "goodwill", "amount": 300, "note": "late"}).Want(200)
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200)

	// The unused days go back to the card at once, so only the rest of the payment can take credit back.
	unused := s.Bank.Ledger()[0].Refunded.Amount

	type payout struct {
		Credit, Most struct{ Amount int64 } // the most is in the quote only
		Refunds      []struct {
			Amount struct{ Amount int64 }
		}
	}
	var quote payout
	merchant.Do("GET", path, nil).Want(200).Into(&quote)
	if quote.Credit.Amount != 300 || quote.Most.Amount != 300 || len(quote.Refunds) != 0 {
		t.Fatalf("before: %+v", quote)
	}

	part := map[string]any{"amount": 100, "note": "asked by telephone"}
	merchant.Do("POST", path, part).WantField("header/" + idempotency.Header)
	merchant.With(idempotency.Header, "payout-0").Do("POST", path,
		map[string]any{"amount": 301, "note": "too much"}).WantField("/amount")
	for range 2 {
		var after payout
		merchant.With(idempotency.Header, "payout-1").Do("POST", path, part).Want(200).Into(&after)
		if after.Credit.Amount != 200 || len(after.Refunds) != 1 || after.Refunds[0].Amount.Amount != 100 {
			t.Errorf("after one payout: %+v", after)
		}
	}
	merchant.With(idempotency.Header, "payout-2").Do("POST", path,
		map[string]any{"note": "the rest"}).Want(200).Into(&quote)
	if quote.Credit.Amount != 0 || len(quote.Refunds) != 2 {
		t.Errorf("after the rest: %+v", quote)
	}
	merchant.With(idempotency.Header, "payout-3").Do("POST", path, map[string]any{"note": "once more"}).
		WantProblem(409, "no_account_credit")

	var back int64
	for _, payment := range s.Bank.Ledger() {
		back += payment.Refunded.Amount
	}
	// What ending at once gave back of the period, and the credit.
	if back != unused+300 {
		t.Errorf("%d went back to the card, want %d", back, unused+300)
	}
	s.Check(t)
}

// silentAfterRefund is a provider that does not answer any more once it has refunded.
type silentAfterRefund struct {
	payment.Provider
	silent bool
}

// Refund implements payment.Provider.
func (p *silentAfterRefund) Refund(ctx context.Context, in payment.RefundRequest) (payment.Refund, error) {
	out, err := p.Provider.Refund(ctx, in)
	p.silent = true
	return out, err
}

// Get implements payment.Provider.
func (p *silentAfterRefund) Get(ctx context.Context, id string) (payment.Payment, error) {
	if p.silent {
		return payment.Payment{}, payment.ErrUnavailable
	}
	return p.Provider.Get(ctx, id)
}

// TestAPayoutIsAnsweredFromWhatIsStored pays out through a provider that falls silent after it refunded: the answer is
// the payout, also to the same request again, and not that the provider does not answer.
func TestAPayoutIsAnsweredFromWhatIsStored(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	merchant := s.guest.As(apitest.Merchant)
	path := "/admin/subscriptions/" + v.ID + "/credit-payouts"
	merchant.Do("POST", "/admin/subscriptions/"+v.ID+"/changes",
		map[string]any{"do": "goodwill", "amount": 300, "note": "late"}).Want(200)
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200)

	provider := s.Billing.Provider
	s.Billing.Provider = &silentAfterRefund{Provider: provider}
	for range 2 {
		var after struct {
			Credit  struct{ Amount int64 }
			Most    *struct{ Amount int64 }
			Refunds []struct{ Amount struct{ Amount int64 } }
		}
		merchant.With(idempotency.Header, "silent-1").Do("POST", path, map[string]any{"note": "asked by telephone"}).
			Want(200).Into(&after)
		if after.Credit.Amount != 0 || after.Most != nil || len(after.Refunds) != 1 || after.Refunds[0].Amount.Amount != 300 {
			t.Errorf("the answer is %+v", after)
		}
	}
	s.Billing.Provider = provider
	s.RunUntilIdle(t.Context())
	s.Check(t)
}
