package providers

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"dangol/shared/boot"
)

// patience bounds how long a start waits for the secrets.
const patience = 5 * time.Second

// withSecrets returns the environment with the secrets that an operator keeps as SecureStrings in the SSM folder which
// PAYMENT_SECRETS names: <folder>/STRIPE_KEY stands for the variable STRIPE_KEY. Without a folder it returns env as it is. The
// secrets are read once, at start, and never written to the function's configuration.
func withSecrets(env *boot.Env) (*boot.Env, error) {
	folder := env.Getenv("PAYMENT_SECRETS")
	if folder == "" {
		return env, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := ssm.NewFromConfig(env.AWS(), func(o *ssm.Options) { o.BaseEndpoint = env.Endpoint("SSM") })
	found, err := client.GetParametersByPath(ctx, &ssm.GetParametersByPathInput{Path: &folder, WithDecryption: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("secrets in %s: %w", folder, err)
	}
	secrets := map[string]string{}
	for _, p := range found.Parameters {
		secrets[path.Base(aws.ToString(p.Name))] = aws.ToString(p.Value)
	}
	filled := *env
	filled.Getenv = func(name string) string {
		if value, ok := secrets[name]; ok {
			return value
		}
		return env.Getenv(name)
	}
	return &filled, nil
}
