package store

import (
	"context"
	"errors"
	"slices"

	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// vote is one customer's vote on one review.
type vote struct {
	table.Key
	Helpful bool `dynamodbav:"helpful"`
}

// voteKey is the key of a customer's vote: one for each review.
func voteKey(reviewID, customerID string) table.Key {
	return table.Key{PK: "REVIEW#" + reviewID, SK: "VOTE#" + customerID}
}

// Vote sets a customer's vote, or takes it back when helpful is nil. also are other author ids of the customer, such as
// that of a guest with their address. Repeating changes nothing. 3 round trips. Errors: 404 review_not_found, 409
// own_review, 503 busy.
func (s Store) Vote(ctx context.Context, i ReviewID, customerID string, helpful *bool,
	also ...string) (*review.Review, error) {
	return s.Change(ctx, i, func(r *review.Review) (e Effect, changed bool, err error) {
		if r.State != review.Published {
			return e, false, NotFound()
		}
		// Taking a vote back is always right.
		if r.AuthorID == customerID || helpful != nil && slices.Contains(also, r.AuthorID) {
			return e, false, ownReview()
		}
		var prior *vote
		var v vote
		err = s.Table.Get(ctx, voteKey(r.ID, customerID), &v)
		if err == nil {
			prior = &v
		} else if !errors.Is(err, table.ErrNotFound) {
			return e, false, err
		}
		if same(prior, helpful) {
			return e, false, nil
		}
		count(r, prior, -1)
		// The conditions keep the counts true: what is taken off is the vote that was read.
		key := voteKey(r.ID, customerID)
		if helpful == nil {
			e.With = []table.Write{table.Delete{Key: key, If: "#helpful = :prior",
				With: map[string]any{":prior": prior.Helpful}}}
			return e, true, nil
		}
		next := &vote{Key: key, Helpful: *helpful}
		count(r, next, 1)
		put := table.Put{Item: next, If: table.IfNew}
		if prior != nil {
			put.If, put.With = "#helpful = :prior", map[string]any{":prior": prior.Helpful}
		}
		e.With = []table.Write{put}
		return e, true, nil
	})
}

// same reports whether the vote is already as wanted.
func same(prior *vote, helpful *bool) bool {
	if prior == nil || helpful == nil {
		return prior == nil && helpful == nil
	}
	return prior.Helpful == *helpful
}

// count adds a vote to the review, or takes it off.
func count(r *review.Review, v *vote, n int) {
	switch {
	case v == nil:
	case v.Helpful:
		r.Helpful += n
	default:
		r.Unhelpful += n
	}
}
