package order

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
)

// Search says which orders to find; empty fields let everything through.
type Search struct {
	States   []State // all when empty
	From, To time.Time
	Email    string // exactly, case aside; also the one that it was placed with
	Customer string // id
	Product  string // id of a product, or of a variant
	Text     string // words that must all occur in number, recipient, mail address, titles and notes
}

// lookedAt bounds how many orders one search reads, so that a request ends within its time.
const lookedAt = 1_000

// Search finds orders, newest first. It looks at the orders of the period one after another, at most lookedAt of them
// for each page, and goes on from there with the page's cursor: narrow it by time. Those of a customer are read from
// their own list. For each 100 orders looked at: States x Shards round trips for the list, made at once, and 1 for the
// orders, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s Store) Search(ctx context.Context, q Search, limit int, after table.Cursor) (found []*Order, next table.Cursor,
	err error) {
	// An empty cursor begins at the newest; with To it begins there instead of reading down to it.
	if after == "" && !q.To.IsZero() {
		after = cursorAt(q.To)
	}
	for looked := 0; ; {
		page, err := s.candidates(ctx, q, after)
		if err != nil {
			return nil, "", err
		}
		orders, err := s.read(ctx, page.Orders)
		if err != nil {
			return nil, "", err
		}
		for i, o := range orders {
			// Sorted by time, so everything after this one is older too.
			if !q.From.IsZero() && o.PlacedAt.Before(q.From) {
				return found, "", nil
			}
			if !q.matches(o) {
				continue
			}
			if found = append(found, o); len(found) == limit {
				more := i+1 < len(orders) || page.Next != ""
				if !more {
					return found, "", nil
				}
				return found, cursorOf(o), nil
			}
		}
		looked += len(orders)
		if after = page.Next; after == "" || looked >= lookedAt {
			return found, after, nil
		}
	}
}

// candidates are the next orders that a search looks at, newest first, from a customer's list or
// from the lists of the states.
func (s Store) candidates(ctx context.Context, q Search, after table.Cursor) (Page, error) {
	const step = 100
	if q.Customer != "" {
		return s.OfCustomer(ctx, q.Customer, step, after)
	}
	states := q.States
	if len(states) == 0 {
		states = States
	}
	pages := make([]Page, len(states))
	group, ctx := errgroup.WithContext(ctx)
	for i, state := range states {
		group.Go(func() (err error) {
			pages[i], err = s.InState(ctx, state, step, after)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Page{}, err
	}
	var all Page
	more := false
	for _, p := range pages {
		all.Orders = append(all.Orders, p.Orders...)
		more = more || p.Next != ""
	}
	// Ids break ties, so that a page ends at the same order each time.
	slices.SortFunc(all.Orders, func(a, b Summary) int {
		return cmp.Or(b.PlacedAt.Compare(a.PlacedAt), cmp.Compare(b.ID, a.ID))
	})
	// Each list may hold older orders beyond its page, so the page ends where all lists are known.
	if more = more || len(all.Orders) > step; more && len(all.Orders) > 0 {
		all.Orders = all.Orders[:min(step, len(all.Orders))]
		last := all.Orders[len(all.Orders)-1]
		all.Next = cursorFor(last.PlacedAt, last.ID)
	}
	return all, nil
}

// read reads the orders of cards, in their order. 1 round trip.
func (s Store) read(ctx context.Context, cards []Summary) ([]*Order, error) {
	ids := make([]string, len(cards))
	for i, c := range cards {
		ids[i] = c.ID
	}
	// Eventually consistent, because a search may be a second behind. What was deleted since the index was read is left
	// out.
	return s.getMany(ctx, false, ids)
}

// matches reports whether an order fits all conditions. They are checked here and not by the
// database, which has no index for them.
func (q Search) matches(o *Order) bool {
	switch {
	case len(q.States) > 0 && !slices.Contains(q.States, o.State),
		q.Email != "" && !strings.EqualFold(strings.TrimSpace(q.Email), o.Email) &&
			!strings.EqualFold(strings.TrimSpace(q.Email), o.Opener()),
		!q.To.IsZero() && !o.PlacedAt.Before(q.To),
		q.Product != "" && !slices.ContainsFunc(o.Lines,
			func(l Line) bool { return l.ProductID == q.Product || l.VariantID == q.Product }):
		return false
	}
	if q.Text == "" {
		return true
	}
	text := []string{NumberOf(o.ID), o.ID, o.Email, o.Recipient(), o.Note}
	for _, l := range o.Lines {
		text = append(text, l.Title, l.SKU)
	}
	all := format.Fold(strings.Join(text, "\n"))
	return !slices.ContainsFunc(strings.Fields(format.Fold(q.Text)),
		func(word string) bool { return !strings.Contains(all, word) })
}
