package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
)

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Context() context.Context
}

// connect opens a socket with a fresh ticket.
func (d *desk) connect(t tester, who service.Participant, conversationID, connection string) {
	t.Helper()
	secret, _, err := d.Ticket(t.Context(), who, conversationID)
	if err != nil {
		t.Fatal(err)
	}
	admitted, err := d.Redeem(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(t.Context(), connection, admitted); err != nil {
		t.Fatal(err)
	}
	d.sockets.connect(connection)
}

// frame sends a frame and returns the answer.
func (d *desk) frame(t tester, connection string, frame service.ClientFrame) service.Event {
	t.Helper()
	data, err := json.Marshal(frame)
	if err != nil {
		t.Fatal(err)
	}
	return d.raw(t, connection, data)
}

func (d *desk) raw(t tester, connection string, data []byte) service.Event {
	t.Helper()
	var e service.Event
	if err := json.Unmarshal(d.Receive(t.Context(), connection, data), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestATicketIsGoodOnceAndForAMinute(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	secret, _, err := d.Ticket(t.Context(), customer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	admitted := 0
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := d.Redeem(t.Context(), secret); err == nil {
				mu.Lock()
				admitted++
				mu.Unlock()
			} else if code(err) != "invalid_ticket" {
				t.Errorf("%v", err)
			}
		})
	}
	if all.Wait(); admitted != 1 {
		t.Errorf("one ticket let %d in", admitted)
	}
	late, _, err := d.Ticket(t.Context(), customer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(time.Minute)
	for name, forged := range map[string]string{"late": late, "empty": "", "made up": strings.Repeat("0", 32),
		"long": strings.Repeat("a", 5000)} {
		if _, err := d.Redeem(t.Context(), forged); code(err) != "invalid_ticket" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := d.Ticket(t.Context(), service.Participant{Role: conversation.Shopper},
		c.ID); code(err) != "conversation_not_found" {
		t.Errorf("a guest got a ticket for a customer's conversation: %v", err)
	}
}

func TestBadFramesAreAnsweredAndTheConnectionStays(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	other, _, _, err := d.Start(t.Context(), service.Participant{Role: conversation.Shopper, ID: "cus-2"},
		service.Opening{Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	d.connect(t, customer, c.ID, "one")
	for _, test := range []struct{ name, frame, want string }{
		{"broken JSON", `{"do":`, "bad_frame"},
		{"no object", `[1,2]`, "bad_frame"},
		{"bytes that are no text", "\xff\xfe", "bad_frame"},
		{"an unknown action", `{"do":"shutdown"}`, "bad_frame"},
		{"a foreign conversation", `{"do":"hello","conversationId":"` + other.ID + `"}`, "conversation_not_found"},
		{"a message into it", `{"do":"send","conversationId":"` + other.ID +
			`","message":{"clientId":"client-01","text":"x"}}`, "conversation_not_found"},
		{"typing into it", `{"do":"typing","conversationId":"` + other.ID + `"}`, "conversation_not_found"},
		{"a sequence number that was never given", `{"do":"hello","conversationId":"` + c.ID + `","since":99}`,
			"invalid_input"},
		{"a negative one", `{"do":"hello","conversationId":"` + c.ID + `","since":-1}`, "invalid_input"},
		{"reading what is not there", `{"do":"read","conversationId":"` + c.ID + `","seq":99}`, "invalid_input"},
		{"a shopper at the team's queue", `{"do":"hello","inbox":"care"}`, "not_allowed"},
		{"a message without an id", `{"do":"send","conversationId":"` + c.ID + `","message":{"text":"x"}}`, "invalid_input"},
		{"an empty message", `{"do":"send","conversationId":"` + c.ID + `","message":{"clientId":"client-01"}}`,
			"invalid_input"},
		{"a message that is too long",
			`{"do":"send","conversationId":"` + c.ID + `","message":{"clientId":"client-01","text":"` + strings.Repeat("가",
				4001) + `"}}`, "invalid_input"},
		{"an attachment of another conversation",
			`{"do":"send","conversationId":"` + c.ID + `","message":{"clientId":"client-01","attachments":[{"key":"chat/` +
				other.ID + `/x"}]}}`, "invalid_input"},
	} {
		if got := d.raw(t, "one", []byte(test.frame)); got.Type != "error" || got.Code != test.want {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
	if got := d.frame(t, "one", service.ClientFrame{Do: "hello", Conversation: c.ID}); got.Type != "welcome" ||
		len(got.Messages) != 1 {
		t.Errorf("after all that: %+v", got)
	}
	if got := d.frame(t, "nobody", service.ClientFrame{Do: "ping"}); got.Code != "connection_unknown" {
		t.Errorf("a connection that is not known: %+v", got)
	}
}

func TestScriptInTextIsTextForEveryone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	_, messages := d.say(t, customer, c, "client-01", `<script>alert(1)</script> 상담원 [x](javascript:alert(1))`)
	for _, s := range messages[0].Spans {
		if s.Link != "" {
			t.Errorf("a link to %s", s.Link)
		}
	}
	if !strings.Contains(messages[0].Text, "<script>") {
		t.Errorf("the text was changed: %q", messages[0].Text)
	}
}

func TestAFloodOfFramesIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	refused := 0
	for range 60 {
		if got := d.frame(t, "one", service.ClientFrame{Do: "ping"}); got.Code == "too_many_frames" {
			refused++
		}
	}
	if refused != 30 {
		t.Errorf("%d of 60 were refused", refused)
	}
	d.clock.Advance(10 * time.Second)
	if got := d.frame(t, "one", service.ClientFrame{Do: "ping"}); got.Type != "pong" {
		t.Errorf("in the next window: %+v", got)
	}
}

func TestFanOutIsBounded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	for n := range 25 {
		connection := fmt.Sprint("socket-", n)
		d.connect(t, customer, c.ID, connection)
		got := d.frame(t, connection, service.ClientFrame{Do: "hello", Conversation: c.ID})
		if n < 20 && got.Type != "welcome" || n >= 20 && got.Code != "too_many_connections" {
			t.Errorf("connection %d: %+v", n, got)
		}
	}
	if got := d.frame(t, "socket-3", service.ClientFrame{Do: "hello", Conversation: c.ID}); got.Type != "welcome" {
		t.Errorf("a second hello: %+v", got)
	}
}

func TestA410RemovesExactlyTheConnectionThatIsGone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	for _, connection := range []string{"sender", "gone", "there"} {
		d.connect(t, customer, c.ID, connection)
		d.frame(t, connection, service.ClientFrame{Do: "hello", Conversation: c.ID})
	}
	d.sockets.cut("gone")
	send := func(n int) {
		d.frame(t, "sender", service.ClientFrame{Do: "send", Conversation: c.ID,
			Message: service.Draft{ClientID: fmt.Sprint("client-0", n), Text: "상담원"}})
	}
	send(1)
	if got := d.frame(t, "gone", service.ClientFrame{Do: "ping"}); got.Type != "pong" {
		t.Errorf("a 410 on a connection that is seconds old removed it: %+v", got)
	}
	d.clock.Advance(10 * time.Second)
	send(2)
	if got := d.frame(t, "gone", service.ClientFrame{Do: "ping"}); got.Code != "connection_unknown" {
		t.Errorf("a connection that is gone is still there: %+v", got)
	}
	for _, connection := range []string{"sender", "there"} {
		if got := d.frame(t, connection, service.ClientFrame{Do: "ping"}); got.Type != "pong" {
			t.Errorf("%s was removed too: %+v", connection, got)
		}
	}
	if n := messagesIn(d.sockets.received("there")); n < 3 {
		t.Errorf("the one who is there got %d messages", n)
	}
}

func messagesIn(received []service.Event) int {
	n := 0
	for _, e := range received {
		if e.Type == "message" {
			n++
		}
	}
	return n
}

func TestA429StopsTheFanOutAndLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	d.frame(t, "one", service.ClientFrame{Do: "hello", Conversation: c.ID})
	for _, status := range []int{http.StatusTooManyRequests, http.StatusForbidden, http.StatusInternalServerError,
		http.StatusRequestEntityTooLarge} {
		d.sockets.fail = func(string) int { return status }
		c, _ = d.say(t, customer, c, fmt.Sprint("client-", status), "상담원")
	}
	d.sockets.fail = nil
	if got := d.frame(t, "one", service.ClientFrame{Do: "hello", Conversation: c.ID, Since: 1}); int64(
		len(got.Messages)) != c.Seq-1 {
		t.Errorf("after the failures the client gets %d messages of %d", len(got.Messages), c.Seq-1)
	}
}

func TestAConnectionIsToldToReconnectBeforeItsTwoHoursAreOver(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	if got := d.frame(t, "one", service.ClientFrame{Do: "ping"}); got.Reconnect {
		t.Error("at once")
	}
	d.clock.Advance(111 * time.Minute)
	if got := d.frame(t, "one", service.ClientFrame{Do: "ping"}); !got.Reconnect {
		t.Error("not after 111 minutes")
	}
}

func TestTypingAndReadingAreTold(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	d.connect(t, customer, c.ID, "shopper")
	d.connect(t, agentWho("a"), "", "agent")
	for _, connection := range []string{"shopper", "agent"} {
		d.frame(t, connection, service.ClientFrame{Do: "hello", Conversation: c.ID})
	}
	d.frame(t, "agent", service.ClientFrame{Do: "typing", Conversation: c.ID})
	for _, do := range []string{"delivered", "delivered", "read", "read", "delivered"} {
		d.frame(t, "agent", service.ClientFrame{Do: do, Conversation: c.ID, Seq: 1}) // the second of each says nothing new
	}
	var types []string
	for _, e := range d.sockets.received("shopper") {
		types = append(types, e.Type)
	}
	if !slices.Equal(types, []string{"typing", "read", "read"}) {
		t.Errorf("the shopper was told %v", types)
	}
	if got := d.frame(t, "shopper",
		service.ClientFrame{Do: "hello", Conversation: c.ID}); got.Reads[conversation.Agent].Seq != 1 {
		t.Errorf("read state %+v", got.Reads)
	}
}

// Several screens of one side report in any order, late and twice: what is stored never goes backwards, and what was
// read has arrived.
func TestReceiptsNeverGoBackwards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk()
		c := d.begin(t)
		for n := range 6 {
			d.say(t, customer, c, fmt.Sprintf("message-%d", n), "hello")
		}
		var read, delivered int64
		for range rapid.IntRange(1, 20).Draw(rt, "reports") {
			seq := rapid.Int64Range(1, 6).Draw(rt, "seq")
			if rapid.Bool().Draw(rt, "read") {
				_, err := d.MarkRead(t.Context(), customer, c.ID, seq)
				read = max(read, seq)
				check(rt, err)
			} else {
				_, err := d.MarkDelivered(t.Context(), customer, c.ID, seq)
				delivered = max(delivered, seq)
				check(rt, err)
			}
			reads, err := d.Reads(t.Context(), c.ID)
			check(rt, err)
			got := reads[conversation.Shopper]
			if got.Seq != read || got.Delivered != max(read, delivered) {
				rt.Fatalf("read %d, delivered %d, stored %+v", read, delivered, got)
			}
		}
	})
}

