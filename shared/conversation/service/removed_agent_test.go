package service_test

import (
	"testing"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/table"
)

// removed is a desk with a conversation whose agent was removed from the table.
func removed(t *testing.T) (*desk, conversation.Conversation) {
	t.Helper()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	c, err := d.Claim(t.Context(), agentWho("a"), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Table.Delete(t.Context(), table.Delete{Key: table.Key{PK: "AGENT#a", SK: "AGENT"}}); err != nil {
		t.Fatal(err)
	}
	return d, c
}

func TestAConversationGoesOnWhenItsAgentWasRemoved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(*desk, conversation.Conversation) (conversation.Conversation, error)
		want conversation.State
	}{
		{"the shopper ends it", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			return d.Close(t.Context(), customer, c.ID)
		}, conversation.Closed},
		{"the agent gives it to the queue", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			return d.Transfer(t.Context(), agentWho("a"), c.ID, "care")
		}, conversation.Queued},
		{"the agent gives it back", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			return d.GiveBack(t.Context(), agentWho("a"), c.ID)
		}, conversation.WithBot},
		{"it is blocked", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			return d.Block(t.Context(), c.ID)
		}, conversation.Closed},
		{"its timer rings", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			d.say(t, customer, c, "client-02", "계신가요?")
			d.clock.Advance(time.Hour)
			if ring, err := d.Ring(t.Context(), c.ID); err != nil || ring != conversation.RingRequeue {
				t.Errorf("rang %s, %v", ring, err)
			}
			return d.Load(t.Context(), customer, c.ID)
		}, conversation.Queued},
	} {
		d, c := removed(t)
		after, err := test.do(d, c)
		if err != nil || after.State != test.want {
			t.Errorf("%s: %s, %v", test.name, after.State, err)
		}
		// A counter that came back would be an agent without a name.
		if _, err := d.Agent(t.Context(), "a"); code(err) != "agent_not_found" {
			t.Errorf("%s: the removed agent is there again: %v", test.name, err)
		}
	}
}

func TestAnotherAgentTakesTheConversationOfOneWhoWasRemoved(t *testing.T) {
	t.Parallel()
	d, c := removed(t)
	if _, err := d.Transfer(t.Context(), agentWho("a"), c.ID, "care"); err != nil {
		t.Fatal(err)
	}
	d.staff(t, "b")
	if got, err := d.Claim(t.Context(), agentWho("b"), c.ID); err != nil || got.AgentID != "b" {
		t.Fatalf("%+v, %v", got, err)
	}
	if b, err := d.Agent(t.Context(), "b"); err != nil || b.Active != 1 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestAConversationOfAnAgentWhoWasRemovedIsErased(t *testing.T) {
	t.Parallel()
	d, c := removed(t)
	if err := d.Erase(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(t.Context(), customer, c.ID); code(err) != "conversation_not_found" {
		t.Errorf("%v", err)
	}
}

func TestARefusedFrameNamesItsMessage(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	for range 30 {
		d.frame(t, "one", service.ClientFrame{Do: "ping"})
	}
	send := service.ClientFrame{Do: "send", Conversation: c.ID, Message: service.Draft{ClientID: "client-01", Text: "x"}}
	got := d.frame(t, "one", send)
	if got.Code != "too_many_frames" || got.ClientID != "client-01" || got.Conversation != c.ID {
		t.Errorf("refused for its rate: %+v", got)
	}
	// What cannot be read is counted as well, and has no id to name.
	if got := d.raw(t, "one", []byte(`{"do":`)); got.Code != "too_many_frames" || got.ClientID != "" {
		t.Errorf("broken JSON beyond the rate: %+v", got)
	}
	if got := d.frame(t, "unknown", send); got.Code != "connection_unknown" || got.ClientID != "client-01" {
		t.Errorf("by a connection that has ended: %+v", got)
	}
}
