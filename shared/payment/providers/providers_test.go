package providers_test

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
)

func TestTheEnvironmentChoosesTheProvider(t *testing.T) {
	t.Parallel()
	sandbox := map[string]string{
		"PAYMENT_PROVIDER": "sandbox", "SANDBOX_URL": "http://localhost:1", "SANDBOX_KEY": "k", "SANDBOX_WEBHOOK_SECRET": "s",
	}
	stripe := map[string]string{"PAYMENT_PROVIDER": "stripe", "STRIPE_KEY": "sk_test", "STRIPE_WEBHOOK_SECRET": "whsec"}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // name of the provider, or what the error names
	}{
		{"sandbox", sandbox, "sandbox"},
		{"stripe", stripe, "stripe"},
		{"nothing chosen: the start fails with the variable's name", nil, "PAYMENT_PROVIDER"},
		{"an unknown one: the start fails", map[string]string{"PAYMENT_PROVIDER": "cash"}, "cash"},
		{"stripe without its webhook secret: the start fails, since anyone could sign", map[string]string{
			"PAYMENT_PROVIDER": "stripe", "STRIPE_KEY": "sk_test"}, "STRIPE_WEBHOOK_SECRET"},
		{"sandbox without its webhook secret", map[string]string{
			"PAYMENT_PROVIDER": "sandbox", "SANDBOX_URL": "http://localhost:1", "SANDBOX_KEY": "k"}, "SANDBOX_WEBHOOK_SECRET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := &boot.Env{Getenv: func(n string) string { return c.env[n] }, Clock: clock.Stopped(time.Unix(0, 0))}
			p, err := providers.FromEnv(env)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Fatalf("error %q does not name %s", err, c.want)
				}
				return
			}
			if p.Name() != c.want {
				t.Fatalf("got provider %q, want %q", p.Name(), c.want)
			}
		})
	}
}
