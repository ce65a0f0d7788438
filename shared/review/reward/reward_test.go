package reward_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/review/reward"
)

var long = strings.Repeat("좋은 비누입니다 ", 10)

func TestDecide(t *testing.T) {
	t.Parallel()
	good := reward.Facts{Verified: true, Published: true, Text: long}
	for _, tt := range []struct {
		name   string
		change func(*reward.Facts)
		kind   string
		amount int64
	}{
		{"a long text", func(*reward.Facts) {}, reward.ForText, 500},
		{"with a photo that is shown", func(f *reward.Facts) { f.Photos = 1 }, reward.ForPhoto, 1500},
		{"a short text", func(f *reward.Facts) { f.Text = "좋아요" }, "too_short", 0},
		{"long by spaces", func(f *reward.Facts) { f.Text = "좋아요" + strings.Repeat(" .", 100) }, "too_short", 0},
		{"held", func(f *reward.Facts) { f.Published = false }, "not_published", 0},
		{"refunded", func(f *reward.Facts) { f.Refunded = true }, "refunded", 0},
		{"not genuine, perhaps", func(f *reward.Facts) { f.Doubted = true }, "doubted", 0},
		{"imported", func(f *reward.Facts) { f.Imported = true }, "not_verified", 0},
		{"not bought here", func(f *reward.Facts) { f.Verified = false }, "not_verified", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := good
			tt.change(&f)
			if kind, amount := reward.Default.Decide(f); kind != tt.kind || amount != tt.amount {
				t.Errorf("got %s %d, want %s %d", kind, amount, tt.kind, tt.amount)
			}
		})
	}
}

func TestNothingARewardDependsOnIsAboutStars(t *testing.T) {
	t.Parallel()
	for _, kind := range []reflect.Type{reflect.TypeFor[reward.Facts](), reflect.TypeFor[reward.Candidate](),
		reflect.TypeFor[reward.Criteria]()} {
		for i := range kind.NumField() {
			name := strings.ToLower(kind.Field(i).Name)
			if strings.Contains(name, "star") || strings.Contains(name, "rating") {
				t.Errorf("%s has the field %s", kind, kind.Field(i).Name)
			}
		}
	}
}

func TestBestOfTheMonth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []reward.Candidate
		for i := range rapid.IntRange(0, 20).Draw(t, "reviews") {
			all = append(all, reward.Candidate{
				ReviewID: string(rune('a' + i)), AuthorID: rapid.SampledFrom([]string{"x", "y", "z", "w"}).Draw(t, "author"),
				Votes: rapid.IntRange(0, 10).Draw(t, "votes"), Score: rapid.Float64Range(0, 1).Draw(t, "score"),
				Written: time.Unix(int64(i), 0),
			})
		}
		best := reward.Default.BestOf(all)
		authors := map[string]bool{}
		for i, b := range best {
			if b.Votes < reward.Default.BestVotes || authors[b.AuthorID] || i > 0 && b.Score > best[i-1].Score {
				t.Fatalf("best %+v", best)
			}
			authors[b.AuthorID] = true
		}
		if len(best) > reward.Default.BestCount {
			t.Fatalf("%d are best", len(best))
		}
	})
}
