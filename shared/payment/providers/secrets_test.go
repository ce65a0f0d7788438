package providers_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dangol/shared/payment"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
)

func TestSecretsComeFromTheFolder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer, next, failure string
	}{
		{
			name: "both secrets are there",
			answer: `{"Parameters":[{"Name":"/dangol/prod/payments/STRIPE_KEY","Value":"sk_1"},
				{"Name":"/dangol/prod/payments/STRIPE_WEBHOOK_SECRET","Value":"whsec_1"}]}`,
		},
		{
			name:    "one is missing: its name is told",
			answer:  `{"Parameters":[{"Name":"/dangol/prod/payments/STRIPE_KEY","Value":"sk_1"}]}`,
			failure: "STRIPE_WEBHOOK_SECRET",
		},
		{
			name:   "an answer may be empty and lead to the next",
			answer: `{"Parameters":[],"NextToken":"more"}`,
			next: `{"Parameters":[{"Name":"/dangol/prod/payments/STRIPE_KEY","Value":"sk_1"},
				{"Name":"/dangol/prod/payments/STRIPE_WEBHOOK_SECRET","Value":"whsec_1"}]}`,
		},
		{
			name:   "answers that never end",
			answer: `{"Parameters":[],"NextToken":"more"}`, next: `{"Parameters":[],"NextToken":"more"}`,
			failure: "pages",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ssm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || !strings.Contains(string(body), `"WithDecryption":true`) ||
					!strings.Contains(string(body), `/dangol/prod/payments`) {
					t.Errorf("asked for %s (%v)", body, err)
				}
				if r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParametersByPath" ||
					!strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=a/") {
					t.Errorf("headers are %v", r.Header)
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				if strings.Contains(string(body), `"NextToken":"more"`) {
					io.WriteString(w, c.next)
					return
				}
				io.WriteString(w, c.answer)
			}))
			defer ssm.Close()
			env := &boot.Env{HTTP: ssm.Client(), Clock: clock.System{}, Getenv: func(name string) string {
				return map[string]string{
					"PAYMENT_PROVIDER": "stripe", "PAYMENT_SECRETS": "/dangol/prod/payments", "SSM_ENDPOINT": ssm.URL,
					"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
				}[name]
			}}
			p, err := providers.FromEnv(env)
			if err != nil {
				t.Fatalf("the start reads no secrets: %v", err)
			}
			_, err = p.ParseWebhook(http.Header{}, nil, env.Clock.Now())
			if c.failure == "" && errors.Is(err, payment.ErrBadSignature) {
				err = nil // there is a secret, and nothing is signed by it
			}
			if c.failure == "" && err != nil || c.failure != "" && (err == nil || !strings.Contains(err.Error(), c.failure)) {
				t.Errorf("error %v, want one that says %q", err, c.failure)
			}
		})
	}
}
