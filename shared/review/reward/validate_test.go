package reward_test

import (
	"encoding/json"
	"testing"

	"dangol/infra/testkit/bounds"
	"dangol/shared/platform/problem"
	"dangol/shared/review/reward"
)

// TestCriteriaRefuseWhatTheirSchemaRefuses sets each field of the request beyond each of its bounds.
func TestCriteriaRefuseWhatTheirSchemaRefuses(t *testing.T) {
	t.Parallel()
	if err := reward.Default.Validate(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	for _, beyond := range bounds.Of(t, "setReviewRewards") {
		c := reward.Default
		raw, err := json.Marshal(map[string]any{beyond.Field: beyond.Value})
		if err == nil {
			err = json.Unmarshal(raw, &c)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); problem.Code(err) != "invalid_input" {
			t.Errorf("%s %v: %v", beyond.Field, beyond.Value, err)
		}
	}
	c := reward.Default
	if c.Currency = "won"; problem.Code(c.Validate()) != "invalid_input" {
		t.Error("no currency is refused")
	}
}
