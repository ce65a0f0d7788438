package service_test

import (
	"errors"
	"testing"
	"time"

	"dangol/events"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// typed is a conversation of a customer whose account has no address. Agent a has answered, and the address that the
// shopper typed is mailed the code.
func typed(t *testing.T) (d *desk, c conversation.Conversation, proof string) {
	t.Helper()
	d = newDesk()
	d.staff(t, "a")
	c = d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	c, err := d.Claim(t.Context(), agentWho("a"), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, _ = d.say(t, agentWho("a"), c, "agent-001", "오늘 보내 드릴게요.")
	if c, err = d.Contact(t.Context(), customer, c.ID, "bora@example.com", ""); err != nil {
		t.Fatal(err)
	}
	return d, c, d.requested(t, c.ID)[0].Code
}

// timer is when the timer of what was not read rings; the zero time when it does not run.
func (d *desk) timer(t testing.TB, id string) time.Time {
	t.Helper()
	var item struct {
		due.Due
	}
	err := d.Table.Get(t.Context(), table.Key{PK: "CHAT#" + id, SK: "UNREAD"}, &item)
	if errors.Is(err, table.ErrNotFound) || err == nil && item.Shard == "" {
		return time.Time{}
	}
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(item.At).UTC()
}

// mailed are the numbers of the messages that were mailed, from and to, by mail.
func (d *desk) mailed(t testing.TB, id string) (spans [][2]int64) {
	t.Helper()
	for _, m := range d.requested(t, id) {
		if m.Kind == events.MailMessages {
			spans = append(spans, [2]int64{m.From, m.To})
		}
	}
	return spans
}

func TestWhatWasWrittenBeforeTheProofIsMailedAfterIt(t *testing.T) {
	t.Parallel()
	d, c, proof := typed(t)
	if at := d.timer(t, c.ID); !at.IsZero() {
		t.Errorf("before the proof a timer rings at %s", at)
	}
	d.clock.Advance(4 * time.Minute)
	if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil {
		t.Fatal(err)
	}
	if at, want := d.timer(t, c.ID), d.clock.Now().Add(conversation.UnreadAfter); !at.Equal(want) {
		t.Errorf("the timer rings at %s, want %s", at, want)
	}
	for range 2 { // the job is delivered twice
		if err := d.MailUnread(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if spans := d.mailed(t, c.ID); len(spans) != 1 || spans[0] != [2]int64{c.Seq, c.Seq} {
		t.Errorf("mailed %v, the agent's message is %d", spans, c.Seq)
	}
	// The code entered once more proves nothing new.
	if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil || !d.timer(t, c.ID).IsZero() {
		t.Errorf("the timer rings at %s, %v", d.timer(t, c.ID), err)
	}
}

func TestTheAccountsOwnAddressIsMailedWhatWasWrittenBeforeItWasLeft(t *testing.T) {
	t.Parallel()
	d, c, _ := typed(t)
	withAccount := customer
	withAccount.Email = "cus@example.com"
	if _, err := d.Contact(t.Context(), withAccount, c.ID, "cus@example.com", ""); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if spans := d.mailed(t, c.ID); len(spans) != 1 {
		t.Errorf("mailed %v", spans)
	}
}

func TestAProofSetsNoTimer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(*testing.T, *desk, conversation.Conversation, string) error
	}{
		{"when the code was wrong", func(t *testing.T, d *desk, c conversation.Conversation, _ string) error {
			_, err := d.ProveEmail(t.Context(), customer, c.ID, "no code")
			if code(err) != "code_wrong" {
				t.Errorf("it was %v", err)
			}
			return nil
		}},
		{"when no person wrote", func(t *testing.T, d *desk, _ conversation.Conversation, _ string) error {
			c := d.begin(t)
			if _, err := d.Contact(t.Context(), customer, c.ID, "gil@example.com", ""); err != nil {
				return err
			}
			_, err := d.ProveEmail(t.Context(), customer, c.ID, d.requested(t, c.ID)[0].Code)
			if at := d.timer(t, c.ID); !at.IsZero() {
				t.Errorf("it rings at %s", at)
			}
			return err
		}},
		{"of an address that was proved", func(t *testing.T, d *desk, c conversation.Conversation, proof string) error {
			if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil {
				return err
			}
			if err := d.MailUnread(t.Context(), c.ID); err != nil {
				return err
			}
			_, err := d.Contact(t.Context(), customer, c.ID, "Bora@example.com", "보라")
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, c, proof := typed(t)
			if err := test.do(t, d, c, proof); err != nil {
				t.Fatal(err)
			}
			if at := d.timer(t, c.ID); !at.IsZero() {
				t.Errorf("it rings at %s", at)
			}
		})
	}
}

func TestWhatWasReadBeforeTheProofIsNotMailed(t *testing.T) {
	t.Parallel()
	d, c, proof := typed(t)
	if _, err := d.MarkRead(t.Context(), customer, c.ID, c.Seq); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if spans := d.mailed(t, c.ID); len(spans) != 0 {
		t.Errorf("mailed %v", spans)
	}
}

func TestOfAnotherAddressOnlyWhatWasNotMailedIsMailed(t *testing.T) {
	t.Parallel()
	d, c, proof := typed(t)
	if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	first := c.Seq
	if _, err := d.Contact(t.Context(), customer, c.ID, "gil@example.com", ""); err != nil {
		t.Fatal(err)
	}
	// Written while the new address is not proved.
	c, _ = d.say(t, agentWho("a"), c, "agent-002", "송장 번호는 6000입니다.")
	if err := d.MailUnread(t.Context(), c.ID); err != nil || len(d.mailed(t, c.ID)) != 1 {
		t.Fatalf("before the proof mailed %v, %v", d.mailed(t, c.ID), err)
	}
	for _, m := range d.requested(t, c.ID) {
		if m.Kind == events.MailAddressCode && m.Email == "gil@example.com" {
			proof = m.Code
		}
	}
	if _, err := d.ProveEmail(t.Context(), customer, c.ID, proof); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	var to []string
	var sum int64
	for _, m := range d.requested(t, c.ID) {
		if m.Kind == events.MailMessages {
			to, sum = append(to, m.Email), sum+m.From
		}
	}
	if len(to) != 2 || sum != first+c.Seq {
		t.Errorf("mailed %v to %v; the messages are %d and %d", d.mailed(t, c.ID), to, first, c.Seq)
	}
}

// What is sent by somebody who is not the conversation's shopper proves nothing.
func TestAStrangerWithTheRightCodeSetsNoTimer(t *testing.T) {
	t.Parallel()
	d, c, proof := typed(t)
	eve := service.Participant{Role: conversation.Shopper, ID: "cus-2"}
	if _, err := d.ProveEmail(t.Context(), eve, c.ID, proof); code(err) != "conversation_not_found" {
		t.Errorf("a stranger: %v", err)
	}
	if at := d.timer(t, c.ID); !at.IsZero() {
		t.Errorf("it rings at %s", at)
	}
}
