// Package due is for what must happen later: stock holds that run out, payments to ask about, reminders, renewals.
//
// An item that has something to do later carries Due: a shard of its kind and a time. A sparse index over the two lets
// the sweeper find what is due without touching the rest, so its cost follows what is due and never what exists. The
// sweeper claims an item by pushing its time into the future (Lease) and queues its key; the worker does the job and
// takes Due off in the same write as the effect. A worker that dies leaves the item due again when the lease ends.
package due

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"dangol/shared/platform/table"
)

// Shards is how many index keys one kind is spread over. Each key takes about 1,000 writes a second.
const Shards = 4

// Lease is how long a claimed job may take before it counts as lost and is handed out again.
const Lease = 5 * time.Minute

// MaxTries is how often a job is handed out before it goes to the dead-letter queue.
const MaxTries = 8

// Due is embedded in an item that must be looked at later. The zero value is not in the index.
type Due struct {
	Shard string `dynamodbav:"duePk,omitempty" json:"-"`    // "<kind>#<shard>", the hash key of the index
	At    int64  `dynamodbav:"dueAt,omitempty" json:"-"`    // Unix milliseconds
	Tries int    `dynamodbav:"dueTries,omitempty" json:"-"` // how often it was handed out
}

// On returns the Due of an item: what kind of job, which item (for the shard), when.
func On(kind, itemID string, at time.Time) Due {
	return Due{Shard: ShardOf(kind, itemID), At: at.UnixMilli()}
}

// ShardOf is the index key of an item's job.
func ShardOf(kind, itemID string) string {
	h := fnv.New32a()
	h.Write([]byte(itemID))
	return shard(kind, int(h.Sum32()%Shards))
}

// shard is the index key of one part of a kind.
func shard(kind string, n int) string { return fmt.Sprintf("%s#%d", kind, n) }

// Remove is the update clause that takes an item out of the index.
const Remove = "REMOVE #duePk, #dueAt, #dueTries"

// Job is one item that is due.
type Job struct {
	Kind  string    `json:"kind"`
	Key   table.Key `json:"key"`
	At    int64     `json:"at"`    // Unix milliseconds it was due
	Tries int       `json:"tries"` // how often it had been handed out when it was read
}

// Overdue hands each job of the kind that is due at now to each, oldest first within a shard. At least Shards round
// trips, 0.5 RCU each and per 4 KB of what is due.
func Overdue(ctx context.Context, t *table.Table, kind string, now time.Time, each func(Job) error) error {
	for n := range Shards {
		if err := OverdueIn(ctx, t, kind, n, now, each); err != nil {
			return err
		}
	}
	return nil
}

// page is how many jobs are read at a time: what is read and then left, because time is up or the queue is full, was
// for nothing. About 50 KB.
const page = 500

// OverdueIn is Overdue for one shard, from 0 to Shards-1, so that shards can be read side by side.
func OverdueIn(ctx context.Context, t *table.Table, kind string, n int, now time.Time, each func(Job) error) error {
	return t.All(ctx, table.Query{
		Index: table.Due, Where: "#duePk = :shard AND #dueAt <= :now",
		With: map[string]any{":shard": shard(kind, n), ":now": now.UnixMilli()}, Limit: page,
	}, func(item table.Item) error {
		var d Due
		if err := item.Decode(&d); err != nil {
			return err
		}
		return each(Job{Kind: kind, Key: item.Key(), At: d.At, Tries: d.Tries})
	})
}

// Next returns the time at which the earliest job of the kind is due; ok is false when there is none.
func Next(ctx context.Context, t *table.Table, kind string) (at time.Time, ok bool, err error) {
	for n := range Shards {
		page, err := t.Query(ctx, table.Query{
			Index: table.Due, Where: "#duePk = :shard", With: map[string]any{":shard": shard(kind, n)}, Limit: 1,
		})
		if err != nil {
			return at, false, err
		}
		for _, item := range page.Items {
			var d Due
			if err := item.Decode(&d); err != nil {
				return at, false, err
			}
			if first := time.UnixMilli(d.At).UTC(); !ok || first.Before(at) {
				at, ok = first, true
			}
		}
	}
	return at, ok, nil
}

// Claim pushes a job's time to the end of a lease, so that no other sweep hands it out meanwhile. It reports false when
// the job is done, moved, or claimed by another. 1 round trip.
func Claim(ctx context.Context, t *table.Table, j Job, now time.Time) (bool, error) {
	_, err := t.Update(ctx, table.Update{
		Key: j.Key, Do: "SET #dueAt = :lease ADD #dueTries :one",
		// Only the job that was read: a worker may have finished or moved it since the index was asked.
		If:   "#dueAt = :seen",
		With: map[string]any{":lease": j.Claimed(now).At, ":one": 1, ":seen": j.At},
	})
	if _, refused := table.Failed(err); refused {
		return false, nil
	}
	return err == nil, err
}

// Claimed is the job as it stands on the item after it was claimed at now.
func (j Job) Claimed(now time.Time) Job {
	j.At, j.Tries = now.Add(Lease).UnixMilli(), j.Tries+1
	return j
}

// Release gives a job that was claimed at now back at once, for when it could not be queued. The try does not count:
// nobody has tried. j is the job as it was before Claim. 1 round trip.
func Release(ctx context.Context, t *table.Table, j Job, now time.Time) error {
	_, err := t.Update(ctx, table.Update{
		// Only while the claim stands: a worker that got the job after all may have moved it.
		Key: j.Key, Do: "SET #dueAt = :at ADD #dueTries :back", If: "#dueAt = :lease",
		With: map[string]any{":at": j.At, ":back": -1, ":lease": j.Claimed(now).At},
	})
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

// GiveUp takes a job that has failed too often out of the index and keeps a note of it on the item (dueDead, the kind).
// j is the job as it stands on the item: after a claim, Claimed. 1 round trip.
func GiveUp(ctx context.Context, t *table.Table, j Job) error {
	_, err := t.Update(ctx, table.Update{
		Key: j.Key, Do: "SET #dueDead = :kind " + Remove, If: "#dueAt = :seen",
		With: map[string]any{":kind": j.Kind, ":seen": j.At},
	})
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}
