package hours_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/hours"
)

// seoul is a care team with a lunch break: weekdays 9 to 12 and 13 to 18.
func seoul() hours.Schedule {
	s := hours.Schedule{Zone: "Asia/Seoul", Country: "KR"}
	for d := time.Monday; d <= time.Friday; d++ {
		s.Week[d] = []hours.OpenSpan{{From: 9 * 60, To: 12 * 60}, {From: 13 * 60, To: 18 * 60}}
	}
	return s
}

// kst is a wall-clock time in Seoul.
func kst(t *testing.T, text string) time.Time { return in(t, "Asia/Seoul", text) }

func in(t *testing.T, zone, text string) time.Time {
	t.Helper()
	place, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, place)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhenATeamIsOnDuty(t *testing.T) {
	t.Parallel()
	special := seoul()
	special.Days = []hours.Day{
		{Date: "2026-12-05", Spans: []hours.OpenSpan{{From: 600, To: 900}}}, // a Saturday with hours
		{Date: "2026-12-07"}, // a Monday without
		{Date: "2026-12-25", Spans: []hours.OpenSpan{{From: 600, To: 720}}}, // a holiday with hours
	}
	for _, test := range []struct {
		name, at   string
		open       bool
		nextOpen   string
		nextSwitch string
	}{
		{"a minute before opening", "2026-11-30 08:59", false, "2026-11-30 09:00", "2026-11-30 09:00"},
		{"at opening", "2026-11-30 09:00", true, "2026-11-30 09:00", "2026-11-30 12:00"},
		{"in the lunch break", "2026-11-30 12:00", false, "2026-11-30 13:00", "2026-11-30 13:00"},
		{"the last minute", "2026-11-30 17:59", true, "2026-11-30 17:59", "2026-11-30 18:00"},
		{"at closing", "2026-11-30 18:00", false, "2026-12-01 09:00", "2026-12-01 09:00"},
		{"a Saturday with hours of its own", "2026-12-05 11:00", true, "2026-12-05 11:00", "2026-12-05 15:00"},
		{"a Monday that is closed", "2026-12-07 11:00", false, "2026-12-08 09:00", "2026-12-08 09:00"},
		{"a holiday with hours of its own", "2026-12-25 11:00", true, "2026-12-25 11:00", "2026-12-25 12:00"},
		{"a holiday before a weekend", "2026-10-09 10:00", false, "2026-10-12 09:00", "2026-10-12 09:00"},
		{"a substitute holiday", "2026-08-17 10:00", false, "2026-08-18 09:00", "2026-08-18 09:00"},
		{"Chuseok and the weekend after it", "2026-09-24 10:00", false, "2026-09-28 09:00", "2026-09-28 09:00"},
	} {
		at := kst(t, test.at)
		if got := special.Open(at); got != test.open {
			t.Errorf("%s: open is %v", test.name, got)
		}
		if got, ok := special.NextOpen(at); !ok || !got.Equal(kst(t, test.nextOpen)) {
			t.Errorf("%s: next open %s, want %s", test.name, special.Local(got), test.nextOpen)
		}
		if got, ok := special.NextSwitch(at); !ok || !got.Equal(kst(t, test.nextSwitch)) {
			t.Errorf("%s: next switch %s, want %s", test.name, special.Local(got), test.nextSwitch)
		}
	}
}

func TestAnOverrideHoldsUntilTheNextSwitchOfTheTimetable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, at     string
		open         bool
		during       string // an instant at which the team is in the overridden state
		changes, now string // when the state next changes, and what it is then
	}{
		{"switched on in the lunch break: on until the evening", "2026-11-30 12:30", true, "2026-11-30 12:45",
			"2026-11-30 18:00", "off"},
		{"switched off in the morning: off until after lunch", "2026-11-30 10:00", false, "2026-11-30 11:00",
			"2026-11-30 13:00", "on"},
		{"switched off in the afternoon: off until the next day", "2026-11-30 14:00", false, "2026-11-30 15:00",
			"2026-12-01 09:00", "on"},
		{"switched on in the evening: on through the night and the morning", "2026-11-30 20:00", true, "2026-12-01 03:00",
			"2026-12-01 12:00", "off"},
		{"switched on while on: nothing changes", "2026-11-30 10:00", true, "2026-11-30 11:00", "2026-11-30 12:00", "off"},
		{"switched off on a Friday evening: nothing changes", "2026-12-04 19:00", false, "2026-12-05 11:00",
			"2026-12-07 09:00", "on"},
	} {
		at := kst(t, test.at)
		s := seoul().Switch(test.open, at, "agent-1")
		if got := s.Open(kst(t, test.during)); got != test.open {
			t.Errorf("%s: at %s open is %v", test.name, test.during, got)
		}
		next, _ := s.NextSwitch(at)
		if !next.Equal(kst(t, test.changes)) {
			t.Errorf("%s: changes at %s, want %s", test.name, s.Local(next), test.changes)
		}
		if got := s.Open(next); got != (test.now == "on") {
			t.Errorf("%s: after that it is open: %v", test.name, got)
		}
		if s.Open(at.Add(-time.Minute)) != seoul().Open(at.Add(-time.Minute)) {
			t.Errorf("%s: the override reaches into the past", test.name)
		}
	}
}

