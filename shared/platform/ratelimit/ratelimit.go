// Package ratelimit counts attempts in fixed windows, for the few routes where guessing must not pay: order look-up,
// log-in by code. API Gateway's throttling protects the system; this protects what is guessed.
package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Limit is how many attempts Subject may make in a window. Name keeps the counters of different purposes apart.
type Limit struct {
	Name    string // the purpose, such as order-lookup
	Subject string // who or what is counted; only its hash is stored
	Max     int    // attempts in a window
	Window  time.Duration
}

// Limiter counts in a table.
type Limiter struct {
	Table *table.Table
	Clock clock.Clock
}

// Take counts one attempt against all limits, or against none when one of them is used up. 1 round trip, 2 WCU a limit.
// Errors: 429 too_many_attempts with extra.retryAfter in seconds.
func (l Limiter) Take(ctx context.Context, limits ...Limit) error {
	now := l.Clock.Now()
	writes := make([]table.Write, len(limits))
	for i, m := range limits {
		writes[i] = m.count(now)
	}
	// The token is new each time: two attempts must count as two.
	err := l.Table.Transact(ctx, id.New("lim", now), writes...)
	canceled, refused := table.Refused(err)
	if !refused {
		return err
	}
	// The longest wait, so that the next attempt is not refused by another limit.
	wait := time.Duration(0)
	for i, m := range limits {
		if canceled.Refused(i) {
			wait = max(wait, m.ends(now).Sub(now))
		}
	}
	// Refused for another reason than a limit.
	if wait == 0 {
		return err
	}
	// Rounded up, or the client would come a moment too early.
	seconds := int((wait + time.Second - 1) / time.Second)
	return problem.TooMany("too_many_attempts", "Too many attempts; try again in %d seconds.",
		seconds).With(problem.RetryAfter, seconds)
}

// ends is when the window of a moment is over.
func (m Limit) ends(now time.Time) time.Time { return now.Truncate(m.Window).Add(m.Window) }

// count is the write that adds an attempt. The counter is one per window, and the table forgets it afterwards.
func (m Limit) count(now time.Time) table.Update {
	sum := sha256.Sum256([]byte(m.Subject))
	pk := fmt.Sprintf("RATE#%s#%s#%d", m.Name, hex.EncodeToString(sum[:12]), now.Truncate(m.Window).Unix())
	return table.Update{
		Key: table.Key{PK: pk, SK: "RATE"}, Do: "SET #ttl = :ttl ADD #count :one",
		If:   "attribute_not_exists(#count) OR #count < :most", // no attempt beyond the limit
		With: map[string]any{":ttl": m.ends(now).Unix(), ":one": 1, ":most": m.Max},
	}
}
