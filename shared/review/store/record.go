// Package store keeps reviews with the summary of their product, votes, reports, questions, recovery cases and rewards,
// in the table Care. Every change of a review and what it does to the summary are one transaction, so the summary is
// exact.
//
// Items:
//
//	REVIEWS#<product> / REVIEW#<id>     a review; ids sort by time
//	REVIEWS#<product> / SUMMARY         the summary, which sorts after all reviews: one query reads it with the
//	                                    newest ones
//	REVIEW#<id> / VERSION#<n>           what a review said before an edit
//	REVIEW#<id> / VOTE#<customer>       a vote
//	REVIEW#<id> / REPORT#<customer>     a report
//	LINE#<order>#<line> / LINE          the review of an order line, and when its buyer is asked for one
//	AUTHOR#<id> / AUTHOR, REVIEW#<id>, CASE#<id>   the record of an account, its reviews and cases
//	BUCKET#<kind>#<hash> / BUCKET       reviews or accounts that share something
//	CASE#<review> / CASE                a recovery case
//	QUESTIONS#<product> / QUESTION#<id> a question with its answers
//	REWARDS#<month> / BUDGET, REWARDS / CRITERIA
package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"dangol/events"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// The kinds of due jobs.
const (
	DueReview   = "review"          // a held review is published at its deadline, a reward is decided
	DueRequest  = "review_request"  // a buyer is asked for a review
	DueRecovery = "review_recovery" // a case passes its deadline, an author is invited
)

// Prefix begins review ids.
const Prefix = "rev"

// Store keeps reviews.
type Store struct {
	Table *table.Table
	Clock clock.Clock
}

// record is a review as stored. A published one is listed by helpfulness (gsi1) and stars (gsi2); any other one is in
// the work list of its state (gsi2).
type record struct {
	table.Key
	due.Due
	Version int                                `dynamodbav:"version"`
	State   review.State                       `dynamodbav:"state"`
	Review  table.Packed[review.Review]        `dynamodbav:"review"`
	Card    table.Packed[review.ReviewSummary] `dynamodbav:"card"`
	One     string                             `dynamodbav:"gsi1pk,omitempty"`
	OneAt   string                             `dynamodbav:"gsi1sk,omitempty"`
	Two     string                             `dynamodbav:"gsi2pk,omitempty"`
	TwoAt   string                             `dynamodbav:"gsi2sk,omitempty"`
	Event   *event.Event                       `dynamodbav:"event,omitempty"`
	WriteID string                             `dynamodbav:"writeId,omitempty"`
}

// ReviewID names a review.
type ReviewID struct{ ProductID, ReviewID string }

// KeyOf is the key of a review.
func KeyOf(i ReviewID) table.Key {
	return table.Key{PK: productPK(i.ProductID), SK: "REVIEW#" + i.ReviewID}
}

// productPK is the partition of a product's reviews and their summary.
func productPK(productID string) string { return "REVIEWS#" + productID }

// summaryKey is the key of a product's summary. Its sort key is greater than that of every review.
func summaryKey(productID string) table.Key {
	return table.Key{PK: productPK(productID), SK: "SUMMARY"}
}

// ParseKey returns the review that a due job is about; ok is false for the key of something else.
func ParseKey(k table.Key) (i ReviewID, ok bool) {
	product, a := strings.CutPrefix(k.PK, "REVIEWS#")
	reviewID, b := strings.CutPrefix(k.SK, "REVIEW#")
	return ReviewID{product, reviewID}, a && b
}

// NotFound is the answer for a review that is not there or not the caller's to see.
func NotFound() error { return problem.NotFound("review_not_found", "There is no such review.") }

// newRecord places a review in its lists and its next job in the due index.
func newRecord(r *review.Review, e *event.Event, writeID string) record {
	rec := record{
		Key: KeyOf(ReviewID{r.ProductID, r.ID}), Version: r.Version, State: r.State,
		Review: table.Packed[review.Review]{Value: *r}, Card: table.Packed[review.ReviewSummary]{Value: r.Card()}, Event: e,
		WriteID: writeID,
	}
	if at := r.NextJob(); !at.IsZero() {
		rec.Due = due.On(DueReview, r.ID, at)
	}
	if r.State == review.Published {
		rec.One, rec.OneAt = helpfulList(r.ProductID), review.HelpfulPlace(r.Helpful, r.Unhelpful, r.Written, r.ID)
		rec.Two, rec.TwoAt = starsList(r.ProductID), review.StarsPlace(r.Rating(), r.Written, r.ID)
		return rec
	}
	rec.Two, rec.TwoAt = stateList(r.State), review.Moment(r.Written)+"#"+r.ID
	return rec
}

// helpfulList is the index key of a product's reviews by helpfulness.
func helpfulList(productID string) string { return "HELPFUL#" + productID }

// starsList is the index key of a product's reviews by stars.
func starsList(productID string) string { return "STARS#" + productID }

