package conversation_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
)

// monday is a Monday at ten in Seoul, when the ordinary team is on duty.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

func team() conversation.Team { return conversation.DefaultTeam() }

func agent(id string, at time.Time) conversation.AgentStatus {
	return conversation.AgentStatus{ID: id, Name: id, Teams: []string{"care"}, Languages: []string{"ko"}, Limit: 3,
		Online: true, SeenAt: at}
}

func begin(at time.Time) conversation.Conversation {
	return conversation.Start(conversation.Conversation{ID: "chat_1", Language: "ko"}, team(), at)
}

// code is the code of a problem, "" for none.
func code(err error) string {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// after makes a change that a test expects to be allowed.
func after(t *testing.T, change conversation.Change, err error) conversation.Conversation {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return change.Conversation
}

// withAgent is a conversation that agent a has.
func withAgent(t *testing.T, at time.Time) conversation.Conversation {
	t.Helper()
	change, err := begin(at).HandOver(conversation.AsksPerson, team(), at)
	queued := after(t, change, err)
	change, err = queued.Claim(agent("a", at), team(), at)
	return after(t, change, err)
}

func TestWhoMayWrite(t *testing.T) {
	t.Parallel()
	handed, err := begin(monday).HandOver(conversation.Legal, team(), monday)
	queued := after(t, handed, err)
	claimed := withAgent(t, monday)
	ended, err := claimed.Close(conversation.Agent, "a", team(), monday)
	closed := after(t, ended, err)
	blocked := claimed.Block(team(), monday).Conversation
	for _, test := range []struct {
		name string
		c    conversation.Conversation
		role conversation.Role
		id   string
		at   time.Time
		want string
	}{
		{"the bot in its own conversation", begin(monday), conversation.Bot, "", monday, ""},
		{"an agent in the bot's", begin(monday), conversation.Agent, "a", monday, "not_owner"},
		{"the bot in the queue", queued, conversation.Bot, "", monday, "not_owner"},
		{"an agent before claiming", queued, conversation.Agent, "a", monday, "not_owner"},
		{"the bot after a person has it", claimed, conversation.Bot, "", monday, "not_owner"},
		{"the agent who has it", claimed, conversation.Agent, "a", monday, ""},
		{"another agent", claimed, conversation.Agent, "b", monday, "not_owner"},
		{"the shopper at any time", claimed, conversation.Shopper, "", monday, ""},
		{"the shopper soon after the end", closed, conversation.Shopper, "", monday.AddDate(0, 0, 6), ""},
		{"the shopper long after the end", closed, conversation.Shopper, "", monday.AddDate(0, 0, 7), "conversation_closed"},
		{"the agent after the end", closed, conversation.Agent, "a", monday, "not_owner"},
		{"a shopper who was blocked", blocked, conversation.Shopper, "", monday, "conversation_blocked"},
		{"a notice at any time", closed, conversation.System, "", monday, ""},
	} {
		if got := code(test.c.MayWrite(test.role, test.id, test.at)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestClaimNeedsAnAgentWhoIsThereAndHasRoom(t *testing.T) {
	t.Parallel()
	handed, err := begin(monday).HandOver(conversation.AsksPerson, team(), monday)
	queued := after(t, handed, err)
	for _, test := range []struct {
		name   string
		change func(*conversation.AgentStatus)
		want   string
	}{
		{"one who is there", func(*conversation.AgentStatus) {}, ""},
		{"one who is away", func(a *conversation.AgentStatus) { a.Online = false }, "agent_absent"},
		{"one whose page has gone", func(a *conversation.AgentStatus) { a.SeenAt = monday.Add(-conversation.AbsentAfter) },
			"agent_absent"},
		{"one at the limit", func(a *conversation.AgentStatus) { a.Active = 3 }, "agent_full"},
		{"one of another team", func(a *conversation.AgentStatus) { a.Teams = []string{"sales"} }, "wrong_team"},
	} {
		a := agent("a", monday)
		test.change(&a)
		if _, err := queued.Claim(a, team(), monday); code(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := withAgent(t, monday).Claim(agent("b", monday), team(), monday); code(err) != "already_claimed" {
		t.Errorf("claimed twice: %v", err)
	}
}

func TestAClaimOfTheAgentWhoHasTheConversationChangesNothing(t *testing.T) {
	t.Parallel()
	claimed := withAgent(t, monday)
	a := agent("a", monday)
	a.Online, a.Active = false, a.Limit // neither matters any more: the agent has it
	again, err := claimed.Claim(a, team(), monday.Add(time.Hour))
	if err != nil || len(again.Notices) != 0 || !reflect.DeepEqual(again.Conversation, claimed) {
		t.Errorf("claimed again: %+v, %v; want %+v", again, err, claimed)
	}
	ended, err := claimed.Close(conversation.Agent, "a", team(), monday)
	if _, err := after(t, ended, err).Claim(agent("a", monday), team(), monday); code(err) != "already_claimed" {
		t.Errorf("an agent claims what was closed: %v", err)
	}
}

func TestAssignmentPicksWhoFitsBest(t *testing.T) {
	t.Parallel()
	handed, err := begin(monday).HandOver(conversation.AsksPerson, team(), monday)
	queued := after(t, handed, err)
	busy, free, english, away := agent("busy", monday), agent("free", monday), agent("english", monday), agent("away",
		monday)
	busy.Active, english.Languages, away.Online = 2, []string{"en"}, false
	for _, test := range []struct {
		name   string
		agents []conversation.AgentStatus
		want   string
	}{
		{"the one with most room", []conversation.AgentStatus{busy, free, away}, "free"},
		{"the language comes before the room", []conversation.AgentStatus{busy, english}, "busy"},
		{"another language rather than nobody", []conversation.AgentStatus{english, away}, "english"},
		{"nobody who is away", []conversation.AgentStatus{away}, ""},
	} {
		if got, _ := conversation.Pick(test.agents, queued, monday); got.ID != test.want {
			t.Errorf("%s: %q, want %q", test.name, got.ID, test.want)
		}
	}
}

func TestOutOfHoursThereIsExactlyOneNoticeForEachClosedPeriod(t *testing.T) {
	t.Parallel()
	night := monday.Add(12 * time.Hour) // Monday, 22:00 in Seoul
	change, err := begin(night).HandOver(conversation.AsksPerson, team(), night)
	c := after(t, change, err)
	if len(change.Notices) != 1 || change.Notices[0].Code != conversation.OutOfHours ||
		!change.Notices[0].At.Equal(monday.Add(23*time.Hour)) {
		t.Fatalf("notices %+v", change.Notices)
	}
	for n := range 5 {
		change, err := c.Received(team(), false, night.Add(time.Duration(n)*time.Minute))
		c = after(t, change, err)
		if len(change.Notices) > 0 {
			t.Errorf("a second notice in the same night: %+v", change.Notices)
		}
	}
	open, err := c.Received(team(), false, monday.Add(24*time.Hour))
	c = after(t, open, err)
	if len(open.Notices) > 0 {
		t.Errorf("a notice in opening hours: %+v", open.Notices)
	}
	next, err := c.Received(team(), false, night.Add(24*time.Hour))
	if _ = after(t, next, err); len(next.Notices) != 1 {
		t.Errorf("the next night: %+v", next.Notices)
	}
	inHours, err := begin(monday).HandOver(conversation.AsksPerson, team(), monday)
	if _ = after(t, inHours, err); len(inHours.Notices) != 1 || inHours.Notices[0].Code != conversation.HandedOver {
		t.Errorf("in opening hours: %+v", inHours.Notices)
	}
}

func TestWhatTimersDo(t *testing.T) {
	t.Parallel()
	handed, err := begin(monday).HandOver(conversation.AsksPerson, team(), monday)
	queued := after(t, handed, err)
	claimed := withAgent(t, monday)
	answered, err := claimed.Answered("a", team(), monday.Add(time.Minute))
	quiet := after(t, answered, err)
	snoozed, err := claimed.Snooze("a", monday.Add(time.Hour), team(), monday)
	aside := after(t, snoozed, err)
	ended, err := claimed.Close(conversation.Shopper, "", team(), monday)
	closed := after(t, ended, err)
	for _, test := range []struct {
		name    string
		c       conversation.Conversation
		present bool
		after   time.Duration
		ring    conversation.Ring
		state   conversation.State
	}{
		{"the bot's conversation nobody writes in", begin(monday), false, 24 * time.Hour, conversation.RingIdle,
			conversation.Closed},
		{"one that nobody claims", queued, false, 5 * time.Minute, conversation.RingEscalate, conversation.Queued},
		{"too early", queued, false, 4 * time.Minute, conversation.RingNothing, conversation.Queued},
		{"one that its agent does not answer", claimed, true, 10 * time.Minute, conversation.RingEscalate,
			conversation.WithAgent},
		{"one whose agent has gone", claimed, false, 10 * time.Minute, conversation.RingRequeue, conversation.Queued},
		{"one that waits for the shopper", quiet, true, 73 * time.Hour, conversation.RingIdle, conversation.Closed},
		{"one that was put aside", aside, true, time.Hour, conversation.RingWake, conversation.WithAgent},
		{"one that was put aside by an agent who has gone", aside, false, time.Hour, conversation.RingWake,
			conversation.Queued},
		{"one that ended three years ago", closed, false, conversation.Retention, conversation.RingErase,
			conversation.Closed},
	} {
		at := monday.Add(test.after)
		change, ring := test.c.Rings(test.present, team(), at)
		if ring != test.ring || change.Conversation.State != test.state {
			t.Errorf("%s: %s, %s", test.name, ring, change.Conversation.State)
		}
		if ring == conversation.RingEscalate &&
			(change.Conversation.Priority <= test.c.Priority || !change.Conversation.TimerAt.After(at)) {
			t.Errorf("%s: escalated to priority %d, next at %s", test.name, change.Conversation.Priority,
				change.Conversation.TimerAt)
		}
	}
}

func TestServiceLevelsRunInOpeningHours(t *testing.T) {
	t.Parallel()
	late := monday.Add(8*time.Hour - 4*time.Minute) // Monday 17:56
	handed, err := begin(late).HandOver(conversation.AsksPerson, team(), late)
	c := after(t, handed, err)
	if want := monday.Add(23*time.Hour + 6*time.Minute); !c.AnswerBy.Equal(want) {
		t.Errorf("answer by %s, want %s", c.AnswerBy, want)
	}
	if want := monday.Add(23*time.Hour + time.Minute); !c.TimerAt.Equal(want) {
		t.Errorf("escalates at %s, want %s", c.TimerAt, want)
	}
}

func TestAClosedConversationIsTakenUpAgainByAPersonWhoIsThere(t *testing.T) {
	t.Parallel()
	ended, err := withAgent(t, monday).Close(conversation.Agent, "a", team(), monday)
	closed := after(t, ended, err)
	rated, err := closed.Rate(5, "", monday)
	closed = after(t, rated, err)
	change, err := closed.Received(team(), true, monday.Add(time.Hour))
	c := after(t, change, err)
	if c.State != conversation.Queued || c.AgentID != "" || c.Rating != 0 ||
		change.Notices[0].Code != conversation.Reopened {
		t.Errorf("reopened: %+v, %+v", c, change.Notices)
	}
	if _, err := withAgent(t, monday).Rate(5, "", monday); code(err) != "not_closed" {
		t.Errorf("rated before the end: %v", err)
	}
}

// Whatever happens in whatever order: one owner, a running timer, a silent bot, and no deadline without a waiting
// shopper.
func TestNoConversationIsWithoutAnOwnerOrATimer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := monday.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "start")) * time.Minute)
		c := begin(at)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "minutes")) * time.Minute)
			step := rapid.IntRange(0, 11).Draw(t, "step")
			change, err := apply(t, c, step, at)
			if err != nil {
				continue
			}
			before := c
			c = change.Conversation
			// A claim by who has it already leaves also a timer that has run out, which is still to ring.
			if step == claiming && before.State == conversation.WithAgent && reflect.DeepEqual(before, c) {
				continue
			}
			check(t, fmt.Sprintf("step %d from %s", step, before.State), c, at)
		}
	})
}

