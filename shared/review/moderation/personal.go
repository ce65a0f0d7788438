package moderation

import (
	"slices"
	"strings"
	"unicode"
)

// personalData finds mail addresses, phone numbers, Korean resident registration numbers and card numbers.
func personalData(f folded) (found []span) {
	found = append(found, mailAddresses(f)...)
	for i, j := range numbersOf(f.letters) {
		digits := digitsIn(f.letters[i:j])
		if isPhone(digits) || isResidentNumber(digits, f.letters[i:j]) || isCard(digits) {
			found = append(found, f.span(i, j))
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.start - b.start })
	return found
}

// mailAddresses finds something@domain.tld.
func mailAddresses(f folded) (found []span) {
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

// numbersOf yields runs of digits in which single hyphens, dots and spaces may stand, as people group numbers.
func numbersOf(letters []rune) func(yield func(int, int) bool) {
	isDigit := func(i int) bool { return i < len(letters) && letters[i] >= '0' && letters[i] <= '9' }
	return func(yield func(int, int) bool) {
		for i := 0; i < len(letters); i++ {
			if !isDigit(i) {
				continue
			}
			start, end := i, i+1
			// A separator belongs to a number only when a digit follows it at once.
			for isDigit(end) || end < len(letters) && strings.ContainsRune("-. ·", letters[end]) && isDigit(end+1) {
				end++
			}
			if !yield(start, end) {
				return
			}
			i = end
		}
	}
}

// digitsIn are the digits of a run without its separators.
func digitsIn(letters []rune) string {
	var b strings.Builder
	for _, r := range letters {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPhone reports Korean mobile (010, 011, 016 to 019) and land line numbers (02, 031 to 064) of 9 to 11 digits, also
// with the country code 82.
func isPhone(digits string) bool {
	// After the country code the leading zero is left out.
	if rest, ok := strings.CutPrefix(digits, "82"); ok && len(rest) >= 9 {
		digits = "0" + strings.TrimPrefix(rest, "0")
	}
	n := len(digits)
	switch {
	case strings.HasPrefix(digits, "01"):
		// 010, 011 and 016 to 019 are the mobile prefixes that exist.
		return (n == 10 || n == 11) && strings.ContainsRune("016789", rune(digits[2]))
	case strings.HasPrefix(digits, "02"):
		return n == 9 || n == 10
	case strings.HasPrefix(digits, "03"), strings.HasPrefix(digits, "04"), strings.HasPrefix(digits,
		"05"), strings.HasPrefix(digits, "06"):
		return n == 10 || n == 11
	}
	return false
}

// isResidentNumber reports a Korean resident registration number: birth date, then seven digits of which the first is 1
// to 8.
func isResidentNumber(digits string, as []rune) bool {
	// Without the hyphen thirteen digits may be anything, for example an order number.
	if len(digits) != 13 || !slices.Contains(as, '-') {
		return false
	}
	month, day := digits[2:4], digits[4:6]
	return month >= "01" && month <= "12" && day >= "01" && day <= "31" && digits[6] >= '1' && digits[6] <= '8'
}

// isCard reports 14 to 19 digits that pass the Luhn check of payment cards (ISO/IEC 7812-1).
func isCard(digits string) bool {
	// Thirteen digits are left to resident numbers; cards of that length are no longer issued.
	if len(digits) < 14 || len(digits) > 19 {
		return false
	}
	sum := 0
	// From the right, because the check digit is the last one.
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// domains are the ends of host names that people write in texts.
var domains = strings.Fields("com net org kr io me shop store link site xyz info biz co ly gl be tv app")

// links finds addresses of web pages: with a scheme, with www, or a host name with a known end.
func links(f folded) (found []span) {
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

// repeated finds a text that is mostly one or two characters again and again: runs of five and more that make more than
// half of it. ㅋㅋㅋㅋㅋ and ㅠㅠㅠㅠㅠ after a sentence are how people write.
func repeated(f folded) []span {
	const run = 5
	letters := f.letters
	total, inRuns, first, last := 0, 0, -1, 0
	for i := 0; i < len(letters); {
		j := i + 1
		for j < len(letters) && letters[j] == letters[i] {
			j++
		}
		// Spaces count for neither side: empty lines are no text.
		if !unicode.IsSpace(letters[i]) {
			total += j - i
			if j-i >= run {
				inRuns += j - i
				last = j
				if first < 0 {
					first = i
				}
			}
		}
		i = j
	}
	// More than half of the text: a short burst at its end is allowed.
	if inRuns*2 <= total || inRuns == 0 {
		return nil
	}
	return []span{f.span(first, last)}
}
