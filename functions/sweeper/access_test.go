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
		_, variant := s.Product(2, nil)
		s.Buy(s.GuestWith(variant, 1), "pm_card_threeDSecure2Required")
		p := s.GuestWith(variant, 1)
		p.Email = "throttle+1@simulator.example.com" // SES refuses the first mail: it is due again a little later
		s.Do(p.Caller, "PUT", "/carts/"+p.Cart+"/contact", map[string]string{"email": p.Email})
		s.Buy(p, "pm_card_visa")
		s.Do(system.Guest, "POST", "/chat/conversations", `{"language":"ko","text":"상담원 연결"}`) // escalates
		system.DeliveredOrder(s)
		s.AdvanceBy(8 * 24 * time.Hour) // its buyer is asked for a review after a week
		s.AdvanceBy(time.Hour)          // the hold on the stock of the first is due after ten minutes
	}})
}
