package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/memory"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq"
	"dangol/shared/faq/example"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// monday is a Monday at ten in Seoul, in opening hours.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

// sockets is API Gateway's side: connections, what they were sent, and how posts fail.
type sockets struct {
	mu   sync.Mutex
	open map[string]*[]service.Event
	fail func(connection string) int // status of a failure, 0 for none
}

func newSockets() *sockets { return &sockets{open: map[string]*[]service.Event{}} }

func (s *sockets) connect(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = &[]service.Event{}
}

func (s *sockets) cut(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

func (s *sockets) received(id string) []service.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if got, ok := s.open[id]; ok {
		return slices.Clone(*got)
	}
	return nil
}

// Post delivers a frame as API Gateway would.
func (s *sockets) Post(_ context.Context, connection string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if status := s.fail(connection); status != 0 {
			return &service.PostError{Status: status}
		}
	}
	got, ok := s.open[connection]
	if !ok {
		return &service.PostError{Status: http.StatusGone}
	}
	var e service.Event
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	*got = append(*got, e)
	return nil
}

// answers is a FAQ in memory that counts what it is told.
type answers struct {
	mu         sync.Mutex
	index      *faq.Index
	unanswered []string
	counts     map[string][]int
}

func (a *answers) Index(context.Context) (*faq.Index, error) { return a.index, nil }

func (a *answers) Unanswered(_ context.Context, question, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unanswered = append(a.unanswered, question)
	return nil
}

func (a *answers) Count(_ context.Context, entry string, helped int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[entry] = append(a.counts[entry], helped)
	return nil
}

// desk is a service with its surroundings.
type desk struct {
	*service.Service
	sockets *sockets
	answers *answers
	clock   *clock.Movable
	db      *memory.DB
}

var demoIndex = sync.OnceValue(func() *faq.Index {
	index, err := faq.Load(faq.Build(example.Entries()))
	if err != nil {
		panic(err)
	}
	return index
})

func newDesk() *desk {
	d := &desk{sockets: newSockets(), answers: &answers{index: demoIndex(), counts: map[string][]int{}},
		clock: clock.Stopped(monday)}
	d.db = memory.New(table.Care)
	d.Service = &service.Service{
		Table: table.New(d.db, "care", nil), Clock: d.clock, Log: slog.New(slog.DiscardHandler), Poster: d.sockets,
		Answers: d.answers,
	}
	return d
}

var customer = service.Participant{Role: conversation.Shopper, ID: "cus-1", Name: "하늘"}

func agentWho(id string) service.Participant {
	return service.Participant{Role: conversation.Agent, ID: id, Name: id}
}

