package promotion

import (
	"slices"
	"strings"

	"dangol/shared/catalog"
	"dangol/shared/membership"
)

// Audience is whom a promotion is for.
type Audience string

// The audiences.
const (
	Everybody Audience = ""
	Accounts  Audience = "account" // whoever is logged in
	Members   Audience = "member"  // whoever has a membership in force; see Conditions.Plans
)

// The identifiers are stable: they are stored in orders and shown in carts.
const (
	benefitPrefix   = "membership:"
	benefitPriority = -2_000_000 // behind every promotion
)

// BenefitID is the id under which a membership's benefit appears among promotions: what is "discount" or "shipping".
func BenefitID(planID, what string) string { return benefitPrefix + planID + ":" + what }

// PlanOfBenefit is the plan whose benefit an id stands for; ok is false for the id of a promotion.
func PlanOfBenefit(id string) (planID string, ok bool) {
	planID, ok = strings.CutPrefix(id, benefitPrefix)
	if at := strings.LastIndexByte(planID, ':'); ok && at >= 0 {
		planID = planID[:at]
	}
	return planID, ok
}

// memberBenefit makes a promotion of a membership's benefit: automatic, for
// this shopper only, without an end but that of the membership. Its turn
// comes after all others, so that these do what they do for everybody.
func memberBenefit(p membership.Plan, id string, after map[string]string, kind Kind, class Class) *Promotion {
	name := catalog.Text{}
	for language, before := range benefitName {
		name[language] = before + p.Title + after[language]
	}
	return &Promotion{
		ID: BenefitID(p.ID, id), Version: 1, Name: name, Kind: kind, State: Scheduled, Class: class,
		Priority:     benefitPriority,
		CombinesWith: []Class{Product, Order, Shipping}, Targets: Targets{All: true},
		Conditions: Conditions{Audience: Members},
	}
}

var (
	benefitName     = map[string]string{"en": "Membership: ", "ko": "멤버십: "}
	benefitShipping = map[string]string{"en": ", free shipping", "ko": ", 무료 배송"}
)

// memberBenefits are the benefits of a member as promotions: each different percentage,
// of which at most one applies, and the free shipping, which goes along with everything.
func memberBenefits(m membership.Member) (off []*Promotion, shipping *Promotion) {
	for _, p := range m {
		b := p.Benefits
		same := func(o *Promotion) bool {
			return int64(o.Terms.BasisPoints) == b.PercentOffBP && o.ExcludeSaleItems == b.ExcludeSaleItems
		}
		// Two plans with the same percentage would only double the search.
		if b.PercentOffBP > 0 && !slices.ContainsFunc(off, same) {
			o := memberBenefit(p, "discount", nil, Percentage, Order)
			o.Terms.BasisPoints, o.ExcludeSaleItems = int(b.PercentOffBP), b.ExcludeSaleItems
			off = append(off, o)
		}
		if b.FreeShipping && shipping == nil {
			shipping = memberBenefit(p, "shipping", benefitShipping, FreeShipping, Shipping)
			// Behind the percentages, because shipping depends on what the goods cost after them.
			shipping.Priority--
			shipping.always = true
		}
	}
	return off, shipping
}

// invite makes candidates of a member's benefits. Their places are behind those of all promotions.
func (a *application) invite() {
	off, free := memberBenefits(a.f.Member)
	for n, p := range off {
		c := a.benefitCandidate(p, len(a.s.promotions)+n)
		c.discount = true
		if len(c.lines) > 0 {
			a.candidates = append(a.candidates, c)
		}
	}
	if free != nil && len(a.lines) > 0 {
		a.shipping = a.benefitCandidate(free, len(a.s.promotions)+len(off))
	}
}

// benefitCandidate is a candidate for all lines, or for those that are not on sale.
func (a *application) benefitCandidate(p *Promotion, place int) *candidate {
	c := &candidate{p: p, place: place}
	for n := range a.lines {
		if !p.ExcludeSaleItems || !onSale(a.lines[n]) {
			c.lines = append(c.lines, n)
		}
	}
	c.get = c.lines
	c.prepare(a)
	return c
}
