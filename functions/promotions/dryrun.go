package promotions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/membership"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// DryRunInput names a promotion and how far to look back.
type DryRunInput struct {
	OneInput
	Days int `query:"days" minimum:"1" maximum:"90" default:"30" doc:"How many days back."`
}

// DryRunOutput is what it would have cost.
type DryRunOutput struct {
	Body DryRunResult
}

// DryRunResult is what a promotion would have cost on orders that were made.
type DryRunResult struct {
	Days      int             `json:"days"`
	Orders    int             `json:"orders" doc:"Orders looked at."`
	Truncated bool            `json:"truncated" doc:"Whether there were more than are looked at."`
	Results   []DryRunFigures `json:"results" nullable:"false" doc:"By currency."`
}

// DryRunFigures is what it would have cost in one currency.
type DryRunFigures struct {
	Currency string `json:"currency"`
	Orders   int    `json:"orders" doc:"Orders that would have had it."`
	Revenue  int64  `json:"revenue" doc:"What all orders cost their shoppers, minor units."`
	Cost     int64  `json:"cost" doc:"By how much less they would have cost, minor units."`
	Gifts    int    `json:"gifts" doc:"Units it would have given."`
}

// looked is how many orders a dry run looks at: it must
// answer before API Gateway gives up, after 30 seconds.
const looked = 2_000

// dryRun prices the orders of the last days again, without and with the
// promotion. Round trips are those of ordersSince and productsOf, and 2.
func (f *Promotions) dryRun(ctx context.Context, in *DryRunInput) (*DryRunOutput, error) {
	r, err := f.Store.Get(ctx, in.PromotionID)
	if err != nil {
		return nil, err
	}
	since := f.Clock.Now().AddDate(0, 0, -in.Days)
	orders, truncated, err := f.ordersSince(ctx, since)
	if err != nil {
		return nil, err
	}
	// Promotions that ended before the first order can have no part in any price.
	published, err := f.Store.Published(ctx, since)
	if err != nil {
		return nil, err
	}
	// What a subscription sends, and what is sent in exchange, no promotion prices.
	orders = slices.DeleteFunc(orders, func(o *order.Order) bool { return !o.Bought() })
	products, err := f.productsOf(ctx, orders)
	if err != nil {
		return nil, err
	}
	// As if it had been live for all of the time, and a year
	// before, so that no price history of its own begins in it.
	always := r.Promotion
	always.State, always.Starts, always.Ends = promotion.Scheduled, since.AddDate(-1, 0, 0), time.Time{}
	// Without the promotion itself, in case it was live
	// already: the comparison is with and without it.
	before := store.NewSnapshot(slices.DeleteFunc(published,
		func(p promotion.Promotion) bool { return p.ID == always.ID }), nil)
	after := before.With(always)
	by := map[string]*DryRunFigures{}
	for _, o := range orders {
		if by[o.Totals.Currency] == nil {
			by[o.Totals.Currency] = &DryRunFigures{Currency: o.Totals.Currency}
		}
		f.reprice(o, products, before, after, always.ID, by[o.Totals.Currency])
	}
	out := &DryRunOutput{Body: DryRunResult{Days: in.Days, Orders: len(orders), Truncated: truncated,
		Results: []DryRunFigures{}}}
	for _, figures := range by {
		out.Body.Results = append(out.Body.Results, *figures)
	}
	slices.SortFunc(out.Body.Results, func(a, b DryRunFigures) int { return cmp.Compare(a.Currency, b.Currency) })
	return out, nil
}

// reprice prices an order as it would have been without and with the promotion. Codes that were used are those of the
// time.
func (f *Promotions) reprice(
	o *order.Order, products map[string]*catalog.Product, before, after *store.Snapshot, promotionID string,
	into *DryRunFigures,
) {
	without := pricing.Basket{Currency: o.Totals.Currency, CustomerID: o.CustomerID, Method: o.Shipping, At: o.PlacedAt}
	if o.Address != nil {
		without.Country = o.Address.Country
	}
	// Codes that took something off; those that did nothing are not in the order.
	for _, a := range o.Totals.Adjustments {
		if a.Code != "" {
			without.Codes = append(without.Codes, a.Code)
		}
	}
	// The code of the promotion itself: a shopper would have
	// entered it. Codes of a batch cannot be assumed.
	if p := after.Promotion(promotionID); !p.Codes.Automatic() && p.Codes.Single != "" {
		without.Codes = append(without.Codes, p.Codes.Single)
	}
	with := without
	for _, l := range o.Lines {
		// Gifts come out of the comparison itself.
		if l.Gift == "" {
			line := lineOf(l, o, products[l.ProductID], promotionID)
			without.Lines = append(without.Lines, line)
			with.Lines = append(with.Lines, onSale(line, l, o, products[l.ProductID], after))
		}
	}
	// The membership that the customer had then, as the order keeps it.
	facts := promotion.Facts{Member: membership.Member(o.Member), First: o.First}
	was, would := before.Set.Apply(without, f.Shop, facts), after.Set.Apply(with, f.Shop, facts)
	into.Revenue += o.Totals.Total
	into.Cost += was.Totals.Total - would.Totals.Total
	for _, a := range would.Applied {
		if a.PromotionID == promotionID {
			into.Orders++
			into.Gifts += a.Gifts
		}
	}
	// A sale price is in the unit price and not among the promotions that apply.
	if after.Promotion(promotionID).Kind == promotion.SalePrice && was.Totals.Total != would.Totals.Total {
		into.Orders++
	}
}

