package ses_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/ses"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type emitted struct {
	kind   string
	detail map[string]any
}

// bench is a sink with its SDK client and the events it emits.
type bench struct {
	*ses.Sink
	t      *testing.T
	client *sesv2.Client
	url    string
	events []emitted
	onEmit func(kind string)
}

func newBench(t *testing.T, file string, adjust ...func(*ses.Options)) *bench {
	t.Helper()
	b := &bench{t: t}
	options := ses.Options{Clock: clock.Stopped(noon), File: file,
		Emit: func(kind string, detail json.RawMessage) error {
			e := emitted{kind: kind}
			b.events = append(b.events, e)
			if b.onEmit != nil {
				b.onEmit(kind)
			}
			return json.Unmarshal(detail, &b.events[len(b.events)-1].detail)
		}}
	for _, change := range adjust {
		change(&options)
	}
	sink, err := ses.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sink)
	t.Cleanup(func() {
		sink.Close()
		server.Close()
	})
	b.Sink, b.url = sink, server.URL
	b.client = sesv2.New(sesv2.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	return b
}

// letter is a complete message that tests change in one place.
func letter(to ...string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress:     aws.String("단골 <shop@dangol.example>"),
		Destination:          &types.Destination{ToAddresses: to},
		ReplyToAddresses:     []string{"care@dangol.example"},
		ConfigurationSetName: aws.String("shop"),
		EmailTags:            []types.MessageTag{{Name: aws.String("kind"), Value: aws.String("order")}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("주문 확인 😀")},
			Body: &types.Body{
				Text: &types.Content{Data: aws.String("고맙습니다")}, Html: &types.Content{Data: aws.String("<p>고맙습니다</p>")},
			},
			Headers: []types.MessageHeader{{Name: aws.String("List-Unsubscribe-Post"),
				Value: aws.String("List-Unsubscribe=One-Click")}},
		}},
	}
}

func (b *bench) send(in *sesv2.SendEmailInput) string {
	b.t.Helper()
	out, err := b.client.SendEmail(b.t.Context(), in)
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.MessageId
}

func (b *bench) kinds() (kinds []string) {
	for _, e := range b.events {
		kinds = append(kinds, e.kind)
	}
	return kinds
}

func TestSimpleMessageIsKeptWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	messageID := b.send(letter("Kim <kim@example.com>"))
	got := b.Messages("KIM@example.com")
	if len(got) != 1 || got[0].ID != messageID || !got[0].At.Equal(noon) {
		t.Fatalf("inbox %+v", got)
	}
	m := got[0]
	if m.Subject != "주문 확인 😀" || m.Text != "고맙습니다" || m.HTML != "<p>고맙습니다</p>" ||
		m.From != "단골 <shop@dangol.example>" ||
		m.Header("list-unsubscribe-post") != "List-Unsubscribe=One-Click" ||
		m.Tags["kind"] != "order" || m.ConfigurationSet != "shop" ||
		!slices.Equal(m.ReplyTo, []string{"care@dangol.example"}) {
		t.Errorf("message %+v", m)
	}
}

func TestRawMessageIsTakenApart(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	raw := strings.ReplaceAll(`From: Shop <shop@dangol.example>
To: Kim <kim@example.com>, lee@example.com
Subject: =?UTF-8?B?7KO866y4IO2ZleyduA==?=
List-Unsubscribe: <https://shop.example/u/1>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

6rOg66eZ7Iq164uI
64uk
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p a=3D"b">soft=
 break</p>
--inner--
--outer
Content-Type: text/plain
Content-Disposition: attachment; filename="invoice.txt"

paid
--outer--
`, "\n", "\r\n")
	b.send(&sesv2.SendEmailInput{Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(raw)}}})
	m := b.Messages("lee@example.com")[0]
	if m.Subject != "주문 확인" || m.Text != "고맙습니다" || m.HTML != `<p a="b">soft break</p>` ||
		m.Header("List-Unsubscribe") != "<https://shop.example/u/1>" ||
		!slices.Equal(m.Attachments, []string{"invoice.txt"}) ||
		m.From != "Shop <shop@dangol.example>" || len(m.To) != 2 {
		t.Errorf("message %+v", m)
	}
}