func check(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The bot is slow, and a person takes the conversation meanwhile: whatever the order, nothing of the bot follows the
// claim.
func TestTheBotNeverWritesIntoAPersonsConversation(t *testing.T) {
	t.Parallel()
	for range 20 {
		d := newDesk()
		d.staff(t, "a", func(a *conversation.AgentStatus) { a.Limit = 20 })
		c := d.begin(t)
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				d.Send(t.Context(), customer, c.ID, service.Draft{ClientID: fmt.Sprint("question-", n), Text: "배송비는 얼마인가요?"})
			})
		}
		all.Go(func() {
			d.Send(t.Context(), customer, c.ID, service.Draft{ClientID: "for-a-person", Text: "상담원 연결"})
			d.Claim(t.Context(), agentWho("a"), c.ID)
		})
		all.Wait()
		handed := false
		for _, m := range d.log(t, c.ID) {
			handed = handed || m.Notice == conversation.HandedOver
			if handed && m.Role == conversation.Bot {
				t.Fatalf("the bot wrote message %d after the hand-over", m.Seq)
			}
		}
	}
}

// client is a browser: it keeps what it has by number, and asks for what it misses.
type client struct {
	who        service.Participant
	connection string
	seen       map[int64]service.Message
	last       int64 // up to here without a gap
	read       int   // of what its socket received
}

