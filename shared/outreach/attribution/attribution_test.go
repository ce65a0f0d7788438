package attribution_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/attribution"
)

var ordered = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func touch(message string, kind attribution.TouchKind, before time.Duration) attribution.Touch {
	return attribution.Touch{Message: message, Kind: kind, At: ordered.Add(-before)}
}

func TestWhichMessageAnOrderCountsFor(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name    string
		touches []attribution.Touch
		want    string
	}{
		{"none", nil, ""},
		{"the last", []attribution.Touch{touch("b", attribution.MailClick, time.Hour),
			touch("a", attribution.MailClick, 2*time.Hour)}, "b"},
		{"a click of five days ago", []attribution.Touch{touch("a", attribution.MailClick, 5*day)}, "a"},
		{"a moment more", []attribution.Touch{touch("a", attribution.MailClick, 5*day+time.Second)}, ""},
		{"a push counts for a day", []attribution.Touch{touch("a", attribution.PushClick, 25*time.Hour),
			touch("b", attribution.MailClick, 3*day)}, "b"},
		{"a click after the order", []attribution.Touch{touch("a", attribution.MailClick, -time.Second)}, ""},
		{"a kind that is none", []attribution.Touch{touch("a", "mail_open", time.Hour)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := attribution.LastTouch(tt.touches, ordered, attribution.DefaultWindows)
			if got.Message != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q", got.Message)
			}
			slices.Reverse(tt.touches)
			if again, _ := attribution.LastTouch(tt.touches, ordered, attribution.DefaultWindows); again != got {
				t.Errorf("in another order %q", again.Message)
			}
		})
	}
}

func TestLift(t *testing.T) {
	t.Parallel()
	// Newcombe 1998, table II: 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10.
	got := attribution.LiftOf(attribution.Group{People: 70, Bought: 56}, attribution.Group{People: 80, Bought: 48})
	for _, pair := range [][2]float64{{got.Points, 20}, {got.Low, 5.24}, {got.High, 33.39}} {
		if math.Abs(pair[0]-pair[1]) > 0.01 {
			t.Errorf("%+v", got)
		}
	}
	if !got.Significant || !got.Known {
		t.Errorf("%+v", got)
	}
	if small := attribution.LiftOf(attribution.Group{People: 10, Bought: 1},
		attribution.Group{People: 10}); small.Significant {
		t.Errorf("one buyer of ten is significant: %+v", small)
	}
	for _, none := range []attribution.Group{{}, {People: 3, Bought: 4}, {People: -1}} {
		if attribution.LiftOf(none, attribution.Group{People: 5}).Known {
			t.Errorf("%+v is known", none)
		}
	}
}

func TestTheIntervalHoldsTheLiftAndTurnsWithTheGroups(t *testing.T) {
	t.Parallel()
	group := rapid.Custom(func(t *rapid.T) attribution.Group {
		n := rapid.IntRange(1, 100_000).Draw(t, "people")
		return attribution.Group{People: n, Bought: rapid.IntRange(0, n).Draw(t, "bought")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := group.Draw(t, "a"), group.Draw(t, "b")
		ab, ba := attribution.LiftOf(a, b), attribution.LiftOf(b, a)
		if ab.Low > ab.Points+1e-9 || ab.High < ab.Points-1e-9 || ab.Low < -100.001 || ab.High > 100.001 {
			t.Fatalf("%+v", ab)
		}
		if math.Abs(ab.Low+ba.High) > 1e-9 || math.Abs(ab.Points+ba.Points) > 1e-9 {
			t.Fatalf("%+v and %+v", ab, ba)
		}
	})
}
