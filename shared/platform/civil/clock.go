package civil

import (
	"fmt"
	"strings"
	"time"
)

// At is the moment, in UTC, at which the clocks of a zone show so many minutes after midnight of the date; 24*60 is the
// midnight that ends it. A time that clocks skip in spring is that much later; one they show twice in autumn is the
// first. It is never before the date's Start.
func (d Date) At(minutes int, zone *time.Location) time.Time {
	wall := d.utc().Add(time.Duration(minutes) * time.Minute)
	// A day before and a day after: clocks are never changed twice within that time.
	before, after := offset(wall.Add(-24*time.Hour), zone), offset(wall.Add(24*time.Hour), zone)
	at := wall.Add(-before)
	if late := wall.Add(-after); offset(at, zone) != before && offset(late, zone) == after {
		at = late
	}
	// Only where a whole day was skipped (Apia, 30 December 2011) do the clocks still show an earlier date.
	if DateAt(at, zone) < d {
		return d.Start(zone)
	}
	return at
}

// offset is what the zone adds to UTC at a moment.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// ParseLocal reads a local time as people write it, "2026-09-27T24:00", in a time zone, as a moment in UTC. Hours go
// from 00:00 to 24:00. See Date.At for the nights in which clocks are changed.
func ParseLocal(local string, zone *time.Location) (time.Time, error) {
	date, clock, ok := strings.Cut(local, "T")
	day, err := ParseDate(date)
	if err != nil || !ok {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-09-25T10:00", local)
	}
	minutes, err := ParseClock(clock)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time such as 2026-09-25T10:00", local)
	}
	return day.At(minutes, zone), nil
}

// ParseClock reads a time of day, "10:00", as minutes after midnight, up to "24:00".
func ParseClock(text string) (minutes int, err error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is no time of day such as 10:00", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}
