package service

import (
	"context"
	"time"

	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/table"
)

// birthdayEvent is what happens on a birthday, once each time.
const birthdayEvent = "customer.birthday"

// birthdayWithin is how long after its beginning a birthday still starts the series: a greeting that comes the day
// after is worse than none, and the series greets in the morning.
const birthdayWithin = 6 * time.Hour

// birthdayIn is the beginning of a person's birthday in a calendar year of their zone; ok is false when it is not
// known. 29 February is the 28th in other years.
func birthdayIn(year int, monthDay string, zone *time.Location) (at time.Time, ok bool) {
	born, err := time.Parse("01-02", monthDay) // of year 0, which has a 29 February
	if err != nil {
		return at, false
	}
	day := born.Day()
	if born.Month() == time.February && day == 29 && time.Date(year, time.March, 0, 0, 0, 0, 0, zone).Day() == 28 {
		day = 28
	}
	return time.Date(year, born.Month(), day, 0, 0, 0, 0, zone), true
}

// congratulated reports whether the birthday that began at an instant has been noted.
func congratulated(c contact.Contact, birthday time.Time) bool {
	times := c.Person.Events[birthdayEvent]
	return len(times) > 0 && !times[len(times)-1].Before(birthday)
}

// nextBirthday is the beginning of the next birthday that has started no series: today's, or one to come. One that
// passed without a job is over.
func (s *Service) nextBirthday(c contact.Contact, now time.Time) time.Time {
	zone := c.Location(s.Shop.Zone)
	local := now.In(zone)
	// This year's, or next year's when this year's has passed.
	for year := local.Year(); year <= local.Year()+1; year++ {
		at, ok := birthdayIn(year, c.Person.Birthday, zone)
		if ok && at.Add(birthdayWithin).After(local) && !congratulated(c, at) {
			return at
		}
	}
	return time.Time{}
}

// birthday starts the series of a birthday that is today.
func (s *Service) birthday(ctx context.Context, c *contact.Contact, now time.Time) ([]table.Write, error) {
	at := s.nextBirthday(*c, now)
	if at.IsZero() || at.After(now) {
		return nil, nil
	}
	// Noted before the series: it is what keeps it from starting twice.
	c.Person.Happened(birthdayEvent, at)
	return s.series(ctx, c, sequence.Event{Type: birthdayEvent, At: at}, true, now)
}
