package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// ownReview is the answer to a vote on, or a report of, one's own review.
func ownReview() error {
	return problem.Conflict("own_review", "This is your own review.")
}

// ReviewReport is somebody's report of a review.
type ReviewReport struct {
	table.Key
	ProductID  string        `dynamodbav:"productId" json:"productId"`
	ReviewID   string        `dynamodbav:"reviewId" json:"reviewId"`
	ReporterID string        `dynamodbav:"reporterId" json:"reporterId"`
	Reason     review.Reason `dynamodbav:"reason" json:"reason"`
	Note       string        `dynamodbav:"note,omitempty" json:"note,omitempty"`
	Weight     int           `dynamodbav:"weight" json:"weight"` // in hundredths of a plain report
	State      string        `dynamodbav:"state" json:"state"`   // open, upheld, dismissed
	At         time.Time     `dynamodbav:"at" json:"at"`
	List       string        `dynamodbav:"gsi2pk,omitempty" json:"-"`
	ListAt     string        `dynamodbav:"gsi2sk,omitempty" json:"-"`
}

// Report notes a report, weighted by the record of the reporter. also are other author ids of the reporter, such as
// that of a guest with their address. At HoldWeight the review is held for a moderator; reports of photos hold the
// photos and leave the text. A second report of the same customer changes nothing. 4 round trips. Errors: 404
// review_not_found, 409 own_review, 503 busy.
func (s Store) Report(ctx context.Context, i ReviewID, by string, reason review.Reason, note string,
	also ...string) (*review.Review, error) {
	var author Author
	// Somebody without a record is a plain reporter.
	if err := s.Table.Get(ctx, authorKey(by), &author); err != nil && !errors.Is(err, table.ErrNotFound) {
		return nil, err
	}
	key := table.Key{PK: "REVIEW#" + i.ReviewID, SK: "REPORT#" + by}
	return s.Change(ctx, i, func(r *review.Review) (e Effect, changed bool, err error) {
		// What nobody sees needs no report.
		if r.State != review.Published && r.State != review.Held {
			return e, false, NotFound()
		}
		if r.AuthorID == by || slices.Contains(also, r.AuthorID) {
			return e, false, ownReview()
		}
		// A second report of the same customer counts for nothing.
		if err := s.Table.Get(ctx, key, &ReviewReport{}); err == nil || !errors.Is(err, table.ErrNotFound) {
			return e, false, err
		}
		now := s.Clock.Now()
		report := ReviewReport{
			Key: key, ProductID: r.ProductID, ReviewID: r.ID, ReporterID: by, Reason: reason, Note: note,
			Weight: author.Reporter().Weight(), State: "open", At: now, List: reportedList,
			ListAt: review.Moment(now) + "#" + r.ID + "#" + by,
		}
		previous := Counted(r)
		r.ReportWeight += report.Weight
		if r.State == review.Published && r.ReportWeight >= review.HoldWeight {
			holdReported(r, reason, now)
		}
		// Only what changes the summary is worth an event.
		if r.State != review.Published && previous > 0 {
			e.Body = ChangedEvent(r, previous, now)
		}
		e.With = []table.Write{table.Put{Item: report, If: table.IfNew}}
		return e, true, nil
	})
}

// holdReported holds the review, or only its photos when the report is about them.
func holdReported(r *review.Review, reason review.Reason, now time.Time) {
	by := now.Add(review.DecideWithin)
	if reason == review.ImageUnfit {
		r.HoldMedia(review.Reported, by)
		return
	}
	r.State, r.DecideBy, r.Reasons = review.Held, by, []review.Finding{{Reason: review.Reported}}
}

// Settle decides the open reports of a review after a moderator's decision and adds to the records of their reporters,
// each in a transaction of its own: a repetition settles what is left. 1 round trip and one per report.
func (s Store) Settle(ctx context.Context, reviewID string, upheld bool) error {
	state, counter := "dismissed", "dismissed"
	if upheld {
		state, counter = "upheld", "upheld"
	}
	return s.Table.All(ctx, table.Query{
		Where:  "#pk = :pk AND begins_with(#sk, :reports)",
		With:   map[string]any{":pk": "REVIEW#" + reviewID, ":reports": "REPORT#"},
		Strong: true,
	}, func(item table.Item) error {
		var r ReviewReport
		if err := item.Decode(&r); err != nil || r.State != "open" {
			return err
		}
		err := s.Table.Transact(ctx, "", table.Update{
			Key: r.Key, Do: "SET #state = :state REMOVE #gsi2pk, #gsi2sk",
			If:   "#state = :open", // each report counts once for its reporter
			With: map[string]any{":state": state, ":open": "open"},
		}, addTo(r.ReporterID, map[string]int{counter: 1}))
		// Decided already, by an earlier run that was cut off.
		if c, refused := table.Refused(err); refused && c.Refused(0) {
			return nil
		}
		return err
	})
}

// Reports lists open reports of all reviews, oldest first. 1 round trip. Errors: table.ErrCursor.
func (s Store) Reports(ctx context.Context, limit int, after table.Cursor) (open []ReviewReport, next table.Cursor,
	err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :list", With: map[string]any{":list": reportedList}, Limit: limit, After: after,
	})
	if err != nil || len(page.Items) == 0 {
		return nil, "", err
	}
	keys := make([]table.Key, len(page.Items))
	for i, item := range page.Items {
		keys[i] = item.Key()
	}
	items, err := s.Table.BatchGet(ctx, false, keys...)
	if err != nil {
		return nil, "", err
	}
	for _, k := range keys {
		var r ReviewReport
		if err := items[k].Decode(&r); err != nil {
			return nil, "", err
		}
		// The index is a moment behind.
		if r.State == "open" {
			open = append(open, r)
		}
	}
	return open, page.Next, nil
}

// InState lists the reviews of a state that is not published, oldest first, whole. 2 round trips. Errors:
// table.ErrCursor.
func (s Store) InState(ctx context.Context, state review.State, limit int, after table.Cursor) (found []review.Review,
	next table.Cursor, err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :list", With: map[string]any{":list": stateList(state)}, Limit: limit,
		After: after,
	})
	if err != nil {
		return nil, "", err
	}
	ids := make([]ReviewID, 0, len(page.Items))
	for _, item := range page.Items {
		// Something else in the list would be a mistake of the software, and is left out.
		if i, ok := ParseKey(item.Key()); ok {
			ids = append(ids, i)
		}
	}
	found, err = s.Many(ctx, ids)
	return found, page.Next, err
}

// Forget removes what a review said before, for an author who deletes it. 1 round trip and one per revision.
func (s Store) Forget(ctx context.Context, reviewID string) error {
	return s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :versions)",
		With:  map[string]any{":pk": "REVIEW#" + reviewID, ":versions": "VERSION#"},
	}, func(item table.Item) error {
		return s.Table.Delete(ctx, table.Delete{Key: item.Key()}) // no condition: a revision is never written again
	})
}
