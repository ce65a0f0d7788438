package civil_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/civil"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := civil.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestLocalTimesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zone, local, want string }{
		{"Friday ten o'clock in Seoul", "Asia/Seoul", "2026-09-25T10:00", "2026-09-25T01:00:00Z"},
		{"Sunday 24:00 is Monday 0:00", "Asia/Seoul", "2026-09-27T24:00", "2026-09-27T15:00:00Z"},
		{"in New York in summer", "America/New_York", "2026-07-01T00:00", "2026-07-01T04:00:00Z"},
		{"in New York in winter", "America/New_York", "2026-12-01T00:00", "2026-12-01T05:00:00Z"},
		{"half past two does not happen in the night of spring: it is half past three", "America/New_York",
			"2026-03-08T02:30", "2026-03-08T07:30:00Z"},
		{"half past one happens twice in the night of autumn: the first counts", "America/New_York", "2026-11-01T01:30",
			"2026-11-01T05:30:00Z"},
		{"after that night it is winter", "America/New_York", "2026-11-01T02:30", "2026-11-01T07:30:00Z"},
		{"midnight that does not happen in Santiago", "America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := civil.ParseLocal(tc.local, zone(t, tc.zone))
			if err != nil || got.Format(time.RFC3339) != tc.want {
				t.Errorf("%v, %v; want %s", got, err, tc.want)
			}
		})
	}
	for _, wrong := range []string{"", "2026-09-25", "2026-09-25 10:00", "2026-09-31T10:00", "2026-09-25T24:01",
		"2026-09-25T1:00", "2026-09-25T10:00Z"} {
		if got, err := civil.ParseLocal(wrong, time.UTC); err == nil {
			t.Errorf("%q is %v", wrong, got)
		}
	}
}

func TestADayStartsAtItsFirstInstantOnTheWallClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone string
		day        civil.Date
		want       string
	}{
		{"midnight in Seoul", "Asia/Seoul", "2026-03-01", "2026-02-28T15:00:00Z"},
		{"no midnight in Cairo when summer time begins: 01:00", "Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"},
		{"no midnight in Santiago", "America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"},
		{"midnight comes twice in Havana: the first", "America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},
		{"the clock went back over midnight in St John's: the first", "America/St_Johns", "2010-11-07",
			"2010-11-07T02:30:00Z"},
		{"30 December 2011 never was in Apia", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"so it starts with the 31st", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.day.Start(zone(t, tt.zone)); got.Format(time.RFC3339) != tt.want {
				t.Errorf("%s starts at %s, want %s", tt.day, got.Format(time.RFC3339), tt.want)
			}
		})
	}
}

func TestDatesAndInstantsAgree(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, zone(t, "Asia/Seoul"), zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe")}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		number := rapid.IntRange(18_000, 25_000).Draw(t, "day")
		day := civil.DateOfNumber(number)
		minutes := rapid.IntRange(4*60, 24*60-1).Draw(t, "minutes") // after the hours in which clocks are changed
		at := day.At(minutes, z)
		if civil.DateAt(at, z) != day || day.Number() != number || day.Add(7).Weekday() != day.Weekday() {
			t.Fatalf("%s became %s, number %d", day, civil.DateAt(at, z), day.Number())
		}
		if local := at.In(z); local.Hour()*60+local.Minute() != minutes {
			t.Fatalf("minute %d of %s in %s is %s", minutes, day, z, local)
		}
		if later := day.At(minutes+1, z); !later.After(at) {
			t.Fatalf("time stands still at %s", at)
		}
		if at.Before(day.Start(z)) || !at.Before(day.Add(1).Start(z)) {
			t.Fatalf("%s is outside of %s", at, day)
		}
	})
}
