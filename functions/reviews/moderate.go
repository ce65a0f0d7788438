package reviews

import (
	"context"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/moderation"
	"dangol/shared/review/store"
)

// moderationRoutes are the routes of those who judge reviews.
func (f *Reviews) moderationRoutes(s *api.Service) {
	api.Handle(s, route("Review moderation", api.Agent, "GET", "/admin/reviews", "listReviewsToModerate",
		"List the reviews of a state, oldest first"), f.inState)
	api.Handle(s, route("Review moderation", api.Agent, "GET", "/admin/review-reports", "listReviewReports",
		"List reports that nobody has decided on"), f.reports)
	api.Handle(s, route("Review moderation", api.Agent, "GET", "/admin"+one, "getReviewToModerate",
		"Read a review with its signals and what it said before", 404), f.inspect)
	decide := route("Review moderation", api.Agent, "POST", "/admin"+one+"/decision", "decideReview",
		"Publish, return or take down a review, with reasons", 404, 409, 503)
	decide.Description = "Reasons that the author can mend return the review to them with the words marked; others " +
		"take it down. Nobody at the shop " +
		"can change stars or text."
	api.Handle(s, decide, f.decide)
	api.Handle(s, route("Review moderation", api.Agent, "POST", "/admin"+one+"/media/{mediaId}/decision",
		"decideReviewMedia",
		"Publish or take down a photo or video; the text stays as it is", 404, 409, 503), f.decideMedia)
	reply := route("Review moderation", api.Agent, "PUT", "/admin"+one+"/reply", "replyToReview",
		"Answer a review in public, or change the answer", 404, 409, 503)
	api.Handle(s, reply, f.reply)
}

// InspectedReview is a review as a moderator sees it.
type InspectedReview struct {
	OwnReview
	AuthorID  string          `json:"authorId"`
	Signals   []review.Signal `json:"signals,omitempty" doc:"Why it may not be genuine; the weights add up to the score."`
	Score     int             `json:"score"`
	DecideBy  time.Time       `json:"decideBy,omitzero" doc:"It is published then when nobody decides."`
	Reports   int             `json:"reportWeight" doc:"Open reports, 100 for each plain one."`
	Revisions []Revision      `json:"revisions,omitempty"`
}

// Revision is what a review said before.
type Revision struct {
	review.Content
	FollowUp *review.FollowUp `json:"followUp,omitempty"`
	Until    time.Time        `json:"until"`
}

// inspected is a review as a moderator sees it. The score is summed here: it is not stored, the
// weights are.
func (f *Reviews) inspected(r *review.Review) InspectedReview {
	i := InspectedReview{OwnReview: f.own(r), AuthorID: r.AuthorID, Signals: r.Signals, DecideBy: r.DecideBy,
		Reports: r.ReportWeight}
	i.Reward = nil // the code is the author's
	for _, s := range r.Signals {
		i.Score += s.Weight
	}
	return i
}

// inStateInput is a page of the reviews in a state.
type inStateInput struct {
	api.Paging
	State string `query:"state" enum:"held,returned,rejected,deleted" default:"held"`
}

// inStateOutput is a page of reviews.
type inStateOutput struct {
	Body struct {
		Reviews    []InspectedReview `json:"reviews"`
		NextCursor string            `json:"nextCursor,omitempty"`
	}
}

