// Package webhook tells the shop's other systems what became of its messages, by the rules of Standard Webhooks
// (https://www.standardwebhooks.com): signed POST requests with an id, at least once, retried for three days, with a
// log of every attempt.
//
// It owns the items WEBHOOK#<id>: the endpoint, and its attempts for 30 days. A delivery is a task of the kind
// outreach_webhook, stored in the transaction of the change that it tells of.
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// secretPrefix begins secrets, so that they are recognized where they leak.
const secretPrefix = "whsec_"

// secretSize is within the 24 to 64 bytes that the rules allow.
const secretSize = 32

// NewSecret returns a secret of 256 random bits.
func NewSecret() string {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// Sign is the value of the header webhook-signature: one signature for each secret, with a space between them. Two
// secrets sign while one is replaced by the other.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac, err := sum(secret, id, at, body)
		if err != nil {
			return "", err
		}
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac)
	}
	return strings.Join(signatures, " "), nil
}

func sum(secret, id string, at time.Time, body []byte) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return nil, errors.New("webhook: the secret is not base64")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return mac.Sum(nil), nil
}

// ErrSignature says that a request was not signed with the secret, or is too old or too new.
var ErrSignature = errors.New("webhook: the signature does not fit")

// tolerance is how far the time of a request may be from the receiver's clock, against repetition by a third party.
const tolerance = 5 * time.Minute

// Verify is what a receiver does with the three headers and the body as it came.
func Verify(secret, id, timestamp, signatures string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	at := time.Unix(seconds, 0)
	if err != nil || now.Sub(at).Abs() > tolerance {
		return ErrSignature
	}
	want, err := sum(secret, id, at, body)
	if err != nil {
		return err
	}
	for signature := range strings.FieldsSeq(signatures) {
		version, text, _ := strings.Cut(signature, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}