func (c *client) take(t *rapid.T, messages []service.Message) {
	for _, m := range messages {
		if known, ok := c.seen[m.Seq]; ok && (known.Text != m.Text || known.Role != m.Role) {
			t.Fatalf("message %d was %q and is %q", m.Seq, known.Text, m.Text)
		}
		c.seen[m.Seq] = m
	}
	for {
		if _, ok := c.seen[c.last+1]; !ok {
			return
		}
		c.last++
	}
}

// Whatever is cut, lost, repeated, throttled or concurrent: every client ends with exactly the log.
func TestEveryClientEndsWithExactlyTheLog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		c, _, _, err := d.Start(t.Context(), customer, service.Opening{Language: "ko"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.SetAgent(t.Context(),
			conversation.AgentStatus{ID: "a", Name: "A", Languages: []string{"ko"}, Teams: []string{"care"}, Limit: 5,
				Online: true}); err != nil {
			t.Fatal(err)
		}
		clients := []*client{{who: customer}, {who: customer}, {who: agentWho("a")}}
		for _, x := range clients {
			x.seen = map[int64]service.Message{}
		}
		acknowledged := map[string]int64{}
		var failing int
		d.sockets.fail = func(string) int { return failing }
		sent := 0
		for step := range rapid.IntRange(5, 40).Draw(t, "steps") {
			d.clock.Advance(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			x := clients[rapid.IntRange(0, 2).Draw(t, "client")]
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0: // reconnect and say hello
				x.connection = fmt.Sprint("socket-", step)
				x.read = 0
				d.connect(t, x.who, c.ID, x.connection)
				hello := d.frame(t, x.connection, service.ClientFrame{Do: "hello", Conversation: c.ID, Since: x.last})
				x.take(t, hello.Messages)
			case 1: // the socket is cut, and nobody says so
				d.sockets.cut(x.connection)
			case 2: // the socket is closed properly
				d.sockets.cut(x.connection)
				if err := d.Disconnect(t.Context(), x.connection); err != nil {
					t.Fatal(err)
				}
			case 3:
				failing = rapid.SampledFrom([]int{0, 0, 410, 429, 403, 500}).Draw(t, "failure")
			case 4:
				d.Claim(t.Context(), agentWho("a"), c.ID)
			default:
				id := fmt.Sprintf("message-%d", rapid.IntRange(0, sent).Draw(t, "id")) // an earlier one is a repetition
				sent++
				text := rapid.SampledFrom([]string{"배송비는 얼마인가요?", "상담원 연결", "음", "환불해 주세요"}).Draw(t, "text")
				_, got, err := d.Send(t.Context(), x.who, c.ID, service.Draft{ClientID: id, Text: text})
				if err != nil {
					continue // not the agent's turn
				}
				key := string(x.who.Role) + id
				if seq, ok := acknowledged[key]; ok && got[0].Seq != seq {
					t.Fatalf("%s was message %d and is now %d", id, seq, got[0].Seq)
				}
				acknowledged[key] = got[0].Seq
			}
			x.listen(t, d)
		}
		current, err := d.Load(t.Context(), agentWho("a"), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		whole, _, err := d.Replay(t.Context(), current, 0, 1000, true)
		if err != nil || int64(len(whole)) != current.Seq {
			t.Fatalf("the log has %d of %d, %v", len(whole), current.Seq, err)
		}
		for i, m := range whole {
			if m.Seq != int64(i)+1 {
				t.Fatalf("message %d has the number %d", i+1, m.Seq)
			}
		}
		for i, x := range clients {
			x.listen(t, d)
			missed, _, err := d.Replay(t.Context(), current, x.last, 1000, x.who.Role == conversation.Agent)
			if err != nil {
				t.Fatal(err)
			}
			x.take(t, missed)
			if int64(len(x.seen)) != current.Seq || x.last != current.Seq {
				t.Fatalf("client %d has %d messages up to %d, the log %d", i, len(x.seen), x.last, current.Seq)
			}
		}
		for key, seq := range acknowledged {
			if m := whole[seq-1]; string(m.Role)+m.ClientID != key {
				t.Fatalf("%s was acknowledged as %d, where %s stands", key, seq, m.ClientID)
			}
		}
	})
}

