package outreachworker_test

import (
	"strings"
	"testing"
	"time"

	outreachworker "dangol/functions/outreach-worker"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{Spec: outreachworker.Spec(), Journey: func(s *system.Shop) {
		reader := agree(s)
		leaveCart(s, reader)
		campaign(s)
		members(s)
	}})
}

// agree signs somebody up, and confirms from their mailbox.
func agree(s *system.Shop) string {
	s.T.Helper()
	email := system.Unique("reader") + "@example.com"
	s.Do(system.Guest, "POST", "/outreach/sign-ups", map[string]string{
		"email": email, "language": "ko", "country": "KR", "source": "form", "textVersion": "1",
	})
	s.AdvanceBy(2 * time.Minute)
	for _, m := range s.Mail().Messages(email) {
		if _, path, ok := strings.Cut(m.Text, "/outreach/confirm/"); ok {
			token, _, _ := strings.Cut(path, "\n")
			s.Do(system.Guest, "POST", "/outreach/confirm/"+strings.TrimSpace(token), nil)
			return email
		}
	}
	s.T.Fatal("nobody was asked to confirm")
	return ""
}

// leaveCart fills a cart and waits for the reminder, then buys.
func leaveCart(s *system.Shop, email string) {
	s.T.Helper()
	_, variant := s.Product(10, nil)
	p := s.GuestWith(variant, 1)
	s.Do(p.Caller, "PUT", "/carts/"+p.Cart+"/contact", map[string]string{"email": email})
	s.AdvanceBy(3 * time.Hour)
	before := len(s.Subjects(email))
	p.Email = email
	s.Buy(p, "pm_card_visa")
	s.AdvanceBy(4 * 24 * time.Hour)
	for _, subject := range s.Subjects(email)[:max(0, len(s.Subjects(email))-before)] {
		if strings.Contains(subject, "장바구니") {
			s.T.Errorf("a cart mail after the purchase: %q", subject)
		}
	}
	for _, m := range s.Mail().Messages(email) {
		if m.Header("List-Unsubscribe") != "" && !strings.HasPrefix(m.Subject, "(광고) ") {
			s.T.Errorf("an advertisement without its label: %q", m.Subject)
		}
	}
}

// campaign plans a campaign for everybody and waits until it is over.
func campaign(s *system.Shop) {
	s.T.Helper()
	local := s.Clock().Now().Add(10 * time.Minute).In(time.FixedZone("KST", 9*60*60)).Format("2006-01-02T15:04")
	words := map[string]any{"subject": "봄", "heading": "봄", "body": []string{"봄입니다."}}
	made := s.Do(s.Merchant(), "POST", "/outreach/campaigns", map[string]any{
		"name": "Spring", "topic": "news", "local": local, "by": "shop", "maxLatenessMinutes": 600,
		"url":      s.Address() + "/spring",
		"variants": []any{map[string]any{"id": "a", "texts": map[string]any{"ko": words, "en": words}}},
	})
	id := made.Field(s.T, "id")
	s.Do(s.Merchant(), "POST", "/outreach/campaigns/"+id+"/schedule", nil)
	s.AdvanceBy(30 * time.Minute)
	got := s.Do(s.Merchant(), "GET", "/outreach/campaigns/"+id, nil)
	if state := got.Field(s.T, "campaign.status"); state != "finished" {
		s.T.Errorf("the campaign is %s: %s", state, got.Body)
	}
}

// members saves a segment of buyers; a promotion for them is then for a customer who has bought.
func members(s *system.Shop) {
	s.T.Helper()
	_, variant := s.Product(10, nil)
	ann := s.CustomerWith(system.Unique("ann"), variant, 1)
	s.Do(s.Merchant(), "PUT", "/outreach/segments/buyers", `{"condition":{"orders":{"atLeast":1}}}`)
	s.AdvanceBy(2 * time.Minute)
	s.Buy(ann, "pm_card_visa")
	s.AdvanceBy(2 * time.Minute)
	got := s.Do(s.Merchant(), "GET", "/outreach/segments", nil)
	if ready := got.Field(s.T, "segments.0.ready"); ready != "true" {
		s.T.Errorf("the segment is not ready: %s", got.Body)
	}
}
