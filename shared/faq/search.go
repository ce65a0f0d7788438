package faq

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// b is the usual parameter of BM25 (Robertson and Zaragoza, 2009) for the length of a document; k1 is the field's.
const (
	b = 0.75
	// nearWeight is what a term counts that is only nearly as it was typed.
	nearWeight = 0.7
	// syllableWeight is what a syllable counts beside a pair of them, groupWeight what a group of synonyms does.
	syllableWeight = 0.3
	groupWeight    = 1.5
	// maxNear bounds how many terms one mistyped term stands for.
	maxNear = 4
)

// weightOf is what a term counts: a syllable alone is in many words, a group of synonyms says what is meant.
func weightOf(term string) float64 {
	if strings.HasPrefix(term, groupSign) {
		return groupWeight
	}
	if r, size := utf8.DecodeRuneInString(term); size == len(term) && isHangul(r) {
		return syllableWeight
	}
	return 1
}

// lengthOf is the weight of a text's terms, in hundredths as documents have it.
func lengthOf(terms []string) float64 {
	length := 0.0
	for _, term := range terms {
		length += 100 * weightOf(term)
	}
	return length
}

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

// search adds up how well the best phrasing of an entry fits, all ways to ask it together, and its answer.
func (x *Index) search(question, language string, limit int) []Hit {
	s := x.segments[language]
	terms := tokens(question, language)
	if s.documents == 0 || len(terms) == 0 {
		return nil
	}
	// likes is how far an entry is what was asked; sum counts the same words for more.
	sum, likes, selfSum := make([]float64, s.entries), make([]float64, s.entries), 0.0
	known := x.known(terms, language)
	for _, f := range fields {
		scores, self := x.segments[language+f.suffix].scores(terms, known, f.k)
		// Texts of which none has a term, such as answers that are one emoji each, say nothing for or against an entry.
		if self == 0 {
			continue
		}
		for n, score := range scores {
			like := score / self
			sum[n] += f.weight * score * (1 + f.same*like*like)
			likes[n] += f.weight * score
		}
		selfSum += f.weight * self
	}
	for n := range likes {
		likes[n] = min(1, likes[n]/selfSum)
	}
	return s.best(sum, likes, limit)
}

// known are the terms that any field has: they are not mistyped, also where a field lacks them.
func (x *Index) known(terms []string, language string) map[string]bool {
	known := map[string]bool{}
	for _, term := range terms {
		for _, f := range fields {
			if _, ok := x.segments[language+f.suffix].find(term); ok {
				known[term] = true
			}
		}
	}
	return known
}

// scores is the score of the best document of each entry, and what the question would score against itself.
func (s segment) scores(terms []string, known map[string]bool, k float64) (top []float64, self float64) {
	average := float64(s.total) / float64(s.documents)
	length := lengthOf(terms)
	scores := make([]float64, s.documents)
	for term, count := range counted(terms) {
		weight := weightOf(term)
		found, idf := s.resolve(term, known[term])
		for _, w := range found {
			s.score(w, weight, k, average, scores)
		}
		self += min(1, weight) * saturated(weight*float64(count), length, average, k) * idf
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

// resolve finds a term, or where it is not known those it may be a mistyping of, and how much the term says.
func (s segment) resolve(term string, known bool) (found []weighted, idf float64) {
	if n, ok := s.find(term); ok {
		idf = s.idf(s.frequency(n))
		return []weighted{{n, 1, idf}}, idf
	}
	// A term that is not in the index counts as if one document had it: as rare as can be.
	if idf = s.idf(1); known {
		return nil, idf
	}
	for _, n := range s.near(term) {
		// A rare neighbor must not count more than an exact hit would.
		found = append(found, weighted{n, nearWeight, min(idf, s.idf(s.frequency(n)))})
	}
	return found, idf
}

// idf is how much a term says that stands in a number of entries: rare ones more. The 1 keeps it above 0 for terms in
// most entries.
func (s segment) idf(frequency int) float64 {
	return math.Log(1 + (float64(s.entries)-float64(frequency)+0.5)/(float64(frequency)+0.5))
}

// saturated is the weight of a count in a document of a length: BM25 lets repetition count less and less.
func saturated(count, length, average, k float64) float64 {
	return count * (k + 1) / (count + k*(1-b+b*length/average))
}

// score adds a term's part to each document that has it.
func (s segment) score(w weighted, weight, k, average float64, scores []float64) {
	for n, count := range pairs(s.postings(w.term)) {
		_, length := s.document(n)
		scores[n] += min(1, weight) * w.weight * w.idf * saturated(weight*float64(count), float64(length), average, k)
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

// best ranks entries by their scores; likes are their confidences.
func (s segment) best(top, likes []float64, limit int) []Hit {
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
		hits = append(hits, Hit{Answer: s.entry(n), Score: top[n], Confidence: likes[n]})
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
