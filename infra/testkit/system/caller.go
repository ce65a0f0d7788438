package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dangol/infra/local/issuer"
)

// Caller is somebody with a token, or a guest with none.
type Caller struct {
	Name    string
	Headers map[string]string
}

// Guest has no token.
var Guest = Caller{Name: "guest"}

// As returns a caller with a fresh token.
func (s *Shop) As(subject string, groups ...string) Caller {
	s.T.Helper()
	token, err := s.Issuer().Mint(issuer.Claims{Subject: subject, Email: subject + "@example.com", Groups: groups,
		ExpiresIn: 24 * time.Hour})
	if err != nil {
		s.T.Fatal(err)
	}
	return Caller{Name: subject, Headers: map[string]string{"Authorization": "Bearer " + token}}
}

// With returns the caller with one more header.
func (c Caller) With(name, value string) Caller {
	headers := maps.Clone(c.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers[name] = value
	return Caller{Name: c.Name, Headers: headers}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Field reads a value by its path in the JSON body, for example "cart.id" or "variants.0.id".
func (a Answer) Field(t testing.TB, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("not JSON: %s", a.Body)
	}
	for part := range strings.SplitSeq(path, ".") {
		switch w := v.(type) {
		case map[string]any:
			v = w[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(w) {
				t.Fatalf("no %s in %s", path, a.Body)
			}
			v = w[i]
		}
	}
	if v == nil {
		t.Fatalf("no %s in %s", path, a.Body)
	}
	return fmt.Sprint(v)
}

// Try sends a request. body is JSON text, or anything that becomes it.
func (s *Shop) Try(c Caller, method, path string, body any) Answer {
	s.T.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.T.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(s.T.Context(), method, s.Address()+path, content)
	if err != nil {
		s.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	return Answer{Status: got.StatusCode, Header: got.Header, Body: string(raw)}
}

// Do is Try for what has to work.
func (s *Shop) Do(c Caller, method, path string, body any) Answer {
	s.T.Helper()
	a := s.Try(c, method, path, body)
	if a.Status >= 300 {
		s.T.Fatalf("%s %s as %s: %d %s", method, path, c.Name, a.Status, a.Body)
	}
	return a
}

// Merchant returns a caller of the group merchant.
func (s *Shop) Merchant() Caller { return s.As("merchant-1", "merchant") }

// Agent returns a caller of the group agent.
func (s *Shop) Agent() Caller { return s.As("agent-1", "agent") }

// sequence makes names differ.
var sequence atomic.Int64

// Unique makes a name that no other test or shopper has.
func Unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, sequence.Add(1)) }
