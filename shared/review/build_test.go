package review_test

import (
	"time"

	"pgregory.net/rapid"

	"dangol/shared/review"
)

var day = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// drawReview draws a review in any state.
func drawReview(t *rapid.T) *review.Review {
	r := &review.Review{
		ID: "rev_" + rapid.StringMatching("[a-z]{6}").Draw(t, "id"), State: rapid.SampledFrom(review.States).Draw(t, "state"),
		Content: review.Content{
			Stars: rapid.IntRange(1, 5).Draw(t, "stars"), Text: "text",
			Language:   rapid.SampledFrom([]string{"ko", "en"}).Draw(t, "language"),
			Attributes: map[string]string{},
		},
		Verified: rapid.Bool().Draw(t, "verified"), Written: day,
	}
	for _, a := range review.Attributes {
		if rapid.Bool().Draw(t, "answers "+a.Name) {
			r.Attributes[a.Name] = rapid.SampledFrom(a.Values).Draw(t, a.Name)
		}
	}
	if rapid.Bool().Draw(t, "follow-up") {
		r.FollowUp = &review.FollowUp{Stars: rapid.IntRange(1, 5).Draw(t, "later stars"), Text: "later"}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "photos") {
		state := rapid.SampledFrom([]review.MediaState{review.MediaPublished, review.MediaHeld}).Draw(t, "photo state")
		r.Media = append(r.Media, review.Media{ID: string(rune('a' + i)), Kind: "photo", State: state})
	}
	if rapid.Bool().Draw(t, "rewarded") {
		r.Reward = &review.Reward{Kind: "review"}
	}
	return r
}
