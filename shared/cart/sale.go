package cart

import (
	"maps"
	"slices"
	"time"

	"dangol/shared/promotion/store"
)

// nameSales adds to the problems about changed prices which
// sale began or ended, where a sale is the reason.
func (p *Priced) nameSales(at time.Time) {
	for i, problem := range p.Problems {
		line := slices.IndexFunc(p.Cart.Lines, func(l Line) bool { return l.ID == problem.LineID })
		if problem.Code != "price_changed" || line < 0 {
			continue
		}
		sale, reason, verb := p.saleBehind(p.Cart.Lines[line], at)
		if sale == nil {
			continue
		}
		// A copy: the facts may be shared with the problem as it was found.
		facts := maps.Clone(problem.Facts)
		facts["promotionId"], facts["reason"] = sale.PromotionID, reason
		p.Problems[i].Facts = facts
		p.Problems[i].Detail = sale.Name.In(p.Cart.Language, "en") + " has " + verb + " since you last saw the price."
	}
}

// saleBehind is the sale that made the price that was shown and is over, or the one that begins with the price of
// today; nil when it was the list price that moved.
func (p *Priced) saleBehind(l Line, at time.Time) (sale *store.Sale, reason, verb string) {
	g := p.Variants[l.VariantID]
	list, ok := g.Product.Variant(l.VariantID)
	if !ok {
		return nil, "", ""
	}
	if over := p.Promotions.EndedSale(g.Product, list, p.Cart.Currency, l.SeenPrice, at); over != nil {
		return over, "sale_ended", "ended"
	}
	// Only a shopper who saw exactly the list price has not
	// seen the sale; otherwise the list price itself changed.
	if g.Sale != nil && l.SeenPrice == list.Prices[p.Cart.Currency].Amount {
		return g.Sale, "sale_started", "begun"
	}
	return nil, "", ""
}
