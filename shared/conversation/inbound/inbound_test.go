package inbound_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/conversation/inbound"
)

const bora = "bora@example.com"

func read(t *testing.T, name string) inbound.Mail {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := inbound.Read(raw)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

func TestWhatPeopleWroteIsKeptAndWhatTheyQuotedIsNot(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"gmail-ko":    "네, 감사합니다.\n내일까지 부탁드려요.",
		"gmail-en":    "Thank you.\nTomorrow is fine.",
		"outlook-en":  "Please change the address.\n\nKind regards,\nBora",
		"outlook-ko":  "주소를 바꿔 주세요.",
		"outlook-web": "Got it, thanks.",
		"iphone-ko":   "빨리 받고 싶어요!",
		"iphone-en":   "Any news?",
		"naver":       "반품하고 싶어요.\n\n어떻게 하나요?",
		"daum":        "색상을 바꿔 주세요.",
		"samsung":     "안녕하세요,\n아직 못 받았어요.",
		"interleaved": "초록이요.\n금요일이요.",
		"signature":   "확인했습니다.",
		"empty":       "",
	} {
		if m := read(t, name); m.Text != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, m.Text))
		}
	}
}

func TestWhatIsDoneWithAMail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		action inbound.Action
		reason inbound.Reason
	}{
		{"gmail-ko", inbound.Take, ""},
		{"naver", inbound.Take, ""},
		{"attachments", inbound.Take, ""},
		{"vacation", inbound.Refuse, inbound.Machine},
		{"outlook-vacation", inbound.Refuse, inbound.Machine},
		{"list", inbound.Refuse, inbound.Machine},
		{"bounce", inbound.Refuse, inbound.Machine},
		{"spam", inbound.Refuse, inbound.Spam},
		{"virus", inbound.Refuse, inbound.Virus},
		{"empty", inbound.Refuse, inbound.Empty},
		{"forged", inbound.Note, inbound.NotProved},
		{"other-sender", inbound.Note, inbound.OtherSender},
		{"two-senders", inbound.Note, inbound.OtherSender},
	} {
		action, reason := inbound.Decide(read(t, test.name), bora, true)
		if action != test.action || reason != test.reason {
			t.Errorf("%s: %s %s, want %s %s", test.name, action, reason, test.action, test.reason)
		}
	}
	m := read(t, "gmail-ko")
	if action, reason := inbound.Decide(m, bora, false); action != inbound.Refuse || reason != inbound.ForgedToken {
		t.Errorf("with a token that is not theirs: %s %s", action, reason)
	}
	if action, reason := inbound.Decide(m, "", true); action != inbound.Refuse || reason != inbound.ShopperGone {
		t.Errorf("to a conversation without a proved address: %s %s", action, reason)
	}
}

func TestOnlyTheVerdictsOfSESCount(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]inbound.Verdicts{
		"gmail-ko": {Spam: inbound.Pass, Virus: inbound.Pass, SPF: inbound.Pass, DKIM: inbound.Pass, DMARC: inbound.Pass},
		// The sender wrote better ones behind those of SES.
		"forged": {Spam: inbound.Pass, Virus: inbound.Pass, SPF: inbound.Fail, DMARC: inbound.Fail},
	} {
		if diff := cmp.Diff(want, read(t, name).Sent); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, test := range []struct {
		name string
		v    inbound.Verdicts
		want bool
	}{
		{"DMARC passes although SPF failed on the way", inbound.Verdicts{DMARC: inbound.Pass, SPF: inbound.Fail}, true},
		{"DMARC fails although SPF passes for another domain", inbound.Verdicts{DMARC: inbound.Fail, SPF: inbound.Pass},
			false},
		{"no policy, and a signature", inbound.Verdicts{DKIM: inbound.Pass}, true},
		{"no policy, and SPF", inbound.Verdicts{SPF: inbound.Pass}, true},
		{"nothing", inbound.Verdicts{}, false},
	} {
		if got := test.v.Proved(); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestAttachmentsAreTakenByWhatTheyAre(t *testing.T) {
	t.Parallel()
	m := read(t, "attachments")
	var names []string
	for _, f := range m.Files {
		names = append(names, f.Name+" "+f.Type)
	}
	if diff := cmp.Diff([]string{"사진.png image/png", "IMG_1.png image/png"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"run.png", "page.svg"}, m.LeftOut); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameMailHasTheSameID(t *testing.T) {
	t.Parallel()
	if a, b := read(t, "gmail-ko"), read(t, "gmail-ko"); a.ID != b.ID || len(a.ID) != 32 {
		t.Errorf("%s and %s", a.ID, b.ID)
	}
	if a, b := read(t, "gmail-ko"), read(t, "gmail-en"); a.ID == b.ID {
		t.Error("two mails have one id")
	}
	nameless := func(text string) string {
		m, err := inbound.Read([]byte("From: a@example.com\r\n\r\n" + text))
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	if nameless("x") != nameless("x") || nameless("x") == nameless("y") {
		t.Error("mails without a Message-ID are not told apart by what is in them")
	}
}

func TestNoBytesBreakTheReader(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	var mails [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, raw)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := append([]byte{}, rapid.SampledFrom(mails).Draw(t, "mail")...)
		for range rapid.IntRange(0, 20).Draw(t, "changes") {
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		raw = raw[:rapid.IntRange(0, len(raw)).Draw(t, "length")]
		m, err := inbound.Read(raw)
		if err == nil && (len([]rune(m.Text)) > conversation.MaxText || len(m.Files) > 5) {
			t.Fatalf("%d characters, %d files", len([]rune(m.Text)), len(m.Files))
		}
	})
	if got := inbound.Written(strings.Repeat("가", conversation.MaxText+100)); len([]rune(got)) != conversation.MaxText {
		t.Errorf("a long mail has %d characters", len([]rune(got)))
	}
}
