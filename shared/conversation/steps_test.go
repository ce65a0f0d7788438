package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/faq"
)

// closedBy is a conversation of agent a that the agent has ended.
func closedBy(t *testing.T, at time.Time) conversation.Conversation {
	t.Helper()
	change, err := withAgent(t, at).Close(conversation.Agent, "a", team(), at)
	return after(t, change, err)
}

func TestWhoMayEndAConversation(t *testing.T) {
	t.Parallel()
	handed, err := begin(monday).HandOver(conversation.AsksPerson, team(), monday)
	queued := after(t, handed, err)
	for _, test := range []struct {
		name    string
		c       conversation.Conversation
		role    conversation.Role
		id      string
		want    string
		notices int
	}{
		{"the shopper, the bot's", begin(monday), conversation.Shopper, "", "", 1},
		{"the shopper, an agent's", withAgent(t, monday), conversation.Shopper, "", "", 1},
		{"an agent, the bot's", begin(monday), conversation.Agent, "a", "not_owner", 0},
		{"any agent, one that waits", queued, conversation.Agent, "b", "", 1},
		{"the agent who has it", withAgent(t, monday), conversation.Agent, "a", "", 1},
		{"another agent", withAgent(t, monday), conversation.Agent, "b", "not_owner", 0},
		{"anybody, again", closedBy(t, monday), conversation.Agent, "b", "", 0},
	} {
		change, err := test.c.Close(test.role, test.id, team(), monday.Add(time.Hour))
		if code(err) != test.want || len(change.Notices) != test.notices {
			t.Errorf("%s: %v with %d notices, want %q with %d", test.name, err, len(change.Notices), test.want, test.notices)
		}
		if err == nil && change.Conversation.State != conversation.Closed {
			t.Errorf("%s: it is %s", test.name, change.Conversation.State)
		}
	}
	// Ended a second time, it keeps who ended it and when.
	again, err := closedBy(t, monday).Close(conversation.Shopper, "", team(), monday.Add(time.Hour))
	if c := after(t, again, err); c.ClosedBy != conversation.Agent || !c.ClosedAt.Equal(monday) {
		t.Errorf("ended by %s at %s", c.ClosedBy, c.ClosedAt)
	}
}

func TestUntilWhenAConversationIsPutAside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		agent string
		after time.Duration
		want  string
	}{
		{"a second", "a", time.Second, ""},
		{"no time", "a", 0, "invalid_input"},
		{"into the past", "a", -time.Second, "invalid_input"},
		{"90 days", "a", conversation.MaxSnooze, ""},
		{"a second longer", "a", conversation.MaxSnooze + time.Second, "invalid_input"},
		{"by another agent", "b", time.Hour, "not_owner"},
	} {
		change, err := withAgent(t, monday).Snooze(test.agent, monday.Add(test.after), team(), monday)
		if code(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		if err == nil && (change.Conversation.State != conversation.Snoozed ||
			!change.Conversation.TimerAt.Equal(monday.Add(test.after)) || change.Conversation.Holder() != "a") {
			t.Errorf("%s: %+v", test.name, change.Conversation)
		}
	}
}

