package hours

import (
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/us"
)

// holidays by country (ISO 3166). Korea's are in this package, because the library has none.
var holidays = map[string][]*cal.Holiday{
	"US": us.Holidays, "GB": gb.Holidays, "DE": de.Holidays, "FR": fr.Holidays, "JP": jp.Holidays,
}

// KnowsHolidays reports whether the public holidays of a country are known.
func KnowsHolidays(country string) bool {
	country = strings.ToUpper(country)
	return country == "KR" || holidays[country] != nil
}

// Holiday names the public holiday of a date in a country, in the country's language; "" when it is none. Only the date
// of day counts.
func Holiday(country string, day time.Time) string {
	country = strings.ToUpper(country)
	if country == "KR" {
		return koreanHoliday(day)
	}
	for _, h := range holidays[country] {
		actual, observed := h.Calc(day.Year())
		if sameDate(actual, day) || sameDate(observed, day) {
			return h.Name
		}
	}
	return ""
}

// sameDate compares the dates on the calendars of both.
func sameDate(a, b time.Time) bool { return a.Format(dateLayout) == b.Format(dateLayout) }

// lunar has the solar dates of the three Korean holidays of the lunar calendar, from Korea's own almanac (where the new
// moon falls on another day than in China, the dates differ). Outside these years only the solar holidays are known.
var lunar = map[int][3]string{ // lunar new year, Buddha's birthday, Chuseok
	2025: {"01-29", "05-05", "10-06"}, 2026: {"02-17", "05-24", "09-25"}, 2027: {"02-07", "05-13", "09-15"},
	2028: {"01-27", "05-02", "10-03"}, 2029: {"02-13", "05-20", "09-22"}, 2030: {"02-03", "05-09", "09-12"},
	2031: {"01-23", "05-28", "10-01"}, 2032: {"02-11", "05-16", "09-19"}, 2033: {"01-31", "05-06", "09-08"},
	2034: {"02-19", "05-25", "09-27"}, 2035: {"02-08", "05-15", "09-16"},
}

// solar are the Korean holidays of the solar calendar. Elections and days that the government declares once are entered
// as days of the team's own.
var solar = []koreanDay{
	{"01-01", "신정", never}, {"03-01", "삼일절", weekend}, {"05-05", "어린이날", weekend}, {"06-06", "현충일", never},
	{"08-15", "광복절", weekend}, {"10-03", "개천절", weekend}, {"10-09", "한글날", weekend}, {"12-25", "기독탄신일", weekend},
}

// koreanDay is a holiday with its date as month and day.
type koreanDay struct {
	date, name string
	substitute substitution
}

// substitution says when a holiday is made up for on the next working day (관공서의 공휴일에 관한 규정 3조).
type substitution int

const (
	never   substitution = iota
	sunday               // when it falls on a Sunday or on another holiday: lunar new year and Chuseok
	weekend              // when it falls on a Saturday, a Sunday or another holiday
)

// koreanYears caches the holidays of a year, because the rules ask day by day.
var koreanYears sync.Map // year -> map[string]string; at most a handful of years are asked for

// koreanHoliday names the holiday of a day; "" when it is none.
func koreanHoliday(day time.Time) string {
	year := day.Year()
	known, ok := koreanYears.Load(year)
	if !ok {
		known, _ = koreanYears.LoadOrStore(year, koreanYear(year))
	}
	return known.(map[string]string)[day.Format("01-02")]
}

// koreanYear lists the holidays of a year by date, with their substitutes.
func koreanYear(year int) map[string]string {
	days := append([]koreanDay{}, solar...)
	if l, ok := lunar[year]; ok {
		for n := -1; n <= 1; n++ {
			days = append(days, koreanDay{shift(year, l[0], n), "설날", sunday}, koreanDay{shift(year, l[2], n), "추석", sunday})
		}
		days = append(days, koreanDay{l[1], "부처님오신날", weekend})
	}
	found, twice := map[string]string{}, map[string]bool{}
	for _, d := range days {
		// Two holidays on one date give one substitute.
		twice[d.date] = twice[d.date] || found[d.date] != ""
		// The festival's name counts when two holidays meet.
		if found[d.date] == "" || d.substitute == sunday {
			found[d.date] = d.name
		}
	}
	for _, owed := range substitutes(year, days, twice) {
		at := owed.date
		// The next day that is neither a weekend nor a holiday, also not a substitute.
		for found[at] != "" || isWeekend(year, at) {
			at = shift(year, at, 1)
		}
		found[at] = owed.name + " 대체공휴일"
	}
	return found
}

// substitutes are the holidays that are made up for, one for each stretch of days of one name and one for each date two
// share.
func substitutes(year int, days []koreanDay, twice map[string]bool) []koreanDay {
	var owed []koreanDay
	shared := map[string]bool{}
	for _, d := range days {
		weekday := dateIn(year, d.date).Weekday()
		falls := d.substitute >= sunday && weekday == time.Sunday || d.substitute == weekend && weekday == time.Saturday
		if overlaps := twice[d.date] && !shared[d.date] && d.substitute != never; falls || overlaps {
			shared[d.date] = shared[d.date] || twice[d.date]
			owed = append(owed, d)
		}
	}
	return owed
}

// dateIn is a date as month and day in a year.
func dateIn(year int, date string) time.Time {
	at, err := time.Parse(dateLayout, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+date)
	if err != nil {
		panic("hours: " + date) // the dates are constants of this file
	}
	return at
}

// shift moves a date by days.
func shift(year int, date string, days int) string {
	return dateIn(year, date).AddDate(0, 0, days).Format("01-02")
}

// isWeekend reports whether the date falls on a Saturday or Sunday in that year.
func isWeekend(year int, date string) bool { return cal.IsWeekend(dateIn(year, date)) }
