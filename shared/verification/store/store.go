// Package store keeps the challenges of telephone numbers: which number a code was sent to, and whether it was entered.
//
// Items in the table Care: VERIFY#<hash>/VERIFY, found by the hash of the secret that the caller was given.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/verification"
)

// ProvedFor is how long a number that was proved can be used.
const ProvedFor = 24 * time.Hour

// Store keeps challenges.
type Store struct {
	Table *table.Table
	Clock clock.Clock
}

// record is a challenge as stored.
type record struct {
	table.Key
	verification.Challenge
	Number  string `dynamodbav:"number"`
	Version int    `dynamodbav:"version"`
	TTL     int64  `dynamodbav:"ttl"`
}

// keyOf is the key of the challenge with a secret, which is not stored itself.
func keyOf(secret string) table.Key {
	sum := sha256.Sum256([]byte(secret))
	return table.Key{PK: "VERIFY#" + hex.EncodeToString(sum[:]), SK: "VERIFY"}
}

// Begin stores a challenge for a number and returns the secret that names it, and the code to send. 1 round trip.
func (s Store) Begin(ctx context.Context, number string) (secret, code string, expires time.Time, err error) {
	now := s.Clock.Now()
	secret, code = id.Secret(), verification.NewCode()
	r := record{
		Key: keyOf(secret), Challenge: verification.New(code, secret+number, now), Number: number, Version: 1,
		TTL: now.Add(ProvedFor + time.Hour).Unix(),
	}
	return secret, code, r.ExpiresAt, s.Table.Put(ctx, table.Put{Item: r, If: table.IfNew})
}

// NotFound is the answer for a challenge that does not exist.
func NotFound() error {
	return problem.NotFound("verification_not_found", "There is no such verification; ask for a new code.")
}

// get reads a challenge. 1 round trip. Errors: verification_not_found.
func (s Store) get(ctx context.Context, secret string) (record, error) {
	var r record
	// Nothing else can be a secret, so nothing is read.
	if len(secret) != len(id.Secret()) {
		return r, NotFound()
	}
	err := s.Table.Get(ctx, keyOf(secret), &r)
	if errors.Is(err, table.ErrNotFound) {
		return r, NotFound()
	}
	return r, err
}

// Prove checks a code, and counts it: of many that are tried at once no more than the allowed ones are looked at. It
// returns the number. 2 round trips, 1 RCU, 1 WCU. Errors: as verification.Challenge.Prove, verification_not_found.
func (s Store) Prove(ctx context.Context, secret, code string) (number string, err error) {
	var refused error
	r, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (record, error) { return s.get(ctx, secret) },
		func(ctx context.Context, r record) (record, error) {
			before := r.Challenge
			r.Challenge, refused = r.Challenge.Prove(code, secret+r.Number, s.Clock.Now())
			// Nothing to count: it is over, or was proved before.
			if r.Challenge == before {
				return r, nil
			}
			seen := r.Version
			r.Version++
			err := s.Table.Put(ctx, table.Put{
				// no other try was counted meanwhile
				Item: r, If: "#version = :seen", With: map[string]any{":seen": seen},
			})
			if failed, ok := table.Failed(err); ok {
				return r, table.Stale(err, failed.Item)
			}
			return r, err
		})
	if err != nil {
		return "", err
	}
	return r.Number, refused
}

// Proved reports whether the challenge with a secret has proved a number, not longer than ProvedFor ago. 1 round trip.
func (s Store) Proved(ctx context.Context, secret, number string) (bool, error) {
	r, err := s.get(ctx, secret)
	if problem.Code(err) == "verification_not_found" {
		return false, nil
	}
	fresh := !r.ProvedAt.IsZero() && s.Clock.Now().Before(r.ProvedAt.Add(ProvedFor))
	return fresh && r.Number == number, err
}
