package replyaddress_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/conversation/replyaddress"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/id"
)

const domain = "reply.haneul.example"

func signer(t interface{ Fatal(...any) }, key byte) *tracking.Signer {
	s, err := tracking.NewSigner(tracking.Key{ID: "k" + string('0'+key), Secret: bytes.Repeat([]byte{key}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var conversation = id.New("chat", time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC))

func TestAnAddressIsForOneConversationAndOnePerson(t *testing.T) {
	t.Parallel()
	ours := signer(t, 1)
	to := replyaddress.For(ours, domain, conversation, "bora@example.com")
	for _, test := range []struct {
		name, to string
		email    string
		want     bool
	}{
		{"the person's reply", to, "bora@example.com", true},
		{"with another case of their address", to, "Bora@Example.com", true},
		{"an address that a mail program wrote in capitals", strings.ToUpper(to), "bora@example.com", true},
		{"with a name around it", "하늘 <" + to + ">", "bora@example.com", true},
		{"somebody else", to, "eve@example.com", false},
		{"nobody", to, "", false},
		{"signed by another shop", replyaddress.For(signer(t, 2), domain, conversation, "bora@example.com"),
			"bora@example.com", false},
		{"the token of another conversation", strings.Replace(to, conversation[5:],
			id.New("chat", time.Date(2026, 11, 30, 1, 0, 0, 1, time.UTC))[5:], 1), "bora@example.com", false},
		{"a token that is cut", strings.Replace(to, "@", "x@", 1), "bora@example.com", false},
	} {
		ref, err := replyaddress.Parse(domain, test.to)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := ref.For(ours, test.email); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWhatIsNoAddressOfAConversation(t *testing.T) {
	t.Parallel()
	to := replyaddress.For(signer(t, 1), domain, conversation, "bora@example.com")
	for _, other := range []string{"", "hello@" + domain, "chat.@" + domain, "chat." + conversation[5:] + "@" + domain,
		strings.Replace(to, domain, "elsewhere.example", 1), "chat.short.token@" + domain, "no address at all",
		strings.Replace(to, "chat.", "", 1)} {
		if ref, err := replyaddress.Parse(domain, other); err == nil {
			t.Errorf("%q is %+v", other, ref)
		}
	}
}

func TestAddressesAreValidAndComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ours := signer(t, 1)
		email := rapid.StringMatching(`[a-z0-9.]{1,20}@[a-z]{1,10}\.example`).Draw(t, "email")
		to := replyaddress.For(ours, domain, conversation, email)
		local, _, _ := strings.Cut(to, "@")
		if len(local) > 64 {
			t.Fatalf("a local part of %d characters", len(local))
		}
		ref, err := replyaddress.Parse(domain, to)
		if err != nil || ref.ConversationID != conversation || !ref.For(ours, email) {
			t.Fatalf("%s: %+v, %v", to, ref, err)
		}
	})
}
