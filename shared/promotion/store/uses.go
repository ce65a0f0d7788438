package store

import (
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
	// Levels of the two, as they were read; nil when they are not known.
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
