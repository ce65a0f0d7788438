package mailer_test

import (
	"regexp"
	"strings"
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
		transcript(s)
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

// transcript is a conversation whose customer asks for it by mail.
func transcript(s *system.Shop) {
	who := s.As(system.Unique("dami"))
	path := "/chat/conversations/" +
		s.Do(who, "POST", "/chat/conversations", `{"language":"ko"}`).Field(s.T, "conversation.id")
	email := system.Unique("dami") + "@example.com"
	s.Do(who, "PUT", path+"/contact", map[string]string{"email": email})
	s.RunUntilIdle()
	code := sixDigits.FindString(s.Mail().Messages(email)[0].Text)
	s.Do(who, "POST", path+"/contact/prove", map[string]string{"code": code})
	s.Do(who, "POST", path+"/transcript", `{"clientId":"client-01"}`)
	s.RunUntilIdle()
	mails := s.Mail().Messages(email)
	if len(mails) != 2 || len(mails[0].ReplyTo) != 1 || !strings.HasSuffix(mails[0].ReplyTo[0], "@reply.haneul.example") {
		s.T.Errorf("mails %+v", mails)
	}
}

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

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
