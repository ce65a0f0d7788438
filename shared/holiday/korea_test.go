package holiday_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/holiday"
	"dangol/shared/platform/civil"
	"dangol/shared/promotion"
)

// daysOf are the holidays of a year in order.
func daysOf(year int) (days []civil.Date) {
	for date := civil.NewDate(year, time.January, 1); date < civil.NewDate(year+1, time.January, 1); date = date.Add(1) {
		if holiday.Korean(date) != "" {
			days = append(days, date)
		}
	}
	return days
}

func TestKoreanHolidaysOnWeekdays(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{
		// Children's Day and Buddha's birthday fall on one Monday; the harvest festival meets a Sunday.
		2025: "01-01 01-28 01-29 01-30 03-03 05-05 05-06 06-06 08-15 10-03 10-06 10-07 10-08 10-09 12-25",
		2026: "01-01 02-16 02-17 02-18 03-02 05-05 05-25 06-03 08-17 09-24 09-25 10-05 10-09 12-25",
		// New Year's Eve of the lunar year is a Saturday, which has no substitute; the day itself is a Sunday, which has.
		2027: "01-01 02-08 02-09 03-01 05-05 05-13 08-16 09-14 09-15 09-16 10-04 10-11 12-27",
		2028: "01-26 01-27 01-28 03-01 04-12 05-02 05-05 06-06 08-15 10-02 10-03 10-04 10-05 10-09 12-25",
	} {
		var got []string
		for _, date := range daysOf(year) {
			if !holiday.Weekend(date) {
				got = append(got, string(date)[len("2006-"):])
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d:\n got %s\nwant %s", year, s, want)
		}
	}
}

func TestEveryHolidayHasItsName(t *testing.T) {
	t.Parallel()
	for date, want := range map[civil.Date]string{
		"2025-05-05": "부처님오신날", "2025-05-06": "어린이날 대체공휴일", // Children's Day and Buddha's birthday on one day
		"2025-10-08": "추석 대체공휴일", // the day before the festival is a Sunday
		"2026-02-16": "설날", "2026-03-01": "삼일절", "2026-03-02": "삼일절 대체공휴일", "2026-05-25": "부처님오신날 대체공휴일",
		"2026-06-03": "전국동시지방선거일", "2026-10-05": "개천절 대체공휴일", "2027-02-09": "설날 대체공휴일",
		"2028-10-03": "추석", "2028-10-05": "개천절 대체공휴일", "2036-02-01": "", "2026-11-30": "",
	} {
		if got := holiday.Korean(date); got != want {
			t.Errorf("%s is %q, want %q", date, got, want)
		}
	}
}

func TestASubstituteIsAWorkingDaySoonAfterItsHoliday(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		year := rapid.IntRange(2000, 2060).Draw(t, "year")
		var last civil.Date // of the holidays themselves
		for _, date := range daysOf(year) {
			name := holiday.Korean(date)
			if !strings.HasSuffix(name, " 대체공휴일") {
				last = date
				continue
			}
			if holiday.Weekend(date) || date.Add(-7) > last {
				t.Errorf("%s is on %s, the last holiday before it on %s", name, date, last)
			}
		}
	})
}

func TestTheSeasonsOfPromotionsHaveTheDaysOfTheAlmanac(t *testing.T) {
	t.Parallel()
	seasons, err := promotion.Seasons()
	if err != nil {
		t.Fatal(err)
	}
	names, compared := map[string]string{"seollal": "설날", "chuseok": "추석"}, 0
	for _, season := range seasons {
		for year, day := range season.Dates {
			name, ok := names[season.ID]
			if !ok {
				continue
			}
			compared++
			date := civil.Date(fmt.Sprintf("%d-%s", year, day))
			if got := holiday.Korean(date); got != name {
				t.Errorf("%s on %s is %q", season.ID, date, got)
			}
		}
	}
	if compared < 10 {
		t.Errorf("%d days were compared", compared)
	}
}