func TestHoursFollowTheWallClockWhenTheClocksChange(t *testing.T) {
	t.Parallel()
	york := hours.Schedule{Zone: "America/New_York"}
	for d := range york.Week {
		york.Week[d] = []hours.OpenSpan{{From: 60, To: 300}} // 1:00 to 5:00
	}
	for _, test := range []struct {
		name, date string
		want       time.Duration
	}{
		{"an ordinary day", "2026-03-07", 4 * time.Hour},
		{"an hour is skipped", "2026-03-08", 3 * time.Hour},
		{"an hour comes twice", "2026-11-01", 5 * time.Hour},
	} {
		day := in(t, "America/New_York", test.date+" 00:00")
		if got := york.Between(day, day.AddDate(0, 0, 1)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	gap := hours.Schedule{Zone: "America/New_York"}
	for d := range gap.Week {
		gap.Week[d] = []hours.OpenSpan{{From: 120, To: 180}} // 2:00 to 3:00, which does not exist on 8 March
	}
	day := in(t, "America/New_York", "2026-03-08 00:00")
	if got := gap.Between(day, day.AddDate(0, 0, 1)); got > time.Hour {
		t.Errorf("a skipped hour counts as %s", got)
	}
}

func TestASpanInsideTheSkippedHourIsEmpty(t *testing.T) {
	t.Parallel()
	s := hours.Schedule{Zone: "America/New_York"}
	s.Week[time.Sunday] = []hours.OpenSpan{{From: 0, To: 75}, {From: 120, To: 135}, {From: 150, To: 240}}
	want := []hours.Period{ // on 10 March 2024 the clock goes from 2:00 to 3:00, which is 7:00 UTC
		{From: in(t, "UTC", "2024-03-10 05:00"), To: in(t, "UTC", "2024-03-10 06:15")},
		{From: in(t, "UTC", "2024-03-10 07:00"), To: in(t, "UTC", "2024-03-10 08:00")},
	}
	var got []hours.Period
	for p := range s.Periods(in(t, "UTC", "2024-03-09 12:00")) {
		if got = append(got, p); len(got) == len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("open %v, want %v", got, want)
	}
}

func TestDeadlinesRunInBusinessHours(t *testing.T) {
	t.Parallel()
	s := seoul()
	for _, test := range []struct {
		name, from string
		d          time.Duration
		want       string
	}{
		{"within the morning", "2026-11-30 09:30", time.Hour, "2026-11-30 10:30"},
		{"over lunch", "2026-11-30 11:30", time.Hour, "2026-11-30 13:30"},
		{"over night", "2026-11-30 17:30", time.Hour, "2026-12-01 09:30"},
		{"over a weekend", "2026-12-04 17:30", time.Hour, "2026-12-07 09:30"},
		{"ends exactly at closing", "2026-11-30 17:00", time.Hour, "2026-11-30 18:00"},
		{"asked at night", "2026-11-30 23:00", 30 * time.Minute, "2026-12-01 09:30"},
	} {
		if got := s.Add(kst(t, test.from), test.d); !got.Equal(kst(t, test.want)) {
			t.Errorf("%s: %s, want %s", test.name, s.Local(got), test.want)
		}
	}
	never := hours.Schedule{Zone: "Asia/Seoul"}
	at := kst(t, "2026-11-30 09:30")
	if got := never.Add(at, time.Hour); !got.Equal(at.Add(time.Hour)) {
		t.Errorf("a team without hours has the deadline %s", got)
	}
}

func TestATeamThatNeverClosesHasNoSwitch(t *testing.T) {
	t.Parallel()
	s := hours.Schedule{Zone: "UTC"}
	for d := range s.Week {
		s.Week[d] = []hours.OpenSpan{{From: 0, To: 1440}}
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	if !s.Open(at) || s.Between(at, at.AddDate(0, 0, 7)) != 7*24*time.Hour {
		t.Error("it closes")
	}
	off := s.Switch(false, at, "a")
	if off.Open(at) || !off.Open(at.Add(25*time.Hour)) {
		t.Error("switched off it must come back after a day")
	}
}

func TestHoursAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schedule(t)
		at := time.Unix(rapid.Int64Range(1.7e9, 1.95e9).Draw(t, "at"), 0).UTC()
		if rapid.Bool().Draw(t, "override") {
			s = s.Switch(rapid.Bool().Draw(t, "on"), at.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "ago"))*time.Minute),
				"a")
		}
		last := time.Time{}
		n := 0
		for p := range s.Periods(at) {
			if !p.To.After(p.From) || p.From.Before(last) || !p.To.After(at) {
				t.Fatalf("period %v after %s", p, last)
			}
			last = p.To
			if n++; n > 30 {
				break
			}
		}
		if n == 0 {
			return
		}
		d := time.Duration(rapid.IntRange(1, 3000).Draw(t, "minutes")) * time.Minute
		end := s.Add(at, d)
		// A team with a quarter of an hour a week has fewer hours than that in all the days that are searched.
		scarce := end.Sub(at) >= 399*24*time.Hour
		if got := s.Between(at, end); got != d && !(scarce && got < d) {
			t.Fatalf("%s of hours after %s end at %s, but %s lie between", d, at, end, got)
		}
		if next, _ := s.NextOpen(at); !s.Open(next) || next.Before(at) {
			t.Fatalf("next open %s is not open", next)
		}
		next, ok := s.NextSwitch(at)
		if ok && s.Open(next) == s.Open(at) && next.Sub(at) < 399*24*time.Hour {
			t.Fatalf("nothing switches at %s", next)
		}
	})
}

