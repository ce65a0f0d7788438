package problemtext_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dangol/shared/problemtext"
)

var rowForm = regexp.MustCompile("^\\| `([a-z_]+)` \\|")

// documented are the codes of docs/problems.md that an answer or a cart can have. A test of infra/checks holds that
// page against the source.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	codes, section := map[string]bool{}, ""
	for line := range strings.SplitSeq(string(page), "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		row := rowForm.FindStringSubmatch(line)
		elsewhere := []string{"Codes of fields", "Rows of a file", "What API Gateway says itself"}
		if row != nil && !slices.Contains(elsewhere, section) {
			codes[row[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(codes))
}

func TestEveryProblemCodeHasATextInEveryLanguage(t *testing.T) {
	t.Parallel()
	want := documented(t)
	if len(want) < 100 {
		t.Fatalf("found %d codes: this test no longer understands the page", len(want))
	}
	for _, language := range problemtext.Languages {
		raw, err := os.ReadFile(language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(texts))); diff != "" {
			t.Errorf("%s.json and docs/problems.md differ:\n%s", language, diff)
		}
		for code, text := range texts {
			if text == "" || problemtext.For(code, language) != text {
				t.Errorf("%s in %s: %q", code, language, text)
			}
			if korean := strings.ContainsFunc(text,
				func(r rune) bool { return r >= '가' && r <= '힣' }); korean != (language == "ko") {
				t.Errorf("%s in %s: %q", code, language, text)
			}
		}
	}
}

func TestTheFirstLanguageOfTheRequestThatThereIsDecides(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"ko": "품절되었습니다.", "ko-KR,ko;q=0.9,en;q=0.8": "품절되었습니다.", "KO": "품절되었습니다.",
		"fr-FR, ko;q=0.7, en;q=0.3": "품절되었습니다.",
		"en-US,en;q=0.9,ko;q=0.8":   "This is sold out.", "": "This is sold out.", "fr": "This is sold out.",
		",;q=": "This is sold out.",
	} {
		if got := problemtext.For("out_of_stock", accept); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := problemtext.For("no_such_code", "ko"); got != "" {
		t.Errorf("a code that is none: %q", got)
	}
}
