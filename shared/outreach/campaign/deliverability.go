package campaign

import "time"

// Health is what became of the marketing mails of the last 24 hours.
type Health struct {
	Sent       int `json:"sent" dynamodbav:"sent"`
	Bounced    int `json:"bounced" dynamodbav:"bounced"` // hard
	Complained int `json:"complained" dynamodbav:"complained"`
}

// Verdict is what follows from Health.
type Verdict string

// The verdicts.
const (
	Healthy Verdict = "healthy"
	Warn    Verdict = "warn"  // an alarm; sending goes on
	Pause   Verdict = "pause" // marketing stops until a person resumes it
)

// Limits of the watch, below those at which SES reviews an account (5 % bounces, 0.1 % complaints) and Gmail refuses
// mail (0.3 %). A share of few mails says little: under minimum only a count of its own pauses.
const (
	minimum        = 500
	fewComplaints  = 5
	bounceWarn     = 0.02
	bouncePause    = 0.04
	complaintWarn  = 0.0008
	complaintPause = 0.002
)

// Watch judges the last 24 hours.
func Watch(h Health) Verdict {
	// Too few for a share: counts of their own. 50 bounces are a tenth of the minimum.
	if h.Sent < minimum {
		if h.Complained >= fewComplaints || h.Bounced >= minimum/10 {
			return Pause
		}
		return Healthy
	}
	bounced, complained := float64(h.Bounced)/float64(h.Sent), float64(h.Complained)/float64(h.Sent)
	switch {
	case bounced >= bouncePause || complained >= complaintPause:
		return Pause
	case bounced >= bounceWarn || complained >= complaintWarn:
		return Warn
	}
	return Healthy
}

// WarmUp is how a new domain grows: First mails on the first day, half as many again each day, up to Most. The zero
// value is no limit.
type WarmUp struct {
	Start time.Time `json:"start" dynamodbav:"start"`
	First int       `json:"first" dynamodbav:"first"`
	Most  int       `json:"most" dynamodbav:"most"`
}

// Allowance is how many marketing mails may be sent on the day of now, and whether there is a limit. Days are days of
// the zone. A day whose verdict is not Healthy repeats the allowance of the day before it: held is how many such days
// there were.
func (w WarmUp) Allowance(now time.Time, zone *time.Location, held int) (mails int, limited bool) {
	// No warm-up was set.
	if w.Start.IsZero() || w.First <= 0 {
		return 0, false
	}
	// Days that were held back do not count.
	days := daysBetween(w.Start.In(zone), now.In(zone)) - held
	allowance := float64(w.First)
	for range max(0, days) {
		allowance *= 1.5
		// The domain has reached its size and needs no limit any more.
		if w.Most > 0 && allowance >= float64(w.Most) {
			return 0, false
		}
	}
	return int(allowance), true
}

// daysBetween counts days of the calendar, which differ from 24 hours when the clock changes.
func daysBetween(from, to time.Time) int {
	a := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}
