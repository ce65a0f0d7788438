package mailreceiver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	mailreceiver "dangol/functions/mail-receiver"
	"dangol/infra/testkit/localtest"
	"dangol/shared/conversation"
	"dangol/shared/conversation/replyaddress"
	"dangol/shared/conversation/service"
	"dangol/shared/outreach/keystore"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

const domain = "reply.haneul.example"

// buckets are S3 in memory, by bucket and key.
type buckets struct {
	objects map[string][]byte
	fail    error
}

func (b *buckets) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput,
	error) {
	body, ok := b.objects[*in.Bucket+"/"+*in.Key]
	if !ok {
		return nil, &types.NoSuchKey{}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(body))}, b.fail
}

func (b *buckets) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput,
	error) {
	body, err := io.ReadAll(in.Body)
	b.objects[*in.Bucket+"/"+*in.Key] = body
	return &s3.PutObjectOutput{}, err
}

func (b *buckets) DeleteObject(_ context.Context, in *s3.DeleteObjectInput,
	_ ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	delete(b.objects, *in.Bucket+"/"+*in.Key)
	return &s3.DeleteObjectOutput{}, nil
}

// desk is the function with a conversation of Bora's with the bot.
type desk struct {
	*mailreceiver.Receiver
	s3    *buckets
	clock *clock.Movable
	c     conversation.Conversation
	to    string // Bora's reply address
}

var bora = service.Participant{Role: conversation.Shopper, ID: "cus-1", Email: "bora@example.com"}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{s3: &buckets{objects: map[string][]byte{}}, clock: clock.Stopped(monday)}
	outreach := localtest.Table(t, table.Outreach)
	d.Receiver = &mailreceiver.Receiver{
		Chat: &service.Service{Table: localtest.Table(t, table.Care), Clock: d.clock, Log: slog.New(slog.DiscardHandler)},
		Keys: &keystore.Store{Table: outreach}, Objects: d.s3, Inbound: "in", Files: "files", Domain: domain,
		Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(io.Discard, d.clock, nil),
	}
	var err error
	if d.c, _, _, err = d.Chat.Start(t.Context(), bora, service.Opening{Language: "ko"}); err != nil {
		t.Fatal(err)
	}
	signer, err := (&keystore.Store{Table: outreach}).Signer(t.Context(), monday)
	if err != nil {
		t.Fatal(err)
	}
	d.to = replyaddress.For(signer, domain, d.c.ID, bora.Email)
	return d
}

// passes is what SES writes in front of a mail whose sender's domain stands behind it.
const passes = "X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n" +
	"Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass\r\n"

// mail is a mail to Bora's reply address.
func (d *desk) mail(from, id, text string) string {
	return passes + "From: " + from + "\r\nTo: " + d.to + "\r\nMessage-ID: <" + id + ">\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
}

// arrives stores a mail as SES does and hands its event over.
func (d *desk) arrives(t *testing.T, raw string) error {
	t.Helper()
	d.s3.objects["in/mails/1"] = []byte(raw)
	return d.event(t, int64(len(raw)))
}

func (d *desk) event(t *testing.T, size int64) error {
	t.Helper()
	detail := fmt.Sprintf(`{"bucket":{"name":"in"},"object":{"key":"mails/1","size":%d}}`, size)
	return d.Handle(t.Context(), events.EventBridgeEvent{ID: "e1", Source: "aws.s3", Detail: json.RawMessage(detail)})
}

// log is what an agent sees, the greeting left out.
func (d *desk) log(t *testing.T, id string) (conversation.Conversation, []service.Message) {
	t.Helper()
	c, err := d.Chat.Load(t.Context(), service.Participant{Role: conversation.Agent}, id)
	if err != nil {
		t.Fatal(err)
	}
	messages, _, err := d.Chat.Replay(t.Context(), c, 0, 100, true)
	if err != nil {
		t.Fatal(err)
	}
	return c, messages
}