// schedule draws a timetable, holidays and clock changes included.
func schedule(t *rapid.T) hours.Schedule {
	s := hours.Schedule{
		Zone: rapid.SampledFrom([]string{"Asia/Seoul", "America/New_York", "Europe/Berlin", "UTC",
			"Pacific/Auckland"}).Draw(t, "zone"),
		Country: rapid.SampledFrom([]string{"", "KR", "US", "DE"}).Draw(t, "country"),
	}
	for d := range s.Week {
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 96), 0, 6, rapid.ID[int]).Draw(t, "cuts")
		slices.Sort(cuts)
		for i := 0; i+1 < len(cuts); i += 2 {
			s.Week[d] = append(s.Week[d], hours.OpenSpan{From: cuts[i] * 15, To: cuts[i+1] * 15})
		}
	}
	return s
}

func TestValidateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*hours.Schedule)
		pointer string
	}{
		{"an unknown zone", func(s *hours.Schedule) { s.Zone = "Mars/Olympus" }, "/zone"},
		{"the machine's own zone", func(s *hours.Schedule) { s.Zone = "Local" }, "/zone"},
		{"a country without a calendar", func(s *hours.Schedule) { s.Country = "XX" }, "/country"},
		{"overlapping spans", func(s *hours.Schedule) { s.Week[1] = []hours.OpenSpan{{60, 120}, {100, 180}} }, "/week/1"},
		{"an empty span", func(s *hours.Schedule) { s.Week[2] = []hours.OpenSpan{{60, 60}} }, "/week/2"},
		{"past midnight", func(s *hours.Schedule) { s.Week[3] = []hours.OpenSpan{{60, 1500}} }, "/week/3"},
		{"no date", func(s *hours.Schedule) { s.Days = []hours.Day{{Date: "soon"}} }, "/days/0/date"},
		{"a date twice", func(s *hours.Schedule) { s.Days = []hours.Day{{Date: "2026-12-25"}, {Date: "2026-12-25"}} },
			"/days/1/date"},
	} {
		s := seoul()
		test.change(&s)
		if wrong := s.Validate(); len(wrong) != 1 || wrong[0].Pointer != test.pointer {
			t.Errorf("%s: %v", test.name, wrong)
		}
	}
	if wrong := seoul().Validate(); len(wrong) > 0 {
		t.Errorf("a good timetable: %v", wrong)
	}
}

func TestPublicHolidays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ country, date, name string }{
		{"KR", "2025-05-06", "어린이날 대체공휴일"}, // Children's Day and Buddha's birthday on one day
		{"KR", "2025-10-08", "추석 대체공휴일"},
		{"KR", "2026-02-16", "설날"}, {"KR", "2026-03-02", "삼일절 대체공휴일"}, {"KR", "2026-05-25", "부처님오신날 대체공휴일"},
		{"KR", "2026-10-05", "개천절 대체공휴일"}, {"KR", "2027-02-09", "설날 대체공휴일"}, {"KR", "2028-10-05", "개천절 대체공휴일"},
		{"KR", "2026-06-08", ""}, {"KR", "2026-11-30", ""}, {"US", "2026-11-26", "Thanksgiving Day"},
		{"US", "2026-07-03", "Independence Day"},
		{"XX", "2026-01-01", ""},
	} {
		day, err := time.Parse("2006-01-02", test.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := hours.Holiday(test.country, day); got != test.name {
			t.Errorf("%s %s is %q, want %q", test.country, test.date, got, test.name)
		}
	}
}
