package civil_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/civil"
)

// anyDate draws a date of four hundred years, after which the calendar repeats.
func anyDate(t *rapid.T, name string) civil.Date {
	return civil.DateOfNumber(rapid.IntRange(-70*366, 330*366).Draw(t, name))
}

func TestDaysAreCountedAsTheyAreAdded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate(t, "date"), rapid.IntRange(-100_000, 100_000).Draw(t, "days")
		e := d.Add(n)
		if d.Days(e) != n || e.Days(d) != -n || e.Add(-n) != d {
			t.Errorf("%s and %d days is %s, %d days away", d, n, e, d.Days(e))
		}
		if (e > d) != (n > 0) || (e == d) != (n == 0) {
			t.Errorf("%s and %s do not sort as their days do", d, e)
		}
		if e.Number()-d.Number() != n || civil.DateOfNumber(d.Number()) != d {
			t.Errorf("numbers %d and %d", d.Number(), e.Number())
		}
		if int(e.Weekday())-int(d.Weekday()) != 0 && n%7 == 0 {
			t.Errorf("%d whole weeks later it is a %s, not a %s", n/7, e.Weekday(), d.Weekday())
		}
	})
}

func TestADateIsMadeOfItsParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(t, "date")
		if got := civil.NewDate(d.Parts()); got != d {
			t.Errorf("%s, want %s", got, d)
		}
		read, err := civil.ParseDate(string(d))
		if err != nil || read != d {
			t.Errorf("%s: %v", read, err)
		}
	})
	// A day beyond the month's last goes on into the next month.
	for want, parts := range map[civil.Date][3]int{
		"2027-03-03": {2027, 2, 31}, "2028-02-29": {2028, 2, 29}, "2027-01-01": {2026, 12, 32}, "2026-11-30": {2026, 12, 0},
	} {
		if got := civil.NewDate(parts[0], time.Month(parts[1]), parts[2]); got != want {
			t.Errorf("%v is %s, want %s", parts, got, want)
		}
	}
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "2026-13-01", "2026-02-29", "2026-2-1", "26-02-01", "2026-02-01T00:00", " 2026-02-01", "2026/02/01",
		"２０２６-02-01", "+2026-02-01",
	} {
		if d, err := civil.ParseDate(text); err == nil {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

func TestAZoneThatIsNotKnownIsUTC(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Asia/Seoul": "Asia/Seoul", "": "UTC", "Mars/Olympus": "UTC"} {
		if got := civil.ZoneOrUTC(name).String(); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}
