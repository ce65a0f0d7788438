package policy_test

import (
	"testing"
	"time"

	"dangol/shared/outreach/policy"
)

func TestPolicies(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"": true, `{"max":4,"reserved":1,"days":7}`: true, `{"max":0}`: false, `{"max":1,"reserved":2,"days":7}`: false,
		`{"max":4,"days":0}`: false, `{"maximum":4}`: false, `not JSON`: false, `{"max":-1}`: false,
		`{"max":51,"days":7}`: false,
		`{"warmUp":{"start":"2026-12-01","first":500,"most":50000}}`: true,
		`{"warmUp":{"start":"tomorrow","first":500,"most":50000}}`:   false,
		`{"warmUp":{"start":"2026-12-01","first":0,"most":50000}}`:   false,
		`{"warmUp":{"start":"2026-12-01","first":500,"most":100}}`:   false,
	} {
		if c, err := policy.Parse(text); (err == nil) != ok {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}

func TestTheDefaultCapsAndAsksTwice(t *testing.T) {
	t.Parallel()
	c, err := policy.Parse("")
	if err != nil || c.Gate().Cap.Max != 4 || c.Gate().Cap.Window != 7*24*time.Hour || c.Gate().Exceptions ||
		!c.DoubleOptIn ||
		!c.WarmUpPlan().Start.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}
