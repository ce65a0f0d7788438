package compliance_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
)

func TestThirdBusinessDay(t *testing.T) {
	t.Parallel()
	kst := time.FixedZone("KST", 9*60*60)
	for _, c := range []struct{ name, at, want string }{
		{"received on a Monday: the end of Thursday", "2026-11-02 09:00", "2026-11-06 00:00"},
		{"received on a Friday: the end of Wednesday", "2026-11-06 23:59", "2026-11-12 00:00"},
		{"received on a Saturday counts from Monday", "2026-11-07 12:00", "2026-11-12 00:00"},
		{"the harvest festival does not count", "2026-09-23 10:00", "2026-10-01 00:00"},
		{"across the end of the year", "2026-12-30 10:00", "2027-01-06 00:00"},
		{"a substitute holiday does not count", "2026-08-14 10:00", "2026-08-21 00:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, kst)
		if err != nil {
			t.Fatal(err)
		}
		if got := compliance.BusinessDaysAfter(at, 3).In(kst).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("%s: received %s, to be refunded before %s, want %s", c.name, c.at, got, c.want)
		}
	}
}

func TestBusinessDaysAreNeverEarlierThanDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_735_689_600, 2_050_000_000).Draw(t, "at"), 0)
		n := rapid.IntRange(0, 10).Draw(t, "days")
		end := compliance.BusinessDaysAfter(at, n)
		if least := at.AddDate(0, 0, n); end.Before(least) || end.After(at.AddDate(0, 0, 3*n+12)) {
			t.Fatalf("%d business days after %s end at %s", n, at, end)
		}
		if more := compliance.BusinessDaysAfter(at, n+1); !more.After(end) {
			t.Fatalf("one more day ends at %s, not after %s", more, end)
		}
	})
}