// stateList is the work list of a state: held, returned, rejected or deleted reviews of all products. A shop holds some
// hundreds at a time, far from what one index key takes.
func stateList(s review.State) string { return "REVIEWS#" + string(s) }

// reportedList is the work list of reports that no moderator has decided on.
const reportedList = "REPORTS#open"

// Get reads a review, strongly consistent. 1 round trip, 1 RCU per 4 KB. Errors: 404 review_not_found.
func (s Store) Get(ctx context.Context, i ReviewID) (*review.Review, error) {
	if !id.Is(Prefix, i.ReviewID) {
		return nil, NotFound()
	}
	var rec record
	err := s.Table.Get(ctx, KeyOf(i), &rec)
	if errors.Is(err, table.ErrNotFound) {
		return nil, NotFound()
	}
	return &rec.Review.Value, err
}

// Effect is what a rule did to a review besides changing it.
type Effect struct {
	Body event.Body    // what happened, nil for nothing worth an event
	With []table.Write // further writes for the same transaction
}

// Rule changes a review in memory; changed is false when there is nothing to write. It may run several times.
type Rule func(r *review.Review) (e Effect, changed bool, err error)

// Change applies a rule to a review and writes it together with what it changes in the summary. 2 round trips when
// nobody else changes the review. Errors: 404 review_not_found, those of the rule, 503 busy.
func (s Store) Change(ctx context.Context, i ReviewID, rule Rule) (*review.Review, error) {
	return table.Modify(ctx, func(ctx context.Context, _ table.Item) (*review.Review, error) {
		return s.Get(ctx, i)
	}, func(ctx context.Context, r *review.Review) (*review.Review, error) {
		before, read := r.Tally(), r.Version
		effect, changed, err := rule(r)
		if err != nil || !changed {
			return r, err
		}
		r.Version = read + 1
		err = s.save(ctx, r, read, before, effect)
		if _, refused := table.Refused(err); refused {
			// Also for a write that came with the change, such as a vote that is no longer as it was read.
			return nil, table.Stale(err, nil)
		}
		return r, err
	})
}

// save writes the review as the version after the one that was read, and the difference of its tallies to the summary.
// A write of ours whose answer was lost is recognized by its write id. Errors: *table.Canceled, whose first reason is
// the review's.
func (s Store) save(ctx context.Context, r *review.Review, read int, before review.Tally, e Effect) error {
	now := s.Clock.Now()
	carried, err := s.newEvent(ctx, now, e.Body)
	if err != nil {
		return err
	}
	writeID := id.New("chg", now)
	put := table.Put{Item: newRecord(r, carried, writeID), If: table.IfNew}
	if read > 0 {
		// The tally that is taken off the summary is that of the version which was read.
		put.If, put.With = "#version = :read", map[string]any{":read": read}
	}
	writes := append([]table.Write{put}, e.With...)
	if diff := r.Tally().Minus(before); len(diff) > 0 {
		writes = append(writes, summaryUpdate(r.ProductID, diff))
	}
	err = s.Table.Transact(ctx, "", writes...)
	if table.AlreadyWritten(err, 0, writeID) {
		return nil
	}
	return err
}

// newEvent makes the event that rides on an item, nil for none.
func (s Store) newEvent(ctx context.Context, now time.Time, body event.Body) (*event.Event, error) {
	if body == nil {
		return nil, nil
	}
	return event.New(ctx, now, body)
}

// Ref is the beginning of every event about the review.
func Ref(r *review.Review) events.ReviewRef {
	ref := events.ReviewRef{
		ReviewID: r.ID, ProductID: r.ProductID, OrderID: r.OrderID, LineID: r.LineID, Language: r.Language,
	}
	if !strings.HasPrefix(r.AuthorID, guestPrefix) && !strings.HasPrefix(r.AuthorID, importPrefix) {
		ref.CustomerID = r.AuthorID
	}
	return ref
}

// Author ids that are no customers.
const (
	guestPrefix  = "guest:"
	importPrefix = "import:"
)

// ChangedEvent is the event about what became of a review: published, or withheld. previous is the
// rating that counted before.
func ChangedEvent(r *review.Review, previous int, now time.Time) event.Body {
	if r.State == review.Published {
		return events.ReviewPublished{
			ReviewRef: Ref(r), Rating: r.Rating(), Previous: previous, Verified: r.Verified, FollowUp: r.FollowUp != nil,
			PublishedAt: now,
		}
	}
	reasons := make([]string, len(r.Reasons))
	for i, f := range r.Reasons {
		reasons[i] = string(f.Reason)
	}
	return events.ReviewUnpublished{ReviewRef: Ref(r), State: string(r.State), Reasons: reasons, Previous: previous}
}

// Counted is the rating of a review that counts for the summary, 0 for one that does not.
func Counted(r *review.Review) int {
	if r.State != review.Published {
		return 0
	}
	return r.Rating()
}
