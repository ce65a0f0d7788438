// Package policy is the shop's own part of the rules of outreach: how often people are written to, exceptions to
// consent, and how a new sending domain is warmed up. It is the JSON of the variable OUTREACH_CONFIG.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outreach/campaign"
)

// Config is the shop's own part of the rules, as JSON in OUTREACH_CONFIG.
type Config struct {
	// Max marketing messages to a person in Days, of which Reserved are for high priority.
	Max      int `json:"max"`
	Reserved int `json:"reserved"`
	Days     int `json:"days"`
	// Exceptions: send to existing customers without consent where the law allows it.
	Exceptions  bool `json:"exceptions"`
	DoubleOptIn bool `json:"doubleOptIn"`
	// WarmUp limits the marketing mails of a day while the domain is new; nil does not.
	WarmUp *WarmUp `json:"warmUp,omitempty"`
}

// WarmUp is First mails on the day Start (YYYY-MM-DD, UTC), half as many again each day, up to Most.
type WarmUp struct {
	Start string `json:"start"`
	First int    `json:"first"`
	Most  int    `json:"most"`
}

// mostCounted is how many messages of a person are remembered (package contact).
const mostCounted = 50

// defaults: at most four messages a week, one of them for what matters most; consent always, confirmed from the
// mailbox.
var defaults = Config{Max: 4, Reserved: 1, Days: 7, DoubleOptIn: true}

// Parse reads OUTREACH_CONFIG; empty is the default.
func Parse(text string) (Config, error) {
	c := defaults
	if text == "" {
		return c, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	// A misspelled name would leave the default in force unseen.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, err
	}
	// Without days a maximum would count for ever.
	if c.Max < 0 || c.Reserved < 0 || c.Reserved > c.Max || c.Days < 0 || c.Max > 0 && c.Days == 0 {
		return c, errors.New("max, reserved and days do not fit together")
	}
	if c.Max > mostCounted {
		return c, fmt.Errorf("max is at most %d: no more messages of a person are remembered", mostCounted)
	}
	if w := c.WarmUp; w != nil {
		if _, err := time.Parse(time.DateOnly, w.Start); err != nil || w.First <= 0 || w.Most < w.First {
			return c, errors.New("warmUp needs a start such as 2026-12-01, a positive first and a most that is not less")
		}
	}
	return c, nil
}

// WarmUpPlan is the plan of the warm-up; the zero value, which limits nothing, where there is none.
func (c Config) WarmUpPlan() campaign.WarmUp {
	if c.WarmUp == nil {
		return campaign.WarmUp{}
	}
	start, err := time.Parse(time.DateOnly, c.WarmUp.Start)
	if err != nil { // Parse refuses it
		return campaign.WarmUp{}
	}
	return campaign.WarmUp{Start: start, First: c.WarmUp.First, Most: c.WarmUp.Most}
}

// Gate is the part that decides about single messages.
func (c Config) Gate() compliance.GatePolicy {
	return compliance.GatePolicy{
		Exceptions: c.Exceptions,
		Cap:        compliance.FrequencyCap{Max: c.Max, Reserved: c.Reserved, Window: time.Duration(c.Days) * 24 * time.Hour},
	}
}
