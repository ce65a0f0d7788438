package reviewauditor_test

import (
	"testing"
	"time"

	reviewauditor "dangol/functions/review-auditor"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: reviewauditor.Spec(), Journey: func(s *system.Shop) {
		b := system.DeliveredOrder(s)
		line := s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
		s.Do(b.Owner.Caller, "POST", "/reviews", map[string]any{
			"orderId": b.Fill["orderId"], "lineId": line, "stars": 4, "text": "좋아요",
		})
		s.AdvanceBy(8 * 24 * time.Hour) // requests for reviews are due, and with them the daily audit
	}})
}
