package store

import (
	"context"
	"maps"
	"math/rand/v2"
	"strings"

	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// ClaimCounter counts the claims of one order against their limits, for as many tries as its transaction takes. A first
// try guesses; when a limit refuses it, what is left of the limits is read.
type ClaimCounter struct {
	claims []Claim
	read   bool // what is left has to be read before the next try
	spread int  // chooses among slices
}

// NewClaimCounter is the counter of an order's claims.
func NewClaimCounter(claims []Claim) *ClaimCounter {
	return &ClaimCounter{claims: claims, spread: rand.Int()}
}

// Count is the writes that count the claims of an order, for the transaction that begins a checkout: one for each
// limit. Their conditions keep budgets and codes from being overspent by orders made at the same time.
type Count struct {
	Writes []table.Write
	// Uses are the claims as the order remembers them.
	Uses     []Use
	refusals []Refusal // of the writes, in their order
	known    []bool    // whether the level was known when the write was planned
	spread   int       // by which slices were chosen
}

// Plan says what the next try writes. Slices of large limits are chosen at random, another one each time, besides one
// that was found empty: that one is filled. refused is not nil when nothing is left for a claim. No round trip at
// first; then 1 or 2 to read, and 1 more for each limit whose slice has to be filled, 2 when the limit was changed
// since slices got some of it. Errors: table.Stale when others move the same limit at this moment, 503 busy.
func (c *ClaimCounter) Plan(ctx context.Context, t *table.Table) (count Count, refused *Refusal, err error) {
	if c.read {
		if err := c.readLevels(ctx, t); err != nil {
			return Count{}, nil, err
		}
		c.read = false
	}
	spread := c.spread
	c.spread = rand.Int()
	count.spread = spread
	for i := range c.claims {
		claim := &c.claims[i]
		use := claim.Use
		for _, one := range []struct {
			counted bool
			of      allowance
			level   *level
			slice   *int
			reason  promotion.Reason
		}{
			{claim.Budgeted, claim.budget, claim.budgetLevel, &use.BudgetSlice, promotion.BudgetExhausted},
			{claim.Coded, claim.code, claim.codeLevel, &use.CodeSlice, promotion.UsedCode},
		} {
			if !one.counted {
				continue
			}
			refusal := Refusal{claim.PromotionID, one.reason}
			from, ok, err := c.choose(ctx, t, one.of, one.level, spread)
			switch {
			case err != nil:
				return Count{}, nil, err
			case !ok:
				return Count{}, &refusal, nil
			}
			count.Writes = append(count.Writes, one.of.write(from))
			count.refusals = append(count.refusals, refusal)
			count.known = append(count.known, one.level != nil)
			*one.slice = from.slice
		}
		count.Uses = append(count.Uses, use)
	}
	return count, nil, nil
}

// choose says which item of one limit counts the order, and fills it before where that is needed. ok is false when
// nothing is left.
func (c *ClaimCounter) choose(
	ctx context.Context, t *table.Table, of allowance, l *level, spread int,
) (from part, ok bool, err error) {
	if l == nil {
		return of.guess(spread), true, nil
	}
	if back := of.recall(*l); back != nil {
		if err := c.move(ctx, t, of, l, back); err != nil {
			return part{}, false, err
		}
	}
	from, fill, ok := of.plan(*l, spread)
	if !ok || fill == nil {
		return from, ok, nil
	}
	return from, true, c.move(ctx, t, of, l, fill)
}

// move writes parts of one limit in a transaction of their own. Errors: table.Stale when somebody else moves the limit.
func (c *ClaimCounter) move(ctx context.Context, t *table.Table, of allowance, l *level, parts []part) error {
	writes := make([]table.Write, len(parts))
	for i, p := range parts {
		writes[i] = of.write(p)
	}
	err := t.TryTransact(ctx, "", writes...)
	if _, refused := table.Refused(err); refused {
		// Somebody else moves this limit: what they move is read before the next try.
		c.read = true
		return table.Stale(err, nil)
	}
	if err == nil {
		*l = of.after(*l, parts)
	}
	return err
}

// Refused takes in the refusal of a transaction whose writes of the claims begin at place first. It is the claim for
// which nothing is left; nil when it was another write that was refused, or when only a reading can say, which the next
// Plan then does.
func (c *ClaimCounter) Refused(count Count, canceled *table.Canceled, first int) *Refusal {
	for i, w := range count.Writes {
		if !canceled.Refused(first + i) {
			continue
		}
		c.read, c.spread = true, count.spread
		// Where there are slices, others than this one may have some left; and what was read may have changed since.
		shared := !strings.HasSuffix(w.(table.Update).Key.SK, sliceSuffix)
		if shared && !count.known[i] && canceled.Reasons[first+i].Item[sliced] == nil {
			return &count.refusals[i]
		}
	}
	return nil
}

// readLevels reads what is left of the limits of claims, strongly consistent. 2 round trips, 0.5 units for each shared
// item and slice at least; 1 when no limit is handed out in slices.
func (c *ClaimCounter) readLevels(ctx context.Context, t *table.Table) error {
	var shared []table.Key
	for _, claim := range c.claims {
		if claim.Budgeted {
			shared = append(shared, claim.budget.key)
		}
		if claim.Coded {
			shared = append(shared, claim.code.key)
		}
	}
	items, err := readSliced(ctx, t, true, shared)
	if err != nil {
		return err
	}
	for i := range c.claims {
		claim := &c.claims[i]
		if claim.Budgeted {
			l := levelIn(claim.budget.key, items)
			claim.budgetLevel = &l
		}
		if claim.Coded {
			l := levelIn(claim.code.key, items)
			claim.codeLevel = &l
		}
	}
	return nil
}

// readSliced reads shared items, and the slices of those that have some. The shared items are read first: an item that
// gives to a slice in between looks less used than it is, never more.
func readSliced(ctx context.Context, t *table.Table, strong bool, shared []table.Key) (map[table.Key]table.Item,
	error) {
	if len(shared) == 0 {
		return nil, nil
	}
	items, err := t.BatchGet(ctx, strong, shared...)
	if err != nil {
		return nil, err
	}
	var keys []table.Key
	for _, key := range shared {
		if items[key][sliced] != nil {
			keys = append(keys, sliceKeys(key)...)
		}
	}
	if len(keys) == 0 {
		return items, nil
	}
	of, err := t.BatchGet(ctx, strong, keys...)
	maps.Copy(items, of)
	return items, err
}
