package gateway

import (
	"sync"
	"time"

	"dangol/shared/platform/clock"
)

// bucket holds as many tokens as requests may begin (a token bucket, as API Gateway has it). Its time is the machine's,
// whatever the shop's clock says: a shop that is moved by a month has not been quiet for a month.
type bucket struct {
	mu    sync.Mutex
	spent float64 // tokens taken and not yet refilled
	at    time.Time
}

// take takes a token and reports whether there was one.
func (b *bucket) take(l Limits) bool {
	if l.Rate <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := clock.System{}.Now()
	b.spent = max(0, b.spent-now.Sub(b.at).Seconds()*float64(l.Rate))
	b.at = now
	if b.spent+1 > float64(l.Burst) {
		return false
	}
	b.spent++
	return true
}
