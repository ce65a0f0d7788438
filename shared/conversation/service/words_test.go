package service_test

import (
	"testing"
	"time"
	"unicode"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
)

// inTheirOwn reports whether a text's words are Korean in "ko" and not in "en".
func inTheirOwn(words map[string]string) bool {
	hangul := func(text string) bool {
		for _, r := range text {
			if unicode.Is(unicode.Hangul, r) {
				return true
			}
		}
		return false
	}
	return len(words) == 2 && hangul(words["ko"]) && words["en"] != "" && !hangul(words["en"])
}

// An agent with an English page reads a Korean shopper's conversation: each notice comes in both languages.
func TestEachNoticeComesInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "jieun")
	c := d.begin(t)
	agent := agentWho("jieun")
	steps := []func() error{
		func() error { c, _ = d.say(t, customer, c, "client-01", "상담원 연결해 주세요"); return nil },
		func() (err error) { c, err = d.Claim(t.Context(), agent, c.ID); return err },
		func() (err error) { c, err = d.Transfer(t.Context(), agent, c.ID, "care"); return err },
		func() (err error) { c, err = d.Claim(t.Context(), agent, c.ID); return err },
		func() (err error) { c, err = d.GiveBack(t.Context(), agent, c.ID); return err },
		func() (err error) { c, err = d.Close(t.Context(), customer, c.ID); return err },
		func() error { d.clock.Advance(12 * time.Hour); return nil }, // the team has gone home
		func() error { c, _ = d.say(t, customer, c, "client-02", "하나 더 있어요"); return nil },
		func() (err error) { c, err = d.Block(t.Context(), c.ID); return err },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	for _, code := range []conversation.NoticeCode{conversation.CallBooked, conversation.CallReminder,
		conversation.CallDue, conversation.CallMissed} {
		n := conversation.Notice{Code: code, At: monday}
		if err := d.Announce(t.Context(), c.ID, "call-"+string(code), n); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[conversation.NoticeCode]bool{}
	for _, m := range d.log(t, c.ID) {
		if m.Role != conversation.System {
			continue
		}
		seen[m.Notice] = true
		if !inTheirOwn(m.Words) || m.Text != m.Words["ko"] {
			t.Errorf("%s: %q in a Korean conversation, %q", m.Notice, m.Text, m.Words)
		}
	}
	if len(seen) != 12 {
		t.Errorf("the conversation saw %d kinds of notices: %v", len(seen), seen)
	}
}

// A socket has no Accept-Language: what a person is to read of a refusal comes in each language.
func TestARefusedFrameSaysWhyInEachLanguage(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	for _, frame := range []service.ClientFrame{
		{Do: "shutdown"}, {Do: "hello", Conversation: "chat_nobody"}, {Do: "hello", Inbox: "care"},
		{Do: "read", Conversation: c.ID, Seq: 99}, {Do: "send", Conversation: c.ID},
	} {
		if got := d.frame(t, "one", frame); got.Type != "error" || !inTheirOwn(got.Words) {
			t.Errorf("%+v is answered with %+v", frame, got)
		}
	}
}

// The promised time is on the wall clock of the team that a conversation was given to, not of the one that had it.
func TestATransferPromisesTheOtherTeamsTime(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "jieun")
	away := conversation.DefaultTeam()
	away.ID, away.Hours.Zone = "lisbon", "Europe/Lisbon"
	if _, err := d.PutTeam(t.Context(), away); err != nil {
		t.Fatal(err)
	}
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결해 주세요")
	agent := agentWho("jieun")
	if _, err := d.Claim(t.Context(), agent, c.ID); err != nil {
		t.Fatal(err)
	}
	c, err := d.Transfer(t.Context(), agent, c.ID, "lisbon")
	if err != nil {
		t.Fatal(err)
	}
	log := d.log(t, c.ID)
	last := log[len(log)-1]
	want := conversation.SayTime(c.PromisedAt, away, "en")
	if last.Notice != conversation.OutOfHours || last.Words["en"] != conversation.Say("out_of_hours", "en", "time", want) {
		t.Errorf("at ten in Seoul Lisbon sleeps: %s, %q", last.Notice, last.Words)
	}
}

func TestTheDefaultTeamIsListedBesideOthers(t *testing.T) {
	t.Parallel()
	d := newDesk()
	for _, id := range []string{"returns", "care"} {
		team := conversation.DefaultTeam()
		team.ID = id
		if _, err := d.PutTeam(t.Context(), team); err != nil {
			t.Fatal(err)
		}
		teams, err := d.Teams(t.Context())
		if err != nil || len(teams) != 2 {
			t.Errorf("after %s was written there are %d teams: %v", id, len(teams), err)
		}
	}
}
