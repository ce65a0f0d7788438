package providers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"dangol/shared/platform/boot"
)

// patience bounds how long a call waits for the secrets: the shopper waits as well.
const patience = 5 * time.Second

// parameters reads the secrets that an operator keeps as SecureStrings in an SSM folder: <folder>/STRIPE_KEY stands for
// the variable STRIPE_KEY. They are never written to the function's configuration. It makes the one call to SSM,
// GetParametersByPath, by hand: the SDK's client for it would add 2 ms to a start of 8 (measured: it builds the schemas
// of all its operations).
func parameters(ctx context.Context, env *boot.Env, folder string) (map[string]string, error) {
	secrets := map[string]string{}
	ask := map[string]any{"Path": folder, "WithDecryption": true}
	for range pages {
		found, err := page(ctx, env, ask)
		if err != nil {
			return nil, err
		}
		// The last part of the name is the variable: the folder differs between stages.
		for _, p := range found.Parameters {
			secrets[path.Base(p.Name)] = p.Value
		}
		if found.NextToken == "" {
			return secrets, nil
		}
		ask["NextToken"] = found.NextToken
	}
	return nil, fmt.Errorf("SSM has more than %d pages of parameters below %s", pages, folder)
}

// pages is how many answers are read of a folder that holds two parameters. There can be more than one: SSM answers
// with what it has found so far, even nothing, and a token, when the search takes it too long.
const pages = 10

// found is one answer of SSM.
type found struct {
	Parameters []struct{ Name, Value string }
	NextToken  string
}

// page makes one call to SSM.
func page(ctx context.Context, env *boot.Env, ask map[string]any) (f found, err error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return f, err
	}
	req, err := signed(ctx, env, body)
	if err != nil {
		return f, err
	}
	answer, err := env.HTTP.Do(req)
	if err != nil {
		return f, err
	}
	// 1 MB is far above ten parameters; it bounds what a wrong endpoint could send.
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return f, err
	}
	if answer.StatusCode != http.StatusOK {
		return f, fmt.Errorf("SSM answered %s: %s", answer.Status, raw)
	}
	err = json.Unmarshal(raw, &f)
	return f, err
}

// signed makes the request with AWS Signature Version 4, which covers headers and the hash of the
// body.
func signed(ctx context.Context, env *boot.Env, body []byte) (*http.Request, error) {
	config := env.AWS()
	url := "https://ssm." + config.Region + ".amazonaws.com/"
	// Set on a laptop and in tests, where another server answers.
	if elsewhere := env.Endpoint("SSM"); elsewhere != nil {
		url = *elsewhere
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonSSM.GetParametersByPath")
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return req, v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "ssm", config.Region,
		env.Clock.Now())
}
