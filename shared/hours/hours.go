// Package hours answers when a team is on duty: opening hours by weekday in the team's own time zone, lunch breaks,
// public holidays, days of its own, and a manual override that lasts until the timetable's next switch. Service-level
// clocks run in these hours (Add, Between), and call-back slots are cut from them.
package hours

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"dangol/shared/platform/problem"
)

// OpenSpan is one stretch of a local day, in minutes from midnight: From is inside, To is not. To may be 1440, the end
// of the day.
type OpenSpan struct {
	From int `json:"from" minimum:"0" maximum:"1440" dynamodbav:"from"`
	To   int `json:"to" minimum:"0" maximum:"1440" dynamodbav:"to"`
}

// Day replaces the weekday's spans on one date. No spans: closed all day.
type Day struct {
	Date  string     `json:"date" format:"date" dynamodbav:"date"`
	Spans []OpenSpan `json:"spans" maxItems:"12" dynamodbav:"spans"`
	Note  string     `json:"note,omitempty" maxLength:"100" dynamodbav:"note,omitempty"`
}

// Override is a manual switch. It holds until the timetable's next switch, which Schedule.Switch computes.
type Override struct {
	Open  bool      `json:"open" dynamodbav:"open"`
	From  time.Time `json:"from" dynamodbav:"from"`
	Until time.Time `json:"until" dynamodbav:"until"`
	By    string    `json:"by,omitempty" dynamodbav:"by,omitempty"`
}

// Schedule is the timetable of one team. Sunday is Week[0]. Country names the public holidays on which the team is
// closed; empty means none. Days come before holidays, and holidays before the week.
type Schedule struct {
	Zone     string        `json:"zone" example:"Asia/Seoul" maxLength:"40" dynamodbav:"zone"`
	Country  string        `json:"country,omitempty" example:"KR" maxLength:"2" dynamodbav:"country,omitempty"`
	Week     [7][]OpenSpan `json:"week" dynamodbav:"week"`
	Days     []Day         `json:"days,omitempty" maxItems:"200" dynamodbav:"days,omitempty"`
	Override *Override     `json:"override,omitempty" readOnly:"true" dynamodbav:"override,omitempty"`
}

// Period is a stretch of time: From is inside, To is not.
type Period struct{ From, To time.Time }

// horizon bounds every search: a team that is not on duty for so many days counts as never on duty.
const horizon = 400

// dateLayout is how dates are written.
const dateLayout = "2006-01-02"

// Bounds of a timetable, as the tags say.
const (
	maxSpans = 12  // of one day
	maxDays  = 200 // that differ from the week
	maxNote  = 100 // characters
)

// Validate checks a timetable. Errors: problem.Field with the pointer of each field that is wrong.
func (s Schedule) Validate() []problem.Field {
	var wrong problem.Fields
	// "Local" would be the zone of the machine.
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" || s.Zone == "Local" {
		wrong.Add("/zone", "invalid", "not a time zone of the IANA database")
	}
	if s.Country != "" && !KnowsHolidays(s.Country) {
		wrong.Add("/country", "not_allowed", "the public holidays of this country are not known; list them in days")
	}
	for d, spans := range s.Week {
		wrong.Count(len(spans), 0, maxSpans, fmt.Sprintf("/week/%d", d))
		if !ordered(spans) {
			wrong.Add(fmt.Sprintf("/week/%d", d), "invalid", "spans must be in order, not empty, and must not overlap")
		}
	}
	wrong.Count(len(s.Days), 0, maxDays, "/days")
	seen := map[string]bool{}
	for i, d := range s.Days {
		at := fmt.Sprintf("/days/%d", i)
		if _, err := time.Parse(dateLayout, d.Date); err != nil {
			wrong.Add(at+"/date", "invalid", "not a date such as 2026-02-17")
		}
		if seen[d.Date] {
			wrong.Add(at+"/date", "duplicate", "this date is listed twice")
		}
		seen[d.Date] = true
		wrong.Text(d.Note, 0, maxNote, at+"/note")
		wrong.Count(len(d.Spans), 0, maxSpans, at+"/spans")
		if !ordered(d.Spans) {
			wrong.Add(at+"/spans", "invalid", "spans must be in order, not empty, and must not overlap")
		}
	}
	return wrong
}

