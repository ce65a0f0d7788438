package mailer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/mailer"
	"dangol/infra/local/ses"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

// deployed builds the function from its environment, before the laptop's SES.
func deployed(t *testing.T, drop string) (lambda.Handler, *ses.Sink, error) {
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
		"OUTREACH_TABLE": localtest.Name(t, table.Outreach), "COMMERCE_TABLE": localtest.Name(t, table.Commerce),
		"CARE_TABLE":        localtest.Name(t, table.Care),
		"DYNAMODB_ENDPOINT": enginetest.Endpoint(t),
		"SES_ENDPOINT":      server.URL,
		"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "MAIL_FROM": "온결 <orders@example.com>",
		"MAIL_CONFIGURATION_SET": "shop",
		"SHOP_NAME":              "온결", "SHOP_URL": "https://shop.example.com", "SHOP_CONTACT": "help@example.com",
		"LINK_BASE": "https://shop.example.com",
	}
	delete(vars, drop)
	env := &boot.Env{
		Function: "mailer", Getenv: func(n string) string { return vars[n] }, Clock: moving,
		Log:  logging.New(t.Output(), "mailer", 0),
		HTTP: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}},
	}
	handler, err := mailer.New(t.Context(), env)
	return handler, sink, err
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"OUTREACH_TABLE", "COMMERCE_TABLE", "CARE_TABLE", "MAIL_FROM", "SHOP_NAME",
		"LINK_BASE"} {
		if _, _, err := deployed(t, variable); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s: %v", variable, err)
		}
	}
}

func TestDeployedFunctionAgainstEveryMoodOfSES(t *testing.T) {
	t.Parallel()
	for to, mails := range map[string]int{
		"ann@example.com": 1, "throttle+1@simulator.amazonses.com": 0, "reject@simulator.amazonses.com": 0,
		"bounce@simulator.amazonses.com": 1,
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			handler, sink, err := deployed(t, "")
			if err != nil {
				t.Fatal(err)
			}
			body := placed()
			body.Email = to
			if _, err := handler.Invoke(t.Context(), eventMessage(t, "evt_1", body)); err != nil {
				t.Fatal(err)
			}
			got := sink.Messages("")
			if len(got) != mails {
				t.Fatalf("%d mails, want %d", len(got), mails)
			}
			for _, m := range got {
				if m.Tags["mid"] != confirmation || m.ConfigurationSet != "shop" || !strings.Contains(m.Text, "쑥 비누") ||
					!strings.Contains(m.From, "orders@example.com") {
					t.Errorf("mail %+v", m)
				}
			}
		})
	}
}
