package mail_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/shared/mail"
	"dangol/shared/mail/texts"
)

func catalog(t testing.TB, language string) *texts.Catalog {
	t.Helper()
	c, err := texts.Of(language)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryLanguageHasTheSameTextsAndPlaceholders(t *testing.T) {
	t.Parallel()
	first := catalog(t, mail.Languages[0])
	for _, language := range mail.Languages[1:] {
		other := catalog(t, language)
		if !slices.Equal(first.Keys(), other.Keys()) {
			t.Errorf("%s has other keys than %s", language, mail.Languages[0])
		}
		for _, key := range first.Keys() {
			if strings.HasPrefix(key, "dates.") {
				continue // how a date is written differs
			}
			if a, b := first.Placeholders(key), other.Placeholders(key); !slices.Equal(a, b) {
				t.Errorf("%s: %v in %s, %v in %s", key, a, mail.Languages[0], b, language)
			}
		}
	}
}

var keyForm = regexp.MustCompile(`t "([a-z_.-]+)"`)

func TestTemplatesUseTextsThatExistAndNoTextIsLeftOver(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	templates, err := filepath.Glob("templates/*")
	if err != nil || len(templates) == 0 {
		t.Fatal("no templates", err)
	}
	for _, file := range templates {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range keyForm.FindAllStringSubmatch(string(raw), -1) {
			used[found[1]] = true
			if !slices.Contains(catalog(t, "ko").Keys(), found[1]) {
				t.Errorf("%s uses %q, which is no text", file, found[1])
			}
		}
		if strings.ContainsFunc(string(raw), func(r rune) bool { return r >= '가' && r <= '힣' }) {
			t.Errorf("%s has a text of its own; it belongs into texts/", file)
		}
	}
	for _, kind := range []string{"canceled", "renewal", "paused", "change_planned", "card_expiring"} {
		used[mail.SubscriptionNotice{Kind: kind}.DateKey()] = true
	}
	for _, key := range catalog(t, "ko").Keys() {
		group, _, _ := strings.Cut(key, ".")
		if !used[key] && !slices.Contains([]string{"notices", "service_notices", "service_words", "conversation_mails",
			"conversation_words",
			"receipt_lines",
			"credit_reasons", "composed", "dates", "push", "pages", "account"}, group) &&
			!strings.HasPrefix(key, "words.channel_") {
			t.Errorf("no template uses %q", key)
		}
	}
}

var (
	bordered = regexp.MustCompile(`<[a-z]+ [^>]*border(?:-top|-bottom)?:1px [^>]*>`)
	lighted  = regexp.MustCompile(`<[a-z]+ [^>]*background:#[^>]*>`)
)

// In dark mode a line or an area keeps its light color unless its element has a class that the style sheet changes;
// the text on a light area is light then, too.
func TestEveryLineAndAreaOfAMailIsDarkInDarkMode(t *testing.T) {
	t.Parallel()
	templates, err := filepath.Glob("templates/*.html")
	if err != nil || len(templates) == 0 {
		t.Fatal("no templates", err)
	}
	for _, file := range templates {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, element := range bordered.FindAllString(string(raw), -1) {
			if !regexp.MustCompile(`class="[^"]*\b(rule|frame)\b`).MatchString(element) {
				t.Errorf("%s: %s", file, element)
			}
		}
		for _, element := range lighted.FindAllString(string(raw), -1) {
			if !regexp.MustCompile(`class="[^"]*\b(page|sheet)\b`).MatchString(element) {
				t.Errorf("%s: %s", file, element)
			}
		}
	}
}

func TestComposedMailsWithAHoleInThemAreErrors(t *testing.T) {
	t.Parallel()
	if _, err := mail.Compose("ko", "no_such_kind"); err == nil {
		t.Error("a kind that is none is composed")
	}
	good, err := mail.Compose("ko", "cart_code")
	if err != nil {
		t.Fatal(err)
	}
	good.URL = "https://shop.example.com/"
	for name, spoil := range map[string]func(*mail.Composed){
		"no subject": func(c *mail.Composed) { c.Subject = " " }, "no heading": func(c *mail.Composed) { c.Heading = "" },
		"no body":                     func(c *mail.Composed) { c.Body = nil },
		"a button that leads nowhere": func(c *mail.Composed) { c.URL = "" },
		"a button with a script":      func(c *mail.Composed) { c.URL = "javascript:alert(1)" },
		"a product without a price": func(c *mail.Composed) {
			c.Products = []mail.Product{{Title: "x",
				URL: "https://e.example"}}
		},
		"a product without an address": func(c *mail.Composed) { c.Products = []mail.Product{{Title: "x", Price: krw(1)}} },
		"a product with a local image": func(c *mail.Composed) {
			c.Products = []mail.Product{{Title: "x", URL: "https://e.example", Price: krw(1), Image: "file:///x"}}
		},
	} {
		c := good
		spoil(&c)
		if _, err := templates(t).WriteIn("ko", c, frame); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if _, err := templates(t).WriteIn("ko", good, frame); err != nil {
		t.Error(err)
	}
}
