package returns

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dangol/events"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/stock"
)

// proposeAddition prices what is wanted and plans to hold it. The order gets one more addition.
func (f *Returns) proposeAddition(ctx context.Context, o *order.Order, wanted []WantedGood) (*Addition, []table.Write,
	error) {
	if err := checkWanted(wanted); err != nil {
		return nil, nil, err
	}
	if err := f.mayPropose(ctx, o, len(wanted)); err != nil {
		return nil, nil, err
	}
	// Before the lines are made: their ids have the number of the addition.
	o.Additions++
	tax, _ := f.Shop.Tax(o.Address.Country, o.Totals.Currency)
	goods, wants, err := f.addedGoods(ctx, o, wanted, tax)
	if err != nil {
		return nil, nil, err
	}
	writes, taken, err := f.takeOut(ctx, wants)
	if err != nil {
		return nil, nil, err
	}
	now := f.Clock.Now()
	a := &Addition{
		N: o.Additions, OrderID: o.ID, State: AdditionOpen, Currency: o.Totals.Currency,
		PayBy: now.Add(AdditionForCustomer),
		Goods: additionGoods{Added: o.PriceAdded(goods, tax.Name), Taken: taken}, By: byWhom(ctx, o), At: now,
	}
	if a.By == order.ByShop {
		a.PayBy = now.Add(AdditionFor)
	}
	a.await(a.PayBy)
	a.Event, err = event.New(ctx, now, events.OrderPaymentRequested{
		OrderRef: o.Ref(), Addition: a.N, Added: addedLines(a, o), Amount: o.Money(a.Goods.Amount), PayBy: a.PayBy, By: a.By,
	})
	return a, writes, err
}

// checkWanted checks what of a request can be checked by itself. Errors: 422 at the entry.
func checkWanted(wanted []WantedGood) error {
	var wrong problem.Fields
	wrong.Count(len(wanted), 1, maxAddedLines, "/lines")
	for i, w := range wanted {
		wrong.Between(w.Quantity, 1, maxAddedUnits, fmt.Sprintf("/lines/%d/quantity", i))
	}
	return wrong.Err()
}

// mayPropose is nil when so many lines may be added to the order now. Errors: those of order.CanAdd, 409
// too_many_additions, addition_open.
func (f *Returns) mayPropose(ctx context.Context, o *order.Order, lines int) error {
	if err := o.CanAdd(lines); err != nil {
		return err
	}
	if o.Additions >= maxAdditions {
		return problem.Conflict("too_many_additions", "An order can be added to %d times.", maxAdditions)
	}
	if o.Additions == 0 {
		return nil
	}
	// Only the last one can be open: a new one is refused while another is.
	last, err := f.addition(ctx, o.ID, o.Additions)
	if err != nil {
		return err
	}
	if last.State == AdditionOpen {
		return problem.Conflict("addition_open", "Pay for what was added before, or give it up.").With("addition", last.N)
	}
	return nil
}

// addedGoods are the wanted variants as lines of the order, and what they take out of stock. Errors: 422 for a variant
// that is named twice, and those of sold and limited.
func (f *Returns) addedGoods(ctx context.Context, o *order.Order, wanted []WantedGood, tax pricing.Tax) (
	goods []order.AddedVariant, wants []stock.Request, err error) {
	ids := make([]string, len(wanted))
	for i, w := range wanted {
		if slices.Contains(ids[:i], w.VariantID) {
			return nil, nil, problem.InvalidField("/lines/"+strconv.Itoa(i)+"/variantId", "duplicate", "each variant once")
		}
		ids[i] = w.VariantID
	}
	// Strongly consistent: the price that is read here is the price that is charged.
	items, err := f.Catalog.ConsistentVariants(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	drops, err := f.inDrops(ctx, items)
	if err != nil {
		return nil, nil, err
	}
	now := f.Clock.Now()
	for i, w := range wanted {
		item := items[w.VariantID]
		if err := cmp.Or(sold(o, w, item, now), limited(o, w, item, drops[w.VariantID])); err != nil {
			return nil, nil, err
		}
		goods = append(goods, addedGood(o, i, w, item, tax))
		wants = append(wants, item.StockRequests(w.Quantity)...)
	}
	return goods, wants, nil
}

// sold is why a wanted variant is not for sale in the currency of the order now. Errors: 409 variant_not_sold.
func sold(o *order.Order, w WantedGood, g catalog.SellableVariant, now time.Time) error {
	var refused *problem.Problem
	switch price, priced := g.Variant.Prices[o.Totals.Currency]; {
	case g.Product == nil || g.Product.Status != catalog.Active:
		refused = problem.Conflict("variant_not_sold", "Variant %s is not for sale.", w.VariantID)
	case !priced || price.Amount <= 0:
		refused = problem.Conflict("variant_not_sold", "Variant %s has no price in %s.", w.VariantID, o.Totals.Currency)
	case !g.Variant.Open(now):
		refused = notOpen(w.VariantID)
	default:
		return nil
	}
	return refused.With("variantId", w.VariantID)
}

// addedGood is a wanted variant as a line of the order.
func addedGood(o *order.Order, i int, w WantedGood, g catalog.SellableVariant, tax pricing.Tax) order.AddedVariant {
	image := g.Variant.Image
	if image == "" && len(g.Product.Images) > 0 {
		image = g.Product.Images[0].URL
	}
	rate := 0
	if g.Variant.Taxable {
		rate = tax.RateOf(g.Variant.TaxClass)
	}
	return order.AddedVariant{List: g.Variant.Prices[o.Totals.Currency].Amount, TaxRate: rate, Line: order.Line{
		ID: fmt.Sprintf("ln_add%d_%d", o.Additions, i+1), VariantID: w.VariantID, ProductID: g.Product.ID,
		SKU: g.Variant.SKU, Title: g.Product.Title.In(o.Language, "en"), Options: g.Variant.Options, Image: image,
		Quantity: w.Quantity, Categories: g.Product.Categories, Tags: g.Product.Tags,
	}}
}

// addedLines are the goods of an addition as events show them.
func addedLines(a *Addition, o *order.Order) []events.OrderLine {
	out := make([]events.OrderLine, len(a.Goods.Lines))
	for i, l := range a.Goods.Lines {
		out[i] = events.OrderLine{
			LineID: l.ID, ProductID: l.ProductID, VariantID: l.VariantID, SKU: l.SKU, Title: l.Title, Options: l.Options,
			Quantity: l.Quantity, Total: o.Money(a.Goods.Totals[i].Total),
		}
	}
	return out
}
