package textscan

import (
	"slices"
	"strings"
	"time"
)

// Kind is what a number is.
type Kind string

// Kinds of numbers that are somebody's.
const (
	Card     Kind = "card"     // of a payment card
	Resident Kind = "resident" // Korean resident or alien registration number
	Phone    Kind = "phone"    // Korean mobile or land line
)

// maxDigits is how many digits the longest of these numbers has (ISO/IEC 7812-1).
const maxDigits = 19

// Number is a number that is somebody's, as it is written: with spaces, hyphens and dots between its digits.
type Number struct {
	Span
	Kind   Kind
	Digits string
	At     []int // where each digit stands, in characters of the original
}

// group is a run of digits, in folded characters; end is not in it.
type group struct{ start, end int }

// Numbers finds cards, resident numbers and telephones. A longer run of digits is divided at its separators, so that a
// card number after another number is found too.
func Numbers(f Text) (found []Number) {
	for _, run := range f.runs() {
		for i := 0; i < len(run); i++ {
			// The longest first: a card number may begin with what would be a telephone.
			for j := len(run); j > i; j-- {
				if n, ok := f.number(run, i, j); ok {
					found = append(found, n)
					i = j - 1
					break
				}
			}
		}
	}
	return found
}

// runs are the groups of digits of a text, those together that have nothing but signs between them with which people
// group numbers.
func (f Text) runs() (all [][]group) {
	var run []group
	for i := 0; i < len(f.letters); i++ {
		if !isDigit(f.letters[i]) {
			continue
		}
		g := group{i, i + 1}
		for g.end < len(f.letters) && isDigit(f.letters[g.end]) {
			g.end++
		}
		if len(run) > 0 && !f.separates(run[len(run)-1].end, g.start) {
			all = append(all, run)
			run = nil
		}
		run = append(run, g)
		i = g.end
	}
	if len(run) > 0 {
		all = append(all, run)
	}
	return all
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// separates reports whether at most three signs stand there with which people group numbers: " - " is written too.
func (f Text) separates(from, to int) bool {
	return to-from <= 3 && !slices.ContainsFunc(f.letters[from:to], func(r rune) bool {
		return !strings.ContainsRune(" -–.·", r)
	})
}

// number is what groups i to j (exclusive) of a run are together.
func (f Text) number(run []group, i, j int) (n Number, ok bool) {
	n.Span = f.span(run[i].start, run[j-1].end)
	var digits strings.Builder
	for _, g := range run[i:j] {
		for at := g.start; at < g.end; at++ {
			if digits.Len() == maxDigits {
				return n, false
			}
			digits.WriteRune(f.letters[at])
			n.At = append(n.At, f.at[at])
		}
	}
	n.Digits = digits.String()
	// Digits that a hyphen joins to others are part of what those are, such as the number of an order.
	joined := i > 0 && f.hyphen(run[i-1].end, run[i].start) || j < len(run) && f.hyphen(run[j-1].end, run[j].start)
	switch {
	case isCard(n.Digits):
		n.Kind = Card
	case isResident(n.Digits):
		n.Kind = Resident
	case !joined && isPhone(n.Digits):
		n.Kind = Phone
	}
	return n, n.Kind != ""
}

func (f Text) hyphen(from, to int) bool { return slices.Contains(f.letters[from:to], '-') }

// isCard reports 13 to 19 digits with the check digit of payment cards (ISO/IEC 7812-1, Luhn), not all the same.
func isCard(digits string) bool {
	// Issuers' numbers begin with 1 to 9 (ISO/IEC 7812-1), so 0 is no card.
	if len(digits) < 13 || strings.Count(digits, digits[:1]) == len(digits) || digits[0] == '0' {
		return false
	}
	sum := 0
	// From the right, because the check digit is the last one.
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
