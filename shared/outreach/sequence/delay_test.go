package sequence_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"dangol/shared/outreach/sequence"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t testing.TB, s, zoneName string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, zone(t, zoneName))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDelays(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, zone, from, delay, want string }{
		{"hours", "Asia/Seoul", "2026-03-10 12:00", "90m", "2026-03-10 13:30"},
		{"days", "Asia/Seoul", "2026-03-10 12:00", "3d", "2026-03-13 12:00"},
		{"weeks and hours", "Asia/Seoul", "2026-03-10 12:00", "1w2h", "2026-03-17 14:00"},
		{"into the past", "Asia/Seoul", "2026-03-10 12:00", "-7d", "2026-03-03 12:00"},
		{"over the end of a month", "Asia/Seoul", "2028-02-28 12:00", "2d", "2028-03-01 12:00"},
		{"a day over the change in spring has 23 hours", "America/New_York", "2026-03-07 12:00", "1d", "2026-03-08 12:00"},
		{"24 hours do not", "America/New_York", "2026-03-07 12:00", "24h", "2026-03-08 13:00"},
		{"a day over the change in autumn has 25 hours", "Europe/Berlin", "2026-10-24 12:00", "1d", "2026-10-25 12:00"},
		{"24 hours do not, in autumn", "Europe/Berlin", "2026-10-24 12:00", "24h", "2026-10-25 11:00"},
		{"to a reading that never comes: the jump", "America/New_York", "2026-03-07 02:30", "1d", "2026-03-08 03:00"},
		{"half an hour of change", "Australia/Lord_Howe", "2026-10-03 02:15", "1d", "2026-10-04 02:30"},
		{"a day that Samoa left out", "Pacific/Apia", "2011-12-29 12:00", "1d", "2011-12-31 00:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := sequence.ParseDelay(tt.delay)
			if err != nil {
				t.Fatal(err)
			}
			got := d.After(at(t, tt.from, tt.zone), zone(t, tt.zone)).In(zone(t, tt.zone)).Format("2006-01-02 15:04")
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAReadingThatComesTwiceIsItsFirst(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	d, _ := sequence.ParseDelay("1d")
	got := d.After(time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC), berlin) // 02:30 on the day before the clock goes back
	if want := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %s, want %s", got.UTC(), want)
	}
}

func TestWhatIsNoDelay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "-", "3", "d", "3x", "3d ", "1.5h", "--1d", "99999999d", "4000d", "3 d", "+1d",
		"1d-2h", "٣d", "3651d", "522w", "87601h", "5256001m", "3000d3000d", "80000h80000h", "99999999999m"} {
		if d, err := sequence.ParseDelay(text); err == nil {
			t.Errorf("%q is %+v", text, d)
		}
	}
}

func TestADelayIsUpToTenYearsInEachUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sequence.Delay{
		"3650d": {Days: 3650}, "521w": {Days: 3647}, "87600h": {Clock: 87_600 * time.Hour},
		"5256000m": {Clock: 87_600 * time.Hour}, "129600m": {Clock: 90 * 24 * time.Hour},
		"-1d12h": {Days: -1, Clock: -12 * time.Hour},
	} {
		if d, err := sequence.ParseDelay(text); err != nil || d != want {
			t.Errorf("%q is %+v, %v", text, d, err)
		}
	}
}

func TestTheNextTimeOfDay(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, zone, from, clock, weekday, want string }{
		{"later today", "Asia/Seoul", "2026-03-10 09:00", "10:00", "", "2026-03-10 10:00"},
		{"now is in time", "Asia/Seoul", "2026-03-10 10:00", "10:00", "", "2026-03-10 10:00"},
		{"tomorrow", "Asia/Seoul", "2026-03-10 10:01", "10:00", "", "2026-03-11 10:00"},
		{"on Tuesday", "Asia/Seoul", "2026-03-11 10:00", "10:00", "tue", "2026-03-17 10:00"},
		{"Monday in Seoul is Sunday in London", "Asia/Seoul", "2026-03-09 00:30", "01:00", "mon", "2026-03-09 01:00"},
		{"a reading that never comes", "America/New_York", "2026-03-07 12:00", "02:30", "", "2026-03-08 03:00"},
		{"the first of two readings", "America/New_York", "2026-10-31 12:00", "01:30", "", "2026-11-01 01:30"},
		{"midnight that never comes", "America/Santiago", "2026-09-05 12:00", "00:00", "", "2026-09-06 01:00"},
		{"east of the date line", "Pacific/Kiritimati", "2026-03-10 23:59", "00:00", "", "2026-03-11 00:00"},
		{"west of the date line", "Pacific/Niue", "2026-03-10 23:59", "00:00", "", "2026-03-11 00:00"},
		{"over the end of a year", "Asia/Seoul", "2026-12-31 20:00", "10:00", "", "2027-01-01 10:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sequence.Next(at(t, tt.from, tt.zone), tt.clock, tt.weekday, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			if text := got.In(zone(t, tt.zone)).Format("2006-01-02 15:04"); text != tt.want {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

func TestWhatIsNoTimeOfDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ clock, weekday string }{{"25:00", ""}, {"10", ""}, {"10:00", "tuesday"}, {"", "tue"}} {
		if got, err := sequence.Next(at(t, "2026-03-10 12:00", "Asia/Seoul"), tt.clock, tt.weekday, time.UTC); err == nil {
			t.Errorf("%v is %s", tt, got)
		}
	}
}

func TestTheNextTimeIsNeverEarlierAndWithinAWeekAndADay(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{
		zone(t, "Asia/Seoul"), zone(t, "America/New_York"), zone(t, "Europe/Berlin"), zone(t, "Pacific/Apia"),
		zone(t, "Pacific/Kiritimati"),
		zone(t, "Australia/Lord_Howe"), zone(t, "America/Santiago"), zone(t, "Africa/Cairo"),
	}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		from := time.Unix(rapid.Int64Range(1_300_000_000, 1_900_000_000).Draw(t, "from"), 0)
		clock := time.Date(2000, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0,
			time.UTC).Format("15:04")
		weekday := rapid.SampledFrom([]string{"", "mon", "thu", "sun"}).Draw(t, "weekday")
		got, err := sequence.Next(from, clock, weekday, z)
		if err != nil {
			t.Fatal(err)
		}
		if got.Before(from) || got.Sub(from) > 15*24*time.Hour {
			t.Fatalf("%s from %s", got, from)
		}
		again, err := sequence.Next(got, clock, weekday, z)
		if err != nil || !again.Equal(got) {
			t.Fatalf("from its own answer %s: %s, %v", got, again, err)
		}
	})
}
