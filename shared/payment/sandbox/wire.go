package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// Headers of the sandbox's API.
const (
	KeyHeader       = "Idempotency-Key"
	ReplayHeader    = "Idempotent-Replayed"
	SignatureHeader = "Sandbox-Signature"
)

// Codes of error answers.
const (
	CodeDeclined     = "declined"
	CodeInvalid      = "invalid"
	CodeKeyReused    = "key_reused"
	CodeNotFound     = "not_found"
	CodeConflict     = "state_conflict"
	CodeUnauthorized = "unauthorized"
)

// meanings are the errors of the codes in this API's answers.
var meanings = map[string]error{
	CodeInvalid:      payment.ErrInvalid,
	CodeKeyReused:    payment.ErrKeyReused,
	CodeNotFound:     payment.ErrNotFound,
	CodeConflict:     payment.ErrStateConflict,
	CodeUnauthorized: payment.OurFault(errors.New("the key was refused")),
}

// CaptureBody is the body of a capture.
type CaptureBody struct {
	Amount money.Money `json:"amount"`
}

// ErrorBody is the body of every answer from status 400 to 499.
type ErrorBody struct {
	Error Error `json:"error"`
}

// Error says why not; Payment is there when the code is CodeDeclined and a payment came of it.
type Error struct {
	Code        string           `json:"code"`
	DeclineCode string           `json:"declineCode,omitempty"`
	Message     string           `json:"message"`
	Payment     *payment.Payment `json:"payment,omitempty"`
}

// Sign returns the signature header of a webhook: "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>", Stripe's scheme.
func Sign(secret string, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(digest(secret, t, body))
}

// Verify reports whether header is a signature of body that is at most payment.WebhookTolerance away from now.
func Verify(secret, header string, body []byte, now time.Time) bool {
	var stamp string
	var signatures []string
	// Several v1 parts are allowed, as while a secret is being rotated.
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || secret == "" || now.Sub(time.Unix(at, 0)).Abs() > payment.WebhookTolerance {
		return false
	}
	want := digest(secret, stamp, body)
	for _, s := range signatures {
		// hmac.Equal takes the same time for every wrong signature.
		if got, err := hex.DecodeString(s); err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}

// digest covers the time as well as the body, so that an old message cannot be sent as a new one.
func digest(secret, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}
