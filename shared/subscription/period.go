package subscription

import (
	"fmt"
	"time"

	"dangol/shared/platform/civil"
)

// Unit is what an interval is counted in.
type Unit string

// The units.
const (
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
	Year  Unit = "year"
)

// longest is how many of a unit one interval may have: five years at most, so that dates stay in reach.
var longest = map[Unit]int{Day: 366, Week: 104, Month: 60, Year: 5}

// Interval is how often a period opens: every Count units.
type Interval struct {
	Unit  Unit `json:"unit" enum:"day,week,month,year" example:"month"`
	Count int  `json:"count" minimum:"1" maximum:"366" example:"1"`
}

// Every makes an interval.
func Every(count int, unit Unit) Interval { return Interval{Unit: unit, Count: count} }

// Valid returns an error that names what is wrong.
func (i Interval) Valid() error {
	top, ok := longest[i.Unit]
	switch {
	case !ok:
		return fmt.Errorf("unit: %q is not day, week, month or year", i.Unit)
	case i.Count < 1:
		return fmt.Errorf("count: %d is below 1", i.Count)
	case i.Count > top:
		return fmt.Errorf("count: %d is above %d %ss", i.Count, top, i.Unit)
	}
	return nil
}

// months is the interval in months, 0 for days and weeks.
func (i Interval) months() int {
	switch i.Unit {
	case Month:
		return i.Count
	case Year:
		return 12 * i.Count
	}
	return 0
}

// days is the interval in days, 0 for months and years.
func (i Interval) days() int {
	switch i.Unit {
	case Day:
		return i.Count
	case Week:
		return 7 * i.Count
	}
	return 0
}

// The Gregorian calendar repeats after 4,800 months, which have 146,097 days.
const cycleMonths, cycleDays = 4800, 146097

// Anchor is the day that periods are counted from, in a time zone. Day may be beyond the month's last: 31 in February
// means "the last day", and it stays 31. It is stored as given and never replaced by a clamped day, so 31 January is
// followed by 28 February and 31 March.
type Anchor struct {
	Year  int        `json:"year"`
	Month time.Month `json:"month"`
	Day   int        `json:"day"`
	Zone  string     `json:"zone" example:"Asia/Seoul"`
}

// AnchorOn makes an anchor of a date.
func AnchorOn(d civil.Date, zone string) Anchor {
	y, m, day := d.Parts()
	return Anchor{Year: y, Month: m, Day: day, Zone: zone}
}

// Valid returns an error that names what is wrong.
func (a Anchor) Valid() error {
	switch {
	case a.Year < 1970 || a.Year > 9000:
		return fmt.Errorf("year: %d is not between 1970 and 9000", a.Year)
	case a.Month < 1 || a.Month > 12:
		return fmt.Errorf("month: %d is not between 1 and 12", a.Month)
	case a.Day < 1 || a.Day > 31:
		return fmt.Errorf("day: %d is not between 1 and 31", a.Day)
	}
	if _, err := civil.Zone(a.Zone); err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	return nil
}

// clamped is min(day, last day of the month), for a month counted from January of year 0.
func clamped(months, day int) civil.Date {
	y, m := floorDiv(months, 12)
	// Day 0 of the following month is the last day of this one.
	last := time.Date(y, time.Month(m+2), 0, 0, 0, 0, 0, time.UTC).Day()
	return civil.NewDate(y, time.Month(m+1), min(day, last))
}

// Opening is the date on which period n opens; n counts from the anchor and may be negative.
func (a Anchor) Opening(i Interval, n int) civil.Date {
	base := a.Year*12 + int(a.Month) - 1
	if m := i.months(); m > 0 {
		return clamped(base+n*m, a.Day)
	}
	return clamped(base, a.Day).Add(n * i.days())
}

// Index is the period that a date falls into: Opening(Index) <= d < Opening(Index+1).
func (a Anchor) Index(i Interval, d civil.Date) int {
	// A first guess by months; the day within the month may put the date before that opening.
	var n int
	if m := i.months(); m > 0 {
		y, month, _ := d.Parts()
		n, _ = floorDiv(y*12+int(month)-1-(a.Year*12+int(a.Month)-1), m)
	} else {
		n, _ = floorDiv(a.Opening(i, 0).Days(d), i.days())
	}
	if a.Opening(i, n) > d {
		n--
	}
	return n
}

// Period is a stretch of days, [Opens, Closes), and the instants at which it does, [Start, End).
type Period struct {
	N      int
	Opens  civil.Date
	Closes civil.Date
	Start  time.Time
	End    time.Time
}

// Days is how many days the period has.
func (p Period) Days() int { return p.Opens.Days(p.Closes) }

// Period returns period n. It opens and closes at the start of local days.
func (a Anchor) Period(i Interval, n int) Period {
	z := civil.ZoneOrUTC(a.Zone)
	p := Period{N: n, Opens: a.Opening(i, n), Closes: a.Opening(i, n+1)}
	p.Start, p.End = p.Opens.Start(z), p.Closes.Start(z)
	return p
}

// floorDiv divides rounding down, unlike Go's division: months before the anchor give negative
// numbers.
func floorDiv(a, b int) (quotient, remainder int) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient, remainder = quotient-1, remainder+b
	}
	return quotient, remainder
}
