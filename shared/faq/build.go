package faq

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// The format of an index, all numbers little-endian 32 bits unless they are varints:
//
//	"FAQ2" crc segments { name(8 bytes) offset length }...
//	segment: terms documents entries totalLength, then the tables
//	  terms     x { offset of the term's bytes, offset of its postings } and one more for the ends
//	  documents x { entry, length }
//	  entries   x { offset of the entry's strings } and one more for the end
//	  the bytes of the terms, in order; postings as varint pairs (document, count); strings with a varint length
//
// Everything is found by offset, so nothing has to be decoded before the first question.
const (
	magic       = "FAQ2"
	headerSize  = 12
	nameSize    = 8
	segmentSize = nameSize + 8
)

// Build makes the index of a FAQ: the same entries give the same bytes. Each language has a segment for each field,
// with documents of its own: see field.
func Build(entries []FAQEntry) []byte {
	var segments [][]byte
	var names []string
	for _, language := range Languages {
		for _, f := range fields {
			b := newBuilder(language, f)
			if b.addAll(entries) {
				segments = append(segments, b.encode())
				names = append(names, language+f.suffix)
			}
		}
	}
	out := append([]byte(magic), make([]byte, headerSize-len(magic))...)
	binary.LittleEndian.PutUint32(out[8:], uint32(len(segments)))
	at := headerSize + segmentSize*len(segments)
	for i, s := range segments {
		name := make([]byte, nameSize)
		copy(name, names[i])
		out = append(out, name...)
		out = number(out, at)
		out = number(out, len(s))
		at += len(s)
	}
	for _, s := range segments {
		out = append(out, s...)
	}
	// Computed last, over everything behind it.
	binary.LittleEndian.PutUint32(out[4:], crc32.ChecksumIEEE(out[8:]))
	return out
}

// number appends a 32-bit number.
func number(to []byte, n int) []byte { return binary.LittleEndian.AppendUint32(to, uint32(n)) }

// field is what of an entry is searched together, in a segment of its own: what is said in three ways of asking is not
// what is said once in a long answer.
type field struct {
	suffix string // of the segment's name, after the language
	// weight is what the field counts, and k how soon repetition in it counts less (the k1 of BM25): soon in one phrasing,
	// late where all ways to ask are one text. Chosen with every second entry of the demo FAQ, see Measure.
	weight, k float64
	// same is what a text that is the question itself counts more: who asks in an entry's own words means that entry.
	same float64
	// documents are the texts of an entry that are searched as one each.
	documents func(FAQText) []string
}

// asked are all ways to ask an entry.
func asked(t FAQText) []string { return append([]string{t.Question}, t.Phrasings...) }

// fields are the segments of each language; the first has the entries' texts too.
var fields = []field{
	{"", 1, 1.2, 15, asked}, // each phrasing by itself
	{"+", 3, 1.2, 0, func(t FAQText) []string { return []string{strings.Join(asked(t), "\n")} }},
	{"*", 3, 1.2, 0, func(t FAQText) []string { return []string{t.Answer} }},
}

// posting is how often a term stands in a document.
type posting struct{ document, count int }

// document is one text of an entry and the weight of its terms, see weightOf, in hundredths.
type document struct{ entry, length int }

// builder collects the documents of one field in one language.
type builder struct {
	language  string
	field     field
	postings  map[string][]posting
	documents []document
	entries   [][]byte
	total     int
}

// newBuilder starts an empty segment.
func newBuilder(language string, f field) *builder {
	return &builder{language: language, field: f, postings: map[string][]posting{}}
}

// addAll adds every entry that has the language, and reports whether any has.
func (b *builder) addAll(entries []FAQEntry) bool {
	for _, e := range entries {
		text, ok := e.Texts[b.language]
		if !ok {
			continue
		}
		for _, document := range b.field.documents(text) {
			b.add(len(b.entries), document)
		}
		// The other segments need only the entry's number.
		var shown []byte
		if b.field.suffix == "" {
			shown = packed(e.ID, e.Category, text.Question, text.Answer, e.Action)
		}
		b.entries = append(b.entries, shown)
	}
	return len(b.entries) > 0
}

// packed joins texts, each with its length before it.
func packed(texts ...string) []byte {
	var out []byte
	for _, text := range texts {
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
	}
	return out
}

// add indexes one document of an entry.
func (b *builder) add(entry int, text string) {
	counts := map[string]int{}
	terms := tokens(text, b.language)
	for _, term := range terms {
		counts[term]++
	}
	length := int(lengthOf(terms) + 0.5)
	for term, n := range counts {
		b.postings[term] = append(b.postings[term], posting{len(b.documents), n})
	}
	b.documents = append(b.documents, document{entry, length})
	b.total += length
}

// encode writes the tables and what they point to. Terms are sorted, so that they can be searched
// by halves, and the same entries give the same bytes.
func (b *builder) encode() []byte {
	terms := slices.Sorted(maps.Keys(b.postings))
	tables := 16 + (len(terms)+1)*8 + len(b.documents)*8 + (len(b.entries)+1)*4
	var words, lists, texts []byte
	wordAt, listAt := make([]int, len(terms)+1), make([]int, len(terms)+1)
	for i, term := range terms {
		words = append(words, term...)
		for _, p := range b.postings[term] {
			lists = binary.AppendUvarint(lists, uint64(p.document))
			lists = binary.AppendUvarint(lists, uint64(p.count))
		}
		wordAt[i+1], listAt[i+1] = len(words), len(lists)
	}
	out := make([]byte, 0, tables+len(words)+len(lists))
	for _, n := range []int{len(terms), len(b.documents), len(b.entries), b.total} {
		out = number(out, n)
	}
	for i := range wordAt {
		out = number(out, tables+wordAt[i])
		out = number(out, tables+len(words)+listAt[i])
	}
	for _, d := range b.documents {
		out = number(out, d.entry)
		out = number(out, d.length)
	}
	for _, e := range b.entries {
		out = number(out, tables+len(words)+len(lists)+len(texts))
		texts = append(texts, e...)
	}
	out = number(out, tables+len(words)+len(lists)+len(texts))
	return slices.Concat(out, words, lists, texts)
}
