package promotion

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

//go:embed guard.json
var guardFile []byte

// DefaultPolicy is the guard that comes with the shop: on sale on at most 10 days of any 30 as a shop and 7 as a
// product, 14 days between two sales of a product, never more than half off, at most one sale of a product and two of
// the shop at once.
func DefaultPolicy() (Policy, error) { return ParsePolicy(guardFile) }

// ParsePolicy reads a guard. Its errors name the wrong field.
func ParsePolicy(raw []byte) (Policy, error) {
	var file struct {
		TimeZone string `json:"timeZone"`
		Policy
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return Policy{}, fmt.Errorf("guard: %w", err)
	}
	p := file.Policy
	var err error
	// "Local" would mean another zone on each machine.
	if p.Zone, err = time.LoadLocation(file.TimeZone); err != nil || file.TimeZone == "" || file.TimeZone == "Local" {
		return Policy{}, fmt.Errorf("guard: timeZone: %q is no IANA time zone", file.TimeZone)
	}
	// A map gives the fields in any order; only the first error
	// is returned, so of several wrong fields any may be named.
	for field, n := range map[string]int{
		"windowDays": p.WindowDays, "maxDepth": p.MaxDepth,
		"product.maxDays": p.Product.MaxDays, "product.minGapDays": p.Product.MinGapDays,
		"product.maxOverlap": p.Product.MaxOverlap,
		"shop.maxDays":       p.Shop.MaxDays, "shop.minGapDays": p.Shop.MinGapDays, "shop.maxOverlap": p.Shop.MaxOverlap,
	} {
		if n < 0 {
			return Policy{}, fmt.Errorf("guard: %s: below zero", field)
		}
	}
	// A year is as far as reports look back.
	if p.WindowDays > year || p.MaxDepth > whole {
		return Policy{}, fmt.Errorf("guard: windowDays is at most %d, maxDepth at most %d", year, whole)
	}
	if p.WindowDays == 0 && p.Product.MaxDays+p.Shop.MaxDays > 0 {
		return Policy{}, fmt.Errorf("guard: windowDays: needed by maxDays")
	}
	return p, nil
}

// LoadPolicy reads what a variable says: a guard as JSON, the path of a file with one, or nothing for the one that
// comes with the shop.
func LoadPolicy(config string) (Policy, error) {
	switch {
	case config == "":
		return DefaultPolicy()
	case strings.HasPrefix(strings.TrimSpace(config), "{"):
		return ParsePolicy([]byte(config))
	}
	raw, err := os.ReadFile(config)
	if err != nil {
		return Policy{}, fmt.Errorf("guard: %w", err)
	}
	return ParsePolicy(raw)
}
