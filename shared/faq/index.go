package faq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sort"
	"strings"
)

// ErrCorrupt says that bytes are not an index, not a whole one, or one of an earlier format.
var ErrCorrupt = errors.New("faq: not an index of this version: publish the FAQ again")

// Index answers questions. It is safe for use by several goroutines.
type Index struct{ segments map[string]segment }

// segment is the index of one language, as bytes in the format of Build.
type segment struct {
	language                         string
	data                             []byte
	terms, documents, entries, total int
}

// Load opens an index; the bytes must not change afterwards. It checks them and decodes nothing. Errors: ErrCorrupt.
func Load(data []byte) (*Index, error) {
	if len(data) < headerSize || string(data[:4]) != magic ||
		binary.LittleEndian.Uint32(data[4:]) != crc32.ChecksumIEEE(data[8:]) {
		return nil, ErrCorrupt
	}
	count := int(binary.LittleEndian.Uint32(data[8:]))
	// A bound before anything is allocated: the bytes may come from anywhere.
	if count > len(fields)*len(Languages) || len(data) < headerSize+count*segmentSize {
		return nil, ErrCorrupt
	}
	index := &Index{segments: map[string]segment{}}
	for n := range count {
		head := data[headerSize+n*segmentSize:]
		name := string(bytes.TrimRight(head[:nameSize], "\x00"))
		from := int(binary.LittleEndian.Uint32(head[nameSize:]))
		length := int(binary.LittleEndian.Uint32(head[nameSize+4:]))
		if from+length > len(data) || length < 16 {
			return nil, ErrCorrupt
		}
		s := segment{language: strings.TrimRight(name, "+*"), data: data[from : from+length]}
		s.terms, s.documents, s.entries, s.total = s.at(0), s.at(4), s.at(8), s.at(12)
		if s.textTable()+(s.entries+1)*4 > length {
			return nil, ErrCorrupt
		}
		index.segments[name] = s
	}
	return index, nil
}

// at reads the number at an offset.
func (s segment) at(offset int) int { return int(binary.LittleEndian.Uint32(s.data[offset:])) }

// documentTable is where the documents begin, after the terms.
func (s segment) documentTable() int { return 16 + (s.terms+1)*8 }
func (s segment) textTable() int     { return s.documentTable() + s.documents*8 }

// term is the n-th term in byte order. The bytes are the index's own.
func (s segment) term(n int) []byte { return s.data[s.at(16+n*8):s.at(16+n*8+8)] }

// postings are the varint pairs of the n-th term.
func (s segment) postings(n int) []byte { return s.data[s.at(16+n*8+4):s.at(16+n*8+12)] }

// document is the entry and the length, in hundredths, of the n-th document.
func (s segment) document(n int) (entry, length int) {
	at := s.documentTable() + n*8
	return s.at(at), s.at(at + 4)
}

// find is the number of a term; ok is false when no document has it.
func (s segment) find(term string) (n int, ok bool) {
	n = s.from(term)
	return n, n < s.terms && string(s.term(n)) == term
}

// from is the number of the first term that is not before text.
func (s segment) from(text string) int {
	return sort.Search(s.terms, func(n int) bool { return string(s.term(n)) >= text })
}

// frequency is in how many entries the n-th term stands: four phrasings of one entry that share a word do not make it
// common.
func (s segment) frequency(n int) int {
	count, last := 0, -1
	for document := range pairs(s.postings(n)) {
		// The documents of an entry lie side by side.
		if entry, _ := s.document(document); entry != last {
			count, last = count+1, entry
		}
	}
	return count
}

// pairs yields document and count of each posting.
func pairs(list []byte) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		for len(list) > 0 {
			document, n := binary.Uvarint(list)
			count, m := binary.Uvarint(list[max(n, 0):])
			// Bytes that are no varint end the list; the checksum makes that impossible for an
			// index that was loaded.
			if n <= 0 || m <= 0 {
				return
			}
			list = list[n+m:]
			if !yield(int(document), int(count)) {
				return
			}
		}
	}
}

// Answer is an entry as it is shown in one language.
type Answer struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	Language string `json:"language"`
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Action   string `json:"action,omitempty"`
}

// entry unpacks the n-th entry.
func (s segment) entry(n int) Answer {
	at := s.textTable() + n*4
	text := s.data[s.at(at):s.at(at+4)]
	var parts [5]string
	for i := range parts {
		length, size := binary.Uvarint(text)
		if size <= 0 || size+int(length) > len(text) {
			break
		}
		parts[i] = string(text[size : size+int(length)])
		text = text[size+int(length):]
	}
	return Answer{ID: parts[0], Category: parts[1], Language: s.language, Question: parts[2], Answer: parts[3],
		Action: parts[4]}
}

// Entry is an entry by its id in a language, else in another language that has it. It looks at all
// entries: a FAQ has a few hundred, and this is for buttons and translations only.
func (x *Index) Entry(id, language string) (Answer, bool) {
	for _, l := range append([]string{language}, Languages...) {
		s, ok := x.segments[l]
		if !ok {
			continue
		}
		for n := range s.entries {
			if a := s.entry(n); a.ID == id {
				return a, true
			}
		}
	}
	return Answer{}, false
}

// Entries lists all entries of a language in their order, of one category when category is not empty.
func (x *Index) Entries(language, category string) []Answer {
	var all []Answer
	s := x.segments[language]
	for n := range s.entries {
		if a := s.entry(n); category == "" || a.Category == category {
			all = append(all, a)
		}
	}
	return all
}
