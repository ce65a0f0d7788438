package promotion

import (
	"time"

	"dangol/shared/money"
	"dangol/shared/pricing"
)

// Good is a variant as the shelf needs it. Amounts are in the currency asked for.
type Good struct {
	VariantID, ProductID string
	Categories, Tags     []string
	List                 int64 // price outside sales
	CompareAt            int64 // struck-through price outside sales, 0 for none
	Floor                int64 // no sale goes below it
}

// ShelfPrice is the price that is shown. CompareAt is struck through, 0 for none.
type ShelfPrice struct {
	Amount, CompareAt int64
	PromotionID       string    // the sale that makes the price, empty for the list price
	Until             time.Time // its end; zero when there is none
}

// Shelf is the price shown for a good at a moment: that of the cheapest live shelf sale, and of equally cheap ones of that
// with the higher priority, then the smaller id. When it ends, the next cheapest follows by itself, at last the list price.
//
// CompareAt is the list price. Where the law wants the lowest price of the 30 days before instead, package compliance has
// the rule.
func (s *Set) Shelf(g Good, currency string, at time.Time) ShelfPrice {
	best := ShelfPrice{Amount: g.List, CompareAt: g.CompareAt}
	turn := len(s.promotions)
	line := pricing.Line{VariantID: g.VariantID, ProductID: g.ProductID, Categories: g.Categories, Tags: g.Tags}
	try := func(i int) {
		p := s.promotions[i]
		if p.Kind != Shelf || !p.Live(at) || p.SkipSaleGoods && g.CompareAt > g.List {
			return
		}
		amount, ok := p.onShelf(g, currency)
		if ok && (amount < best.Amount || amount == best.Amount && i < turn && amount < g.List) {
			best, turn = ShelfPrice{amount, max(g.List, g.CompareAt), p.ID, p.Ends}, i
		}
	}
	s.each(&line, try)
	for _, i := range s.all {
		try(i)
	}
	return best
}

func (p *Promotion) onShelf(g Good, currency string) (amount int64, ok bool) {
	if p.Terms.BasisPoints > 0 {
		amount = g.List - money.Percent(g.List, int64(p.Terms.BasisPoints))
	} else if amount, ok = p.Terms.Amount[currency]; !ok {
		return 0, false
	}
	return max(amount, min(g.Floor, g.List)), true
}
