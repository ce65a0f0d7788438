package store

import (
	"context"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/compliance"
	"dangol/shared/promotion"
)

// PriorPrice is what has to stand next to a struck-through price at a moment: the lowest price of the days before the
// price that is in force then (Directive 98/6/EC, article 6a; see compliance.Lowest), whoever made either: a sale
// that goes on after a deeper one shows the price of the deeper one. list is the variant at its prices outside sales. 0
// for goods that were not sold before, which have no prior price; for goods that were sold for less than 30 days it is
// the lowest of those days (article 6a, 4).
func (s *Snapshot) PriorPrice(p *catalog.Product, list catalog.Variant, currency string, at time.Time) int64 {
	price := list.Prices[currency]
	return s.priorPrice(listedVariant(p, list.ID, price), price, currency, at)
}

// PriorPriceOfSummary is Prior for the variant of a card that costs that much outside sales, see SummaryRange.
func (s *Snapshot) PriorPriceOfSummary(c *catalog.Summary, price catalog.Price, currency string, at time.Time) int64 {
	return s.priorPrice(listedSummary(c, price), price, currency, at)
}

// priorPrice is PriorPrice for a variant with its price outside sales.
func (s *Snapshot) priorPrice(g promotion.ListedVariant, price catalog.Price, currency string, at time.Time) int64 {
	// The millisecond makes the price that begins at this very moment part of the history.
	history := s.Set.History(g, price.HistoryBefore(at.Add(time.Millisecond)), currency, at)
	if len(history) == 0 {
		return price.Prior
	}
	since, onSale := compliance.InForce(history), history[len(history)-1].Amount != price.Amount
	switch {
	case !onSale && price.CompareAt == 0:
		return 0 // not reduced
	case !onSale && since.UnixMilli() <= price.Since:
		return price.Prior // worked out when the reduction was written, with sales that are forgotten since
	}
	amount, _ := compliance.Lowest(history, since, s.rules())
	return amount
}

// rules is how far back the lowest price is looked for.
func (s *Snapshot) rules() compliance.PriorPriceRules {
	rules := compliance.EURules
	rules.Days = max(rules.Days, s.PriorDays)
	return rules
}

// SetPriorPrices works out Prior for the list prices of a product that are reduced from a moment on and about to be
// written.
func (s *Snapshot) SetPriorPrices(p *catalog.Product, at time.Time) {
	for _, v := range p.Variants {
		for currency, price := range v.Prices {
			if price.Since != at.UnixMilli() {
				continue
			}
			price.Prior = 0
			if price.CompareAt > 0 {
				history := s.Set.History(listedVariant(p, v.ID, price), price.History, currency, at)
				lowest, ok := compliance.Lowest(history, at, s.rules())
				// A price that was asked and changed within the same
				// millisecond has no duration, but it was asked.
				if n := len(price.History); !ok && n > 0 {
					lowest = price.History[n-1].Amount // asked for less than a moment
				}
				price.Prior = lowest
			}
			v.Prices[currency] = price
		}
	}
}

// remember is how long after its end a promotion is kept in snapshots: so that its code is told to be over and not
// unknown, and so that the 30 days before a sale that has lasted for as long again are known.
const remember = 62 * 24 * time.Hour

// longest is how long a sale price can last for the 30 days before it to be known to the day. That of a sale that never
// ends is worked out from what is left.
const longest = 400 * 24 * time.Hour

// PublishedAround lists the published promotions that a snapshot at a moment is made of: those that are not long over
// then. 1 round trip, one more while a sale price has lasted for more than a month. Cost as Published.
func (s Store) PublishedAround(ctx context.Context, at time.Time) ([]promotion.Promotion, error) {
	since := at.Add(-remember)
	all, err := s.Published(ctx, since)
	if err != nil {
		return nil, err
	}
	// A sale that has lasted for months was preceded by prices
	// of before remember, so the window begins before the sale.
	first := since
	for _, p := range all {
		if opens := compliance.EURules.Opens(p.Starts); p.Kind == promotion.SalePrice && p.Runs(at) && opens.Before(first) {
			first = opens
		}
	}
	if first.Equal(since) {
		return all, nil
	}
	if most := at.Add(-longest); first.Before(most) {
		first = most
	}
	// Of the earlier ones only sale prices matter: codes that ended so long ago may be unknown.
	earlier, err := s.list(ctx, between(first, since))
	earlier = slices.DeleteFunc(earlier, func(p promotion.Promotion) bool { return p.Kind != promotion.SalePrice })
	return append(all, earlier...), err
}
