// Package address reads mail addresses: one address, in letters that SES can send to.
package address

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
)

// ErrAddress says that a text is not one address that mail can be sent to.
var ErrAddress = errors.New("not one mail address that can be sent to")

// maxLength of an address (RFC 5321 4.5.3.1.3, less the angle brackets).
const maxLength = 254

// Parse returns the bare address of s, which may have a name around it. A local part with letters outside ASCII needs
// SMTPUTF8, which SES does not speak, and a domain with them is to be written in Punycode. Error: ErrAddress.
func Parse(s string) (string, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil || len(a.Address) > maxLength {
		return "", ErrAddress
	}
	if strings.ContainsFunc(a.Address, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) }) {
		return "", ErrAddress
	}
	return a.Address, nil
}
