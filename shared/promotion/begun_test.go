package promotion_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/promotion"
)

// TestAPausedPromotionHasBegunAndIsOverAtItsTimes holds what a promotion has been against what it is: a pause hides
// that it is live, and not that shoppers have seen it.
func TestAPausedPromotionHasBegunAndIsOverAtItsTimes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		p := promotion.Promotion{
			Starts: start, State: rapid.SampledFrom([]promotion.State{
				promotion.Draft, promotion.Paused, promotion.Scheduled,
			}).Draw(t, "state"),
		}
		if rapid.Bool().Draw(t, "ends") {
			p.Ends = start.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "hours")) * time.Hour)
		}
		at := start.Add(time.Duration(rapid.IntRange(-3, 8).Draw(t, "at")) * time.Hour)
		resumed := p
		resumed.State = promotion.Scheduled
		begun, over := false, false
		if p.State != promotion.Draft {
			state := resumed.StateAt(at)
			begun, over = state == promotion.Live || state == promotion.Ended, state == promotion.Ended
		}
		if p.Begun(at) != begun || p.Over(at) != over {
			t.Fatalf("%s at %s: begun %v, over %v; want %v, %v", p.State, at, p.Begun(at), p.Over(at), begun, over)
		}
	})
}
