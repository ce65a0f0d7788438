package review_test

import (
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/review"
)

func TestSummaryKeptByDifferencesEqualsARecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		summary, reviews := review.Tally{}, map[int]*review.Review{}
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			which, next := rapid.IntRange(0, 5).Draw(t, "which"), drawReview(t)
			before := review.Tally{}
			if old := reviews[which]; old != nil {
				before = old.Tally()
			}
			summary = summary.Plus(next.Tally().Minus(before))
			reviews[which] = next
		}
		recount := review.Tally{}
		for _, r := range reviews {
			recount = recount.Plus(r.Tally())
		}
		if !summary.Equal(recount) {
			t.Fatalf("summary %v, recount %v", summary, recount)
		}
		if summary["state.published"] != summary.Rated() {
			t.Fatalf("%d published, %d rated", summary["state.published"], summary.Rated())
		}
	})
}

func TestOnlyPublishedReviewsCountForTheRating(t *testing.T) {
	t.Parallel()
	for _, state := range review.States {
		r := &review.Review{State: state, Content: review.Content{Stars: 4, Language: "ko"}, Verified: true}
		want := 0
		if state == review.Published {
			want = 1
		}
		if got := r.Tally(); got.Rated() != want || got["verified"] != want || got["state."+string(state)] != 1 {
			t.Errorf("%s: %v", state, got)
		}
	}
}

func TestTheFollowUpIsTheOpinionThatCounts(t *testing.T) {
	t.Parallel()
	r := &review.Review{State: review.Published, Content: review.Content{Stars: 5}, FollowUp: &review.FollowUp{Stars: 2}}
	if got := r.Tally(); got["n2"] != 1 || got["n5"] != 0 {
		t.Errorf("got %v, want one rating of 2 and none of 5", got)
	}
}
