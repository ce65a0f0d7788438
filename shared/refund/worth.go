package refund

import "dangol/shared/money"

// Terms say what happens to gifts and discounts that the kept goods no longer earn.
type Terms struct {
	// ChargeGifts charges a gift that is kept although the kept goods no longer meet the condition of its promotion.
	ChargeGifts bool `json:"chargeGifts,omitempty"`
	// ChargePromotions charges the discount on kept units of a promotion whose condition the kept goods no longer meet.
	// Without it kept units keep the price that was paid for them.
	ChargePromotions bool `json:"chargePromotions,omitempty"`
}

// worth is what returned units are worth together, and what it is made of.
type worth struct {
	units      int64
	shipping   int64
	gifts      map[string]int64 // charged by gift line
	promotions map[string]int64 // charged by promotion
}

// total is the worth less all charges.
func (w worth) total() int64 {
	sum := w.units + w.shipping
	for _, c := range w.gifts {
		sum -= c
	}
	for _, c := range w.promotions {
		sum -= c
	}
	return sum
}

// worthOf computes the worth of a set of returned units with that much of the shipping. Whether a promotion's condition
// is still met is measured on the catalog price of all kept goods that are not gifts, which is never less than what the
// promotion measured: in doubt the customer keeps the discount.
func (s Sale) worthOf(gone map[UnitRef]bool, shipping int64, t Terms) worth {
	w := worth{shipping: shipping}
	// keptAny is true for gifts as well: keeping only a gift is keeping something.
	keptValue, keptUnits, keptAny := int64(0), 0, false
	for _, l := range s.Lines {
		for n, u := range l.Units {
			switch {
			case gone[UnitRef{l.ID, n}]:
				w.units += u.Cost
			case l.Gift == "":
				keptValue += l.List
				keptUnits++
				keptAny = true
			default:
				keptAny = true
			}
		}
	}
	// Everything came back, or nothing has: no charge.
	if !keptAny || len(gone) == 0 {
		return w
	}
	lost := map[string]bool{}
	for _, p := range s.Promotions {
		// With no paid unit kept every condition is lost, also one that asks for nothing.
		if keptValue < p.MinAmount || keptUnits < p.MinUnits || keptUnits == 0 {
			lost[p.ID] = true
		}
	}
	if t.ChargeGifts {
		w.gifts = s.giftsKept(gone, lost)
	}
	// Off by default: whether a shop may charge discounts back depends on the law of the buyer's
	// country.
	if t.ChargePromotions {
		w.promotions = s.discountsKept(gone, lost)
	}
	return w
}

// giftsKept is what kept gifts of lost promotions are charged, by line.
func (s Sale) giftsKept(gone map[UnitRef]bool, lost map[string]bool) map[string]int64 {
	charged := map[string]int64{}
	for _, l := range s.Lines {
		if l.Gift == "" || !lost[l.Gift] {
			continue
		}
		// A gift without a known value is never charged.
		if kept := len(unitsLeft(l, gone)); kept > 0 && l.Value > 0 {
			charged[l.ID] = l.Value * int64(kept)
		}
	}
	return charged
}

// discountsKept is what the kept units are charged of the discounts of lost promotions, by promotion. A promotion's
// amount is spread over all units of the sale in proportion to their discounts, by largest remainder, so that no unit
// is charged more than its discount and the shares of all units add up to the amount.
func (s Sale) discountsKept(gone map[UnitRef]bool, lost map[string]bool) map[string]int64 {
	var refs []UnitRef
	var weights []int64
	whole := int64(0)
	for _, l := range s.Lines {
		for n, u := range l.Units {
			refs, weights = append(refs, UnitRef{l.ID, n}), append(weights, u.Discount)
			whole += u.Discount
		}
	}
	charged := map[string]int64{}
	if whole == 0 {
		return charged
	}
	for _, p := range s.Promotions {
		if !lost[p.ID] || p.Amount <= 0 {
			continue
		}
		// Promotions on shipping or beyond the goods' discounts are cut to what the units carry.
		for i, share := range money.Allocate(min(p.Amount, whole), weights) {
			if !gone[refs[i]] {
				charged[p.ID] += share
			}
		}
	}
	return charged
}
