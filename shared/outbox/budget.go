package outbox

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
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

	lines [2]line // transactional, marketing: neither waits for the other
	known atomic.Pointer[Rate]
}

// line is those who wait for a place of one kind, and the places that were reserved for them.
type line struct {
	waiting atomic.Int32
	mu      sync.Mutex
	slice   slice
}

// slice is places that were reserved together and are not used yet.
type slice struct {
	size  int // how many there were at first
	left  int
	next  time.Time     // of the next place
	step  time.Duration // from one place to the next
	until time.Time
}

// A slice of places saves writes. Order mails reserve as many as wait, up to mostTransactional, and twice as many as
// the time before when those were used up in time, but no more than sliceOf of the rate then: more would delay a mail
// that another worker sends. For marketing sliceOf of the rate are reserved at once, at least leastMarketing. Places of
// marketing that a worker does not use within sliceFor are lost, those of order mails within sliceOf after their time:
// idle workers that all keep some would send them in one second. Waits shorter than shortest are not worth a timer.
const (
	leastMarketing    = 10
	mostTransactional = 20
	sliceOf           = 100 * time.Millisecond
	sliceFor          = 2 * time.Second
	shortest          = time.Millisecond
	budgetTries       = 12
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

// Take waits for one place. Errors: *Busy; that of ctx. 1 round trip for a slice of places, 1 more when another worker
// has reserved some since, none while a slice lasts.
func (b *Budget) Take(ctx context.Context, marketing bool) error {
	at, err := b.next(ctx, marketing)
	if err != nil {
		return err
	}
	wait := at.Sub(b.Clock.Now())
	if wait < shortest {
		return nil
	}
	// Outside the lock, so that those behind learn their own time meanwhile.
	sleep := b.Sleep
	if sleep == nil {
		sleep = backoff.Sleep
	}
	return sleep(ctx, wait)
}

// next is the time of the next place.
func (b *Budget) next(ctx context.Context, marketing bool) (time.Time, error) {
	l := &b.lines[kindOf(marketing)]
	l.waiting.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.waiting.Add(-1)
	now := b.Clock.Now()
	if l.slice.left == 0 || !now.Before(l.slice.until) {
		usedUp := 0
		if now.Before(l.slice.until) {
			usedUp = l.slice.size
		}
		grant, err := b.reserve(ctx, int(l.waiting.Load()), usedUp, marketing)
		if err != nil {
			return time.Time{}, err
		}
		if grant.Places == 0 {
			return time.Time{}, &Busy{Why: grant.Why, Until: grant.Later}
		}
		keep := sliceFor
		if !marketing {
			keep = time.Duration(grant.Places)*grant.Step + sliceOf
		}
		l.slice = slice{
			size: grant.Places, left: grant.Places, next: now.Add(grant.Wait), step: grant.Step,
			until: now.Add(grant.Wait + keep),
		}
	}
	at := l.slice.next
	l.slice.left--
	l.slice.next = at.Add(l.slice.step)
	return at, nil
}

// kindOf is the line of a kind of mail.
func kindOf(marketing bool) int {
	if marketing {
		return 1
	}
	return 0
}

// drop gives up the places that were reserved: they were of another rate.
func (b *Budget) drop() {
	for i := range b.lines {
		b.lines[i].mu.Lock()
		b.lines[i].slice = slice{}
		b.lines[i].mu.Unlock()
	}
}

// size is how many places are reserved at once when so many wait, and so many were used up before.
func (r Rate) size(waiting, usedUp int, marketing bool, now time.Time) int {
	rate := r.Effective(now)
	n := min(max(1, waiting, min(2*usedUp, int(rate*sliceOf.Seconds()))), mostTransactional)
	if marketing {
		n = max(leastMarketing, int(rate*sliceOf.Seconds()))
	}
	// Never more at once than one second's mails: SES counts by the second.
	return max(1, min(n, int(rate)))
}

// reserve takes places from the account's rate for those who wait; usedUp are those of the slice before, 0 when it ran
// out of time. 1 round trip without contention.
func (b *Budget) reserve(ctx context.Context, waiting, usedUp int, marketing bool) (grant Grant, err error) {
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
		r, grant = r.Reserve(r.size(waiting, usedUp, marketing, now), marketing, now)
		return r, nil
	})
	return grant, err
}

// Throttled notes that SES turned a mail away because too many were sent, and drops what is left of the slices.
func (b *Budget) Throttled(ctx context.Context) error {
	b.drop()
	return b.change(ctx, func(r Rate, now time.Time) (Rate, error) { return r.Throttled(now), nil })
}

// Pause stops marketing, or lets it go on when why is empty.
func (b *Budget) Pause(ctx context.Context, why string) error {
	b.drop()
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

// change replaces the rate by its next version. It begins with the version that this worker wrote last: when no other
// has written since, nothing needs to be read. Workers that meet try again.
func (b *Budget) change(ctx context.Context, to func(Rate, time.Time) (Rate, error)) error {
	known := b.known.Swap(nil)
	for try := 1; ; try++ {
		read, err := b.from(ctx, known)
		if err != nil {
			return err
		}
		next, err := to(read, b.Clock.Now())
		if err != nil {
			return err
		}
		// A refusal rests on what is stored, not on what was known.
		if next == read && known == nil {
			return nil
		}
		if next == read {
			known = nil
			continue
		}
		next.Version = read.Version + 1
		// Only what was read is replaced.
		put := table.Put{Item: next, If: "#version = :read", With: map[string]any{":read": read.Version}}
		if read.Version == 0 {
			put.If, put.With = table.IfNew, nil
		}
		err = b.Table.Put(ctx, put)
		if err == nil {
			b.known.Store(&next)
		}
		if _, refused := table.Failed(err); !refused || try == budgetTries {
			return err
		}
		// The first refusal may only say that what was known is old.
		if known != nil {
			known = nil
			continue
		}
		if err := backoff.Sleep(ctx, backoff.Jitter(5*time.Millisecond, try)); err != nil {
			return err
		}
	}
}

// from is the rate that a change begins with: the known one, or what is stored.
func (b *Budget) from(ctx context.Context, known *Rate) (Rate, error) {
	if known != nil {
		return *known, nil
	}
	return b.Read(ctx)
}
