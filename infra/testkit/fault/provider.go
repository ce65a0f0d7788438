package fault

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Provider returns a payment provider whose calls go through the injector. Checking a webhook's signature is no call.
func (i *Injector) Provider(p payment.Provider) payment.Provider { return faultyProvider{i, p} }

type faultyProvider struct {
	in *Injector
	p  payment.Provider
}

func payCall[T any](ctx context.Context, f faultyProvider, name string, call func(context.Context) (T, error)) (T,
	error) {
	// Before the provider saw it or after: the caller cannot tell, and must not have to.
	unknown := fmt.Errorf("%s: %w: %w", name, payment.ErrUnknown, ErrInjected)
	throttled := fmt.Errorf("%s: %w: %w", name, payment.ErrUnavailable, ErrInjected)
	invalid := fmt.Errorf("%s: %w: %w", name, payment.ErrInvalid, ErrInjected)
	return through(ctx, f.in, name, failures{unknown, throttled, throttled, invalid, unknown}, call)
}

func (f faultyProvider) Name() string { return f.p.Name() }

func (f faultyProvider) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	return payCall(ctx, f, "Authorize",
		func(ctx context.Context) (payment.Payment, error) { return f.p.Authorize(ctx, r) })
}

func (f faultyProvider) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	return payCall(ctx, f, "Capture",
		func(ctx context.Context) (payment.Payment, error) { return f.p.Capture(ctx, id, key, amount) })
}

func (f faultyProvider) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	return payCall(ctx, f, "Void", func(ctx context.Context) (payment.Payment, error) { return f.p.Void(ctx, id, key) })
}

func (f faultyProvider) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	return payCall(ctx, f, "Refund", func(ctx context.Context) (payment.Refund, error) { return f.p.Refund(ctx, r) })
}

func (f faultyProvider) SaveMethod(ctx context.Context, r payment.SaveMethodRequest) (payment.Method, error) {
	return payCall(ctx, f, "SaveMethod",
		func(ctx context.Context) (payment.Method, error) { return f.p.SaveMethod(ctx, r) })
}

func (f faultyProvider) SavedMethod(ctx context.Context, setupID string) (payment.Method, error) {
	return payCall(ctx, f, "SavedMethod",
		func(ctx context.Context) (payment.Method, error) { return f.p.SavedMethod(ctx, setupID) })
}

func (f faultyProvider) ChargeOffSession(ctx context.Context, r payment.ChargeRequest) (payment.Payment, error) {
	return payCall(ctx, f, "ChargeOffSession",
		func(ctx context.Context) (payment.Payment, error) { return f.p.ChargeOffSession(ctx, r) })
}

func (f faultyProvider) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	return payCall(ctx, f, "Lookup", func(ctx context.Context) (payment.Payment, error) { return f.p.Lookup(ctx, key) })
}

func (f faultyProvider) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	return payCall(ctx, f, "LookupRefund",
		func(ctx context.Context) (payment.Refund, error) { return f.p.LookupRefund(ctx, paymentID, key) })
}

func (f faultyProvider) Get(ctx context.Context, id string) (payment.Payment, error) {
	return payCall(ctx, f, "Get", func(ctx context.Context) (payment.Payment, error) { return f.p.Get(ctx, id) })
}

func (f faultyProvider) Ledger(ctx context.Context, from, to time.Time, cursor string) (payment.LedgerPage, error) {
	return payCall(ctx, f, "Ledger",
		func(ctx context.Context) (payment.LedgerPage, error) { return f.p.Ledger(ctx, from, to, cursor) })
}

func (f faultyProvider) ParseWebhook(h http.Header, body []byte, now time.Time) (payment.Notification, error) {
	return f.p.ParseWebhook(h, body, now)
}
