package ses_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"dangol/infra/local/ses"
	"dangol/shared/platform/clock"
)

// rated is a sink that takes so many mails a second, its client and its clock.
func rated(t *testing.T, rate float64, emit func(string, json.RawMessage) error) (*ses.Sink, *sesv2.Client,
	*clock.Movable) {
	t.Helper()
	now := clock.Stopped(noon)
	sink, err := ses.Open(ses.Options{Clock: now, Rate: rate, Emit: emit})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sink)
	t.Cleanup(func() {
		sink.Close()
		server.Close()
	})
	return sink, sesv2.New(sesv2.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}), now
}

func TestTheRateIsASecondsWorthAtOnceAndThenAsTimePasses(t *testing.T) {
	t.Parallel()
	sink, client, now := rated(t, 5, nil)
	accepted := func(tries int) (n int) {
		for range tries {
			_, err := client.SendEmail(t.Context(), letter("a@example.com"))
			if err == nil {
				n++
				continue
			}
			if _, throttled := errors.AsType[*types.TooManyRequestsException](err); !throttled {
				t.Fatal(err)
			}
		}
		return n
	}
	for _, c := range []struct {
		wait        time.Duration
		tries, want int
	}{
		{0, 8, 5},                      // one second's worth
		{200 * time.Millisecond, 3, 1}, // one more each 200 ms
		{100 * time.Millisecond, 2, 0}, // half a mail is none
		{100 * time.Millisecond, 2, 1}, // and the half was kept
		{time.Hour, 20, 5},             // what was not used is not saved up
	} {
		now.Advance(c.wait)
		if got := accepted(c.tries); got != c.want {
			t.Errorf("after %s %d of %d were taken, want %d", c.wait, got, c.tries, c.want)
		}
	}
	if n := len(sink.Messages("")); n != 12 {
		t.Errorf("%d mails are in the inbox", n)
	}
}

func TestTheAccountSaysWhatItMaySendAndWhatItHasSentInADay(t *testing.T) {
	t.Parallel()
	_, client, now := rated(t, 14, nil)
	sent := func() (float64, float64) {
		got, err := client.GetAccount(t.Context(), &sesv2.GetAccountInput{})
		if err != nil {
			t.Fatal(err)
		}
		return got.SendQuota.MaxSendRate, got.SendQuota.SentLast24Hours
	}
	for range 3 {
		if _, err := client.SendEmail(t.Context(), letter("a@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	if rate, n := sent(); rate != 14 || n != 3 {
		t.Errorf("%v a second, %v sent", rate, n)
	}
	now.Advance(24*time.Hour + time.Second)
	if _, n := sent(); n != 0 {
		t.Errorf("a day later %v are counted", n)
	}
}

// A mail to several people may reach some of them only: each event names those whom it is about.
func TestAMailToSeveralBouncesForThoseWhoAskForIt(t *testing.T) {
	t.Parallel()
	var events []map[string]any
	_, client, _ := rated(t, 0, func(_ string, detail json.RawMessage) error {
		var e map[string]any
		events = append(events, e)
		return json.Unmarshal(detail, &events[len(events)-1])
	})
	if _, err := client.SendEmail(t.Context(), letter("bounce@simulator.example.com", "b@example.com")); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e["eventType"].(string))
	}
	if strings.Join(kinds, " ") != "Send Bounce Delivery" {
		t.Fatalf("events %v", kinds)
	}
	bounced, _ := json.Marshal(events[1]["bounce"].(map[string]any)["bouncedRecipients"])
	delivered, _ := json.Marshal(events[2]["delivery"].(map[string]any)["recipients"])
	if !strings.Contains(string(bounced), "bounce@simulator") || strings.Contains(string(bounced), "b@example.com") ||
		string(delivered) != `["b@example.com"]` {
		t.Errorf("bounced %s, delivered %s", bounced, delivered)
	}
}
