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
//	"FAQ1" crc segments { name(8 bytes) offset length }...
//	segment: terms documents entries totalLength, then the tables
//	  terms     x { offset of the term's bytes, offset of its postings } and one more for the ends
//	  documents x { entry, length }
//	  entries   x { offset of the entry's strings } and one more for the end
//	  the bytes of the terms, in order; postings as varint pairs (document, count); strings with a varint length
//
// Everything is found by offset, so nothing has to be decoded before the first question.
const (
	magic       = "FAQ1"
	headerSize  = 12
	nameSize    = 8
	segmentSize = nameSize + 8
)

// Build makes the index of a FAQ: the same entries give the same bytes. Each language has two segments: in the first
// each phrasing is a document, and so is the question itself; in the second (name with wholeSuffix) each entry is one,
// answer included.
func Build(entries []FAQEntry) []byte {
	var segments [][]byte
	var names []string
	for _, language := range Languages {
		for _, whole := range []bool{false, true} {
			b := newBuilder(language, whole)
			if b.addAll(entries) {
				segments = append(segments, b.encode())
				names = append(names, segmentName(language, whole))
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

// wholeSuffix is added to a language's name for the segment of whole entries.
const wholeSuffix = "+"

// segmentName is the name of a segment in the index.
func segmentName(language string, whole bool) string {
	if whole {
		return language + wholeSuffix
	}
	return language
}

// posting is how often a term stands in a document.
type posting struct{ document, count int }

// document is one phrasing, or one entry as a whole, and how many terms it has.
type document struct{ entry, length int }

// builder collects the documents of one language.
type builder struct {
	language  string
	whole     bool
	postings  map[string][]posting
	documents []document
	entries   [][]byte
	total     int
}

// newBuilder starts an empty segment.
func newBuilder(language string, whole bool) *builder {
	return &builder{language: language, whole: whole, postings: map[string][]posting{}}
}

// addAll adds every entry that has the language, and reports whether any has.
func (b *builder) addAll(entries []FAQEntry) bool {
	for _, e := range entries {
		text, ok := e.Texts[b.language]
		if !ok {
			continue
		}
		asked := append([]string{text.Question}, text.Phrasings...)
		if b.whole {
			b.add(len(b.entries), strings.Join(append(asked, text.Answer), "\n"))
			// A whole entry's text is in the other segment; here only its number is needed.
			b.entries = append(b.entries, nil)
			continue
		}
		for _, phrasing := range asked {
			b.add(len(b.entries), phrasing)
		}
		b.entries = append(b.entries, packed(e.ID, e.Category, text.Question, text.Answer, e.Action))
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
func (b *builder) add(entry int, phrasing string) {
	terms := tokens(phrasing, b.language)
	counts := map[string]int{}
	for _, term := range terms {
		counts[term]++
	}
	for term, n := range counts {
		b.postings[term] = append(b.postings[term], posting{len(b.documents), n})
	}
	b.documents = append(b.documents, document{entry, len(terms)})
	b.total += len(terms)
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
