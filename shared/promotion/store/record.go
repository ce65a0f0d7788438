// Package store keeps promotions: as merchants write them, as carts and pages read them (a snapshot in memory), and how
// often they have been used. What a promotion does is decided in package promotion; here is what has to be remembered.
package store

import (
	"time"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Prefix begins promotion ids.
const Prefix = "promo"

// Record is one promotion as stored: one item. The promotion itself is the attribute
// that the index projects (card), so a snapshot of all promotions is one query.
type Record struct {
	table.Key
	ListPK    string              `dynamodbav:"gsi1pk"` // list of published ones, or of drafts
	ListSK    string              `dynamodbav:"gsi1sk"` // published: by end; drafts: by creation
	Promotion promotion.Promotion `dynamodbav:"card"`
	Event     *event.Event        `dynamodbav:"event,omitempty"` // of the last change or milestone
	// StartedFor and EndedFor are the boundaries that have been announced, in Unix milliseconds:
	// a boundary that is moved is announced again, one whose schedule fires twice is not.
	StartedFor int64 `dynamodbav:"startedFor,omitempty"`
	EndedFor   int64 `dynamodbav:"endedFor,omitempty"` // see StartedFor
	// ExhaustedFor is the version whose budget ran out.
	ExhaustedFor int       `dynamodbav:"exhaustedFor,omitempty"`
	By           string    `dynamodbav:"by,omitempty"` // who changed it last
	CreatedAt    time.Time `dynamodbav:"createdAt"`
	UpdatedAt    time.Time `dynamodbav:"updatedAt"`
	WriteID      string    `dynamodbav:"writeId,omitempty"` // of the last write

	// Against is the calendar that a rule published it
	// against, nil for a change that no other plan depends on.
	Against *Calendar `dynamodbav:"-"`
	// Planned says that schedules were made for what is to be written.
	Planned bool `dynamodbav:"-"`
}

// KeyOf is the key of a promotion.
func KeyOf(promotionID string) table.Key {
	return table.Key{PK: "PROMOTION#" + promotionID, SK: "PROMOTION"}
}

// Places in the index. Published promotions are in the order of their ends, so what is live or to come is one range; a
// shop publishes some hundreds a year, far from what one index key takes.
const (
	published = "PROMOTIONS"
	drafts    = "PROMOTIONS#DRAFT"
	// A string that sorts after every date.
	never = "9999-12-31T00:00:00.000Z" // the end of what has none
	stamp = "2006-01-02T15:04:05.000Z"
)

// stamped is a time in keys: of one width, so that text order is time order.
func stamped(t time.Time) string { return t.UTC().Format(stamp) }

// setIndexKeys puts the record into its list; every write does it.
func (r *Record) setIndexKeys() {
	p := &r.Promotion
	r.Key = KeyOf(p.ID)
	// Drafts are in a list of their own, so that carts never read them.
	if p.State == promotion.Draft {
		r.ListPK, r.ListSK = drafts, stamped(r.CreatedAt)+"#"+p.ID
		return
	}
	end := never
	if !p.Ends.IsZero() {
		end = stamped(p.Ends)
	}
	r.ListPK, r.ListSK = published, end+"#"+p.ID
}

// Boundary is the start or the end of a promotion.
type Boundary string

// The boundaries.
const (
	Start Boundary = "start"
	End   Boundary = "end"
)

// At is when the boundary is; zero when there is none.
func (e Boundary) At(p *promotion.Promotion) time.Time {
	if e == Start {
		return p.Starts
	}
	return p.Ends
}

// Reached lists the boundaries that lie at now or before and have not been
// announced. A start that was missed altogether is announced before its end.
func (r *Record) Reached(now time.Time) (reached []Boundary) {
	p := &r.Promotion
	if p.State == promotion.Draft {
		return nil
	}
	// One that was paused before its start has not started, and when its end comes nothing ends.
	waits := p.State == promotion.Paused && !r.Announced(Start)
	for _, e := range []Boundary{Start, End} {
		if waits {
			break
		}
		at := e.At(p)
		// Compared with the moment it was announced for: a
		// boundary that was moved since is announced again.
		if !at.IsZero() && !at.After(now) && !r.Announced(e) {
			reached = append(reached, e)
		}
	}
	return reached
}

// Announced reports whether the boundary has been announced where it now is.
func (r *Record) Announced(e Boundary) bool { return r.announced(e) == e.At(&r.Promotion).UnixMilli() }

// announced is the moment for which the boundary has been
// announced, in Unix milliseconds; 0 for none.
func (r *Record) announced(e Boundary) int64 {
	if e == Start {
		return r.StartedFor
	}
	return r.EndedFor
}

// Announce notes that a boundary is announced by the write that follows.
func (r *Record) Announce(e Boundary) {
	at := e.At(&r.Promotion).UnixMilli()
	if e == Start {
		r.StartedFor = at
	} else {
		r.EndedFor = at
	}
}

// EventRef is how events name a promotion; at is when what happened took effect.
func EventRef(p *promotion.Promotion, at time.Time) events.PromotionRef {
	return events.PromotionRef{
		PromotionID: p.ID, Version: p.Version, Kind: string(p.Kind), Name: p.Name, Starts: p.Starts, Ends: p.Ends, At: at,
	}
}
