package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"dangol/shared/mail"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
)

// sender returns a sender as FromEnv makes it, with the real SES client, in front of handler.
func sender(t *testing.T, url string, more ...string) *mail.Sender {
	t.Helper()
	s, _, err := mail.FromEnv(environment(append([]string{"SES_ENDPOINT", url}, more...)...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func environment(more ...string) *boot.Env {
	vars := map[string]string{
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "MAIL_FROM": "온결 <orders@example.com>",
		"MAIL_REPLY_TO":          "help@example.com",
		"MAIL_CONFIGURATION_SET": "shop", "SHOP_NAME": "온결", "SHOP_URL": "https://shop.example.com",
		"SHOP_CONTACT": "help@example.com", "LINK_BASE": "https://api.example.com",
	}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return &boot.Env{Getenv: func(n string) string { return vars[n] }, Clock: clock.Stopped(at),
		HTTP: &http.Client{Transport: &http.Transport{}}}
}

func hello() mail.Message {
	return mail.Message{To: "ann@example.com", Subject: "주문", Text: "t", HTML: "<p>h</p>",
		Tags: map[string]string{"template": "hello"}}
}

func TestSendWritesTheRequestThatSESExpects(t *testing.T) {
	t.Parallel()
	var got map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(raw, &got) != nil || r.URL.Path != "/v2/email/outbound-emails" {
			t.Errorf("%s %s: %s %v", r.Method, r.URL, raw, err)
		}
		w.Write([]byte(`{"MessageId":"ses-1"}`))
	}))
	defer server.Close()
	m := hello()
	m.Unsubscribe = "https://shop.example.com/u/token"
	id, err := sender(t, server.URL).Send(t.Context(), m)
	if err != nil || id != "ses-1" {
		t.Fatalf("%q, %v", id, err)
	}
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"FromEmailAddress":"=?utf-8?q?=EC=98=A8=EA=B2=B0?= \u003corders@example.com\u003e"`,
		`"ReplyToAddresses":["\u003chelp@example.com\u003e"]`,
		`"ConfigurationSetName":"shop"`, `"ToAddresses":["ann@example.com"]`, `"Charset":"UTF-8","Data":"주문"`,
		`"EmailTags":[{"Name":"template","Value":"hello"}]`,
		`{"Name":"List-Unsubscribe","Value":"\u003chttps://shop.example.com/u/token\u003e"}`,
		`{"Name":"List-Unsubscribe-Post","Value":"List-Unsubscribe=One-Click"}`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
}

func TestSendSaysWhetherTheMessageMayHaveGoneOut(t *testing.T) {
	t.Parallel()
	refuse := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(status)
			w.Write([]byte(`{"message":"no"}`))
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   error
	}{
		{"MessageRejected: never", refuse(400, "MessageRejected"), mail.ErrRejected},
		{"BadRequestException: never", refuse(400, "BadRequestException"), mail.ErrRejected},
		{"throttled: later", refuse(429, "TooManyRequestsException"), mail.ErrNotNow},
		{"daily limit: later", refuse(400, "LimitExceededException"), mail.ErrNotNow},
		{"sending paused: later", refuse(400, "SendingPausedException"), mail.ErrNotNow},
		{"domain not verified: later", refuse(400, "MailFromDomainNotVerifiedException"), mail.ErrNotNow},
		{"no permission: later", refuse(403, "AccessDeniedException"), mail.ErrNotNow},
		{"no such configuration set: later", refuse(404, "NotFoundException"), mail.ErrNotNow},
		{"error on their side: unknown", refuse(500, "InternalServiceErrorException"), mail.ErrUnknown},
		{"service unavailable: unknown", refuse(503, "ServiceUnavailable"), mail.ErrUnknown},
		{"connection cut: unknown", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			mail.ErrUnknown},
		{"an answer that makes no sense: unknown",
			func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"MessageId":`)) }, mail.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				c.answer(w, r)
			}))
			defer server.Close()
			_, err := sender(t, server.URL).Send(t.Context(), hello())
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if asked.Load() != 1 {
				t.Errorf("SES was asked %d times: each could be a mail", asked.Load())
			}
		})
	}
}

func TestSendThatNeverReachedSES(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	if _, err := sender(t, url).Send(t.Context(), hello()); !errors.Is(err, mail.ErrNotNow) {
		t.Errorf("nobody listens: %v, want ErrNotNow", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sender(t, url).Send(ctx, hello()); !errors.Is(err, mail.ErrNotNow) {
		t.Errorf("time was up before: %v, want ErrNotNow", err)
	}
}

func TestSendThatTimesOutIsUnknown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	if _, err := sender(t, server.URL).Send(ctx, hello()); !errors.Is(err, mail.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

func TestMessageThatSESWouldRefuseIsNotSent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("SES was asked") }))
	defer server.Close()
	for name, change := range map[string]func(*mail.Message){
		"no address":             func(m *mail.Message) { m.To = "" },
		"two addresses":          func(m *mail.Message) { m.To = "a@example.com, b@example.com" },
		"a header in the To":     func(m *mail.Message) { m.To = "a@example.com\r\nBcc: eve@example.com" },
		"no subject":             func(m *mail.Message) { m.Subject = "" },
		"a second header":        func(m *mail.Message) { m.Subject = "x\r\nBcc: eve@example.com" },
		"no text":                func(m *mail.Message) { m.Text = "" },
		"no HTML":                func(m *mail.Message) { m.HTML = "" },
		"a tag in Korean":        func(m *mail.Message) { m.Tags = map[string]string{"template": "주문"} },
		"a tag that is too long": func(m *mail.Message) { m.Tags = map[string]string{"a": strings.Repeat("x", 257)} },
		"an empty tag":           func(m *mail.Message) { m.Tags = map[string]string{"a": ""} },
		"a header in the link":   func(m *mail.Message) { m.Unsubscribe = "https://e.example\r\nX: y" },
	} {
		m := hello()
		change(&m)
		if _, err := sender(t, server.URL).Send(t.Context(), m); !errors.Is(err, mail.ErrRejected) {
			t.Errorf("%s: %v, want ErrRejected", name, err)
		}
	}
}

func TestFromEnvNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{
		"MAIL_FROM": "", "SHOP_NAME": "", "SHOP_URL": "", "SHOP_CONTACT": "", "LINK_BASE": "",
		"SHOP_TIMEZONE": "Asia/Nowhere",
		"SHOP_COLOR":    "green",
	} {
		_, _, err := mail.FromEnv(environment(variable, value))
		if err == nil || !strings.Contains(err.Error(), variable) && !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%q: %v", variable, value, err)
		}
	}
	for _, variable := range []string{"MAIL_FROM", "MAIL_REPLY_TO"} {
		if _, _, err := mail.FromEnv(environment(variable, "nobody")); err == nil ||
			!strings.Contains(err.Error(), "nobody") {
			t.Errorf("%s=nobody: %v", variable, err)
		}
	}
}
