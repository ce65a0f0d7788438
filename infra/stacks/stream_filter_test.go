package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTheStreamInvokesRelayForEventsAndForCountersThatAreSmall plays changes against the filters of the synthesized
// mapping, as Lambda does: what matches none of them costs nothing.
func TestTheStreamInvokesRelayForEventsAndForCountersThatAreSmall(t *testing.T) {
	s := synth(t)
	filters := map[string][]any{} // of each mapping by its table
	for id, m := range resources(t, s.Async.Stack, "AWS::Lambda::EventSourceMapping") {
		criteria, ok := m.Properties["FilterCriteria"].(map[string]any)
		if !ok || !strings.HasPrefix(id, "relay") {
			continue
		}
		table := "Care"
		if strings.Contains(fmt.Sprint(m.Properties["EventSourceArn"]), "Commerce") {
			table = "Commerce"
		}
		for _, f := range criteria["Filters"].([]any) {
			var pattern any
			if err := json.Unmarshal([]byte(f.(map[string]any)["Pattern"].(string)), &pattern); err != nil {
				t.Fatal(err)
			}
			filters[table] = append(filters[table], pattern)
		}
	}
	// Lambda takes five filters for a mapping; more need a raised quota.
	if len(filters["Commerce"]) != 4 || len(filters["Care"]) != 1 {
		t.Fatalf("%d filters on Commerce, %d on Care", len(filters["Commerce"]), len(filters["Care"]))
	}
	record := func(pk, sk, before, after string) string {
		return fmt.Sprintf(`{"dynamodb":{"Keys":{"pk":{"S":%q},"sk":{"S":%q}},"OldImage":%s,"NewImage":%s}}`, pk, sk, before,
			after)
	}
	units := func(n string) string { return fmt.Sprintf(`{"available":{"N":%q}}`, n) }
	for _, tt := range []struct {
		name, record string
		want         bool
	}{
		{"an event", record("ORDER#1", "ORDER", `{}`, `{"event":{"M":{"id":{"S":"evt_1"}}}}`), true},
		{"no event", record("ORDER#1", "ORDER", `{}`, `{"total":{"N":"1"}}`), false},
		{"plenty sold to plenty", record("STOCK#v", "BUCKET#00", units("40"), units("39")), false},
		{"51 is not 5", record("STOCK#v", "BUCKET#00", units("52"), units("51")), false},
		{"down to five", record("STOCK#v", "BUCKET#00", units("6"), units("5")), true},
		{"up from five", record("STOCK#v", "BUCKET#00", units("5"), units("60")), true},
		{"the last", record("STOCK#v", "BUCKET#00", units("1"), units("0")), true},
		{"below zero", record("STOCK#v", "BUCKET#00", units("-7"), units("-12")), true},
		{"watched, though there is plenty", record("STOCK#v", "BUCKET#00", units("40"),
			`{"available":{"N":"39"},"watch":{"N":"11"}}`), true},
		{"another item of the variant", record("STOCK#v", "LOG#1", units("1"), units("0")), false},
		{"a number of that name elsewhere", record("CREDIT#1", "BUCKET#00", units("1"), units("0")), false},
	} {
		var r any
		if err := json.Unmarshal([]byte(tt.record), &r); err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(filters["Commerce"], func(f any) bool { return matches(f, r) }); got != tt.want {
			t.Errorf("%s: invokes relay %v, want %v", tt.name, got, tt.want)
		}
	}
}

// matches is Lambda's rule: every field of the pattern must be there and match one of its list.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
func matches(pattern, value any) bool {
	switch p := pattern.(type) {
	case map[string]any:
		fields, _ := value.(map[string]any)
		for name, want := range p {
			if !matches(want, fields[name]) {
				return false
			}
		}
		return true
	case []any:
		return slices.ContainsFunc(p, func(one any) bool {
			rule, ok := one.(map[string]any)
			if !ok {
				return one == value
			}
			if exists, ok := rule["exists"]; ok {
				return exists == (value != nil)
			}
			text, is := value.(string)
			prefix, ok := rule["prefix"].(string)
			return is && ok && strings.HasPrefix(text, prefix)
		})
	}
	return false
}
