// Package id makes identifiers: a prefix that says what is meant, then 26 characters that sort by time of creation and
// cannot be guessed (48 bits of milliseconds, 80 random bits, Crockford's base 32 in lower case).
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// crockford leaves out i, l, o and u, so an id read out over the phone survives.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns an identifier such as "ord_01k9x...". Of two made in different milliseconds the later one sorts last.
func New(prefix string, now time.Time) string {
	var raw [20]byte // 160 bits make 32 characters; the first 6 carry only padding
	binary.BigEndian.PutUint64(raw[2:10], uint64(now.UnixMilli()))
	rand.Read(raw[10:])
	return prefix + "_" + encode(raw)
}

// Derived returns the identifier that a key always has: it sorts by the moment at, and the rest is a hash of the key.
// It is as hard to guess as the key.
func Derived(prefix string, at time.Time, key string) string {
	var raw [20]byte
	binary.BigEndian.PutUint64(raw[2:10], uint64(at.UnixMilli()))
	sum := sha256.Sum256([]byte(prefix + "\x00" + key))
	copy(raw[10:], sum[:])
	return prefix + "_" + encode(raw)
}

// encode writes the low 130 bits of raw as 26 characters; the time begins at bit 128.
func encode(raw [20]byte) string {
	return crockford.EncodeToString(raw[:])[6:]
}

// Secret returns 160 unguessable bits as 32 characters: cart tokens, look-up links.
func Secret() string {
	var raw [20]byte
	rand.Read(raw[:])
	return crockford.EncodeToString(raw[:])
}

// Is reports whether s looks like an identifier with this prefix. Handlers use it to refuse nonsense before a read.
func Is(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != 26 {
		return false
	}
	return strings.IndexFunc(rest, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefghjkmnpqrstvwxyz", r)
	}) < 0
}
