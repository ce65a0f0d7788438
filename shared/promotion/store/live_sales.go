package store

import (
	"strconv"
	"time"

	"dangol/shared/catalog"
)

// liveSales is the sale prices at one moment, for lists that filter and sort by price.
type liveSales struct {
	of *Snapshot
	at time.Time // the moment
	// name identifies the set of live sales, see Version.
	name string
}

// LiveSales is the sale prices that are live at a moment; nil when there are none.
func (s *Snapshot) LiveSales(at time.Time) catalog.SalePrices {
	// Two moments with the same live sales in the same versions have the same prices, so lists
	// that were sorted for one serve the other. The order is fixed: s.sales is sorted by id.
	var name []byte
	for _, p := range s.sales {
		if p.Live(at) {
			name = append(append(name, p.ID...), ' ')
			name = append(strconv.AppendInt(name, int64(p.Version), 10), '\n')
		}
	}
	if name == nil {
		return nil
	}
	return liveSales{s, at, string(name)}
}

// Version implements catalog.SalePrices.
func (l liveSales) Version() string { return l.name }

// PriceRange implements catalog.SalePrices.
func (l liveSales) PriceRange(c *catalog.Summary, currency string) (catalog.PriceRange, bool) {
	r, sale, _ := l.of.SummaryRange(c, currency, l.at)
	// A sale may be on the dearest variant alone.
	return r, sale != nil || r.Max != c.Prices[currency].Max
}

// EndedSale is the sale that made a price of a variant until it ended, the last of several; nil when none did.
func (s *Snapshot) EndedSale(p *catalog.Product, list catalog.Variant, currency string, price int64,
	at time.Time) (last *Sale) {
	for _, o := range s.sales {
		// Not over yet, or over before the last one found.
		if o.Ends.IsZero() || o.Ends.After(at) || last != nil && o.Ends.Before(last.Until) {
			continue
		}
		// Just before its end: it is that sale's price only when no cheaper one ran at the time.
		if was, sale := s.DisplayPrice(p, list, currency, o.Ends.Add(-1)); sale != nil && sale.PromotionID == o.ID &&
			was.Amount == price {
			last = sale
		}
	}
	return last
}
