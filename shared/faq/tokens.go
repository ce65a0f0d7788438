package faq

import (
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
	"golang.org/x/text/unicode/norm"
)

// maxQuery bounds what of a question is read, in bytes.
const maxQuery = 2000

// stop are English words that say nothing about the subject of a question. What is left out must not be needed to tell
// two entries apart, so "not", "without" and "before" stay.
var stop = set("a an and are as at be been but by can could did do does for from had has have how i if in is it its " +
	"me my of on or our " +
	"please should so that the their them there this to was we were what when where which will with would you your am " +
	"im id ive " +
	"hi hello hey tell know want like need any some just")

// set is a set of words.
func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}

// tokens cuts a text into terms. Each run of Hangul gives, without its ending, its syllables and its pairs of
// neighboring syllables; each run of other letters and digits gives one word, stemmed as English. Groups of synonyms
// follow. Words that say nothing count only where a text has no others.
func tokens(text, language string) []string {
	terms, plain := make([]string, 0, 32), make([]string, 0, 8)
	var found []string
	for run := range runs(text) {
		found = groupsOf(found, run)
		if isHangul(run[0]) {
			if short := root(run); short != nil {
				terms = appendSyllables(terms, short)
			} else {
				plain = appendSyllables(plain, run)
			}
			continue
		}
		word := string(run)
		if language == "en" && stop[word] {
			plain = append(plain, word)
			continue
		}
		terms = append(terms, stem(word))
	}
	if len(terms) == 0 {
		terms = plain
	}
	return append(terms, found...)
}

// appendSyllables appends each syllable and each pair of neighbors.
func appendSyllables(terms []string, run []rune) []string {
	for i := range run {
		terms = append(terms, string(run[i]))
		if i > 0 {
			terms = append(terms, string(run[i-1:i+1]))
		}
	}
	return terms
}

// stem is the English stem; words of one or two letters have none.
func stem(word string) string {
	if len(word) < 3 {
		return word
	}
	return english.Stem(word, false)
}

// runs yields the runs of Hangul and of other letters and digits, in lower case and composed form. Apostrophes inside a
// word are dropped: "don't" is one word.
func runs(text string) func(yield func([]rune) bool) {
	// Cut at a byte may split a rune; the broken rest is dropped.
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	return func(yield func([]rune) bool) {
		var run []rune
		for _, r := range norm.NFKC.String(text) {
			r = keyboardLetter(r)
			if r == '\'' || r == '\u2019' {
				continue
			}
			part := unicode.IsLetter(r) || unicode.IsDigit(r)
			// Hangul and other letters without a space between them are two words: "iPhone은".
			if len(run) > 0 && (!part || isHangul(r) != isHangul(run[0])) {
				if !yield(run) {
					return
				}
				run = nil
			}
			if part {
				run = append(run, unicode.ToLower(r))
			}
		}
		if len(run) > 0 {
			yield(run)
		}
	}
}

// isHangul reports whether r is a composed syllable or a single letter as keyboards send it while typing.
func isHangul(r rune) bool {
	return r >= firstSyllable && r <= lastSyllable || r >= 'ㄱ' && r <= 'ㅣ'
}

// LanguageOf tells by the script in which language a question is asked: "ko" when it has Hangul, else "en".
func LanguageOf(text string) string {
	if strings.ContainsFunc(text, isHangul) {
		return "ko"
	}
	return "en"
}
