package hours

import (
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/us"

	"dangol/shared/holiday"
	"dangol/shared/platform/civil"
)

// holidays by country (ISO 3166). Korea's are in package holiday, because the library has none.
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
		return holiday.Korean(civil.NewDate(day.Date()))
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
