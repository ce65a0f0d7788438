package products

import (
	"context"
	"slices"
	"strconv"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/promotion/store"
)

// ProductSale is a sale that makes the price that is shown.
type ProductSale struct {
	PromotionID string     `json:"promotionId"`
	Name        string     `json:"name" doc:"For a badge." example:"추석 세일"`
	Until       *time.Time `json:"until,omitempty" doc:"Its end, when there is one."`
}

// saleOf shows a sale in the reader's languages; nil for the list price.
func saleOf(s *store.Sale, languages []string) *ProductSale {
	if s == nil {
		return nil
	}
	sale := &ProductSale{PromotionID: s.PromotionID, Name: s.Name.In(languages...)}
	if !s.Until.IsZero() {
		sale.Until = &s.Until
	}
	return sale
}

// currentSales is a product at the prices of the sales that are live.
// list is the product at its prices outside sales: the
// lowest price of the last days is worked out from those.
type currentSales struct {
	product, list *catalog.Product // product is at the prices shown, list at those outside sales
	offers        *store.Snapshot
	sales         []map[string]*store.Sale // of each variant, by currency
	at            time.Time                // the moment they are live at
}

// currentSales puts the prices of live sales onto a product. No round trip while the promotions are fresh.
func (c *Products) currentSales(ctx context.Context, p *catalog.Product) (currentSales, error) {
	s, err := c.promotions.Current(ctx)
	shown := currentSales{product: p, list: p, offers: s, sales: make([]map[string]*store.Sale, len(p.Variants)),
		at: c.clock.Now()}
	// Without sales the product is shown as it is and need not be copied.
	if err != nil || !s.Sales() {
		return shown, err
	}
	shown.product = p.Clone()
	for i, v := range p.Variants {
		shown.sales[i] = map[string]*store.Sale{}
		// Prices in all currencies; the sale of each is looked
		// up below, because Prices names that of one only.
		shown.product.Variants[i], _ = s.Prices(p, v, "", c.clock.Now())
		for currency := range v.Prices {
			_, shown.sales[i][currency] = s.DisplayPrice(p, v, currency, c.clock.Now())
		}
	}
	return shown, nil
}

// annotate adds to a page the sales that make its prices, and the lowest price of
// the days before where a price is struck through (Directive 98/6/EC, 6a).
func (o currentSales) annotate(page *ProductPage, languages []string) {
	for i := range page.Variants {
		v := &page.Variants[i]
		// Not sold in the currency.
		if v.Price == nil {
			continue
		}
		currency := v.Price.Currency
		// Reading a nil map is fine: without sales there are none to name.
		sale := o.sales[i][currency]
		v.Sale = saleOf(sale, languages)
		if v.CompareAt == nil {
			continue
		}
		if prior := o.offers.PriorPrice(o.list, o.list.Variants[i], currency, o.at); prior > 0 {
			v.LowestPrice30 = view(prior, currency)
		}
	}
}

// priced is a card at the prices of the sales that are live, with what a reduced price needs beside it.
type priced struct {
	price catalog.PriceRange
	sale  *store.Sale
	prior int64 // lowest price of the 30 days before the reduction, 0 for none
}

// sales works out for a page of cards which are on sale, in the currency that each is shown in.
func (c *Products) sales(s *store.Snapshot, entries []*catalog.Entry, currency string) []priced {
	all, now := make([]priced, len(entries)), c.clock.Now()
	for i, e := range entries {
		shown := pick(currency, c.shop.Currencies, e.Prices)
		all[i].price = e.Prices[shown]
		of := all[i].price.Cheapest()
		if s.Sales() {
			all[i].price, all[i].sale, of = s.SummaryRange(&e.Summary, shown, now)
		}
		// Only a reduced price needs the lowest one beside
		// it, and working it out looks through the history.
		if all[i].price.CompareAt > 0 {
			all[i].prior = s.PriorPriceOfSummary(&e.Summary, of, shown, now)
		}
	}
	return all
}

// named is the name under which a rendered card is kept, in the reader's languages. It changes with all that the card
// shows of a sale: its name, which can be changed while it is on, and each amount, because another sale may make the
// price of the dearest variant.
func (p priced) named(currency string, languages []string) string {
	name := languages[0] + " " + currency
	for _, amount := range []int64{p.prior, p.price.Min, p.price.Max, p.price.CompareAt} {
		name += " " + strconv.FormatInt(amount, 10)
	}
	if p.sale == nil {
		return name
	}
	return name + " " + p.sale.PromotionID + " " + p.sale.Until.Format(time.RFC3339) + " " +
		strconv.Quote(p.sale.Name.In(languages...))
}

// languagesOr is the reader's language, then the shop's first.
func (c *Products) languagesOr(language string) []string {
	return slices.Compact([]string{language, c.shop.Languages[0]})
}
