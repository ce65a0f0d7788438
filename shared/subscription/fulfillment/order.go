package fulfillment

import (
	"time"

	"dangol/shared/address"
	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/pricing"
	"dangol/shared/stock"
	"dangol/shared/subscription"
)

// Delivery is a parcel on its way to somebody.
type Delivery struct {
	Parcel
	// Key is the cycle's. The order has it in the place of a cart, so a cycle can be found by its order.
	Key string
	// Title names the plan, in Language. It is the title of what the catalog does not know any more.
	Title string
	Terms subscription.Terms
	// Price is what the cycle costs, minor units: the terms' price less what a coupon took off.
	Price int64
	// Free says that the recipient is shown no prices: those of a gift are on the giver's invoice.
	Free       bool
	CustomerID string
	Email      string
	Language   string
	Address    *address.Address
	// Held is the reserved stock.
	Held    []stock.Allocation
	Payment order.Payment
}

// Order is the order of a cycle, for the price of the cycle, which has been paid. What a prepaid plan or account credit
// paid is shown as paid without a charge of its own, so that a refund of the order cannot give it back twice. It has no
// event yet.
func (d Delivery) Order(now time.Time) *order.Order {
	worth := d.Price
	if d.Free {
		worth = 0
	}
	draft := order.Draft{
		CartID: d.Key, CustomerID: d.CustomerID, Email: d.Email, Language: d.Language, Address: d.Address,
		Allocations: d.Held,
		Totals: order.Totals{Totals: pricing.Totals{
			Currency: d.Terms.Currency, Subtotal: worth, Total: worth, TaxIncluded: true,
			Tax: money.TaxIncluded(worth, d.Terms.TaxBP),
		}},
	}
	for i, share := range money.Allocate(worth, d.weights()) {
		line, total := d.line(i, share)
		draft.Lines, draft.Totals.Lines = append(draft.Lines, line), append(draft.Totals.Lines, total)
	}
	return order.New(order.NewID(now), d.Key, draft, d.Payment, now)
}

// weights are the catalog prices of the lines, by which the price of the cycle is spread over them, because refunds
// work by line. A line without a known price gets nothing.
func (d Delivery) weights() []int64 {
	weights := make([]int64, len(d.Contents))
	for i, it := range d.Contents {
		if price, ok := d.Variants[it.VariantID].Variant.Price(d.Terms.Currency); ok {
			weights[i] = price.Amount * int64(it.Quantity)
		}
	}
	return weights
}

// line is line n of the order with its share of the price, spread over the units so that each can be refunded alone.
func (d Delivery) line(n int, share int64) (order.Line, pricing.LineTotal) {
	it := d.Contents[n]
	line := order.Line{
		// Contents may name a variant twice, but the ids of lines differ.
		ID: "ln_" + string(rune('a'+n%26)) + it.VariantID, VariantID: it.VariantID, Quantity: it.Quantity * d.Quantity,
		Title: d.Title, Box: true,
	}
	describe(&line, d.Variants[it.VariantID], d.Language)
	if price, ok := d.Variants[it.VariantID].Variant.Price(d.Terms.Currency); ok {
		// An exchange goes by it: what the plan takes off, or adds, stays as it is.
		line.Saved = price.Amount*int64(line.Quantity) - share
	}
	// Equal weights: all units of a line cost the same, up to the smallest unit of the currency.
	units := make([]int64, line.Quantity)
	for i := range units {
		units[i] = 1
	}
	return line, pricing.LineTotal{
		ID: line.ID, Unit: share / int64(line.Quantity), Quantity: line.Quantity, Subtotal: share, Total: share,
		Tax: money.TaxIncluded(share, d.Terms.TaxBP), TaxRate: int(d.Terms.TaxBP), Units: money.Allocate(share, units),
	}
}

// describe gives a line what the catalog says of its variant; nothing when the variant is gone.
func describe(line *order.Line, variant catalog.SellableVariant, language string) {
	p := variant.Product
	if p == nil {
		return
	}
	line.ProductID = p.ID
	line.SKU = variant.Variant.SKU
	line.Title = p.Title.In(language, "en")
	line.Options = variant.Variant.Options
	if line.Image = variant.Variant.Image; line.Image == "" && len(p.Images) > 0 {
		line.Image = p.Images[0].URL
	}
	// The return policy chooses its rule by them.
	line.Categories, line.Tags = p.Categories, p.Tags
}
