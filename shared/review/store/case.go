package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dangol/events"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
)

// caseRecord is a recovery case as stored. It is listed by the month it was opened in (gsi1) and by its state and
// deadline (gsi2). The id of a case is that of its review.
type caseRecord struct {
	table.Key
	due.Due
	Version int                         `dynamodbav:"version"`
	Case    table.Packed[recovery.Case] `dynamodbav:"case"`
	One     string                      `dynamodbav:"gsi1pk"`
	OneAt   string                      `dynamodbav:"gsi1sk"`
	Two     string                      `dynamodbav:"gsi2pk"`
	TwoAt   string                      `dynamodbav:"gsi2sk"`
	Card    table.Packed[recovery.Case] `dynamodbav:"card"` // what lists show: all of it
	Event   *event.Event                `dynamodbav:"event,omitempty"`
	WriteID string                      `dynamodbav:"writeId,omitempty"`
}

// caseKey is the key of a case; a review has one at most.
func caseKey(reviewID string) table.Key {
	return table.Key{PK: "CASE#" + reviewID, SK: "CASE"}
}

// CaseID returns the case that a due job is about; ok is false for the key of something else.
func CaseID(k table.Key) (reviewID string, ok bool) { return strings.CutPrefix(k.PK, "CASE#") }

// monthList is the index key of the cases opened in a month.
func monthList(month string) string { return "CASES#" + month }

// caseStateList is the index key of the cases in a state.
func caseStateList(s recovery.State) string { return "CASES#" + string(s) }

// authorCase is the key of the pointer from a customer to a case, for later orders.
func authorCase(authorID, c string) table.Key {
	return table.Key{PK: "AUTHOR#" + authorID, SK: "CASE#" + c}
}

// Month is the month of a moment in UTC, as lists by month have it.
func Month(at time.Time) string { return at.UTC().Format("2006-01") }

// newCaseRecord sets the index keys and the due entry from the case, so that lists and case agree.
func newCaseRecord(c *recovery.Case, e *event.Event, writeID string) caseRecord {
	rec := caseRecord{
		Key: caseKey(c.ID), Version: c.Version, Case: table.Packed[recovery.Case]{Value: *c},
		Card: table.Packed[recovery.Case]{Value: *c},
		One:  monthList(Month(c.Opened)), OneAt: review.Moment(c.Opened) + "#" + c.ID,
		Two: caseStateList(c.State), TwoAt: review.Moment(c.AnswerBy) + "#" + c.ID, Event: e, WriteID: writeID,
	}
	if at := c.Due(); !at.IsZero() {
		rec.Due = due.On(DueRecovery, c.ID, at)
	}
	return rec
}

// noCase is the answer for a case that does not exist.
func noCase() error { return problem.NotFound("case_not_found", "There is no such case.") }

// Case reads a case, strongly consistent. 1 round trip. Errors: 404 case_not_found.
func (s Store) Case(ctx context.Context, caseID string) (*recovery.Case, error) {
	var rec caseRecord
	err := s.Table.Get(ctx, caseKey(caseID), &rec)
	if errors.Is(err, table.ErrNotFound) {
		return nil, noCase()
	}
	return &rec.Case.Value, err
}

// CaseWrites are the writes that open a case for a review or note its change in the case that it has, for the
// transaction of the review; none when the review gives no reason. 1 round trip.
func (s Store) CaseWrites(ctx context.Context, r *review.Review, starsBefore int) ([]table.Write, error) {
	now := s.Clock.Now()
	// Title and text together, because either may hold the words that matter.
	text := r.Title + "\n" + r.Text
	if r.FollowUp != nil {
		text += "\n" + r.FollowUp.Text
	}
	said := recovery.Written{Stars: r.Rating(), StarsBefore: starsBefore, Text: text}
	c, err := s.Case(ctx, r.ID)
	// The review has a case already, so the change is noted there.
	if err == nil {
		was := c.State
		c.Updated(said, now)
		body := event.Body(nil)
		// The case was answered or resolved before, and the author is unhappy again.
		if was != recovery.Open && c.State == recovery.Open {
			body = opened(c)
		}
		put, err := s.caseWrite(ctx, c, body)
		return []table.Write{put}, err
	}
	if problem.Code(err) != "case_not_found" {
		return nil, err
	}
	why, words := recovery.Triggers(said)
	// Neither the stars nor the words give a reason.
	if len(why) == 0 {
		return nil, nil
	}
	c = recovery.Start(recovery.Case{
		ID: r.ID, ReviewID: r.ID, ProductID: r.ProductID, OrderID: r.OrderID, LineID: r.LineID, Language: r.Language,
		CustomerID: Ref(r).CustomerID, Triggers: why, Words: words, StarsBefore: r.Rating(),
	}, now)
	c.Version = 0
	put, err := s.caseWrite(ctx, c, opened(c))
	// The pointer leads from the author to the case, so that a later order is counted for it.
	pointer := struct {
		table.Key
		CaseID string `dynamodbav:"caseId"`
	}{authorCase(r.AuthorID, c.ID), c.ID}
	return []table.Write{put, table.Put{Item: pointer, If: table.IfNew}}, err
}

