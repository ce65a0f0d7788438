package billing_test

import (
	"testing"
	"time"

	function "dangol/functions/billing"
	"dangol/infra/testkit/system"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/report"
	"dangol/shared/subscription/service"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: function.Spec(), Journey: func(s *system.Shop) {
		renewABox(s)
		reportOfALargeShop(s)
	}})
}

// renewABox lets a subscription pay for a second period and sends its box.
func renewABox(s *system.Shop) {
	_, variant := s.Product(3, nil)
	box := s.Plan(map[string]any{
		"kind": "box", "editions": []any{map[string]any{
			"name": "first", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}},
	})
	s.Subscribe(s.As(system.Unique("fay")), box, "pm_card_visa")
	s.AdvanceBy(32 * 24 * time.Hour)
}

// reportOfALargeShop has the worker add up figures that the request itself would in so small a shop.
func reportOfALargeShop(s *system.Shop) {
	reports := report.Reports{Service: &service.Service{Table: s.Table(table.Commerce.Name), Clock: s.Clock()}}
	question := report.Query{Currency: "KRW", From: system.Opening, To: s.Clock().Now(), Days: 62}
	if err := reports.Request(s.T.Context(), question); err != nil {
		s.T.Fatal(err)
	}
	s.AdvanceBy(time.Minute)
	if r, err := reports.Get(s.T.Context(), question); err != nil || !r.Ready || len(r.States) == 0 {
		s.T.Errorf("the worker's figures are %+v, %v", r, err)
	}
}
