package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// HashToken is what is stored of a secret that somebody holds (a guest's cart token, the link of a gift): who reads the
// store cannot use it.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// TokenFits reports whether a token is the one whose hash is stored. Without a token or a hash it is not. It compares
// in constant time, so that the time of the answer tells nothing about the token.
func TokenFits(token, hash string) bool {
	return token != "" && hash != "" && subtle.ConstantTimeCompare([]byte(HashToken(token)), []byte(hash)) == 1
}
