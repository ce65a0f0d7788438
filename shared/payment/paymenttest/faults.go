package paymenttest

import (
	"context"
	"sync"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Fault is what goes wrong with a call.
type Fault int

// The faults. In all but None and Twice the caller sees an error.
const (
	None   Fault = iota
	Before       // the request is lost: no effect, ErrUnknown
	After        // the answer is lost: the effect happened, ErrUnknown
	Refuse       // turned away untouched, ErrUnavailable
	Twice        // the request arrives twice, as a retrying proxy would have it
)

// Faulty is a provider some of whose calls go wrong. ParseWebhook and Name always work.
type Faulty struct {
	payment.Provider
	plan func(n int, call string) Fault

	mu    sync.Mutex
	calls []string
}

// Break wraps a provider; plan says what happens to the n-th call (from 1), named "Authorize", "Capture" and so on.
func Break(p payment.Provider, plan func(n int, call string) Fault) *Faulty {
	return &Faulty{Provider: p, plan: plan}
}

// OnCall is a plan in which only the n-th call goes wrong.
func OnCall(n int, f Fault) func(int, string) Fault {
	return func(i int, _ string) Fault {
		if i == n {
			return f
		}
		return None
	}
}

// Calls names the calls made so far, in order.
func (f *Faulty) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func through[T any](f *Faulty, name string, do func() (T, error)) (T, error) {
	f.mu.Lock()
	f.calls = append(f.calls, name)
	fault := f.plan(len(f.calls), name)
	f.mu.Unlock()
	var none T
	switch fault {
	case Before:
		return none, payment.ErrUnknown
	case Refuse:
		return none, payment.ErrUnavailable
	case After:
		do()
		return none, payment.ErrUnknown
	case Twice:
		do()
	}
	return do()
}

// Authorize implements payment.Provider.
func (f *Faulty) Authorize(ctx context.Context, req payment.AuthorizeRequest) (payment.Payment, error) {
	return through(f, "Authorize", func() (payment.Payment, error) { return f.Provider.Authorize(ctx, req) })
}

// Capture implements payment.Provider.
func (f *Faulty) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	return through(f, "Capture", func() (payment.Payment, error) { return f.Provider.Capture(ctx, id, key, amount) })
}

// Void implements payment.Provider.
func (f *Faulty) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	return through(f, "Void", func() (payment.Payment, error) { return f.Provider.Void(ctx, id, key) })
}

// Refund implements payment.Provider.
func (f *Faulty) Refund(ctx context.Context, req payment.RefundRequest) (payment.Refund, error) {
	return through(f, "Refund", func() (payment.Refund, error) { return f.Provider.Refund(ctx, req) })
}

// SaveMethod implements payment.Provider.
func (f *Faulty) SaveMethod(ctx context.Context, req payment.SaveMethodRequest) (payment.Method, error) {
	return through(f, "SaveMethod", func() (payment.Method, error) { return f.Provider.SaveMethod(ctx, req) })
}

// ChargeOffSession implements payment.Provider.
func (f *Faulty) ChargeOffSession(ctx context.Context, req payment.ChargeRequest) (payment.Payment, error) {
	return through(f, "ChargeOffSession", func() (payment.Payment, error) { return f.Provider.ChargeOffSession(ctx, req) })
}

// Lookup implements payment.Provider.
func (f *Faulty) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	return through(f, "Lookup", func() (payment.Payment, error) { return f.Provider.Lookup(ctx, key) })
}

// LookupRefund implements payment.Provider.
func (f *Faulty) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	return through(f, "LookupRefund", func() (payment.Refund, error) { return f.Provider.LookupRefund(ctx, paymentID, key) })
}

// Get implements payment.Provider.
func (f *Faulty) Get(ctx context.Context, id string) (payment.Payment, error) {
	return through(f, "Get", func() (payment.Payment, error) { return f.Provider.Get(ctx, id) })
}
