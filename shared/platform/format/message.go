package format

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/platform/problem"
)

// Message returns a text that one person sends to another through the shop, at most most characters long. The shop's
// name stands above it, so it may not lead anywhere: no addresses of the web or of mail, in any spelling. Line breaks
// stay. Errors: 422 at the pointer, too_long, control_character or address.
func Message(pointer, s string, most int) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	return personal(pointer, s, most, "\n")
}

// DisplayName is Message for the name of a person: one line.
func DisplayName(pointer, s string, most int) (string, error) {
	return personal(pointer, strings.TrimSpace(s), most, "")
}

func personal(pointer, s string, most int, allowed string) (string, error) {
	switch {
	case utf8.RuneCountInString(s) > most:
		return "", problem.InvalidField(pointer, "too_long", "at most %d characters", most)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) }):
		return "", problem.InvalidField(pointer, "control_character", "without control characters")
	case HasAddress(s):
		return "", problem.InvalidField(pointer, "address",
			"a text without addresses of the web or of mail; put a space after a full stop")
	}
	return s, nil
}

// HasAddress reports whether a text has an address of the web or of mail in it, as programs or people would read it:
// with a scheme, without one, with dots of other scripts, with invisible characters in between, or with the dot written
// out. It would rather refuse a harmless text than let one through.
func HasAddress(s string) bool {
	s = plain(s)
	if strings.Contains(s, "://") || strings.Contains(s, ":\\\\") {
		return true
	}
	for _, scheme := range schemes {
		if strings.Contains(s, scheme) {
			return true
		}
	}
	return hasMailAddress(s) || hasDomain(s) || hasSpelledDomain(s)
}

// schemes are those that work without slashes.
var schemes = []string{"mailto:", "tel:", "sms:", "javascript:", "data:", "intent:", "market:", "kakaotalk:", "www."}

// dots are what other scripts, and people who hide an address, write for a dot; compatibility forms are folded before.
var dots = strings.NewReplacer("。", ".", "·", ".", "•", ".", "∙", ".", "‧", ".", "܁", ".", "۔", ".",
	"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[at]", "@", "(at)", "@")

// plain folds a text to what is compared: compatibility forms (full-width letters, signs and dots) become the plain
// ones, invisible characters go, letters become small.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
	return dots.Replace(s)
}

func hasMailAddress(s string) bool {
	runes := []rune(s)
	for i, r := range runes {
		if r == '@' && i > 0 && i+1 < len(runes) && labelRune(runes[i-1]) && labelRune(runes[i+1]) {
			return true
		}
	}
	return false
}

func labelRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' }

// hasDomain looks for labels that a dot joins without a space: the last one has at least two Latin letters, or is a
// domain of another script; or for four numbers.
func hasDomain(s string) bool {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !labelRune(r) && r != '.' }) {
		labels := strings.Split(word, ".")
		for i := 1; i < len(labels); i++ {
			if labels[i-1] != "" && topLevel(labels[i]) || slices.Contains(spelledEnds[:3], labels[i]) {
				return true // ".com" on its own too: a space stands before its dot
			}
		}
		if len(labels) >= 4 && allNumbers(labels[:4]) {
			return true
		}
	}
	return false
}

// scriptDomains are the top-level domains that Koreans, Chinese and Japanese can register names under.
var scriptDomains = []string{"한국", "닷컴", "닷넷", "삼성", "中国", "中國", "公司", "网络", "香港", "コム", "みんな", "рф"}

// topLevel reports whether a label can end a domain. Which ones exist changes every month, so any Latin word does; the
// other scripts write words after a full stop without a space, so there only what exists does.
func topLevel(label string) bool {
	if slices.Contains(scriptDomains, label) || strings.HasPrefix(label, "xn--") {
		return true
	}
	latin := 0
	for _, r := range label {
		if r < 'a' || r > 'z' {
			break // "com이라는": people write particles right behind a word
		}
		latin++
	}
	return latin >= 2
}

func allNumbers(labels []string) bool {
	return !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || len(l) > 3 || strings.ContainsFunc(l, func(r rune) bool { return r < '0' || r > '9' })
	})
}

// spelledEnds are the domains that people write out; the first three are no words of a language.
var spelledEnds = []string{"com", "net", "org", "kr", "co", "io", "me", "shop", "xyz", "app", "site", "컴", "넷"}

// hasSpelledDomain looks for a domain whose dot stands apart or is written out: "example . com", "example dot com".
func hasSpelledDomain(s string) bool {
	for _, end := range []string{"닷컴", "점컴", "닷넷", "쩜컴"} {
		if strings.Contains(s, end) {
			return true
		}
	}
	words := strings.Fields(s)
	for i := 1; i+1 < len(words); i++ {
		if slices.Contains([]string{".", "dot", "닷", "점", "쩜"}, words[i]) &&
			slices.Contains(spelledEnds, strings.Trim(words[i+1], ".,!?")) {
			return true
		}
	}
	for i := 1; i < len(words); i++ { // "example. com"
		if strings.HasSuffix(words[i-1], ".") && slices.Contains(spelledEnds[:3], strings.Trim(words[i], ".,!?")) {
			return true
		}
	}
	return false
}
