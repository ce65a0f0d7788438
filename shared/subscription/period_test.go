package subscription_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

func TestPeriodsOpenOnTheAnchorDayOrTheLastOfTheMonth(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		anchor   Anchor
		interval Interval
		want     []civil.Date
	}{
		{"the 31st bills the last day of shorter months and comes back", Anchor{2026, 1, 31, "Asia/Seoul"}, Every(1, Month),
			[]civil.Date{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"}},
		{"the 31st in a leap year", Anchor{2028, 1, 31, "Asia/Seoul"}, Every(1, Month),
			[]civil.Date{"2028-01-31", "2028-02-29", "2028-03-31"}},
		{"the 30th misses only February", Anchor{2026, 1, 30, "UTC"}, Every(1, Month),
			[]civil.Date{"2026-01-30", "2026-02-28", "2026-03-30"}},
		{"the 29th in an ordinary year", Anchor{2026, 1, 29, "UTC"}, Every(1, Month),
			[]civil.Date{"2026-01-29", "2026-02-28", "2026-03-29"}},
		{"the 28th never moves", Anchor{2026, 1, 28, "UTC"}, Every(1, Month),
			[]civil.Date{"2026-01-28", "2026-02-28", "2026-03-28"}},
		{"a day of 31 chosen in February", Anchor{2026, 2, 31, "UTC"}, Every(1, Month),
			[]civil.Date{"2026-02-28", "2026-03-31", "2026-04-30"}},
		{"quarters from 30 November", Anchor{2025, 11, 30, "UTC"}, Every(3, Month),
			[]civil.Date{"2025-11-30", "2026-02-28", "2026-05-30"}},
		{"29 February every year", Anchor{2024, 2, 29, "UTC"}, Every(1, Year),
			[]civil.Date{"2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"}},
		{"every two weeks over the end of a year", Anchor{2026, 12, 24, "UTC"}, Every(2, Week),
			[]civil.Date{"2026-12-24", "2027-01-07", "2027-01-21"}},
		{"every ten days over February", Anchor{2028, 2, 25, "UTC"}, Every(10, Day),
			[]civil.Date{"2028-02-25", "2028-03-06"}},
		{"months before the anchor", Anchor{2026, 13 - 12, 31, "UTC"}, Every(1, Month), []civil.Date{"2026-01-31"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for n, want := range tt.want {
				if got := tt.anchor.Opening(tt.interval, n); got != want {
					t.Errorf("period %d opens on %s, want %s", n, got, want)
				}
			}
		})
	}
	if got := (Anchor{2026, 1, 31, "UTC"}).Opening(Every(1, Month), -2); got != "2025-11-30" {
		t.Errorf("two months before 31 January is %s, want 2025-11-30", got)
	}
}

func TestTheLocalDayDecidesWhichPeriodAnInstantIsIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		zone   string
		at     string
		opens  civil.Date
		closes civil.Date
	}{
		{"01:00 UTC on the 15th is still the 14th in Los Angeles", "America/Los_Angeles", "2026-03-15T01:00:00Z",
			"2026-02-15", "2026-03-15"},
		{"and the 15th in Seoul", "Asia/Seoul", "2026-03-15T01:00:00Z", "2026-03-15", "2026-04-15"},
		{"15:00 UTC on the 14th is midnight in Seoul", "Asia/Seoul", "2026-03-14T15:00:00Z", "2026-03-15", "2026-04-15"},
		{"a nanosecond earlier is not", "Asia/Seoul", "2026-03-14T14:59:59.999999999Z", "2026-02-15", "2026-03-15"},
		{"summer time has begun in New York", "America/New_York", "2026-03-15T04:00:00Z", "2026-03-15", "2026-04-15"},
		{"Kiritimati is a day ahead", "Pacific/Kiritimati", "2026-03-14T10:00:00Z", "2026-03-15", "2026-04-15"},
		{"Pago Pago is a day behind", "Pacific/Pago_Pago", "2026-03-15T10:59:59Z", "2026-02-15", "2026-03-15"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := Anchor{2026, 1, 15, tt.zone}
			p := a.Period(Every(1, Month), a.Index(Every(1, Month), civil.DateAt(instant(tt.at), location(t, tt.zone))))
			if p.Opens != tt.opens || p.Closes != tt.closes {
				t.Errorf("got [%s, %s), want [%s, %s)", p.Opens, p.Closes, tt.opens, tt.closes)
			}
		})
	}
}

func TestPeriodsTileForAnyAnchorIntervalAndZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := Anchor{
			rapid.IntRange(1990, 2060).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")),
			rapid.IntRange(1, 31).Draw(t, "day"), anyZone.Draw(t, "zone"),
		}
		i := anyInterval.Draw(t, "interval")
		n := rapid.IntRange(-40, 200).Draw(t, "n")
		p, next := a.Period(i, n), a.Period(i, n+1)
		if p.Closes != next.Opens || !p.End.Equal(next.Start) {
			t.Fatalf("period %d ends %s %s, the next begins %s %s", n, p.Closes, p.End, next.Opens, next.Start)
		}
		if p.Opens >= p.Closes || p.End.Before(p.Start) {
			t.Fatalf("period %d is empty: %+v", n, p)
		}
		if p.End.Equal(p.Start) {
			return // the day that Apia left out
		}
		if day := p.Opens.Add(rapid.IntRange(0, p.Days()-1).Draw(t, "day in")); a.Index(i, day) != n {
			t.Fatalf("%s is in period %d, want %d", day, a.Index(i, day), n)
		}
	})
}

func TestAWrongIntervalOrAnchorIsNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"interval 0", Every(0, Month).Valid(), "count: 0 is below 1"},
		{"too long", Every(367, Day).Valid(), "count: 367 is above 366 days"},
		{"no unit", Every(1, "moon").Valid(), `unit: "moon" is not day, week, month or year`},
		{"anchor 32", Anchor{2026, 1, 32, "UTC"}.Valid(), "day: 32 is not between 1 and 31"},
		{"anchor 0", Anchor{2026, 1, 0, "UTC"}.Valid(), "day: 0 is not between 1 and 31"},
		{"month 13", Anchor{2026, 13, 1, "UTC"}.Valid(), "month: 13 is not between 1 and 12"},
		{"the machine's zone", Anchor{2026, 1, 1, "Local"}.Valid(),
			`zone: time zone "Local": want an IANA name such as Asia/Seoul`},
		{"no zone", Anchor{2026, 1, 1, "Mars/Base"}.Valid(),
			`zone: time zone "Mars/Base": want an IANA name such as Asia/Seoul`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.err == nil || tt.err.Error() != tt.want {
				t.Errorf("got %v, want %s", tt.err, tt.want)
			}
		})
	}
	if err := Every(1, Month).Valid(); err != nil {
		t.Error(err)
	}
}
