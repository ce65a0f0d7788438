package runner_test

import (
	"context"
	"dangol/infra/testkit/system"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"dangol/shared/conversation/service"
)

// socket is a client's connection.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
	seen map[int64]string
}

// dial opens a connection with a fresh ticket.
func (s *shop) dial(c system.Caller, conversation string) *socket {
	s.T.Helper()
	url := s.Do(c, "POST", "/chat/tickets", map[string]string{"conversationId": conversation}).Field(s.T, "url")
	conn, _, err := websocket.Dial(s.T.Context(), url, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { conn.CloseNow() })
	return &socket{s.T, conn, map[int64]string{}}
}

func (k *socket) send(frame string) {
	k.t.Helper()
	if err := k.conn.Write(k.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		k.t.Fatal(err)
	}
}

// until reads frames until one of the type comes, and notes every message on the way.
func (k *socket) until(kind string) service.Event {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, data, err := k.conn.Read(ctx)
		if err != nil {
			k.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var e service.Event
		if err := json.Unmarshal(data, &e); err != nil {
			k.t.Fatal(err)
		}
		for _, m := range e.Messages {
			k.seen[m.Seq] = m.Text
		}
		if e.Message != nil {
			k.seen[e.Message.Seq] = e.Message.Text
		}
		if e.Type == kind {
			return e
		}
	}
}

func hello(conversation string, since int64) string {
	return fmt.Sprintf(`{"do":"hello","conversationId":%q,"since":%d}`, conversation, since)
}

// A guest and an agent talk over two sockets; the guest's is cut in mid-talk, and nothing is lost or doubled.
func TestTwoClientsTalkOverSocketsAndOneIsCut(t *testing.T) {
	t.Parallel()
	s := open(t)
	begun := s.Do(system.Guest, "POST", "/chat/conversations", `{"language":"ko","name":"하늘"}`)
	id := begun.Field(t, "conversation.id")
	shopper := system.Guest.With("Chat-Token", begun.Field(t, "token"))
	agent := s.Agent()
	s.Do(agent, "PUT", "/chat/agents/me", `{"name":"지은","teams":["care"],"languages":["ko"],"limit":3,"online":true}`)
	desk := s.dial(agent, "")
	desk.send(`{"do":"hello","inbox":"care"}`)
	desk.until("welcome")
	browser := s.dial(shopper, id)
	browser.send(hello(id, 0))
	browser.until("welcome")
	browser.send(fmt.Sprintf(`{"do":"send","conversationId":%q,"message":{"clientId":"browser-1","text":"상담원 연결해 주세요"}}`,
		id))
	if ack := browser.until("ack"); ack.State != "queued" {
		t.Errorf("after asking for a person: %+v", ack)
	}
	if card := desk.until("inbox"); card.Conversation != id {
		t.Errorf("the agent's page was told of %+v", card)
	}
	s.Do(agent, "POST", "/chat/conversations/"+id+"/claim", nil)
	desk.send(hello(id, 0))
	desk.until("welcome")

	if open := s.Sockets().Open(); len(open) != 2 {
		t.Fatalf("%d connections", len(open))
	}
	browser.conn.CloseNow() // the network is gone; no close frame
	for n := range 3 {
		desk.send(fmt.Sprintf(`{"do":"send","conversationId":%q,"message":{"clientId":"agent-desk-%d","text":"답 %d"}}`, id, n,
			n))
		desk.until("ack")
	}
	again := s.dial(shopper, id)
	again.seen = browser.seen
	last := int64(len(again.seen))
	again.send(hello(id, last))
	welcome := again.until("welcome")
	if int64(len(again.seen)) != welcome.Seq || !strings.Contains(fmt.Sprint(again.seen), "답 2") {
		t.Errorf("after %d the client has %d of %d messages: %v", last, len(again.seen), welcome.Seq, again.seen)
	}
	desk.send(fmt.Sprintf(`{"do":"send","conversationId":%q,"message":{"clientId":"agent-desk-2","text":"답 2"}}`, id))
	if ack := desk.until("ack"); ack.Seq != welcome.Seq {
		t.Errorf("a repeated message was stored again: %+v", ack)
	}
}

func TestTheWebSocketAPIRefusesWhatAPIGatewayRefuses(t *testing.T) {
	t.Parallel()
	s := open(t)
	address := "ws" + strings.TrimPrefix(s.Address(), "http") + "/socket"
	for query, want := range map[string]int{"": 401, "?ticket=": 401, "?ticket=" + strings.Repeat("0", 32): 403} {
		_, answer, err := websocket.Dial(t.Context(), address+query, nil)
		if err == nil || answer == nil || answer.StatusCode != want {
			t.Errorf("%q: %v, %v", query, answer, err)
		}
	}
	begun := s.Do(system.Guest, "POST", "/chat/conversations", `{"language":"ko"}`)
	id, shopper := begun.Field(t, "conversation.id"), system.Guest.With("Chat-Token", begun.Field(t, "token"))
	large := s.dial(shopper, id)
	if err := large.conn.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("a", 129<<10))); err == nil {
		_, _, err = large.conn.Read(t.Context())
		if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Errorf("a message of 129 KB is answered with %v", err)
		}
	}
	broken := s.dial(shopper, id)
	broken.send(`{"do":`)
	if e := broken.until("error"); e.Code != "bad_frame" {
		t.Errorf("broken JSON: %+v", e)
	}
	broken.send(hello(id, 0))
	broken.until("welcome")
	s.AdvanceBy(11 * time.Minute) // nobody sends anything for ten minutes
	if _, _, err := broken.conn.Read(t.Context()); err == nil {
		t.Error("an idle connection stays open")
	}
	for authorization, want := range map[string]int{"": 403, "AWS4-HMAC-SHA256 x": 410} {
		url := s.Address() + "/socket/@connections/nobody"
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		answer, err := http.DefaultClient.Do(req)
		if err != nil || answer.StatusCode != want {
			t.Errorf("posting to nobody with %q: %v, %v", authorization, answer, err)
		}
	}
}
