// Package tracking is the rules of links in messages: signed tokens that carry no address, and telling people's clicks
// from machines'.
package tracking

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Purpose keeps tokens of one use from being used for another.
type Purpose string

// The purposes.
const (
	Link        Purpose = "l" // message, place of the link: the target stands in the message's record
	Open        Purpose = "o" // message
	Unsubscribe Purpose = "u" // contact, topic, message
	Preferences Purpose = "p" // contact
	Confirm     Purpose = "c" // contact, channel, time at which consent was asked for
	Why         Purpose = "w" // message
	PushClick   Purpose = "n" // message: its notification was clicked
	Reply       Purpose = "r" // conversation, address: a short token
)

// ErrToken says that a token was not made by this shop, or for another purpose.
var ErrToken = errors.New("tracking: not a token of this shop")

// Key signs tokens. Links have to work for as long as mails are kept, so a replaced key stays for checking.
type Key struct {
	ID     string // one to eight letters or digits
	Secret []byte // at least 32 bytes
}

// Signer makes and checks tokens. It is safe for concurrent use.
type Signer struct {
	keys map[string][]byte
	// now is the first key, the only one that signs.
	now Key
}

// macSize is 128 bits: forging takes 2^127 tries against a rate-limited route.
const macSize = 16

// NewSigner returns a signer that signs with the first key and accepts all. Error: no key, or a weak one.
func NewSigner(keys ...Key) (*Signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("tracking: no signing key")
	}
	s := &Signer{keys: map[string][]byte{}, now: keys[0]}
	for _, k := range keys {
		// A dot would break the token apart.
		if k.ID == "" || len(k.ID) > 8 || strings.Contains(k.ID, ".") || len(k.Secret) < 32 {
			return nil, fmt.Errorf("tracking: key %q needs an id of at most 8 characters and a secret of at least 32 bytes",
				k.ID)
		}
		s.keys[k.ID] = k.Secret
	}
	return s, nil
}

// Sign returns a token with the fields, which the reader of the token can see: ids only. It is made of letters, digits,
// "-", "_" and ".".
func (s *Signer) Sign(p Purpose, fields ...string) string {
	// A zero byte between fields, which no id contains, so that no two lists of fields give the
	// same text.
	body := base64.RawURLEncoding.EncodeToString([]byte(string(p) + "\x00" + strings.Join(fields, "\x00")))
	return s.now.ID + "." + body + "." + mac(s.now.Secret, s.now.ID, body)
}

// Verify returns the fields of a token. Error: ErrToken.
func (s *Signer) Verify(p Purpose, token string, fields int) ([]string, error) {
	parts := strings.Split(token, ".")
	// Longer tokens are not even hashed.
	if len(parts) != 3 || len(token) > 512 {
		return nil, ErrToken
	}
	secret, known := s.keys[parts[0]]
	// Compared in constant time, and before anything of the body is read.
	if !known || !hmac.Equal([]byte(mac(secret, parts[0], parts[1])), []byte(parts[2])) {
		return nil, ErrToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, ErrToken
	}
	read := strings.Split(string(raw), "\x00")
	// The purpose is part of what is signed.
	if read[0] != string(p) || len(read) != fields+1 {
		return nil, ErrToken
	}
	return read[1:], nil
}

// lower is base 32 in lower case, which mail programs and domain names leave as it is.
var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// shortMAC is 120 bits, 24 letters and digits.
const shortMAC = 15

// Short returns a token that proves the fields to who knows them, and does not carry them. It is made of lower-case
// letters and digits, for places that are short or do not keep the case: the local part of a mail address.
func (s *Signer) Short(p Purpose, fields ...string) string {
	return s.now.ID + short(s.now, p, fields)
}

// VerifyShort reports whether a token of Short belongs to the fields.
func (s *Signer) VerifyShort(p Purpose, token string, fields ...string) bool {
	at := len(token) - lower.EncodedLen(shortMAC)
	if at < 1 {
		return false
	}
	secret, known := s.keys[token[:at]]
	return known && hmac.Equal([]byte(short(Key{token[:at], secret}, p, fields)), []byte(token[at:]))
}

// short covers the purpose and the key's id too. The first byte keeps it apart from what Sign signs.
func short(k Key, p Purpose, fields []string) string {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte("\x00" + k.ID + "\x00" + string(p) + "\x00" + strings.Join(fields, "\x00")))
	return lower.EncodeToString(h.Sum(nil)[:shortMAC])
}

// mac covers the key's id too, so that a token cannot be moved to another key.
func mac(secret []byte, id, body string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id + "." + body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:macSize])
}
