package promotion

import (
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/pricing"
)

// ListedVariant is a variant as sale prices are computed for it. Amounts are in the currency asked for.
type ListedVariant struct {
	VariantID, ProductID string
	Categories, Tags     []string
	List                 int64 // price outside sales
	CompareAt            int64 // struck-through price outside sales, 0 for none
	Floor                int64 // no sale goes below it
}

// DisplayPrice is the price that is shown. CompareAt is struck through, 0 for none.
type DisplayPrice struct {
	Amount, CompareAt int64     // minor units
	PromotionID       string    // the sale that makes the price, empty for the list price
	Until             time.Time // its end; zero when there is none
}

// DisplayPrice is the price shown for a variant at a moment: that of the cheapest live sale price, and of equally cheap
// ones of that with the higher priority, then the smaller id. When it ends, the next cheapest follows by itself, at
// last the list price.
//
// CompareAt is the list price. For the lowest price of the days before, which the law wants beside it, see History.
func (s *Set) DisplayPrice(g ListedVariant, currency string, at time.Time) DisplayPrice {
	best := DisplayPrice{Amount: g.List, CompareAt: g.CompareAt}
	// Behind all promotions: the list price gives way to any sale that is cheaper.
	offer := len(s.promotions)
	line := pricing.Line{VariantID: g.VariantID, ProductID: g.ProductID, Categories: g.Categories, Tags: g.Tags}
	try := func(i int) {
		p := s.promotions[i]
		// With ExcludeSaleItems a variant that has a struck-through price already keeps it.
		if p.Kind != SalePrice || !p.Live(at) || p.ExcludeSaleItems && g.CompareAt > g.List {
			return
		}
		amount, ok := p.makesSalePrice(g, currency)
		// Equal to the list price is no sale, so it gets no name and no struck-through price.
		if ok && (amount < best.Amount || amount == best.Amount && i < offer && amount < g.List) {
			best, offer = DisplayPrice{amount, max(g.List, g.CompareAt), p.ID, p.Ends}, i
		}
	}
	s.each(&line, try)
	// each leaves out promotions of everything; they are in all.
	for _, i := range s.all {
		try(i)
	}
	return best
}

// History is the prices that were shown for a variant until a moment, in order, each with its
// start: of past, the prices outside sales, and of every sale price that changed them. A sale
// that is paused made no price meanwhile, and one that goes on after a pause is a reduction of
// that moment, with the price before the pause in its past (Directive 98/6/EC, article 6a).
func (s *Set) History(g ListedVariant, past []catalog.PricePoint, currency string,
	until time.Time) (shown []compliance.PriceChange) {
	if len(past) == 0 {
		return nil
	}
	sales := s.sales(g)
	begins := time.UnixMilli(past[0].Since)
	var times []time.Time
	// Before the first price that is known nothing can be
	// shown; the price of a later change is not yet asked.
	add := func(t time.Time) {
		if !t.IsZero() && !t.Before(begins) && !t.After(until) {
			times = append(times, t)
		}
	}
	// The price can only change where a price outside sales or a sale begins or ends.
	for _, step := range past {
		add(time.UnixMilli(step.Since))
	}
	for _, p := range sales {
		add(p.Starts)
		add(p.Ends)
		for _, pause := range p.Pauses {
			add(pause.From)
			add(pause.Until)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, t := range times {
		amount := g.shownAt(t, past, sales, currency)
		// Only changes are kept: equal prices in a row are one.
		if len(shown) == 0 || shown[len(shown)-1].Amount != amount {
			shown = append(shown, compliance.PriceChange{At: t, Amount: amount})
		}
	}
	return shown
}

// sales are the sale prices of a good that are or were published.
func (s *Set) sales(g ListedVariant) (sales []*Promotion) {
	line := pricing.Line{VariantID: g.VariantID, ProductID: g.ProductID, Categories: g.Categories, Tags: g.Tags}
	add := func(i int) {
		if p := s.promotions[i]; p.Kind == SalePrice && p.State != Draft && !slices.Contains(sales, p) {
			sales = append(sales, p)
		}
	}
	s.each(&line, add)
	for _, i := range s.all {
		add(i)
	}
	return sales
}

// shownAt is the price of a variant at a moment, when sales ran from their start to their end, but for their pauses.
func (g ListedVariant) shownAt(t time.Time, past []catalog.PricePoint, sales []*Promotion, currency string) int64 {
	for _, step := range past {
		// past is in order, so the last one that has begun is in force.
		if !time.UnixMilli(step.Since).After(t) {
			g.List, g.CompareAt = step.Amount, step.CompareAt
		}
	}
	low := g.List
	for _, p := range sales {
		if !p.ran(t) || p.ExcludeSaleItems && g.CompareAt > g.List {
			continue
		}
		if onSale, sold := p.makesSalePrice(g, currency); sold {
			low = min(low, onSale)
		}
	}
	return low
}

// makesSalePrice is the price that the sale makes of a variant, never below the floor; ok is false
// where it has no amount in the currency. Terms.BasisPoints is 0 for a sale with fixed amounts.
func (p *Promotion) makesSalePrice(g ListedVariant, currency string) (amount int64, ok bool) {
	if p.Terms.BasisPoints > 0 {
		amount = g.List - money.Percent(g.List, int64(p.Terms.BasisPoints))
	} else if amount, ok = p.Terms.Amount[currency]; !ok {
		return 0, false
	}
	// A floor above the list price would raise the price; the list price is the limit then.
	return max(amount, min(g.Floor, g.List)), true
}
