package invoice

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"dangol/shared/platform/table"
)

// Run is one run of numbers without gaps: a series in a year.
type Run struct {
	Series Series
	Year   int
}

// Key is the key of the counter of a run.
func (r Run) Key() table.Key {
	return table.Key{PK: fmt.Sprintf("NUMBERS#%s#%d", r.Series, r.Year), SK: "NUMBERS"}
}

// Number is the n-th number of the run, from 1.
func (r Run) Number(n int) string { return NumberOf(r.Series, r.Year, n) }

// counter is the item that holds the last number given in a run.
type counter struct {
	Last int `dynamodbav:"last"`
}

// LastIn is the last number given, from the item of a counter; 0 when there is none.
func LastIn(item table.Item) (int, error) {
	var c counter
	if item == nil {
		return 0, nil
	}
	err := item.Decode(&c)
	return c.Last, err
}

// Raise is the write that gives the numbers after the last one. It belongs into the transaction
// that stores the numbered documents: a change that counted from an older last is refused, so no
// number is left out and none is given twice (EU VAT directive 2006/112, article 226, asks for
// sequential numbers).
func (r Run) Raise(last, by int) table.Update {
	u := table.Update{
		Key: r.Key(), Do: "SET #last = :next", If: "#last = :last", With: map[string]any{":next": last + by, ":last": last},
	}
	// The first numbers of the year make the counter.
	if last == 0 {
		u.If = table.IfNew
		delete(u.With, ":last")
	}
	return u
}

// Numbers remembers the last number of each run as far as this process knows, which saves a read
// for each invoice. A wrong memory only costs a refused transaction. It is safe for concurrent use.
type Numbers struct {
	// Taking is held by whoever takes numbers, so that a process does not race itself for them.
	Taking sync.Mutex

	// Guards last for the moment of an access; Taking is held over a whole transaction.
	mu   sync.Mutex
	last map[Run]int
}

// Last is the last number given in a run: as remembered, else read. At most 1 round trip.
func (n *Numbers) Last(ctx context.Context, t *table.Table, r Run) (int, error) {
	n.mu.Lock()
	last, known := n.last[r]
	n.mu.Unlock()
	if known {
		return last, nil
	}
	var c counter
	err := t.Get(ctx, r.Key(), &c)
	// A year without invoices has no counter yet.
	if errors.Is(err, table.ErrNotFound) {
		return 0, nil
	}
	return c.Last, err
}

// Remember notes the last number of a run after a transaction that gave it.
func (n *Numbers) Remember(r Run, last int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last == nil {
		n.last = map[Run]int{}
	}
	n.last[r] = last
}

// Discard forgets the last number of a run after a transaction that failed: somebody else may have
// taken numbers.
func (n *Numbers) Discard(r Run) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.last, r)
}
