package reviews

import (
	"context"
	"maps"
	"time"

	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/review"
	"dangol/shared/review/moderation"
	"dangol/shared/review/store"
)

// authorRoutes are the routes of those who write, vote and report.
func (f *Reviews) authorRoutes(s *api.Service) {
	create := route("Reviews", api.Shopper, "POST", "/reviews", "createReview", "Review an order line that has arrived",
		404, 409, 429, 503)
	create.Status, create.Keyed = 201, api.KeyOptional
	create.Description = "One review per order line, by whoever bought it: a customer, or a guest with Order-Token or " +
		"Cart-Token. A text with " +
		"words that the policy does not allow is answered with 422 review_needs_changes and the words; insist sends it to " +
		"a moderator as it is."
	api.Handle(s, create, f.create)
	edit := route("Reviews", api.Shopper, "PUT", one, "editReview", "Change one's own review, or mend a returned one", 404,
		409, 429, 503)
	edit.Description = "What it said before is kept. A deleted review is written anew."
	api.Handle(s, edit, f.edit)
	api.Handle(s, route("Reviews", api.Shopper, "DELETE", one, "deleteReview", "Delete one's own review", 404, 503),
		f.remove)
	follow := route("Reviews", api.Shopper, "POST", one+"/follow-up", "addFollowUp",
		"Add how the product is after a month of use", 404, 409, 429, 503)
	follow.Description = "Once, from 30 days after delivery on. Its stars are the ones that count from then on."
	api.Handle(s, follow, f.followUp)
	api.Handle(s, route("Reviews", api.Customer, "PUT", one+"/vote", "voteOnReview",
		"Say whether a review is helpful; one vote per customer", 404, 409, 429, 503), f.vote)
	api.Handle(s, route("Reviews", api.Customer, "DELETE", one+"/vote", "withdrawVote", "Take one's vote back", 404, 409,
		503), f.unvote)
	report := route("Reviews", api.Customer, "POST", one+"/reports", "reportReview",
		"Report a review; one report per customer", 404, 409, 429, 503)
	report.Status = 202
	api.Handle(s, report, f.report)
}

// BuyerInput is what opens the order of a review. Exported because Huma fills only exported embedded structs.
type BuyerInput struct {
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up of the order."`
}

// Text is what an author writes.
type Text struct {
	Stars      int               `json:"stars" minimum:"1" maximum:"5" example:"4"`
	Title      string            `json:"title,omitempty" maxLength:"200" example:"온 가족이 써요"`
	Text       string            `json:"text" minLength:"1" maxLength:"10000" example:"거품이 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요."`
	Attributes map[string]string `json:"attributes,omitempty" maxProperties:"10" doc:"Answers, such as skin_type: dry; see GET /review-policy."`
	Language   string            `json:"language,omitempty" maxLength:"3" doc:"ISO 639; that of the order when missing." example:"ko"`
	Insist     bool              `json:"insist,omitempty" doc:"Send the text to a moderator as it is, after review_needs_changes."`
}

// content is the text as package review knows it.
func (t Text) content() review.Content {
	return review.Content{Stars: t.Stars, Title: t.Title, Text: t.Text, Attributes: t.Attributes, Language: t.Language}
}

