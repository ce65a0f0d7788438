package promotion

import (
	"time"

	"dangol/shared/catalog"
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
// CompareAt is the list price. For the lowest price of the 30 days before, which the law wants beside it, see Lowest.
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

// Lowest is the lowest price that was shown for a good from one moment until before another: of past, which is what was
// asked outside sales before until, and of every shelf sale that made something else of it. The last of past counts however
// short it was asked. A sale that is paused counts as if it had run on: when it was paused is not known, and a lowest price
// that is too low misleads nobody. ok is false when there is no past.
func (s *Set) Lowest(g Good, past []catalog.Step, currency string, from, until time.Time) (amount int64, ok bool) {
	line := pricing.Line{VariantID: g.VariantID, ProductID: g.ProductID, Categories: g.Categories, Tags: g.Tags}
	for n, step := range past {
		begins, ends := later(time.UnixMilli(step.Since), from), until
		if n+1 < len(past) {
			if ends = time.UnixMilli(past[n+1].Since); !ends.After(begins) {
				continue
			}
		}
		g.List, g.CompareAt = step.Amount, step.CompareAt
		low := step.Amount
		try := func(i int) {
			p := s.promotions[i]
			if p.Kind != Shelf || p.State == Draft || !overlap(begins, ends, p.Starts, p.Ends) || p.SkipSaleGoods && g.CompareAt > g.List {
				return
			}
			if onSale, sold := p.onShelf(g, currency); sold {
				low = min(low, onSale)
			}
		}
		s.each(&line, try)
		for _, i := range s.all {
			try(i)
		}
		if !ok || low < amount {
			amount, ok = low, true
		}
	}
	return amount, ok
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *Promotion) onShelf(g Good, currency string) (amount int64, ok bool) {
	if p.Terms.BasisPoints > 0 {
		amount = g.List - money.Percent(g.List, int64(p.Terms.BasisPoints))
	} else if amount, ok = p.Terms.Amount[currency]; !ok {
		return 0, false
	}
	return max(amount, min(g.Floor, g.List)), true
}