// caseWrite is the write of the version after the one that was read; version 0 is a new case.
func (s Store) caseWrite(ctx context.Context, c *recovery.Case, body event.Body) (table.Put, error) {
	now := s.Clock.Now()
	carried, err := s.newEvent(ctx, now, body)
	if err != nil {
		return table.Put{}, err
	}
	read := c.Version
	c.Version++
	put := table.Put{Item: newCaseRecord(c, carried, id.New("chg", now)), If: table.IfNew}
	if read > 0 {
		put.If, put.With = "#version = :read", map[string]any{":read": read} // only what was read is replaced
	}
	return put, nil
}

// opened is the event of a case that was opened, or opened again.
func opened(c *recovery.Case) event.Body {
	triggers := make([]string, len(c.Triggers))
	for i, t := range c.Triggers {
		triggers[i] = string(t)
	}
	return events.RecoveryOpened{RecoveryRef: CaseRef(c), Triggers: triggers, AnswerBy: c.AnswerBy}
}

// CaseRef is the beginning of every event about a case.
func CaseRef(c *recovery.Case) events.RecoveryRef {
	return events.RecoveryRef{
		ReviewRef: events.ReviewRef{
			ReviewID: c.ReviewID, ProductID: c.ProductID, OrderID: c.OrderID, LineID: c.LineID, CustomerID: c.CustomerID,
			Language: c.Language,
		},
		CaseID: c.ID, ConversationID: c.ConversationID, Owner: c.Owner,
	}
}

// ChangeCase applies a rule to a case. It returns the event of the change, nil for none; changed is false when there is
// nothing to write. 2 round trips. Errors: 404 case_not_found, those of the rule, 503 busy.
func (s Store) ChangeCase(
	ctx context.Context, caseID string, rule func(*recovery.Case) (body event.Body, changed bool, err error),
) (*recovery.Case, error) {
	return table.Modify(ctx, func(ctx context.Context, _ table.Item) (*recovery.Case, error) {
		return s.Case(ctx, caseID)
	}, func(ctx context.Context, c *recovery.Case) (*recovery.Case, error) {
		body, changed, err := rule(c)
		if err != nil || !changed {
			return c, err
		}
		put, err := s.caseWrite(ctx, c, body)
		if err != nil {
			return nil, err
		}
		return c, stale(s.Table.Put(ctx, put), put.Item.(caseRecord).WriteID)
	})
}

// stale turns a refusal into the error with which table.Modify starts over, and into nil when the
// write was our own and only its answer was lost.
func stale(err error, writeID string) error {
	found, met := table.Met(err, 0)
	switch {
	case table.AlreadyWritten(err, 0, writeID):
		return nil
	case met:
		return table.Stale(err, found)
	}
	return err
}

// Cases lists the cases of a state by their deadline, the most urgent first. 1 round trip. Errors: table.ErrCursor.
func (s Store) Cases(ctx context.Context, state recovery.State, limit int, after table.Cursor) (found []recovery.Case,
	next table.Cursor, err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :list", With: map[string]any{":list": caseStateList(state)}, Limit: limit,
		After: after,
	})
	if err != nil {
		return nil, "", err
	}
	for _, item := range page.Items {
		var in struct {
			Card table.Packed[recovery.Case] `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return nil, "", err
		}
		found = append(found, in.Card.Value)
	}
	return found, page.Next, nil
}

// CaseReport counts the cases that were opened in a month ("2026-11"). 1 round trip per MB of cases.
func (s Store) CaseReport(ctx context.Context, month string) (r recovery.Outcomes, err error) {
	now := s.Clock.Now()
	err = s.Table.All(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": monthList(month)},
	}, func(item table.Item) error {
		var in struct {
			Card table.Packed[recovery.Case] `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return err
		}
		r.Add(&in.Card.Value, now)
		return nil
	})
	return r, err
}

// Bought notes an order of a customer in the cases of the customer. 1 round trip, and 2 for each case it counts for.
func (s Store) Bought(ctx context.Context, customerID string, at time.Time) error {
	return s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :cases)",
		With:  map[string]any{":pk": "AUTHOR#" + customerID, ":cases": "CASE#"},
	}, func(item table.Item) error {
		_, err := s.ChangeCase(ctx, item.Text("caseId"), func(c *recovery.Case) (event.Body, bool, error) {
			return nil, c.Bought(at), nil
		})
		if err != nil {
			return fmt.Errorf("case %s: %w", item.Text("caseId"), err)
		}
		return nil
	})
}

// Unresolved lists the cases of a customer that are not resolved and not closed. 1 round trip, and 1 for each case.
func (s Store) Unresolved(ctx context.Context, customerID string) (found []*recovery.Case, err error) {
	err = s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :cases)",
		With:  map[string]any{":pk": "AUTHOR#" + customerID, ":cases": "CASE#"},
	}, func(item table.Item) error {
		c, err := s.Case(ctx, item.Text("caseId"))
		// The review was erased, and its case with it.
		if problem.Code(err) == "case_not_found" {
			return nil
		}
		if err == nil && (c.State == recovery.Open || c.State == recovery.Answered) {
			found = append(found, c)
		}
		return err
	})
	return found, err
}
