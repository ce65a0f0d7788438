package store

import (
	"context"
	"maps"
	"slices"
	"strings"

	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Use is one use of a promotion by an order: what was counted, so that it can be given back when the order comes to
// nothing.
type Use struct {
	promotion.Applied
	Currency string `json:"currency"`
	Budgeted bool   `json:"budgeted,omitempty"` // the budget's counters have it
	Coded    bool   `json:"coded,omitempty"`    // the code's counter has it
	// The slices that counted it, 1 and up; 0 for the item that all orders share. See allowance.
	BudgetSlice int `json:"budgetSlice,omitempty"`
	CodeSlice   int `json:"codeSlice,omitempty"`
}

// Claim is a use that is about to be counted, with the limits that must hold when it is.
type Claim struct {
	Use
	budget, code allowance
	// Levels of the two, as ReadLevels found them; nil when they are not known.
	budgetLevel, codeLevel *level
}

// Refusal is why a claim cannot be counted any more.
type Refusal struct {
	PromotionID string
	Reason      promotion.Reason
}

// KeyOfBudget is the key of what a promotion with a budget has cost so far, and of what its slices have. An order is
// refused as a whole when it does not fit, and never because what is left is in pieces: see allowance.
func KeyOfBudget(promotionID string) table.Key {
	return table.Key{PK: "PROMOTION#" + promotionID, SK: "BUDGET"}
}

// KeyOfCode is the key of the uses of one code that is limited.
func KeyOfCode(promotionID, folded string) table.Key {
	return table.Key{PK: "CODE#" + promotionID + "#" + folded, SK: "CODE"}
}

// spendPrefix begins the attributes of spend, one for each currency.
const spendPrefix = "spend"

// Claims are the uses that an order in a currency makes.
func (s *Snapshot) Claims(applied []promotion.Applied, currency string) []Claim {
	claims := make([]Claim, 0, len(applied))
	for _, a := range applied {
		p := s.byID[a.PromotionID]
		// The promotion left the snapshot since the price was shown;
		// a member's benefit is never in it, and has no limits.
		if p == nil {
			continue
		}
		c := Claim{Use: Use{Applied: a, Currency: currency}}
		c.budget = allowance{
			key: KeyOfBudget(a.PromotionID), need: amounts{"uses": 1, spendPrefix + currency: a.Amount}, limit: amounts{},
		}
		if budget, ok := p.Budget.Spend[currency]; ok {
			c.budget.limit[spendPrefix+currency], c.Budgeted = budget, true
		}
		if p.Budget.Uses > 0 {
			c.budget.limit["uses"], c.Budgeted = int64(p.Budget.Uses), true
		}
		// An automatic promotion may have a limit per code without a code being used.
		if limit := codeLimit(p); limit > 0 && a.Code != "" {
			c.Coded = true
			c.code = allowance{
				key: KeyOfCode(a.PromotionID, a.Code), need: amounts{"uses": 1}, limit: amounts{"uses": int64(limit)},
			}
		}
		claims = append(claims, c)
	}
	return claims
}

// codeLimit is how often one code of the promotion can be used, 0 for no limit.
func codeLimit(p *promotion.Promotion) int {
	if p.Codes.Batch != nil {
		return max(p.LimitPerCode, 1)
	}
	return p.LimitPerCode
}

// Count is the writes that count the claims of an order, for the transaction that begins a checkout. Their conditions
// keep budgets and codes from being overspent by orders made at the same time.
type Count struct {
	Writes []table.Write
	// Uses are the claims as the order remembers them.
	Uses     []Use
	refusals []Refusal // of the writes, in their order
	known    []bool    // whether the level was known when the write was planned
}

// CountClaims plans the writes. spread chooses among the slices of large limits: a random number for each order. The
// refusal is not nil when a level that is known leaves nothing for a claim.
func CountClaims(claims []Claim, spread int) (count Count, refused *Refusal) {
	for _, c := range claims {
		use := c.Use
		for _, one := range []struct {
			counted bool
			of      allowance
			level   *level
			slice   *int
			reason  promotion.Reason
		}{
			{c.Budgeted, c.budget, c.budgetLevel, &use.BudgetSlice, promotion.BudgetExhausted},
			{c.Coded, c.code, c.codeLevel, &use.CodeSlice, promotion.UsedCode},
		} {
			if !one.counted {
				continue
			}
			refusal := Refusal{c.PromotionID, one.reason}
			parts, ok := one.of.guess(spread), true
			if one.level != nil {
				parts, ok = one.of.plan(*one.level, spread)
			}
			if !ok {
				return Count{}, &refusal
			}
			count.add(one.of, parts, refusal, one.level != nil)
			// The last part is that of the order; a part before it gives to a slice, or gives some of it.
			*one.slice = parts[len(parts)-1].slice
		}
		count.Uses = append(count.Uses, use)
	}
	return count, nil
}

// add adds the writes of one claim.
func (c *Count) add(of allowance, parts []part, refusal Refusal, known bool) {
	for _, p := range parts {
		c.Writes = append(c.Writes, of.write(p))
		c.refusals = append(c.refusals, refusal)
		c.known = append(c.known, known)
	}
}

// Refused is the claim for which nothing is left, as the refusal of a transaction says whose writes of the claims begin
// at place first; nil when it is another write that was refused, or when only the levels can say (ReadLevels).
func (c Count) Refused(canceled *table.Canceled, first int) *Refusal {
	for i, w := range c.Writes {
		// Where there are slices, others than this one may have some left; and what was read may have changed since.
		shared := !strings.HasSuffix(w.(table.Update).Key.SK, sliceSuffix)
		if canceled.Refused(first+i) && shared && !c.known[i] && canceled.Reasons[first+i].Item[sliced] == nil {
			return &c.refusals[i]
		}
	}
	return nil
}

// ReadLevels reads what is left of the limits of claims, strongly consistent. 2 round trips, 0.5 units for each shared
// item and slice at least; 1 when no limit is handed out in slices.
func ReadLevels(ctx context.Context, t *table.Table, claims []Claim) ([]Claim, error) {
	var shared []table.Key
	for _, c := range claims {
		if c.Budgeted {
			shared = append(shared, c.budget.key)
		}
		if c.Coded {
			shared = append(shared, c.code.key)
		}
	}
	items, err := readSliced(ctx, t, true, shared)
	if err != nil {
		return nil, err
	}
	read := make([]Claim, len(claims))
	for i, c := range claims {
		if c.Budgeted {
			l := levelIn(c.budget.key, items)
			c.budgetLevel = &l
		}
		if c.Coded {
			l := levelIn(c.code.key, items)
			c.codeLevel = &l
		}
		read[i] = c
	}
	return read, nil
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

// ReleaseUses is the writes that take uses off the counters again, for the transaction that ends a purchase. Build it
// once per purchase: it takes off each time it is applied.
func ReleaseUses(uses []Use) (writes []table.Write) {
	for _, u := range uses {
		if u.Budgeted {
			writes = append(writes, giveBack(KeyOfBudget(u.PromotionID), u.BudgetSlice,
				amounts{"uses": 1, spendPrefix + u.Currency: u.Amount}))
		}
		if u.Coded {
			writes = append(writes, giveBack(KeyOfCode(u.PromotionID, u.Code), u.CodeSlice, amounts{"uses": 1}))
		}
	}
	return writes
}

// giveBack takes amounts off the shared item, or puts them into the slice that gave them.
func giveBack(shared table.Key, slice int, back amounts) table.Update {
	u := table.Update{Key: shared, With: map[string]any{}}
	sign := int64(-1)
	if slice > 0 {
		// No condition: the item is there, because it has given, and a slice may have any amount.
		u.Key, sign = sliceKey(shared, slice), 1
	} else {
		u.If = "#uses >= :one" // what was not counted cannot be given back
		u.With[":one"] = 1
	}
	var adds []string
	for _, name := range slices.Sorted(maps.Keys(back)) {
		adds = append(adds, "#"+name+" :"+name)
		u.With[":"+name] = sign * back[name]
	}
	u.Do = "ADD " + strings.Join(adds, ", ")
	return u
}
