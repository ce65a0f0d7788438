// Package verification has the rules of codes that prove who reads the messages of a telephone number or the mails of
// an address: six digits, good for ten minutes and five tries. The functions are pure.
package verification

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"

	"dangol/shared/platform/problem"
)

const (
	// Life is how long a code can be entered.
	Life = 10 * time.Minute
	// MaxWrong is how many wrong codes end a challenge. Five guesses of a million are 1 in 200,000.
	MaxWrong = 5
	// digits of a code.
	digits = 6
)

// Challenge is a code that was sent and is waited for. The code itself is not stored.
type Challenge struct {
	Hash      string    `dynamodbav:"hash"`
	ExpiresAt time.Time `dynamodbav:"expiresAt"`
	Wrong     int       `dynamodbav:"wrong,omitempty"`
	ProvedAt  time.Time `dynamodbav:"provedAt,omitzero"`
}

// NewCode returns a code that cannot be guessed.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(million))
	if err != nil {
		panic(err) // crypto/rand never fails: the process ends instead
	}
	return fmt.Sprintf("%0*d", digits, n)
}

// million is how many codes there are.
const million = 1_000_000

// New begins a challenge. of is what the code was sent to, with what makes the challenge unlike others: it is part of
// the hash, so that equal codes have different hashes.
func New(code, of string, now time.Time) Challenge {
	return Challenge{Hash: hash(code, of), ExpiresAt: now.Add(Life)}
}

// Prove checks a code and returns the challenge as it then is, also with an error: a wrong code counts. A challenge
// that was proved stays proved by the same code. Errors: code_wrong, code_expired, code_used_up.
func (c Challenge) Prove(code, of string, now time.Time) (Challenge, error) {
	right := hmac.Equal([]byte(hash(Digits(code), of)), []byte(c.Hash))
	switch {
	case !c.ProvedAt.IsZero() && right:
		return c, nil
	case c.Hash == "" || !now.Before(c.ExpiresAt):
		return c, problem.Conflict("code_expired", "The code is older than %d minutes; ask for a new one.",
			int(Life.Minutes()))
	case c.Wrong >= MaxWrong:
		return c, problem.Conflict("code_used_up", "Too many wrong codes; ask for a new one.")
	case !right:
		c.Wrong++
		return c, problem.Conflict("code_wrong", "The code is wrong.").With("left", MaxWrong-c.Wrong)
	}
	c.ProvedAt = now
	return c, nil
}

// Digits is a code as people type it, without the spaces and hyphens between its digits.
func Digits(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９': // full-width digits, as Korean and Japanese keyboards make them
			return r - '０' + '0'
		case r == ' ' || r == '-' || r == '\u00a0' || r == '\u3000':
			return -1
		}
		return r
	}, typed)
}

// hash is what is stored of a code.
func hash(code, of string) string {
	sum := sha256.Sum256([]byte(of + "\x00" + code))
	return hex.EncodeToString(sum[:])
}
