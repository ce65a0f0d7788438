package promotion

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/civil"
)

//go:embed seasons.json
var seasonFile []byte

// Season is a time of the year at which a shop sells. Its day is a date, a rule such as the fourth Thursday of
// November, or listed year by year for the holidays of the lunar calendar.
type Season struct {
	ID     string         `json:"id"`
	Name   catalog.Text   `json:"name"`
	Region string         `json:"region"`          // "KR", "US", or "*" for everywhere
	Date   string         `json:"date,omitempty"`  // "02-14"
	Nth    *NthWeekday    `json:"nth,omitempty"`   // a weekday of a month
	Dates  map[int]string `json:"dates,omitempty"` // "02-17" by year
	Opens  Boundary       `json:"opens"`           // when the selling begins
	Closes Boundary       `json:"closes"`          // when it is over
}

// NthWeekday is the Week-th Weekday (0 is Sunday) of Month, and so many Days later.
type NthWeekday struct {
	Month   time.Month   `json:"month"`
	Weekday time.Weekday `json:"weekday"`
	Week    int          `json:"week"`           // 1 to 4
	Days    int          `json:"days,omitempty"` // days later, 0 for the weekday itself
}

// Boundary is when the selling begins or ends: so many days from the day of the season, at that time of day in the
// shop's zone.
type Boundary struct {
	Days int    `json:"days"` // negative is before the day
	Time string `json:"time"` // "10:00", up to "24:00"
}

// Occurrence is a season in one year. Starts is in it, Ends is not; both are UTC.
type Occurrence struct {
	Season string     `json:"season"`
	Year   int        `json:"year"`
	Day    civil.Date `json:"day"`
	Starts time.Time  `json:"starts"`
	Ends   time.Time  `json:"ends"`
}

// Seasons is the calendar that comes with the shop; its file says where the lunar dates come from.
func Seasons() ([]Season, error) { return ParseSeasons(seasonFile) }

// ParseSeasons reads a calendar. Its errors name the season.
func ParseSeasons(raw []byte) ([]Season, error) {
	var file struct {
		Source  string   `json:"source"`
		Seasons []Season `json:"seasons"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("seasons: %w", err)
	}
	for i, s := range file.Seasons {
		first := slices.IndexFunc(file.Seasons, func(o Season) bool { return o.ID == s.ID })
		if s.ID == "" || first != i {
			return nil, fmt.Errorf("seasons[%d].id: %q is empty or there twice", i, s.ID)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("season %s: %w", s.ID, err)
		}
	}
	return file.Seasons, nil
}

// check checks that a season has exactly one way to tell its
// day, that its days exist, and that it closes after it opens.
func (s Season) check() error {
	if rules := one(s.Date != "") + one(s.Nth != nil) + one(len(s.Dates) > 0); rules != 1 {
		return fmt.Errorf("one of date, nth and dates, not %d", rules)
	}
	years := []int{2028} // a leap year: 02-29 is a date
	for year := range s.Dates {
		years = append(years, year)
	}
	for _, year := range years {
		if _, _, err := s.day(year); err != nil {
			return err
		}
	}
	opens, err := civil.ParseClock(s.Opens.Time)
	if err != nil {
		return err
	}
	closes, err := civil.ParseClock(s.Closes.Time)
	if err != nil {
		return err
	}
	if s.Closes.Days*24*60+closes <= s.Opens.Days*24*60+opens {
		return fmt.Errorf("closes before it opens")
	}
	return nil
}

// one is 1 for true, for counting conditions.
func one(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

// day is the day of the season in a year; ok is false when it has none: a lunar year that is not listed, or 29
// February.
func (s Season) day(year int) (day civil.Date, ok bool, err error) {
	if n := s.Nth; n != nil {
		// A fifth weekday does not exist in every month.
		if n.Month < 1 || n.Month > 12 || n.Weekday < 0 || n.Weekday > 6 || n.Week < 1 || n.Week > 4 {
			return "", false, fmt.Errorf("nth: month 1 to 12, weekday 0 to 6, week 1 to 4")
		}
		// The first such weekday on or after the first of the
		// month, then whole weeks, then the further days.
		first := civil.NewDate(year, n.Month, 1)
		ahead := (int(n.Weekday) - int(first.Weekday()) + 7) % 7
		return first.Add(ahead + 7*(n.Week-1) + n.Days), true, nil
	}
	date := s.Date
	if s.Dates != nil {
		// A lunar holiday of a year that the calendar does not list is not guessed.
		if date, ok = s.Dates[year]; !ok {
			return "", false, nil
		}
	}
	day, err = civil.ParseDate(fmt.Sprintf("%04d-%s", year, date))
	if err != nil && date == "02-29" {
		return "", false, nil
	}
	return day, err == nil, err
}

// Occurrences lists the season in each of the years, in a shop's time zone. A year for which the calendar has no date
// is left out: it is never guessed.
func (s Season) Occurrences(zone *time.Location, years ...int) []Occurrence {
	var found []Occurrence
	for _, year := range years {
		// The file was checked when it was read; a season that is wrong all the same is left out.
		day, ok, err := s.day(year)
		if err != nil || !ok {
			continue
		}
		opens, err1 := civil.ParseClock(s.Opens.Time)
		closes, err2 := civil.ParseClock(s.Closes.Time)
		if err1 != nil || err2 != nil {
			continue
		}
		found = append(found, Occurrence{
			Season: s.ID, Year: year, Day: day,
			Starts: day.Add(s.Opens.Days).At(opens, zone),
			Ends:   day.Add(s.Closes.Days).At(closes, zone),
		})
	}
	return found
}

// Group is what promotions of this occurrence put into their Group, so that the guard sees one sale.
func (o Occurrence) Group() string { return o.Season + "-" + strconv.Itoa(o.Year) }