// claiming is the step of apply that claims a conversation.
const claiming = 5

func apply(t *rapid.T, c conversation.Conversation, step int, at time.Time) (conversation.Change, error) {
	who := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "agent")
	present := rapid.Bool().Draw(t, "present")
	switch step {
	case 0, 1:
		return c.Received(team(), present, at)
	case 2:
		return c.Answered(who, team(), at)
	case 3:
		return c.BotAnswered(present, team(), at)
	case 4:
		return c.HandOver(conversation.Complaint, team(), at)
	case claiming:
		return c.Claim(agent(who, at), team(), at)
	case 6:
		return c.Transfer(who, team(), at)
	case 7:
		return c.GiveBack(who, team(), at)
	case 8:
		return c.Snooze(who, at.Add(time.Hour), team(), at)
	case 9:
		return c.Close(rapid.SampledFrom([]conversation.Role{conversation.Shopper, conversation.Agent}).Draw(t, "role"), who,
			team(), at)
	case 10:
		return c.Block(team(), at), nil
	}
	change, ring := c.Rings(present, team(), at)
	if ring == conversation.RingNothing && !at.Before(c.TimerAt) {
		t.Fatalf("a timer that has run out does nothing: %+v", c)
	}
	return change, nil
}

func check(t *rapid.T, what string, c conversation.Conversation, at time.Time) {
	owned := map[conversation.State]bool{conversation.WithAgent: true, conversation.Snoozed: true}
	if owned[c.State] != (c.Holder() != "") {
		t.Fatalf("%s: %s with agent %q", what, c.State, c.AgentID)
	}
	if c.TimerAt.IsZero() || c.State != conversation.Closed && !c.TimerAt.After(at) {
		t.Fatalf("%s: %s at %s has the timer %s", what, c.State, at, c.TimerAt)
	}
	if (c.MayWrite(conversation.Bot, "", at) == nil) != (c.State == conversation.WithBot) {
		t.Fatalf("%s: the bot may write in state %s", what, c.State)
	}
	if c.WaitingSince.IsZero() != c.AnswerBy.IsZero() {
		t.Fatalf("%s: waiting since %s, answer by %s", what, c.WaitingSince, c.AnswerBy)
	}
	if c.State == conversation.Closed && (c.ClosedAt.IsZero() || !c.WaitingSince.IsZero()) {
		t.Fatalf("%s: closed %+v", what, c)
	}
}

func TestFiguresAddUp(t *testing.T) {
	t.Parallel()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	at := func(minutes int) time.Time { return monday.Add(time.Duration(minutes) * time.Minute) }
	f := conversation.Summarize([]conversation.ConversationSummary{
		{CreatedAt: at(0), ClosedAt: at(10), Answers: 2},
		{CreatedAt: at(60), ClosedAt: at(120), Reason: conversation.Refund, FirstQueuedAt: at(62), FirstAnswerAt: at(64),
			Rating: 5, Answers: 1},
		{CreatedAt: at(61), Reason: conversation.Refund, FirstQueuedAt: at(62), FirstAnswerAt: at(72), Rating: 2},
		{CreatedAt: at(61), ClosedAt: at(62)},
	}, seoul)
	if f.Conversations != 4 || f.Deflected != 1 || f.HandedOver != 2 || f.Open != 1 || f.ByHour[10] != 1 ||
		f.ByHour[11] != 3 {
		t.Errorf("counts %+v", f)
	}
	if f.FirstAnswerMedian != 120 || f.FirstAnswerP90 != 600 || f.ResolutionMedian != 600 || f.Satisfaction != 3.5 ||
		f.HandoverRate != 0.5 {
		t.Errorf("figures %+v", f)
	}
}
