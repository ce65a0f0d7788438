package ses_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"dangol/infra/local/ses"
	"dangol/shared/platform/clock"
)

// receiving is an inbox whose shop notes the mails that it receives.
func receiving(t *testing.T) (*ses.Sink, string, *[]string) {
	t.Helper()
	var got []string
	sink, err := ses.Open(ses.Options{Clock: clock.Stopped(noon), Receive: func(raw []byte) error {
		got = append(got, string(raw))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(sink)
	t.Cleanup(func() { web.Close(); sink.Close() })
	return sink, web.URL, &got
}

func post(t *testing.T, address, kind, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestAReceivedMailCarriesTheVerdictsOfSES(t *testing.T) {
	t.Parallel()
	_, address, got := receiving(t)
	if status := post(t, address+"/inbox/received", "message/rfc822", "From: a@example.com\r\n\r\nhello"); status != 202 {
		t.Fatalf("status %d", status)
	}
	if first := (*got)[0]; !strings.HasPrefix(first, "X-SES-Spam-Verdict: PASS\r\n") ||
		!strings.Contains(first, "Authentication-Results: amazonses.com; ") || !strings.HasSuffix(first, "\r\nhello") {
		t.Errorf("received %q", first)
	}
	// A mail that brings verdicts keeps them, so that spam can be rehearsed.
	post(t, address+"/inbox/received", "message/rfc822", "X-SES-Spam-Verdict: FAIL\r\nFrom: a@example.com\r\n\r\nhello")
	if second := (*got)[1]; !strings.HasPrefix(second, "X-SES-Spam-Verdict: FAIL") || strings.Contains(second, "PASS") {
		t.Errorf("received %q", second)
	}
	if status := post(t, address+"/inbox/received", "message/rfc822", ""); status != 400 || len(*got) != 2 {
		t.Errorf("an empty mail: %d, %d received", status, len(*got))
	}
}

func TestOnlyAMailWithAReplyAddressIsAnswered(t *testing.T) {
	t.Parallel()
	sink, address, got := receiving(t)
	if err := sink.Text("+821012345678", "123456"); err != nil {
		t.Fatal(err)
	}
	id := sink.Messages("")[0].ID
	form := url.Values{"text": {"hello"}}.Encode()
	for _, path := range []string{"/inbox/" + id + "/reply", "/inbox/nothing/reply"} {
		if status := post(t, address+path, "application/x-www-form-urlencoded", form); status != 400 || len(*got) != 0 {
			t.Errorf("%s: %d, %d received", path, status, len(*got))
		}
	}
}
