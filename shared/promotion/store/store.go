package store

import (
	"context"
	"errors"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Store reads and writes promotions.
type Store struct {
	Table *table.Table
	Clock clock.Clock
	// PriorDays is how many days before a reduction the lowest price is looked for; the law's 30 when less.
	PriorDays int
}

// NotFound is the answer for a promotion that is not there.
func NotFound() error { return problem.NotFound("promotion_not_found", "There is no such promotion.") }

// Changed is the answer for a version that is gone.
func Changed() *problem.Problem {
	return problem.Precondition("promotion_changed", "The promotion has been changed since you read it. Read it again.")
}

// Get reads a promotion, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: 404 promotion_not_found.
func (s Store) Get(ctx context.Context, promotionID string) (*Record, error) {
	if !id.Is(Prefix, promotionID) {
		return nil, NotFound()
	}
	var r Record
	err := s.Table.Get(ctx, KeyOf(promotionID), &r)
	if errors.Is(err, table.ErrNotFound) {
		return nil, NotFound()
	}
	return &r, err
}

// Create is the write that stores a draft, for a transaction with its idempotency record.
func (s Store) Create(r *Record) table.Put {
	now := s.Clock.Now()
	// The write id identifies the first version too, see save.
	r.CreatedAt, r.UpdatedAt, r.WriteID = now, now, id.New("chg", now)
	r.setIndexKeys()
	return table.Put{Item: r, If: table.IfNew}
}

// Rule changes a promotion in memory; changed is false when there is nothing to write.
type Rule func(*Record) (changed bool, err error)

// Change reads a promotion, applies the rule and writes the next version, against the calendar when the rule says so.
// What meets another write is tried again from the beginning. 2 round trips, 1 WCU per KB and as much for the index; 2
// WCU per KB and 2 more against the calendar. Errors: 404 promotion_not_found, those of the rule, 503 busy.
func (s Store) Change(ctx context.Context, promotionID string, rule Rule) (*Record, error) {
	return table.Modify(ctx, func(ctx context.Context, _ table.Item) (*Record, error) {
		return s.Get(ctx, promotionID)
	}, func(ctx context.Context, r *Record) (*Record, error) {
		changed, err := rule(r)
		if err != nil || !changed {
			return r, err
		}
		return r, s.save(ctx, r)
	})
}

// save writes the record as the version after the one that was read. A write
// of its own whose answer was lost is recognized by its write id. Errors:
// table.Stale when the record, or the calendar, is another one by then.
func (s Store) save(ctx context.Context, r *Record) error {
	now, was := s.Clock.Now(), r.WriteID
	read := r.Promotion.Version
	r.Promotion.Version, r.UpdatedAt, r.WriteID = read+1, now, id.New("chg", now)
	r.setIndexKeys()
	put := table.Put{
		// Only what was read is replaced, machines' notes included.
		Item: r, If: "#card.#version = :read AND #writeId = :was", With: map[string]any{":read": read, ":was": was},
	}
	var err error
	if r.Against == nil {
		err = s.Table.Put(ctx, put)
	} else {
		// A publication and the next calendar are written
		// together, so that nobody else publishes in between.
		err = s.Table.Transact(ctx, r.WriteID, put, r.Against.next(r.Promotion.ID, now))
	}
	there, met := table.Met(err, 0)
	_, outdated := table.Met(err, 1) // the calendar, of which the item says nothing
	switch {
	// The item that refused the write carries its id: an earlier try of the same write took effect.
	case there.Text(table.WriteIDAttribute) == r.WriteID:
		return nil
	case met || outdated:
		return table.Stale(err, nil)
	default:
		return err
	}
}

// RecordMilestone writes what a function notes about a promotion, with an event:
// that a boundary was announced, that the budget is used up. It leaves the version
// alone, so that no merchant's edit is refused for it. recorded is false when it
// had been noted before, or the promotion is another one by now. 1 round trip.
func (s Store) RecordMilestone(ctx context.Context, r *Record, of Milestone) (recorded bool, err error) {
	field, value := of.field(r)
	// The event's id as the write id: when the client repeats the update by itself, the second one is recognized.
	_, err = s.Table.Update(ctx, table.Update{
		Key: r.Key, Do: "SET #event = :event, #" + field + " = :value", WriteID: r.Event.ID,
		// Once for each edge and version, whoever else looks at the same time.
		If:   "#card.#version = :read AND (attribute_not_exists(#" + field + ") OR #" + field + " <> :value)",
		With: map[string]any{":event": r.Event, ":value": value, ":read": r.Promotion.Version},
	})
	if _, refused := table.Failed(err); refused {
		return false, nil
	}
	return err == nil, err
}

// Milestone is what is noted about a promotion.
type Milestone string

// What can be noted.
const (
	Started   Milestone = "startedFor"
	Ended     Milestone = "endedFor"
	Exhausted Milestone = "exhaustedFor"
)

// field is the attribute of the milestone, and the value that stands for this occasion of it.
func (n Milestone) field(r *Record) (name string, value int64) {
	switch n {
	case Started:
		return string(n), r.Promotion.Starts.UnixMilli()
	case Ended:
		return string(n), r.Promotion.Ends.UnixMilli()
	}
	return string(n), int64(r.Promotion.Version)
}

// Delete removes a draft. Errors: 412 promotion_changed, 409 promotion_published.
func (s Store) Delete(ctx context.Context, r *Record) error {
	if r.Promotion.State != promotion.Draft {
		return problem.Conflict("promotion_published",
			"Only drafts can be deleted; this one has been published. End it instead.")
	}
	err := s.Table.Delete(ctx, table.Delete{
		// What is deleted is the draft that was read, not what it became.
		Key: r.Key, If: "#card.#version = :read", With: map[string]any{":read": r.Promotion.Version},
	})
	if failed, ok := table.Failed(err); ok {
		// Nothing is there: an earlier delete took effect, which is what was wanted.
		if failed.Item == nil {
			return nil
		}
		return Changed().Because(err)
	}
	return err
}

// Published lists all published promotions that end at since or later, by their ends. 1 round trip per MB, 0.5 RCU per
// 4 KB; from the index, so perhaps a moment old.
func (s Store) Published(ctx context.Context, since time.Time) ([]promotion.Promotion, error) {
	return s.list(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :all AND #gsi1sk >= :since",
		With: map[string]any{":all": published, ":since": stamped(since)},
	})
}

// between asks for the published promotions that ended from one moment until before another.
func between(from, until time.Time) table.Query {
	return table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :all AND #gsi1sk BETWEEN :from AND :until",
		With: map[string]any{":all": published, ":from": stamped(from), ":until": stamped(until)},
	}
}

// Drafts lists all drafts, oldest first. Cost as Published.
func (s Store) Drafts(ctx context.Context) ([]promotion.Promotion, error) {
	return s.list(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :drafts", With: map[string]any{":drafts": drafts},
	})
}

// list reads the promotions of a query from the index, which
// carries no more than the promotion itself.
func (s Store) list(ctx context.Context, q table.Query) (all []promotion.Promotion, err error) {
	err = s.Table.All(ctx, q, func(item table.Item) error {
		var row struct {
			Promotion promotion.Promotion `dynamodbav:"card"`
		}
		if err := item.Decode(&row); err != nil {
			return err
		}
		all = append(all, row.Promotion)
		return nil
	})
	return all, err
}
