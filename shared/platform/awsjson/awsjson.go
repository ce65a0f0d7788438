// Package awsjson calls AWS services that speak JSON and of which one operation is needed: the request is
// signed (Signature Version 4) and sent as it stands. A client of the SDK for each such service would add a megabyte to
// the function for one call.
package awsjson

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"dangol/shared/platform/clock"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Client calls one service.
type Client struct {
	Config  aws.Config
	Service string // in the signature, for example "bedrock"
	Base    string // https://bedrock-runtime.ap-northeast-2.amazonaws.com, without a slash at its end
	HTTP    *http.Client
	Clock   clock.Clock
}

// Error is an answer that is not a success.
type Error struct {
	Status int
	Code   string // x-amzn-ErrorType, for example ThrottlingException
	Detail string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Detail) }

// Do sends in as JSON and decodes the answer into out. path must be escaped. Nothing is tried again: whether a call may
// be repeated is the caller's to know. Errors: *Error with the status; the context's; network.
func (c Client) Do(ctx context.Context, method, path string, in, out any) error {
	return c.send(ctx, method, path, http.Header{"Content-Type": {"application/json"}}, in, out)
}

// Call is Do for a service that names its operation in a header, such as PinpointSMSVoiceV2.SendTextMessage (AWS JSON
// 1.0).
func (c Client) Call(ctx context.Context, operation string, in, out any) error {
	header := http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {operation}}
	return c.send(ctx, http.MethodPost, "/", header, in, out)
}

// send makes a signed request with these headers.
func (c Client) send(ctx context.Context, method, path string, header http.Header, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Service, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", c.Service, err)
	}
	req.Header = header
	credentials, err := c.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("%s: credentials: %w", c.Service, err)
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), c.Service, c.Config.Region,
		c.Clock.Now())
	if err != nil {
		return fmt.Errorf("%s: sign: %w", c.Service, err)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Service, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", c.Service, err)
	}
	if answer.StatusCode >= 300 {
		return refusal(answer, raw)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s: answer: %w", c.Service, err)
	}
	return nil
}

// refusal reads the error's name from the header, where what follows a colon is an address of the documentation, or
// from the body, where what stands before a # is the name of the service's model. Its text is in the body, which some
// services write with a capital letter.
func refusal(answer *http.Response, raw []byte) *Error {
	code, _, _ := strings.Cut(answer.Header.Get("x-amzn-ErrorType"), ":")
	var body struct {
		Message string `json:"message"` // matches "Message" too: names are compared without case
		Type    string `json:"__type"`
	}
	// A body that is no JSON, of a proxy on the way, leaves the text empty; the status says enough.
	_ = json.Unmarshal(raw, &body)
	if code == "" {
		code = body.Type[strings.LastIndex(body.Type, "#")+1:]
	}
	return &Error{Status: answer.StatusCode, Code: code, Detail: body.Message}
}
