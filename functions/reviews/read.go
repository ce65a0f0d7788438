package reviews

import (
	"context"
	"strings"

	"dangol/shared/compliance"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/reward"
	"dangol/shared/review/store"
)

// readRoutes are the routes of everybody who reads.
func (f *Reviews) readRoutes(s *api.Service) {
	list := route("Reviews", api.Public, "GET", ofProduct, "listReviews", "List a product's reviews with their summary")
	list.Description = "The first page by newest has the summary. A filter that few reviews pass can give a page with " +
		"fewer than limit " +
		"entries and a nextCursor. Neither publication nor any order but the two by stars depends on the stars."
	api.Handle(s, list, f.list)
	api.Handle(s, route("Reviews", api.Public, "GET", ofProduct+"/summary", "getReviewSummary",
		"Read the summary of a product's reviews"), f.summary)
	ld := route("Reviews", api.Public, "GET", ofProduct+"/schema-org", "getReviewsForSearchEngines",
		"Read a product's rating and newest reviews as schema.org JSON-LD", 404)
	ld.Types, ld.Answer = []string{"application/ld+json"}, review.LinkedProduct{}
	api.Handle(s, ld, f.linked)
	api.Handle(s, route("Reviews", api.Public, "GET", "/review-policy", "getReviewPolicy",
		"Read how reviews are checked, moderated and rewarded"), f.policy)
	api.Handle(s, route("Reviews", api.Customer, "GET", "/reviews/mine", "listMyReviews",
		"List one's own reviews, newest first, whatever their state"), f.mine)
}

// SummaryView is the summary of a product's reviews.
type SummaryView struct {
	Count     int            `json:"count" doc:"Published reviews."`
	Average   float64        `json:"average" doc:"Mean of the stars, two decimals; 0 without reviews."`
	Score     float64        `json:"score" doc:"Mean with 7 virtual reviews of 3.5 stars, to compare products by."`
	Satisfied float64        `json:"satisfied" doc:"Lower bound (95 %) of the share of buyers who give 4 or 5 stars."`
	Stars     map[string]int `json:"stars" doc:"Reviews by stars, 1 to 5."`
	Photos    int            `json:"photos" doc:"Reviews with photos."`
	Verified  int            `json:"verified"`
	Rewarded  int            `json:"rewarded" doc:"Reviews whose authors were given a reward."`
	Imported  int            `json:"imported"`
	Answers   map[string]int `json:"answers,omitempty" doc:"Reviews by answer, such as skin_type:dry."`
	Languages map[string]int `json:"languages,omitempty"`
	Checks    string         `json:"checks" doc:"How the shop checks reviews. The law of several countries wants it shown next to them."`
}

// summaryView is a summary as everybody sees it.
func summaryView(t review.Tally, language string) *SummaryView {
	v := &SummaryView{
		Count: t.Rated(), Average: review.Round(t.Average()), Score: review.Round(t.Bayesian()),
		Satisfied: review.Round(t.Satisfied()),
		Stars:     map[string]int{}, Photos: t["photos"], Verified: t["verified"], Rewarded: t["rewarded"],
		Imported: t["imported"],
		Answers:  map[string]int{}, Languages: map[string]int{}, Checks: compliance.ReviewChecks(language),
	}
	for i, n := range t.Stars() {
		v.Stars[string(rune('1'+i))] = n
	}
	for _, name := range t.Names() {
		// A counter is named attr.skin_type.dry; filters write skin_type:dry.
		if answer, ok := strings.CutPrefix(name, "attr."); ok {
			v.Answers[strings.Replace(answer, ".", ":", 1)] = t[name]
		}
		if l, ok := strings.CutPrefix(name, "lang."); ok {
			v.Languages[l] = t[name]
		}
	}
	return v
}

// ShownReview is a review as everybody sees it, with what has to be shown next to it.
type ShownReview struct {
	review.ReviewSummary
	MediaURL    string   `json:"mediaUrl,omitempty" doc:"Put it before the keys of media."`
	Disclosures []string `json:"disclosures,omitempty" doc:"Show these before the text, in this language: the author's reward, an import."`
}

