// Package holiday knows the public holidays of Korea, substitutes included. Refund deadlines in business days and the
// opening hours of teams follow the same calendar.
package holiday

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"dangol/shared/platform/civil"
)

// day is a holiday of one year, with its Korean name.
type day struct {
	date civil.Date
	name string
}

// rule is a holiday, and the days of the week on which it is made up for by a substitute.
type rule struct {
	month    time.Month
	day      int
	name     string
	weekends []time.Weekday
}

// Substitutes are given for both days of a weekend, or for Sundays only.
var (
	bothDays   = []time.Weekday{time.Saturday, time.Sunday}
	sundayOnly = []time.Weekday{time.Sunday}
)

// solar are the public holidays of Korea with a date in the solar calendar: 관공서의 공휴일에 관한 규정 2조, substitutes by its
// article 3 (대체공휴일, as amended 2021-08-04 and 2023-05-04). New Year and Memorial Day have none. Days that are not sure
// to be public holidays count as business days: a deadline is then early, never late.
var solar = []rule{
	{time.January, 1, "신정", nil},
	{time.March, 1, "삼일절", bothDays},
	{time.May, 5, "어린이날", bothDays},
	{time.June, 6, "현충일", nil},
	{time.August, 15, "광복절", bothDays},
	{time.October, 3, "개천절", bothDays},
	{time.October, 9, "한글날", bothDays},
	{time.December, 25, "기독탄신일", bothDays},
}

// almanac has the solar dates of the lunar new year (설날), Buddha's birthday and the harvest festival (추석), as the Korea
// Astronomy and Space Science Institute announces them; where the new moon falls on another day than in China, the
// dates differ. It has to be extended before 2035 ends; other years have solar holidays only.
var almanac = map[int]struct{ seollal, buddha, chuseok civil.Date }{
	2025: {"2025-01-29", "2025-05-05", "2025-10-06"},
	2026: {"2026-02-17", "2026-05-24", "2026-09-25"},
	2027: {"2027-02-07", "2027-05-13", "2027-09-15"},
	2028: {"2028-01-27", "2028-05-02", "2028-10-03"},
	2029: {"2029-02-13", "2029-05-20", "2029-09-22"},
	2030: {"2030-02-03", "2030-05-09", "2030-09-12"},
	2031: {"2031-01-23", "2031-05-28", "2031-10-01"},
	2032: {"2032-02-11", "2032-05-16", "2032-09-19"},
	2033: {"2033-01-31", "2033-05-06", "2033-09-08"},
	2034: {"2034-02-19", "2034-05-25", "2034-09-27"},
	2035: {"2035-02-08", "2035-05-15", "2035-09-16"},
}

// elections are public holidays on the day of an election whose date the law fixes (공직선거법 34조). They have no
// substitute.
var elections = []day{
	{"2026-06-03", "전국동시지방선거일"}, {"2028-04-12", "국회의원선거일"}, {"2030-06-12", "전국동시지방선거일"},
}

// years keeps the calendar of a year, because callers ask day by day.
var years sync.Map // int -> map[civil.Date]string; at most a handful of years are asked for

// Korean names the public holiday of a date in Korea; "" when it is none. Two on one date are one, with the name of the
// festival.
func Korean(date civil.Date) string {
	year, _, _ := date.Parts()
	return calendar(year)[date]
}

// Weekend reports whether a date is a Saturday or a Sunday.
func Weekend(date civil.Date) bool { return slices.Contains(bothDays, date.Weekday()) }

// calendar are the holidays of a year by date.
func calendar(year int) map[civil.Date]string {
	known, ok := years.Load(year)
	if !ok {
		known, _ = years.LoadOrStore(year, compute(year))
	}
	return known.(map[civil.Date]string)
}

// compute works out a year: the holidays themselves, then the substitutes of those that fell on another free day.
func compute(year int) map[civil.Date]string {
	names := map[civil.Date]string{}
	var owed []day
	add := func(date civil.Date, name string, weekends []time.Weekday) {
		// A holiday that meets a weekend day of its list, or another holiday, is made up for.
		if slices.Contains(weekends, date.Weekday()) || names[date] != "" && len(weekends) > 0 {
			owed = append(owed, day{date, name})
		}
		names[date] = cmp.Or(names[date], name)
	}
	if l, ok := almanac[year]; ok {
		// Each festival has the day before and the day after.
		for n := -1; n <= 1; n++ {
			add(l.seollal.Add(n), "설날", sundayOnly)
			add(l.chuseok.Add(n), "추석", sundayOnly)
		}
		add(l.buddha, "부처님오신날", bothDays)
	}
	for _, r := range solar {
		add(civil.NewDate(year, r.month, r.day), r.name, r.weekends)
	}
	for _, e := range elections {
		if y, _, _ := e.date.Parts(); y == year {
			names[e.date] = cmp.Or(names[e.date], e.name)
		}
	}
	maps.Copy(names, substitutes(names, owed))
	return names
}

// substitutes gives each holiday that is owed the next day that is neither a weekend nor a holiday.
func substitutes(names map[civil.Date]string, owed []day) map[civil.Date]string {
	given := map[civil.Date]string{}
	// In order of date, so that of two the earlier holiday gets the earlier day.
	slices.SortStableFunc(owed, func(a, b day) int { return cmp.Compare(a.date, b.date) })
	for _, h := range owed {
		date := h.date
		for Weekend(date) || names[date] != "" || given[date] != "" {
			date = date.Add(1)
		}
		given[date] = h.name + " 대체공휴일"
	}
	return given
}
