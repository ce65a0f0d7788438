package catalog

import (
	"slices"
	"time"

	"dangol/shared/stock"
)

// NotOpenYet is the availability of a limited edition before its sale opens.
const NotOpenYet stock.Availability = "not_open_yet"

// Availabilities lists the values in the order in which filters show them.
var Availabilities = []stock.Availability{stock.InStock, stock.Low, NotOpenYet, stock.SoldOut}

// StockSummary is what lists know of a product's stock: enough to say at any time whether it can be bought, also when a
// limited edition opens meanwhile.
type StockSummary struct {
	// Always is the best of the variants that are no limited edition.
	Always stock.Availability `json:"always"`
	// Editions are the limited ones by their opening, none where Always is in stock: nothing is better than that.
	Editions []EditionStock `json:"editions,omitempty"`
}

// EditionStock is the best of the limited editions that open at one time.
type EditionStock struct {
	OpensAt      time.Time          `json:"opensAt"`
	Availability stock.Availability `json:"availability"`
}

// SummarizeStock sums up the stock of a product; items are its variants with their units. A variant that is not among
// them has none.
func SummarizeStock(p *Product, items map[string]SellableVariant) StockSummary {
	s := StockSummary{Always: stock.SoldOut}
	for _, v := range p.Variants {
		left := stock.AvailabilityOf(items[v.ID].Available)
		if v.Edition == nil {
			s.Always = better(s.Always, left)
			continue
		}
		at := slices.IndexFunc(s.Editions, func(e EditionStock) bool { return e.OpensAt.Equal(v.Edition.OpensAt) })
		if at < 0 {
			s.Editions = append(s.Editions, EditionStock{v.Edition.OpensAt, left})
			continue
		}
		s.Editions[at].Availability = better(s.Editions[at].Availability, left)
	}
	slices.SortFunc(s.Editions, func(a, b EditionStock) int { return a.OpensAt.Compare(b.OpensAt) })
	if s.Always == stock.InStock {
		s.Editions = nil
	}
	return s
}

// At is the best of the variants at a time. Where all that can be bought is sold out and an edition is still to come,
// it is not open yet, and opensAt is when the first one opens.
func (s StockSummary) At(now time.Time) (a stock.Availability, opensAt *time.Time) {
	a = s.Always
	for i, e := range s.Editions {
		switch {
		case !now.Before(e.OpensAt):
			a = better(a, e.Availability)
		case opensAt == nil:
			opensAt = &s.Editions[i].OpensAt
		}
	}
	if a != stock.SoldOut {
		return a, nil
	}
	if opensAt != nil {
		return NotOpenYet, opensAt
	}
	return a, nil
}

// same reports whether both say the same.
func (s StockSummary) same(o StockSummary) bool {
	return s.Always == o.Always && slices.EqualFunc(s.Editions, o.Editions, func(a, b EditionStock) bool {
		return a.OpensAt.Equal(b.OpensAt) && a.Availability == b.Availability
	})
}

// better is the one that lets more be bought.
func better(a, b stock.Availability) stock.Availability {
	rank := map[stock.Availability]int{stock.SoldOut: 0, stock.Low: 1, stock.InStock: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}
