package rma

import (
	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
)

// Ref is the beginning of every event about the return.
func (r *RMA) Ref() events.ReturnRef {
	return events.ReturnRef{
		ReturnID: r.ID,
		OrderRef: events.OrderRef{
			OrderID: r.OrderID, Number: order.NumberOf(r.OrderID), CustomerID: r.CustomerID, Email: r.Email, Name: r.Name,
			Language: r.Language,
		},
	}
}

// EventLines are the lines of the return as events show them.
func (r *RMA) EventLines() []events.ReturnLine {
	out := make([]events.ReturnLine, len(r.Lines))
	for i, l := range r.Lines {
		out[i] = events.ReturnLine{
			LineID: l.LineID, ProductID: l.ProductID, VariantID: l.VariantID, SKU: l.SKU, Title: l.Title, Options: l.Options,
			Quantity: len(l.Units), Reason: string(l.Reason), Fault: l.Reason.Fault(), Arrived: l.Count.Total(),
			Accepted:  l.Result.Accepted,
			Restocked: l.Result.Restocked, Grade: l.Result.Grade,
		}
	}
	return out
}

// Money is an amount in the currency of the return.
func (r *RMA) Money(amount int64) money.Money { return money.Of(amount, r.Currency) }
