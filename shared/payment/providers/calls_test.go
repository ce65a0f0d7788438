package providers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// calls are all calls of a provider that reach it over the network.
var calls = map[string]func(context.Context, payment.Provider) error{
	"Authorize": func(ctx context.Context, p payment.Provider) error {
		_, err := p.Authorize(ctx, payment.AuthorizeRequest{
			Key: "k", Amount: money.Of(12_000, "KRW"), MethodToken: "pm_1", ReturnURL: "https://shop.example/back",
		})
		return err
	},
	"Capture": func(ctx context.Context, p payment.Provider) error {
		_, err := p.Capture(ctx, "pi_1", "k", money.Of(12_000, "KRW"))
		return err
	},
	"Void": func(ctx context.Context, p payment.Provider) error { _, err := p.Void(ctx, "pi_1", "k"); return err },
	"Refund": func(ctx context.Context, p payment.Provider) error {
		_, err := p.Refund(ctx, payment.RefundRequest{Key: "k", PaymentID: "pi_1", Amount: money.Of(1, "KRW")})
		return err
	},
	"SaveMethod": func(ctx context.Context, p payment.Provider) error {
		_, err := p.SaveMethod(ctx, payment.SaveMethodRequest{Key: "k", CustomerID: "ann", MethodToken: "pm_1"})
		return err
	},
	"SavedMethod": func(ctx context.Context, p payment.Provider) error {
		_, err := p.SavedMethod(ctx, "seti_1")
		return err
	},
	"ChargeOffSession": func(ctx context.Context, p payment.Provider) error {
		_, err := p.ChargeOffSession(ctx, payment.ChargeRequest{
			Key: "k", Amount: money.Of(12_000, "KRW"), CustomerID: "ann", CustomerRef: "cus_1", MethodToken: "pm_1",
		})
		return err
	},
	"Lookup": func(ctx context.Context, p payment.Provider) error { _, err := p.Lookup(ctx, "k"); return err },
	"LookupRefund": func(ctx context.Context, p payment.Provider) error {
		_, err := p.LookupRefund(ctx, "pi_1", "k")
		return err
	},
	"Get": func(ctx context.Context, p payment.Provider) error { _, err := p.Get(ctx, "pi_1"); return err },
	"Ledger": func(ctx context.Context, p payment.Provider) error {
		_, err := p.Ledger(ctx, time.Unix(0, 0), time.Unix(1, 0), "")
		return err
	},
}

// TestEveryCallFindsTheNewKeyAfterARotation makes each call first with a key that was replaced a moment ago.
func TestEveryCallFindsTheNewKeyAfterARotation(t *testing.T) {
	t.Parallel()
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			if err := a.get(t); err != nil {
				t.Fatal(err)
			}
			a.stored.Store("sk_2")
			a.accepted.Store("sk_2")
			// What the bank answers to the call is not looked at, only that it no longer refuses the key.
			if err := do(t.Context(), a.provider); errors.Is(err, payment.ErrOurFault) {
				t.Errorf("the new key is not used: %v", err)
			}
			if n := a.reads.Load(); n != 2 {
				t.Errorf("the secrets were read %d times, want twice", n)
			}
		})
	}
}

// TestAWrongKeyIsTheShopsFaultInEveryCall: nothing may be booked against a customer because of it.
func TestAWrongKeyIsTheShopsFaultInEveryCall(t *testing.T) {
	t.Parallel()
	for name, do := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.accepted.Store("sk_other")
			err := do(t.Context(), a.provider)
			if !errors.Is(err, payment.ErrOurFault) || !errors.Is(err, payment.ErrUnavailable) {
				t.Errorf("%v, want the shop's fault, which is unavailable to callers", err)
			}
		})
	}
}
