// Package ranking says which products sell best: in how many orders of the last weeks each was. The storefront's lists
// sort by it and mails recommend by it.
//
// It owns the counters STATS#sales:<week> of the table Outreach: in how many orders of a week each product was.
package ranking

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/outbox"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

const (
	// weeks is how many weeks back sales count, the current one included.
	weeks = 5
	// remembered is how long a ranking counts. It changes slowly, and every list and every mail of a campaign needs it.
	remembered = time.Hour
	// maxProducts of an order are counted, so that its transaction stays within what DynamoDB takes.
	maxProducts = 40
)

// sales is what the orders of a week are counted under. Weeks are ISO weeks in UTC.
func sales(at time.Time) string {
	year, week := at.UTC().ISOWeek()
	return fmt.Sprintf("sales:%d-W%02d", year, week)
}

// CountOrder returns the writes that count an order for the products in it, each once however many units of it there
// are: a wholesale order is one vote.
func CountOrder(by string, products []string, now time.Time) (writes []table.Write) {
	// Sorted, so that the same order always counts the same products.
	unique := slices.Compact(slices.Sorted(slices.Values(products)))
	for _, id := range unique[:min(len(unique), maxProducts)] {
		source := outbox.Source{Name: sales(now), Step: id}
		writes = append(writes, outbox.Count(source, by, now, outbox.Counters{outbox.CountOrders: 1}))
	}
	return writes
}

// Ranking is in how many orders of the last weeks each product was. It does not change once it is made.
type Ranking struct {
	orders  map[string]int
	version string
}

// Orders is in how many orders the product was.
func (r *Ranking) Orders(productID string) int { return r.orders[productID] }

// Version is another one whenever a ranking was read again.
func (r *Ranking) Version() string { return r.version }

// Best lists the products of most orders, at most n; of equals the one with the lower id, so that the answer is the
// same each time.
func (r *Ranking) Best(n int) []string {
	best := slices.SortedFunc(maps.Keys(r.orders), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.orders[b], r.orders[a]), cmp.Compare(a, b))
	})
	return best[:min(len(best), n)]
}

// Reader reads the ranking at most once an hour. It is safe for concurrent use.
type Reader struct {
	outbox outbox.Store
	clock  clock.Clock

	mu   sync.Mutex
	last *Ranking
	at   time.Time // when last was read
}

// NewReader returns a reader of the counters in the table Outreach.
func NewReader(outreach *table.Table, c clock.Clock) *Reader {
	return &Reader{outbox: outbox.Store{Table: outreach}, clock: c}
}

// Current is the ranking, at most an hour old. No round trip while it is remembered, else one for each of five weeks at
// the same time, 0.5 RCU per 4 KB: about 30 products. While the table does not answer, the last ranking goes on.
func (r *Reader) Current(ctx context.Context) (*Ranking, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if r.last != nil && now.Sub(r.at) < remembered && !now.Before(r.at) {
		return r.last, nil
	}
	next, err := r.read(ctx, now)
	if err != nil {
		// An old order of a list is better than none; a caller who has given up gets the error.
		if r.last != nil && ctx.Err() == nil {
			return r.last, nil
		}
		return nil, fmt.Errorf("ranking: %w", err)
	}
	r.last, r.at = next, now
	return next, nil
}

// read adds up the weeks. One report for each week, so that a week falls out as a whole.
func (r *Reader) read(ctx context.Context, now time.Time) (*Ranking, error) {
	var reports [weeks]map[string]outbox.Counters
	group, ctx := errgroup.WithContext(ctx)
	for week := range weeks {
		group.Go(func() (err error) {
			reports[week], err = r.outbox.Report(ctx, sales(now.AddDate(0, 0, -7*week)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := &Ranking{orders: map[string]int{}, version: strconv.FormatInt(now.UnixMilli(), 36)}
	for _, report := range reports {
		for product, n := range report {
			all.orders[product] += n[outbox.CountOrders]
		}
	}
	return all, nil
}
