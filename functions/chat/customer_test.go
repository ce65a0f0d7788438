package chat_test

import (
	"context"
	"errors"
	"testing"

	"dangol/functions/chat"
	"dangol/infra/testkit/apitest"
	"dangol/shared/compliance"
)

// known is what the shop knows of everybody.
type known struct {
	vip, openCase bool
	err           error
	view          chat.CustomerView
}

func (k known) Signals(context.Context, string) (vip, openCase bool, err error) {
	return k.vip, k.openCase, k.err
}

func (k known) View(context.Context, string) (chat.CustomerView, error) { return k.view, k.err }

func TestWhomPeopleServeIsHandedOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		known  known
		text   string
		state  string
		reason string
	}{
		{"a sure answer for anybody", known{}, "배송비는 얼마인가요?", "bot", ""},
		{"a VIP with a sure answer stays with the bot", known{vip: true}, "배송비는 얼마인가요?", "bot", ""},
		{"a VIP without a sure answer", known{vip: true}, "제가 산 거 그거 있잖아요", "queued", "vip"},
		{"an open recovery case, whatever is asked", known{openCase: true}, "배송비는 얼마인가요?", "queued", "open_case"},
		{"an open case before a VIP", known{vip: true, openCase: true}, "배송비는 얼마인가요?", "queued", "open_case"},
		{"signals that fail leave the bot's answer", known{err: errors.New("no table")}, "배송비는 얼마인가요?", "bot", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.chat.Service.Customers = c.known
			var s started
			apitest.New(t, d.handler).As(apitest.Ann).Do("POST", "/chat/conversations",
				map[string]any{"language": "ko", "text": c.text}).Want(201).Into(&s)
			agent := apitest.New(t, d.handler).As(apitest.Agent)
			var seen chat.ConversationView
			agent.Do("GET", "/chat/conversations/"+s.Conversation.ID, nil).Want(200).Into(&seen)
			if string(seen.State) != c.state || string(seen.Full.Reason) != c.reason {
				t.Errorf("state %s, reason %q; want %s, %q", seen.State, seen.Full.Reason, c.state, c.reason)
			}
		})
	}
}

func TestAButtonHandsNobodyOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.chat.Service.Customers = known{vip: true, openCase: true}
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
	var answer struct{ Conversation chat.ConversationView }
	ann.Do("POST", "/chat/conversations/"+s.Conversation.ID+"/messages",
		map[string]any{"clientId": "client-01", "pressed": "faq:shipping-cost"}).Want(200).Into(&answer)
	if answer.Conversation.State != "bot" {
		t.Errorf("state %s", answer.Conversation.State)
	}
}

func TestAnAgentSeesWhatTheShopKnowsOfACustomerAndNothingOfAGuest(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.chat.Panel = known{view: chat.CustomerView{
		VIP:           true,
		Orders:        []chat.RecentOrder{{Number: "2026-1", Total: "₩12,000"}},
		Returns:       []chat.RecentReturn{{ID: "ret_1", State: "requested"}},
		Subscriptions: []chat.HeldSubscription{{ID: "sub_1", State: "active", Closes: "2026-12-31"}},
		Reviews:       []chat.WrittenReview{{ID: "rev_1", Stars: 2}},
		Cases:         []chat.OpenCase{{ID: "rev_1", State: "open"}},
		Consent:       map[compliance.Channel]compliance.ChannelConsent{compliance.Email: compliance.Given},
	}}
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	of := func(c *apitest.Client) (v chat.CustomerView) {
		var s started
		c.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
		agent.Do("GET", "/chat/conversations/"+s.Conversation.ID+"/context", nil).Want(200).Into(&v)
		return v
	}
	if v := of(apitest.New(t, d.handler).As(apitest.Ann)); !v.VIP || len(v.Orders) != 1 || len(v.Returns) != 1 ||
		len(v.Subscriptions) != 1 || len(v.Cases) != 1 || len(v.Reviews) != 1 ||
		v.Consent[compliance.Email] != compliance.Given {
		t.Errorf("a customer: %+v", v)
	}
	if v := of(apitest.New(t, d.handler)); v.VIP || len(v.Orders)+len(v.Returns)+len(v.Subscriptions)+len(v.Cases) != 0 {
		t.Errorf("a guest: %+v", v)
	}
}
