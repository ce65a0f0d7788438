package promotion_test

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/promotion"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestSeasons(t *testing.T) {
	t.Parallel()
	seasons, err := promotion.Seasons()
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]promotion.Season{}
	for _, s := range seasons {
		byID[s.ID] = s
	}
	for _, tc := range []struct {
		name, season, zone string
		year               int
		day, starts, ends  string // UTC
	}{
		{"Seollal ends three days before the holiday, when parcels still arrive", "seollal", "Asia/Seoul", 2026,
			"2026-02-17", "2026-02-03T01:00", "2026-02-14T15:00"},
		{"Seollal in January", "seollal", "Asia/Seoul", 2031, "2031-01-23", "2031-01-09T01:00", "2031-01-20T15:00"},
		{"Chuseok 2026", "chuseok", "Asia/Seoul", 2026, "2026-09-25", "2026-09-11T01:00", "2026-09-22T15:00"},
		{"Chuseok in October", "chuseok", "Asia/Seoul", 2028, "2028-10-03", "2028-09-19T01:00", "2028-09-30T15:00"},
		{"Chuseok of the last year listed", "chuseok", "Asia/Seoul", 2032, "2032-09-19", "2032-09-05T01:00",
			"2032-09-16T15:00"},
		{"Christmas in Seoul", "christmas", "Asia/Seoul", 2026, "2026-12-25", "2026-12-11T01:00", "2026-12-25T15:00"},
		{"White Day in New York opens in winter time and closes in summer time", "white-day", "America/New_York", 2026,
			"2026-03-14", "2026-03-07T15:00", "2026-03-15T04:00"},
		{"Halloween in New York closes before the clocks go back", "halloween", "America/New_York", 2026,
			"2026-10-31", "2026-10-24T14:00", "2026-11-01T04:00"},
		{"Black Friday is the day after the fourth Thursday", "black-friday", "America/New_York", 2026,
			"2026-11-27", "2026-11-27T05:00", "2026-12-01T05:00"},
		{"Black Friday when November begins on a Friday", "black-friday", "America/New_York", 2030,
			"2030-11-29", "2030-11-29T05:00", "2030-12-03T05:00"},
		{"Mother's Day is the second Sunday of May", "mothers-day", "America/New_York", 2026, "2026-05-10",
			"2026-05-03T14:00", "2026-05-11T04:00"},
		{"Father's Day is the third Sunday of June", "fathers-day", "America/New_York", 2027, "2027-06-20",
			"2027-06-13T14:00", "2027-06-21T04:00"},
		{"New Year opens in the year itself", "new-year", "Asia/Seoul", 2027, "2027-01-01", "2026-12-31T15:00",
			"2027-01-07T15:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := byID[tc.season].Occurrences(zone(t, tc.zone), tc.year)
			if len(got) != 1 {
				t.Fatalf("%v", got)
			}
			const form = "2006-01-02T15:04"
			if o := got[0]; string(o.Day) != tc.day || o.Starts.Format(form) != tc.starts || o.Ends.Format(form) != tc.ends ||
				o.Year != tc.year {
				t.Errorf("got  %s: %s to %s\nwant %s: %s to %s", o.Day, o.Starts.Format(form), o.Ends.Format(form), tc.day,
					tc.starts, tc.ends)
			}
		})
	}
	if got := byID["seollal"].Occurrences(zone(t, "Asia/Seoul"), 2025, 2026,
		2033); len(got) != 1 || got[0].Group() != "seollal-2026" {
		t.Errorf("years that are not listed are guessed: %v", got)
	}
}

func TestEverySeasonOfTheFileHasAnOccurrence(t *testing.T) {
	t.Parallel()
	seasons, err := promotion.Seasons()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range seasons {
		for _, z := range []string{"Asia/Seoul", "America/New_York"} {
			got := s.Occurrences(zone(t, z), 2026, 2027, 2028, 2029, 2030, 2031, 2032)
			if len(got) != 7 {
				t.Errorf("%s: %d of 7 years", s.ID, len(got))
			}
			for _, o := range got {
				if !o.Ends.After(o.Starts) || s.Name["ko"] == "" || s.Name["en"] == "" {
					t.Errorf("%s: %+v", s.ID, o)
				}
			}
		}
	}
}

func TestACalendarThatIsWrong(t *testing.T) {
	t.Parallel()
	season := func(body string) string {
		return `{"seasons":[{"id":"x","opens":{"days":0,"time":"00:00"},"closes":{"days":0,"time":"24:00"},` + body + `}]}`
	}
	for _, tc := range []struct{ name, raw, says string }{
		{"no rule", season(`"region":"*"`), "not 0"},
		{"two rules", season(`"date":"02-14","nth":{"month":1,"weekday":1,"week":1}`), "not 2"},
		{"no such date", season(`"date":"02-30"`), "02-30"},
		{"no such lunar date", season(`"dates":{"2026":"13-01"}`), "13-01"},
		{"a fifth Sunday", season(`"nth":{"month":1,"weekday":0,"week":5}`), "week 1 to 4"},
		{"an unknown field", season(`"date":"02-14","color":"red"`), "color"},
		{"closes before it opens", `{"seasons":[{"id":"x","date":"02-14","opens":{"days":1,"time":"00:00"},"closes":{"days":0,"time":"24:00"}}]}`, "closes before"},
		{"no such time", `{"seasons":[{"id":"x","date":"02-14","opens":{"days":1,"time":"25:00"},"closes":{"days":9,"time":"24:00"}}]}`, "25:00"},
		{"the same id twice", `{"seasons":[{"id":""}]}`, "empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := promotion.ParseSeasons([]byte(tc.raw))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want one that says %q", err, tc.says)
			}
		})
	}
	leap, err := promotion.ParseSeasons([]byte(season(`"date":"02-29"`)))
	if err != nil || len(leap[0].Occurrences(time.UTC, 2027, 2028)) != 1 {
		t.Errorf("29 February: %v, %v", leap, err)
	}
}
