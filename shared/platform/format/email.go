package format

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"dangol/shared/platform/problem"
)

// Limits of RFC 5321, 4.5.3.1: an address in a path, and what stands before the @.
const (
	longestEmail = 254
	longestLocal = 64
)

// Email returns an address of mail as it is stored and compared: nothing but the address, in lower case, without spaces
// around it. Display names, comments, groups, quoted local parts, addresses of machines ([10.0.0.1]) and letters
// outside ASCII, which Amazon SES does not deliver to, are refused. Errors: 422 at the pointer.
func Email(pointer, s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > longestEmail {
		return "", problem.InvalidField(pointer, "too_long", "at most %d characters", longestEmail)
	}
	// The first @ divides: quoted local parts, which may have another one, are refused.
	local, domain, ok := strings.Cut(s, "@")
	if !ok || !isLocal(local) || !isDomain(domain) {
		return "", wrong(pointer, "an address of mail such as haneul@example.com, and nothing besides")
	}
	return s, nil
}

// isLocal reports whether s is a dot-atom (RFC 5322, 3.2.3).
func isLocal(s string) bool {
	if s == "" || len(s) > longestLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && !strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", rune(c)) {
			return false
		}
	}
	return true
}

// isDomain reports whether s is a host name of two labels or more (RFC 1123, 2.1). The last one is no number.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := l[i]; !letter(c) && !digit(c) && c != '-' {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return len(labels) > 1 && letter(last[0])
}

// letter and digit look at ASCII in lower case only, which the address is by then.
func letter(c byte) bool { return c >= 'a' && c <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// HashEmail is what keys and logs carry in place of a mail address: the SHA-256, in hex, of the address as mailboxes
// compare it, where case and surrounding space do not matter.
func HashEmail(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(sum[:])
}
