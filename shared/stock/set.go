package stock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// ErrInsufficient says that an adjustment would take more units than there are.
var ErrInsufficient = errors.New("stock: not that many units")

// Read reads buckets, strongly consistent. Buckets that are not there are not in the answer; they hold nothing. 1 round
// trip per 100 keys, 1 RCU each.
func Read(ctx context.Context, t *table.Table, keys []table.Key) (map[table.Key]Level, error) {
	if len(keys) == 0 {
		return map[table.Key]Level{}, nil
	}
	items, err := t.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, fmt.Errorf("stock: %w", err)
	}
	levels := make(map[table.Key]Level, len(items))
	for key, item := range items {
		var l Level
		if err := item.Decode(&l); err != nil {
			return nil, fmt.Errorf("stock %s: %w", key, err)
		}
		levels[key] = l
	}
	return levels, nil
}

// MaxUnits is the most units that a stock is set to, or moved by, at once: more is a slip of the hand.
const MaxUnits = 10_000_000

// checkUnits requires what can be in stock. Sales on backorder take it below zero, nobody sets it there.
func checkUnits(units int) error {
	var f problem.Fields
	f.Between(units, 0, MaxUnits, "/available")
	return f.Err()
}

// Set makes the units that can be sold as many as units, spread over the
// buckets. It counts from the moment it reads: what buyers take meanwhile comes
// off. 2 round trips when nobody else changes the stock. Errors: 422 at /available, 503 busy.
func Set(ctx context.Context, t *table.Table, variantID string, buckets, units int, now time.Time) error {
	if err := checkUnits(units); err != nil {
		return err
	}
	return set(ctx, t, nil, variantID, buckets, units, nil, now)
}

// Import sets the stock to the quantity in a file, unless the last imported file said the same: then what was sold
// since stays sold. levels are the variant's buckets as read, from which moment on sales come off. It reports whether
// it wrote. 1 round trip when nobody else changes the stock. Errors: 503 busy.
func Import(
	ctx context.Context, t *table.Table, levels map[table.Key]Level, variantID string, buckets, units int, now time.Time,
) (bool, error) {
	if err := checkUnits(units); err != nil {
		return false, err
	}
	// The file repeats a quantity that was imported before; sales since then must not be undone.
	if last := levels[KeyOf(variantID, 0)].Imported; last != nil && *last == units {
		return false, nil
	}
	return true, set(ctx, t, levels, variantID, buckets, units, &units, now)
}

// set plans and writes until a plan holds. levels, when not nil, are what the
// first plan goes by. A fresh write id recognizes a single write whose answer
// was lost; more than one write is a transaction, whose token does the same.
func set(
	ctx context.Context, t *table.Table, levels map[table.Key]Level, variantID string, buckets, units int, imported *int,
	now time.Time,
) error {
	_, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (map[table.Key]Level, error) {
		read := levels
		// The levels of the caller are used once: after a refused write they are known to be stale.
		levels = nil
		if read != nil {
			return read, nil
		}
		return Read(ctx, t, bucketKeys(variantID, buckets))
	}, func(ctx context.Context, levels map[table.Key]Level) (map[table.Key]Level, error) {
		writes := plan(levels, variantID, buckets, units, imported, now)
		if len(writes) == 0 {
			return nil, nil
		}
		err := apply(ctx, t, writes, id.Secret())
		_, failed := table.Failed(err)
		_, refused := table.Refused(err)
		if failed || refused {
			return nil, table.Stale(err, nil)
		}
		return nil, err
	})
	if err != nil {
		return fmt.Errorf("stock of %s: %w", variantID, err)
	}
	return nil
}

// plan is the writes that bring the buckets from the levels read to units in all.
// Bucket 0 is always among them, also when it does not move: it counts the settings.
func plan(levels map[table.Key]Level, variantID string, buckets, units int, imported *int,
	now time.Time) []table.Update {
	seen := levels[KeyOf(variantID, 0)].Sets
	moves := spread(levels, variantID, buckets, units-Available(levels, variantID, buckets))
	var writes []table.Update
	for b, by := range moves {
		u := move(variantID, b, by)
		if b == 0 {
			u = setting(u, seen, imported, now)
		}
		if b == 0 || by != 0 {
			writes = append(writes, u)
		}
	}
	return writes
}

