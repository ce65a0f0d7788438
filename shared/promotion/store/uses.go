package store

import (
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
}

// Claim is a use that is about to be counted, with the limits that must hold when it is.
type Claim struct {
	Use
	// uses, room and code are the limits as conditions of the writes, not stored.
	uses int   // at most, 0 for no limit
	room int64 // what the budget may have spent before, -1 for no limit
	code int   // uses of the code, at most
}

// Refusal is why a claim cannot be counted any more.
type Refusal struct {
	PromotionID string
	Reason      promotion.Reason
}

// KeyOfBudget is the key of what a promotion with a budget has cost so far. One counter: an order is refused as a whole
// when it does not fit, and split budgets would refuse orders that do.
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
		c := Claim{Use: Use{Applied: a, Currency: currency}, room: -1}
		// What may have been spent before this order so that its amount still fits.
		if budget, ok := p.Budget.Spend[currency]; ok {
			c.room, c.Budgeted = budget-a.Amount, true
		}
		if p.Budget.Uses > 0 {
			c.uses, c.Budgeted = p.Budget.Uses, true
		}
		// An automatic promotion may have a limit per code without a code being used.
		if c.code = codeLimit(p); c.code > 0 && a.Code != "" {
			c.Coded = true
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

// CountClaims is the writes that count the claims, for the transaction that begins a checkout, and what it means when
// one of them is refused. Their conditions keep budgets and codes from being overspent by orders made at the same time.
func CountClaims(claims []Claim) (writes []table.Write, refusals []Refusal) {
	for _, c := range claims {
		if c.Budgeted {
			writes = append(writes, c.spend())
			refusals = append(refusals, Refusal{c.PromotionID, promotion.BudgetExhausted})
		}
		if c.Coded {
			writes = append(writes, table.Update{
				Key: KeyOfCode(c.PromotionID, c.Code), Do: "ADD #uses :one",
				If:   "attribute_not_exists(#uses) OR #uses < :most", // no code is used more often than it may be
				With: map[string]any{":one": 1, ":most": c.code},
			})
			refusals = append(refusals, Refusal{c.PromotionID, promotion.UsedCode})
		}
	}
	return writes, refusals
}

// spend counts a use and its cost. The conditions keep uses and spend within the budget.
func (c Claim) spend() table.Update {
	u := table.Update{Key: KeyOfBudget(c.PromotionID), With: map[string]any{":one": 1, ":amount": c.Amount}}
	u.Do = "ADD #uses :one, #" + spendPrefix + c.Currency + " :amount"
	var within []string
	if c.uses > 0 {
		within = append(within, "(attribute_not_exists(#uses) OR #uses < :most)")
		u.With[":most"] = c.uses
	}
	// A room of 0 is a limit: nothing may have been spent before.
	if c.room >= 0 {
		within = append(within, "(attribute_not_exists(#spend"+c.Currency+") OR #spend"+c.Currency+" <= :room)")
		u.With[":room"] = c.room
	}
	u.If = strings.Join(within, " AND ")
	return u
}

// Uses are the claims as an order remembers them.
func Uses(claims []Claim) []Use {
	uses := make([]Use, len(claims))
	for i, c := range claims {
		uses[i] = c.Use
	}
	return uses
}

// ReleaseUses is the writes that take uses off the counters again, for the transaction that ends a purchase. Build it
// once per purchase: it takes off each time it is applied.
func ReleaseUses(uses []Use) (writes []table.Write) {
	for _, u := range uses {
		if u.Budgeted {
			writes = append(writes, table.Update{
				Key: KeyOfBudget(u.PromotionID), Do: "ADD #uses :less, #" + spendPrefix + u.Currency + " :amount",
				If:   "#uses >= :one", // what was not counted cannot be given back
				With: map[string]any{":less": -1, ":one": 1, ":amount": -u.Amount},
			})
		}
		if u.Coded {
			writes = append(writes, table.Update{
				Key: KeyOfCode(u.PromotionID, u.Code), Do: "ADD #uses :less",
				If:   "#uses >= :one", // what was not counted cannot be given back
				With: map[string]any{":less": -1, ":one": 1},
			})
		}
	}
	return writes
}
