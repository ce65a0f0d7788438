package stacks

import "testing"

func TestLogsAreKeptForTheDaysOfTheStage(t *testing.T) {
	t.Parallel()
	for days, want := range map[float64]string{1: "ONE_DAY", 7: "ONE_WEEK", 8: "TWO_WEEKS", 30: "ONE_MONTH",
		31: "TWO_MONTHS",
		90: "THREE_MONTHS", 365: "ONE_YEAR", 4000: "ONE_YEAR"} {
		if got := string(retention(days)); got != want {
			t.Errorf("%v days are %s, want %s", days, got, want)
		}
	}
}
