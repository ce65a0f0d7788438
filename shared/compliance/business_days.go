package compliance

import (
	"slices"
	"time"
)

// holiday is a public holiday of Korea, and on which days of the week it is made up for by a substitute.
type holiday struct {
	month    time.Month
	day      int
	weekends []time.Weekday
}

// Substitutes are given for both days of a weekend, or for Sundays only.
var (
	bothDays   = []time.Weekday{time.Saturday, time.Sunday}
	sundayOnly = []time.Weekday{time.Sunday}
)

// fixedHolidays are the public holidays of Korea with a date in the solar calendar: 관공서의 공휴일에 관한 규정 2조, substitutes by
// its article 3 (대체공휴일, as amended 2021-08-04 and 2023-05-04). New Year and Memorial Day have none. Days that are not
// sure to be public holidays count as business days: a deadline is then early, never late.
var fixedHolidays = []holiday{
	{month: time.January, day: 1},
	{month: time.March, day: 1, weekends: bothDays},
	{month: time.May, day: 5, weekends: bothDays},
	{month: time.June, day: 6},
	{month: time.August, day: 15, weekends: bothDays},
	{month: time.October, day: 3, weekends: bothDays},
	{month: time.October, day: 9, weekends: bothDays},
	{month: time.December, day: 25, weekends: bothDays},
}

// lunarDays are the holidays with a date in the lunar calendar, as the Korea Astronomy and Space Science Institute
// announces them: New Year (설날), Buddha's birthday, and the harvest festival (추석), each as month and day of a solar
// year.
type lunarDays struct{ seollal, buddha, chuseok monthDay }

// monthDay is a day of the solar calendar without its year.
type monthDay struct {
	month time.Month
	day   int
}

// lunar is the almanac, by year. It has to be extended before 2035 ends; until then later years
// have solar holidays only.
var lunar = map[int]lunarDays{
	2025: {monthDay{1, 29}, monthDay{5, 5}, monthDay{10, 6}},
	2026: {monthDay{2, 17}, monthDay{5, 24}, monthDay{9, 25}},
	2027: {monthDay{2, 7}, monthDay{5, 13}, monthDay{9, 15}},
	2028: {monthDay{1, 27}, monthDay{5, 2}, monthDay{10, 3}},
	2029: {monthDay{2, 13}, monthDay{5, 20}, monthDay{9, 22}},
	2030: {monthDay{2, 3}, monthDay{5, 9}, monthDay{9, 12}},
	2031: {monthDay{1, 23}, monthDay{5, 28}, monthDay{10, 1}},
	2032: {monthDay{2, 11}, monthDay{5, 16}, monthDay{9, 19}},
	2033: {monthDay{1, 31}, monthDay{5, 6}, monthDay{9, 8}},
	2034: {monthDay{2, 19}, monthDay{5, 25}, monthDay{9, 27}},
	2035: {monthDay{2, 8}, monthDay{5, 15}, monthDay{9, 16}},
}

// elections are public holidays on the day of an election whose date the law fixes (공직선거법 34조).
var elections = []time.Time{day(2026, time.June, 3), day(2028, time.April, 12), day(2030, time.June, 12)}

// day is midnight in Seoul, where the law counts.
func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, seoul) }

// KoreanHolidays are the public holidays of a year that fall on Monday to Friday, substitutes included, in order. The
// lunar ones are known from 2025 to 2035; outside of that only the solar ones are in it, so that deadlines are early,
// never late.
func KoreanHolidays(year int) []time.Time {
	taken := map[time.Time]bool{}
	var made []time.Time // holidays that get a substitute
	add := func(d time.Time, weekends []time.Weekday) {
		// A holiday that meets a weekend day of its list, or another holiday, is made up for.
		if slices.Contains(weekends, d.Weekday()) || taken[d] && len(weekends) > 0 {
			made = append(made, d)
		}
		taken[d] = true
	}
	if l, ok := lunar[year]; ok {
		// Each festival has the day before and the day after.
		for _, festival := range []monthDay{l.seollal, l.chuseok} {
			for offset := -1; offset <= 1; offset++ {
				add(day(year, festival.month, festival.day+offset), sundayOnly)
			}
		}
		add(day(year, l.buddha.month, l.buddha.day), bothDays)
	}
	for _, h := range fixedHolidays {
		add(day(year, h.month, h.day), h.weekends)
	}
	// An election day has no substitute.
	for _, e := range elections {
		if e.Year() == year {
			taken[e] = true
		}
	}
	// In order of date, so that of two substitutes the earlier holiday gets the earlier day.
	slices.SortFunc(made, time.Time.Compare)
	for _, d := range made {
		for weekend(d) || taken[d] {
			d = d.AddDate(0, 0, 1)
		}
		taken[d] = true
	}
	var out []time.Time
	for d := range taken {
		if !weekend(d) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// weekend reports whether a day is a Saturday or a Sunday.
func weekend(d time.Time) bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// BusinessDaysAfter is the end of the n-th Korean business day after the day of an instant: the first instant that is
// too late. The day itself does not count (민법 157조). Saturdays, Sundays and public holidays are no business days.
func BusinessDaysAfter(at time.Time, n int) time.Time {
	y, m, d := at.In(seoul).Date()
	last := day(y, m, d)
	year := y
	holidays := KoreanHolidays(year)
	for n > 0 {
		last = last.AddDate(0, 0, 1)
		// The holidays of the next year, for deadlines over the turn of the year.
		if last.Year() != year {
			year = last.Year()
			holidays = KoreanHolidays(year)
		}
		if !weekend(last) && !slices.ContainsFunc(holidays, last.Equal) {
			n--
		}
	}
	return last.AddDate(0, 0, 1).UTC()
}
