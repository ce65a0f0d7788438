package promotion

import (
	"math"

	"dangol/shared/money"
	"dangol/shared/pricing"
)

// hopeless reports whether the promotion alone cannot make the basket as cheap as best: then it need not be tried.
func (t *turn) hopeless(best pricing.Totals) bool {
	if t.p.Class == Shipping || len(t.lines) == 0 {
		return false
	}
	var shipping int64
	if best.Shipping > 0 && len(t.a.shipping) == 0 {
		shipping, _ = t.a.shop.Shipping(t.a.b.Country, t.a.b.Method, t.a.b.Currency, best.Subtotal)
	}
	return best.Subtotal-t.most()+shipping > best.Total
}

// most is a bound of what the promotion alone takes off the goods.
func (t *turn) most() (most int64) {
	for _, lines := range [][]int{t.lines, t.get} {
		for _, n := range lines {
			most += t.a.lines[n].Unit * int64(t.a.lines[n].Quantity)
		}
	}
	if t.p.Kind == Percentage {
		most = money.Percent(most, int64(t.p.Terms.BasisPoints)) + int64(len(t.lines)) // each line rounds by itself
	}
	limit, limited := t.p.MaxDiscount[t.a.b.Currency]
	if !limited {
		limit = math.MaxInt64
	}
	return min(most, limit)
}
