package main

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/issuer"
	"dangol/shared/platform/clock"
)

// merchantsBrowser reads the link that the command prints, and logs a merchant in. tamper may change where the browser
// is sent in the end.
type merchantsBrowser struct {
	t      *testing.T
	done   chan struct{}
	tamper func(*url.URL) *url.URL
}

var link = regexp.MustCompile(`http://\S+/oauth2/authorize\?\S+`)

// Write implements io.Writer: what the command prints.
func (b *merchantsBrowser) Write(text []byte) (int, error) {
	if found := link.Find(text); found != nil {
		go func() {
			defer close(b.done)
			b.logIn(string(found))
		}()
	}
	return len(text), nil
}

// logIn does what a person does on the page.
func (b *merchantsBrowser) logIn(address string) {
	send := func(method, address string, form url.Values) *http.Response {
		req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
		if err != nil {
			b.t.Error(err)
			return nil
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			b.t.Error(err)
			return nil
		}
		res.Body.Close()
		return res
	}
	page := strings.Replace(address, "/oauth2/authorize", "/login", 1)
	res := send("POST", page, url.Values{"username": {"boss@example.com"}, "group": {"merchant"}})
	if res == nil {
		return
	}
	back, err := res.Location()
	if err != nil {
		b.t.Errorf("%d: %v", res.StatusCode, err)
		return
	}
	send("GET", b.tamper(back).String(), nil)
}

// TestLogIn is one test because the port that the log-in page returns to is one.
func TestLogIn(t *testing.T) {
	i, err := issuer.Open(issuer.Options{Clock: clock.System{}, URL: "http://issuer.test", ClientID: "dangol-local"})
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(i)
	defer page.Close()
	t.Run("a merchant's token comes from the page, for this program alone", func(t *testing.T) {
		browser := &merchantsBrowser{t: t, done: make(chan struct{}), tamper: func(u *url.URL) *url.URL { return u }}
		l := login{page: page.URL, client: "dangol-local", scopes: importing, http: page.Client(), out: browser}
		source, err := l.source(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := &client{http: http.DefaultClient, source: source}
		token, err := c.access(t.Context())
		if err != nil || len(strings.Split(token, ".")) != 3 {
			t.Errorf("%q, %v", token, err)
		}
		<-browser.done
	})
	t.Run("a token for calls of one's own is printed alone", func(t *testing.T) {
		browser := &merchantsBrowser{t: t, done: make(chan struct{}), tamper: func(u *url.URL) *url.URL { return u }}
		var printed strings.Builder
		args := []string{"-print-token", "-login", page.URL + "/", "-client", "dangol-local"}
		if status := run(t.Context(), args, func(string) string { return "" }, &printed, browser); status != 0 {
			t.Fatalf("status %d", status)
		}
		parts := strings.Split(strings.TrimSuffix(printed.String(), "\n"), ".")
		if len(parts) != 3 {
			t.Fatalf("printed %q", printed.String())
		}
		claims, err := base64.RawURLEncoding.DecodeString(parts[1])
		for _, scope := range []string{"shop/merchant", "shop/customer"} {
			if err != nil || !strings.Contains(string(claims), scope) {
				t.Errorf("%s, %v: no %s", claims, err, scope)
			}
		}
		<-browser.done
	})
	t.Run("an answer to another log-in is none, and nobody waits for ever", func(t *testing.T) {
		browser := &merchantsBrowser{t: t, done: make(chan struct{}), tamper: func(u *url.URL) *url.URL {
			q := u.Query()
			q.Set("state", "of-somebody-else")
			u.RawQuery = q.Encode()
			return u
		}}
		l := login{page: page.URL, client: "dangol-local", http: page.Client(), out: browser}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.source(ctx); err == nil || !strings.Contains(err.Error(), "nobody logged in") {
			t.Errorf("got %v", err)
		}
		<-browser.done
	})
	t.Run("a refusal of the page is said", func(t *testing.T) {
		browser := &merchantsBrowser{t: t, done: make(chan struct{}), tamper: func(u *url.URL) *url.URL {
			u.RawQuery = url.Values{"error": {"access_denied"}, "state": {u.Query().Get("state")}}.Encode()
			return u
		}}
		l := login{page: page.URL, client: "dangol-local", http: page.Client(), out: browser}
		if _, err := l.source(t.Context()); err == nil || !strings.Contains(err.Error(), "access_denied") {
			t.Errorf("got %v", err)
		}
		<-browser.done
	})
}

func TestALogInNeedsPageAndClientAndNoToken(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"-file x.csv -login http://l", "-file x.csv -client c", "-file x.csv -login http://l -client c -token t",
		"-login http://l -client c", "-print-token", "-print-token -file x.csv -login http://l -client c",
	} {
		_, err := parse(strings.Fields(args), func(string) string { return "" }, io.Discard)
		if err == nil {
			t.Errorf("%s is taken", args)
		}
	}
	o, err := parse([]string{"-file", "x.csv", "-login", "http://l", "-client", "c"}, func(string) string { return "" },
		io.Discard)
	if err != nil || o.login != "http://l" || o.client != "c" {
		t.Errorf("%+v, %v", o, err)
	}
}
