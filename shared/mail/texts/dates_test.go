package texts_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

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

func TestTheLanguageThatATagAsksFor(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"ko": "ko", "ko-KR": "ko", "KO": "ko", "en": "en", "en-US": "en", "en-GB": "en",
		// People with another language, or none, read English.
		"fr": "en", "": "en", "kok": "en", "zz-KO": "en",
	} {
		if got := texts.Language(tag); got != want {
			t.Errorf("%q reads %s, want %s", tag, got, want)
		}
	}
}

func TestDaysAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, from, to, ko, en string }{
		{"within a year", "2026-01-10", "2026-02-10", "2026년 1월 10일 ~ 2월 9일", "10 Jan – 9 Feb 2026"},
		{"over the new year", "2026-12-05", "2027-01-05", "2026년 12월 5일 ~ 2027년 1월 4일", "5 Dec 2026 – 4 Jan 2027"},
		{"one day is no range", "2026-03-01", "2026-03-02", "2026년 3월 1일", "1 March 2026"},
		{"no day at all names the first", "2026-03-01", "2026-03-01", "2026년 3월 1일", "1 March 2026"},
		{"the last day of February", "2028-02-01", "2028-03-01", "2028년 2월 1일 ~ 2월 29일", "1 Feb – 29 Feb 2028"},
		{"an end that is no date", "2026-03-01", "soon", "2026년 3월 1일", "1 March 2026"},
		{"a beginning that is no date", "soon", "2026-03-01", "soon", "soon"},
	} {
		for language, want := range map[string]string{"ko": c.ko, "en": c.en} {
			if got, err := catalog(t, language).Days(c.from, c.to); err != nil || got != want {
				t.Errorf("%s in %s: %q, want %q, %v", c.name, language, got, want, err)
			}
		}
	}
}

// A time in a mail is that of the reader's wall clock, also on the days on which clocks change.
func TestTimesAreThoseOfTheReadersWallClock(t *testing.T) {
	t.Parallel()
	seoul := time.FixedZone("KST", 9*60*60)
	for _, c := range []struct {
		name, zone string
		at         time.Time
		want       string
	}{
		{"winter in New York", "America/New_York", time.Date(2026, 3, 8, 6, 59, 0, 0, time.UTC), "01:59 EST"},
		{"a minute later it is summer", "America/New_York", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC), "03:00 EDT"},
		{"the hour that comes twice, first", "Europe/Berlin", time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), "02:30 CEST"},
		{"and again", "Europe/Berlin", time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), "02:30 CET"},
		{"no zone is that of the shop", "", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "09:00 KST"},
		{"a zone that is none is that of the shop", "Mars/Base", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "09:00 KST"},
	} {
		got, err := catalog(t, "en").InstantIn(c.at, c.zone, seoul)
		if err != nil || !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q, want %q, %v", c.name, got, c.want, err)
		}
	}
	// A day before there and the day after here.
	got, err := catalog(t, "ko").InstantIn(time.Date(2026, 2, 28, 15, 30, 0, 0, time.UTC), "", seoul)
	if err != nil || !strings.Contains(got, "3월 1일 (일) 00:30") {
		t.Errorf("%q, %v", got, err)
	}
}

// What comes from outside becomes a subject or a header: it must stay one line, and read in one direction.
func TestOneLineIsOneLineWhateverComesIn(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"가", "a", " ", "\t", "\r\n", "\nBcc: x@example.com", "\u2028", "\u202e", "\u2066", "\u0000", "\u0085", "😀",
	})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		got := texts.OneLine(in)
		for _, r := range got {
			if unicode.IsControl(r) || unicode.IsSpace(r) && r != ' ' || r == '\u202e' || r == '\u2066' {
				t.Fatalf("%q has %U", got, r)
			}
		}
		if got != strings.TrimSpace(got) || strings.Contains(got, "  ") || texts.OneLine(got) != got {
			t.Fatalf("%q becomes %q", in, got)
		}
		for _, letter := range []string{"가", "a", "😀"} {
			// Nothing of the text itself is lost.
			if strings.Count(in, letter) != strings.Count(got, letter) {
				t.Fatalf("%q lost %s: %q", in, letter, got)
			}
		}
	})
}

func TestALetterIsWholeOrAnError(t *testing.T) {
	t.Parallel()
	for _, language := range texts.Languages {
		l, err := texts.Compose(language, "consent_given", "brand", "온결", "date", "x", "channel", "y")
		if err != nil || len(l.Body) != 3 || l.Button == "" {
			t.Errorf("%s: %+v, %v", language, l, err)
		}
		for name, ask := range map[string]func() (texts.Letter, error){
			"a kind that is none":         func() (texts.Letter, error) { return texts.Compose(language, "no_such_kind") },
			"a placeholder without value": func() (texts.Letter, error) { return texts.Compose(language, "consent_given") },
		} {
			if l, err := ask(); err == nil || l.Subject != "" || l.Body != nil {
				t.Errorf("%s in %s: %+v, %v", name, language, l, err)
			}
		}
	}
}

// Both catalogs fill in the same values, so that code does not have to know the language.
func TestTheCatalogsHaveTheSameKeysAndPlaceholders(t *testing.T) {
	t.Parallel()
	ko, en := catalog(t, "ko"), catalog(t, "en")
	for _, key := range ko.Keys() {
		if !en.Has(key) {
			t.Errorf("%s has no English text", key)
			continue
		}
		// Words for the same date differ: a month has a name in English and a number in Korean.
		if strings.HasPrefix(key, "dates.") {
			continue
		}
		if a, b := ko.Placeholders(key), en.Placeholders(key); strings.Join(a, ",") != strings.Join(b, ",") {
			t.Errorf("%s fills in %v in Korean and %v in English", key, a, b)
		}
	}
	if len(en.Keys()) != len(ko.Keys()) {
		t.Errorf("%d texts in Korean, %d in English", len(ko.Keys()), len(en.Keys()))
	}
}