func TestARatingIsTakenAfterTheEndForAWeek(t *testing.T) {
	t.Parallel()
	closed := closedBy(t, monday)
	for _, test := range []struct {
		name  string
		c     conversation.Conversation
		score int
		note  string
		after time.Duration
		want  string
	}{
		{"the least", closed, 1, "", 0, ""},
		{"the most", closed, 5, strings.Repeat("감", 1000), 0, ""},
		{"nothing", closed, 0, "", 0, "invalid_input"},
		{"more than the most", closed, 6, "", 0, "invalid_input"},
		{"with a note that is too long", closed, 5, strings.Repeat("감", 1001), 0, "invalid_input"},
		{"in the last moment", closed, 3, "", conversation.ReopenWindow - 1, ""},
		{"too late", closed, 3, "", conversation.ReopenWindow, "not_closed"},
		{"before the end", withAgent(t, monday), 3, "", 0, "not_closed"},
		{"by somebody who was blocked", closed.Block(team(), monday).Conversation, 1, "", 0, "not_closed"},
	} {
		change, err := test.c.Rate(test.score, test.note, monday.Add(test.after))
		if code(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		if err == nil && (change.Conversation.Rating != test.score || change.Conversation.RatingNote != test.note) {
			t.Errorf("%s: stored %d %q", test.name, change.Conversation.Rating, change.Conversation.RatingNote)
		}
	}
	// What is taken up again is not rated any more: the rating was of what had ended.
	change, err := closed.Rate(2, "slow", monday)
	rated := after(t, change, err)
	change, err = rated.Received(team(), true, monday.Add(time.Hour))
	if c := after(t, change, err); c.Rating != 0 || c.RatingNote != "" || c.State != conversation.Queued {
		t.Errorf("taken up again it is %s with the rating %d %q", c.State, c.Rating, c.RatingNote)
	}
}

func TestWhatIsGivenBackBeginsAnew(t *testing.T) {
	t.Parallel()
	c := begin(monday)
	change, err := c.BotAnswered(false, team(), monday)
	c = after(t, change, err)
	change, err = c.HandOver(conversation.Legal, team(), monday)
	c = after(t, change, err)
	if c.Priority != conversation.Legal.Priority() || c.Failed != 1 {
		t.Fatalf("handed over: %+v", c)
	}
	change, err = c.Claim(agent("a", monday), team(), monday)
	c = after(t, change, err)
	if _, err := c.GiveBack("b", team(), monday); code(err) != "not_owner" {
		t.Errorf("by another agent: %v", err)
	}
	change, err = c.GiveBack("a", team(), monday)
	c = after(t, change, err)
	if c.State != conversation.WithBot || c.Failed != 0 || c.Priority != 0 || c.Reason != "" || c.Holder() != "" ||
		!c.WaitingSince.IsZero() {
		t.Errorf("given back: %+v", c)
	}
	// A question without an answer is the first one again.
	if r, ok := conversation.HandoverReason(conversation.Signals{Text: "x", Failed: c.Failed}); ok {
		t.Errorf("handed over at once: %s", r)
	}
}

func TestTagsAreKeptSortedAndOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.SliceOf(rapid.SampledFrom([]string{"배송", "refund", "vip", "a"})).Draw(t, "tags")
		given := slices.Clone(tags)
		kept := begin(monday).Tag(tags).Conversation.Tags
		if !slices.IsSorted(kept) || len(slices.Compact(slices.Clone(kept))) != len(kept) {
			t.Fatalf("kept %v", kept)
		}
		for _, tag := range given {
			if !slices.Contains(kept, tag) {
				t.Fatalf("%q is lost: %v", tag, kept)
			}
		}
		if !slices.Equal(tags, given) {
			t.Fatal("the caller's list was changed")
		}
	})
}

func TestWhatAButtonSaysIsReadBack(t *testing.T) {
	t.Parallel()
	lookUp := func(id string) (faq.Answer, bool) { return faq.Answer{ID: id, Question: "Q*", Answer: "A"}, true }
	answer := conversation.Respond(conversation.Asked{Pressed: "faq:shipping-cost", Language: "en"}, lookUp)
	// The question's own star would end the italics of the source.
	if !strings.HasSuffix(answer.Text, "*From the FAQ: Q*") {
		t.Errorf("the answer is %q", answer.Text)
	}
	for i, want := range []bool{true, false} {
		pressed := answer.Buttons[i].Value
		entry, helped, ok := conversation.Feedback(pressed)
		if entry != "shipping-cost" || helped != want || !ok {
			t.Errorf("%q says %q, %v, %v", pressed, entry, helped, ok)
		}
		// Pressed, it is answered: with thanks, or with what else there is.
		if r := conversation.Respond(conversation.Asked{Pressed: pressed, Language: "en"}, lookUp); r.Helped != want ||
			r.Unanswered == want || r.Text == "" {
			t.Errorf("%q is answered with %+v", pressed, r)
		}
	}
	for _, other := range []string{"", "person", "none", "faq:a", "return:ord_1"} {
		if entry, _, ok := conversation.Feedback(other); ok {
			t.Errorf("%q is an opinion on %q", other, entry)
		}
	}
	for _, test := range []struct{ order, reason, of string }{
		{"ord_1", "faulty", "ord_1:faulty"}, {"ord_1", "", "ord_1"},
	} {
		asked := conversation.Asked{Pressed: conversation.PressReturn(test.order, test.reason), Customer: true}
		if r := conversation.Respond(asked, lookUp); r.Do != conversation.ReturnOrder || r.Of != test.of {
			t.Errorf("%s goes on with %s of %q, want %q", asked.Pressed, r.Do, r.Of, test.of)
		}
		// Orders are their owner's: a guest who sends the button's value is to log in.
		asked.Customer = false
		if r := conversation.Respond(asked, lookUp); r.Do != "" {
			t.Errorf("a guest's %s does %s", asked.Pressed, r.Do)
		}
	}
}

func TestTheWayToAPersonIsInEveryMenu(t *testing.T) {
	t.Parallel()
	for _, language := range conversation.Languages {
		guest, customer := conversation.Menu(language, false), conversation.Menu(language, true)
		if len(guest) != 1 || guest[0].Value != "person" || len(customer) != 1+len(conversation.Actions) ||
			customer[len(customer)-1] != guest[0] {
			t.Errorf("in %s: a guest has %+v, a customer %+v", language, guest, customer)
		}
		// Each button does what it says.
		for i, action := range conversation.Actions {
			asked := conversation.Asked{Pressed: customer[i].Value, Customer: true, Language: language}
			if r := conversation.Respond(asked, emptyFAQ); r.Do != action || customer[i].Label == "" {
				t.Errorf("%+v does %q", customer[i], r.Do)
			}
		}
	}
}

// emptyFAQ is a FAQ without entries.
func emptyFAQ(string) (faq.Answer, bool) { return faq.Answer{}, false }

func TestWhenAProofOpensTheMailbox(t *testing.T) {
	t.Parallel()
	fresh := begin(monday)
	answered := withAgent(t, monday)
	change, err := answered.Answered("a", team(), monday)
	answered = after(t, change, err)
	proved := func(c conversation.Conversation, email string) conversation.Conversation {
		c, _ = leave(t, c, email, email)
		return c
	}
	typed, _ := leave(t, answered, "bora@example.com", "")
	for _, test := range []struct {
		name          string
		before, after conversation.Conversation
		want          bool
	}{
		{"proved after a person wrote", typed, proved(typed, "bora@example.com"), true},
		{"proved before any person wrote", fresh, proved(fresh, "bora@example.com"), false},
		{"typed only", answered, typed, false},
		{"proved before", proved(answered, "bora@example.com"), proved(answered, "Bora@example.com"), false},
		{"another one is proved", proved(answered, "bora@example.com"), proved(answered, "gil@example.com"), true},
		{"another one is typed", proved(answered, "bora@example.com"), typed, false},
	} {
		if got := test.before.OpensMailbox(test.after); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestThePriorityOfAReason(t *testing.T) {
	t.Parallel()
	most := 0
	for _, r := range []conversation.Reason{conversation.Legal, conversation.Privacy, conversation.Complaint,
		conversation.OpenCase, conversation.Refund, conversation.VIP, conversation.AsksPerson, conversation.FailedTwice} {
		if r.Priority() < 1 {
			t.Errorf("%s has no priority", r)
		}
		most = max(most, r.Priority())
	}
	if conversation.Legal.Priority() != most || conversation.Reason("unknown").Priority() != 0 {
		t.Errorf("legal is %d of %d, an unknown one %d", conversation.Legal.Priority(), most,
			conversation.Reason("unknown").Priority())
	}
	// Handed over again for less, a conversation keeps what it had.
	change, err := begin(monday).HandOver(conversation.Legal, team(), monday)
	c := after(t, change, err)
	c.State = conversation.WithBot
	change, err = c.HandOver(conversation.AsksPerson, team(), monday)
	if got := after(t, change, err); got.Priority != most || got.Reason != conversation.AsksPerson {
		t.Errorf("priority %d for %s", got.Priority, got.Reason)
	}
}

func TestWhichFilesAreTaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		contentType string
		size        int64
		want        bool
	}{
		{"image/png", 1, true},
		{"image/png", 0, false},
		{"image/png", -1, false},
		{"application/pdf", conversation.MaxFile, true},
		{"application/pdf", conversation.MaxFile + 1, false},
		{"image/svg+xml", 10, false}, // may run scripts
		{"text/html", 10, false},
		{"text/plain; charset=utf-8", 10, false},
		{"IMAGE/PNG", 10, false},
		{"", 10, false},
	} {
		if got := conversation.FileAllowed(test.contentType, test.size); got != test.want {
			t.Errorf("%q of %d bytes: %v", test.contentType, test.size, got)
		}
	}
}
