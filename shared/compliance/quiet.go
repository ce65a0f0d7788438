package compliance

import (
	"strings"
	"time"
)

// Channel is how a message reaches somebody.
type Channel string

// The channels.
const (
	Email    Channel = "email"
	SMS      Channel = "sms"
	Push     Channel = "push"
	KakaoMsg Channel = "kakao"
	Phone    Channel = "phone"
)

// Quiet is the hours of the night in which a channel is not used: from From o'clock until To o'clock on the recipient's
// wall clock. The zero value is no quiet hours.
type Quiet struct {
	From, To int
	Source   string
}

// quietHours by country. Korea: advertising between 21:00 and 08:00 needs separate consent (정보통신망법 50조 3항); the decree
// exempts e-mail (시행령 61조 2항). USA: no telephone solicitation, texts included, before 8 or after 21 (47 CFR
// 64.1200(c)(1)). The shop keeps the same hours everywhere else as a courtesy, and also for messages that are no
// advertising, such as a failed payment.
var quietHours = map[string]Quiet{
	"KR": {From: 21, To: 8, Source: "정보통신망법 50조 3항, 시행령 61조 2항"},
	"US": {From: 21, To: 8, Source: "47 CFR 64.1200(c)(1)"},
	"":   {From: 21, To: 8, Source: "courtesy"},
}

// QuietHours returns the quiet hours of a channel in a country (ISO 3166, two letters). E-mail has none: it waits until
// it is opened.
func QuietHours(channel Channel, country string) Quiet {
	if channel == Email {
		return Quiet{}
	}
	if q, ok := quietHours[strings.ToUpper(country)]; ok {
		return q
	}
	return quietHours[""]
}

// Covers reports whether an instant is in the quiet hours where the recipient is. 21:00:00 is, 08:00:00 is not.
func (q Quiet) Covers(at time.Time, zone *time.Location) bool {
	h := at.In(zone).Hour()
	// Hours that go over midnight.
	if q.From > q.To {
		return h >= q.From || h < q.To
	}
	return h >= q.From && h < q.To
}

// Next is the first instant from at on that is outside the quiet hours.
func (q Quiet) Next(at time.Time, zone *time.Location) time.Time {
	if !q.Covers(at, zone) {
		return at
	}
	local := at.In(zone)
	y, m, d := local.Date()
	if q.From > q.To && local.Hour() >= q.From {
		d++
	}
	morning := time.Date(y, m, d, q.To, 0, 0, 0, zone)
	// The night ends in the hour that the clock skips when summer time begins.
	if morning.Before(at) || q.Covers(morning, zone) {
		morning = morning.Add(time.Hour) // the clock jumps over the hour in which the night ends
	}
	return morning.UTC()
}

// Begins is the first instant after at at which the quiet hours begin; ok is false for a channel that has none.
func (q Quiet) Begins(at time.Time, zone *time.Location) (evening time.Time, ok bool) {
	if q.From == q.To {
		return time.Time{}, false
	}
	y, m, d := at.In(zone).Date()
	evening = time.Date(y, m, d, q.From, 0, 0, 0, zone)
	if !evening.After(at) {
		evening = time.Date(y, m, d+1, q.From, 0, 0, 0, zone)
	}
	return evening.UTC(), true
}