// begin starts a customer's conversation in Korean.
func (d *desk) begin(t testing.TB) conversation.Conversation {
	t.Helper()
	c, _, _, err := d.Start(t.Context(), customer, service.Opening{Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// staff makes an agent who is online.
func (d *desk) staff(t testing.TB, id string, change ...func(*conversation.AgentStatus)) {
	t.Helper()
	a := conversation.AgentStatus{ID: id, Name: id, Teams: []string{"care"}, Languages: []string{"ko"}, Limit: 3,
		Online: true}
	for _, c := range change {
		c(&a)
	}
	if _, err := d.SetAgent(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// say sends a text and returns what came of it.
func (d *desk) say(t testing.TB, who service.Participant, c conversation.Conversation, clientID,
	text string) (conversation.Conversation, []service.Message) {
	t.Helper()
	after, messages, err := d.Send(t.Context(), who, c.ID, service.Draft{ClientID: clientID, Text: text})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return after, messages
}

// log reads the whole log as an agent sees it.
func (d *desk) log(t testing.TB, id string) []service.Message {
	t.Helper()
	c, err := d.Load(t.Context(), agentWho("a"), id)
	if err != nil {
		t.Fatal(err)
	}
	messages, more, err := d.Replay(t.Context(), c, 0, 1000, true)
	if err != nil || more || int64(len(messages)) != c.Seq {
		t.Fatalf("%d messages, more %v, last %d, %v", len(messages), more, c.Seq, err)
	}
	return messages
}

func code(err error) string {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestTheBotAnswersFromTheFAQInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ language, question, entry string }{
		{"ko", "배송비는 얼마인가요?", "shipping-cost"}, {"en", "How much is shipping?", "shipping-cost"},
	} {
		d := newDesk()
		c, messages, proof, err := d.Start(t.Context(), service.Participant{Role: conversation.Shopper},
			service.Opening{Language: test.language, Text: test.question})
		if err != nil || proof.Secret == "" {
			t.Fatal(err)
		}
		last := messages[len(messages)-1]
		if c.State != conversation.WithBot || last.Role != conversation.Bot || last.Entry != test.entry ||
			len(last.Buttons) < 2 {
			t.Errorf("%s: %s, %+v", test.language, c.State, last)
		}
		if len(d.answers.counts[test.entry]) != 1 {
			t.Errorf("views %v", d.answers.counts)
		}
	}
}

func TestWhatTheFAQDoesNotAnswerGoesToAPerson(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	c, messages := d.say(t, customer, c, "client-01", "비트코인 시세 좀 알려줘")
	if c.State != conversation.Queued || c.Reason != conversation.Unanswerable {
		t.Fatalf("%s because of %s: %+v", c.State, c.Reason, messages)
	}
	if len(d.answers.unanswered) != 1 {
		t.Errorf("the report of unanswered questions has %v", d.answers.unanswered)
	}
	before := c.Seq
	c, messages = d.say(t, customer, c, "client-02", "배송비는 얼마인가요?")
	if c.Seq != before+1 || len(messages) != 1 {
		t.Errorf("the bot wrote into a conversation that waits for a person: %+v", messages)
	}
}

func TestOfManyWhoClaimOneWins(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결해 주세요")
	names := []string{"a", "b", "c", "d", "e"}
	for _, name := range names {
		d.staff(t, name)
	}
	var won, lost int
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			_, err := d.Claim(t.Context(), agentWho(name), c.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if code(err) == "already_claimed" {
				lost++
			} else {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	if won != 1 || lost != 4 {
		t.Errorf("%d won, %d lost", won, lost)
	}
	agents, err := d.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	active := 0
	for _, a := range agents {
		active += a.Active
	}
	if active != 1 {
		t.Errorf("%d conversations are counted", active)
	}
}

func TestAClaimWhoseAnswerWasLostIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a", func(a *conversation.AgentStatus) { a.Limit = 1 }) // full after the first claim
	d.staff(t, "b")
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	first, err := d.Claim(t.Context(), agentWho("a"), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, meter := table.Metered(t.Context())
	again, err := d.Claim(ctx, agentWho("a"), c.ID)
	if err != nil || again.AgentID != "a" || again.Version != first.Version || again.Seq != first.Seq {
		t.Errorf("claimed again: %+v, %v; want %+v", again, err, first)
	}
	if written := meter.Cost().Write; written != 0 {
		t.Errorf("the second claim wrote %v units", written)
	}
	if _, err := d.Claim(t.Context(), agentWho("b"), c.ID); code(err) != "already_claimed" {
		t.Errorf("another agent: %v", err)
	}
	if a, err := d.Agent(t.Context(), "a"); err != nil || a.Active != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestNoAgentGetsMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a", func(a *conversation.AgentStatus) { a.Limit = 2 })
	var all sync.WaitGroup
	for range 6 {
		c := d.begin(t)
		c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
		all.Go(func() {
			if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil && code(err) != "agent_full" {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if a, err := d.Agent(t.Context(), "a"); err != nil || a.Active != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAnAgentAnswersAndGivesBack(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	if _, _, err := d.Send(t.Context(), agentWho("a"), c.ID,
		service.Draft{ClientID: "agent-001", Text: "안녕하세요"}); code(err) != "not_owner" {
		t.Errorf("an agent wrote before claiming: %v", err)
	}
	if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	c, _ = d.say(t, agentWho("a"), c, "agent-001", "안녕하세요, 무엇을 도와드릴까요?")
	if c.FirstAnswerAt.IsZero() || !c.WaitingSince.IsZero() {
		t.Errorf("after the answer: %+v", c)
	}
	if _, err := d.GiveBack(t.Context(), agentWho("b"), c.ID); code(err) != "not_owner" {
		t.Errorf("another agent gave it back: %v", err)
	}
	if c, err := d.GiveBack(t.Context(), agentWho("a"), c.ID); err != nil || c.State != conversation.WithBot {
		t.Errorf("%+v, %v", c, err)
	}
	c, messages := d.say(t, customer, c, "client-02", "배송비는 얼마인가요?")
	if messages[len(messages)-1].Role != conversation.Bot {
		t.Errorf("the bot does not answer again: %+v", messages)
	}
	if a, _ := d.Agent(t.Context(), "a"); a.Active != 0 {
		t.Errorf("%d conversations are counted", a.Active)
	}
}

func TestConversationsAreGivenOnlyToAgentsWhoAreThere(t *testing.T) {
	t.Parallel()
	auto := func(a *conversation.AgentStatus) { a.Auto = true }
	d := newDesk()
	d.staff(t, "gone", auto)
	d.clock.Advance(conversation.AbsentAfter)
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	if c.State != conversation.Queued {
		t.Fatalf("given to %s, who has gone", c.AgentID)
	}
	d.staff(t, "there", auto)
	got, err := d.Load(t.Context(), customer, c.ID)
	if err != nil || got.State != conversation.WithAgent || got.AgentID != "there" {
		t.Fatalf("who came online was given nothing: %+v, %v", got, err)
	}
	if _, err := d.Close(t.Context(), agentWho("there"), c.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(time.Hour)
	c, _ = d.say(t, customer, c, "client-02", "하나 더 물어볼게요")
	if c.State != conversation.Queued || c.AgentID != "" {
		t.Errorf("reopened for an agent who is away: %s %s", c.State, c.AgentID)
	}
	d.clock.Advance(10 * time.Minute)
	if ring, err := d.Ring(t.Context(), c.ID); err != nil || ring != conversation.RingEscalate {
		t.Errorf("%s, %v", ring, err)
	}
}

func TestForeignConversationsAreNotFound(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	guest, _, proof, err := d.Start(t.Context(), service.Participant{Role: conversation.Shopper},
		service.Opening{Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		who  service.Participant
		id   string
		want string
	}{
		{"another customer", service.Participant{Role: conversation.Shopper, ID: "cus-2"}, c.ID, "conversation_not_found"},
		{"a guest without a token", service.Participant{Role: conversation.Shopper}, guest.ID, "conversation_not_found"},
		{"a guest with another token", service.Participant{Role: conversation.Shopper, Token: strings.Repeat("a", 32)},
			guest.ID,
			"conversation_not_found"},
		{"a customer in a guest's", customer, guest.ID, "conversation_not_found"},
		{"the guest", service.Participant{Role: conversation.Shopper, Token: proof.Secret}, guest.ID, ""},
		{"an id that is none", customer, "chat_nothing", "conversation_not_found"},
		{"an agent", agentWho("a"), c.ID, ""},
	} {
		if _, err := d.Load(t.Context(), test.who, test.id); code(err) != test.want {
			t.Errorf("%s reads: %v", test.name, err)
		}
		if test.want == "" {
			continue
		}
		for what, err := range map[string]error{
			"sends":  second(d.Send(t.Context(), test.who, test.id, service.Draft{ClientID: "client-01", Text: "hello"})),
			"closes": first(d.Close(t.Context(), test.who, test.id)),
			"rates":  first(d.Rate(t.Context(), test.who, test.id, 1, "")),
			"marks":  first(d.MarkRead(t.Context(), test.who, test.id, 1)),
		} {
			if code(err) != test.want {
				t.Errorf("%s %s: %v", test.name, what, err)
			}
		}
	}
}

func first(_ conversation.Conversation, err error) error { return err }

func second(_ conversation.Conversation, _ []service.Message, err error) error { return err }

func TestWhatMustNotBeStoredIsMasked(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "카드 4242 4242 4242 4242, 주민번호 900101-1234567 상담원 연결")
	stored := d.log(t, c.ID)
	if text := stored[1].Text; strings.Contains(text, "4242 4242") || strings.Contains(text, "1234567") ||
		len(stored[1].Masked) != 2 {
		t.Errorf("stored %q, %v", text, stored[1].Masked)
	}
}

func TestAbuseEndsTheConversation(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	for _, id := range []string{"client-01", "client-02", "client-03"} {
		c, _ = d.say(t, customer, c, id, "야 씨발")
	}
	if !c.Blocked || c.State != conversation.Closed {
		t.Fatalf("%+v", c)
	}
	if _, _, err := d.Send(t.Context(), customer, c.ID,
		service.Draft{ClientID: "client-04", Text: "hello"}); code(err) != "conversation_blocked" {
		t.Errorf("%v", err)
	}
}

func TestNotesAreForTheShopOnly(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	if _, _, err := d.Note(t.Context(), agentWho("a"), c.ID,
		service.Draft{ClientID: "agent-note-1", Text: "VIP, be kind"}); err != nil {
		t.Fatal(err)
	}
	c, err := d.Load(t.Context(), customer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	seen, _, err := d.Replay(t.Context(), c, 0, 10, false)
	if err != nil || len(seen) != 2 || !seen[1].Hidden || seen[1].Text != "" || seen[1].Name != "" || seen[1].Seq != 2 {
		t.Errorf("the shopper sees %+v, %v", seen, err)
	}
	if all := d.log(t, c.ID); all[1].Text == "" {
		t.Errorf("the agent sees %+v", all[1])
	}
}

func TestErasingLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	exported, err := d.ExportOf(t.Context(), customer.ID)
	if err != nil || len(exported) != 1 || len(exported[0].Messages) < 3 {
		t.Errorf("exported %+v, %v", exported, err)
	}
	if n, err := d.EraseOf(t.Context(), customer.ID); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	page, err := d.Table.Query(t.Context(), table.Query{Where: "#pk = :pk", With: map[string]any{":pk": "CHAT#" + c.ID}})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("%d items are left, %v", len(page.Items), err)
	}
	if _, err := d.Load(t.Context(), customer, c.ID); code(err) != "conversation_not_found" {
		t.Errorf("%v", err)
	}
	if a, _ := d.Agent(t.Context(), "a"); a.Active != 0 {
		t.Errorf("the agent still has %d", a.Active)
	}
	if all, err := d.Of(t.Context(), customer.ID); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}