// createInput is a review to write.
type createInput struct {
	BuyerInput
	Body struct {
		OrderID string `json:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
		LineID  string `json:"lineId" maxLength:"40" example:"line_k3v9"`
		Text
	}
}

// ownOutput is a review as its author sees it.
type ownOutput struct {
	Status int
	Replay string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body   OwnReview
}

// Limits on how often an account writes.
const (
	writesPerHour = 20
	votesPerHour  = 100
)

// limit counts a call of the last hour. 1 round trip. Error: 429.
func (f *Reviews) limit(ctx context.Context, name, who string, most int) error {
	return f.Limiter.Take(ctx, ratelimit.Limit{Name: name, Subject: who, Max: most, Window: time.Hour})
}

// buyer opens an order for whoever bought it. The shop's people do not write reviews for others.
func (f *Reviews) buyer(ctx context.Context, orderID string, in BuyerInput) (*order.Order, error) {
	return f.Orders.GetFor(ctx, orderID, caller(ctx, in))
}

// caller is who calls, with whatever opens an order.
func caller(ctx context.Context, in BuyerInput) order.Caller {
	return order.Caller{CustomerID: auth.From(ctx).Subject, CartToken: in.CartToken, LookupToken: in.Token}
}

// authorOf is the author id of an order's buyer.
func authorOf(o *order.Order) string {
	if o.CustomerID != "" {
		return o.CustomerID
	}
	// Guests who use the same address are the same author, whatever order they review.
	return review.ByGuest(format.HashEmail(o.Email))
}

// asGuest is the author id of what the caller wrote as a guest, before they had an account with the same address.
func asGuest(ctx context.Context) []string {
	email := auth.From(ctx).Email
	if email == "" {
		return nil
	}
	return []string{review.ByGuest(format.HashEmail(email))}
}

// create writes a review.
func (f *Reviews) create(ctx context.Context, in *createInput) (*ownOutput, error) {
	o, err := f.buyer(ctx, in.Body.OrderID, in.BuyerInput)
	if err != nil {
		return nil, err
	}
	said := in.Body.Text
	if said.Language == "" {
		said.Language = o.Language
	}
	content, err := said.content().Normal() // before the limit: what cannot be stored does not count
	if err != nil {
		return nil, err
	}
	// Counted for the author and not for the caller, because guests have no account.
	if err := f.limit(ctx, "review-write", authorOf(o), writesPerHour); err != nil {
		return nil, err
	}
	// Behind the limit, so that repetitions cost an attempt too.
	answer, replayed, err := idempotency.Guard(ctx, f.Store.Table, api.Idempotency(ctx), func() (OwnReview, error) {
		r, err := f.submit(ctx, o, in, content)
		if err != nil {
			return OwnReview{}, err
		}
		return f.own(r), nil
	})
	if err != nil {
		return nil, err
	}
	out := &ownOutput{Status: 201, Body: answer}
	if replayed {
		out.Replay = "true"
	}
	return out, nil
}

func (f *Reviews) submit(
	ctx context.Context, o *order.Order, in *createInput, content review.Content,
) (*review.Review, error) {
	now := f.Clock.Now()
	line, ok := o.Line(in.Body.LineID)
	if !ok {
		return nil, problem.InvalidField("/lineId", "not_allowed", "a line of this order")
	}
	delivered, ok := deliveredAt(o, line.ID)
	switch {
	case !ok:
		return nil, problem.Conflict("not_delivered", "This order line has not arrived yet.")
	case o.State == order.Canceled:
		return nil, problem.Conflict("order_canceled", "This order is canceled.")
	case now.Sub(delivered) > review.WriteWithin:
		return nil, problem.Conflict("review_too_late", "An order line can be reviewed for a year after it has arrived.")
	}
	r := &review.Review{
		Content: content, ID: f.Store.NewID(), ProductID: line.ProductID, VariantID: line.VariantID, OrderID: o.ID,
		LineID: line.ID,
		// The name on the parcel, with all but its first letter hidden.
		AuthorID: authorOf(o), Author: review.AuthorName(o.Recipient()), State: review.Published, Verified: true,
		Written: now, Delivered: delivered,
	}
	// Before the words are judged: a request that was repeated must get the same answer.
	if prior, err := f.writtenBefore(ctx, r); prior != nil || err != nil {
		return prior, err
	}
	if err := judgeText(r, in.Body.Insist, now); err != nil {
		return nil, err
	}
	return r, f.publish(ctx, r, o)
}

// writtenBefore returns the review that a line has already, when it says the same: a request that was repeated without
// a key. Errors: 409 review_exists.
func (f *Reviews) writtenBefore(ctx context.Context, r *review.Review) (*review.Review, error) {
	line, err := f.Store.LineOf(ctx, r.OrderID, r.LineID)
	if err != nil || line == nil || line.ReviewID == "" {
		return nil, err
	}
	prior, err := f.Store.Get(ctx, store.ReviewID{ProductID: line.ProductID, ReviewID: line.ReviewID})
	if err != nil {
		return nil, err
	}
	if prior.Stars == r.Stars && prior.Title == r.Title && prior.Text == r.Text &&
		maps.Equal(prior.Attributes, r.Attributes) {
		return prior, nil
	}
	return nil, store.Exists(prior.ID)
}

// deliveredAt is when the first units of a line arrived.
func deliveredAt(o *order.Order, lineID string) (at time.Time, ok bool) {
	for _, parcel := range o.Fulfillments {
		if parcel.DeliveredAt == nil {
			continue
		}
		for _, part := range parcel.Lines {
			if part.LineID == lineID && (!ok || parcel.DeliveredAt.Before(at)) {
				at, ok = *parcel.DeliveredAt, true
			}
		}
	}
	return at, ok
}

// judgeText holds a review whose words the policy does not allow when its author insists, and refuses it otherwise.
// Errors: 422 review_needs_changes with the findings.
func judgeText(r *review.Review, insist bool, now time.Time) error {
	fields := []moderation.Field{{Name: "title", Text: r.Title}, {Name: "text", Text: r.Text}}
	if r.FollowUp != nil {
		fields = append(fields, moderation.Field{Name: "followUp", Text: r.FollowUp.Text})
	}
	found := moderation.Check(fields...)
	// No words are wrong, so the state stays as it is.
	if len(found) == 0 {
		return nil
	}
	// Some findings, such as personal data, are not sent to a moderator even when the author
	// insists.
	if !insist || !moderation.CanInsist(found) {
		return needsChanges(found)
	}
	hold(r, found, now)
	return nil
}

// needsChanges is the answer with the words that the author has to change.
func needsChanges(found []review.Finding) error {
	return problem.New(422, "review_needs_changes", "Some words are not allowed; see extra.findings.").With("findings",
		found)
}

// hold keeps a review back until a moderator or the deadline decides.
func hold(r *review.Review, reasons []review.Finding, now time.Time) {
	r.State, r.Reasons, r.DecideBy = review.Held, append(r.Reasons, reasons...), now.Add(review.DecideWithin)
}

// authored reads a review for its author. Errors: 404 review_not_found.
func (f *Reviews) authored(ctx context.Context, in ReviewInput, buyer BuyerInput) (*review.Review, *order.Order,
	error) {
	return f.Store.Authored(ctx, f.Orders, in.id(), caller(ctx, buyer))
}

// editInput is a review to change.
type editInput struct {
	ReviewInput
	BuyerInput
	Body Text
}

// edit changes a review, or writes a deleted one anew. What a moderator rejected stays as it is.
func (f *Reviews) edit(ctx context.Context, in *editInput) (*ownOutput, error) {
	r, o, err := f.authored(ctx, in.ReviewInput, in.BuyerInput)
	if err != nil {
		return nil, err
	}
	said := in.Body
	// Missing means unchanged.
	if said.Language == "" {
		said.Language = r.Language
	}
	content, err := said.content().Normal() // before the limit: what cannot be stored does not count
	if err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "review-write", authorOf(o), writesPerHour); err != nil {
		return nil, err
	}
	return f.rewrite(ctx, r, o, said.Insist, func(r *review.Review) error {
		if r.State == review.Deleted {
			// A follow-up does not survive the deletion.
			r.FollowUp = nil
		}
		r.Content = content
		return nil
	})
}

// followUpInput is the part after a month of use.
type followUpInput struct {
	ReviewInput
	BuyerInput
	Body struct {
		Stars  int    `json:"stars" minimum:"1" maximum:"5" example:"5"`
		Text   string `json:"text" minLength:"1" maxLength:"10000" example:"한 달 써 보니 피부가 편안해졌어요."`
		Insist bool   `json:"insist,omitempty" doc:"Send the text to a moderator as it is, after review_needs_changes."`
	}
}

// followUp adds the part after a month of use.
func (f *Reviews) followUp(ctx context.Context, in *followUpInput) (*ownOutput, error) {
	r, o, err := f.authored(ctx, in.ReviewInput, in.BuyerInput)
	if err != nil {
		return nil, err
	}
	text, err := review.NormalFollowUp(in.Body.Stars, in.Body.Text)
	if err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "review-write", authorOf(o), writesPerHour); err != nil {
		return nil, err
	}
	now := f.Clock.Now()
	return f.rewrite(ctx, r, o, in.Body.Insist, func(r *review.Review) error {
		switch {
		case r.State == review.Deleted:
			return store.NotFound()
		case r.FollowUp != nil && r.FollowUp.Stars == in.Body.Stars && r.FollowUp.Text == text:
			return nil // the same again
		case r.FollowUp != nil:
			return problem.Conflict("follow_up_exists", "This review has a follow-up; edit the review instead.")
		case now.Before(r.Delivered.Add(review.FollowUpAfter)):
			return problem.Conflict("follow_up_too_early", "A follow-up can be written 30 days after delivery.").
				With("from", r.Delivered.Add(review.FollowUpAfter))
		}
		r.FollowUp = &review.FollowUp{Stars: in.Body.Stars, Text: text, Written: now}
		return nil
	})
}

// removeInput names the review to delete.
type removeInput struct {
	ReviewInput
	BuyerInput
}

// remove deletes a review: its words and photos go, that there was one stays, so that the line is not reviewed twice.
func (f *Reviews) remove(ctx context.Context, in *removeInput) (*struct{}, error) {
	r, _, err := f.authored(ctx, in.ReviewInput, in.BuyerInput)
	if err != nil {
		return nil, err
	}
	now := f.Clock.Now()
	_, err = f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		if r.State == review.Deleted {
			return e, false, nil
		}
		previous := store.Counted(r)
		// A reward that was given stays, because the review earned it when it was given.
		r.Delete()
		e.Body = store.ChangedEvent(r, previous, now)
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	// Earlier words go too.
	return nil, f.Store.Forget(ctx, r.ID)
}
