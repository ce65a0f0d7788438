package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Calendar makes publishing one at a time: whoever publishes against a version of it writes the next, in the same
// transaction. Two merchants who publish at the same instant would else both be told that nobody has the code, and that
// there is no other sale.
type Calendar struct {
	table.Key
	Version int `dynamodbav:"version"` // grows with each publication
	// Recent is what was published last. The index that lists promotions may not show it yet, so it is read by key.
	Recent table.List[placed] `dynamodbav:"recent,omitempty"`
}

// placed is one publication and when it was made.
type placed struct {
	ID string `json:"id"`
	At int64  `json:"at"` // Unix milliseconds
}

// KeyOfCalendar is the key of the one calendar.
func KeyOfCalendar() table.Key { return table.Key{PK: "PROMOTIONS", SK: "CALENDAR"} }

const (
	// settled is after what time an index shows what was written, with a wide margin: AWS speaks of seconds.
	settled = 10 * time.Minute
	// maxRecent is how many items one BatchGet reads.
	maxRecent = 100
)

// Planned lists what Published does, with everything that was published before now in it, and the calendar to publish
// against. 2 round trips, 3 when something was published in the last minutes.
func (s Store) Planned(ctx context.Context, since time.Time) ([]promotion.Promotion, *Calendar, error) {
	c := &Calendar{}
	// First the calendar: what is published after it was read is refused by its version.
	if err := s.Table.Get(ctx, KeyOfCalendar(), c); err != nil && !errors.Is(err, table.ErrNotFound) {
		return nil, nil, err
	}
	all, err := s.Published(ctx, since)
	// Nothing recent: the index has everything.
	if err != nil || len(c.Recent) == 0 {
		return all, c, err
	}
	keys := make([]table.Key, len(c.Recent))
	for i, p := range c.Recent {
		keys[i] = KeyOf(p.ID)
	}
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, nil, err
	}
	for _, item := range items {
		var r Record
		if err := item.Decode(&r); err != nil {
			return nil, nil, err
		}
		// The item read by key is newer than what the index shows of it.
		all = slices.DeleteFunc(all, func(p promotion.Promotion) bool { return p.ID == r.Promotion.ID })
		if p := r.Promotion; p.State != promotion.Draft && (p.Ends.IsZero() || !p.Ends.Before(since)) {
			all = append(all, p)
		}
	}
	return all, c, nil
}

// next is the write that publishes against the calendar.
func (c *Calendar) next(promotionID string, now time.Time) table.Put {
	n := &Calendar{Key: KeyOfCalendar(), Version: c.Version + 1,
		Recent: table.List[placed]{{promotionID, now.UnixMilli()}}}
	for _, p := range c.Recent {
		// What is older than settled is in the index by now.
		if p.ID != promotionID && p.At > now.Add(-settled).UnixMilli() && len(n.Recent) < maxRecent {
			n.Recent = append(n.Recent, p)
		}
	}
	// The first publication makes the calendar.
	if c.Version == 0 {
		return table.Put{Item: n, If: table.IfNew}
	}
	return table.Put{
		// nothing was published since the guard was asked
		Item: n, If: "#version = :read", With: map[string]any{":read": c.Version},
	}
}
