package conversation

import (
	"slices"

	"dangol/shared/textscan"
)

// Masked names what was taken out of a text.
type Masked string

// What is masked.
const (
	CardNumber     Masked = "card_number"
	ResidentNumber Masked = "resident_number"
	Profanity      Masked = "profanity"
)

// birthDate is how many digits of a resident registration number are the date of birth.
const birthDate = 6

// Mask takes out of a text what must not be stored: numbers of payment cards (PCI DSS 3.3: all but the last four
// digits), Korean resident registration numbers (개인정보 보호법 24조의2: all but the birth date), and profanity. It returns
// what it found, each once.
func Mask(text string) (string, []Masked) {
	scanned, letters := textscan.Fold(text), []rune(text)
	var found []Masked
	note := func(kind Masked) {
		if !slices.Contains(found, kind) {
			found = append(found, kind)
		}
	}
	for _, n := range textscan.Numbers(scanned) {
		hidden := n.At[:0]
		switch n.Kind {
		case textscan.Card:
			hidden = n.At[:len(n.At)-4]
			note(CardNumber)
		case textscan.Resident:
			hidden = n.At[birthDate:]
			note(ResidentNumber)
		}
		for _, at := range hidden {
			letters[at] = '*'
		}
	}
	for _, s := range textscan.Profanity(scanned) {
		for at := s.Start; at < s.End; at++ {
			letters[at] = '*'
		}
		note(Profanity)
	}
	return string(letters), found
}
