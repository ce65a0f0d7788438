package cart

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// CounterOf is the id under which a shopper's uses are counted: the customer, or a guest's mail address as a hash;
// empty for a guest whose address is not known.
func CounterOf(customerID, email string) string {
	if customerID != "" || email == "" {
		return customerID
	}
	// Hashed, because the counter outlives the cart and must not keep the address. 16 bytes of the
	// hash are enough to keep addresses apart.
	sum := sha256.Sum256([]byte(normalEmail(email)))
	return "mail-" + hex.EncodeToString(sum[:16])
}

// normalEmail makes mail addresses equal that reach the same mailbox, so that a limit per customer
// is not passed by spelling the address in another way: case does not count, nor does what follows
// a plus sign, nor, at Google, a dot.
func normalEmail(email string) string {
	// NFKC also turns full-width letters, which Korean and Japanese keyboards type, into plain ones.
	email = strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
	local, domain, ok := cutLast(email, "@")
	if !ok {
		return email
	}
	// An address that begins with the plus sign has no name before it; it stays whole.
	if before, _, tagged := strings.Cut(local, "+"); tagged && before != "" {
		local = before
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

// cutLast is strings.Cut at the last separator: a quoted local part may contain an @.
func cutLast(s, sep string) (before, after string, found bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}
