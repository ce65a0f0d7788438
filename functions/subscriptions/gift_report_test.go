package subscriptions_test

import (
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/system"
)

// giveTo gives a plan away.
func giveTo(t *testing.T, s *system.Shop, from system.Caller, plan, recipient string, change map[string]any) {
	t.Helper()
	gift := map[string]any{"recipient": recipient, "message": "생일 축하해"}
	for name, value := range change {
		gift[name] = value
	}
	body := map[string]any{
		"planId": plan, "currency": "KRW", "paymentMethod": "pm_card_visa", "region": "KR", "zone": "Asia/Seoul",
		"language": "ko", "email": from.Name + "@example.com", "name": "하늘", "gift": gift,
	}
	s.Do(from.With("Idempotency-Key", system.Unique("key-for-the-gift-0123")), "POST", "/subscriptions", body)
	s.RunUntilIdle()
}

func TestWhoReportsAGiftGetsNoMoreOfThatSender(t *testing.T) {
	t.Parallel()
	s := system.Open(t)
	plan := s.Plan(map[string]any{"prepaid": 3})
	ann, bob := s.As(system.Unique("ann")), s.As(system.Unique("bob"))
	const min = "min@example.com"
	mails := func() int { return len(s.Mail().Messages(min)) }

	// A gift of today, and one that is planned for a day to come.
	giveTo(t, s, ann, plan, min, nil)
	later := s.Clock().Now().AddDate(0, 0, 10).Format(time.DateOnly)
	giveTo(t, s, ann, plan, min, map[string]any{"on": later})
	if mails() != 1 {
		t.Fatalf("%d mails", mails())
	}
	text := s.Mail().Messages(min)[0].Text
	at := strings.Index(text, "/console/gift/report.html#")
	if at < 0 {
		t.Fatalf("the mail has no link to report it:\n%s", text)
	}
	_, token, _ := strings.Cut(text[at:], "#")
	token, _, _ = strings.Cut(token, "\n")
	report := map[string]string{"token": strings.TrimSpace(token)}

	s.Do(system.Guest, "GET", "/console/gift/report.html", nil)
	for _, wrong := range []string{"x", report["token"] + "x", "sub_none.GUESS"} {
		if got := s.Try(system.Guest, "POST", "/gifts/report", map[string]string{"token": wrong}); got.Status != 404 {
			t.Errorf("the token %q: %d", wrong, got.Status)
		}
	}
	for range 2 { // repeating it changes nothing
		if got := s.Try(system.Guest, "POST", "/gifts/report", report); got.Status != 204 {
			t.Fatalf("reported: %d %s", got.Status, got.Body)
		}
	}

	s.AdvanceBy(11 * 24 * time.Hour)
	if mails() != 1 {
		t.Errorf("%d mails after the day of the planned gift", mails())
	}
	ann, bob = s.As(ann.Name), s.As(bob.Name) // tokens last an hour
	refused := s.Try(ann.With("Idempotency-Key", system.Unique("key-for-the-gift-0123")), "POST", "/subscriptions",
		map[string]any{
			"planId": plan, "currency": "KRW", "paymentMethod": "pm_card_visa", "region": "KR", "zone": "Asia/Seoul",
			"language": "ko", "email": "ann@example.com", "gift": map[string]any{"recipient": "MIN@Example.com"},
		})
	if refused.Status != 409 || refused.Field(t, "code") != "gift_refused" {
		t.Errorf("the sender's next gift: %d %s", refused.Status, refused.Body)
	}
	// Others may still give, and the sender may give to others.
	giveTo(t, s, bob, plan, min, nil)
	giveTo(t, s, ann, plan, "sol@example.com", nil)
	if mails() != 2 || len(s.Mail().Messages("sol@example.com")) != 1 {
		t.Errorf("%d mails of all senders, %d to another person", mails(), len(s.Mail().Messages("sol@example.com")))
	}

	list := s.Do(s.Agent(), "GET", "/admin/gift-reports", nil)
	if list.Field(t, "reports.0.senderId") != ann.Name || list.Field(t, "reports.0.message") != "생일 축하해" ||
		strings.Contains(string(list.Body), min) {
		t.Errorf("the shop sees %s", list.Body)
	}
	if got := s.Try(ann, "GET", "/admin/gift-reports", nil); got.Status != 403 {
		t.Errorf("a customer sees the reports: %d", got.Status)
	}
}