// lineOf is an order's line at what it cost in the catalog; what the promotion itself had taken off there is put back.
func lineOf(l order.Line, o *order.Order, p *catalog.Product, promotionID string) pricing.Line {
	line := pricing.Line{
		ID: l.ID, VariantID: l.VariantID, ProductID: l.ProductID, Quantity: l.Quantity, Unit: o.LineTotal(l.ID).Unit,
		Taxable: true, RequiresShipping: true,
	}
	switch l.Sale {
	case "":
	case promotionID:
		// The promotion's own sale is taken out; another's is kept as a reduced price.
		line.Unit = o.ListPrice(l)
	default:
		line.CompareAt = o.ListPrice(l)
	}
	// The product is gone: it can be priced, but no category or tag finds it.
	if p == nil {
		return line
	}
	line.Categories, line.Tags = p.Categories, p.Tags
	if v, ok := p.Variant(l.VariantID); ok {
		line.TaxClass = v.TaxClass
		line.Taxable, line.RequiresShipping, line.Floor = v.Taxable, v.RequiresShipping, v.Prices[o.Totals.Currency].Floor
	}
	return line
}

// onSale is the line at what a sale would have made of its list price, when that is less.
func onSale(line pricing.Line, l order.Line, o *order.Order, p *catalog.Product, with *store.Snapshot) pricing.Line {
	if p == nil {
		return line
	}
	v, ok := p.Variant(l.VariantID)
	if !ok {
		return line
	}
	v.Prices = map[string]catalog.Price{o.Totals.Currency: {Amount: o.ListPrice(l), Floor: line.Floor}}
	if price, sale := with.DisplayPrice(p, v, o.Totals.Currency, o.PlacedAt); sale != nil && price.Amount < line.Unit {
		line.Unit, line.CompareAt = price.Amount, price.CompareAt
	}
	return line
}

// ordersSince reads the orders placed since, canceled ones left out; the newest when there are more than are looked at,
// whatever their state: to take them state by state would count the new ones and leave out those that have arrived. 4
// round trips for each state and page of 100, and 1 for each 100 orders.
func (f *Promotions) ordersSince(ctx context.Context, since time.Time) (orders []*order.Order, truncated bool,
	err error) {
	var found []order.Summary
	for _, state := range order.States {
		if state == order.Canceled {
			continue
		}
		cursor, ofState := table.Cursor(""), 0
		// InState lists one state, newest first, so reading
		// can stop at the first order that is too old.
		for {
			page, err := f.Orders.InState(ctx, state, 100, cursor)
			if err != nil {
				return nil, false, err
			}
			for _, c := range page.Orders {
				if !c.PlacedAt.Before(since) {
					found = append(found, c)
					ofState++
				}
			}
			old := len(page.Orders) > 0 && page.Orders[len(page.Orders)-1].PlacedAt.Before(since)
			if cursor = page.Next; cursor == "" || old || ofState > looked {
				break
			}
		}
	}
	found, truncated = newest(found, looked)
	keys := make([]table.Key, len(found))
	for i, c := range found {
		keys[i] = order.KeyOf(c.ID)
	}
	// Eventually consistent: figures of past orders do not need more, at half the price.
	items, err := f.Table.BatchGet(ctx, false, keys...)
	if err != nil {
		return nil, false, err
	}
	for _, item := range items {
		var o order.Order
		if err := item.Decode(&o); err != nil {
			return nil, false, err
		}
		orders = append(orders, &o)
	}
	return orders, truncated, nil
}

// newest returns the orders that were placed last, at most so many, and whether there are more.
func newest(orders []order.Summary, most int) ([]order.Summary, bool) {
	slices.SortStableFunc(orders, func(a, b order.Summary) int { return b.PlacedAt.Compare(a.PlacedAt) })
	return orders[:min(most, len(orders))], len(orders) > most
}

// productsOf reads the products of the orders. 1 round trip for each 100.
func (f *Promotions) productsOf(ctx context.Context, orders []*order.Order) (map[string]*catalog.Product, error) {
	var ids []string
	for _, o := range orders {
		for _, l := range o.Lines {
			ids = append(ids, l.ProductID)
		}
	}
	slices.Sort(ids)
	return catalog.GetBatch(ctx, f.Table, slices.Compact(ids))
}
