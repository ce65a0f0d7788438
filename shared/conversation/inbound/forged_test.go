package inbound_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/conversation/inbound"
)

// reply is a mail of bora with what SES found out about it.
func reply(t interface{ Fatal(...any) }, results, body string) inbound.Mail {
	m, err := inbound.Read([]byte("X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n" +
		"Authentication-Results: " + results + "\r\nFrom: Bora <" + bora + ">\r\nTo: chat@reply.example\r\n" +
		"Message-ID: <1@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Anybody can send a mail in bora's name from a server of their own, which passes for its own domain.
func TestAMailFromAnotherServerIsNotTheShoppers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, results string
		proved        bool
	}{
		{"SPF of the sender's domain", "spf=pass (x) client-ip=192.0.2.1; envelope-from=bora@example.com; dmarc=none", true},
		{"SPF of a server below it", "spf=pass; envelope-from=bounce@mail.example.com; dkim=none", true},
		{"SPF as other servers write it", "spf=pass smtp.mailfrom=bora@example.com; dkim=none", true},
		{"SPF of another domain", "spf=pass; envelope-from=bora@evil.example; dkim=none; dmarc=none", false},
		{"SPF of a domain that ends alike", "spf=pass; envelope-from=bora@notexample.com; dmarc=none", false},
		{"SPF of no domain", "spf=pass; dmarc=none", false},
		{"a signature of the sender's domain", "spf=fail; dkim=pass header.i=@example.com; dmarc=none", true},
		{"a signature by its domain", "spf=fail; dkim=pass header.d=example.com header.i=@x.example.com", true},
		{"a signature of another domain", "dkim=pass header.i=@evil.example; dmarc=none", false},
		{"two, one of them the sender's", "dkim=pass header.i=@list.example; dkim=pass header.i=@example.com", true},
		{"one that is wrong", "dkim=fail header.i=@example.com; dmarc=none", false},
		{"DMARC passes", "spf=pass; envelope-from=x@evil.example; dmarc=pass header.from=example.com", true},
		{"DMARC fails", "spf=pass; envelope-from=bora@example.com; dmarc=fail header.from=example.com", false},
		{"a result within quotes of an address", `spf=pass; envelope-from="a; dmarc=pass; dkim=pass header.i=@example.com ` +
			`"@evil.example; dmarc=fail`, false},
		{"a result within a comment", "spf=fail (no; dkim=pass header.i=@example.com; dmarc=pass); dmarc=none", false},
		{"a quote that does not end", `spf=fail; envelope-from="a; dmarc=pass`, false},
	} {
		m := reply(t, "amazonses.com; "+test.results, "안녕하세요")
		if got := m.Sent.Proved(); got != test.proved {
			t.Errorf("%s: proved %v: %+v", test.name, got, m.Sent)
		}
		want := inbound.Note // agents see it, and nobody is taken for another
		if test.proved {
			want = inbound.Take
		}
		if action, reason := inbound.Decide(m, bora, true); action != want {
			t.Errorf("%s: %s, %s", test.name, action, reason)
		}
	}
	for _, server := range []string{"evil.example", "amazonses.com.evil.example", "", "x amazonses.com"} {
		if m := reply(t, server+"; dmarc=pass; spf=pass; envelope-from=bora@example.com", "안녕"); m.Sent.Proved() {
			t.Errorf("the results of %q count", server)
		}
	}
}

// Whatever a sender writes into the envelope, it proves no other domain than the one behind its last @.
func TestNoEnvelopeProvesAnotherDomain(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{"a", ";", " dmarc=pass", " dkim=pass header.i=@example.com", "@example.com", `\"`,
		"(", ")", "<", " spf=pass", "envelope-from=b@example.com"})
	rapid.Check(t, func(t *rapid.T) {
		local := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "local part"), "")
		m := reply(t, fmt.Sprintf(`amazonses.com; spf=pass (x) client-ip=192.0.2.1; envelope-from="%s"@evil.example; dmarc=none`,
			local), "안녕하세요")
		if m.Sent.Proved() {
			t.Fatalf("%q proves %+v", local, m.Sent)
		}
	})
}

// What is kept of a text is in it, has no quoted line, and is the same when it is read again.
func TestWhatIsWrittenIsAPartOfTheText(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{"안녕하세요", "> 지난 메일", "  > deeper", "", "On Mon, 30 Nov 2026, Haneul wrote:",
		"2026년 11월 30일 (월) 하늘님이 작성:", "From: a", "Subject: b", "To: c", "-- ", "--", "Sent from my iPhone", "__________",
		"-----Original Message-----", "고맙습니다 "})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(line).Draw(t, "lines")
		written := inbound.Written(strings.Join(lines, "\r\n"))
		for _, kept := range strings.Split(written, "\n") {
			if strings.HasPrefix(strings.TrimSpace(kept), ">") || !strings.Contains(strings.Join(lines, "\n"), kept) {
				t.Fatalf("%q keeps %q", lines, kept)
			}
		}
		for _, sign := range []string{"wrote:", "작성:", "Original Message", "__________"} {
			if strings.Contains(written, sign) {
				t.Fatalf("%q keeps %q", lines, written)
			}
		}
		if again := inbound.Written(written); again != written {
			t.Fatalf("%q becomes %q when it is read again", written, again)
		}
	})
}
