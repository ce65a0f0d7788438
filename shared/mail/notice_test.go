package mail_test

import (
	"slices"
	"strings"
	"testing"

	"dangol/shared/mail"
)

// noticeKinds are the kinds of service notices that there are texts for.
func noticeKinds(t *testing.T) (kinds []string) {
	t.Helper()
	for _, key := range catalog(t, "ko").Keys() {
		if rest, ok := strings.CutPrefix(key, "service_notices."); ok {
			if kind, ok := strings.CutSuffix(rest, ".title"); ok {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

func TestEveryKindOfServiceNoticeCanBeWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	kinds := noticeKinds(t)
	if len(kinds) < 30 {
		t.Fatalf("%d kinds", len(kinds))
	}
	for _, kind := range kinds {
		for _, language := range mail.Languages {
			m, err := templates(t).Write(language, mail.ServiceNotice{Kind: kind, Number: "1K9X7", Path: "/account"})
			if err != nil || !strings.Contains(m.Subject, "1K9X7") || !strings.Contains(m.Text, brand.URL+"/account") {
				t.Errorf("%s in %s: %v\n%s", kind, language, err, m.Text)
			}
		}
	}
}

func TestAServiceNoticeThatSaysTooLittleIsAnError(t *testing.T) {
	t.Parallel()
	good := mail.ServiceNotice{Kind: "credit_granted", Path: "/account"}
	for name, spoil := range map[string]func(*mail.ServiceNotice){
		"a kind without texts": func(n *mail.ServiceNotice) { n.Kind = "return_completed-points" },
		"no path":              func(n *mail.ServiceNotice) { n.Path = "" },
		"a row without a value": func(n *mail.ServiceNotice) {
			n.Facts = []mail.NoticeFact{{Name: "amount"}}
		},
		"a row without a name": func(n *mail.ServiceNotice) {
			n.Facts = []mail.NoticeFact{{Name: "no_such", Text: "x"}}
		},
		"a word that is none": func(n *mail.ServiceNotice) {
			n.Facts = []mail.NoticeFact{{Name: "offer", Word: "no_such"}}
		},
		"a line of nothing": func(n *mail.ServiceNotice) { n.Lines = []mail.Line{{Title: "x"}} },
	} {
		n := good
		spoil(&n)
		if m, err := templates(t).Write("ko", n); err == nil {
			t.Errorf("%s was written:\n%s", name, m.Text)
		}
	}
}

func TestAMessageOfTheShopStaysTextAndKeepsItsLines(t *testing.T) {
	t.Parallel()
	n := mail.ServiceNotice{Kind: "review_answered", Message: "one\r\ntwo <b>three</b>\u202e", Path: "/account"}
	m, err := templates(t).Write("en", n)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "> one\n> two <b>three</b>\n") || strings.Contains(m.HTML, "<b>three") ||
		strings.Contains(m.HTML, "\u202e") {
		t.Errorf("%s\n%s", m.Text, m.HTML)
	}
	if !slices.Equal(n.Paragraphs(), []string{"one", "two <b>three</b>\u202e"}) {
		t.Errorf("paragraphs %q", n.Paragraphs())
	}
}
