package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"dangol/shared/platform/backoff"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// Account asks SES what the account may send: mails a second, mails in 24 hours (-1 for no limit), and how many were
// sent.
type Account func(context.Context) (perSecond float64, quota, sent int, err error)

// Budget gives out places at the account's rate to this worker. It is safe for concurrent use.
type Budget struct {
	Table   *table.Table
	Clock   clock.Clock
	Account Account
	// WarmUp says how far the warm-up of the domain is; nil where there is none.
	WarmUp func(ctx context.Context, now time.Time) (WarmUp, error)
	// Sleep waits for a place; nil is backoff.Sleep.
	Sleep func(context.Context, time.Duration) error

	mu     sync.Mutex
	slices [2]slice // transactional, marketing
}

// slice is places that were reserved together and are not used yet.
type slice struct {
	left  int
	until time.Time
}

// A slice of places saves writes: for marketing ten are reserved at once. Places that a worker does
// not use within sliceFor are lost.
const (
	marketingSlice = 10
	sliceFor       = 2 * time.Second
	budgetTries    = 12
)

// rateKey is one item for the whole account: SES counts all mails together.
var rateKey = table.Key{PK: "MAIL#RATE", SK: "RATE"}

// Busy says that there is no place now, and when to ask again.
type Busy struct {
	Why   string
	Until time.Time
}

// Error says why there is no place.
func (b *Busy) Error() string { return "outbox: no place to send: " + b.Why }

// Take waits for one place. Errors: *Busy; that of ctx. 2 round trips for a slice of places, none while one lasts.
func (b *Budget) Take(ctx context.Context, marketing bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Transactional mail reserves one place at a time: ten would delay a mail that somebody waits
	// for.
	kind, want := 0, 1
	if marketing {
		kind, want = 1, marketingSlice
	}
	now := b.Clock.Now()
	if s := &b.slices[kind]; s.left > 0 && now.Before(s.until) {
		s.left--
		return nil
	}
	grant, err := b.reserve(ctx, want, marketing)
	if err != nil {
		return err
	}
	if grant.Places == 0 {
		return &Busy{Why: grant.Why, Until: grant.Later}
	}
	b.slices[kind] = slice{left: grant.Places - 1, until: now.Add(grant.Wait + sliceFor)}
	if grant.Wait <= 0 {
		return nil
	}
	sleep := b.Sleep
	if sleep == nil {
		sleep = backoff.Sleep
	}
	return sleep(ctx, grant.Wait)
}

// reserve takes n places from the account's rate. 2 round trips without contention.
func (b *Budget) reserve(ctx context.Context, n int, marketing bool) (grant Grant, err error) {
	err = b.change(ctx, func(r Rate, now time.Time) (Rate, error) {
		if b.WarmUp != nil && (r.Stale(now) || r.WarmDay != now.UTC().Format(time.DateOnly)) {
			warm, err := b.WarmUp(ctx, now)
			if err != nil {
				return r, err
			}
			r = r.WarmedUp(warm, now)
		}
		if r.Stale(now) {
			perSecond, quota, sent, err := b.Account(ctx)
			// Without any figure nothing can be planned; with an old one the work goes on.
			if err != nil && r.AskedAt.IsZero() {
				return r, err
			}
			if err == nil {
				r = r.Account(perSecond, quota, sent, now)
			}
		}
		// Never more at once than one second's mails: SES counts by the second.
		r, grant = r.Reserve(max(1, min(n, int(r.Effective(now)))), marketing, now)
		return r, nil
	})
	return grant, err
}

// Throttled notes that SES turned a mail away because too many were sent, and drops what is left of the slices.
func (b *Budget) Throttled(ctx context.Context) error {
	b.mu.Lock()
	b.slices = [2]slice{}
	b.mu.Unlock()
	return b.change(ctx, func(r Rate, now time.Time) (Rate, error) { return r.Throttled(now), nil })
}

// Pause stops marketing, or lets it go on when why is empty.
func (b *Budget) Pause(ctx context.Context, why string) error {
	b.mu.Lock()
	b.slices = [2]slice{} // places that were given out before
	b.mu.Unlock()
	return b.change(ctx, func(r Rate, _ time.Time) (Rate, error) { r.Paused = why; return r, nil })
}

// Read returns the rate as it stands. 1 round trip.
func (b *Budget) Read(ctx context.Context) (Rate, error) {
	r := Rate{Key: rateKey}
	err := b.Table.Get(ctx, rateKey, &r)
	if errors.Is(err, table.ErrNotFound) {
		err = nil
	}
	return r, err
}

// change replaces the rate by its next version. Workers that meet try again.
func (b *Budget) change(ctx context.Context, to func(Rate, time.Time) (Rate, error)) error {
	for try := 1; ; try++ {
		read, err := b.Read(ctx)
		if err != nil {
			return err
		}
		next, err := to(read, b.Clock.Now())
		if err != nil || next == read {
			return err
		}
		next.Version = read.Version + 1
		// Only what was read is replaced.
		put := table.Put{Item: next, If: "#version = :read", With: map[string]any{":read": read.Version}}
		if read.Version == 0 {
			put.If, put.With = table.IfNew, nil
		}
		err = b.Table.Put(ctx, put)
		if _, refused := table.Failed(err); !refused || try == budgetTries {
			return err
		}
		if err := backoff.Sleep(ctx, backoff.Jitter(5*time.Millisecond, try)); err != nil {
			return err
		}
	}
}
