package conversation

import (
	"strings"
	"time"
	"unicode"
)

// Masked names what was taken out of a text.
type Masked string

// What is masked.
const (
	CardNumber     Masked = "card_number"
	ResidentNumber Masked = "resident_number"
	Profanity      Masked = "profanity"
)

// Mask takes out of a text what must not be stored: numbers of payment cards (PCI DSS 3.3: all but the last four
// digits), Korean resident registration numbers (개인정보 보호법 24조의2: all but the birth date), and profanity. It returns
// what it found, each once.
func Mask(text string) (string, []Masked) {
	runes := []rune(text)
	var found []Masked
	note := func(kind Masked) {
		for _, known := range found {
			if known == kind {
				return
			}
		}
		found = append(found, kind)
	}
	for _, n := range numbers(runes) {
		switch {
		case isCard(n.digits):
			n.hide(runes, 0, len(n.digits)-4)
			note(CardNumber)
		case isResident(n.digits):
			n.hide(runes, 6, len(n.digits))
			note(ResidentNumber)
		}
	}
	if maskProfanity(runes) {
		note(Profanity)
	}
	return string(runes), found
}

// numeral is a run of digits with single spaces, hyphens or dots between them.
type numeral struct {
	digits string
	at     []int // where each digit stands
}

// hide replaces some of the digits in the text.
func (n numeral) hide(text []rune, from, to int) {
	for _, at := range n.at[from:to] {
		text[at] = '*'
	}
}

// numbers finds the numerals of a text that have to be masked. A longer run is also divided at its
// separators, so that a card number after another number is still found.
func numbers(text []rune) []numeral {
	var all []numeral
	for i := 0; i < len(text); i++ {
		if digit(text[i]) == 0 || i > 0 && digit(text[i-1]) != 0 {
			continue
		}
		if n := numeralAt(text, i); n.digits != "" {
			all = append(all, n)
			i = n.at[len(n.at)-1]
		}
	}
	return all
}

// numeralAt is the longest stretch from i that is a card or resident number.
func numeralAt(text []rune, i int) numeral {
	// 19 digits are the most that a card number has.
	var n, best numeral
	for ; i < len(text) && len(n.digits) < 19; i++ {
		d := digit(text[i])
		if d == 0 {
			if !separator(text[i]) || i+1 == len(text) || digit(text[i+1]) == 0 && !separator(text[i+1]) {
				break
			}
			continue
		}
		n.digits += string(d)
		n.at = append(n.at, i)
		if i+1 < len(text) && digit(text[i+1]) != 0 {
			continue // a number ends where its digits end
		}
		if isCard(n.digits) || isResident(n.digits) {
			best = numeral{n.digits, append([]int(nil), n.at...)}
		}
	}
	return best
}

// digit is the ASCII digit of a rune, also of full-width ones; 0 for anything else.
func digit(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return r
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	}
	return 0
}

// separator reports whether people write the sign between groups of digits.
func separator(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == '–' || r == '\u00a0' }

// isCard reports whether digits are a card number: 13 to 19 of them, a valid check digit (ISO/IEC 7812-1, Luhn), not
// all the same.
func isCard(digits string) bool {
	// Issuers' numbers begin with 1 to 9 (ISO/IEC 7812-1), so 0 is no card.
	if len(digits) < 13 || len(digits) > 19 || strings.Count(digits, digits[:1]) == len(digits) || digits[0] == '0' {
		return false
	}
	sum := 0
	for i := range len(digits) {
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

// isResident reports whether digits are a resident or alien registration number: a date of birth, then the century and
// sex digit. The check digit is not looked at, because numbers since October 2020 have none.
func isResident(digits string) bool {
	if len(digits) != 13 || digits[6] < '1' || digits[6] > '8' {
		return false
	}
	century := "19"
	// The digit after the date tells the century.
	if strings.ContainsRune("3478", rune(digits[6])) {
		century = "20"
	}
	_, err := time.Parse("20060102", century+digits[:6])
	return err == nil
}

// profane are words that are masked. Korean ones count anywhere, also with spaces or signs between their syllables;
// English ones only as whole words.
var profane = map[bool][]string{
	true:  {"씨발", "시발", "씨팔", "ㅅㅂ", "병신", "ㅂㅅ", "개새끼", "새끼야", "지랄", "좆", "미친놈", "미친년", "꺼져"},
	false: {"fuck", "fucking", "fucker", "shit", "bullshit", "asshole", "bitch", "bastard", "cunt", "dickhead"},
}

// innocent are words that contain a profane one.
// Words that end in 시 before one that begins with 발 are frequent in a shop: 출시 발표, 다시 발송, 동시 발급.
var innocent = []string{"시발점", "시발역", "시발택시", "출시발", "시발표", "시발송", "시발급", "시발생", "시발행", "시발견", "시발주", "시발매"}

// maskProfanity masks words in place and reports whether there were any.
func maskProfanity(text []rune) bool {
	lower := []rune(strings.ToLower(string(text)))
	if len(lower) != len(text) {
		return false // a letter whose lower case has another length: none of the words has one
	}
	found := false
	for _, word := range profane[true] {
		found = maskWord(text, lower, []rune(word), true) || found
	}
	for _, word := range profane[false] {
		found = maskWord(text, lower, []rune(word), false) || found
	}
	return found
}

// maskWord masks a word wherever it stands.
func maskWord(text, lower, word []rune, anywhere bool) bool {
	found := false
	for i := range lower {
		end := matchAt(lower, i, word, anywhere)
		if end == 0 || anywhere && startsWith(lower[i:], innocent) ||
			!anywhere && (letterAt(lower, i-1) || letterAt(lower, end)) {
			continue
		}
		for n := i; n < end; n++ {
			text[n] = '*'
		}
		found = true
	}
	return found
}

// matchAt is where the word that begins at i ends, 0 when it does not begin there. Signs, and where loose is set digits
// too, may stand between its letters.
func matchAt(text []rune, i int, word []rune, loose bool) int {
	at := i
	for n, r := range word {
		for n > 0 && loose && at < len(text) && at-i < 2*len(word)+2 && !unicode.IsLetter(text[at]) {
			at++
		}
		if at >= len(text) || text[at] != r {
			return 0
		}
		at++
	}
	return at
}

// startsWith reports whether the text begins with one of the words.
func startsWith(text []rune, words []string) bool {
	for _, word := range words {
		if strings.HasPrefix(string(text[:min(len(text), 8)]), word) {
			return true
		}
	}
	return false
}

// letterAt reports whether there is a letter at a position.
func letterAt(text []rune, i int) bool { return i >= 0 && i < len(text) && unicode.IsLetter(text[i]) }
