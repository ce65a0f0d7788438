package promotions

import (
	"context"
	"slices"

	"dangol/shared/catalog"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// ReportInput asks how much a product, or the shop, lives on discounts.
type ReportInput struct {
	Product  string `query:"product" maxLength:"64" doc:"A product's id; the whole shop when left out."`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of revenue and orders; the shop's first when left out."`
}

// ReportOutput is the report.
type ReportOutput struct {
	Body DiscountReport
}

// DiscountReport is how much a product, or the shop, lives on discounts. Shares and depths are basis points.
type DiscountReport struct {
	promotion.Report
	Scope    string     `json:"scope" doc:"A product's id, or shop."`
	Currency string     `json:"currency"`
	AsOf     civil.Date `json:"asOf"`
	Says     string     `json:"says" doc:"What the figures say about waiting: customers wait when orders before a sale are clearly fewer than usual."`
}

// clearly is the waiting index below which customers are said to wait, and the orders that it takes to say anything.
const (
	clearly = 8_500
	enough  = 30
)

// report tells how much a product, or the shop, lives on discounts. 2 or 3 round trips.
func (f *Promotions) report(ctx context.Context, in *ReportInput) (*ReportOutput, error) {
	currency := in.Currency
	if currency == "" {
		currency = f.Shop.Currencies[0]
	}
	if !slices.Contains(f.Shop.Currencies, currency) {
		return nil, problem.InvalidField("query/currency", "unknown_currency", "one of %v", f.Shop.Currencies)
	}
	scope := store.TheShop
	if in.Product != "" {
		scope = in.Product
		// A product without sales would look like one that
		// is never discounted, so an unknown one is refused.
		if found, err := catalog.GetBatch(ctx, f.Table, []string{in.Product}); err != nil {
			return nil, err
		} else if found[in.Product] == nil {
			return nil, problem.NotFound("product_not_found", "There is no such product.")
		}
	}
	history, err := f.history(ctx)
	if err != nil {
		return nil, err
	}
	today := civil.DateAt(f.Clock.Now(), f.Zone)
	// As many days as the guard looks back.
	first := today.Add(-int(reach.Hours() / 24))
	sales, err := f.Store.Sales(ctx, scope, currency, first, today)
	if err != nil {
		return nil, err
	}
	since := first
	if len(sales) > 0 {
		since = sales[0].Day // before the first order there was no shop to wait for
	}
	r := DiscountReport{Report: f.Policy.Report(history, in.Product, sales, since, today), Scope: scope,
		Currency: currency, AsOf: today}
	r.Says = says(r.Waiting)
	return &ReportOutput{Body: r}, nil
}

// says puts the waiting index into words.
func says(w *promotion.WaitingIndex) string {
	switch {
	// A few orders say nothing about habits.
	case w == nil || w.OrdersBase < enough:
		return "too_little_to_tell"
	case w.Index < clearly:
		return "waiting"
	}
	return "not_waiting"
}

// OneReportOutput is what a promotion brought, and what the guard counts it as.
type OneReportOutput struct {
	Body PromotionReport
}

// PromotionReport is what a promotion brought, and what the guard counts it as.
type PromotionReport struct {
	Promotion *PromotionDocument `json:"promotion"`
	Counts    bool               `json:"counts" doc:"Whether the guard counts it as a discount."`
	Depth     int                `json:"depth" doc:"Its deepest price cut, basis points."`
	Products  []string           `json:"products" nullable:"false" doc:"The products it is on; empty for all, or for none that the guard counts."`
	Days      int                `json:"days" doc:"Days of the shop with a minute of it in them, until now."`
}

// reportOne is the report of one promotion. 2 or 3 round trips.
func (f *Promotions) reportOne(ctx context.Context, in *OneInput) (*OneReportOutput, error) {
	r, err := f.Store.Get(ctx, in.PromotionID)
	if err != nil {
		return nil, err
	}
	d := f.output(r).Body
	if err := f.figures(ctx, r, d); err != nil {
		return nil, err
	}
	s, counts, err := f.span(ctx, &r.Promotion)
	if err != nil {
		return nil, err
	}
	out := &OneReportOutput{Body: PromotionReport{Promotion: d, Counts: counts, Depth: s.BasisPoints,
		Products: orEmpty(s.Products)}}
	now := f.Clock.Now()
	// Days are counted from its start until now, or until its end if that is past.
	if p := &r.Promotion; p.State != promotion.Draft && !now.Before(p.Starts) {
		last := now
		if !p.Ends.IsZero() && !p.Ends.After(now) {
			// The end itself is not in it.
			last = p.Ends.Add(-1)
		}
		out.Body.Days = civil.DateAt(p.Starts, f.Zone).Days(civil.DateAt(last, f.Zone)) + 1
	}
	return out, nil
}
