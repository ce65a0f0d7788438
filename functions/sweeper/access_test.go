package sweeper_test

import (
	"testing"
	"time"

	"dangol/functions/sweeper"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: sweeper.Spec(), Journey: func(s *system.Shop) {
		_, variant := s.Product(1, nil)
		s.Buy(s.GuestWith(variant, 1), "pm_card_threeDSecure2Required")
		s.AdvanceBy(time.Hour) // the hold on the stock is due after ten minutes
	}})
}
