package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"dangol/shared/compliance"
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
}

// defaults: at most four messages a week, one of them for what matters most; consent always, confirmed from the
// mailbox.
var defaults = Config{Max: 4, Reserved: 1, Days: 7, DoubleOptIn: true}

// ParseConfig reads OUTREACH_CONFIG; empty is the default.
func ParseConfig(text string) (Config, error) {
	c := defaults
	if text == "" {
		return c, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, err
	}
	if c.Max < 0 || c.Reserved < 0 || c.Reserved > c.Max || c.Days < 0 || c.Max > 0 && c.Days == 0 {
		return c, errors.New("max, reserved and days do not fit together")
	}
	return c, nil
}

func (c Config) policy() compliance.GatePolicy {
	return compliance.GatePolicy{
		Exceptions: c.Exceptions,
		Cap:        compliance.FrequencyCap{Max: c.Max, Reserved: c.Reserved, Window: time.Duration(c.Days) * 24 * time.Hour},
	}
}
