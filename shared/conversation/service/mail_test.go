package service_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"dangol/events"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/conversation/transcript"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// requested are the mails that were asked for about a conversation, by their keys.
func (d *desk) requested(t testing.TB, id string) []events.ConversationMailRequested {
	t.Helper()
	var all []events.ConversationMailRequested
	err := d.Table.All(t.Context(), table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :mail)", With: map[string]any{":pk": "CHAT#" + id, ":mail": "MAIL#"},
	}, func(item table.Item) error {
		var r struct {
			Event *event.Event `dynamodbav:"event"`
		}
		if err := item.Decode(&r); err != nil {
			return err
		}
		var body events.ConversationMailRequested
		all = append(all, body)
		if r.Event.Type != body.EventType() {
			t.Errorf("the event is a %s", r.Event.Type)
		}
		return json.Unmarshal([]byte(r.Event.Data), &all[len(all)-1])
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// bora is a customer whose account has an address.
var bora = service.Participant{Role: conversation.Shopper, ID: "cus-1", Name: "보라", Email: "bora@example.com"}

// answered is bora's conversation in which agent a has answered.
func answered(t *testing.T) (*desk, conversation.Conversation) {
	t.Helper()
	d := newDesk()
	d.staff(t, "a")
	c, _, _, err := d.Start(t.Context(), bora, service.Opening{Language: "ko", Name: "보라"})
	if err != nil {
		t.Fatal(err)
	}
	c, _ = d.say(t, bora, c, "client-01", "상담원 연결")
	if c, err = d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	c, _ = d.say(t, agentWho("a"), c, "agent-001", "오늘 보내 드릴게요.")
	return d, c
}

func TestAGuestProvesTheAddressAndIsMailedTheTranscript(t *testing.T) {
	t.Parallel()
	d := newDesk()
	guest := service.Participant{Role: conversation.Shopper}
	c, _, proof, err := d.Start(t.Context(), guest, service.Opening{Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	guest.Token = proof.Secret
	ask := func() error {
		_, err := d.Transcript(t.Context(), guest, c.ID, "client-01")
		return err
	}
	if err := ask(); code(err) != "address_not_proved" {
		t.Errorf("without an address: %v", err)
	}
	if c, err = d.Contact(t.Context(), guest, c.ID, "gil@example.com", "Gil"); err != nil || c.ProvedEmail() != "" {
		t.Fatal(err, c.ProvedEmail())
	}
	if err := ask(); code(err) != "address_not_proved" {
		t.Errorf("to an address that was only typed: %v", err)
	}
	sent := d.requested(t, c.ID)
	if len(sent) != 1 || sent[0].Kind != events.MailAddressCode || sent[0].Email != "gil@example.com" ||
		sent[0].Language != "en" || sent[0].Name != "Gil" || len(sent[0].Code) != 6 {
		t.Fatalf("asked for %+v", sent)
	}
	if _, err := d.ProveEmail(t.Context(), guest, c.ID, "no code"); code(err) != "code_wrong" {
		t.Errorf("a wrong code: %v", err)
	}
	if c, err = d.ProveEmail(t.Context(), guest, c.ID, sent[0].Code); err != nil || c.ProvedEmail() != "gil@example.com" {
		t.Fatal(err, c.ProvedEmail())
	}
	for range 2 { // asked twice with the same id, mailed once
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	sent = d.requested(t, c.ID)
	if len(sent) != 2 || sent[1].Kind != events.MailTranscript || sent[1].From != 1 || sent[1].To != c.Seq ||
		sent[1].Email != "gil@example.com" {
		t.Errorf("asked for %+v", sent)
	}
}

func TestWrongCodesOfAnAddressAreCounted(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	if _, err := d.Contact(t.Context(), customer, c.ID, "gil@example.com", ""); err != nil {
		t.Fatal(err)
	}
	right := d.requested(t, c.ID)[0].Code
	for range 5 {
		if _, err := d.ProveEmail(t.Context(), customer, c.ID, "x"); code(err) != "code_wrong" {
			t.Fatal(err)
		}
	}
	for _, typed := range []string{"x", right} {
		if _, err := d.ProveEmail(t.Context(), customer, c.ID, typed); code(err) != "code_used_up" {
			t.Errorf("%q after five wrong ones: %v", typed, err)
		}
	}
}

func TestNobodyElseAsksForATranscriptOrMovesTheAddress(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	for name, who := range map[string]service.Participant{
		"another customer":      {Role: conversation.Shopper, ID: "cus-2", Email: "eve@example.com"},
		"a guest with no token": {Role: conversation.Shopper},
		"a guest with a forged": {Role: conversation.Shopper, Token: "00000000000000000000000000000000"},
	} {
		if _, err := d.Transcript(t.Context(), who, c.ID, "client-01"); code(err) != "conversation_not_found" {
			t.Errorf("%s asks for the transcript: %v", name, err)
		}
		if _, err := d.Contact(t.Context(), who, c.ID, "eve@example.com", ""); code(err) != "conversation_not_found" {
			t.Errorf("%s leaves an address: %v", name, err)
		}
		if _, err := d.ProveEmail(t.Context(), who, c.ID, "123456"); code(err) != "conversation_not_found" {
			t.Errorf("%s proves: %v", name, err)
		}
	}
	// An agent may ask for the shopper's, and it does not go to the agent.
	agent := agentWho("a")
	agent.Email = "agent@haneul.example"
	if _, err := d.Transcript(t.Context(), agent, c.ID, "client-01"); code(err) != "address_not_proved" {
		t.Errorf("an agent: %v", err)
	}
	if sent := d.requested(t, c.ID); len(sent) != 0 {
		t.Errorf("asked for %+v", sent)
	}
}

func TestWhatIsNotReadIsMailedOnce(t *testing.T) {
	t.Parallel()
	d, c := answered(t)
	first := c.Seq
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	sent := d.requested(t, c.ID)
	if len(sent) != 1 || sent[0].Kind != events.MailMessages || sent[0].Email != bora.Email || sent[0].From != first ||
		sent[0].To != first {
		t.Fatalf("asked for %+v", sent)
	}
	// The queue delivers the job again.
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	// A second answer is mailed alone.
	c, _ = d.say(t, agentWho("a"), c, "agent-002", "송장 번호는 6000입니다.")
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	sent = d.requested(t, c.ID)
	if len(sent) != 2 || sent[0].From+sent[1].From != first+c.Seq {
		t.Errorf("asked for %+v", sent)
	}
}

func TestWhatWasReadIsNotMailed(t *testing.T) {
	t.Parallel()
	d, c := answered(t)
	if _, err := d.MarkRead(t.Context(), bora, c.ID, c.Seq); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if sent := d.requested(t, c.ID); len(sent) != 0 {
		t.Errorf("asked for %+v", sent)
	}
}

func TestNotesAndTheBotAreNotMailed(t *testing.T) {
	t.Parallel()
	d, c := answered(t)
	if _, err := d.MarkRead(t.Context(), bora, c.ID, c.Seq); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Note(t.Context(), agentWho("a"), c.ID,
		service.Draft{ClientID: "note-0001", Text: "VIP"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.GiveBack(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if sent := d.requested(t, c.ID); len(sent) != 0 {
		t.Errorf("asked for %+v", sent)
	}
}

func TestNoTimerRunsForAShopperWithoutAnAddress(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.staff(t, "a")
	c := d.begin(t)
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	d.say(t, agentWho("a"), c, "agent-001", "안녕하세요")
	page, err := d.Table.Query(t.Context(), table.Query{Where: "#pk = :pk AND #sk = :sk",
		With: map[string]any{":pk": "CHAT#" + c.ID, ":sk": "UNREAD"}})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("%d timers, %v", len(page.Items), err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Errorf("a job for nothing: %v", err)
	}
}

func TestAnErasedConversationIsNotMailed(t *testing.T) {
	t.Parallel()
	d, c := answered(t)
	if err := d.Erase(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.MailUnread(t.Context(), c.ID); err != nil {
		t.Error(err)
	}
	if sent := d.requested(t, c.ID); len(sent) != 0 {
		t.Errorf("asked for %+v", sent)
	}
	if lines, _, err := transcript.Read(t.Context(), d.Table, c.ID, 1, c.Seq); len(lines) != 0 || err != nil {
		t.Errorf("the transcript has %+v, %v", lines, err)
	}
}

func TestTheTranscriptIsWhatTheShopperMaySee(t *testing.T) {
	t.Parallel()
	d, c := answered(t)
	if _, _, err := d.Note(t.Context(), agentWho("a"), c.ID,
		service.Draft{ClientID: "note-0001", Text: "VIP"}); err != nil {
		t.Fatal(err)
	}
	c, _ = d.say(t, bora, c, "client-02", "카드는 4242424242424242 입니다")
	lines, left, err := transcript.Read(t.Context(), d.Table, c.ID, 1, c.Seq)
	if err != nil || left != 0 {
		t.Fatal(err, left)
	}
	var log []service.Message
	for _, m := range d.log(t, c.ID) {
		if !m.Internal {
			log = append(log, m)
		}
	}
	if len(lines) != len(log) {
		t.Fatalf("%d lines of %d messages", len(lines), len(log))
	}
	for i, m := range log {
		if l := lines[i]; l.Seq != m.Seq || l.Role != m.Role || l.Text != m.Text || !l.At.Equal(m.At) {
			t.Errorf("line %+v of message %+v", l, m)
		}
	}
	if last := lines[len(lines)-1]; last.Text != "카드는 ************4242 입니다" {
		t.Errorf("the last line is %q", last.Text)
	}
}

func TestALongConversationIsMailedWithItsLastMessages(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	for n := range transcript.Most + 5 {
		m := service.Message{Key: table.Key{PK: "CHAT#" + c.ID, SK: "MSG#" + twelve(n+2)}, Seq: int64(n + 2),
			Role: conversation.Shopper, Text: "x", At: monday.Add(time.Duration(n) * time.Second)}
		if err := d.Table.Put(t.Context(), table.Put{Item: m}); err != nil {
			t.Fatal(err)
		}
	}
	lines, left, err := transcript.Read(t.Context(), d.Table, c.ID, 1, 10_000)
	if err != nil || len(lines) != transcript.Most || left != 6 || lines[0].Seq != 7 {
		t.Errorf("%d lines, %d left out, %v", len(lines), left, err)
	}
}

// twelve is a number with twelve digits.
func twelve(n int) string { return fmt.Sprintf("%012d", n) }
