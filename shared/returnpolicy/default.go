package returnpolicy

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed default.json
var defaultPolicy []byte

// Default is the policy of a shop that has not published one: version 0, in force always. It gives 14 days in Korea and
// the EU and 30 elsewhere, and meets the law of every country.
func Default() (Policy, error) {
	var p Policy
	if err := json.Unmarshal(defaultPolicy, &p); err != nil {
		return Policy{}, fmt.Errorf("default return policy: %w", err)
	}
	return p, nil
}
