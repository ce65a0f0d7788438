// Package idempotency lets a client repeat a POST whose answer was lost. The client sends Idempotency-Key; the first
// request's answer is kept for 24 hours and given again, marked, to every repetition.
//
// Where the effect is one DynamoDB transaction, the record goes into that transaction (Done), so there is no moment at
// which the effect exists and the record does not. Where it is not, Guard claims the key first (409 while the first
// request runs, until its lease ends) and records the answer afterwards.
//
// Behavior follows the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Header is the request header; Replayed marks an answer that was given before.
const (
	Header   = "Idempotency-Key"
	Replayed = "Idempotent-Replayed"
)

// Retention is how long an answer is remembered.
const Retention = 24 * time.Hour

// lease is how long a request may run before its claim is void: the longest a function behind the API may take.
const lease = 30 * time.Second

// Request is one keyed request. The zero value means that the client sent no key.
type Request struct {
	scope string    // names the request; "" without a key
	hash  string    // of the body
	now   time.Time // when the request came
}

// For names a request: the operation, who calls (keys of different callers never meet), the client's key and the body.
func For(operation, caller, key string, body []byte, now time.Time) Request {
	if key == "" {
		return Request{}
	}
	// Zero bytes divide the parts, so that no two requests make the same text.
	scope := sha256.Sum256([]byte(operation + "\x00" + caller + "\x00" + key))
	hash := sha256.Sum256(body)
	return Request{scope: hex.EncodeToString(scope[:]), hash: hex.EncodeToString(hash[:16]), now: now}
}

// Keyed reports whether the client sent a key.
func (r Request) Keyed() bool { return r.scope != "" }

// Token names the request in 32 characters, the same for each repetition, or is the fallback when there is no key. It
// is no token for table.Transact: a repetition writes other times and ids, and DynamoDB refuses a token with other
// writes.
func (r Request) Token(fallback string) string {
	if !r.Keyed() {
		return fallback
	}
	return r.scope[:32]
}

// Named is the name of the request and a hash of what it asks for, for an item that remembers its last requests itself;
// both are empty without a key. Bodies of the same content have the same hash, however they are written.
func (r Request) Named(body any) (key, hash string, err error) {
	if !r.Keyed() {
		return "", "", nil
	}
	// encoding/json writes fields in a fixed order.
	raw, err := json.Marshal(body)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(raw)
	// Eight bytes tell two bodies under one key apart; the key itself is not to be guessed.
	return r.Token(""), hex.EncodeToString(sum[:8]), nil
}

// record is what is kept of a keyed request.
type record struct {
	table.Key
	Hash    string `dynamodbav:"hash"`              // of the request's body
	State   string `dynamodbav:"state"`             // running, done
	Body    string `dynamodbav:"body,omitempty"`    // the answer, as JSON
	Lease   int64  `dynamodbav:"lease,omitempty"`   // Unix milliseconds
	WriteID string `dynamodbav:"writeId,omitempty"` // of the claim
	TTL     int64  `dynamodbav:"ttl"`               // Unix seconds
}

// The states of a record.
const (
	running = "running"
	done    = "done"
)

func (r Request) key() table.Key { return table.Key{PK: "IDEM#" + r.scope, SK: "IDEM"} }

// free is the condition under which a key can be taken: never seen, forgotten, or left by a request that died.
const free = "attribute_not_exists(#pk) OR #ttl < :second OR (#state = :running AND #lease < :now)"

// freeValues are the values that free names.
func (r Request) freeValues() map[string]any {
	return map[string]any{":second": r.now.Unix(), ":now": r.now.UnixMilli(), ":running": running}
}

// AnswerWrite is the write that records answer as this request's answer: put it into the transaction of the effect.
// When its condition fails, give the refused item to Replay.
func (r Request) AnswerWrite(answer any) (table.Put, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return table.Put{}, err
	}
	return table.Put{
		Item: record{Key: r.key(), Hash: r.hash, State: done, Body: string(body), TTL: r.now.Add(Retention).Unix()},
		If:   free, With: r.freeValues(),
	}, nil
}

