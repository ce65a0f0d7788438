package order

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// Prefix begins order ids.
const Prefix = "ord"

// alphabet is Crockford's base 32: no i, l, o or u, so a number read out over the phone survives.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// An id is 9 digits of milliseconds (enough for a thousand years) and 6 random ones.
const (
	timeDigits   = 9
	randomDigits = 6
	digits       = timeDigits + randomDigits
	group        = 5
)

// NewID returns an order id such as "ord_1k9x7d3f8q7m2ka". Ids sort by time. Two orders of the same millisecond get the
// same id once in a billion times, so an order is stored under table.IfNew only.
func NewID(now time.Time) string {
	var random [4]byte
	rand.Read(random[:])
	out := appendBase32([]byte(Prefix+"_"), uint64(now.UnixMilli()), timeDigits)
	return string(appendBase32(out, uint64(binary.BigEndian.Uint32(random[:])), randomDigits))
}

// appendBase32 writes the lowest n digits of a number, most significant first, so that text sorts
// by value.
func appendBase32(out []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		out = append(out, alphabet[v>>(5*i)&31])
	}
	return out
}

// NumberOf is how people write the id: "1K9X7-D3F8Q-7M2KA". It returns "" for what is no order id.
func NumberOf(id string) string {
	// What cannot be an id has no number: a caller need not check first.
	rest, ok := strings.CutPrefix(id, Prefix+"_")
	if !ok || !canonical(rest) {
		return ""
	}
	up := strings.ToUpper(rest)
	return up[:group] + "-" + up[group:2*group] + "-" + up[2*group:]
}

// misread maps what people write or hear to the digits of the alphabet.
var misread = strings.NewReplacer("-", "", " ", "", "i", "1", "l", "1", "o", "0")

// IDFromNumber is the opposite of NumberOf. It forgives case, spaces, hyphens, and letters read for digits (i and l for
// 1, o for 0). ok is false for what can be no number.
func IDFromNumber(number string) (id string, ok bool) {
	rest := misread.Replace(strings.ToLower(number))
	return Prefix + "_" + rest, canonical(rest)
}

// IsID reports whether s looks like an order id.
func IsID(s string) bool { return NumberOf(s) != "" }

// canonical reports whether a text has the length and digits of an id.
func canonical(s string) bool {
	return len(s) == digits && strings.Trim(s, alphabet) == ""
}
