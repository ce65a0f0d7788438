// Package sandbox is a payment provider for laptops and tests. Client speaks to it over HTTP as to any outside service;
// the service itself is the package server next to this one, which functions do not link.
package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Client is a payment.Provider.
type Client struct {
	cfg  Config
	http *http.Client
}

// Config says where the sandbox is.
type Config struct {
	BaseURL       string            // without a slash at the end
	APIKey        string            // what the server was given
	WebhookSecret string            // what the server was given
	Timeout       time.Duration     // of one call; 10 s when zero
	Transport     http.RoundTripper // http.DefaultTransport when nil
}

// New returns a client. It does not connect.
func New(cfg Config) *Client {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	return &Client{cfg: cfg, http: &http.Client{Transport: cfg.Transport, Timeout: cfg.Timeout}}
}

var _ payment.Provider = (*Client)(nil)

// Name is "sandbox".
func (c *Client) Name() string { return "sandbox" }

// Authorize implements payment.Provider.
func (c *Client) Authorize(ctx context.Context, req payment.AuthorizeRequest) (payment.Payment, error) {
	return post[payment.Payment](ctx, c, "/v1/payments", req.Key, req)
}

// Capture implements payment.Provider.
func (c *Client) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	return post[payment.Payment](ctx, c, "/v1/payments/"+url.PathEscape(id)+"/capture", key, CaptureBody{Amount: amount})
}

// Void implements payment.Provider.
func (c *Client) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	return post[payment.Payment](ctx, c, "/v1/payments/"+url.PathEscape(id)+"/void", key, struct{}{})
}

// Refund implements payment.Provider.
func (c *Client) Refund(ctx context.Context, req payment.RefundRequest) (payment.Refund, error) {
	return post[payment.Refund](ctx, c, "/v1/refunds", req.Key, req)
}

// SaveMethod implements payment.Provider.
func (c *Client) SaveMethod(ctx context.Context, req payment.SaveMethodRequest) (payment.Method, error) {
	return post[payment.Method](ctx, c, "/v1/methods", req.Key, req)
}

// SavedMethod implements payment.Provider.
func (c *Client) SavedMethod(ctx context.Context, setupID string) (payment.Method, error) {
	return get[payment.Method](ctx, c, "/v1/methods/"+url.PathEscape(setupID))
}

// ChargeOffSession implements payment.Provider.
func (c *Client) ChargeOffSession(ctx context.Context, req payment.ChargeRequest) (payment.Payment, error) {
	return post[payment.Payment](ctx, c, "/v1/charges", req.Key, req)
}

// Lookup implements payment.Provider.
func (c *Client) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	return get[payment.Payment](ctx, c, "/v1/payments?key="+url.QueryEscape(key))
}

// LookupRefund implements payment.Provider.
func (c *Client) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	return get[payment.Refund](ctx, c, "/v1/refunds?payment="+url.QueryEscape(paymentID)+"&key="+url.QueryEscape(key))
}

// Get implements payment.Provider.
func (c *Client) Get(ctx context.Context, id string) (payment.Payment, error) {
	return get[payment.Payment](ctx, c, "/v1/payments/"+url.PathEscape(id))
}

// Ledger implements payment.Provider.
func (c *Client) Ledger(ctx context.Context, from, to time.Time, cursor string) (payment.LedgerPage, error) {
	query := url.Values{
		"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}, "cursor": {cursor},
	}
	return get[payment.LedgerPage](ctx, c, "/v1/ledger?"+query.Encode())
}

// ParseWebhook implements payment.Provider.
func (c *Client) ParseWebhook(header http.Header, body []byte, now time.Time) (payment.Notification, error) {
	if !Verify(c.cfg.WebhookSecret, header.Get(SignatureHeader), body, now) {
		return payment.Notification{}, payment.ErrBadSignature
	}
	var n payment.Notification
	if err := json.Unmarshal(body, &n); err != nil || n.ID == "" {
		return payment.Notification{}, fmt.Errorf("%w: webhook body: %v", payment.ErrInvalid, err)
	}
	return n, nil
}

// post sends a request that moves money under its key.
func post[T any](ctx context.Context, c *Client, path, key string, body any) (T, error) {
	var none T
	raw, err := json.Marshal(body)
	if err != nil {
		return none, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.BaseURL+path, bytes.NewReader(raw))
	if err != nil {
		return none, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(KeyHeader, key)
	return call[T](c, req)
}

// get reads. It needs no key.
func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.cfg.BaseURL+path, nil)
	if err != nil {
		var none T
		return none, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
	}
	return call[T](c, req)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// call sends a request and reads its answer. What cannot be read is an unknown outcome and not a
// failure: the request may have taken effect.
func call[T any](c *Client, req *http.Request) (T, error) {
	var out T
	req.Header.Set("Authorization", "Bearer "+c.cfg.APIKey)
	res, err := c.http.Do(req)
	if err != nil {
		return out, payment.UnansweredError(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	switch {
	case err != nil:
		return out, payment.UnansweredError(err)
	case res.StatusCode >= http.StatusInternalServerError:
		return out, fmt.Errorf("%w: status %d", payment.ErrUnknown, res.StatusCode)
	case res.StatusCode >= http.StatusBadRequest:
		return refused(out, res.StatusCode, body)
	}
	// A success whose body is broken: the money has moved, and only a look-up tells how.
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("%w: %w", payment.ErrUnknown, err)
	}
	return out, nil
}

// refused turns an error answer into the error it means, with the payment when there is one.
func refused[T any](out T, status int, body []byte) (T, error) {
	var answer ErrorBody
	// The body is not ours: something in between answered.
	if err := json.Unmarshal(body, &answer); err != nil {
		return out, fmt.Errorf("%w: status %d: %w", payment.ErrUnknown, status, err)
	}
	e := answer.Error
	if e.Code == CodeDeclined {
		if p, ok := any(&out).(*payment.Payment); ok && e.Payment != nil {
			*p = *e.Payment
		}
		return out, &payment.Declined{Code: e.DeclineCode, Kind: payment.Classify(e.DeclineCode), Message: e.Message}
	}
	// A code that this client does not know may mean anything.
	meaning, ok := meanings[e.Code]
	if !ok {
		return out, fmt.Errorf("%w: status %d, code %q", payment.ErrUnknown, status, e.Code)
	}
	return out, fmt.Errorf("%w: %s", meaning, e.Message)
}
