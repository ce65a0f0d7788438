// Package providers chooses the payment provider of a deployment by its environment. It is apart from payment so that
// only functions that move money link the providers.
package providers

import (
	"context"
	"fmt"
	"net/http"

	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/stripe"
	"dangol/shared/platform/boot"
)

// Variables are the environment variables that FromEnv reads.
func Variables() []string {
	return []string{
		"PAYMENT_PROVIDER", "PAYMENT_SECRETS", "SANDBOX_URL", "SANDBOX_KEY", "SANDBOX_WEBHOOK_SECRET", "STRIPE_KEY",
		"STRIPE_WEBHOOK_SECRET",
	}
}

// FromEnv returns the provider that PAYMENT_PROVIDER names: stripe, with STRIPE_KEY and STRIPE_WEBHOOK_SECRET (and
// STRIPE_URL for a mock); or sandbox, with SANDBOX_URL, SANDBOX_KEY and SANDBOX_WEBHOOK_SECRET. The secrets may be in
// the SSM folder PAYMENT_SECRETS instead: then they are read at the first call and again every 5 minutes, or at once
// when the provider refuses them. Without the folder a missing variable fails the start.
func FromEnv(env *boot.Env) (payment.Provider, error) {
	var config struct {
		Provider string `env:"PAYMENT_PROVIDER"`
		Folder   string `env:"PAYMENT_SECRETS,optional"`
	}
	// Only these two are needed at once; the secrets may be in a folder that is read later.
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	r := &rotating{env: env, name: config.Provider, folder: config.Folder, metrics: env.Metrics()}
	switch config.Provider {
	case "stripe":
		r.build = with(env, newStripe)
	case "sandbox":
		r.build = with(env, newSandbox)
	default:
		return nil, fmt.Errorf("environment variable PAYMENT_PROVIDER: %q is neither stripe nor sandbox", config.Provider)
	}
	// With secrets in the environment a wrong configuration fails the start. With a folder the
	// first call reads it, so that a cold start makes no call to SSM.
	if r.folder == "" {
		if _, err := r.reload(context.Background()); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// with lets build read secrets as if they were in the environment, so that each provider has one
// way to be configured.
func with(
	env *boot.Env, build func(*boot.Env) (payment.Provider, error),
) func(func(string) string) (payment.Provider, error) {
	return func(getenv func(string) string) (payment.Provider, error) {
		filled := *env
		filled.Getenv = getenv
		return build(&filled)
	}
}

// newStripe builds the provider for Stripe. Each setting that is missing fails with its name.
func newStripe(env *boot.Env) (payment.Provider, error) {
	var config struct {
		Key    string `env:"STRIPE_KEY"`
		Secret string `env:"STRIPE_WEBHOOK_SECRET"`
		URL    string `env:"STRIPE_URL,optional"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	return stripe.New(stripe.Config{
		APIKey: config.Key, WebhookSecret: config.Secret, BaseURL: config.URL, Clock: env.Clock, Transport: transport(env),
	}), nil
}

// newSandbox builds the client of the sandbox, for laptops and tests.
func newSandbox(env *boot.Env) (payment.Provider, error) {
	var config struct {
		URL    string `env:"SANDBOX_URL"`
		Key    string `env:"SANDBOX_KEY"`
		Secret string `env:"SANDBOX_WEBHOOK_SECRET"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	return sandbox.New(sandbox.Config{BaseURL: config.URL, APIKey: config.Key, WebhookSecret: config.Secret,
		Transport: transport(env)}), nil
}

// transport is the function's own, so that connections are kept between invocations. nil means the
// provider's default.
func transport(env *boot.Env) http.RoundTripper {
	if env.HTTP == nil {
		return nil
	}
	return env.HTTP.Transport
}
