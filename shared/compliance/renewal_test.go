package compliance_test

import (
	"testing"

	"dangol/shared/compliance"
)

func TestWhenARenewalIsAnnounced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		country string
		every   int
		windows [][2]int // earliest and latest days before
	}{
		{"monthly: the shop's choice", "US", 30, nil},
		{"a year in the USA: 15 to 45 days, and the networks' 30", "US", 365, [][2]int{{30, 15}}},
		{"a year in France: one to three months, and the networks' notice", "fr", 365, [][2]int{{90, 32}, {30, 7}}},
		{"a year in Korea: the networks'", "KR", 366, [][2]int{{30, 7}}},
		{"half a year anywhere", "JP", 180, [][2]int{{30, 7}}},
		{"a day less", "JP", 179, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules := compliance.RenewalRulesFor(tt.country, tt.every)
			if len(rules) != len(tt.windows) {
				t.Fatalf("%d rules, want %d", len(rules), len(tt.windows))
			}
			for i, r := range rules {
				if r.Earliest != tt.windows[i][0] || r.Latest != tt.windows[i][1] || r.Source == "" {
					t.Errorf("rule %+v, want %v", r, tt.windows[i])
				}
				if d := r.Days(); d > r.Earliest || d < r.Latest {
					t.Errorf("announced %d days before, outside %d to %d", d, r.Earliest, r.Latest)
				}
			}
		})
	}
}
