package runner_test

import (
	"strings"
	"testing"

	"dangol/infra/testkit/system"
)

// TestNobodySendsAnAddressToAStrangerThroughTheShop writes an address of the web, in several spellings, into every
// field that reaches somebody else: by a mail of the shop to an address that the writer chose, or on a page. All are
// refused where they are written. What a mail leaves out instead is tested with the mailer
// (TestAnOrderConfirmationLeadsNowhereButToTheShop); reviews with links wait for a moderator.
func TestNobodySendsAnAddressToAStrangerThroughTheShop(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.Product(10, nil)
	gift, plan := s.Plan(map[string]any{"prepaid": 3}), s.Plan(nil)
	address := func(name string) map[string]any {
		return map[string]any{"name": name, "line1": "왕십리로 83", "postalCode": "04769", "country": "KR"}
	}
	subscribe := func(planID string, change map[string]any) map[string]any {
		body := map[string]any{"planId": planID, "currency": "KRW", "paymentMethod": "pm_card_visa", "region": "KR",
			"zone": "Asia/Seoul", "language": "ko", "email": "eve@example.com", "name": "이브"}
		for name, value := range change {
			body[name] = value
		}
		return body
	}
	_, given := s.Give(s.As(system.Unique("ann")), gift, nil)
	shopper := s.CustomerWith(system.Unique("eve"), variant, 1)
	order := system.OwnOrder(s.Shop)
	own := system.OwnSubscription(s.Shop)
	chat := s.Do(system.Guest, "POST", "/chat/conversations", map[string]any{"language": "ko"})
	guest := system.Guest.With("Chat-Token", chat.Field(t, "token"))
	for _, c := range []struct {
		name, pointer string
		caller        system.Caller
		method, path  string
		body          func(text string) map[string]any
	}{
		{"the message of a gift", "/gift/message", shopper.Caller, "POST", "/subscriptions",
			func(text string) map[string]any {
				return subscribe(gift, map[string]any{"gift": map[string]any{"recipient": "min@example.com", "message": text}})
			}},
		{"the recipient's name", "/gift/name", shopper.Caller, "POST", "/subscriptions", func(text string) map[string]any {
			return subscribe(gift, map[string]any{"gift": map[string]any{"recipient": "min@example.com", "name": text}})
		}},
		{"the giver's name", "/name", shopper.Caller, "POST", "/subscriptions", func(text string) map[string]any {
			return subscribe(gift, map[string]any{"name": text, "gift": map[string]any{"recipient": "min@example.com"}})
		}},
		{"a subscriber's name", "/name", shopper.Caller, "POST", "/subscriptions", func(text string) map[string]any {
			return subscribe(plan, map[string]any{"name": text})
		}},
		{"the name of who claims a gift", "/name", shopper.Caller, "POST", "/gifts/claim", func(text string) map[string]any {
			return map[string]any{"token": given, "email": "min@example.com", "language": "ko", "name": text}
		}},
		{"the name on a cart's address", "/name", shopper.Caller, "PUT", "/carts/mine/address", address},
		{"the name on an order's address", "/name", order.Owner.Caller, "PUT",
			"/orders/" + order.Fill["orderId"] + "/address", address},
		{"the name on an address of the book", "/name", shopper.Caller, "POST", "/me/addresses", address},
		{"the name on a subscription's address", "/address/name", own.Owner.Caller, "POST",
			"/subscriptions/" + own.Fill["subscriptionId"] + "/changes", func(text string) map[string]any {
				return map[string]any{"do": "change_address", "address": address(text)}
			}},
		{"the name of a profile", "/name", shopper.Caller, "PUT", "/me/profile",
			func(text string) map[string]any { return map[string]any{"name": text} }},
		{"the name of who begins a conversation", "/name", system.Guest, "POST", "/chat/conversations",
			func(text string) map[string]any {
				return map[string]any{"language": "ko", "name": text, "email": "min@example.com"}
			}},
		{"the name left in a conversation", "/name", guest, "PUT",
			"/chat/conversations/" + chat.Field(t, "conversation.id") + "/contact",
			func(text string) map[string]any { return map[string]any{"name": text, "email": "max@example.com"} }},
		{"a question about a product", "text", shopper.Caller, "POST", "/products/" + product + "/questions",
			func(text string) map[string]any { return map[string]any{"text": text} }},
	} {
		for _, text := range []string{"win at evil.example.com", "win at ｅｖｉｌ．ｅｘａｍｐｌｅ．ｃｏｍ", "see https://evil.example/x"} {
			got := s.Try(keyed(c.caller), c.method, c.path, c.body(text))
			if got.Status != 422 || !strings.Contains(got.Body, c.pointer) {
				t.Errorf("%s, %q: %d %s, want 422 at %s", c.name, text, got.Status, got.Body, c.pointer)
			}
		}
	}
	s.RunUntilIdle()
	for _, stranger := range []string{"min@example.com", "max@example.com"} {
		if mails := s.Mail().Messages(stranger); len(mails) != 0 {
			t.Errorf("%d mails were sent to %s", len(mails), stranger)
		}
	}
}