func TestSimulatorEmitsWhatBecomesOfAMessage(t *testing.T) {
	t.Parallel()
	cases := []struct {
		to   []string
		want []string
	}{
		{[]string{"kim@example.com"}, []string{"Email Sent", "Email Delivered"}},
		{[]string{"bounce@example.com"}, []string{"Email Sent", "Email Delivered"}},
		{[]string{"success@simulator.amazonses.com"}, []string{"Email Sent", "Email Delivered"}},
		{[]string{"bounce+label@simulator.amazonses.com"}, []string{"Email Sent", "Email Bounced"}},
		{[]string{"Softbounce@Simulator.shop.test"}, []string{"Email Sent", "Email Bounced"}},
		{[]string{"suppressionlist@simulator.amazonses.com"}, []string{"Email Sent", "Email Bounced"}},
		{[]string{"complaint@simulator.amazonses.com"},
			[]string{"Email Sent", "Email Delivered", "Email Complaint Received"}},
		{[]string{"ooto@simulator.amazonses.com"}, []string{"Email Sent", "Email Delivered"}},
		{[]string{"kim@example.com", "bounce@simulator.amazonses.com"},
			[]string{"Email Sent", "Email Bounced", "Email Delivered"}},
	}
	for _, c := range cases {
		t.Run(strings.Join(c.to, ","), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.send(letter(c.to...))
			if got := b.kinds(); !slices.Equal(got, c.want) {
				t.Errorf("events %q, want %q", got, c.want)
			}
		})
	}
}

func TestEventsNameTheMessageTheRecipientAndTheTags(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	messageID := b.send(letter("kim@example.com", "Bad <bounce@simulator.amazonses.com>"))
	detail := b.events[1].detail
	about := detail["mail"].(map[string]any)
	if detail["eventType"] != "Bounce" || about["messageId"] != messageID || about["source"] != "shop@dangol.example" ||
		fmt.Sprint(about["tags"]) != "map[kind:[order] ses:configuration-set:[shop]]" ||
		about["timestamp"] != "2026-03-01T12:00:00.000Z" {
		t.Errorf("detail %v", detail)
	}
	bounce := detail["bounce"].(map[string]any)
	if bounce["bounceType"] != "Permanent" ||
		fmt.Sprint(bounce["bouncedRecipients"]) != "[map[action:failed emailAddress:bounce@simulator.amazonses.com "+
			"status:5.1.1]]" {
		t.Errorf("bounce %v: only the bad address may be named", bounce)
	}
}

func TestWithoutConfigurationSetNothingIsEmitted(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	in := letter("bounce@simulator.amazonses.com")
	in.ConfigurationSetName = nil
	b.send(in)
	if len(b.events) != 0 {
		t.Errorf("events %q", b.kinds())
	}
}

