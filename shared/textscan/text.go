// Package textscan finds in what people write what a shop must not show or store: profanity, numbers of payment cards,
// resident registration numbers and telephones, mail addresses, links, repeated characters. Each finding says where it
// stands in the text as it was written. It is pure.
//
// Letters of other scripts that look like Latin ones, full-width letters, and characters put between the letters of a
// word do not hide a word: text is folded first, and every folded character knows where it came from.
package textscan

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Span is a part of a text, in characters of the original; End is not in it.
type Span struct{ Start, End int }

// Text is a text in the form in which it is searched.
type Text struct {
	original []rune
	letters  []rune // folded characters
	at       []int  // where each of letters stands in original
	end      []int  // and where it ends; not in it
}

// Fold makes lower-case Latin letters of look-alikes and of full-width forms. Characters that are written as several (a
// Mac decomposes Hangul) become one, and those without a shape, such as a zero-width space, are left out.
func Fold(text string) Text {
	f := Text{original: []rune(text)}
	for i := 0; i < len(f.original); {
		j := i + 1
		for j < len(f.original) && !norm.NFKC.PropertiesString(string(f.original[j])).BoundaryBefore() {
			j++
		}
		for _, c := range norm.NFKC.String(string(f.original[i:j])) {
			if unicode.Is(unicode.Cf, c) {
				continue
			}
			c = unicode.ToLower(c)
			if latin, ok := lookAlikes[c]; ok {
				c = latin
			}
			f.letters, f.at, f.end = append(f.letters, c), append(f.at, i), append(f.end, j)
		}
		i = j
	}
	return f
}

// squeezed drops what is no letter.
func (f Text) squeezed() Text {
	out := Text{original: f.original}
	for i, r := range f.letters {
		if unicode.IsLetter(r) {
			out.letters, out.at, out.end = append(out.letters, r), append(out.at, f.at[i]), append(out.end, f.end[i])
		}
	}
	return out
}

// Original is the part of the text that a span means.
func (f Text) Original(s Span) string { return string(f.original[s.Start:s.End]) }

// span is the part of the original that folded characters i to j (exclusive) stand for.
func (f Text) span(i, j int) Span { return Span{f.at[i], f.end[j-1]} }

// lookAlikes are Cyrillic and Greek letters that look like Latin ones (Unicode confusables, the common ones), and
// digits and signs that are used for letters are left out: "5" is more often a number than an "s".
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'н': 'h',
	'о': 'o', 'р': 'p', 'ѕ': 's', 'т': 't', 'у': 'y', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x',
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
	'ı': 'i', 'ɡ': 'g',
}
