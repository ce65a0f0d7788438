package mailer_test

import (
	"testing"
	"time"

	"dangol/functions/mailer"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: mailer.Spec(), Journey: func(s *system.Shop) {
		s.Order()
		s.RunUntilIdle()
		mailThatWaits(s)
		complaint(s)
		reviewReturned(s)
	}})
}

// mailThatWaits is an order whose confirmation SES does not take at first: the queue sends it.
func mailThatWaits(s *system.Shop) {
	_, variant := s.Product(1, nil)
	p := s.GuestWith(variant, 1)
	p.Email = "throttle+1@simulator.example.com"
	s.Do(p.Caller, "PUT", "/carts/"+p.Cart+"/contact", map[string]string{"email": p.Email})
	s.Buy(p, "pm_card_visa")
	s.AdvanceBy(10 * time.Minute)
	if mails := s.Subjects(p.Email); len(mails) != 1 {
		s.T.Errorf("mails after throttling: %q", mails)
	}
}

// complaint is an order whose confirmation is reported as spam: the watch looks at the day's numbers.
func complaint(s *system.Shop) {
	_, variant := s.Product(1, nil)
	p := s.GuestWith(variant, 1)
	p.Email = "complaint@simulator.example.com"
	s.Do(p.Caller, "PUT", "/carts/"+p.Cart+"/contact", map[string]string{"email": p.Email})
	s.Buy(p, "pm_card_visa")
	s.RunUntilIdle()
}

// reviewReturned is a review that a moderator returns: its author is written to at the address of the order.
func reviewReturned(s *system.Shop) {
	b := system.DeliveredOrder(s)
	line := s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
	review := s.Do(b.Owner.Caller, "POST", "/reviews", map[string]any{
		"orderId": b.Fill["orderId"], "lineId": line, "stars": 4, "text": system.Unique("좋아요 "),
	}).Field(s.T, "id")
	s.Do(s.Agent(), "POST", "/admin/products/"+b.Fill["id"]+"/reviews/"+review+"/decision",
		`{"reasons":[{"reason":"off_topic"}]}`)
	s.RunUntilIdle()
	if mails := s.Subjects(b.Owner.Email); len(mails) == 0 {
		s.T.Errorf("no mail to %s", b.Owner.Email)
	}
}