// setting makes u, the move of bucket 0, also the one that counts settings. Of two who read the same stock, one wins
// and the other reads again; else both would add their difference.
func setting(u table.Update, seen int, imported *int, now time.Time) table.Update {
	u.Do = "SET #sets = :next, #setAt = :now ADD #available :by"
	u.With[":next"], u.With[":seen"], u.With[":now"] = seen+1, seen, now
	first := "#sets = :seen"
	// A counter that was never set has no such attribute;
	// one that was made with the product may have it as 0.
	if seen == 0 {
		first = "(attribute_not_exists(#sets) OR #sets = :seen)"
	}
	// Both conditions must hold: nobody else set the stock, and no bucket goes below zero.
	if u.If != "" {
		first += " AND " + u.If
	}
	u.If = first
	if imported != nil {
		u.Do = "SET #sets = :next, #setAt = :now, #imported = :imported ADD #available :by"
		u.With[":imported"] = *imported
	}
	return u
}

// move adds to one bucket, making it when it is not there; it never takes more than there is.
func move(variantID string, bucket, by int) table.Update {
	u := table.Update{Key: KeyOf(variantID, bucket), Do: "ADD #available :by", With: map[string]any{":by": by}}
	if by < 0 {
		u.If, u.With[":least"] = "#available >= :least", -by // no counter below zero
	}
	return u
}

// AdjustPlan is the writes that add delta units to the levels read, or take them when
// delta is negative, for a transaction of the caller's own. Errors: ErrInsufficient.
func AdjustPlan(levels map[table.Key]Level, variantID string, buckets, delta int) ([]table.Update, error) {
	if delta < -MaxUnits || delta > MaxUnits {
		return nil, problem.InvalidField("/delta", "too_large", "at most %d units at once", MaxUnits)
	}
	if delta < 0 && Available(levels, variantID, buckets) < -delta {
		return nil, ErrInsufficient
	}
	var writes []table.Update
	for b, by := range spread(levels, variantID, buckets, delta) {
		if by != 0 {
			writes = append(writes, move(variantID, b, by))
		}
	}
	return writes, nil
}

// spread says by how much each bucket moves so that all together move by delta and end as even as can be: additions go
// to the emptiest, what is taken comes out of the fullest.
func spread(levels map[table.Key]Level, variantID string, buckets, delta int) []int {
	n := max(buckets, 1)
	moves, order, have := make([]int, n), make([]int, n), make([]int, n)
	for b := range n {
		order[b], have[b] = b, levels[KeyOf(variantID, b)].Available
	}
	// Stable, so that equal buckets keep their order and the plan is the same for the same levels.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(have[a], have[b]) })
	if delta < 0 {
		slices.Reverse(order)
	}
	// Level the first i buckets with the next one, until delta is used up; what is left is shared evenly.
	left := delta
	for i := 1; i <= n && left != 0; i++ {
		// The gap to the next bucket, for each of the i that are level already.
		gap := left
		if i < n {
			gap = (have[order[i]] - have[order[i-1]] - moves[order[i-1]]) * i
		}
		step := gap
		if i == n || abs(gap) > abs(left) {
			step = left
		}
		share(moves, order[:i], step)
		left -= step
	}
	return moves
}

// share adds delta to the buckets, one more to the first ones when it does not divide. delta
// may be negative: Go's division truncates toward zero, so the rest has the sign of delta.
func share(moves, buckets []int, delta int) {
	each, rest := delta/len(buckets), delta%len(buckets)
	for i, b := range buckets {
		moves[b] += each
		if i < abs(rest) {
			moves[b] += rest / abs(rest)
		}
	}
}

// abs is the absolute value; stock is far from the smallest int, which has none.
func abs(n int) int { return max(n, -n) }

// apply writes the updates: one alone costs half of a transaction,
// and its write id takes the part of the transaction's token.
func apply(ctx context.Context, t *table.Table, updates []table.Update, writeID string) error {
	if len(updates) == 1 {
		updates[0].WriteID = writeID
		_, err := t.Update(ctx, updates[0])
		return err
	}
	writes := make([]table.Write, len(updates))
	for i, u := range updates {
		writes[i] = u
	}
	return t.Transact(ctx, writeID, writes...)
}
