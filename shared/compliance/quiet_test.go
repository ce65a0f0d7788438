package compliance_test

import (
	"testing"
	"time"

	"dangol/shared/compliance"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		channel compliance.Channel
		at      string
		want    string // when it may be sent
	}{
		{"a text message at 20:59:59 goes out", compliance.SMS, "2026-03-10 20:59:59", "2026-03-10 20:59:59"},
		{"at 21:00:00 it waits for the morning", compliance.SMS, "2026-03-10 21:00:00", "2026-03-11 08:00:00"},
		{"after midnight for the same morning", compliance.Push, "2026-03-11 00:30:00", "2026-03-11 08:00:00"},
		{"at 07:59:59 for a second", compliance.SMS, "2026-03-11 07:59:59", "2026-03-11 08:00:00"},
		{"at 08:00:00 it goes out", compliance.KakaoMsg, "2026-03-11 08:00:00", "2026-03-11 08:00:00"},
		{"e-mail is exempt", compliance.Email, "2026-03-11 03:00:00", "2026-03-11 03:00:00"},
		{"over the end of a month", compliance.SMS, "2026-02-28 22:00:00", "2026-03-01 08:00:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, country := range []string{"KR", "us", "DE"} {
				q := compliance.QuietHours(tt.channel, country)
				if got := q.Next(in(tt.at), seoul); !got.Equal(in(tt.want)) {
					t.Errorf("%s: %s, want %s", country, got.In(seoul), tt.want)
				}
			}
		})
	}
}

func TestWhenTheNextNightBegins(t *testing.T) {
	t.Parallel()
	q := compliance.QuietHours(compliance.Push, "KR")
	for at, want := range map[string]string{
		"2026-03-10 12:00:00": "2026-03-10 21:00:00",
		"2026-03-10 20:59:59": "2026-03-10 21:00:00",
		"2026-03-10 21:00:00": "2026-03-11 21:00:00",
		"2026-03-31 23:00:00": "2026-04-01 21:00:00",
		"2026-04-01 07:00:00": "2026-04-01 21:00:00",
	} {
		if got, ok := q.Begins(in(at), seoul); !ok || !got.Equal(in(want)) {
			t.Errorf("%s: %s, want %s", at, got.In(seoul), want)
		}
	}
	if _, ok := compliance.QuietHours(compliance.Email, "KR").Begins(in("2026-03-10 12:00:00"), seoul); ok {
		t.Error("e-mail has a night")
	}
}

func TestTheRecipientsClockCounts(t *testing.T) {
	t.Parallel()
	la, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	q := compliance.QuietHours(compliance.SMS, "US")
	noonInSeoul := in("2026-03-10 12:00:00") // 20:00 in Los Angeles, the clock there one hour ahead since the 8th
	if q.Covers(noonInSeoul, la) {
		t.Error("20:00 in Los Angeles is quiet")
	}
	if got, want := q.Next(noonInSeoul.Add(2*time.Hour), la), time.Date(2026, 3, 10, 8, 0, 0, 0, la); !got.Equal(want) {
		t.Errorf("got %s, want %s", got.In(la), want)
	}
}
