package providers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/metrics"
)

// MetricOurFault counts calls that the provider refused because of the shop: a wrong key, a missing permission, a
// malformed request. An alarm watches it.
const MetricOurFault = "PaymentProviderRefusesShop"

const (
	// freshFor is how long secrets are used before they are read again: a rotation reaches running functions within it.
	freshFor = 5 * time.Minute
	// fetchTries and fetchBase spread the reads of a crowd of starting functions: Parameter Store answers 40 requests a
	// second for the whole account.
	fetchTries = 4
	fetchBase  = 100 * time.Millisecond
)

// rotating is a provider whose secrets are read at the first call, and read again when they are old or refused. It
// counts refusals that are the shop's own fault. It is safe for concurrent use.
type rotating struct {
	env     *boot.Env
	name    string
	folder  string // "" when the secrets are in the environment and never change
	build   func(getenv func(string) string) (payment.Provider, error)
	metrics *metrics.Writer

	// Guards what follows. It is held while the secrets are read, so that only one call reads them.
	mu      sync.Mutex
	current payment.Provider
	secrets map[string]string
	readAt  time.Time
}

// provider returns the provider with secrets that are not older than freshFor. When they cannot be read again the old
// ones are used on.
func (r *rotating) provider(ctx context.Context) (payment.Provider, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Without a folder nothing can be rotated while the function runs.
	if r.current != nil && (r.folder == "" || r.env.Clock.Now().Sub(r.readAt) < freshFor) {
		return r.current, nil
	}
	// The old secrets mostly still work; only a function that has none cannot go on.
	if _, err := r.reload(ctx); err != nil && r.current == nil {
		return nil, payment.OurFault(err)
	}
	return r.current, nil
}

// reload reads the secrets and, when they have changed, makes another provider of them. The caller holds the lock.
func (r *rotating) reload(ctx context.Context) (changed bool, err error) {
	secrets := map[string]string{}
	if r.folder != "" {
		if secrets, err = r.fetch(ctx); err != nil {
			return false, err
		}
	}
	// Set before the comparison: unchanged secrets are fresh for another period too.
	r.readAt = r.env.Clock.Now()
	if r.current != nil && maps.Equal(secrets, r.secrets) {
		return false, nil
	}
	// A secret in the folder counts more than a variable of the same name.
	made, err := r.build(func(name string) string {
		if value, ok := secrets[name]; ok {
			return value
		}
		return r.env.Getenv(name)
	})
	if err != nil {
		return false, err
	}
	r.current, r.secrets = made, secrets
	return true, nil
}

// fetch reads the folder, and again after a random wait when Parameter Store does not answer.
func (r *rotating) fetch(ctx context.Context) (secrets map[string]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for try := range fetchTries {
		if secrets, err = parameters(ctx, r.env, r.folder); err == nil {
			return secrets, nil
		}
		// The time is up: the last error says why.
		if backoff.Sleep(ctx, backoff.Jitter(fetchBase, try)) != nil {
			break
		}
	}
	return nil, fmt.Errorf("secrets in %s: %w", r.folder, err)
}

// refused looks for other secrets after some were refused. If there are any, the caller may make
// the call again with the provider that is returned: a refused call has moved nothing.
func (r *rotating) refused(ctx context.Context, used payment.Provider) (payment.Provider, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != used {
		return r.current, true // somebody else has read them already
	}
	if r.folder == "" {
		return nil, false
	}
	changed, err := r.reload(ctx)
	return r.current, err == nil && changed
}

// call makes one call, and once more when the secrets were refused and others are there.
func call[T any](ctx context.Context, r *rotating, do func(payment.Provider) (T, error)) (T, error) {
	var out T
	p, err := r.provider(ctx)
	if err == nil {
		out, err = do(p)
		if errors.Is(err, payment.ErrOurFault) {
			if other, ok := r.refused(ctx, p); ok {
				out, err = do(other)
			}
		}
	}
	// Logged and counted here once, so that callers treat it like any other unavailability.
	if errors.Is(err, payment.ErrOurFault) {
		r.env.Log.ErrorContext(ctx, "the payment provider refuses the shop", "provider", r.name, "error", err)
		if mErr := r.metrics.Signal(MetricOurFault); mErr != nil {
			r.env.Log.ErrorContext(ctx, "metrics", "error", mErr)
		}
	}
	return out, err
}

// Name implements payment.Provider.
func (r *rotating) Name() string { return r.name }

// Authorize implements payment.Provider.
func (r *rotating) Authorize(ctx context.Context, req payment.AuthorizeRequest) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.Authorize(ctx, req) })
}

// Capture implements payment.Provider.
func (r *rotating) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.Capture(ctx, id, key, amount) })
}

// Void implements payment.Provider.
func (r *rotating) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.Void(ctx, id, key) })
}

// Refund implements payment.Provider.
func (r *rotating) Refund(ctx context.Context, req payment.RefundRequest) (payment.Refund, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Refund, error) { return p.Refund(ctx, req) })
}

// SaveMethod implements payment.Provider.
func (r *rotating) SaveMethod(ctx context.Context, req payment.SaveMethodRequest) (payment.Method, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Method, error) { return p.SaveMethod(ctx, req) })
}

// SavedMethod implements payment.Provider.
func (r *rotating) SavedMethod(ctx context.Context, setupID string) (payment.Method, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Method, error) { return p.SavedMethod(ctx, setupID) })
}

// ChargeOffSession implements payment.Provider.
func (r *rotating) ChargeOffSession(ctx context.Context, req payment.ChargeRequest) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.ChargeOffSession(ctx, req) })
}

// Lookup implements payment.Provider.
func (r *rotating) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.Lookup(ctx, key) })
}

// LookupRefund implements payment.Provider.
func (r *rotating) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Refund, error) { return p.LookupRefund(ctx, paymentID, key) })
}

// Get implements payment.Provider.
func (r *rotating) Get(ctx context.Context, id string) (payment.Payment, error) {
	return call(ctx, r, func(p payment.Provider) (payment.Payment, error) { return p.Get(ctx, id) })
}

// Ledger implements payment.Provider.
func (r *rotating) Ledger(ctx context.Context, from, to time.Time, cursor string) (payment.LedgerPage, error) {
	return call(ctx, r, func(p payment.Provider) (payment.LedgerPage, error) { return p.Ledger(ctx, from, to, cursor) })
}

// ParseWebhook implements payment.Provider. After a rotation, messages signed with the new secret
// are refused for up to freshFor; the provider sends them again.
func (r *rotating) ParseWebhook(header http.Header, body []byte, now time.Time) (payment.Notification, error) {
	p, err := r.provider(context.Background())
	if err != nil {
		return payment.Notification{}, err
	}
	return p.ParseWebhook(header, body, now)
}