func TestRefusalsHaveTheShapesOfSES(t *testing.T) {
	t.Parallel()
	change := func(f func(*sesv2.SendEmailInput)) *sesv2.SendEmailInput {
		in := letter("kim@example.com")
		f(in)
		return in
	}
	cases := []struct {
		name string
		in   *sesv2.SendEmailInput
		code string
	}{
		{"throttled", letter("throttle@simulator.amazonses.com"), "TooManyRequestsException"},
		{"rejected", letter("reject@simulator.amazonses.com"), "MessageRejected"},
		{"no recipient", letter(), "BadRequestException"},
		{"51 recipients", letter(slices.Repeat([]string{"kim@example.com"}, 51)...), "BadRequestException"},
		{"an address that is none", letter("kim at example"), "BadRequestException"},
		{"a line break in an address", letter("kim@example.com\r\nBcc: all@example.com"), "BadRequestException"},
		{"no sender", change(func(in *sesv2.SendEmailInput) { in.FromEmailAddress = nil }), "BadRequestException"},
		{"no content", change(func(in *sesv2.SendEmailInput) { in.Content = &types.EmailContent{} }), "BadRequestException"},
		{"an empty body", change(func(in *sesv2.SendEmailInput) { in.Content.Simple.Body = &types.Body{} }),
			"BadRequestException"},
		{"a raw message without headers", change(func(in *sesv2.SendEmailInput) {
			in.Content = &types.EmailContent{Raw: &types.RawMessage{Data: []byte("hello")}}
		}), "BadRequestException"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			_, err := b.client.SendEmail(t.Context(), c.in)
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != c.code {
				t.Errorf("error %v, want %s", err, c.code)
			}
			if len(b.Messages("")) != 0 || len(b.events) != 0 {
				t.Error("a refused message was kept")
			}
		})
	}
}

func TestThrottlingCanPassAfterSomeCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	for call := range 4 {
		_, err := b.client.SendEmail(t.Context(), letter("throttle+2@simulator.amazonses.com"))
		if _, refused := errors.AsType[*types.TooManyRequestsException](err); refused != (call < 2) {
			t.Errorf("call %d: error %v", call+1, err)
		}
	}
}

func TestHangingCallWasAcceptedAllTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	b.onEmit = func(kind string) {
		if kind == "Email Delivered" {
			cancel()
		}
	}
	if _, err := b.client.SendEmail(ctx, letter("hang@simulator.amazonses.com")); err == nil {
		t.Error("an answer came")
	}
	if got := b.Messages("hang@simulator.amazonses.com"); len(got) != 1 {
		t.Errorf("%d messages kept, want the one whose answer was lost", len(got))
	}
}

func TestCloseLetsGoOfHangingCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	ended := make(chan error)
	go func() {
		_, err := b.client.SendEmail(context.Background(), letter("hang@simulator.amazonses.com"))
		ended <- err
	}()
	b.Close()
	if err := <-ended; err == nil {
		t.Error("an answer came")
	}
}

// TestOldMailsStayReadable looks for the first of many mails: on its page and in the list, with the text that only the
// file has.
func TestOldMailsStayReadable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mail")
	b := newBench(t, file)
	for n := range 30 {
		b.send(letter(fmt.Sprintf("kim%d@example.com", n)))
	}
	for _, when := range []string{"after many others", "after a restart"} {
		first := b.Messages("kim0@example.com")
		if len(first) != 1 || first[0].Text != "고맙습니다" || first[0].Header("List-Unsubscribe-Post") == "" {
			t.Fatalf("%s: %+v", when, first)
		}
		if status, page, _ := b.get("/inbox/" + first[0].ID); status != 200 || !strings.Contains(page, "고맙습니다") {
			t.Errorf("%s: the page is %d %s", when, status, page)
		}
		b.Close()
		b = newBench(t, file)
	}
}

// TestTheOldestMailsGoFirst holds three mails.
func TestTheOldestMailsGoFirst(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mail")
	open := func() *bench { return newBench(t, file, func(o *ses.Options) { o.Keep = 3 }) }
	b := open()
	for n := range 5 {
		b.send(letter(fmt.Sprintf("kim%d@example.com", n)))
	}
	for range 2 {
		if gone, kept := b.Messages("kim1@example.com"), b.Messages(""); len(gone) != 0 || len(kept) != 3 {
			t.Errorf("%d of the second are there, %d in all", len(gone), len(kept))
		}
		b.Close()
		b = open()
	}
}

func TestMessagesSurviveARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mail")
	first := newBench(t, file)
	first.send(letter("kim@example.com"))
	first.Close()
	if got := newBench(t, file).Messages(""); len(got) != 1 || got[0].Subject != "주문 확인 😀" {
		t.Errorf("inbox %+v", got)
	}
}