// ordered reports whether spans are in order and do not touch: two that touch are one.
func ordered(spans []OpenSpan) bool {
	last := -1
	for _, s := range spans {
		if s.From <= last || s.From < 0 || s.To <= s.From || s.To > 24*60 {
			return false
		}
		last = s.To
	}
	return true
}

// spans are the opening hours of a local date: days of its own before public holidays, and those
// before the week.
func (s Schedule) spans(day time.Time) []OpenSpan {
	date := day.Format(dateLayout)
	if i := slices.IndexFunc(s.Days, func(d Day) bool { return d.Date == date }); i >= 0 {
		return s.Days[i].Spans
	}
	if s.Country != "" && Holiday(s.Country, day) != "" {
		return nil
	}
	return s.Week[day.Weekday()]
}

// zone is the team's time zone.
func (s Schedule) zone() *time.Location {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC // Validate refuses unknown zones; a stored one that the system no longer knows still has hours
	}
	return zone
}

// timetable yields the open periods that end after from, without the override, adjacent ones joined. A minute that the
// clock skips counts as the one after the gap, so a span that lies wholly in the gap is empty.
func (s Schedule) timetable(from time.Time) iter.Seq[Period] {
	return func(yield func(Period) bool) {
		zone := s.zone()
		local := from.In(zone)
		var open Period
		// From the day before, because a span may end after midnight when the clock changes.
		for n := -1; n <= horizon; n++ {
			// Noon exists on every day; midnight may be skipped.
			day := time.Date(local.Year(), local.Month(), local.Day()+n, 12, 0, 0, 0, zone)
			for _, span := range s.spans(day) {
				next := Period{wall(day, span.From), wall(day, span.To)}
				if !next.To.After(next.From) {
					continue
				}
				// Spans that meet at midnight are one period.
				if open.To.Equal(next.From) {
					open.To = next.To
					continue
				}
				if open.To.After(from) && !yield(open) {
					return
				}
				open = next
			}
		}
		if open.To.After(from) {
			yield(open)
		}
	}
}

// wall is the instant of a minute of a day on the wall clock. A minute that the clock skips is the instant at which it
// does: Go would take the offset before or after it, by which a span inside the gap would lie an hour early or late and
// overlap another.
func wall(day time.Time, minute int) time.Time {
	year, month, date := day.Date()
	at := time.Date(year, month, date, 0, minute, 0, 0, day.Location())
	_, offset := at.Zone()
	shown, wanted := at.Unix()+int64(offset), time.Date(year, month, date, 0, minute, 0, 0, time.UTC).Unix()
	switch before, after := at.ZoneBounds(); {
	case shown > wanted:
		return before.UTC()
	case shown < wanted:
		return after.UTC()
	}
	return at.UTC()
}

// Periods yields the open periods that end after from, the override applied, in order, for somewhat over a year.
func (s Schedule) Periods(from time.Time) iter.Seq[Period] {
	o := s.Override
	if o == nil || !o.Until.After(from) {
		return s.timetable(from)
	}
	if o.Open {
		return joined(s.timetable(from), Period{o.From, o.Until}, from)
	}
	return func(yield func(Period) bool) {
		for p := range s.timetable(from) {
			// A closing override cuts a period into what is before and after it.
			for _, part := range []Period{{p.From, earlier(p.To, o.From)}, {later(p.From, o.Until), p.To}} {
				if part.To.After(part.From) && part.To.After(from) && !yield(part) {
					return
				}
			}
		}
	}
}

