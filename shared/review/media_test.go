package review_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/review"
)

// withMedia is a published review with a photo that is shown, one that is awaited, one that was rejected and a video.
func withMedia() *review.Review {
	return &review.Review{
		Content: review.Content{Stars: 5, Language: "ko"}, ID: "rev_1", State: review.Published,
		Media: []review.Media{
			{ID: "m_1", Kind: "photo", State: review.MediaPublished, Key: "a.jpg"},
			{ID: "m_2", Kind: "photo", State: review.MediaUploading},
			{ID: "m_3", Kind: "photo", State: review.MediaRejected, Reason: review.PersonalData},
			{ID: "m_4", Kind: "video", State: review.MediaPublished, Key: "b.mp4"},
		},
	}
}

func TestHeldPhotosAreHiddenUntilSomebodyDecidesOrTheTimeIsOver(t *testing.T) {
	t.Parallel()
	r := withMedia()
	until := day.Add(48 * time.Hour)
	r.HoldMedia(review.Reported, until)
	if len(r.Shown()) != 0 || r.Photos() != 0 || len(r.Card().Media) != 0 {
		t.Errorf("shown while held: %+v", r.Shown())
	}
	if !r.MediaDeadline().Equal(until) || !r.NextJob().Equal(until) {
		t.Errorf("decided until %s, the next job at %s, want %s", r.MediaDeadline(), r.NextJob(), until)
	}
	r.ReleaseMedia()
	var shown []string
	for _, m := range r.Shown() {
		shown = append(shown, m.ID)
		if m.Reason != "" {
			t.Errorf("%s is shown and has the reason %s", m.ID, m.Reason)
		}
	}
	// What was awaited or rejected before stays so.
	if !slices.Equal(shown, []string{"m_1", "m_4"}) || r.Photos() != 1 || r.Media[2].Reason != review.PersonalData {
		t.Errorf("shown again: %v", shown)
	}
	if !r.MediaDeadline().IsZero() {
		t.Errorf("a deadline of %s and nothing is held", r.MediaDeadline())
	}
}

func TestTheNextJobOfAReview(t *testing.T) {
	t.Parallel()
	early, late := day.Add(time.Hour), day.Add(72*time.Hour)
	for _, c := range []struct {
		name               string
		state              review.State
		decideBy, rewardAt time.Time
		want               time.Time
	}{
		{"a held one is decided", review.Held, early, late, early},
		{"a published one is rewarded", review.Published, time.Time{}, late, late},
		{"its held photo comes first", review.Published, early, late, early},
		{"its reward comes first", review.Published, late, early, early},
		{"only a photo is held", review.Published, late, time.Time{}, late},
		{"nothing is left", review.Published, time.Time{}, time.Time{}, time.Time{}},
		{"a rejected one has nothing to come", review.Rejected, early, late, time.Time{}},
	} {
		r := &review.Review{State: c.state, DecideBy: c.decideBy, RewardAt: c.rewardAt}
		if got := r.NextJob(); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSignalsDoubtAReviewFromTheirSumOnUntilAModeratorApprovesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, sum := &review.Review{}, 0
		for _, weight := range rapid.SliceOfN(rapid.IntRange(0, 40), 0, 5).Draw(t, "weights") {
			r.Signals = append(r.Signals, review.Signal{Name: "burst", Weight: weight})
			sum += weight
		}
		if r.Doubted() != (sum >= review.HoldScore) {
			t.Errorf("a sum of %d: doubted is %v", sum, r.Doubted())
		}
		r.Approved = day
		if r.Doubted() {
			t.Errorf("it is doubted after it was approved")
		}
	})
}

func TestAFilterLetsThroughWhatItNames(t *testing.T) {
	t.Parallel()
	r := withMedia()
	r.Attributes = map[string]string{"skin": "dry"}
	card := r.Card()
	video := card
	video.Media = video.Media[1:]
	for _, c := range []struct {
		name   string
		filter review.Filter
		card   review.ReviewSummary
		want   bool
	}{
		{"no filter", review.Filter{}, card, true},
		{"its stars", review.Filter{Stars: 5}, card, true},
		{"other stars", review.Filter{Stars: 4}, card, false},
		{"its language", review.Filter{Language: "ko"}, card, true},
		{"another language", review.Filter{Language: "en"}, card, false},
		{"with a photo", review.Filter{Photo: true}, card, true},
		{"a video is no photo", review.Filter{Photo: true}, video, false},
		{"its answer", review.Filter{Attribute: "skin:dry"}, card, true},
		{"another answer", review.Filter{Attribute: "skin:oily"}, card, false},
		{"an answer to another question", review.Filter{Attribute: "hair:dry"}, card, false},
		{"one of two does not fit", review.Filter{Stars: 5, Language: "en"}, card, false},
	} {
		if got := c.filter.Keeps(c.card); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheFollowUpsStarsAreFilteredNotTheFirst(t *testing.T) {
	t.Parallel()
	r := withMedia()
	r.FollowUp = &review.FollowUp{Stars: 2}
	if c := r.Card(); (review.Filter{Stars: 5}).Keeps(c) || !(review.Filter{Stars: 2}).Keeps(c) || c.Stars != 5 {
		t.Errorf("rating %d, first stars %d", c.Rating, c.Stars)
	}
}

func TestAPhotoIsFoundByItsID(t *testing.T) {
	t.Parallel()
	r := withMedia()
	for id, want := range map[string]int{"m_1": 0, "m_4": 3, "m_9": -1, "": -1} {
		if got := r.MediaByID(id); got != want {
			t.Errorf("%q is at %d, want %d", id, got, want)
		}
	}
}

func TestSumsAndDifferencesOfTalliesUndoEachOther(t *testing.T) {
	t.Parallel()
	tally := rapid.MapOfN(rapid.SampledFrom([]string{"n1", "n5", "photos", "lang.ko", "state.held"}),
		rapid.IntRange(-3, 3), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		a, b := review.Tally(tally.Draw(t, "a")), review.Tally(tally.Draw(t, "b"))
		if got := a.Plus(b).Minus(b); !got.Equal(a) || !a.Equal(got) {
			t.Errorf("%v plus and minus %v is %v", a, b, got)
		}
		if !a.Plus(b).Equal(b.Plus(a)) || len(a.Minus(a)) != 0 {
			t.Errorf("%v, %v", a, b)
		}
		names := a.Plus(b).Names()
		if !slices.IsSorted(names) || len(names) != len(a.Plus(b)) {
			t.Errorf("names %q", names)
		}
	})
}
