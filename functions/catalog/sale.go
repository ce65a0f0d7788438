package catalog

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/catalogue"
	"dangol/shared/offers"
)

// ProductSale is a sale that makes the price that is shown.
type ProductSale struct {
	PromotionID string     `json:"promotionId"`
	Name        string     `json:"name" doc:"For a badge." example:"추석 세일"`
	Until       *time.Time `json:"until,omitempty" doc:"Its end, when there is one."`
}

func saleOf(s *offers.Sale, languages []string) *ProductSale {
	if s == nil {
		return nil
	}
	sale := &ProductSale{PromotionID: s.PromotionID, Name: s.Name.In(languages...)}
	if !s.Until.IsZero() {
		sale.Until = &s.Until
	}
	return sale
}

// onShelf is a product at the prices of the sales that are live.
type onShelf struct {
	product, list *catalogue.Product
	sales         []map[string]*offers.Sale // of each variant, by currency
}

// onSale puts the prices of live sales onto a product. No round trip while the promotions are fresh.
func (c *catalog) onSale(ctx context.Context, p *catalogue.Product) (onShelf, error) {
	s, err := c.offers.Current(ctx)
	if err != nil || !s.Sales() {
		return onShelf{product: p, list: p}, err
	}
	shown := onShelf{product: p.Clone(), list: p, sales: make([]map[string]*offers.Sale, len(p.Variants))}
	for i, v := range p.Variants {
		shown.sales[i] = map[string]*offers.Sale{}
		shown.product.Variants[i], _ = s.Prices(p, v, "", c.clock.Now())
		for currency := range v.Prices {
			_, shown.sales[i][currency] = s.Shelf(p, v, currency, c.clock.Now())
		}
	}
	return shown, nil
}

// mark names the sales on a page.
func (o onShelf) mark(page *ProductPage, languages []string) {
	for i := range page.Variants {
		v := &page.Variants[i]
		v.list = o.list.Variants[i]
		if o.sales != nil && v.Price != nil {
			v.Sale = saleOf(o.sales[i][v.Price.Currency], languages)
		}
	}
}

// priced is a card at the prices of the sales that are live, with what a reduced price needs beside it.
type priced struct {
	price catalogue.Range
	sale  *offers.Sale
	prior int64 // lowest price of the 30 days before the sale, 0 for none
}

// sales works out for a page of cards which are on sale, in the currency that each is shown in. The lowest price of the 30
// days before costs 1 round trip for each card on sale, made at once, when it is first shown.
func (c *catalog) sales(ctx context.Context, entries []*catalogue.Entry, currency string) ([]priced, error) {
	all := make([]priced, len(entries))
	s, err := c.offers.Current(ctx)
	if err != nil {
		return nil, err
	}
	group, within := errgroup.WithContext(ctx)
	for i, e := range entries {
		shown := pick(currency, c.shop.Currencies, e.Prices)
		all[i].price = e.Prices[shown]
		if !s.Sales() {
			continue
		}
		now := c.clock.Now()
		list := all[i].price
		low, sale := s.Card(&e.Card, catalogue.Price{Amount: list.Min, CompareAt: list.CompareAt, Floor: list.Floor}, shown, now)
		if sale == nil {
			continue
		}
		high, _ := s.Card(&e.Card, catalogue.Price{Amount: list.Max, Floor: list.Floor}, shown, now)
		all[i].price, all[i].sale = catalogue.Range{Min: low.Amount, Max: high.Amount, CompareAt: low.CompareAt}, sale
		group.Go(func() (err error) {
			all[i].prior, err = c.priorOf(within, e, shown, list, sale)
			return err
		})
	}
	return all, group.Wait()
}

// priorOf is the lowest price of the 30 days before a sale, kept as long as the card does not change.
func (c *catalog) priorOf(ctx context.Context, e *catalogue.Entry, currency string, list catalogue.Range, sale *offers.Sale) (int64, error) {
	var failure error
	raw := e.View("prior "+currency+" "+sale.PromotionID+sale.Since.Format(time.RFC3339), func() []byte {
		since := sale.Since
		rows, err := catalogue.PriceHistory(ctx, c.table, e.ID, since.Add(-reductionWindow), since)
		if err != nil {
			failure = err
			return nil
		}
		lowest := list.Min
		for _, h := range rows {
			for _, change := range h.Changes {
				for _, p := range []*catalogue.Price{change.Price, change.Previous} {
					if p != nil && change.Currency == currency && h.At.Before(since) {
						lowest = min(lowest, p.Amount)
					}
				}
			}
		}
		raw, err := json.Marshal(lowest)
		failure = err
		return raw
	})
	if failure != nil || raw == nil {
		return 0, failure
	}
	var lowest int64
	return lowest, json.Unmarshal(raw, &lowest)
}

// named is the name under which a rendered card is kept: another one for each sale.
func (p priced) named(language, currency string) string {
	if p.sale == nil {
		return language + " " + currency
	}
	return language + " " + currency + " " + p.sale.PromotionID + " " + p.sale.Until.Format(time.RFC3339)
}

// languagesOr is the reader's language, then the shop's first.
func (c *catalog) languagesOr(language string) []string {
	return slices.Compact([]string{language, c.shop.Languages[0]})
}
