package review

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Clean makes text safe to store and show: NFC, without control characters, without marks that change the direction of
// writing or cannot be seen, with at most one empty line in a row and four combining marks on a letter. HTML is not
// changed: text is never put into a page as HTML, and every form in which this package gives it out escapes it.
func Clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	var out strings.Builder
	// Runs of empty lines and stacked combining marks are used to fill a page with a short text.
	newlines, marks := 0, 0
	for _, r := range norm.NFC.String(text) {
		switch {
		case r == '\n':
			newlines++
		case unicode.IsSpace(r):
			r = ' '
		case unicode.Is(unicode.Mn, r):
			marks++
		default:
			newlines, marks = 0, 0
		}
		if newlines <= 2 && marks <= 4 {
			out.WriteRune(r)
		}
	}
	return strings.TrimSpace(norm.NFC.String(out.String()))
}

// invisible reports control characters, format characters (bidirectional controls, zero-width space, byte order mark;
// the joiners between emoji stay), private use, and code points that are no characters.
func invisible(r rune) bool {
	const zeroWidthJoiner = '\u200d'
	if r == zeroWidthJoiner || r == '\t' || r == '\n' {
		return false
	}
	return r == unicode.ReplacementChar ||
		unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Noncharacter_Code_Point) ||
		r == '\u3164' || r == '\u115f' || r == '\u1160' // Hangul fillers are letters that cannot be seen
}
