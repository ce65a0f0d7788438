package scheduler

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"github.com/hashicorp/cronexpr"
)

// expression is when a schedule is due. Sources for the rules on time zones:
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
type expression interface {
	// next returns the first instant after the given one, zero when there is none. begin is when the schedule began:
	// its start date, or else its creation.
	next(after, begin time.Time) time.Time
	// once says that there is a single instant, so that the schedule is complete after it.
	once() bool
}

// shape splits an expression into its kind and its content.
var shape = regexp.MustCompile(`^(at|rate|cron)\((.*)\)$`)

// parse reads at(yyyy-mm-ddThh:mm:ss), rate(n minutes|hours|days) or cron(minute hour day month weekday year) in a
// time zone; an empty zone is UTC.
func parse(text, zone string) (expression, error) {
	loc, err := time.LoadLocation(zone)
	// "Local" would be the zone of this machine.
	if err != nil || zone == "Local" {
		return nil, fmt.Errorf("there is no time zone %q", zone)
	}
	m := shape.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("invalid Schedule Expression %s", text)
	}
	var e expression
	switch m[1] {
	case "at":
		e, err = parseAt(m[2], loc)
	case "rate":
		e, err = parseRate(m[2])
	default:
		e, err = parseCron(m[2], loc)
	}
	if err != nil {
		return nil, fmt.Errorf("invalid Schedule Expression %s: %w", text, err)
	}
	return e, nil
}

// at is a one-time expression.
type at struct{ instant time.Time }

// next is the instant, unless it has passed.
func (a at) next(after, _ time.Time) time.Time {
	if a.instant.After(after) {
		return a.instant
	}
	return time.Time{}
}

// once is true: the schedule is complete afterwards.
func (at) once() bool { return true }

// parseAt reads a wall time in the schedule's zone.
func parseAt(text string, loc *time.Location) (expression, error) {
	wall, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return nil, err
	}
	instant, _ := resolve(wall, loc)
	return at{instant}, nil
}

// resolve turns the time on a wall clock, written as UTC, into an instant. Where clocks go back, the time comes twice
// and the first one counts. Where they go forward and skip it, exists is false and the instant is what a clock that
// was not put forward would show: 02:30 becomes 03:30, so that what is planned for the gap happens, and late rather
// than early.
func resolve(wall time.Time, loc *time.Location) (instant time.Time, exists bool) {
	guess := wall.Add(-offset(wall, loc))
	before := wall.Add(-offset(guess.Add(-24*time.Hour), loc)) // transitions lie more than a day apart
	after := wall.Add(-offset(guess.Add(24*time.Hour), loc))
	for _, candidate := range []time.Time{before, after} {
		if wall.Equal(onWall(candidate, loc)) {
			return candidate, true
		}
	}
	return before, false
}

// offset is how far the zone is ahead of UTC at an instant.
func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// onWall returns what a clock in loc shows at t, written as UTC.
func onWall(t time.Time, loc *time.Location) time.Time { return t.Add(offset(t, loc)).UTC() }

// rate is an interval from the beginning.
type rate struct{ every time.Duration }

// next counts from the beginning, which is the first instant itself.
func (r rate) next(after, begin time.Time) time.Time {
	if begin.After(after) {
		return begin
	}
	return begin.Add((after.Sub(begin)/r.every + 1) * r.every)
}

// once is false.
func (rate) once() bool { return false }

// units are the words that Scheduler accepts, with and without plural.
var units = map[string]time.Duration{
	"minute": time.Minute, "minutes": time.Minute, "hour": time.Hour, "hours": time.Hour,
	"day": 24 * time.Hour, "days": 24 * time.Hour,
}

// parseRate reads a number and a unit.
func parseRate(text string) (expression, error) {
	value, unit, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 100_000 || units[unit] == 0 {
		return nil, errors.New("a rate is a positive number and minutes, hours or days")
	}
	return rate{time.Duration(n) * units[unit]}, nil
}

// cron is a cron expression on the wall time of a zone.
type cron struct {
	when *cronexpr.Expression
	loc  *time.Location
}

// next works on wall time. A time that clocks going forward skip is left out; one that comes twice
// counts once.
func (c cron) next(after, begin time.Time) time.Time {
	if begin.After(after) {
		// The beginning itself counts too.
		after = begin.Add(-time.Nanosecond)
	}
	wall := onWall(after, c.loc)
	for {
		if wall = c.when.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		if instant, exists := resolve(wall, c.loc); exists && instant.After(after) {
			return instant
		}
	}
}

// once is false.
func (cron) once() bool { return false }

// parseCron reads AWS's six fields. The library takes the same ones except for the numbers of
// weekdays.
func parseCron(text string, loc *time.Location) (expression, error) {
	fields := strings.Fields(text)
	if len(fields) != 6 {
		return nil, errors.New("six fields are needed: minute hour day-of-month month day-of-week year")
	}
	// AWS wants a question mark for the one of the two that does not matter.
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, errors.New("one of day-of-month and day-of-week must be ?")
	}
	weekday, err := weekdays(fields[4])
	if err != nil {
		return nil, err
	}
	fields[4] = weekday
	when, err := cronexpr.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, err
	}
	return cron{when, loc}, nil
}

// numbers matches one weekday, a range, the last one of a month (6L), the n-th one (6#3) or a step.
var numbers = regexp.MustCompile(`^(\d+|[A-Z]{3})?(?:-(\d+|[A-Z]{3}))?(L?)(#[1-5])?(/\d+)?$`)

// weekdays converts AWS's weekdays, 1 = Sunday to 7 = Saturday, to the library's 0 to 6.
func weekdays(field string) (string, error) {
	if field == "?" || field == "*" {
		return "*", nil
	}
	var out []string
	for part := range strings.SplitSeq(strings.ToUpper(field), ",") {
		m := numbers.FindStringSubmatch(part)
		if m == nil {
			return "", fmt.Errorf("%q is no day-of-week", part)
		}
		if part == "L" {
			m[1], m[3] = "7", "" // on its own: the last day of the week
		}
		from, errFrom := weekday(m[1])
		to, errTo := weekday(m[2])
		if err := errors.Join(errFrom, errTo); err != nil || from == "" {
			return "", fmt.Errorf("%q is no day-of-week", part)
		}
		if to != "" {
			to = "-" + to
		}
		out = append(out, from+to+strings.Join(m[3:], ""))
	}
	return strings.Join(out, ","), nil
}

// weekday converts one number; names pass unchanged.
func weekday(day string) (string, error) {
	n, err := strconv.Atoi(day)
	if err != nil {
		return day, nil // a name, which the library knows, or nothing
	}
	if n < 1 || n > 7 {
		return "", errors.New("days of the week are 1 to 7")
	}
	return strconv.Itoa(n - 1), nil
}
