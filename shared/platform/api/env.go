package api

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/boot"
)

// Variables are the environment variables that FromEnv reads.
func Variables() []string { return []string{"JWT_ISSUER", "JWT_JWKS", "JWT_CLIENTS"} }

// FromEnv returns the options of a deployed service: JWT_ISSUER is who signs the tokens; JWT_JWKS is where the keys are
// when not below the issuer; JWT_CLIENTS lists the accepted client ids.
func FromEnv(ctx context.Context, env *boot.Env) (Options, error) {
	var config struct {
		Issuer  string   `env:"JWT_ISSUER"`
		JWKS    string   `env:"JWT_JWKS,optional"`
		Clients []string `env:"JWT_CLIENTS,optional"`
	}
	if err := env.Config(&config); err != nil {
		return Options{}, err
	}
	if config.JWKS == "" {
		config.JWKS = config.Issuer + "/.well-known/jwks.json"
	}
	if env.HTTP != nil { // its time-outs are shorter than an invocation
		ctx = oidc.ClientContext(ctx, env.HTTP)
	}
	verifier := auth.NewVerifier(ctx, config.Issuer, config.JWKS, config.Clients, env.Clock)
	// Lambda sends one request at a time to an instance, unless it
	// is configured for more; only then is preparing on demand safe.
	oneAtATime := env.Getenv("AWS_LAMBDA_RUNTIME_API") != "" && env.Getenv("AWS_LAMBDA_MAX_CONCURRENCY") == ""
	return Options{Clock: env.Clock, Log: env.Log, Verify: verifier.Verify, Identity: verifier.Identity,
		Lazy: oneAtATime, SkipSchemas: env.SkipSchemas}, nil
}