// listen takes in what the socket received.
func (c *client) listen(t *rapid.T, d *desk) {
	received := d.sockets.received(c.connection)
	for _, e := range received[min(c.read, len(received)):] {
		if e.Message != nil {
			c.take(t, []service.Message{*e.Message})
		}
	}
	c.read = len(received)
}

// Several send at once, each message twice: each is in the log once, and the numbers have no gap.
func TestConcurrentSendersGetNumbersWithoutGapOrDouble(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-00", "상담원 연결")
	var all sync.WaitGroup
	for n := range 8 {
		for range 2 {
			all.Go(func() {
				if _, _, err := d.Send(t.Context(), customer, c.ID,
					service.Draft{ClientID: fmt.Sprint("client-1", n), Text: fmt.Sprint("message ", n)}); err != nil &&
					code(err) != "busy" {
					t.Errorf("%v", err)
				}
			})
		}
	}
	all.Wait()
	count := map[string]int{}
	for i, m := range d.log(t, c.ID) {
		if m.Seq != int64(i)+1 {
			t.Errorf("message %d has the number %d", i+1, m.Seq)
		}
		if m.ClientID != "" {
			count[m.ClientID]++
		}
	}
	for id, n := range count {
		if n != 1 {
			t.Errorf("%s is in the log %d times", id, n)
		}
	}
}