func TestAReplyByMailGoesOnWithTheConversationOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	raw := d.mail("Bora <bora@example.com>", "m-1", "네, 좋아요. 카드는 4242424242424242 입니다.\r\n\r\n"+
		"2026. 11. 30. 오후 3:00, 하늘 <a@b> 작성:\r\n> 어떠세요?")
	for range 3 { // SES and S3 may tell of it more than once, and the program may send it again
		if err := d.arrives(t, raw); err != nil {
			t.Fatal(err)
		}
	}
	c, log := d.log(t, d.c.ID)
	if c.State != conversation.Queued || c.Reason != conversation.ByMail {
		t.Errorf("the conversation is %s for %s: the bot's questions would be read by nobody", c.State, c.Reason)
	}
	if len(log) != 3 || log[1].Role != conversation.Shopper || log[1].Text != "네, 좋아요. 카드는 ************4242 입니다." ||
		log[2].Notice != conversation.HandedOver {
		t.Errorf("log %+v", log)
	}
	if len(d.s3.objects) != 0 {
		t.Errorf("the mail is still there: %v", len(d.s3.objects))
	}
	if err := d.event(t, 100); err != nil {
		t.Errorf("an event of a mail that was deleted: %v", err)
	}
}

func TestMailsThatMayNotBeTheShoppersAreNotesOrNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		mail   func(d *desk) string
		noted  string
		nobody bool // nothing is written at all
	}{
		{name: "from somebody else", mail: func(d *desk) string { return d.mail("eve@example.com", "m", "제가 대신 답해요") },
			noted: "Mail from eve@example.com (other_sender):\n제가 대신 답해요"},
		{name: "whose domain does not stand behind it", mail: func(d *desk) string {
			return strings.ReplaceAll(d.mail(bora.Email, "m", "계좌를 바꿔 주세요"), "dmarc=pass", "dmarc=fail")
		}, noted: "Mail from bora@example.com (not_proved):\n계좌를 바꿔 주세요"},
		{name: "to an address that was made up", mail: func(d *desk) string {
			return strings.Replace(d.mail(bora.Email, "m", "hi"), d.to[len(d.to)-30:], "aaaaaaaaa@"+domain, 1)
		}, nobody: true},
		{name: "to no address of a conversation", mail: func(d *desk) string {
			return strings.Replace(d.mail(bora.Email, "m", "hi"), d.to, "hello@"+domain, 1)
		}, nobody: true},
		{name: "from a machine", mail: func(d *desk) string {
			return "Auto-Submitted: auto-replied\r\n" + d.mail(bora.Email, "m", "away")
		}, nobody: true},
		{name: "that is spam", mail: func(d *desk) string {
			return strings.ReplaceAll(d.mail(bora.Email, "m", "hi"), "Spam-Verdict: PASS", "Spam-Verdict: FAIL")
		}, nobody: true},
		{name: "that says nothing", mail: func(d *desk) string { return d.mail(bora.Email, "m", "> quoted") }, nobody: true},
	} {
		d := open(t)
		if err := d.arrives(t, test.mail(d)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		c, log := d.log(t, d.c.ID)
		switch {
		case c.State != conversation.WithBot:
			t.Errorf("%s: the conversation is %s", test.name, c.State)
		case test.nobody && len(log) != 1:
			t.Errorf("%s: %+v", test.name, log)
		case !test.nobody && (len(log) != 2 || !log[1].Internal || log[1].Text != test.noted):
			t.Errorf("%s: %+v", test.name, log)
		}
		if len(d.s3.objects) != 0 {
			t.Errorf("%s: the mail is still there", test.name)
		}
	}
}

