package sequence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Delay is days of the calendar and hours of the clock: a day may have 23 or 25 hours, an hour never changes.
type Delay struct {
	Days  int
	Clock time.Duration
}

// longestDays are ten years.
const longestDays = 3650

// longestDelay is ten years in each unit.
var longestDelay = map[byte]uint64{
	'm': longestDays * 24 * 60, 'h': longestDays * 24, 'd': longestDays, 'w': longestDays / 7,
}

// errDelay says what a delay looks like.
var errDelay = errors.New(`not a delay such as "90m", "24h", "3d", "2w" or "-7d"`)

// ParseDelay reads "90m", "24h", "3d", "2w" and sums such as "1d12h", with a minus sign in front for the past. At most
// ten years.
func ParseDelay(text string) (d Delay, err error) {
	// The sign is of the whole sum.
	rest, negative := strings.CutPrefix(text, "-")
	if rest == "" {
		return d, fmt.Errorf("%q: %w", text, errDelay)
	}
	for rest != "" {
		end := strings.IndexAny(rest, "mhdw")
		if end <= 0 {
			return Delay{}, fmt.Errorf("%q: %w", text, errDelay)
		}
		n, err := strconv.ParseUint(rest[:end], 10, 32)
		if err != nil {
			return Delay{}, fmt.Errorf("%q: %w", text, errDelay)
		}
		// By unit, and after each part, so that nothing overflows before it is compared.
		if n > longestDelay[rest[end]] {
			return Delay{}, fmt.Errorf("%q: more than ten years", text)
		}
		switch rest[end] {
		case 'm':
			d.Clock += time.Duration(n) * time.Minute
		case 'h':
			d.Clock += time.Duration(n) * time.Hour
		case 'd':
			d.Days += int(n)
		case 'w':
			d.Days += 7 * int(n)
		}
		// Also for sums such as "3000d3000d".
		if d.Days > longestDays || d.Clock > longestDays*24*time.Hour {
			return Delay{}, fmt.Errorf("%q: more than ten years", text)
		}
		rest = rest[end+1:]
	}
	if negative {
		d.Days, d.Clock = -d.Days, -d.Clock
	}
	return d, nil
}

// After returns the instant a delay after from: the same time of day so many local days later, then the hours.
func (d Delay) After(from time.Time, zone *time.Location) time.Time {
	if d.Days == 0 {
		// Without days the zone plays no part: hours of the clock.
		return from.Add(d.Clock)
	}
	l := from.In(zone)
	day := wallClock{l.Year(), l.Month(), l.Day() + d.Days, l.Hour(), l.Minute(), l.Second()}.in(zone)
	return day.Add(time.Duration(l.Nanosecond()) + d.Clock)
}

// wallClock is a reading of a clock on the wall. Day may be out of the month, as in time.Date.
type wallClock struct {
	year              int
	month             time.Month
	day               int
	hour, min, second int
}

// in returns the instant of the reading. A reading that comes twice, when the clock is put back, is its first; one that
// never comes, when the clock is put forward, is the instant of the jump.
func (w wallClock) in(zone *time.Location) time.Time {
	// The reading as if it were UTC, and the offsets in force around it, give every instant that can show it.
	naive := time.Date(w.year, w.month, w.day, w.hour, w.min, w.second, 0, time.UTC)
	// 36 hours are more than any offset and less than the time between two changes of a clock.
	before, after := offset(naive.Add(-36*time.Hour), zone), offset(naive.Add(36*time.Hour), zone)
	// The larger offset gives the earlier instant, so the first reading wins.
	for _, seconds := range []int{max(before, after), min(before, after)} {
		at := naive.Add(-time.Duration(seconds) * time.Second)
		if offset(at, zone) == seconds {
			return at
		}
	}
	// Neither offset shows the reading: the clock skips it.
	return jump(naive.Add(-time.Duration(max(before, after))*time.Second), zone)
}

// offset is the zone's offset from UTC at an instant, in seconds.
func offset(at time.Time, zone *time.Location) int {
	_, seconds := at.In(zone).Zone()
	return seconds
}

// jump is the change of the clock next to an instant.
func jump(near time.Time, zone *time.Location) time.Time {
	start, end := near.In(zone).ZoneBounds()
	// The nearer bound of the stretch is the change; a zone may have no beginning or no end.
	if start.IsZero() || !end.IsZero() && end.Sub(near) < near.Sub(start) {
		return end.UTC()
	}
	return start.UTC()
}

// timeOfDay is hours and minutes.
type timeOfDay struct{ hour, min int }

// parseTimeOfDay reads "10:00".
func parseTimeOfDay(text string) (t timeOfDay, err error) {
	at, err := time.Parse("15:04", text)
	if err != nil {
		return t, fmt.Errorf("%q is not a time of day such as 10:00", text)
	}
	return timeOfDay{at.Hour(), at.Minute()}, nil
}

// weekdays are the names in data files.
var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday,
	"sat": time.Saturday,
}

// Next returns the first instant from at on that shows the time of day in the zone, on the weekday when one is given
// ("mon" to "sun"). The weekday is the recipient's: Monday in Seoul begins on Sunday in London. Error: a time or
// weekday that is none.
func Next(at time.Time, clock, weekday string, zone *time.Location) (time.Time, error) {
	t, err := parseTimeOfDay(clock)
	if err != nil {
		return time.Time{}, err
	}
	wanted, ok := weekdays[weekday]
	if weekday != "" && !ok {
		return time.Time{}, fmt.Errorf("%q is no weekday (mon to sun)", weekday)
	}
	local := at.In(zone)
	// A reading exists on every day, so the loop ends within eight.
	for day := local.Day(); ; day++ {
		date := time.Date(local.Year(), local.Month(), day, 0, 0, 0, 0, time.UTC) // of the calendar, for the weekday
		reading := wallClock{local.Year(), local.Month(), day, t.hour, t.min, 0}.in(zone)
		if !reading.Before(at) && (weekday == "" || date.Weekday() == wanted) {
			return reading, nil
		}
	}
}
