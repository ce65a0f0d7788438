package faq

import (
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// k1 and b are the usual parameters of BM25 (Robertson and Zaragoza, 2009). nearWeight is what a
// term counts that is only nearly as it was typed.
const (
	k1         = 1.2
	b          = 0.75
	nearWeight = 0.7
	// wholeWeight is what the entry as a whole counts beside its best phrasing.
	wholeWeight = 2.0
	// maxNear bounds how many terms one mistyped term stands for.
	maxNear = 4
)

// Hit is an entry that may answer a question.
type Hit struct {
	Answer
	Score float64 `json:"score"`
	// Confidence is the score as a share of what the question would score against itself, from 0 to 1.
	Confidence float64 `json:"confidence"`
}

// Search ranks the entries for a question and answers in language. The script of the question decides in which language
// it is looked up; a question that finds little is looked up as typed with the other keyboard. At most limit hits, best
// first; of equal scores the entry that stands first in the FAQ.
func (x *Index) Search(question, language string, limit int) []Hit {
	asked := LanguageOf(question)
	hits := x.search(question, asked, limit)
	// Only where the text as typed finds little: English words hardly ever make whole syllables.
	if asked == "en" && (len(hits) == 0 || hits[0].Confidence < lowConfidence) {
		if hangul, ok := FromKeyboard(question); ok {
			if other := x.search(hangul, "ko", limit); len(other) > 0 {
				hits = other
			}
		}
	}
	for i := range hits {
		if hits[i].Language != language {
			if translated, ok := x.Entry(hits[i].ID, language); ok {
				hits[i].Answer = translated
			}
		}
	}
	return hits
}

// lowConfidence is the confidence below which a question counts as not found.
const lowConfidence = 0.25

// weighted is a term of the index that a question's term stands for.
type weighted struct {
	term   int
	weight float64
	idf    float64
}

// search adds up how well the best phrasing of an entry fits and how well the entry as a whole does.
func (x *Index) search(question, language string, limit int) []Hit {
	s := x.segments[language]
	terms := tokens(question, language)
	if s.documents == 0 || len(terms) == 0 {
		return nil
	}
	scores, self := s.scores(terms)
	whole, wholeSelf := x.segments[segmentName(language, true)].scores(terms)
	// The best phrasing tells what an entry is about, the whole entry what else is in it.
	for n := range scores {
		scores[n] += wholeWeight * whole[n]
	}
	return s.best(scores, self+wholeWeight*wholeSelf, limit)
}

// scores is the score of the best document of each entry, and what the question would score against itself.
func (s segment) scores(terms []string) (top []float64, self float64) {
	average := float64(s.total) / float64(s.documents)
	scores := make([]float64, s.documents)
	for term, count := range counted(terms) {
		found, idf := s.resolve(term)
		for _, w := range found {
			s.score(w, average, scores)
		}
		self += saturated(float64(count), float64(len(terms)), average) * idf
	}
	return s.byEntry(scores), self
}

// counted counts the terms of a question in their order, so that sums of floating-point numbers do
// not depend on a map.
func counted(terms []string) func(yield func(string, int) bool) {
	return func(yield func(string, int) bool) {
		for i, term := range terms {
			if slices.Contains(terms[:i], term) {
				continue
			}
			n := 0
			for _, other := range terms[i:] {
				if other == term {
					n++
				}
			}
			if !yield(term, n) {
				return
			}
		}
	}
}

// resolve finds a term, or those it may be a mistyping of, and how much the term says.
func (s segment) resolve(term string) (found []weighted, idf float64) {
	if n, ok := s.find(term); ok {
		idf = s.idf(s.frequency(n))
		return []weighted{{n, 1, idf}}, idf
	}
	// A term that is not in the index counts as if one document had it: as rare as can be.
	idf = s.idf(1)
	for _, n := range s.near(term) {
		// A rare neighbor must not count more than an exact hit would.
		found = append(found, weighted{n, nearWeight, min(idf, s.idf(s.frequency(n)))})
	}
	return found, idf
}

// idf is how much a term says: rare terms more. The 1 keeps it above 0 for terms in most documents.
func (s segment) idf(frequency int) float64 {
	return math.Log(1 + (float64(s.documents)-float64(frequency)+0.5)/(float64(frequency)+0.5))
}

// saturated is the weight of a count in a document of a length: BM25 lets repetition count less and
// less.
func saturated(count, length, average float64) float64 {
	return count * (k1 + 1) / (count + k1*(1-b+b*length/average))
}

// score adds a term's part to each document that has it.
func (s segment) score(w weighted, average float64, scores []float64) {
	for n, count := range pairs(s.postings(w.term)) {
		_, length := s.document(n)
		scores[n] += w.weight * w.idf * saturated(float64(count), float64(length), average)
	}
}

// byEntry picks the best document of each entry.
func (s segment) byEntry(scores []float64) []float64 {
	top := make([]float64, s.entries)
	for n, score := range scores {
		if entry, _ := s.document(n); score > top[entry] {
			top[entry] = score
		}
	}
	return top
}

// best ranks entries by their scores.
func (s segment) best(top []float64, self float64, limit int) []Hit {
	order := make([]int, 0, s.entries)
	for n, score := range top {
		if score > 0 {
			order = append(order, n)
		}
	}
	// Stable, so that of equal scores the entry that comes first in the FAQ wins.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(top[b], top[a]) })
	hits := make([]Hit, 0, limit)
	for _, n := range order[:min(limit, len(order))] {
		hits = append(hits, Hit{Answer: s.entry(n), Score: top[n], Confidence: min(1, top[n]/self)})
	}
	return hits
}

// near lists terms that are one mistake away from a term that no document has: for words one edit
// (two from 8 letters on), for pairs of syllables one letter of one syllable. Short words are left
// alone, because many words are near them.
func (s segment) near(term string) []int {
	runes := []rune(term)
	if isHangul(runes[0]) {
		if len(runes) != 2 {
			return nil
		}
		return s.matching(func(t []rune) bool {
			return len(t) == 2 && (t[0] == runes[0] && oneLetterApart(t[1], runes[1]) ||
				t[1] == runes[1] && oneLetterApart(t[0], runes[0]))
		})
	}
	if len(runes) < 4 {
		return nil
	}
	allowed := 1
	if len(runes) >= 8 {
		allowed = 2
	}
	return s.matching(func(t []rune) bool {
		return !isHangul(t[0]) && len(t) >= 3 && abs(len(t)-len(runes)) <= allowed && edits(t, runes, allowed) <= allowed
	})
}

// matching lists the terms that a test accepts, maxNear at most. It walks over all terms, which
// only mistyped words do.
func (s segment) matching(matches func([]rune) bool) []int {
	var found []int
	var buffer [64]rune
	for n := 0; n < s.terms && len(found) < maxNear; n++ {
		if t := decode(s.term(n), buffer[:0]); len(t) > 0 && matches(t) {
			found = append(found, n)
		}
	}
	return found
}

// decode reads runes into a buffer, so that a walk over all terms allocates nothing.
func decode(text []byte, into []rune) []rune {
	for len(text) > 0 && len(into) < cap(into) {
		r, size := utf8.DecodeRune(text)
		into, text = append(into, r), text[size:]
	}
	return into
}

// abs is the size of a number.
func abs(n int) int { return max(n, -n) }

// edits counts insertions, deletions, replacements and swaps of neighbors between two words (optimal string alignment),
// giving up above limit.
func edits(a, b []rune, limit int) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+one(a[i-1] != b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		// Every further row is at least as far.
		if least > limit {
			return least
		}
		before, last = last, row
	}
	return last[len(b)]
}

// one is 1 for true.
func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
