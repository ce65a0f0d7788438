package tracking_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/tracking"
)

func key(id string, fill byte) tracking.Key {
	return tracking.Key{ID: id, Secret: bytes.Repeat([]byte{fill}, 32)}
}

func signer(t testing.TB, keys ...tracking.Key) *tracking.Signer {
	t.Helper()
	s, err := tracking.NewSigner(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestATokenComesBackAsItWasAndNoOtherDoes(t *testing.T) {
	t.Parallel()
	s := signer(t, key("k1", 1))
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9_-]{0,30}`), 1, 4).Draw(t, "fields")
		token := s.Sign(tracking.Link, fields...)
		got, err := s.Verify(tracking.Link, token, len(fields))
		if err != nil || !slices.Equal(got, fields) {
			t.Fatalf("%q, %v", got, err)
		}
		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Fatalf("%q has characters that need escaping", token)
		}
		place := rapid.IntRange(0, len(token)-1).Draw(t, "place")
		forged := []byte(token)
		forged[place] = rapid.SampledFrom([]byte("Ab9-_.x")).Draw(t, "byte")
		if string(forged) == token {
			return
		}
		if _, err := s.Verify(tracking.Link, string(forged), len(fields)); !errors.Is(err, tracking.ErrToken) {
			t.Fatalf("%q passes for %q: %v", forged, token, err)
		}
	})
}

func TestTokensThatDoNotPass(t *testing.T) {
	t.Parallel()
	s := signer(t, key("k1", 1))
	token := s.Sign(tracking.Unsubscribe, "ctc_1", "offers", "msg_1")
	for name, verify := range map[string]func() error{
		"another purpose": func() error { _, err := s.Verify(tracking.Preferences, token, 3); return err },
		"fewer fields":    func() error { _, err := s.Verify(tracking.Unsubscribe, token, 2); return err },
		"another shop": func() error {
			_,
				err := signer(t, key("k1", 2)).Verify(tracking.Unsubscribe, token, 3)
			return err
		},
		"an unknown key": func() error {
			_,
				err := signer(t, key("k2", 1)).Verify(tracking.Unsubscribe, token, 3)
			return err
		},
		"no token": func() error { _, err := s.Verify(tracking.Unsubscribe, "", 3); return err },
		"two dots": func() error { _, err := s.Verify(tracking.Unsubscribe, "..", 3); return err },
		"a long one": func() error {
			_,
				err := s.Verify(tracking.Unsubscribe, strings.Repeat("a.", 9999), 3)
			return err
		},
	} {
		if err := verify(); !errors.Is(err, tracking.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReplacedKeyStillChecks(t *testing.T) {
	t.Parallel()
	old := signer(t, key("k1", 1)).Sign(tracking.Link, "msg_1", "0")
	rotated := signer(t, key("k2", 2), key("k1", 1))
	if _, err := rotated.Verify(tracking.Link, old, 2); err != nil {
		t.Error(err)
	}
	if token := rotated.Sign(tracking.Link, "msg_1", "0"); !strings.HasPrefix(token, "k2.") {
		t.Errorf("signed with the old key: %s", token)
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, k := range []tracking.Key{{}, {ID: "k1", Secret: []byte("short")}, {ID: "a.b", Secret: make([]byte, 32)}} {
		if _, err := tracking.NewSigner(k); err == nil {
			t.Errorf("%+v is accepted", k)
		}
	}
	if _, err := tracking.NewSigner(); err == nil {
		t.Error("no key is accepted")
	}
}

func TestMachinesAndPeople(t *testing.T) {
	t.Parallel()
	const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/19.1 Mobile/15E148 Safari/604.1"
	sent := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	person := tracking.Hit{At: sent.Add(5 * time.Minute), Delivered: sent, Method: "GET", UserAgent: phone, Links: 1,
		From: netip.MustParseAddr("211.36.1.2")}
	tests := []struct {
		name string
		tell func(*tracking.Hit)
		want tracking.Machine
	}{
		{"a person with a telephone", func(*tracking.Hit) {}, tracking.Human},
		{"two seconds after delivery", func(h *tracking.Hit) { h.At = sent.Add(2 * time.Second) }, tracking.ByTime},
		{"twelve seconds after", func(h *tracking.Hit) { h.At = sent.Add(12 * time.Second) }, tracking.ByTime},
		{"sixteen seconds after", func(h *tracking.Hit) { h.At = sent.Add(16 * time.Second) }, tracking.Human},
		{"before it was delivered", func(h *tracking.Hit) { h.At = sent.Add(-time.Second) }, tracking.ByTime},
		{"HEAD", func(h *tracking.Hit) { h.Method = "HEAD" }, tracking.ByMethod},
		{"a prefetch", func(h *tracking.Hit) { h.Purpose = "prefetch;prerender" }, tracking.ByPrefetch},
		{"every link at once", func(h *tracking.Hit) { h.Links = 3 }, tracking.ByAllLinks},
		{"two links", func(h *tracking.Hit) { h.Links = 2 }, tracking.Human},
		{"curl", func(h *tracking.Hit) { h.UserAgent = "curl/8.5.0" }, tracking.ByAgent},
		{"a security gateway", func(h *tracking.Hit) { h.UserAgent = "Mozilla/5.0 (Windows NT 10.0) BarracudaCentral" },
			tracking.ByAgent},
		{"a telephone whose maker has bot in its name", func(h *tracking.Hit) {
			h.UserAgent = "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/142.0 Mobile"
		}, tracking.Human},
		{"Gmail's proxy", func(h *tracking.Hit) { h.UserAgent = "Mozilla/5.0 (via ggpht.com GoogleImageProxy)" },
			tracking.ByAgent},
		{"Apple's privacy protection", func(h *tracking.Hit) { h.UserAgent = "Mozilla/5.0" }, tracking.ByNoAgent},
		{"nothing said", func(h *tracking.Hit) { h.UserAgent = " " }, tracking.ByNoAgent},
		{"Google's network", func(h *tracking.Hit) { h.From = netip.MustParseAddr("66.249.84.1") }, tracking.ByProxy},
		{"the same, written as IPv6", func(h *tracking.Hit) { h.From = netip.MustParseAddr("::ffff:66.249.84.1") },
			tracking.ByProxy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := person
			tt.tell(&h)
			if got := tracking.Classify(h); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhereLinksMayLead(t *testing.T) {
	t.Parallel()
	const shop = "https://shop.example.com"
	tests := []struct {
		link string
		ok   bool
	}{
		{"https://shop.example.com/products/soap?color=red", true},
		{"https://SHOP.example.com/", true},
		{"https://carrier.example.net/track/1", true},
		{"http://shop.example.com/", false},
		{"https://shop.example.com.evil.example/", false},
		{"https://shop.example.com@evil.example/", false},
		{"https://evil.example/?https://shop.example.com", false},
		{"//shop.example.com/", false},
		{"/products/soap", false},
		{"javascript:alert(1)", false},
		{"https://carrier.example.net:8443/", false},
		{"data:text/html,x", false},
		{"", false},
	}
	for _, tt := range tests {
		if _, err := tracking.Target(tt.link, shop, []string{"carrier.example.net"}); (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.link, err)
		}
	}
	if _, err := tracking.Target("http://localhost:8080/x", "http://localhost:8080", nil); err != nil {
		t.Errorf("on a laptop: %v", err)
	}
}

func TestShortTokensProveTheirFieldsAndPurpose(t *testing.T) {
	t.Parallel()
	old := tracking.Key{ID: "k1", Secret: bytes.Repeat([]byte{1}, 32)}
	s, err := tracking.NewSigner(tracking.Key{ID: "k22", Secret: bytes.Repeat([]byte{2}, 32)}, old)
	if err != nil {
		t.Fatal(err)
	}
	before, err := tracking.NewSigner(old)
	if err != nil {
		t.Fatal(err)
	}
	token := s.Short(tracking.Reply, "chat_1", "bora@example.com")
	for _, test := range []struct {
		name, token string
		purpose     tracking.Purpose
		fields      []string
		want        bool
	}{
		{"the token", token, tracking.Reply, []string{"chat_1", "bora@example.com"}, true},
		{"of a key that was replaced", before.Short(tracking.Reply, "chat_1", "a"), tracking.Reply, []string{"chat_1", "a"},
			true},
		{"other fields", token, tracking.Reply, []string{"chat_1", "eve@example.com"}, false},
		{"fields that are divided elsewhere", token, tracking.Reply, []string{"chat_", "1bora@example.com"}, false},
		{"another purpose", token, tracking.Open, []string{"chat_1", "bora@example.com"}, false},
		{"a key that is not known", "k9" + token[3:], tracking.Reply, []string{"chat_1", "bora@example.com"}, false},
		{"a key's id alone", "k22", tracking.Reply, nil, false},
		{"nothing", "", tracking.Reply, nil, false},
	} {
		if got := s.VerifyShort(test.purpose, test.token, test.fields...); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if token != strings.ToLower(token) || strings.ContainsAny(token, "._-@") {
		t.Errorf("token %q does not survive a mail program", token)
	}
}
