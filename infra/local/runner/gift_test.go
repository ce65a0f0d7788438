package runner_test

import (
	"testing"

	"dangol/infra/testkit/system"
)

func TestAGiftIsMailedClaimedAndSentToItsRecipient(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, tea := s.Product(10, nil)
	box := s.Plan(map[string]any{
		"kind": "box", "prepaid": 3,
		"editions": []any{map[string]any{"name": "tea", "from": "2026-01-01",
			"contents": []any{map[string]any{"variantId": tea, "quantity": 1}}}},
	})
	giver, min := s.As("giver"), s.As("min")
	id, early := s.Give(giver, box, map[string]any{"on": "2026-12-24"})
	taken, _ := s.money("giver")
	if early != "" || taken != 3*9_900 || s.mailsWith("giver", "영수증") != 1 {
		t.Fatalf("before its day there is a mail with %q; %d were paid", early, taken)
	}
	s.AdvanceBy(33 * oneDay)
	recipient := s.Do(s.As("giver"), "GET", "/subscriptions/"+id, nil).Field(t, "gift.recipient")
	token := s.GiftToken(recipient)
	if look := s.Do(system.Guest, "POST", "/gifts/look", map[string]string{"token": token}); look.Field(t,
		"needsAddress") != "true" || look.Field(t, "from") != "김하늘" {
		t.Errorf("the link shows %s", look.Body)
	}
	claim := map[string]any{"token": token, "email": "min@example.com", "name": "민", "language": "ko"}
	min = s.As("min")
	if refused := s.Try(min, "POST", "/gifts/claim", claim); refused.Status != 422 {
		t.Errorf("a box without an address was claimed: %d", refused.Status)
	}
	claim["address"] = map[string]string{"name": "민", "line1": "왕십리로 1", "country": "KR"}
	first := s.Do(min, "POST", "/gifts/claim", claim)
	if again := s.Do(min, "POST", "/gifts/claim", claim); again.Field(t, "version") != first.Field(t, "version") ||
		again.Field(t, "left") != "2" {
		t.Errorf("claimed %s, again %s", first.Body, again.Body)
	}
	if other := s.Try(s.As("thief"), "POST", "/gifts/claim", claim); other.Status != 409 ||
		other.Field(t, "code") != "gift_claimed" {
		t.Errorf("another claimed it: %d %s", other.Status, other.Body)
	}
	s.Do(min, "POST", "/gifts/"+id+"/changes", `{"do":"skip_next"}`)
	if refused := s.Try(s.As("giver"), "POST", "/subscriptions/"+id+"/changes",
		`{"do":"unskip"}`); refused.Status != 409 || refused.Field(t, "code") != "recipient_decides" {
		t.Errorf("the giver took the skip back: %d %s", refused.Status, refused.Body)
	}
	s.AdvanceBy(150 * oneDay)
	min = s.As("min")
	var orders struct {
		Orders []struct{ Total struct{ Amount int64 } }
	}
	s.read(s.Do(min, "GET", "/orders", nil), &orders)
	after, back := s.money("giver")
	if len(orders.Orders) != 3 || orders.Orders[0].Total.Amount != 0 || after != 3*9_900 || back != 0 {
		t.Errorf("%+v; paid %d, back %d", orders, after, back)
	}
	if s.mailsWith("min", "선물 구독이 끝났습니다") != 1 || s.mailsWith("giver", "선물을 받았습니다") != 1 ||
		s.mailsWith("giver", "영수증") != 1 {
		t.Errorf("mails: %v, %v", s.Subjects("min@example.com"), s.Subjects("giver@example.com"))
	}
	if list := s.Do(min, "GET", "/gifts", nil); list.Field(t, "gifts.0.id") != id ||
		s.Do(min, "GET", "/gifts/"+id, nil).Field(t, "state") != "ended" {
		t.Errorf("gifts: %s", list.Body)
	}
}

func TestAGiftThatNobodyClaimsGoesBackToTheGiver(t *testing.T) {
	t.Parallel()
	s := open(t)
	id, first := s.Give(s.As("giver"), s.Plan(map[string]any{"prepaid": 12, "setupFees": map[string]int{"KRW": 1_000}}),
		nil)
	s.Do(s.As("giver"), "POST", "/subscriptions/"+id+"/gift/mail", `{"recipient":"minji@example.com"}`)
	s.RunUntilIdle()
	second := s.GiftToken("minji@example.com")
	if old := s.Try(system.Guest, "POST", "/gifts/look", map[string]string{"token": first}); old.Status != 404 ||
		second == "" || second == first {
		t.Errorf("the first link still opens: %d; the second is %q", old.Status, second)
	}
	s.AdvanceBy(95 * oneDay)
	late := s.Try(s.As("minji"), "POST", "/gifts/claim",
		map[string]string{"token": second, "email": "minji@example.com", "language": "ko"})
	if taken, back := s.money("giver"); late.Status != 409 || taken != 119_800 || back != 119_800 {
		t.Errorf("%d, back %d; a late claim: %d", taken, back, late.Status)
	}
	if s.mailsWith("giver", "확인되지 않았습니다") != 1 {
		t.Errorf("mails: %v", s.Subjects("giver@example.com"))
	}
}
