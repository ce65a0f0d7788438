package compliance_test

import (
	"testing"
	"time"

	"dangol/shared/compliance"
)

var kst = time.FixedZone("KST", 9*60*60)

func seoulTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, kst)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTheLawOfACountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		country            string
		days               int
		fees, sale         bool
		outbound, function bool
	}{
		{"KR", 7, false, false, false, false},
		{"DE", 14, false, false, true, true},
		{"fr", 14, false, false, true, true},
		{"GB", 14, false, false, true, false},
		{"US", 0, true, true, false, false},
		{"JP", 0, true, true, false, false},
		{"BR", 7, false, false, false, false}, // the law of the shop's home
	} {
		r := compliance.ReturnRuleFor(c.country)
		if r.WithdrawalDays != c.days || r.Fees != c.fees || r.Allows(compliance.ReducedPrice) != c.sale ||
			r.OutboundBack != c.outbound || (r.Function != nil) != c.function || r.Source == "" {
			t.Errorf("%s: %+v", c.country, r)
		}
	}
}

func TestAWindowClosesToTheSecondInTheCustomersZone(t *testing.T) {
	t.Parallel()
	received := seoulTime(t, "2026-11-02 00:00:01")
	end := compliance.WindowEnds(received, 7, kst)
	if want := seoulTime(t, "2026-11-10 00:00:00"); !end.Equal(want) {
		t.Fatalf("in Seoul it ends %s, want %s", end.In(kst), want)
	}
	ny := time.FixedZone("EST", -5*60*60) // there it was received the day before
	if want := time.Date(2026, 11, 9, 0, 0, 0, 0, ny); !compliance.WindowEnds(received, 7, ny).Equal(want) {
		t.Fatalf("in New York it ends %s", compliance.WindowEnds(received, 7, ny).In(ny))
	}
}

func TestFaultyGoods(t *testing.T) {
	t.Parallel()
	kr := compliance.ReturnRuleFor("KR")
	for _, c := range []struct{ name, received, known, want string }{
		{"three months", "2026-01-10 12:00:00", "", "2026-04-11 00:00:00"},
		{"three months from the last day of a long month", "2026-11-30 12:00:00", "", "2027-03-01 00:00:00"},
		{"thirty days after knowing, when that is earlier", "2026-01-10 12:00:00", "2026-01-12 09:00:00",
			"2026-02-12 00:00:00"},
		{"three months, when that is earlier", "2026-01-10 12:00:00", "2026-04-01 09:00:00", "2026-04-11 00:00:00"},
	} {
		known := time.Time{}
		if c.known != "" {
			known = seoulTime(t, c.known)
		}
		if got := kr.FaultEnds(seoulTime(t, c.received), known, kst); !got.Equal(seoulTime(t, c.want)) {
			t.Errorf("%s: ends %s, want %s", c.name, got.In(kst), c.want)
		}
	}
}

func TestWhenARefundIsLate(t *testing.T) {
	t.Parallel()
	heard, received := seoulTime(t, "2026-11-02 10:00:00"), seoulTime(t, "2026-11-06 10:00:00")
	kr, eu := compliance.ReturnRuleFor("KR"), compliance.ReturnRuleFor("DE")
	if got := kr.RefundBy(heard, received); !got.Equal(seoulTime(t, "2026-11-12 00:00:00")) {
		t.Errorf("Korea: by %s", got.In(kst))
	}
	if !kr.RefundBy(heard, time.Time{}).IsZero() || !eu.RefundBy(heard, time.Time{}).IsZero() {
		t.Error("a deadline runs before the goods are back")
	}
	if got := eu.RefundBy(heard, received); !got.Equal(heard.AddDate(0, 0, 14)) {
		t.Errorf("EU: by %s", got)
	}
	late := heard.AddDate(0, 0, 20)
	if got := eu.RefundBy(heard, late); !got.Equal(late.AddDate(0, 0, 1)) {
		t.Errorf("EU, goods after 20 days: by %s", got)
	}
}

func TestInterestOnALateRefund(t *testing.T) {
	t.Parallel()
	kr := compliance.ReturnRuleFor("KR")
	by := seoulTime(t, "2026-11-12 00:00:00")
	for _, c := range []struct {
		name string
		at   time.Time
		want int64
	}{
		{"in time", by.Add(-time.Second), 0},
		{"one day begun: 15 % of 365,000 won by 365 days", by, 150},
		{"ten days", by.AddDate(0, 0, 9), 1_500},
	} {
		if got := kr.LateInterest(365_000, by, c.at); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if compliance.ReturnRuleFor("US").LateInterest(365_000, by, by.AddDate(1, 0, 0)) != 0 {
		t.Error("interest where no law is known")
	}
}
