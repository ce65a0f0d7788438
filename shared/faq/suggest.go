package faq

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxCompletions bounds how many terms an unfinished word stands for.
const maxCompletions = 32

// Suggest ranks the entries for a question that is still being typed: the last word, or the last syllable, counts as
// the beginning of any term. At most limit hits, best first.
func (x *Index) Suggest(typed, language string, limit int) []Hit {
	s, ok := x.segments[LanguageOf(typed)]
	if !ok || s.documents == 0 {
		return nil
	}
	terms := typedTerms(typed, s.language)
	if len(terms) == 0 {
		return nil
	}
	average := float64(s.total) / float64(s.documents)
	scores := make([]float64, s.documents)
	self, length, k := 0.0, lengthOf(terms), fields[0].k
	for term, count := range counted(terms[:len(terms)-1]) {
		weight := weightOf(term)
		found, idf := s.resolve(term, false)
		for _, w := range found {
			s.score(w, weight, k, average, scores)
		}
		self += min(1, weight) * saturated(weight*float64(count), length, average, k) * idf
	}
	last := terms[len(terms)-1]
	// Of the completions only the best counts for each document: they stand for one word.
	best := make([]float64, s.documents)
	for _, n := range s.completions(last) {
		one := make([]float64, s.documents)
		s.score(weighted{n, 1, s.idf(s.frequency(n))}, weightOf(string(s.term(n))), k, average, one)
		for i, score := range one {
			best[i] = max(best[i], score)
		}
	}
	for i := range scores {
		scores[i] += best[i]
	}
	self += saturated(1, length, average, k) * s.idf(1)
	top := s.byEntry(scores)
	likes := make([]float64, len(top))
	for n := range likes {
		likes[n] = min(1, top[n]/self)
	}
	hits := s.best(top, likes, limit)
	for i := range hits {
		if translated, ok := x.Entry(hits[i].ID, language); ok {
			hits[i].Answer = translated
		}
	}
	return hits
}

// typedTerms are the terms of an unfinished question, the unfinished one last and not stemmed. Stop words stay out,
// unless the last word is one so far.
func typedTerms(typed, language string) []string {
	var last []rune
	for run := range runs(typed) {
		last = run
	}
	if last == nil {
		return nil
	}
	terms := tokens(typed, language)
	// Groups of synonyms stand behind the words, and what is unfinished must come last.
	slices.SortStableFunc(terms, func(a, b string) int {
		return cmp.Compare(strings.Count(b, groupSign), strings.Count(a, groupSign))
	})
	// Hangul is indexed by syllables, so the last term is unfinished by itself.
	if isHangul(last[0]) {
		return terms // the last term is the last syllable, or the pair that ends with it
	}
	word := string(last)
	if n := len(terms); n > 0 && (terms[n-1] == stem(word) || terms[n-1] == word) {
		terms = terms[:n-1]
	}
	return append(terms, word)
}

// completions are the terms that begin with what was typed.
func (s segment) completions(typed string) []int {
	runes := []rune(typed)
	var found []int
	if !isHangul(runes[0]) {
		// A finished word may be stemmed in the index.
		if n, ok := s.find(stem(typed)); ok {
			found = append(found, n)
		}
		for n := s.from(typed); n < s.terms && len(found) < maxCompletions && bytes.HasPrefix(s.term(n), []byte(typed)); n++ {
			found = append(found, n)
		}
		return found
	}
	for n := 0; n < s.terms && len(found) < maxCompletions; n++ {
		term := s.term(n)
		if utf8.RuneCount(term) != len(runes) {
			continue
		}
		if t := []rune(string(term)); (len(t) == 1 || t[0] == runes[0]) && begins(runes[len(t)-1], t[len(t)-1]) {
			found = append(found, n)
		}
	}
	return found
}
