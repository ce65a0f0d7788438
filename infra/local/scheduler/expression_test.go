package scheduler

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestNextInstants(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text, zone, after string
		want                    string // instants, UTC, separated by blanks
	}{
		{"one time in Seoul", "at(2026-03-01T09:00:00)", "Asia/Seoul", "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z -"},
		{"one time without zone is UTC", "at(2026-03-01T09:00:00)", "", "2026-01-01T00:00:00Z", "2026-03-01T09:00:00Z -"},
		{"one time that clocks skip comes an hour later on the wall", "at(2026-03-08T02:30:00)", "America/New_York",
			"2026-01-01T00:00:00Z", "2026-03-08T07:30:00Z -"},
		{"one time that comes twice counts the first time", "at(2026-11-01T01:30:00)", "America/New_York",
			"2026-01-01T00:00:00Z", "2026-11-01T05:30:00Z -"},
		{"a rate counts from the beginning", "rate(90 minutes)", "", "2026-01-01T00:10:00Z",
			"2026-01-01T01:30:00Z 2026-01-01T03:00:00Z"},
		{"a rate of days is 24 hours whatever the clocks do", "rate(1 day)", "America/New_York", "2026-03-07T12:00:00Z",
			"2026-03-08T00:00:00Z 2026-03-09T00:00:00Z"},
		{"daily at nine in Seoul", "cron(0 9 * * ? *)", "Asia/Seoul", "2026-03-01T00:00:00Z",
			"2026-03-02T00:00:00Z 2026-03-03T00:00:00Z"},
		{"daily at nine in New York stays at nine over the change", "cron(0 9 * * ? *)", "America/New_York",
			"2026-03-07T15:00:00Z",
			"2026-03-08T13:00:00Z 2026-03-09T13:00:00Z"},
		{"a daily time that clocks skip is left out that day", "cron(30 2 * * ? *)", "America/New_York",
			"2026-03-07T08:00:00Z",
			"2026-03-09T06:30:00Z 2026-03-10T06:30:00Z"},
		{"a daily time that comes twice runs once", "cron(30 1 * * ? *)", "America/New_York", "2026-10-31T06:00:00Z",
			"2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"},
		{"asked between the two, the second is not taken", "cron(30 1 * * ? *)", "America/New_York",
			"2026-11-01T06:10:00Z", "2026-11-02T06:30:00Z"},
		{"weekdays are 1 for Sunday", "cron(0 0 ? * 2-6 *)", "", "2026-03-06T12:00:00Z",
			"2026-03-09T00:00:00Z 2026-03-10T00:00:00Z"},
		{"weekdays by name", "cron(0 0 ? * MON,fri *)", "", "2026-03-06T12:00:00Z",
			"2026-03-09T00:00:00Z 2026-03-13T00:00:00Z"},
		{"the last Friday of the month", "cron(0 0 ? * 6L *)", "", "2026-03-01T00:00:00Z",
			"2026-03-27T00:00:00Z 2026-04-24T00:00:00Z"},
		{"the second Tuesday", "cron(0 0 ? * 3#2 *)", "", "2026-03-01T00:00:00Z",
			"2026-03-10T00:00:00Z 2026-04-14T00:00:00Z"},
		{"L alone is Saturday", "cron(0 0 ? * L *)", "", "2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z 2026-03-14T00:00:00Z"},
		{"the last day of the month", "cron(0 0 L * ? *)", "", "2026-02-01T00:00:00Z",
			"2026-02-28T00:00:00Z 2026-03-31T00:00:00Z"},
		{"every 15 minutes in business hours", "cron(0/15 9-17 ? * MON-FRI *)", "", "2026-03-06T17:40:00Z",
			"2026-03-06T17:45:00Z 2026-03-09T09:00:00Z"},
		{"a leap day", "cron(0 0 29 2 ? *)", "", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z"},
		{"a year that ends", "cron(0 0 1 1 ? 2027)", "", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z -"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := parse(c.text, c.zone)
			if err != nil {
				t.Fatal(err)
			}
			at := instant(t, c.after)
			for want := range strings.SplitSeq(c.want, " ") {
				at = e.next(at, instant(t, "2026-01-01T00:00:00Z"))
				if got := at.UTC().Format(time.RFC3339); at.IsZero() != (want == "-") || want != "-" && got != want {
					t.Fatalf("%s: got %s, want %s", c.text, got, want)
				}
			}
		})
	}
}

func TestBadExpressionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "at()", "at(2026-02-30T00:00:00)", "at(2026-03-01T00:00:00Z)", "at(tomorrow)", "rate(0 minutes)", "rate(-1 day)",
		"rate(5)",
		"rate(5 weeks)", "rate(1.5 hours)", "cron(0 9 * * *)", "cron(0 9 * * * *)", "cron(0 9 ? * ? *)", "cron(60 9 * * ? *)",
		"cron(0 9 ? * 0 *)", "cron(0 9 ? * 8 *)", "cron(0 9 ? * funday *)", "cron(0 0 9 * * ? *)", "every(5 minutes)",
		"cron(0 9 * * ? *",
	} {
		if _, err := parse(text, ""); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd"} {
		if _, err := parse("rate(1 day)", zone); err == nil {
			t.Errorf("zone %q was accepted", zone)
		}
	}
}

// Whatever the zone and the moment: the next instant lies ahead, and asking again from just before it gives it again.
func TestNextLiesAheadAndIsTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Europe/London",
			"UTC"}).Draw(t, "zone")
		text := rapid.SampledFrom([]string{
			"cron(0/20 * * * ? *)", "cron(30 1 * * ? *)", "cron(15 2 * * ? *)", "cron(0 9 ? * MON *)", "rate(7 hours)",
		}).Draw(t, "text")
		e, err := parse(text, zone)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		after := begin.Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(t, "minutes")) * time.Minute)
		next := e.next(after, begin)
		if !next.After(after) {
			t.Fatalf("%s in %s after %s is %s", text, zone, after, next)
		}
		if again := e.next(next.Add(-time.Second), begin); !again.Equal(next) && !again.Before(next) {
			t.Fatalf("%s in %s: from a second before %s comes %s", text, zone, next, again)
		}
		if gap := next.Sub(after); text == "cron(0/20 * * * ? *)" && gap > 80*time.Minute {
			t.Fatalf("%s in %s: nothing for %s after %s", text, zone, gap, after)
		}
	})
}
