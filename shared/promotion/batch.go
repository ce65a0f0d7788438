package promotion

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"strings"
)

// Batch is up to MaxBatch single-use codes made from a secret: no code is stored, each is
// recognized by computing it again. A code is the prefix and 64 bits in 14 symbols: 44 bits
// of HMAC-SHA-256 over the number of the code, and the number itself, masked with bits that
// depend on those 44. The mask keeps codes from showing how many there are and in which
// order. Two numbers never make the same code, and of random ones 1 in 2^64/Size is a code.
type Batch struct {
	ID string `json:"id" dynamodbav:"id"` // part of what the codes are computed from
	// capitals and digits, shown before the first dash
	Prefix string `json:"prefix,omitempty" dynamodbav:"prefix,omitempty"`
	Size   int    `json:"size" dynamodbav:"size"` // how many codes exist
	Secret []byte `json:"-" dynamodbav:"secret"`  // 32 random bytes; who knows it knows all codes
}

// MaxBatch is the most codes of one batch. More would leave
// fewer bits for the tag, and so make guessing easier.
const MaxBatch = 1 << numberBits

const (
	numberBits  = 20
	tagBits     = 64 - numberBits
	codeSymbols = 14
	// symbols leaves out what is mistaken for another: 0 O, 1 I L, 2 Z, 5 S, 8 B
	// and U, which looks like V. Of these 24 symbols 14 say just over 64 bits.
	symbols = "34679ACDEFGHJKMNPQRTVWXY"
)

// NewBatch makes a batch with a secret of its own.
func NewBatch(id, prefix string, size int) *Batch {
	b := &Batch{ID: id, Prefix: prefix, Size: size, Secret: make([]byte, 32)}
	rand.Read(b.Secret)
	return b
}

// Codes yields all codes of the batch, in the order of their numbers, without keeping any.
func (b *Batch) Codes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range b.Size {
			if !yield(b.Code(i)) {
				return
			}
		}
	}
}

// Code is the code with number i, from 0 to Size-1, as it is printed: "SEOL-7K3QX-...". NormalizeCode makes the form
// that is kept.
func (b *Batch) Code(i int) string {
	tag := b.mac("tag", uint64(i)) >> numberBits
	number := uint64(i) ^ b.mac("mask", tag)>>tagBits
	text := spell(tag<<numberBits | number)
	// Two groups of five and one of four are easier to read out and to type.
	code := text[:5] + "-" + text[5:10] + "-" + text[10:]
	if b.Prefix != "" {
		return b.Prefix + "-" + code
	}
	return code
}

// Index recognizes a code, however it is written, and returns its number.
func (b *Batch) Index(code string) (number int, ok bool) {
	text, ok := strings.CutPrefix(NormalizeCode(code), NormalizeCode(b.Prefix))
	if !ok {
		return 0, false
	}
	value, ok := read(text)
	if !ok {
		return 0, false
	}
	tag := value >> numberBits
	// The mask is computed from the tag, which stands in the
	// code unmasked, so the number comes back without a search.
	n := value&(MaxBatch-1) ^ b.mac("mask", tag)>>tagBits
	// The number must be one of the batch, and the tag must
	// be the one that the secret gives for it.
	if n >= uint64(b.Size) || b.mac("tag", n)>>numberBits != tag {
		return 0, false
	}
	return int(n), true
}

// mac is 64 bits of HMAC-SHA-256 over the batch, a purpose and a value. The purpose keeps tags
// and masks independent; the batch's id keeps two batches apart that would have the same secret.
func (b *Batch) mac(purpose string, value uint64) uint64 {
	h := hmac.New(sha256.New, b.Secret)
	h.Write([]byte(b.ID + "\x00" + purpose + "\x00"))
	h.Write(binary.BigEndian.AppendUint64(nil, value))
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}

// spell writes a value in the symbols, always at full length.
func spell(value uint64) string {
	var text [codeSymbols]byte
	for i := range text {
		text[codeSymbols-1-i] = symbols[value%uint64(len(symbols))]
		value /= uint64(len(symbols))
	}
	return string(text[:])
}

// read is the opposite of spell. 14 symbols can say more than 64 bits; what does is no code.
func read(text string) (value uint64, ok bool) {
	if len(text) != codeSymbols {
		return 0, false
	}
	for i := range len(text) {
		digit := strings.IndexByte(symbols, text[i])
		// Overflow: this many symbols say more than 64 bits.
		if digit < 0 || value > (1<<64-1-uint64(digit))/uint64(len(symbols)) {
			return 0, false
		}
		value = value*uint64(len(symbols)) + uint64(digit)
	}
	return value, true
}
