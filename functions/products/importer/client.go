package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// client sends pieces to the API.
type client struct {
	http *http.Client
	api  string
	// A token from the command line cannot be asked for anew.
	given bool // the token came from the command line
	// source gives tokens after a log-in by browser, and new ones when they run out; nil without one.
	source oauth2.TokenSource
	// pause waits between tries; tests replace it.
	pause func(context.Context, time.Duration)

	// mu guards token: several pieces are sent at the same time.
	mu    sync.Mutex
	token string
}

const (
	tries      = 7
	firstPause = 500 * time.Millisecond // doubled each time: half a minute in all
)

// refusal is an answer of the API that trying again does not change.
type refusal struct {
	status int
	detail string
	token  string // that the request carried
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("the API answered %d: %s", r.status, r.detail) }

// send sends a piece until there is an answer. Not answering, 429 and 5xx are tried again, and a development token that
// has run out is got anew.
func (c *client) send(ctx context.Context, body []byte, firstRow int, o options) (report, error) {
	var last error
	for try := range tries {
		if try > 0 {
			c.pause(ctx, firstPause<<(try-1))
		}
		if ctx.Err() != nil {
			return report{}, ctx.Err()
		}
		r, err := c.once(ctx, body, firstRow, o)
		if err == nil {
			return r, nil
		}
		refused, ok := errors.AsType[*refusal](err)
		switch {
		// The token ran out while the file was sent: log in again with the next try.
		case ok && refused.status == http.StatusUnauthorized && !c.given && c.source == nil && refused.token != "":
			c.forget(refused.token)
		// The request itself is wrong; it would be refused again.
		case ok && refused.status < 500 && refused.status != http.StatusTooManyRequests:
			return report{}, err
		}
		last = err
	}
	return report{}, fmt.Errorf("gave up after %d tries: %w", tries, last)
}

// once sends a piece one time.
func (c *client) once(ctx context.Context, body []byte, firstRow int, o options) (report, error) {
	token, err := c.access(ctx)
	if err != nil {
		return report{}, err
	}
	query := url.Values{"firstRow": {strconv.Itoa(firstRow)}}
	if o.delivery != "" {
		query.Set("stock", "add")
		query.Set("delivery", o.delivery)
	}
	if o.currency != "" {
		query.Set("currency", o.currency)
	}
	if o.language != "" {
		query.Set("language", o.language)
	}
	var r report
	err = c.post(ctx, "/products/import?"+query.Encode(), "text/csv", token, body, &r)
	return r, err
}

// access returns the token. After a log-in by browser it is renewed as needed. Without one it asks the development
// issuer for a merchant's, which only a laptop has.
func (c *client) access(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source != nil {
		token, err := c.source.Token()
		if err != nil {
			return "", &refusal{status: http.StatusUnauthorized, detail: "the log-in has run out: " + err.Error()}
		}
		return token.AccessToken, nil
	}
	if c.token != "" {
		return c.token, nil
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	err := c.post(ctx, "/dev/token", "application/json", "", []byte(`{"sub":"importer","groups":["merchant"]}`), &answer)
	// A shop on AWS has no such route and answers 4xx.
	if refused, ok := errors.AsType[*refusal](err); ok && refused.status < 500 {
		return "", &refusal{status: refused.status,
			detail: "no development issuer here; log in with -login and -client, or give a merchant's access token with -token"}
	}
	c.token = answer.Token
	return c.token, err
}

// forget drops a token that has run out, unless there is another already.
func (c *client) forget(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == token {
		c.token = ""
	}
}

// maxAnswer bounds what is read of an answer: a report lists at most 200 errors.
const maxAnswer = 4 << 20

// post sends one request and decodes the answer. An answer other than 2xx is a *refusal.
func (c *client) post(ctx context.Context, path, contentType, token string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api+path, bytes.NewReader(body))
	if err != nil {
		// A URL that cannot be parsed does not become right by trying again.
		return &refusal{detail: err.Error()}
	}
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return &refusal{res.StatusCode, detail(answer), token}
	}
	return json.Unmarshal(answer, into)
}

// detail is what a problem says for people, or the beginning of whatever else was answered.
func detail(answer []byte) string {
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct{ Pointer, Message string }
	}
	if json.Unmarshal(answer, &problem) != nil || problem.Detail == "" {
		// Not a problem document: probably a proxy or a gateway answered.
		return string(answer[:min(len(answer), 200)])
	}
	for _, e := range problem.Errors {
		problem.Detail += " " + e.Pointer + ": " + e.Message + "."
	}
	return problem.Detail
}
