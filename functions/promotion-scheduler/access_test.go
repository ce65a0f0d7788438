package promotionscheduler_test

import (
	"testing"
	"time"

	promotionscheduler "dangol/functions/promotion-scheduler"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: promotionscheduler.Spec(), Journey: func(s *system.Shop) {
		product, variant := s.Product(5, nil)
		s.Publish(system.Sale(product, "2026-11-22T10:00", "2026-11-22T12:00", nil))
		s.Publish(system.Sale(product, "2026-11-20T10:00", "2026-11-30T12:00", map[string]any{
			"kind": "percentage", "budget": map[string]any{"uses": 1},
		}))
		s.Buy(s.CustomerWith(system.Unique("sam"), variant, 1), "pm_card_visa")
		s.AdvanceBy(20 * time.Hour)
	}})
}
