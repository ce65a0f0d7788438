// Package moderation checks the text of reviews, questions and answers before they are stored: swear words, personal
// data, links, repeated characters. Each finding has the words it is about, so the author can mend exactly those. It is
// pure, and it never sees the stars.
//
// Letters of other scripts that look like Latin ones, full-width letters, and characters put between the letters of a
// word do not hide a word: text is folded first, and every folded character knows where it came from.
package moderation

import (
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dangol/shared/review"
)

// Field is a text to check with the name it is reported under.
type Field struct{ Name, Text string }

// Check returns what is wrong with the texts, in the order of the reasons of the policy within each field.
func Check(fields ...Field) (found []review.Finding) {
	for _, f := range fields {
		text := fold(f.Text)
		for _, check := range []struct {
			reason review.Reason
			find   func(folded) []span
		}{
			{review.Profanity, swearWords},
			{review.PersonalData, personalData},
			{review.Links, links},
			{review.RepeatedCharacters, repeated},
		} {
			if spans := check.find(text); len(spans) > 0 {
				found = append(found, review.Finding{Reason: check.reason, Field: f.Name, Marks: text.marks(spans)})
			}
		}
	}
	return found
}

// CanInsist reports whether an author may send a text with these findings to a moderator as it is. Personal data may be
// somebody else's, so it has to be taken out first.
func CanInsist(found []review.Finding) bool {
	for _, f := range found {
		if f.Reason == review.PersonalData {
			return false
		}
	}
	return true
}

// span is a part of a text, in characters of the original; end is not in it.
type span struct{ start, end int }

// folded is a text in the form in which it is searched.
type folded struct {
	original []rune
	letters  []rune // folded characters
	at       []int  // where each of letters stands in original
	end      []int  // and where it ends; not in it
}

// fold makes lower-case Latin letters of look-alikes and of full-width forms. Characters that are written as several (a
// Mac decomposes Hangul) become one, and those without a shape, such as a zero-width space, are left out.
func fold(text string) folded {
	f := folded{original: []rune(text)}
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

// squeezed drops what is neither letter nor digit.
func (f folded) squeezed() folded {
	out := folded{original: f.original}
	for i, r := range f.letters {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out.letters, out.at, out.end = append(out.letters, r), append(out.at, f.at[i]), append(out.end, f.end[i])
		}
	}
	return out
}

// span is the part of the original that folded characters i to j (exclusive) stand for.
func (f folded) span(i, j int) span { return span{f.at[i], f.end[j-1]} }

// marks shows spans with their original text.
func (f folded) marks(spans []span) []review.Mark {
	marks := make([]review.Mark, len(spans))
	for i, s := range spans {
		marks[i] = review.Mark{Start: s.start, End: s.end, Text: string(f.original[s.start:s.end])}
	}
	return marks
}

// lookAlikes are Cyrillic and Greek letters that look like Latin ones (Unicode confusables, the common ones), and
// digits and signs that are used for letters are left out: "5" is more often a number than an "s".
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'н': 'h',
	'о': 'o', 'р': 'p', 'ѕ': 's', 'т': 't', 'у': 'y', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x',
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
	'ı': 'i', 'ɡ': 'g',
}
