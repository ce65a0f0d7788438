// Package store keeps call-back requests and the capacity of their slots.
//
// Items in the table Care: CALL#<id>/CALL a request, listed by team and time while it is open; SLOT#<team>/<time> how
// many calls a slot has; CALLKEY#<hash>/KEY which request a client's own id made; CUSTOMER#<id>/CALL#<id> the list of a
// customer's requests.
package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"time"

	"dangol/shared/callback"
	"dangol/shared/hours"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Prefix of the ids of requests.
const Prefix = "call"

// TimerKind is the kind of job in the due index that rings a request's timer.
const TimerKind = "callback"

// keptFor is how long a finished request and its keys are kept.
const keptFor = 365 * 24 * time.Hour

// Store keeps requests.
type Store struct {
	Table *table.Table
	Clock clock.Clock
}

type record struct {
	table.Key
	due.Due
	callback.Request
	ListPK string           `dynamodbav:"gsi1pk,omitempty"`
	ListSK string           `dynamodbav:"gsi1sk,omitempty"`
	Card   callback.Request `dynamodbav:"card"`
	TTL    int64            `dynamodbav:"ttl,omitempty"`
}

type slot struct {
	table.Key
	Taken int   `dynamodbav:"taken"`
	TTL   int64 `dynamodbav:"ttl"`
}

type keyRecord struct {
	table.Key
	Call string `dynamodbav:"call"`
	TTL  int64  `dynamodbav:"ttl"`
}

// KeyOf is the key of a request.
func KeyOf(call string) table.Key { return table.Key{PK: "CALL#" + call, SK: "CALL"} }

func keyOfSlot(team string, from time.Time) table.Key {
	return table.Key{PK: "SLOT#" + team, SK: from.UTC().Format(time.RFC3339)}
}

// pointer lists a request under its customer. It knows the client's key, so that both go when the customer is erased.
type pointer struct {
	table.Key
	ClientKey string `dynamodbav:"clientKey"`
	TTL       int64  `dynamodbav:"ttl,omitempty"`
}

func keyOfPointer(customerID, call string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "CALL#" + call}
}

func keyOfClient(caller, clientID string) table.Key {
	sum := sha256.Sum256([]byte(caller + "\n" + clientID))
	return table.Key{PK: "CALLKEY#" + hex.EncodeToString(sum[:]), SK: "KEY"}
}

func (s Store) recordOf(r callback.Request) record {
	rec := record{Key: KeyOf(r.ID), Request: r, Card: r}
	if r.Ended() {
		rec.TTL = s.Clock.Now().Add(keptFor).Unix()
		return rec
	}
	rec.Due = due.On(TimerKind, r.ID, r.NextAt)
	rec.ListPK, rec.ListSK = "CALLS#"+r.Team, r.CallFrom.UTC().Format(time.RFC3339)+"#"+r.ID
	return rec
}

// NotFound is the answer for a request that does not exist or is another's.
func NotFound() error {
	return problem.NotFound("call_not_found", "There is no such call, or it is not yours.")
}

// Get reads a request. 1 round trip, 1 RCU. Errors: call_not_found.
func (s Store) Get(ctx context.Context, call string) (callback.Request, error) {
	var r record
	if !id.Is(Prefix, call) {
		return r.Request, NotFound()
	}
	err := s.Table.Get(ctx, KeyOf(call), &r)
	if errors.Is(err, table.ErrNotFound) {
		return r.Request, NotFound()
	}
	return r.Request, err
}

// Slots lists the slots of a team that have room. 1 round trip.
func (s Store) Slots(ctx context.Context, team string, h hours.Schedule, length time.Duration,
	capacity int) ([]callback.Slot, error) {
	now, taken := s.Clock.Now(), map[int64]int{}
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND #sk >= :now",
		With:  map[string]any{":pk": "SLOT#" + team, ":now": now.UTC().Format(time.RFC3339)}, Strong: true,
	}, func(item table.Item) error {
		var one slot
		if err := item.Decode(&one); err != nil {
			return err
		}
		from, err := time.Parse(time.RFC3339, one.SK)
		taken[from.Unix()] = one.Taken
		return err
	})
	return callback.Slots(h, length, capacity, now, func(from time.Time) int { return taken[from.Unix()] }), err
}

// Book stores a request in a slot with room: of several who want the last place one gets it. The same client id of the
// same caller gets the same request. 1 round trip, 8 WCU, and 2 for a customer's. Errors: slot_taken.
func (s Store) Book(ctx context.Context, r callback.Request, slots []callback.Slot, from time.Time, capacity int,
	caller, clientID string) (callback.Request, error) {
	now := s.Clock.Now()
	key := keyOfClient(caller, clientID)
	r.ID, r.Version = id.New(Prefix, now), 1
	booked, err := callback.Book(r, slots, from, now)
	if err != nil {
		before, found, lookUp := s.booked(ctx, key)
		if found || lookUp != nil {
			return before, lookUp
		}
		return r, err
	}
	writes := []table.Write{
		table.Put{Item: keyRecord{key, booked.ID, now.Add(keptFor).Unix()}, If: table.IfNew},
		table.Put{Item: s.recordOf(booked), If: table.IfNew},
		table.Update{
			Key: keyOfSlot(r.Team, from), Do: "SET #ttl = :ttl ADD #taken :one",
			If:   "attribute_not_exists(#taken) OR #taken < :most", // never more calls than the team takes
			With: map[string]any{":one": 1, ":most": capacity, ":ttl": from.AddDate(0, 0, 30).Unix()},
		},
	}
	if booked.CustomerID != "" {
		listed := pointer{Key: keyOfPointer(booked.CustomerID, booked.ID), ClientKey: key.PK}
		writes = append(writes, table.Put{Item: listed, If: table.IfNew})
	}
	err = s.Table.Transact(ctx, booked.ID, writes...)
	canceled, refused := table.Refused(err)
	switch {
	case refused && canceled.Refused(0):
		if before, found, lookUp := s.booked(ctx, key); found || lookUp != nil {
			return before, lookUp
		}
	case refused && canceled.Refused(2):
		return r, callback.Full()
	}
	return booked, err
}

// booked is the request that a client's id made before. What cannot be read is an error: it may have been made.
func (s Store) booked(ctx context.Context, key table.Key) (r callback.Request, found bool, err error) {
	var k keyRecord
	err = s.Table.Get(ctx, key, &k)
	if errors.Is(err, table.ErrNotFound) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	r, err = s.Get(ctx, k.Call)
	if problem.Code(err) == "call_not_found" {
		return r, false, nil
	}
	return r, err == nil, err
}

// Change applies a rule to a request that nobody else changes at the same time; who meets another reads again. 2 round
// trips, 1 when the rule changes nothing. Errors: call_not_found; those of the rule; busy.
func (s Store) Change(ctx context.Context, call string,
	rule func(callback.Request) (callback.Request, error)) (callback.Request, error) {
	var gone forgotten
	for range 8 {
		before, err := s.Get(ctx, call)
		if err != nil {
			return before, err
		}
		after, err := rule(before)
		// Nothing to write when it is as it was: what is asked for again was done before.
		if err != nil || reflect.DeepEqual(before, after) {
			return before, err
		}
		after.Version = before.Version + 1
		writes := []table.Write{table.Put{
			// nobody else changed it meanwhile
			Item: s.recordOf(after), If: "#version = :seen", With: map[string]any{":seen": before.Version},
		}}
		listed, slot := -1, -1
		if after.Ended() && !before.Ended() && after.CustomerID != "" && !gone.listed {
			listed = len(writes)
			writes = append(writes, s.expirePointer(after))
		}
		if after.State == callback.Canceled && before.State != callback.Canceled && !gone.slot {
			slot = len(writes)
			writes = append(writes, release(after))
		}
		err = s.Table.Transact(ctx, id.New("cal", s.Clock.Now()), writes...)
		canceled, refused := table.Refused(err)
		if err == nil {
			return after, nil
		}
		if !refused {
			return before, err
		}
		gone.listed = gone.listed || listed > 0 && canceled.Refused(listed)
		gone.slot = gone.slot || slot > 0 && canceled.Refused(slot)
	}
	return callback.Request{}, problem.Busy(errors.New("call " + call))
}

// forgotten are the items beside a request that are not there any more, which is no reason to keep the request as it
// is.
type forgotten struct{ listed, slot bool }

// release frees the place that a request has in its slot.
func release(r callback.Request) table.Update {
	return table.Update{
		Key: keyOfSlot(r.Team, r.SlotFrom), Do: "ADD #taken :back", If: "#taken > :none", // the place is free again
		With: map[string]any{":back": -1, ":none": 0},
	}
}

// expirePointer lets a request leave its customer's list when the request itself expires.
func (s Store) expirePointer(r callback.Request) table.Update {
	return table.Update{
		Key: keyOfPointer(r.CustomerID, r.ID), Do: "SET #ttl = :ttl",
		If:   table.IfExists, // a list that does not have the request gets no entry without its client's key
		With: map[string]any{":ttl": s.Clock.Now().Add(keptFor).Unix()},
	}
}

// Open lists the open requests of a team, the next call first. 1 round trip.
func (s Store) Open(ctx context.Context, team string, limit int) ([]callback.Request, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": "CALLS#" + team}, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	all := make([]callback.Request, len(page.Items))
	for i, item := range page.Items {
		var r struct {
			Card callback.Request `dynamodbav:"card"`
		}
		if err := item.Decode(&r); err != nil {
			return nil, err
		}
		all[i] = r.Card
	}
	return all, nil
}
