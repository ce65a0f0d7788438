package ses

import (
	"encoding/json"
	"net/http"
	"time"
)

// Quotas of the account on a laptop. The rate is above what a laptop sends: the mailer waits for
// its turn in real time, while the shop's clock, by which the rate is counted, may stand still.
const (
	accountRate  = 100_000
	accountQuota = 1_000_000
)

// account answers GetAccount with the quotas, and with what was sent in the last 24 hours.
func (s *Sink) account(w http.ResponseWriter, _ *http.Request) {
	rate := s.options.Rate
	if rate == 0 {
		rate = accountRate
	}
	since, sent := s.options.Clock.Now().Add(-24*time.Hour), 0
	s.mu.Lock()
	for _, m := range s.messages {
		if m.At.After(since) {
			sent++
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"ProductionAccessEnabled": true, "SendingEnabled": true, "EnforcementStatus": "HEALTHY",
		"SendQuota": map[string]float64{"Max24HourSend": accountQuota, "MaxSendRate": rate, "SentLast24Hours": float64(sent)},
	})
}

// tooFast reports whether this message is one more than the rate allows. Like SES it counts with a
// bucket that holds one second's mails.
func (s *Sink) tooFast() bool {
	if s.options.Rate == 0 {
		return false
	}
	now := s.options.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bucket = min(s.options.Rate, s.bucket+now.Sub(s.bucketAt).Seconds()*s.options.Rate)
	s.bucketAt = now
	if s.bucket < 1 {
		return true
	}
	s.bucket--
	return false
}
