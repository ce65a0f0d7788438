package outreach_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dangol/shared/compliance"
	"dangol/shared/mail/texts"
	"dangol/shared/outreach/consent"
)

var pageKey = regexp.MustCompile(`\b(?:t\(|text\([A-Za-z."]+, )"([a-z_.]+)"`)

func TestPagesUseTextsOfTheCatalogAndNoneIsLeftOver(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, topic := range consent.Topics {
		used["pages.topic."+string(topic)] = true
	}
	for _, reason := range []compliance.Reason{compliance.ReasonConsent, compliance.ReasonExistingCustomer,
		compliance.ReasonOptOutCountry, compliance.ReasonTransactional, compliance.ReasonLegalNotice} {
		used["pages.because."+string(reason)] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pageKey.FindAllStringSubmatch(string(raw), -1) {
			if !strings.HasSuffix(found[1], ".") { // a prefix: the rest is in the lists above
				used["pages."+found[1]] = true
			}
		}
		if strings.ContainsFunc(string(raw), func(r rune) bool { return r >= '가' && r <= '힣' }) {
			t.Errorf("%s has a text of its own; it belongs into shared/mail/texts", file)
		}
	}
	for _, language := range texts.Languages {
		catalog, err := texts.Of(language)
		if err != nil {
			t.Fatal(err)
		}
		for key := range used {
			if !catalog.Has(key) {
				t.Errorf("%s has no %q", language, key)
			}
		}
		for _, key := range catalog.Keys() {
			if strings.HasPrefix(key, "pages.") && !used[key] {
				t.Errorf("no page uses %q", key)
			}
		}
	}
}