// inState lists the reviews in a state, oldest first, because those have waited longest.
func (f *Reviews) inState(ctx context.Context, in *inStateInput) (*inStateOutput, error) {
	found, next, err := f.Store.InState(ctx, review.State(in.State), in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &inStateOutput{}
	out.Body.Reviews, out.Body.NextCursor = make([]InspectedReview, len(found)), string(next)
	for i := range found {
		out.Body.Reviews[i] = f.inspected(&found[i])
	}
	return out, nil
}

// reportsInput is a page of reports.
type reportsInput struct{ api.Paging }

// reportsOutput is a page of reports.
type reportsOutput struct {
	Body struct {
		Reports    []store.ReviewReport `json:"reports"`
		NextCursor string               `json:"nextCursor,omitempty"`
	}
}

// reports lists the reports that nobody has decided on.
func (f *Reviews) reports(ctx context.Context, in *reportsInput) (*reportsOutput, error) {
	open, next, err := f.Store.Reports(ctx, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &reportsOutput{}
	out.Body.Reports, out.Body.NextCursor = append([]store.ReviewReport{}, open...), string(next)
	return out, nil
}

// inspectOutput is a review as a moderator sees it.
type inspectOutput struct{ Body InspectedReview }

// inspect reads a review with what it said before.
func (f *Reviews) inspect(ctx context.Context, in *ReviewInput) (*inspectOutput, error) {
	r, err := f.Store.Get(ctx, in.id())
	if err != nil {
		return nil, err
	}
	kept, err := f.Store.Revisions(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	out := &inspectOutput{f.inspected(r)}
	for _, v := range kept {
		said := Revision{Content: v.Content.Value, Until: v.Until}
		// Old revisions of reviews without a follow-up have none.
		if v.FollowUp != nil {
			said.FollowUp = v.FollowUp.Value
		}
		out.Body.Revisions = append(out.Body.Revisions, said)
	}
	return out, nil
}

// decideInput is a moderator's decision.
type decideInput struct {
	ReviewInput
	Body struct {
		Publish bool       `json:"publish,omitempty" doc:"Publish it; otherwise reasons are needed."`
		Reasons []decision `json:"reasons,omitempty" maxItems:"10"`
	}
}

// decision is one reason of a decision.
type decision struct {
	Reason string   `json:"reason" example:"profanity" doc:"A code of GET /review-policy that a moderator can give."`
	Words  []string `json:"words,omitempty" maxItems:"20" doc:"Words of the text that it is about; the author gets them marked."`
}

// decide is a moderator's decision. It settles the open reports.
func (f *Reviews) decide(ctx context.Context, in *decideInput) (*inspectOutput, error) {
	now := f.Clock.Now()
	var wrong problem.Fields
	wrong.Require(in.Body.Publish || len(in.Body.Reasons) > 0, "/reasons", "required", "a reason of the policy")
	wrong.Count(len(in.Body.Reasons), 0, maxReasons, "/reasons")
	for i, r := range in.Body.Reasons {
		wrong.Count(len(r.Words), 0, maxWords, fmt.Sprintf("/reasons/%d/words", i))
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	r, err := f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		if r.State == review.Deleted {
			return e, false, problem.Conflict("review_deleted", "The author has deleted this review.")
		}
		before, previous := r.State, store.Counted(r)
		// Photos are judged apart, so their deadline stays.
		r.DecideBy, r.ReportWeight = r.MediaDeadline(), 0
		if in.Body.Publish {
			// Approved keeps signals and reports of the past from holding the same text again.
			r.State, r.Reasons, r.Approved = review.Published, nil, now
		} else {
			if r.Reasons, err = findings(r, in.Body.Reasons); err != nil {
				return e, false, err
			}
			r.State = review.Outcome(r.Reasons)
			r.Approved = time.Time{}
			// Only the first time, so that correcting the reasons counts once.
			if r.State == review.Rejected && before != review.Rejected && notGenuine(r.Reasons) {
				e.With = []table.Write{store.CountNotGenuine(r.AuthorID)}
			}
		}
		e.Body = store.ChangedEvent(r, previous, now)
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	// Behind the write: the reward is taken from what was taken down, and a repetition does it
	// again.
	if r.State == review.Rejected && notGenuine(r.Reasons) {
		if err := f.takeBack(ctx, r, "abuse"); err != nil {
			return nil, err
		}
	}
	// A publication dismisses the reports, anything else upholds them.
	return &inspectOutput{f.inspected(r)}, f.Store.Settle(ctx, r.ID, !in.Body.Publish)
}

// notGenuine reports whether a reason speaks against the author and not only against the text.
func notGenuine(reasons []review.Finding) bool {
	for _, f := range reasons {
		switch f.Reason {
		case review.NotGenuine, review.Spam, review.Duplicate, review.ConflictOfInterest:
			return true
		}
	}
	return false
}

// findings makes findings of a moderator's reasons, with the words marked where they stand.
func findings(r *review.Review, reasons []decision) (found []review.Finding, err error) {
	for _, d := range reasons {
		// Some reasons are only found by the program and are no decision of a person.
		p, ok := review.PolicyOf(review.Reason(d.Reason))
		if !ok || !p.Decision {
			return nil, problem.InvalidField("/reasons", "not_allowed", "a reason of the policy that a moderator can give")
		}
		one := review.Finding{Reason: p.Reason, Field: "text"}
		for _, w := range d.Words {
			one.Marks = append(one.Marks, moderation.Find(r.Text, w)...)
		}
		found = append(found, one)
	}
	return found, nil
}

// mediaDecisionInput is a moderator's decision on a photo or video.
type mediaDecisionInput struct {
	ReviewInput
	MediaID string `path:"mediaId" maxLength:"60" example:"med_01m80674exnpsz0bg9nw68d4b7"`
	Body    struct {
		Publish bool   `json:"publish"`
		Reason  string `json:"reason,omitempty" enum:"image,personal_data,off_topic,wrong_product,illegal" default:"image"`
	}
}

// decideMedia publishes or takes down a photo or video. No event is published: the text is shown as
// before.
func (f *Reviews) decideMedia(ctx context.Context, in *mediaDecisionInput) (*inspectOutput, error) {
	reason, err := review.MediaReason(in.Body.Reason)
	if err != nil {
		return nil, err
	}
	r, err := f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		i := r.MediaByID(in.MediaID)
		if i < 0 {
			return e, false, problem.NotFound("media_not_found", "This review has no such photo or video.")
		}
		// Nobody can have seen what was never checked.
		if r.Media[i].State == review.MediaUploading {
			return e, false, problem.Conflict("not_uploaded", "Nothing has been uploaded yet.")
		}
		m := &r.Media[i]
		if in.Body.Publish && m.State == review.MediaRejected {
			return e, false, problem.Conflict("media_deleted",
				"The files of what was rejected are deleted; it can be sent again.")
		}
		m.State, m.Reason = review.MediaPublished, ""
		if !in.Body.Publish {
			m.State, m.Reason = review.MediaRejected, reason
			e.Body = events.ReviewMediaRejected{ReviewRef: store.Ref(r), MediaID: m.ID, Kind: m.Kind, Reason: string(reason)}
		}
		// The deadline of a held text stays; only that of the photos may have ended.
		if r.State == review.Published {
			r.DecideBy = r.MediaDeadline()
		}
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	return &inspectOutput{f.inspected(r)}, nil
}

// replyInput is the shop's answer in public.
type replyInput struct {
	ReviewInput
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000" example:"소중한 의견 감사합니다."`
	}
}

// reply answers a review in public. It ends the deadline of a case that the review opened.
func (f *Reviews) reply(ctx context.Context, in *replyInput) (*inspectOutput, error) {
	now, text := f.Clock.Now(), review.Clean(in.Body.Text)
	if err := problem.CheckText(text, 1, maxShortText, "/text"); err != nil {
		return nil, err
	}
	r, err := f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		if r.State == review.Deleted {
			return e, false, problem.Conflict("review_deleted", "The author has deleted this review.")
		}
		// A repetition is no second event.
		if r.Reply != nil && r.Reply.Text == text {
			return e, false, nil
		}
		r.Reply = &review.Reply{Text: text, At: now}
		e.Body = events.ReviewReplied{ReviewRef: store.Ref(r), Text: text}
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	return &inspectOutput{f.inspected(r)}, f.answeredInPublic(ctx, r.ID, text, auth.From(ctx).Subject)
}

// Bounds of a moderator's decision.
const (
	maxReasons = 10
	maxWords   = 20 // that a reason points at
)
