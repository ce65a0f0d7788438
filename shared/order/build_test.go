package order_test

import (
	"fmt"
	"time"

	"dangol/shared/address"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
)

var noon = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// bought builds an order of lines with the given units; each unit cost 1,000 won, shipping 3,000.
func bought(pay order.PayState, quantities ...int) *order.Order {
	d := order.Draft{
		CartID: "cart_1", CustomerID: "cust-ann", Email: "ann@example.com", Language: "en",
		Address: &address.Address{Name: "Ann", City: "서울", Country: "KR"},
		Totals:  order.Totals{Totals: pricing.Totals{Currency: "KRW", Shipping: 3_000, TaxIncluded: true, Total: 3_000}},
	}
	for i, q := range quantities {
		id := fmt.Sprintf("line_%d", i+1)
		cost := int64(q) * 1_000
		d.Lines = append(d.Lines, order.Line{ID: id, VariantID: "var_" + id, ProductID: "prod_1", Title: "Soap", Quantity: q})
		d.Totals.Lines = append(d.Totals.Lines,
			pricing.LineTotal{ID: id, Unit: 1_000, Quantity: q, Subtotal: cost, Total: cost})
		d.Totals.Subtotal, d.Totals.Total = d.Totals.Subtotal+cost, d.Totals.Total+cost
	}
	p := order.Payment{Provider: "sandbox", ID: "pay_1", Key: "chk_1", State: pay, Amount: d.Totals.Total}
	if pay == order.PayCaptured {
		p.Captured = p.Amount
	}
	return order.New("ord_1k9x7d3f8q7m2ka", "chk_1", d, p, noon)
}

func units(line string, n int) order.Part { return order.Part{LineID: line, Quantity: n} }

func parcel(parts ...order.Part) order.Fulfillment {
	return order.Fulfillment{Carrier: "cj", TrackingNumber: "688900000001", Lines: parts}
}

// codeOf is the code of a refusal: of the problem, or of its field.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	if p := problem.From(err); len(p.Fields) > 0 {
		return p.Fields[0].Pointer + " " + p.Fields[0].Code
	}
	return problem.Code(err)
}
