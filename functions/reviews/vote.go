package reviews

import (
	"context"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

// voteInput is a vote.
type voteInput struct {
	ReviewInput
	Body struct {
		Helpful bool `json:"helpful"`
	}
}

// votesOutput are the votes of a review.
type votesOutput struct {
	Body struct {
		Helpful   int `json:"helpful"`
		Unhelpful int `json:"unhelpful"`
	}
}

// vote notes whether the caller finds a review helpful.
func (f *Reviews) vote(ctx context.Context, in *voteInput) (*votesOutput, error) {
	if err := f.limit(ctx, "review-vote", auth.From(ctx).Subject, votesPerHour); err != nil {
		return nil, err
	}
	return f.setVote(ctx, in.id(), &in.Body.Helpful)
}

// unvote takes the caller's vote back. It has no limit: it can only undo a vote.
func (f *Reviews) unvote(ctx context.Context, in *ReviewInput) (*votesOutput, error) {
	return f.setVote(ctx, in.id(), nil)
}

// setVote writes a vote, or deletes it when helpful is nil.
func (f *Reviews) setVote(ctx context.Context, i store.ReviewID, helpful *bool) (*votesOutput, error) {
	r, err := f.Store.Vote(ctx, i, auth.From(ctx).Subject, helpful, asGuest(ctx)...)
	if err != nil {
		return nil, err
	}
	out := &votesOutput{}
	out.Body.Helpful, out.Body.Unhelpful = r.Helpful, r.Unhelpful
	return out, nil
}

// reportInput is why a review is reported.
type reportInput struct {
	ReviewInput
	Body struct {
		Reason string `json:"reason" enum:"profanity,personal_data,links,off_topic,wrong_product,image,conflict_of_interest,spam,duplicate,not_genuine,illegal"`
		Note   string `json:"note,omitempty" maxLength:"1000"`
	}
}

// reportOutput is the answer 202: a moderator decides later.
type reportOutput struct{ Status int }

// report stores a report. The same customer's second one is answered like the first.
func (f *Reviews) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	by, note := auth.From(ctx).Subject, review.Clean(in.Body.Note)
	var wrong problem.Fields
	wrong.Text(note, 0, maxNote, "/note")
	_, known := review.PolicyOf(review.Reason(in.Body.Reason))
	wrong.Require(known, "/reason", "not_allowed", "a reason of the policy")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "review-report", by, writesPerHour); err != nil {
		return nil, err
	}
	_, err := f.Store.Report(ctx, in.id(), by, review.Reason(in.Body.Reason), note, asGuest(ctx)...)
	return &reportOutput{Status: 202}, err
}
