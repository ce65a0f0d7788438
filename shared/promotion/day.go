package promotion

import (
	"fmt"
	"strings"
	"time"
)

// Day is a day of the calendar, without a time zone: the number of days since 1970-01-01. As text it is "2026-09-25".
type Day int

const secondsPerDay = 24 * 60 * 60

// DayOf is the day that a moment falls on in a time zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Date(y, m, d)
}

// Date is the day of a date.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// ParseDay reads "2026-09-25".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("a day such as 2026-09-25: %w", err)
	}
	return DayOf(t, time.UTC), nil
}

func (d Day) utc() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

func (d Day) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes "2026-09-25".
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "2026-09-25".
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

// At is the moment, in UTC, at which the clocks of a zone show so many minutes after midnight of the day; 24*60 is the
// midnight that ends it. A time that clocks skip in spring is that much later; one they show twice in autumn is the
// first.
func (d Day) At(minutes int, zone *time.Location) time.Time {
	wall := d.utc().Add(time.Duration(minutes) * time.Minute)
	before, after := offset(wall.Add(-24*time.Hour), zone), offset(wall.Add(24*time.Hour), zone)
	early, late := wall.Add(-before), wall.Add(-after)
	if offset(early, zone) != before && offset(late, zone) == after {
		return late
	}
	return early
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// Moment reads what a merchant writes, "2026-09-27T24:00" in the shop's time zone, as a moment in UTC. Hours go from
// 00:00 to 24:00. See Day.At for the nights in which clocks are changed.
func Moment(local string, zone *time.Location) (time.Time, error) {
	date, clock, ok := strings.Cut(local, "T")
	day, err := ParseDay(date)
	if err != nil || !ok {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-09-25T10:00", local)
	}
	minutes, err := parseClock(clock)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-09-25T10:00", local)
	}
	return day.At(minutes, zone), nil
}

// parseClock reads "10:00" as minutes after midnight, up to "24:00".
func parseClock(text string) (minutes int, err error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is no time of day such as 10:00", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}
