// Package format reads the small texts that have a form of their own: addresses of mail, web addresses, codes of
// countries and languages, tokens. Each function returns the one form that is stored and compared, or a problem that
// points at the field. Whoever stores such a text calls it: a tag of a request's schema is not the only guard.
package format

import (
	"net"
	"net/url"
	"strings"

	"dangol/shared/platform/problem"
)

// wrong is 422 invalid_input with code wrong_format at the pointer.
func wrong(pointer, expected string) error {
	return problem.InvalidField(pointer, "wrong_format", "%s", expected)
}

// longestURL is what browsers and mail programs take without harm.
const longestURL = 2000

// URL returns a web address that a person will be sent to. It has the scheme https, a host and no user name (which is
// written to look like a host). http is allowed to this machine only, for development. Errors: 422 at the pointer.
func URL(pointer, s string) (string, error) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	switch {
	case len(s) > longestURL:
		return "", problem.InvalidField(pointer, "too_long", "at most %d characters", longestURL)
	case err != nil || u.User != nil || u.Hostname() == "" || u.Opaque != "" || strings.ContainsAny(s, " \\<>\"'`{}|^"):
		return "", wrong(pointer, "a web address such as https://shop.example.com/page")
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return s, nil
	default:
		return "", wrong(pointer, "a web address that begins with https://")
	}
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Token returns a provider's token of a payment method: visible ASCII characters, which go into the header or the path
// of a request to the provider as they are. A line break there would be another header. Errors: 422 at the pointer.
func Token(pointer, s string) (string, error) {
	const longest = 200
	if len(s) > longest {
		return "", problem.InvalidField(pointer, "too_long", "at most %d characters", longest)
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return "", wrong(pointer, "the token as the payment provider gave it: visible ASCII characters")
		}
	}
	return s, nil
}

// Name requires a name that programs use: least to most characters, each of them allowed. It is
// for names that the shop gives, such as the id of a FAQ entry. Errors: 422 at the pointer.
func Name(pointer, s string, least, most int, allowed func(r rune) bool) error {
	switch {
	case len(s) < least:
		return problem.InvalidField(pointer, "too_short", "at least %d characters", least)
	case len(s) > most:
		return problem.InvalidField(pointer, "too_long", "at most %d characters", most)
	case strings.ContainsFunc(s, func(r rune) bool { return !allowed(r) }):
		return wrong(pointer, "a name such as summer-2026")
	}
	return nil
}

// Lower allows small ASCII letters, digits and the characters of more in a Name.
func Lower(more string) func(rune) bool {
	return func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(more, r)
	}
}

// Letters is Lower that allows capitals too.
func Letters(more string) func(rune) bool {
	lower := Lower(more)
	return func(r rune) bool { return lower(r) || r >= 'A' && r <= 'Z' }
}

// Country returns an ISO 3166-1 alpha-2 code that is assigned to a country. Errors: 422 at the pointer.
func Country(pointer, s string) (string, error) {
	if !IsCountry(s) {
		return "", wrong(pointer, "an ISO 3166-1 alpha-2 code such as KR")
	}
	return s, nil
}

// IsCountry reports whether s is an assigned ISO 3166-1 alpha-2 code.
func IsCountry(s string) bool { return len(s) == 2 && listed(countries, s) }

// Language returns an ISO 639 code of a language that texts are written in. Errors: 422 at the pointer.
func Language(pointer, s string) (string, error) {
	if !IsLanguage(s) {
		return "", wrong(pointer, "an ISO 639 code such as ko")
	}
	return s, nil
}

// IsLanguage reports whether s is an ISO 639-1 code, or one of the few longer ones that storefronts use.
func IsLanguage(s string) bool { return (len(s) == 2 || len(s) == 3) && listed(languages, s) }

// listed reports whether the code is in a list of codes with a space before and after each.
func listed(list, code string) bool {
	return !strings.Contains(code, " ") && strings.Contains(list, " "+code+" ")
}
