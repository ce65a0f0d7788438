package notify_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/notify"
	"dangol/infra/local/ses"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

// deployed builds the function from its environment, before the laptop's SES.
func deployed(t *testing.T, drop string) (lambda.Handler, *ses.Sink, *clock.Movable, error) {
	t.Helper()
	moving := clock.Stopped(noon)
	sink, err := ses.Open(ses.Options{Clock: moving})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sink)
	t.Cleanup(func() {
		sink.Close()
		server.Close()
	})
	vars := map[string]string{
		"OUTREACH_TABLE": localtest.Name(t, table.Outreach), "DYNAMODB_ENDPOINT": enginetest.Endpoint(t), "SES_ENDPOINT": server.URL,
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "MAIL_FROM": "온결 <orders@example.com>", "MAIL_CONFIGURATION_SET": "shop",
		"SHOP_NAME": "온결", "SHOP_URL": "https://shop.example.com", "SHOP_CONTACT": "help@example.com",
	}
	delete(vars, drop)
	env := &boot.Env{
		Function: "notify", Getenv: func(n string) string { return vars[n] }, Clock: moving, Log: logging.New(t.Output(), "notify", 0),
		HTTP: &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{}},
	}
	handler, err := notify.New(t.Context(), env)
	return handler, sink, moving, err
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"OUTREACH_TABLE", "MAIL_FROM", "SHOP_NAME"} {
		if _, _, _, err := deployed(t, variable); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s: %v", variable, err)
		}
	}
}

func TestDeployedFunctionAgainstEveryMoodOfSES(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to    string
		calls int // deliveries until the event is done with
		mails int
	}{
		{"ann@example.com", 1, 1},
		{"throttle+1@simulator.amazonses.com", 2, 1},
		{"reject@simulator.amazonses.com", 1, 0},
		{"hang@simulator.amazonses.com", 3, 2},
		{"bounce@simulator.amazonses.com", 1, 1},
	} {
		t.Run(c.to, func(t *testing.T) {
			t.Parallel()
			handler, sink, moving, err := deployed(t, "")
			if err != nil {
				t.Fatal(err)
			}
			body := placed()
			body.Email = c.to
			payload := told(t, "evt_1", body)
			calls := 0
			for done := false; !done && calls < 5; moving.Advance(time.Minute) {
				_, err := handler.Invoke(t.Context(), payload)
				calls++
				done = err == nil
			}
			if got := sink.Messages(""); len(got) != c.mails || calls != c.calls {
				t.Fatalf("%d mails after %d deliveries, want %d after %d", len(got), calls, c.mails, c.calls)
			}
			for _, m := range sink.Messages("") {
				if m.Tags["event"] != "evt_1" || m.ConfigurationSet != "shop" || !strings.Contains(m.Text, "쑥 비누") || !strings.Contains(m.From, "orders@example.com") {
					t.Errorf("mail %+v", m)
				}
			}
		})
	}
}
