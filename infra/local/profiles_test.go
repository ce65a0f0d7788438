package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestProfilesAreServedOnLoopbackUntilTheShopStops(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	address, err := serveProfiles(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(address)
	if err != nil || !net.ParseIP(at.Hostname()).IsLoopback() {
		t.Errorf("%s is not on loopback (%v)", address, err)
	}
	for page, want := range map[string]string{"": "Types of profiles available", "heap?debug=1": "heap profile",
		"symbol": "num_symbols"} {
		answer, err := http.Get(address + page)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%q: %s, %v, without %q", page, answer.Status, err, want)
		}
	}
	stop()
	// Until it no longer answers, or the test never ends.
	for {
		answer, err := http.Get(address)
		if err != nil {
			return
		}
		answer.Body.Close()
	}
}

func TestAPortThatIsTakenServesNoProfiles(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if address, err := serveProfiles(t.Context(), taken.Addr().(*net.TCPAddr).Port); err == nil {
		t.Errorf("it serves at %s", address)
	}
}
