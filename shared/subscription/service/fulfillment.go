package service

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/pricing"
	"dangol/shared/stock"
	"dangol/shared/subscription"
)

// holds reports whether the stock of a cycle has been taken already: reserved, or shipped.
func (r *Record) holds(key string) bool {
	_, held := r.Held[key]
	return held || r.Sent == key
}

// hold takes the stock of a cycle in one transaction with the note of it. ends says that this is
// the whole task. With too little stock the outcome is StockFailed and the task is over. What
// another worker has reserved meanwhile is not reserved again. 1 or 2 round trips and 1
// transaction.
func (s *Service) hold(ctx context.Context, r *Record, t Task, ends bool) (*Record, error) {
	if r.holds(t.Key) {
		return s.finish(ctx, r, t, Change{})
	}
	return table.Modify(ctx, sameRecord(r), func(ctx context.Context, r *Record) (*Record, error) {
		writes, taken, enough, err := s.planHold(ctx, r, t)
		switch {
		case err != nil:
			return r, err
		case !enough:
			// Decided on the stored record: another worker may have reserved it, and then nothing
			// failed.
			return s.finishBy(ctx, r, t, func(r *Record, _ Task) (Change, bool) {
				return Change{Command: subscription.StockFailed{Key: t.Key}}, !r.holds(t.Key)
			})
		}
		c := Change{Required: writes, TakesLease: true, Edit: func(r *Record) {
			if r.Held == nil {
				r.Held = map[string][]stock.Allocation{}
			}
			r.Held[t.Key] = taken
		}}
		var next *Record
		if ends {
			next, err = s.finishBy(ctx, r, t, func(r *Record, _ Task) (Change, bool) {
				if r.holds(t.Key) {
					return Change{}, true
				}
				return c, true
			})
		} else {
			next, err = s.holdFirst(ctx, r, t, c)
		}
		// Others took what it wanted: the hold is planned again with what is left.
		if _, faster := table.Refused(err); faster {
			err = table.Stale(err, nil)
		}
		return next, err
	})
}

// sameRecord is the reading of a change that depends on other items than the subscription.
func sameRecord(r *Record) func(context.Context, table.Item) (*Record, error) {
	return func(context.Context, table.Item) (*Record, error) { return r, nil }
}

// holdFirst stores the reservation for the first task, which stays on the list, unless it is there
// by now.
func (s *Service) holdFirst(ctx context.Context, r *Record, t Task, c Change) (*Record, error) {
	ours := false
	next, err := s.change(ctx, r, func(r *Record) (Change, bool, error) {
		first, ok := r.first()
		ours = ok && first.is(t)
		return c, ours && !r.holds(t.Key), nil
	})
	if err == nil && !ours {
		err = task.ErrTaken
	}
	return next, err
}

// planHold plans how the stock of a cycle is taken. enough is false when something is missing or
// the cycle has no contents; contents that are not counted need no writes.
func (s *Service) planHold(
	ctx context.Context, r *Record, t Task,
) (writes []table.Write, taken []stock.Allocation, enough bool, err error) {
	contents, goods, err := s.deliveryItems(ctx, r, t, true)
	if err != nil || len(contents) == 0 {
		return nil, nil, false, err
	}
	var wants []stock.Request
	for _, it := range contents {
		good, ok := goods[it.VariantID]
		// An archived product is not sold any more, also not to subscribers.
		if !ok || good.Product.Status == catalog.Archived {
			return nil, nil, false, nil
		}
		wants = append(wants, good.StockRequests(it.Quantity*t.Quantity)...)
	}
	levels, err := stock.Read(ctx, s.Table, stock.Keys(wants))
	if err != nil {
		return nil, nil, false, err
	}
	// A random start spreads the writes over the buckets of hot stock.
	writes, taken, short := stock.Hold(levels, wants, rand.Int())
	if len(short) > 0 {
		return nil, nil, false, nil
	}
	return writes, taken, true, nil
}

