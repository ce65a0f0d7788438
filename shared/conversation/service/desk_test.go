package service_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/table"
)

func TestAQueueIsWatchedByAgentsOnly(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	d.connect(t, agentWho("a"), "", "watching")
	c := d.begin(t)
	d.connect(t, customer, c.ID, "shopper")
	for _, test := range []struct {
		connection, team, want string
	}{
		{"watching", "care", ""}, {"watching", "nobody", "team_not_found"}, {"shopper", "care", "not_allowed"},
	} {
		got := d.frame(t, test.connection, service.ClientFrame{Do: "hello", Inbox: test.team})
		if got.Code != test.want || test.want == "" && got.Type != "welcome" {
			t.Errorf("%s says hello to %s: %+v", test.connection, test.team, got)
		}
	}
	// A conversation with the bot is in nobody's queue; one that waits is told with its card.
	d.say(t, customer, c, "client-01", "배송비는 얼마인가요?")
	if got := d.sockets.received("watching"); len(got) != 0 {
		t.Errorf("of the bot's conversation the queue is told %+v", got)
	}
	d.say(t, customer, c, "client-02", "상담원 연결")
	got := d.sockets.received("watching")
	if len(got) == 0 {
		t.Fatal("the queue is told nothing")
	}
	last := got[len(got)-1]
	if last.Type != "inbox" || last.Conversation != c.ID || last.Card == nil || last.Card.State != conversation.Queued {
		t.Errorf("the queue is told %+v", last)
	}
	// Typing in a conversation is for those who said hello there.
	if got := d.frame(t, "watching",
		service.ClientFrame{Do: "typing", Conversation: c.ID}); got.Code != "conversation_not_found" {
		t.Errorf("typing without a hello: %+v", got)
	}
}

// Whichever call fails, a connection that ended is listened for nowhere once the end is repeated.
func TestAConnectionIsRemovedWhicheverCallFails(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 3; n++ {
		for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered} {
			in := fault.New(fault.Plan{})
			d := newDesk()
			c := d.begin(t)
			for _, name := range []string{"ending", "staying"} {
				d.connect(t, customer, c.ID, name)
				d.frame(t, name, service.ClientFrame{Do: "hello", Conversation: c.ID})
			}
			d.through(in)
			in.Restart(fault.Plan{N: n, Mode: mode})
			if err := d.Disconnect(t.Context(), "ending"); err == nil {
				t.Errorf("call %d %s, and nothing is said of it", n, mode)
			}
			in.Stop()
			if err := d.Disconnect(t.Context(), "ending"); err != nil {
				t.Fatal(err)
			}
			page, err := d.Table.Query(t.Context(), table.Query{Where: "#pk = :pk AND begins_with(#sk, :conn)",
				With: map[string]any{":pk": "CHAT#" + c.ID, ":conn": "CONN#"}})
			if err != nil || len(page.Items) != 1 || page.Items[0].Text("connection") != "staying" {
				t.Errorf("call %d %s: listening are %v, %v", n, mode, page.Items, err)
			}
		}
	}
}

func TestCannedAnswersAreWrittenReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	d := newDesk()
	answer := service.Canned{ID: "late", Title: "늦은 배송", Language: "ko", Text: "{name}님, 죄송합니다."}
	if err := d.SetCanned(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	answer.Text = "곧 도착합니다."
	if err := d.SetCanned(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	if err := d.SetCanned(t.Context(),
		service.Canned{ID: "fr", Title: "x", Language: "fr", Text: "x"}); code(err) != "invalid_input" {
		t.Errorf("a language without texts: %v", err)
	}
	all, err := d.CannedAnswers(t.Context())
	if err != nil || len(all) != 1 || all[0] != answer {
		t.Errorf("%+v, %v", all, err)
	}
	for range 2 {
		if err := d.RemoveCanned(t.Context(), "late"); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := d.CannedAnswers(t.Context()); err != nil || all == nil || len(all) != 0 {
		t.Errorf("after removing: %v, %v", all, err)
	}
}

func TestTheSummaryHasTheShoppersLastFiveMessages(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	if got, err := d.Summary(t.Context(), c); err != nil || got != "" {
		t.Errorf("of nothing: %q, %v", got, err)
	}
	c, _ = d.say(t, customer, c, "client-00", "상담원 연결")
	c, err := d.Claim(t.Context(), agentWho("a"), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 7; n++ {
		c, _ = d.say(t, customer, c, fmt.Sprint("client-0", n), fmt.Sprint("질문 ", n))
		c, _ = d.say(t, agentWho("a"), c, fmt.Sprint("agent-00", n), "답변")
	}
	if _, _, err := d.Note(t.Context(), agentWho("a"), c.ID,
		service.Draft{ClientID: "note-0001", Text: "VIP"}); err != nil {
		t.Fatal(err)
	}
	c, err = d.Load(t.Context(), agentWho("a"), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Summary(t.Context(), c)
	if want := "질문 3\n질문 4\n질문 5\n질문 6\n질문 7"; err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestAConversationPutAsideComesBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		wake func(*testing.T, *desk, conversation.Conversation)
		want conversation.State
	}{
		{"when its time is over", func(t *testing.T, d *desk, c conversation.Conversation) {
			d.clock.MoveTo(c.SnoozedUntil)
			if err := d.Heartbeat(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if ring, err := d.Ring(t.Context(), c.ID); err != nil || ring != conversation.RingWake {
				t.Errorf("rang %s, %v", ring, err)
			}
		}, conversation.WithAgent},
		{"when the shopper writes", func(t *testing.T, d *desk, c conversation.Conversation) {
			d.say(t, customer, c, "client-02", "언제 되나요?")
		}, conversation.WithAgent},
		{"when its agent is gone by then, in the queue", func(t *testing.T, d *desk, c conversation.Conversation) {
			d.clock.MoveTo(c.SnoozedUntil)
			if _, err := d.Ring(t.Context(), c.ID); err != nil {
				t.Fatal(err)
			}
		}, conversation.Queued},
		{"not before its time", func(t *testing.T, d *desk, c conversation.Conversation) {
			d.clock.MoveTo(c.SnoozedUntil.Add(-time.Second))
			if ring, err := d.Ring(t.Context(), c.ID); err != nil || ring != conversation.RingNothing {
				t.Errorf("rang %s, %v", ring, err)
			}
		}, conversation.Snoozed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.staff(t, "a")
			c := d.begin(t)
			c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
			if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Snooze(t.Context(), agentWho("b"), c.ID, monday.Add(time.Hour)); code(err) != "not_owner" {
				t.Errorf("put aside by another agent: %v", err)
			}
			c, err := d.Snooze(t.Context(), agentWho("a"), c.ID, monday.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			test.wake(t, d, c)
			c, err = d.Load(t.Context(), customer, c.ID)
			if err != nil || c.State != test.want {
				t.Errorf("it is %s, %v", c.State, err)
			}
			a, err := d.Agent(t.Context(), "a")
			if held := c.Holder() == "a"; err != nil || held != (a.Active == 1) {
				t.Errorf("agent %q has it, and agent a counts %d, %v", c.Holder(), a.Active, err)
			}
		})
	}
}

// Tags and a rating at the same moment: each is kept, whoever comes second reads again.
func TestChangesAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	if _, err := d.Close(t.Context(), customer, c.ID); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	failed := func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	all.Go(func() {
		_, err := d.Tag(t.Context(), c.ID, []string{"b", "a", "b"})
		failed("tags", err)
	})
	all.Go(func() {
		_, err := d.Rate(t.Context(), customer, c.ID, 2, "카드 4242424242424242로 냈어요")
		failed("rating", err)
	})
	for n := range 3 {
		all.Go(func() {
			_, _, err := d.Note(t.Context(), agentWho("a"), c.ID,
				service.Draft{ClientID: fmt.Sprint("note-000", n), Text: "단골"})
			failed("note", err)
		})
	}
	all.Wait()
	c, err := d.Load(t.Context(), customer, c.ID)
	if err != nil || strings.Join(c.Tags, " ") != "a b" || c.Rating != 2 {
		t.Errorf("tags %v, rating %d, %v", c.Tags, c.Rating, err)
	}
	// A card number is not stored, wherever it is typed.
	if strings.Contains(c.RatingNote, "4242424242424242") {
		t.Errorf("the note is %q", c.RatingNote)
	}
	notes := 0
	for _, m := range d.log(t, c.ID) {
		if m.Internal {
			notes++
		}
	}
	if notes != 3 {
		t.Errorf("%d notes", notes)
	}
	if _, err := d.Rate(t.Context(), agentWho("a"), c.ID, 5, ""); code(err) != "conversation_not_found" {
		t.Errorf("rated by an agent: %v", err)
	}
	if _, err := d.Tag(t.Context(), c.ID, []string{""}); code(err) != "invalid_input" {
		t.Errorf("an empty tag: %v", err)
	}
}
