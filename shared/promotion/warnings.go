package promotion

import (
	"fmt"
	"slices"
	"time"

	"dangol/shared/money"
)

// Warning is something in a promotion that can be published and is hardly meant.
type Warning struct {
	Code         string   `json:"code" doc:"tier_gives_less, tiny_percentage, one_sided_combination or shuts_out." example:"one_sided_combination"`
	Pointer      string   `json:"pointer" doc:"JSON pointer into the promotion." example:"/combinesWith"`
	Message      string   `json:"message" doc:"For the merchant."`
	PromotionIDs []string `json:"promotionIds,omitempty" doc:"The other promotions it is about."`
}

// tiny is the percentage below which a missing zero is more likely than a discount: 1 %.
const tiny = 100

// Warnings says what cannot be meant: tiers that give less for more, percentages below 1 %, combinations that only one
// side allows, and promotions at the same time that it does not combine with, of which a shopper gets one. others are
// the published promotions; those that are over by now do not count.
func (p *Promotion) Warnings(others []Promotion, now time.Time) (warnings []Warning) {
	warnings = append(p.tinyPercentages(), p.lessForMore()...)
	var oneSided, shutOut []string
	for i := range others {
		o := &others[i]
		if o.ID == p.ID || !p.meets(o, now) {
			continue
		}
		mine := slices.Contains(p.CombinesWith, o.Class) && !p.Exclusive
		theirs := slices.Contains(o.CombinesWith, p.Class) && !o.Exclusive
		switch {
		// Both sides allow it: nothing to say.
		case mine && theirs:
		case mine != theirs:
			oneSided = append(oneSided, o.ID)
			fallthrough
		default:
			shutOut = append(shutOut, o.ID)
		}
	}
	if len(oneSided) > 0 {
		warnings = append(warnings, Warning{
			"one_sided_combination", "/combinesWith", "These combine from one side only, which counts as not at all.", oneSided,
		})
	}
	if len(shutOut) > 0 {
		warnings = append(warnings, Warning{
			"shuts_out", "/combinesWith",
			"These run at the same time and do not combine with this one: a shopper gets whichever is cheaper.", shutOut,
		})
	}
	return warnings
}

// meets reports whether two promotions can reach the same basket from now on.
// Sale prices and drops take nothing off a basket, so they never meet another.
func (p *Promotion) meets(o *Promotion, now time.Time) bool {
	apart := slices.Contains([]Kind{SalePrice, Drop}, p.Kind) || slices.Contains([]Kind{SalePrice, Drop}, o.Kind)
	over := !o.Ends.IsZero() && !o.Ends.After(now)
	return !apart && !over && o.State != Draft && overlap(p.Starts, p.Ends, o.Starts, o.Ends)
}

// tinyPercentages warns of percentages where a zero may be missing.
func (p *Promotion) tinyPercentages() (warnings []Warning) {
	check := func(basisPoints int, pointer string) {
		if basisPoints > 0 && basisPoints < tiny {
			message := fmt.Sprintf("%d basis points are %d.%02d %%.", basisPoints, basisPoints/tiny, basisPoints%tiny)
			warnings = append(warnings, Warning{Code: "tiny_percentage", Pointer: pointer, Message: message})
		}
	}
	check(p.Terms.BasisPoints, "/terms/basisPoints")
	if b := p.Terms.BuyXGetY; b != nil {
		check(b.BasisPoints, "/terms/buyXGetY/basisPoints")
	}
	for i, t := range p.Terms.Tiers {
		check(t.BasisPoints, fmt.Sprintf("/terms/tiers/%d/basisPoints", i))
	}
	return warnings
}

// lessForMore finds tiers that take less off at their threshold than the tier before would take off there.
func (p *Promotion) lessForMore() (warnings []Warning) {
	for i := 1; i < len(p.Terms.Tiers); i++ {
		if before, t := &p.Terms.Tiers[i-1], &p.Terms.Tiers[i]; t.less(before) {
			warnings = append(warnings, Warning{
				Code: "tier_gives_less", Pointer: fmt.Sprintf("/terms/tiers/%d", i),
				Message: "It takes less off than the tier before it.",
			})
		}
	}
	return warnings
}

// less reports whether the tier takes less off than the one before it.
// A percentage against an amount is compared where the tier begins.
func (t *Tier) less(before *Tier) bool {
	if t.BasisPoints > 0 && before.BasisPoints > 0 {
		return t.BasisPoints < before.BasisPoints
	}
	for currency, from := range t.From {
		if t.off(currency, from) < before.off(currency, from) {
			return true
		}
	}
	// Tiers by quantity have no amount at which they begin, so amounts are compared as such.
	if len(t.From) == 0 {
		for currency, amount := range t.Amount {
			if was, both := before.Amount[currency]; both && amount < was {
				return true
			}
		}
	}
	return false
}

// off is what the tier takes off goods of an amount.
func (t *Tier) off(currency string, goods int64) int64 {
	if t.BasisPoints > 0 {
		return money.Percent(goods, int64(t.BasisPoints))
	}
	return t.Amount[currency]
}
