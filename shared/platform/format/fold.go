package format

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which texts are searched and compared, whoever typed them: compatibility forms as plain ones
// (NFKC: full-width letters and digits, half-width katakana and Hangul, ㎖), Hangul composed (a Mac decomposes it),
// lower case. Both sides have to be folded.
func Fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }
