package compliance

import (
	"time"

	"dangol/shared/holiday"
	"dangol/shared/platform/civil"
)

// BusinessDaysAfter is the end of the n-th Korean business day after the day of an instant: the first instant that is
// too late. The day itself does not count (민법 157조). Saturdays, Sundays and public holidays are no business days.
func BusinessDaysAfter(at time.Time, n int) time.Time {
	last := civil.DateAt(at, seoul)
	for n > 0 {
		last = last.Add(1)
		if !holiday.Weekend(last) && holiday.Korean(last) == "" {
			n--
		}
	}
	return last.Add(1).Start(seoul).UTC()
}
