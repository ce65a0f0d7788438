package promotion_test

import (
	"slices"
	"strings"
	"testing"

	"dangol/shared/promotion"
)

func TestTheGuardThatComesWithTheShop(t *testing.T) {
	t.Parallel()
	policy, err := promotion.DefaultPolicy()
	if err != nil {
		t.Fatal(err)
	}
	history := []promotion.Span{span(t, "first", "2026-09-01", "2026-09-04"),
		span(t, "second", "2026-09-15", "2026-09-18")}
	breaches := policy.Check(history, span(t, "third", "2026-09-25", "2026-09-27"))
	var rules []string
	for _, b := range breaches {
		rules = append(rules, b.Scope+": "+string(b.Rule))
	}
	want := []string{"shop: days_on_sale", "any product: days_on_sale", "any product: gap"}
	if !slices.Equal(rules, want) || breaches[0].Actual != 11 || policy.Zone.String() != "Asia/Seoul" {
		t.Errorf("the third sale of the month: %v in %v", breaches, policy.Zone)
	}
}

func TestAGuardThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, says string }{
		{"no time zone", `{}`, "timeZone"},
		{"no such time zone", `{"timeZone":"Mars/Olympus"}`, "Mars/Olympus"},
		{"a misspelled field", `{"timeZone":"UTC","windowdayz":3}`, "windowdayz"},
		{"below zero", `{"timeZone":"UTC","product":{"minGapDays":-1}}`, "product.minGapDays"},
		{"days without a window", `{"timeZone":"UTC","shop":{"maxDays":3}}`, "windowDays"},
		{"more than a year", `{"timeZone":"UTC","windowDays":366}`, "365"},
		{"no JSON", `x`, "guard"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, err := promotion.ParsePolicy([]byte(tc.raw)); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want one that says %q", err, tc.says)
			}
		})
	}
}
