package runner_test

import (
	"regexp"
	"testing"
)

// give gives a plan away, to min@example.com of a name that nobody else has, and returns the subscription and the token of the mail.
func (s *shop) give(c caller, plan string, change map[string]any) (id, token string) {
	s.t.Helper()
	recipient := unique("min") + "@example.com"
	gift := map[string]any{"recipient": recipient, "name": "민", "message": "생일 축하해"}
	body := map[string]any{
		"planId": plan, "currency": "KRW", "paymentMethod": "pm_card_visa", "region": "KR", "zone": "Asia/Seoul", "language": "ko",
		"email": c.name + "@example.com", "name": "김하늘", "gift": gift,
	}
	for name, value := range change {
		if name == "on" {
			gift["on"] = value
			continue
		}
		body[name] = value
	}
	made := s.do(c.with("Idempotency-Key", unique("key-for-the-present")), "POST", "/subscriptions", body)
	s.advance(oneDay / 24) // the mail goes out when the sweeper has found it
	return made.field(s.t, "id"), s.tokenFor(recipient)
}

var linkForm = regexp.MustCompile(`/gift#(\S+)`)

// tokenFor is the secret in the latest mail to somebody, "" without a mail.
func (s *shop) tokenFor(email string) string {
	for _, m := range s.Mail().Messages(email) {
		if link := linkForm.FindStringSubmatch(m.Text); link != nil {
			return link[1]
		}
	}
	return ""
}

func TestAGiftIsMailedClaimedAndSentToItsRecipient(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, tea := s.product(10, nil)
	box := s.plan(map[string]any{
		"kind": "box", "prepaid": 3,
		"editions": []any{map[string]any{"name": "tea", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": tea, "quantity": 1}}}},
	})
	giver, min := s.as("giver"), s.as("min")
	id, early := s.give(giver, box, map[string]any{"on": "2026-12-24"})
	taken, _ := s.money("giver")
	if early != "" || taken != 3*9_900 || s.told("giver", "영수증") != 1 {
		t.Fatalf("before its day there is a mail with %q; %d were paid", early, taken)
	}
	s.advance(33 * oneDay)
	recipient := s.do(s.as("giver"), "GET", "/subscriptions/"+id, nil).field(t, "gift.recipient")
	token := s.tokenFor(recipient)
	if look := s.do(guest, "POST", "/gifts/look", map[string]string{"token": token}); look.field(t, "needsAddress") != "true" || look.field(t, "from") != "김하늘" {
		t.Errorf("the link shows %s", look.body)
	}
	claim := map[string]any{"token": token, "email": "min@example.com", "name": "민", "language": "ko"}
	min = s.as("min")
	if refused := s.try(min, "POST", "/gifts/claim", claim); refused.status != 422 {
		t.Errorf("a box without an address was claimed: %d", refused.status)
	}
	claim["address"] = map[string]string{"name": "민", "line1": "왕십리로 1", "country": "KR"}
	first := s.do(min, "POST", "/gifts/claim", claim)
	if again := s.do(min, "POST", "/gifts/claim", claim); again.field(t, "version") != first.field(t, "version") || again.field(t, "left") != "2" {
		t.Errorf("claimed %s, again %s", first.body, again.body)
	}
	if other := s.try(s.as("thief"), "POST", "/gifts/claim", claim); other.status != 409 || other.field(t, "code") != "gift_claimed" {
		t.Errorf("another claimed it: %d %s", other.status, other.body)
	}
	s.do(min, "POST", "/gifts/"+id+"/changes", `{"do":"skip_next"}`)
	if refused := s.try(s.as("giver"), "POST", "/subscriptions/"+id+"/changes", `{"do":"unskip"}`); refused.status != 409 || refused.field(t, "code") != "recipient_decides" {
		t.Errorf("the giver took the skip back: %d %s", refused.status, refused.body)
	}
	s.advance(150 * oneDay)
	min = s.as("min")
	var orders struct {
		Orders []struct{ Total struct{ Amount int64 } }
	}
	s.read(s.do(min, "GET", "/orders", nil), &orders)
	after, back := s.money("giver")
	if len(orders.Orders) != 3 || orders.Orders[0].Total.Amount != 0 || after != 3*9_900 || back != 0 {
		t.Errorf("%+v; paid %d, back %d", orders, after, back)
	}
	if s.told("min", "선물 구독이 끝났습니다") != 1 || s.told("giver", "선물을 받았습니다") != 1 || s.told("giver", "영수증") != 1 {
		t.Errorf("mails: %v, %v", s.subjects("min@example.com"), s.subjects("giver@example.com"))
	}
	if list := s.do(min, "GET", "/gifts", nil); list.field(t, "gifts.0.id") != id || s.do(min, "GET", "/gifts/"+id, nil).field(t, "state") != "ended" {
		t.Errorf("gifts: %s", list.body)
	}
}

func TestAGiftThatNobodyClaimsGoesBackToTheGiver(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, first := s.give(s.as("giver"), s.plan(map[string]any{"prepaid": 12, "setupFees": map[string]int{"KRW": 1_000}}), nil)
	s.do(s.as("giver"), "POST", "/subscriptions/"+id+"/gift/mail", `{"recipient":"minji@example.com"}`)
	s.settle()
	second := s.tokenFor("minji@example.com")
	if old := s.try(guest, "POST", "/gifts/look", map[string]string{"token": first}); old.status != 404 || second == "" || second == first {
		t.Errorf("the first link still opens: %d; the second is %q", old.status, second)
	}
	s.advance(95 * oneDay)
	late := s.try(s.as("minji"), "POST", "/gifts/claim", map[string]string{"token": second, "email": "minji@example.com", "language": "ko"})
	if taken, back := s.money("giver"); late.status != 409 || taken != 119_800 || back != 119_800 {
		t.Errorf("%d, back %d; a late claim: %d", taken, back, late.status)
	}
	if s.told("giver", "확인되지 않았습니다") != 1 {
		t.Errorf("mails: %v", s.subjects("giver@example.com"))
	}
}
