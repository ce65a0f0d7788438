package mailer_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"dangol/events"
	"dangol/shared/conversation"
	"dangol/shared/conversation/replyaddress"
	"dangol/shared/conversation/service"
	"dangol/shared/outbox"
	"dangol/shared/outreach/keystore"
	"dangol/shared/platform/table"

	"dangol/infra/testkit/localtest"
)

const replies = "reply.example.com"

// talk is a bench with a conversation of a shopper who asked the bot something.
func talk(t *testing.T, ses *fakeSES) (*bench, *service.Service, conversation.Conversation) {
	t.Helper()
	b := newBench(t, ses)
	b.mailer.Care = localtest.Table(t, table.Care)
	b.mailer.Reply = replies
	s := &service.Service{Table: b.mailer.Care, Clock: b.clock, Log: slog.New(slog.DiscardHandler)}
	bora := service.Participant{Role: conversation.Shopper, ID: "cus-1", Email: "bora@example.com"}
	c, _, _, err := s.Start(t.Context(), bora, service.Opening{Language: "ko", Name: "보라",
		Text: "제 카드는 4242424242424242 입니다"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Note(t.Context(), service.Participant{Role: conversation.Agent, ID: "a"}, c.ID,
		service.Draft{ClientID: "note-0001", Text: "까다로운 고객"}); err != nil {
		t.Fatal(err)
	}
	return b, s, c
}

func asks(c conversation.Conversation, kind string) events.ConversationMailRequested {
	return events.ConversationMailRequested{ConversationID: c.ID, Kind: kind, Email: "bora@example.com", Language: "ko",
		Name: "보라", From: 1, To: c.Seq}
}

func TestATranscriptIsMailedMaskedAndCanBeAnswered(t *testing.T) {
	t.Parallel()
	b, _, c := talk(t, &fakeSES{})
	if err := b.deliver(eventMessage(t, "evt_1", asks(c, events.MailTranscript))); err != nil {
		t.Fatal(err)
	}
	if len(b.ses.accepted) != 1 {
		t.Fatalf("%d mails", len(b.ses.accepted))
	}
	m := b.ses.accepted[0]
	if m.To != "bora@example.com" || m.Subject != "[온결] 상담 내용을 보내 드립니다" || m.Tags["template"] != "conversation" {
		t.Errorf("to %s: %s, %v", m.To, m.Subject, m.Tags)
	}
	for _, want := range []string{"보라 님", "고객님, ", "************4242", "자동 안내, ", "이 메일에 회신하시면"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
	for _, no := range []string{"4242424242424242", "까다로운"} {
		if strings.Contains(m.Text+m.HTML, no) {
			t.Errorf("%q is in\n%s", no, m.Text)
		}
	}
	ref, err := replyaddress.Parse(replies, m.ReplyTo)
	if err != nil || ref.ConversationID != c.ID {
		t.Fatalf("replies go to %s: %v", m.ReplyTo, err)
	}
	signer, err := (&keystore.Store{Table: b.table}).Known(t.Context())
	if err != nil || !ref.For(signer, "bora@example.com") || ref.For(signer, "eve@example.com") {
		t.Errorf("%s is not for bora alone: %v", m.ReplyTo, err)
	}
}

func TestWithoutADomainForRepliesTheyGoToTheShop(t *testing.T) {
	t.Parallel()
	b, _, c := talk(t, &fakeSES{})
	b.mailer.Reply = ""
	if err := b.deliver(eventMessage(t, "evt_1", asks(c, events.MailMessages))); err != nil {
		t.Fatal(err)
	}
	if m := b.ses.accepted[0]; m.ReplyTo != "" || strings.Contains(m.Text, "회신하시면") {
		t.Errorf("reply to %q:\n%s", m.ReplyTo, m.Text)
	}
}

func TestOfAnErasedConversationNothingIsMailed(t *testing.T) {
	t.Parallel()
	b, s, c := talk(t, &fakeSES{plan: []mode{throttle}})
	payload := eventMessage(t, "evt_1", asks(c, events.MailTranscript))
	if err := b.deliver(payload); err != nil {
		t.Fatal(err)
	}
	// It is erased while the mail waits for its turn.
	if err := s.Erase(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	b.sweep(3)
	if len(b.ses.accepted) != 0 {
		t.Errorf("mailed %+v", b.ses.accepted)
	}
	if r := b.record("evt_1-conversation"); r.State != outbox.Withheld || r.Reason != "nothing_to_say" {
		t.Errorf("record %+v", r)
	}
	// One that was erased before the event came leaves nothing at all.
	if err := b.deliver(eventMessage(t, "evt_2", asks(c, events.MailTranscript))); err != nil {
		t.Fatal(err)
	}
	if len(b.ses.accepted) != 0 {
		t.Errorf("mailed %+v", b.ses.accepted)
	}
}

func TestACodeIsMailedInTimeOrNotAtAll(t *testing.T) {
	t.Parallel()
	b, _, c := talk(t, &fakeSES{})
	body := asks(c, events.MailAddressCode)
	body.Code = "012345"
	if err := b.deliver(eventMessage(t, "evt_1", body)); err != nil {
		t.Fatal(err)
	}
	if m := b.ses.accepted[0]; !strings.Contains(m.Text, "\n012345\n") || m.ReplyTo != "" ||
		strings.Contains(m.Text, "4242") {
		t.Errorf("reply to %q:\n%s", m.ReplyTo, m.Text)
	}
	b.clock.Advance(11 * time.Minute)
	if err := b.deliver(eventMessage(t, "evt_2", body)); err != nil {
		t.Fatal(err)
	}
	if r := b.record("evt_2-conversation"); len(b.ses.accepted) != 1 || r.State != outbox.Withheld ||
		r.Reason != "too_late" {
		t.Errorf("%d mails, record %+v", len(b.ses.accepted), r)
	}
}
