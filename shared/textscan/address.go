package textscan

import (
	"slices"
	"strings"
	"unicode"
)

// MailAddresses finds something@domain.tld.
func MailAddresses(f Text) (found []Span) {
	part := func(r rune) bool {
		// Only Latin letters: Korean particles follow an address without a space.
		return unicode.IsLetter(r) && r < unicode.MaxLatin1 || unicode.IsDigit(r) || strings.ContainsRune("._%+-", r)
	}
	for at, r := range f.letters {
		if r != '@' {
			continue
		}
		// From the @ to both sides, as far as characters of an address go.
		start, end := at, at+1
		for start > 0 && part(f.letters[start-1]) {
			start--
		}
		for end < len(f.letters) && part(f.letters[end]) {
			end++
		}
		// A full stop behind an address ends the sentence.
		domain := strings.Trim(string(f.letters[at+1:end]), ".-")
		if dot := strings.LastIndexByte(domain, '.'); start < at && dot > 0 && len(domain)-dot > 2 {
			found = append(found, f.span(start, end))
		}
	}
	return found
}

// domains are the ends of host names that people write in texts.
var domains = strings.Fields("com net org kr io me shop store link site xyz info biz co ly gl be tv app")

// Links finds addresses of web pages: with a scheme, with www, or a host name with a known end.
func Links(f Text) (found []Span) {
	text := string(f.letters)
	for i, j := range chunksOf(f.letters) {
		chunk := string(f.letters[i:j])
		// A mail address is found as personal data.
		if strings.Contains(chunk, "@") {
			continue
		}
		host := chunk
		if _, rest, ok := strings.Cut(chunk, "://"); ok {
			host = rest
		}
		host, _, _ = strings.Cut(host, "/")
		// Only known ends: "3.5" and "ok.thanks" have a dot too.
		dot := strings.LastIndexByte(host, '.')
		// At least two characters before the dot, so that "a.me" is no host.
		named := dot > 1 && slices.Contains(domains, strings.TrimRight(host[dot+1:], ".,!?"))
		if strings.Contains(chunk, "://") || strings.HasPrefix(chunk, "www.") || named {
			found = append(found, f.span(i, j))
		}
	}
	// It has no host, so it was not found above.
	if len(found) == 0 && strings.Contains(text, "javascript:") {
		i := len([]rune(text[:strings.Index(text, "javascript:")]))
		found = append(found, f.span(i, i+len("javascript:")))
	}
	return found
}

// chunksOf yields runs of ASCII characters without spaces: Korean particles that follow an address are not part of it.
func chunksOf(letters []rune) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		start := -1
		for i := 0; i <= len(letters); i++ {
			// Characters that enclose an address are not part of it.
			in := i < len(letters) && letters[i] > ' ' && letters[i] < unicode.MaxASCII &&
				!strings.ContainsRune("<>()\"'", letters[i])
			switch {
			case in && start < 0:
				start = i
			case !in && start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
		}
	}
}
