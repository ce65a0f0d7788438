package order

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/table"
)

// Page is one page of a list, newest first.
type Page struct {
	Orders []Summary
	Next   table.Cursor
}

// listed is an order as an index shows it; at is its sort key in the list.
type listed struct {
	card Summary
	at   string
}

// OfCustomer lists a customer's orders, newest first. 1 round trip, 0.5 RCU per 4 KB of cards. Errors: table.ErrCursor.
func (s Store) OfCustomer(ctx context.Context, customerID string, limit int, after table.Cursor) (Page, error) {
	before, err := indexKeyOf(after)
	if err != nil {
		return Page{}, err
	}
	all, err := s.query(ctx, table.ByOne, ownerKey(customerID, ""), before, limit)
	return pageOf(all, limit), err
}

// OfGuest lists what was ordered without a customer under a mail address, newest first. 1 round trip, 0.5 RCU per 4 KB
// of cards. Errors: table.ErrCursor.
func (s Store) OfGuest(ctx context.Context, email string, limit int, after table.Cursor) (Page, error) {
	before, err := indexKeyOf(after)
	if err != nil {
		return Page{}, err
	}
	all, err := s.query(ctx, table.ByOne, ownerKey("", email), before, limit)
	return pageOf(all, limit), err
}

// InState lists the orders in a state, newest first. Shards round trips, made at once; 0.5 RCU each and per 4 KB of
// cards. Errors: table.ErrCursor.
func (s Store) InState(ctx context.Context, state State, limit int, after table.Cursor) (Page, error) {
	before, err := indexKeyOf(after)
	if err != nil {
		return Page{}, err
	}
	var shards [Shards][]listed
	group, ctx := errgroup.WithContext(ctx)
	// At once, so that the request takes as long as the slowest shard and not as long as all
	// together.
	for n := range Shards {
		group.Go(func() (err error) {
			shards[n], err = s.query(ctx, table.ByTwo, queueKey(state, n), before, limit)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Page{}, err
	}
	all := slices.Concat(shards[:]...)
	// Each shard is sorted, and each was read up to the limit, so the newest of all are among them.
	slices.SortFunc(all, func(a, b listed) int { return cmp.Compare(b.at, a.at) })
	return pageOf(all, limit), nil
}

// query reads one more than the limit, which tells whether there is a next page.
func (s Store) query(ctx context.Context, index, key, before string, limit int) ([]listed, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: index, Where: "#" + index + "pk = :key AND #" + index + "sk < :before",
		With: map[string]any{":key": key, ":before": before}, Limit: limit + 1, Backwards: true,
	})
	if err != nil {
		return nil, err
	}
	out := make([]listed, len(page.Items))
	for i, item := range page.Items {
		var in struct {
			Card Summary `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return nil, err
		}
		out[i] = listed{card: in.Card, at: item.Text(index + "sk")}
	}
	return out, nil
}

// pageOf makes a page of at most limit orders; the cursor is the sort key of the last one.
func pageOf(all []listed, limit int) Page {
	out := Page{Orders: make([]Summary, 0, min(limit, len(all)))}
	if len(all) > limit {
		all = all[:limit]
		out.Next = table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(all[limit-1].at)))
	}
	for _, l := range all {
		out.Orders = append(out.Orders, l.card)
	}
	return out
}

// cursorFor is the cursor of a list that goes on after an order.
func cursorFor(placed time.Time, id string) table.Cursor {
	at := placed.UTC().Format(placeLayout) + "#" + id
	return table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(at)))
}

// cursorOf continues after an order.
func cursorOf(o *Order) table.Cursor { return cursorFor(o.PlacedAt, o.ID) }

// cursorAt is the cursor of a list that begins before a moment.
func cursorAt(t time.Time) table.Cursor {
	return table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(t.UTC().Format(placeLayout))))
}

// placeLayout formats times in the keys of lists; with a fixed number of digits text sorts like
// time.
const placeLayout = "2006-01-02T15:04:05.000Z"

// indexKeyOf reads a cursor: the sort key at which the last page ended. The same key serves every
// shard and every state, because all are sorted by time.
func indexKeyOf(c table.Cursor) (string, error) {
	const end = "~" // after every time
	if c == "" {
		return end, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	// A bound against cursors that somebody made up; a real one is under 60 bytes.
	if err != nil || len(raw) == 0 || len(raw) > 100 {
		return "", table.ErrCursor
	}
	return string(raw), nil
}