// deliveryItems is what a cycle sends, with the variants from the catalog. A box without an edition
// sends nothing. fresh reads the catalog past its cache.
func (s *Service) deliveryItems(ctx context.Context, r *Record, t Task, fresh bool) ([]subscription.Item,
	map[string]catalog.SellableVariant, error) {
	contents := t.Contents
	if len(contents) == 0 && r.Sub.Terms.Kind == subscription.Box {
		plan, err := s.Plan(ctx, r.Sub.Terms.PlanID)
		if err != nil {
			return nil, nil, err
		}
		edition, _ := plan.EditionOn(t.Opens)
		contents = edition.Contents
	}
	ids := make([]string, len(contents))
	for i, it := range contents {
		ids[i] = it.VariantID
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	read := s.Catalog.Variants
	// Reserving decides with the data of now; naming the lines of an order may be a minute old.
	if fresh {
		read = s.Catalog.ConsistentVariants
	}
	goods, err := read(ctx, ids)
	return contents, goods, err
}

// deliver makes the order of a cycle out of the reserved stock, in one transaction with the note
// that it was sent. 1 read of the catalog and 1 transaction.
func (s *Service) deliver(ctx context.Context, r *Record, t Task) (*Record, error) {
	if r.Sent == t.Key {
		return s.finish(ctx, r, t, Change{})
	}
	// The reservation of a prepaid cycle is made here when the task before it was passed over.
	if !r.holds(t.Key) {
		held, err := s.hold(ctx, r, t, false)
		if err != nil {
			return held, err
		}
		if first, ok := held.first(); !ok || !first.is(t) {
			return held, nil // out of stock
		}
		r = held
	}
	contents, goods, err := s.deliveryItems(ctx, r, t, false)
	if err != nil {
		return r, err
	}
	return table.Modify(ctx, sameRecord(r), func(ctx context.Context, r *Record) (*Record, error) {
		o, err := s.orderOf(ctx, r, t, contents, goods)
		if err != nil {
			return r, err
		}
		next, err := s.finish(ctx, r, t, Change{
			Required: []table.Write{order.Store{Table: s.Table, Clock: s.Clock}.Place(o)},
			Edit:     func(r *Record) { delete(r.Held, t.Key); r.Sent = t.Key },
		})
		// The order's id is taken: it gets another one.
		if _, taken := table.Refused(err); taken {
			err = table.Stale(err, nil)
		}
		return next, err
	})
}

// orderOf is the order of a cycle, for the price of the cycle, which has been paid. What a prepaid
// plan or account credit paid is shown as paid without a charge of its own, so that a refund of the
// order cannot give it back twice. The order of a gift belongs to its recipient and shows no
// prices; those are on the giver's invoice.
func (s *Service) orderOf(
	ctx context.Context, r *Record, t Task, contents []subscription.Item, goods map[string]catalog.SellableVariant,
) (*order.Order, error) {
	now, terms := s.Clock.Now(), r.Sub.Terms
	worth, to := terms.Cycle(), r.Contact
	// Unclaimed gifts go to the address that the giver named, with the giver as customer.
	if g := r.Sub.Gift; g != nil && g.ClaimedBy != "" {
		worth, to = 0, r.GiftTo.Contact
	}
	d := order.Draft{
		CartID: t.Key, CustomerID: cmp.Or(r.Sub.Holder(), r.Sub.CustomerID), Email: to.Email, Language: to.Language,
		Allocations: slices.Clone(r.Held[t.Key]),
		Totals: order.Totals{Totals: pricing.Totals{
			Currency: terms.Currency, Subtotal: worth, Total: worth, TaxIncluded: true,
			Tax: money.TaxIncluded(worth, terms.TaxBP),
		}},
	}
	if a, ok := r.Addresses[t.AddressID]; ok {
		d.Address = &a
	}
	// The price of the cycle is spread over the lines in proportion to catalog prices, because
	// refunds work by line. Unknown prices get nothing.
	weights := make([]int64, len(contents))
	for i, it := range contents {
		if price, ok := goods[it.VariantID].Variant.Price(terms.Currency); ok {
			weights[i] = price.Amount * int64(it.Quantity)
		}
	}
	for i, share := range money.Allocate(worth, weights) {
		line, cost := lineOf(r, i, contents[i], t.Quantity, goods[contents[i].VariantID], share)
		d.Lines, d.Totals.Lines = append(d.Lines, line), append(d.Totals.Lines, cost)
	}
	o := order.New(order.NewID(now), t.Key, d, s.paymentOf(r, t), now)
	var err error
	o.Event, err = event.New(ctx, now, o.PlacedEvent())
	return o, err
}

// lineOf is one line of the order with its share of the price, spread over the units so that each
// can be refunded alone.
func lineOf(r *Record, n int, it subscription.Item, times int, good catalog.SellableVariant, share int64) (order.Line,
	pricing.LineTotal) {
	line := order.Line{ID: "ln_" + string(rune('a'+n%26)) + it.VariantID, VariantID: it.VariantID,
		Quantity: it.Quantity * times, Title: r.Title(), Box: true}
	if p := good.Product; p != nil {
		line.ProductID, line.SKU, line.Title, line.Options = p.ID, good.Variant.SKU, p.Title.In(r.Language,
			"en"), good.Variant.Options
		if line.Image = good.Variant.Image; line.Image == "" && len(p.Images) > 0 {
			line.Image = p.Images[0].URL
		}
		line.Categories, line.Tags = p.Categories, p.Tags // the return policy chooses its rule by them
	}
	// Equal weights: all units of a line cost the same, up to the smallest unit of the currency.
	units := make([]int64, line.Quantity)
	for i := range units {
		units[i] = 1
	}
	return line, pricing.LineTotal{
		ID: line.ID, Unit: share / int64(line.Quantity), Quantity: line.Quantity, Subtotal: share, Total: share,
		Tax: money.TaxIncluded(share, r.Sub.Terms.TaxBP), Units: money.Allocate(share, units),
	}
}

// paymentOf is the payment as the order shows it: the charge of this cycle when there was one.
func (s *Service) paymentOf(r *Record, t Task) order.Payment {
	p := order.Payment{State: order.PayCaptured}
	for _, paid := range r.Sub.Payments {
		// A prepaid payment covers several orders, so none of them may refund it.
		if paid.Key == t.Key && r.Sub.Terms.Prepaid <= 1 {
			m := r.Methods[r.Sub.Card.Token]
			p.Provider, p.ID, p.Key = s.Provider.Name(), paid.PaymentID, paid.Key
			p.Amount, p.Captured, p.Brand, p.Last4 = paid.Left, paid.Left, m.Brand, m.Last4
		}
	}
	return p
}

// UnitPrices is what one unit of each variant costs in the shop, in minor units. Variants that are
// not active or have no price in the currency are missing from the answer.
func (s *Service) UnitPrices(ctx context.Context, currency string, items []subscription.Item) (map[string]int64,
	error) {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.VariantID
	}
	goods, err := s.Catalog.Variants(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for id, g := range goods {
		if price, ok := g.Variant.Price(currency); ok && g.Product.Status == catalog.Active {
			out[id] = price.Amount
		}
	}
	return out, nil
}

// Needs adds to sum the units, by variant, that the parcels of a subscription take until an
// instant. For a box it reads the plan.
func (s *Service) Needs(ctx context.Context, r *Record, until time.Time, sum map[string]int) error {
	if r.Sub.Terms.Kind == subscription.Membership {
		return nil
	}
	parcels := r.Sub.Parcels(until)
	var edition func(civil.Date) []subscription.Item
	if r.Sub.Terms.Kind == subscription.Box && len(parcels) > 0 {
		plan, err := s.Plan(ctx, r.Sub.Terms.PlanID)
		if err != nil {
			return err
		}
		edition = func(d civil.Date) []subscription.Item { e, _ := plan.EditionOn(d); return e.Contents }
	}
	for _, n := range subscription.StockNeeded(parcels, edition) {
		sum[n.VariantID] += n.Quantity
	}
	return nil
}

// NeedsOf lists what Needs added up, in the order of the variants.
func NeedsOf(sum map[string]int) []subscription.Need {
	out := make([]subscription.Need, 0, len(sum))
	for _, id := range slices.Sorted(maps.Keys(sum)) {
		out = append(out, subscription.Need{VariantID: id, Quantity: sum[id]})
	}
	return out
}
