package checkout

import "dangol/shared/platform/lru"

// mostCompleted bounds how many checkouts are remembered: the provider's messages come within seconds.
const mostCompleted = 1_000

// CompletedCheckouts remembers the ids of checkouts that this process has completed. Such a one stays completed, so the
// provider's messages about its payment need no look at it. A nil one remembers nothing. It is safe for concurrent use.
type CompletedCheckouts struct{ ids *lru.Cache[string, struct{}] }

// NewCompletedCheckouts remembers nothing yet.
func NewCompletedCheckouts() *CompletedCheckouts {
	return &CompletedCheckouts{lru.New[string, struct{}](mostCompleted)}
}

// note remembers a checkout that is completed.
func (d *CompletedCheckouts) note(c *Checkout) {
	if d != nil && c.State == Completed {
		d.ids.Add(c.ID, struct{}{})
	}
}

// has reports whether a checkout is known to be completed.
func (d *CompletedCheckouts) has(checkoutID string) bool {
	return d != nil && d.ids.Contains(checkoutID)
}
