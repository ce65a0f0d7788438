package review_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/review"
)

func TestNewReviewsGetEveryFifthPlaceAndNothingIsLostOrShownTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var helpful, fresh []string
		for i := range rapid.IntRange(0, 30).Draw(t, "helpful") {
			helpful = append(helpful, "h"+strconv.Itoa(i))
		}
		for i := range rapid.IntRange(0, 30).Draw(t, "new") {
			fresh = append(fresh, "n"+strconv.Itoa(i))
		}
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		var all []string
		for h, n := 0, 0; ; {
			page, usedH, usedN := review.Interleave(helpful[h:], fresh[n:], len(all), limit)
			if len(page) == 0 {
				break
			}
			all = append(all, page...)
			h, n = h+usedH, n+usedN
		}
		if want := slices.Concat(helpful, fresh); len(all) != len(want) ||
			!slices.Equal(slices.Sorted(slices.Values(all)), slices.Sorted(slices.Values(want))) {
			t.Fatalf("shown %v of %v", all, want)
		}
		for i, id := range all {
			if (i+1)%review.NewEvery == 0 && (i+1)/review.NewEvery <= len(fresh) && len(helpful) >= i+1 && id[0] != 'n' {
				t.Fatalf("place %d of %v is not for a new review", i+1, all)
			}
		}
	})
}

func TestHelpfulPlaceSortsByVotesAndNotByStars(t *testing.T) {
	t.Parallel()
	places := []string{
		review.HelpfulPlace(0, 9, day, "a"), review.HelpfulPlace(1, 0, day, "b"), review.HelpfulPlace(9, 1, day, "c"),
		review.HelpfulPlace(90, 10, day, "d"), review.HelpfulPlace(90, 10, day.Add(time.Hour), "e"),
	}
	if !slices.IsSorted(places) {
		t.Errorf("not in order: %q", places)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := drawReview(t)
		other := *r
		other.Stars = rapid.IntRange(1, 5).Draw(t, "other stars")
		if review.HelpfulPlace(r.Helpful, r.Unhelpful, r.Written, r.ID) != review.HelpfulPlace(other.Helpful, other.Unhelpful,
			other.Written, other.ID) {
			t.Fatal("the place depends on the stars")
		}
	})
}

func TestIsNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		votes int
		age   time.Duration
		want  bool
	}{
		{"just written", 0, 0, true},
		{"four votes", 4, time.Hour, true},
		{"five votes", 5, time.Hour, false},
		{"a month old", 0, review.NewFor, false},
	} {
		if got := review.IsNew(tt.votes, 0, day, day.Add(tt.age)); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
