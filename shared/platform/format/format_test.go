package format_test

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

func TestEmailIsStoredInOneForm(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"haneul@example.com":                         "haneul@example.com",
		"  Haneul.Kim+Shop@Example.CO.KR\t":          "haneul.kim+shop@example.co.kr",
		"o'brien@example.com":                        "o'brien@example.com",
		"a@xn--3e0b707e.kr":                          "a@xn--3e0b707e.kr",
		strings.Repeat("a", 64) + "@example.com":     strings.Repeat("a", 64) + "@example.com",
		"Haneul <haneul@example.com>":                "",
		"<haneul@example.com>":                       "",
		"haneul@example.com (at work)":               "",
		"friends: a@example.com, b@example.com;":     "",
		"a@example.com,b@example.com":                "",
		"a@example.com;b@example.com":                "",
		`"a b"@example.com`:                          "",
		"a b@example.com":                            "",
		"a@b@example.com":                            "",
		"a@example.com\r\nBcc: b@example.com":        "",
		"a@[10.0.0.1]":                               "",
		"a@10.0.0.1":                                 "",
		"a@localhost":                                "",
		"a@-example.com":                             "",
		"a@example..com":                             "",
		"a@example.com.":                             "",
		".a@example.com":                             "",
		"a..b@example.com":                           "",
		"하늘@example.com":                             "",
		"a@예시.kr":                                    "",
		"a＠example.com":                              "",
		"":                                           "",
		"@example.com":                               "",
		"a@":                                         "",
		strings.Repeat("a", 65) + "@example.com":     "",
		"a@" + strings.Repeat("b.", 130) + "example": "",
		"a@" + strings.Repeat("b", 64) + ".com":      "",
	} {
		got, err := format.Email("/email", sent)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", sent, got, err, want)
		}
		if err != nil && problem.From(err).Fields[0].Pointer != "/email" {
			t.Errorf("%q: %v points nowhere", sent, err)
		}
	}
}

func TestWhatEmailReturnsItTakesAndNothingThatEndsAHeader(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z.<>"+ ]{1,9}@[a-z.\-]{1,9}\.[a-z]{0,3}`)).Draw(t,
			"address")
		got, err := format.Email("", s)
		if err != nil {
			return
		}
		again, err := format.Email("", got)
		if err != nil || again != got || strings.ContainsAny(got, "\r\n \t<>,;:\"()[]") || strings.Count(got, "@") != 1 {
			t.Fatalf("%q became %q, then %q (%v)", s, got, again, err)
		}
	})
}

func TestURLIsOneThatPeopleCanBeSentTo(t *testing.T) {
	t.Parallel()
	for sent, ok := range map[string]bool{
		"https://shop.example.com/checkout/back?x=1#y": true,
		"https://예시.kr/주문":                             true,
		"http://localhost:8080/back":                   true,
		"http://127.0.0.1:3000/":                       true,
		"http://[::1]:3000/":                           true,
		"http://shop.example.com/":                     false,
		"javascript:alert(1)":                          false,
		"data:text/html,x":                             false,
		"//shop.example.com/":                          false,
		"/back":                                        false,
		"https:///back":                                false,
		"https:shop.example.com":                       false,
		"https://shop.example.com@evil.example/":       false,
		"https://evil.example\\@shop.example.com/":     false,
		"https://shop.example.com/\"onload=x":          false,
		"https://shop.example.com/a b":                 false,
		"https://shop.example.com/\r\nx":               false,
		"http://localhost.evil.example/":               false,
		"ftp://shop.example.com/":                      false,
		"":                                             false,
		"https://x/" + strings.Repeat("a", 2000):       false,
	} {
		if _, err := format.URL("/returnUrl", sent); (err == nil) != ok {
			t.Errorf("%q: %v", sent, err)
		}
	}
}

func TestTokenHasNoLineBreaks(t *testing.T) {
	t.Parallel()
	for sent, ok := range map[string]bool{
		"pm_card_visa": true, "": true, "tok/1+2=": true, "pm_1\r\nX-Evil: 1": false, "pm_1\n": false, "pm 1": false,
		"pm_\x7f": false,
		"토큰":      false, strings.Repeat("x", 201): false,
	} {
		if _, err := format.Token("/paymentMethod", sent); (err == nil) != ok {
			t.Errorf("%q: %v", sent, err)
		}
	}
}

func TestCountriesAreThoseOfCLDR(t *testing.T) {
	t.Parallel()
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			if !format.IsCountry(code) {
				continue
			}
			n++
			if r, err := language.ParseRegion(code); err != nil || !r.IsCountry() || r.Canonicalize().String() != code {
				t.Errorf("%s is no country", code)
			}
		}
	}
	if n != 249 {
		t.Errorf("%d countries", n)
	}
	for _, code := range []string{"", "A", "XX", "ZZ", "EU", "UK", "kr", "D A", "KOR", "  ", "E ", " A"} {
		if format.IsCountry(code) {
			t.Errorf("%q is a country", code)
		}
	}
}

func TestLanguagesAreRegistered(t *testing.T) {
	t.Parallel()
	n := 0
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			code := string([]rune{a, b})
			if !format.IsLanguage(code) {
				continue
			}
			n++
			if _, err := language.ParseBase(code); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		}
	}
	if n < 180 || !format.IsLanguage("ko") || !format.IsLanguage("fil") {
		t.Errorf("%d languages", n)
	}
	for _, code := range []string{"", "xx", "zz", "KO", "kor", "k o", "en-US"} {
		if format.IsLanguage(code) {
			t.Errorf("%q is a language", code)
		}
	}
}