// shown is a review with its disclosures. The law wants a reward shown next to each review and not
// on a page of its own (16 CFR 255.5; the Korean guidelines on recommendations).
func (f *Reviews) shown(c review.ReviewSummary, language string) ShownReview {
	out := ShownReview{ReviewSummary: c}
	if len(c.Media) > 0 {
		out.MediaURL = f.Shop.Media
	}
	if c.Rewarded != nil {
		out.Disclosures = append(out.Disclosures, compliance.RewardDisclosure(language))
	}
	if c.Imported != "" {
		out.Disclosures = append(out.Disclosures, compliance.ImportDisclosure(language))
	}
	return out
}

// Language chooses the language of texts that the shop adds.
type Language struct {
	Page string `query:"language" default:"ko" enum:"ko,en" doc:"Of disclosures and of the checks, not of the reviews."`
}

// listInput is a page of a product's reviews.
type listInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	api.Paging
	Language
	Sort      string `query:"sort" enum:"newest,helpful,highest,lowest" default:"newest"`
	Stars     int    `query:"stars" minimum:"0" maximum:"5" doc:"Only reviews with these stars; 0 for all."`
	Photo     bool   `query:"photo" doc:"Only reviews with photos."`
	Attribute string `query:"attribute" maxLength:"60" doc:"Only reviews with this answer, such as skin_type:dry."`
	In        string `query:"in" maxLength:"3" doc:"Only reviews in this language (ISO 639)." example:"ko"`
}

// listOutput is a page of reviews.
type listOutput struct {
	Body struct {
		Summary    *SummaryView  `json:"summary,omitempty" doc:"With the first page by newest."`
		Reviews    []ShownReview `json:"reviews"`
		NextCursor string        `json:"nextCursor,omitempty"`
	}
}

// list reads a page of reviews in one of four orders. 1 round trip, more with a filter.
func (f *Reviews) list(ctx context.Context, in *listInput) (*listOutput, error) {
	filter := review.Filter{Stars: in.Stars, Photo: in.Photo, Language: in.In, Attribute: in.Attribute}
	after := table.Cursor(in.Cursor)
	var page store.Page
	var err error
	switch store.Sort(in.Sort) {
	case store.Helpful:
		page, err = f.Store.ByHelpfulness(ctx, in.ProductID, filter, in.Limit, after)
	case store.Highest, store.Lowest:
		page, err = f.Store.ByStars(ctx, in.ProductID, store.Sort(in.Sort) == store.Highest, filter, in.Limit, after)
	default:
		page, err = f.Store.Newest(ctx, in.ProductID, filter, in.Limit, after)
	}
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &listOutput{}
	out.Body.Reviews, out.Body.NextCursor = make([]ShownReview, len(page.Cards)), string(page.Next)
	for i, c := range page.Cards {
		out.Body.Reviews[i] = f.shown(c, in.Page)
	}
	if page.Summary != nil {
		out.Body.Summary = summaryView(page.Summary.Tally, in.Page)
	}
	return out, nil
}

// productInput names a product.
type productInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	Language
}

// summaryOutput is a summary.
type summaryOutput struct{ Body *SummaryView }

// summary reads a product's summary. 1 round trip.
func (f *Reviews) summary(ctx context.Context, in *productInput) (*summaryOutput, error) {
	s, err := f.Store.Summary(ctx, in.ProductID)
	if err != nil {
		return nil, err
	}
	return &summaryOutput{summaryView(s.Tally, in.Page)}, nil
}

// linkedOutput is JSON-LD, with the media type that search engines want.
type linkedOutput struct {
	Type string `header:"Content-Type"`
	Body review.LinkedProduct
}

// linkedReviews is how many reviews stand in the JSON-LD of a product page.
const linkedReviews = 10

