package runner_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/system"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
)

// talk is a customer's conversation with the bot.
type talk struct {
	*shop
	customer system.Caller
	path     string
	sent     int
}

func (s *shop) talk(customer system.Caller) *talk {
	s.T.Helper()
	begun := s.Do(customer, "POST", "/chat/conversations", `{"language":"en"}`)
	return &talk{shop: s, customer: customer, path: "/chat/conversations/" + begun.Field(s.T, "conversation.id")}
}

// says sends a text or presses a button and returns the bot's answer.
func (k *talk) says(message map[string]string) service.Message {
	k.T.Helper()
	k.sent++
	message["clientId"] = fmt.Sprintf("message-%d", k.sent)
	answer := k.Do(k.customer, "POST", k.path+"/messages", message)
	var body struct{ Messages []service.Message }
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
		k.T.Fatal(err)
	}
	return body.Messages[len(body.Messages)-1]
}

// press finds a button whose label contains a text and does what a storefront does with it.
func (k *talk) press(m service.Message, label string) (answer service.Message, done string) {
	k.T.Helper()
	for _, b := range m.Buttons {
		if !strings.Contains(b.Label, label) {
			continue
		}
		if b.Call == nil {
			return k.says(map[string]string{"text": b.Label, "pressed": b.Value}), ""
		}
		return service.Message{}, k.follow(*b.Call, system.Answer{Body: "{}"})
	}
	k.T.Fatalf("no button %q in %+v", label, m)
	return service.Message{}, ""
}

var placeholder = regexp.MustCompile(`\{([A-Za-z.]+)\}`)

// follow makes a call and those that follow with its answer. It returns what the shopper reads on the way and at the
// end.
func (k *talk) follow(call conversation.Call, before system.Answer) string {
	k.T.Helper()
	fill := func(text string, from system.Answer) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			return from.Field(k.T, strings.Trim(name, "{}"))
		})
	}
	read := fill(call.Confirm, before)
	body := map[string]any{}
	if call.Body != "" {
		if err := json.Unmarshal([]byte(call.Body), &body); err != nil {
			k.T.Fatal(err)
		}
	}
	for field, from := range call.Take {
		body[field] = before.Field(k.T, from)
	}
	caller := k.customer
	if call.Keyed {
		caller = caller.With("Idempotency-Key", system.Unique("key-of-a-pressed-button"))
	}
	answer := k.Do(caller, call.Method, call.Path, body)
	if call.Then != nil {
		return read + k.follow(*call.Then, answer)
	}
	return read + "|" + fill(call.Done, answer)
}

func TestTheBotDoesACustomersBusinessThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := system.DeliveredOrder(s.Shop)
	k := s.talk(b.Owner.Caller)
	menu := k.says(map[string]string{"text": "hello"})

	status, _ := k.press(menu, "Where is my order")
	if !strings.Contains(status.Text, b.Fill["number"]) || !strings.Contains(status.Text, "delivered") {
		t.Errorf("order status: %q", status.Text)
	}

	orders, _ := k.press(menu, "Start a return")
	reasons, _ := k.press(orders, b.Fill["number"])
	lines, _ := k.press(reasons, "changed my mind")
	_, done := k.press(lines, "× 1")
	if !strings.Contains(done, "You get back ₩") || !strings.HasSuffix(done, "|The return is requested.") {
		t.Errorf("the return: %q", done)
	}
	returns := s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"]+"/returns", nil)
	if !strings.Contains(returns.Body, `"changed_mind"`) {
		t.Errorf("the returns of the order: %s", returns.Body)
	}

	none, _ := k.press(menu, "Coupons")
	if len(none.Buttons) != 0 {
		t.Errorf("coupons of others: %+v", none)
	}
	s.Publish(map[string]any{
		"name": map[string]string{"ko": "감사 쿠폰", "en": "Thank you"}, "kind": "percentage", "class": "order",
		"starts": "2026-11-22T10:00", "ends": "2026-11-29T24:00", "timeZone": "Asia/Seoul", "code": "THANKS",
		"terms": map[string]any{"basisPoints": 1_000}, "conditions": map[string]any{"customers": []string{b.Owner.Name}},
		"targets": map[string]any{"all": true},
	})
	s.AdvanceBy(17 * time.Hour) // it has begun
	_, variant := s.Product(10, nil)
	s.CustomerWith(b.Owner.Name, variant, 1)
	coupons, _ := k.press(menu, "Coupons")
	if _, done := k.press(coupons, "THANKS"); !strings.Contains(done, "It is in your cart") {
		t.Errorf("the coupon: %q", done)
	}
}

func TestTheBotSkipsADeliveryAndCancelsASubscription(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := system.OwnSubscription(s.Shop)
	k := s.talk(b.Owner.Caller)
	menu := k.says(map[string]string{"text": "hello"})
	which, _ := k.press(menu, "Cancel a subscription")
	if _, done := k.press(which, "₩"); !strings.Contains(done, "cancel it?") || !strings.Contains(done, "It is canceled") {
		t.Errorf("canceling: %q", done)
	}
	state := s.Do(b.Owner.Caller, "GET", "/subscriptions/"+b.Fill["subscriptionId"], nil)
	if !strings.Contains(state.Body, "cancel") {
		t.Errorf("the subscription: %s", state.Body)
	}
}

// A button's value is what a client sends: one that names another's order, or none at all, shows nothing of it.
func TestAReturnOfAnothersOrderIsNotOffered(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := system.DeliveredOrder(s.Shop)
	k := s.talk(s.As(system.Unique("mallory")))
	for _, of := range []string{b.Fill["orderId"], "ord_0", "", "../../admin", strings.Repeat("x", 70)} {
		for _, pressed := range []string{"return:" + of, "return:" + of + ":faulty"} {
			got := k.says(map[string]string{"text": "x", "pressed": pressed})
			for _, button := range got.Buttons {
				if button.Call != nil {
					t.Errorf("%s offers %+v", pressed, button)
				}
			}
		}
	}
}
