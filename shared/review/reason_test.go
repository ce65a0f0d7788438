package review_test

import (
	"testing"

	"dangol/shared/platform/problem"
	"dangol/shared/review"
)

func TestAPhotoIsTakenDownForAReasonOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given string
		want  review.Reason // "" when it is refused
	}{
		{"", review.ImageUnfit}, {"image", review.ImageUnfit}, {"illegal", review.Illegal},
		{"personal_data", review.PersonalData},
		{"hostile", ""}, {"Image", ""},
		{"suspicious", ""}, // a reason of the shop's own checks, which no moderator gives
		{"duplicate", ""},  // a reason for a text
	} {
		got, err := review.MediaReason(c.given)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v", c.given, got, err)
		}
		if err != nil && problem.From(err).Fields[0].Pointer != "/reason" {
			t.Errorf("%q: %v", c.given, err)
		}
		if p, ok := review.PolicyOf(got); err == nil && (!ok || !p.Decision) {
			t.Errorf("%q is no reason that a moderator can give", got)
		}
	}
}