func TestAReplyOpensAClosedConversationOrBeginsTheNextOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.Chat.Close(t.Context(), bora, d.c.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(time.Hour)
	if err := d.arrives(t, d.mail(bora.Email, "m-1", "하나 더 있어요")); err != nil {
		t.Fatal(err)
	}
	if c, _ := d.log(t, d.c.ID); c.State != conversation.Queued {
		t.Errorf("an hour after its end it is %s", c.State)
	}
	if _, err := d.Chat.Close(t.Context(), bora, d.c.ID); err != nil {
		t.Fatal(err)
	}
	d.clock.Advance(conversation.ReopenWindow)
	for range 2 {
		if err := d.arrives(t, d.mail(bora.Email, "m-2", "또 여쭤볼게요")); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.Chat.Of(t.Context(), bora.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d conversations, %v", len(all), err)
	}
	for _, c := range all {
		_, log := d.log(t, c.ID)
		if c.ID == d.c.ID {
			if c.State != conversation.Closed {
				t.Errorf("the old one is %s", c.State)
			}
			continue
		}
		if c.State != conversation.Queued || c.ProvedEmail() != bora.Email || log[0].Text != "또 여쭤볼게요" {
			t.Errorf("the next one is %+v: %+v", c, log)
		}
	}
}

func TestABlockedShopperIsNotHeardByMail(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.Chat.Block(t.Context(), d.c.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.arrives(t, d.mail(bora.Email, "m-1", "hello")); err != nil {
		t.Fatal(err)
	}
	if c, log := d.log(t, d.c.ID); c.State != conversation.Closed || len(log) != 2 {
		t.Errorf("%s: %+v", c.State, log)
	}
}

func TestFilesOfAMailAreStoredWithTheConversation(t *testing.T) {
	t.Parallel()
	d := open(t)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 40)
	raw := strings.Replace(d.mail(bora.Email, "m-1", ""), "text/plain; charset=utf-8", "multipart/mixed; boundary=m", 1) +
		"--m\r\nContent-Type: text/plain\r\n\r\nlook\r\n--m\r\nContent-Type: image/png; name=a.png\r\n" +
		"Content-Disposition: attachment; filename=a.png\r\n\r\n" + png + "\r\n" +
		"--m\r\nContent-Type: text/html; name=b.html\r\nContent-Disposition: attachment; " +
		"filename=b.html\r\n\r\n<script>\r\n--m--\r\n"
	for range 2 {
		if err := d.arrives(t, raw); err != nil {
			t.Fatal(err)
		}
	}
	_, log := d.log(t, d.c.ID)
	if len(log) < 2 || log[1].Text != "look\n[b.html]" || len(log[1].Attachments) != 1 {
		t.Fatalf("log %+v", log)
	}
	a := log[1].Attachments[0]
	if stored := d.s3.objects["files/"+a.Key]; a.Name != "a.png" || a.Type != "image/png" ||
		int64(len(stored)) != a.Size ||
		len(d.s3.objects) != 1 {
		t.Errorf("attachment %+v, %d bytes, %d objects", a, len(stored), len(d.s3.objects))
	}
}

func TestAMailThatCannotBeWorkedOffStaysAndComesAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.s3.fail = errors.New("S3 does not answer")
	raw := d.mail(bora.Email, "m-1", "hello")
	if err := d.arrives(t, raw); err == nil || len(d.s3.objects) != 1 {
		t.Fatalf("%v, %d objects", err, len(d.s3.objects))
	}
	d.s3.fail = nil
	if err := d.event(t, int64(len(raw))); err != nil {
		t.Fatal(err)
	}
	if _, log := d.log(t, d.c.ID); len(log) != 3 {
		t.Errorf("log %+v", log)
	}
	// One that is too large is not even read.
	d.s3.objects["in/mails/1"] = []byte("x")
	if err := d.event(t, 30<<20); err != nil || len(d.s3.objects) != 0 {
		t.Errorf("%v, %d objects", err, len(d.s3.objects))
	}
	if err := d.Handle(t.Context(), events.EventBridgeEvent{Detail: json.RawMessage(`{}`)}); err == nil {
		t.Error("an event of nothing was taken")
	}
}

func TestTheAlarmOfRefusedMailsWatchesWhatIsCounted(t *testing.T) {
	t.Parallel()
	d := open(t)
	var out bytes.Buffer
	d.Metrics = metrics.New(&out, d.clock, map[string]string{"function": "mail-receiver"})
	alarm := mailreceiver.Spec().Alarms[0].Metric
	stranger := strings.Replace(d.mail(bora.Email, "m2@example.com", "안녕하세요"), d.to, "sales@"+domain, 1)
	for _, test := range []struct {
		name    string
		raw     string
		metric  string
		watched bool
	}{
		{"a shopper's reply", d.mail(bora.Email, "m1@example.com", "언제 오나요?"), "InboundMailTaken", false},
		{"a mail to no conversation", stranger, "InboundMailRefused", true},
		{"an automatic answer", "Auto-Submitted: auto-replied\r\n" + d.mail(bora.Email, "m3@example.com", "휴가입니다"),
			"InboundMailRefused", true},
	} {
		out.Reset()
		if err := d.arrives(t, test.raw); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if !strings.Contains(got, test.metric) || strings.Contains(got, alarm) != test.watched {
			t.Errorf("%s: %s", test.name, got)
		}
		out.Reset()
		if err := d.event(t, int64(len(test.raw))); err != nil || out.Len() != 0 {
			t.Errorf("%s, the event again: %v, %s", test.name, err, out.String())
		}
	}
}
