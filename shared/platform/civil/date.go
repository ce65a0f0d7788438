// Package civil has days of the calendar and times of day in time zones, apart from instants.
package civil

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, "2026-01-31". Dates sort as text; "" is no date.
type Date string

const secondsPerDay = 24 * 60 * 60

// NewDate returns the date of a year, month and day; a day beyond the month's last goes on into the next month.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// Valid reports whether d is a day of the calendar, written as YYYY-MM-DD.
func (d Date) Valid() bool {
	_, err := ParseDate(string(d))
	return err == nil
}

// ParseDate reads "2026-01-31". A day that does not exist is an error.
func ParseDate(s string) (Date, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Date(s), nil
}

// utc is midnight of the date in UTC, for arithmetic. A text that is no date counts as the first day of the year 1.
func (d Date) utc() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

// Add returns the date n days later, or earlier for a negative n.
func (d Date) Add(n int) Date { return Date(d.utc().AddDate(0, 0, n).Format(time.DateOnly)) }

// Days returns how many days from d to e, negative when e is earlier.
func (d Date) Days(e Date) int { return int((e.utc().Unix() - d.utc().Unix()) / secondsPerDay) }

// Number counts the date's days since 1970-01-01, for loops over many days.
func (d Date) Number() int { return int(d.utc().Unix() / secondsPerDay) }

// DateOfNumber is the date that many days after 1970-01-01.
func DateOfNumber(days int) Date {
	return Date(time.Unix(int64(days)*secondsPerDay, 0).UTC().Format(time.DateOnly))
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Parts returns year, month and day.
func (d Date) Parts() (int, time.Month, int) { return d.utc().Date() }

// DateAt is the date the calendar on the wall shows at an instant.
func DateAt(at time.Time, zone *time.Location) Date { return Date(at.In(zone).Format(time.DateOnly)) }

// Start is the first instant at which the calendar on the wall shows d or a later date. That is midnight where midnight
// exists; where the clock jumps over it (Cairo, Santiago, Beirut in spring) it is the jump; where it comes twice
// (Havana in autumn) the first; and for a day that never was (Apia, 30 December 2011) it is the start of the day after.
func (d Date) Start(zone *time.Location) time.Time {
	midnight := d.utc()
	// No zone was ever more than 16 hours from UTC, so 26 hours before its UTC midnight the day has begun nowhere.
	at := midnight.Add(-26 * time.Hour).In(zone)
	for {
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		if !end.IsZero() && !end.After(at) {
			// Go 1.26: beyond a zone's table, ZoneBounds of a leap year's 31 December UTC ends where it begins
			end = at.Add(time.Hour)
		}
		first := midnight.Add(-time.Duration(offset) * time.Second)
		if first.Before(at) {
			first = at
		}
		if end.IsZero() || first.Before(end) {
			return first.UTC()
		}
		at = end
	}
}