// joined merges one more period into periods that are in order.
func joined(periods iter.Seq[Period], extra Period, from time.Time) iter.Seq[Period] {
	return func(yield func(Period) bool) {
		done := false
		for p := range periods {
			switch {
			case done || p.To.Before(extra.From):
			case p.From.After(extra.To):
				done = true
				if extra.To.After(from) && !yield(extra) {
					return
				}
			default:
				extra = Period{earlier(p.From, extra.From), later(p.To, extra.To)}
				continue
			}
			if !yield(p) {
				return
			}
		}
		if !done && extra.To.After(from) {
			yield(extra)
		}
	}
}

// earlier is the first of two instants.
func earlier(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }
func later(a, b time.Time) time.Time   { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// Open reports whether the team is on duty.
func (s Schedule) Open(at time.Time) bool {
	for p := range s.Periods(at) {
		return !p.From.After(at)
	}
	return false
}

// NextOpen is the first instant from at on at which the team is on duty; ok is false when there is none within a year.
func (s Schedule) NextOpen(at time.Time) (next time.Time, ok bool) {
	for p := range s.Periods(at) {
		return later(p.From, at), true
	}
	return at, false
}

// NextSwitch is the first instant after at at which the team comes on or goes off duty.
func (s Schedule) NextSwitch(at time.Time) (next time.Time, ok bool) {
	return boundary(s.Periods(at), at)
}

// boundary is the first start or end of a period after an instant.
func boundary(periods iter.Seq[Period], at time.Time) (next time.Time, ok bool) {
	for p := range periods {
		if p.From.After(at) {
			return p.From, true
		}
		return p.To, p.To.Sub(at) < (horizon-2)*24*time.Hour // where the search ends nothing switches
	}
	return at, false
}

// Switch overrides the timetable from at until its own next switch. A timetable that never switches holds the override
// a day.
func (s Schedule) Switch(open bool, at time.Time, by string) Schedule {
	until, ok := boundary(s.timetable(at), at)
	if !ok {
		until = at.Add(24 * time.Hour)
	}
	s.Override = &Override{Open: open, From: at, Until: until, By: by}
	return s
}

// Add is the instant at which d of opening hours have passed since at. A team that is never on duty has plain hours, so
// that a deadline always exists.
func (s Schedule) Add(at time.Time, d time.Duration) time.Time {
	left, found := d, false
	for p := range s.Periods(at) {
		found = true
		start := later(p.From, at)
		// Only opening time counts; closed hours are passed over.
		if length := p.To.Sub(start); left > length {
			left -= length
			continue
		}
		return start.Add(left)
	}
	if !found {
		return at.Add(d)
	}
	return at.AddDate(0, 0, horizon)
}

// Between is how much opening time lies between two instants; 0 when the second is not after the first.
func (s Schedule) Between(from, to time.Time) time.Duration {
	var total time.Duration
	for p := range s.Periods(from) {
		if !p.From.Before(to) {
			break
		}
		total += max(0, earlier(p.To, to).Sub(later(p.From, from)))
	}
	return total
}

// On lists the open periods of one local date, in order.
func (s Schedule) On(date string) []Period {
	day, err := time.ParseInLocation(dateLayout, date, s.zone())
	if err != nil {
		return nil
	}
	start, end := wall(day, 0), wall(day, 24*60)
	var periods []Period
	for p := range s.Periods(start) {
		if !p.From.Before(end) {
			break
		}
		if part := (Period{later(p.From, start), earlier(p.To, end)}); part.To.After(part.From) {
			periods = append(periods, part)
		}
	}
	// An override may put periods out of order.
	return slices.SortedFunc(slices.Values(periods),
		func(a, b Period) int { return cmp.Compare(a.From.Unix(), b.From.Unix()) })
}

// Local shows an instant on the team's wall clock.
func (s Schedule) Local(at time.Time) time.Time { return at.In(s.zone()) }
