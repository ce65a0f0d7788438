package returns

import (
	"cmp"
	"context"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/stock"
)

// removeInput are units to take off.
type removeInput struct {
	OrderInput
	DryRun bool `query:"dryRun" doc:"Answer what would go back; change nothing."`
	Body   struct {
		Lines  []order.Part `json:"lines" minItems:"1" maxItems:"200"`
		Reason string       `json:"reason,omitempty" maxLength:"500"`
	}
}

// RemovedView is what taking units off an order gives back.
type RemovedView struct {
	Lines  []order.Part    `json:"lines" nullable:"false" doc:"The units taken off, gifts that are no longer earned included."`
	Refund money.Formatted `json:"refund"`
	Charge []QuoteCharge   `json:"charges" nullable:"false"`
	Order  OrderState      `json:"order"`
}

// removeOutput is what they give back.
type removeOutput struct {
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    RemovedView
}

// removeLines takes units off an order, once for each Idempotency-Key: the key is kept in the entry of the ledger.
func (f *Returns) removeLines(ctx context.Context, in *removeInput) (*removeOutput, error) {
	o, versions, err := f.orderAndPolicies(ctx, in.OrderInput)
	if err != nil {
		return nil, err
	}
	asked, err := requestOf(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	// Read before the change: catalog data may be a minute old, what a set is made of does not
	// change that fast.
	stocked, err := f.stockedOf(ctx, o)
	if err != nil {
		return nil, err
	}
	// Set by the rule, which may run several times.
	var done order.RemovedLine
	rule := func(o *order.Order) (bool, []table.Write, error) {
		repeated, err := repeatedEntry(o, asked)
		if err != nil || repeated != nil {
			return false, nil, err
		}
		terms := removeTerms(o, versions, in.Body.Lines)
		if done, err = f.remove(ctx, o, in, stocked, terms); err != nil {
			return false, nil, err
		}
		// The entry that Remove has just added.
		o.Ledger[len(o.Ledger)-1].Request, o.Ledger[len(o.Ledger)-1].Hash = asked.Key, asked.Hash
		return true, done.Writes, nil
	}
	if in.DryRun {
		// The rule changes only what was read; nothing is written.
		_, _, err = rule(o)
	} else {
		o, err = f.Orders.Apply(ctx, o, rule)
	}
	if err != nil {
		return nil, err
	}
	out := &removeOutput{Caching: caching}
	// done is empty when the rule found the entry of an earlier request.
	if prior, err := repeatedEntry(o, asked); prior != nil && done.Parts == nil && err == nil {
		out.Replay = "true"
		out.Body = RemovedView{Lines: partsOf(prior), Refund: o.Money(prior.Amount).Formatted(), Charge: []QuoteCharge{},
			Order: orderState(200, o).Body}
		return out, nil
	}
	if !in.DryRun {
		o = f.payNow(ctx, o)
	}
	out.Body = removedView(o, done)
	return out, nil
}

// remove takes the units off the order that a request names, and publishes it with the order.
func (f *Returns) remove(ctx context.Context, o *order.Order, in *removeInput, stocked map[string][]stock.Request,
	terms refund.Terms) (order.RemovedLine, error) {
	by, now := byWhom(ctx, o), f.Clock.Now()
	done, err := o.Remove(in.Body.Lines, stocked, terms, cmp.Or(in.Body.Reason, "customer_request"), by, now)
	if err != nil {
		return done, err
	}
	o.Event, err = event.New(ctx, now, events.OrderChanged{
		OrderRef: o.Ref(), What: []string{"lines"}, Removed: o.EventParts(done.Parts), Refund: o.Money(done.Quote.Refund),
		By: by,
	})
	return done, err
}

// removedView is what was taken off an order, and what the shop keeps of it.
func removedView(o *order.Order, done order.RemovedLine) RemovedView {
	v := RemovedView{Lines: done.Parts, Refund: o.Money(done.Quote.Refund).Formatted(), Charge: []QuoteCharge{},
		Order: orderState(200, o).Body}
	for _, c := range done.Quote.Charges {
		v.Charge = append(v.Charge, QuoteCharge{
			Kind: c.Kind, LineID: c.LineID, PromotionID: c.PromotionID, Name: c.Name, Amount: o.Money(c.Amount).Formatted(),
		})
	}
	return v
}

// partsOf are the units of an entry by line. The units of a line stand side by side.
func partsOf(e *refund.Entry) []order.Part {
	out := []order.Part{}
	for _, u := range e.Units {
		if n := len(out); n > 0 && out[n-1].LineID == u.LineID {
			out[n-1].Quantity++
			continue
		}
		out = append(out, order.Part{LineID: u.LineID, Quantity: 1})
	}
	return out
}

// removeTerms is whether lost discounts are charged on what is kept: when the rule of every line says so.
func removeTerms(o *order.Order, versions []returnpolicy.Policy, parts []order.Part) refund.Terms {
	// The policy that the order was sold under.
	policy, _ := returnpolicy.InForce(versions, o.PlacedAt)
	section := policy.Section(country(o))
	t := refund.Terms{ChargePromotions: len(parts) > 0}
	for _, p := range parts {
		line, _ := o.Line(p.LineID)
		t.ChargePromotions = t.ChargePromotions && section.Rule(item(line)).Promotions == returnpolicy.Charge
	}
	return t
}

// stockedOf is what one unit of each line takes out of stock.
func (f *Returns) stockedOf(ctx context.Context, o *order.Order) (map[string][]stock.Request, error) {
	ids := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		ids[i] = l.VariantID
	}
	items, err := f.Catalog.Variants(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]stock.Request{}
	for _, l := range o.Lines {
		// A variant that is gone takes nothing out of stock.
		out[l.ID] = items[l.VariantID].StockRequests(1)
	}
	return out, nil
}