// linked describes a product and its reviews for search engines. 2 round trips.
func (f *Reviews) linked(ctx context.Context, in *productInput) (*linkedOutput, error) {
	p, err := f.product(ctx, in.ProductID)
	if err != nil {
		return nil, err
	}
	page, err := f.Store.Newest(ctx, p.ID, review.Filter{}, linkedReviews, "")
	if err != nil {
		return nil, err
	}
	// What people see next to the text must be in the data as well.
	disclose := func(c review.ReviewSummary) string { return strings.Join(f.shown(c, in.Page).Disclosures, "; ") }
	return &linkedOutput{
		Type: "application/ld+json",
		Body: review.Linked(f.page(p.Handle), p.Title.In(in.Page), page.Summary.Tally, page.Cards, disclose),
	}, nil
}

// page is the address of a product page of the storefront.
func (f *Reviews) page(handle string) string { return f.Shop.URL + "/products/" + handle }

// policyInput is the language of a policy.
type policyInput struct{ Language }

// policyOutput is how reviews are checked and rewarded.
type policyOutput struct {
	Body struct {
		Checks     string                    `json:"checks"`
		Reasons    []review.ModerationPolicy `json:"reasons" doc:"Why a text or photo is not shown."`
		Attributes []review.Attribute        `json:"attributes" doc:"Questions that authors can answer."`
		Rewards    *reward.Criteria          `json:"rewards,omitempty" doc:"What a review earns and for what; the stars have no part in it."`
	}
}

// policy tells everybody the rules, those of rewards included.
func (f *Reviews) policy(ctx context.Context, in *policyInput) (*policyOutput, error) {
	offer, err := f.Store.Offer(ctx)
	if err != nil {
		return nil, err
	}
	out := &policyOutput{}
	out.Body.Checks, out.Body.Reasons, out.Body.Attributes = compliance.ReviewChecks(
		in.Page), review.Policies, review.Attributes
	// An offer without promotions earns nothing, so there is nothing to tell.
	if len(offer.Promotions) > 0 {
		out.Body.Rewards = &offer.Criteria
	}
	return out, nil
}

// OwnReview is a review as its author sees it.
type OwnReview struct {
	ShownReview
	State     review.State     `json:"state"`
	OrderID   string           `json:"orderId,omitempty"`
	LineID    string           `json:"lineId,omitempty"`
	Reasons   []review.Finding `json:"reasons,omitempty" doc:"Why it is not shown, with the words it is about."`
	Uploads   []review.Media   `json:"uploads,omitempty" doc:"Photos and videos in every state."`
	Reward    *review.Reward   `json:"reward,omitempty"`
	CanMend   bool             `json:"canMend" doc:"It can be changed and sent again."`
	CanFollow bool             `json:"canFollowUp" doc:"The part after a month of use can be written now."`
}

// own is a review as its author sees it, disclosures in the review's own language.
func (f *Reviews) own(r *review.Review) OwnReview {
	o := OwnReview{
		ShownReview: f.shown(r.Card(), r.Language), State: r.State, OrderID: r.OrderID, LineID: r.LineID, Reasons: r.Reasons,
		Uploads: r.Media, Reward: r.Reward, CanMend: r.State != review.Rejected,
	}
	// A deleted review has no words that a follow-up could follow.
	o.CanFollow = r.FollowUp == nil && r.State != review.Rejected && r.State != review.Deleted &&
		!f.Clock.Now().Before(r.Delivered.Add(review.FollowUpAfter))
	for i := range o.Uploads {
		// This also empties the keys in r.Media. Nothing is written behind it.
		o.Uploads[i].Key, o.Uploads[i].Thumbnail = "", "" // only what is shown has an address
	}
	return o
}

// mineInput is a page of one's own reviews.
type mineInput struct{ api.Paging }

// mineOutput is a page of one's own reviews.
type mineOutput struct {
	Body struct {
		Reviews    []OwnReview `json:"reviews"`
		NextCursor string      `json:"nextCursor,omitempty"`
	}
}

// mine lists the caller's reviews in every state.
func (f *Reviews) mine(ctx context.Context, in *mineInput) (*mineOutput, error) {
	found, next, err := f.Store.Mine(ctx, auth.From(ctx).Subject, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &mineOutput{}
	out.Body.Reviews, out.Body.NextCursor = make([]OwnReview, len(found)), string(next)
	for i := range found {
		out.Body.Reviews[i] = f.own(&found[i])
	}
	return out, nil
}