// Lookup reads what an earlier request left under this key, for Replay; ok is false when there was none. It is for an
// effect that can no longer be tried, such as canceling what the first request has canceled: only then is the key worth
// a read. 1 round trip.
func (r Request) Lookup(ctx context.Context, t *table.Table) (prior table.Item, ok bool, err error) {
	if !r.Keyed() {
		return nil, false, nil
	}
	// Strongly consistent: the first request may have ended a moment ago.
	items, err := t.BatchGet(ctx, true, r.key())
	if err != nil {
		return nil, false, err
	}
	prior, ok = items[r.key()]
	if !ok {
		return nil, false, nil
	}
	var rec record
	if err := prior.Decode(&rec); err != nil {
		return nil, false, err
	}
	// A record past its time may still be there; it counts as forgotten.
	return prior, rec.TTL >= r.now.Unix(), nil
}

// Reused is the error of one key for two different requests. That is a client's mistake, and the answer to the first
// would hide it.
func Reused() *problem.Problem {
	return problem.New(422, "idempotency_key_reused", "This Idempotency-Key was used with another request body.")
}

// Replay fills answer with what the first request was told. Errors: 422 idempotency_key_reused when the body differs,
// 409 idempotency_in_progress while the first request runs.
func (r Request) Replay(prior table.Item, answer any) error {
	var rec record
	if err := prior.Decode(&rec); err != nil {
		return err
	}
	switch {
	case rec.Hash != r.hash:
		return Reused()
	case rec.State != done:
		return problem.Conflict("idempotency_in_progress", "The first request with this Idempotency-Key is still running.")
	}
	return json.Unmarshal([]byte(rec.Body), answer)
}

// Earlier is the answer to a keyed request that is refused: what it was answered when it was served before, else the
// refusal. What has changed since, such as a product that is gone, is no reason to refuse the repetition. The refusal
// may be a fault of ours, which says nothing about the request and is answered as it is. 1 round trip for a keyed
// request that is refused. Errors: refusal, and those of Replay.
func Earlier[T any](ctx context.Context, t *table.Table, r Request, refusal error) (answer T, err error) {
	if problem.Code(refusal) == "" {
		return answer, refusal
	}
	prior, ok, err := r.Lookup(ctx, t)
	if err != nil {
		return answer, err
	}
	if !ok {
		return answer, refusal
	}
	err = r.Replay(prior, &answer)
	return answer, err
}

// Guard runs effect once per key and fills answer, a pointer, with what it returns or, on a repetition, with what it
// returned the first time. An effect that fails leaves the key free. Between effect and record the function can die:
// when the lease ends, a repetition runs effect again, so effect is to be safe to repeat by itself (a provider's own
// key, a condition). 3 round trips at most, around those of effect.
func Guard[T any](ctx context.Context, t *table.Table, r Request, effect func() (T, error)) (answer T, replayed bool,
	err error) {
	if !r.Keyed() {
		answer, err = effect()
		return answer, false, err
	}
	writeID := id.Secret()
	err = t.Put(ctx, table.Put{
		Item: record{
			Key: r.key(), Hash: r.hash, State: running, Lease: r.now.Add(lease).UnixMilli(), TTL: r.now.Add(Retention).Unix(),
			WriteID: writeID,
		},
		If: free, With: r.freeValues(),
	})
	// A claim that stands under our own id is ours: the client sent the put twice because the first answer got lost.
	if prior, refused := table.Failed(err); refused && prior.Item.Text(table.WriteIDAttribute) != writeID {
		err = r.Replay(prior.Item, &answer)
		return answer, err == nil, err
	} else if err != nil && !refused {
		return answer, false, err
	}
	answer, err = effect()
	if err != nil {
		r.forget(ctx, t, writeID)
		return answer, false, err
	}
	return answer, false, r.finish(ctx, t, answer)
}

// forget frees the key after a failed effect. A claim that stays behind only delays a retry until its lease ends, so
// the effect's own error is what the caller is told.
func (r Request) forget(ctx context.Context, t *table.Table, writeID string) {
	_ = t.Delete(context.WithoutCancel(ctx), table.Delete{
		Key: r.key(), If: "#state = :running AND #writeId = :writeId",
		With: map[string]any{":running": running, ":writeId": writeID},
	})
}

// finish records the answer of an effect.
func (r Request) finish(ctx context.Context, t *table.Table, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	// Unconditional: the claim above is ours for longer than the function may run.
	return t.Put(ctx, table.Put{
		Item: record{Key: r.key(), Hash: r.hash, State: done, Body: string(body), TTL: r.now.Add(Retention).Unix()},
	})
}
