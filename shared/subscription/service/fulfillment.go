package service

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/stock"
	"dangol/shared/subscription"
	"dangol/shared/subscription/fulfillment"
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
		parcel, err := s.parcel(ctx, r, t, true)
		if err != nil {
			return r, err
		}
		writes, taken, enough, err := parcel.Reserve(ctx, s.Table)
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

// parcel is what a cycle sends, with the variants from the catalog. A box without an edition sends nothing. fresh reads
// the catalog past its cache.
func (s *Service) parcel(ctx context.Context, r *Record, t Task, fresh bool) (fulfillment.Parcel, error) {
	p := fulfillment.Parcel{Contents: t.Contents, Quantity: t.Quantity}
	if len(p.Contents) == 0 && r.Sub.Terms.Kind == subscription.Box {
		plan, err := s.Plan(ctx, r.Sub.Terms.PlanID)
		if err != nil {
			return p, err
		}
		edition, _ := plan.EditionOn(t.Opens)
		p.Contents = edition.Contents
	}
	if len(p.Contents) == 0 {
		return p, nil
	}
	read := s.Catalog.Variants
	// Reserving decides with the data of this moment; naming the lines of an order may be a minute old.
	if fresh {
		read = s.Catalog.ConsistentVariants
	}
	var err error
	p.Variants, err = read(ctx, variantIDs(p.Contents))
	return p, err
}

// variantIDs lists the variants of contents.
func variantIDs(contents []subscription.Item) []string {
	ids := make([]string, len(contents))
	for i, it := range contents {
		ids[i] = it.VariantID
	}
	return ids
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
	parcel, err := s.parcel(ctx, r, t, false)
	if err != nil {
		return r, err
	}
	return table.Modify(ctx, sameRecord(r), func(ctx context.Context, r *Record) (*Record, error) {
		o := s.delivery(r, t, parcel).Order(s.Clock.Now())
		var err error
		if o.Event, err = event.New(ctx, o.PlacedAt, o.PlacedEvent()); err != nil {
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

// delivery is the parcel of a cycle with whom it goes to and how it was paid. The order of a gift belongs to its
// recipient and shows no prices.
func (s *Service) delivery(r *Record, t Task, parcel fulfillment.Parcel) fulfillment.Delivery {
	// Unclaimed gifts go to the address that the giver named, with the giver as customer.
	claimed := r.Sub.Gift != nil && r.Sub.Gift.ClaimedBy != ""
	to := r.Contact
	if claimed {
		to = r.GiftTo.Contact
	}
	d := fulfillment.Delivery{
		Parcel: parcel, Key: t.Key, Title: r.Title(), Terms: r.Sub.Terms, Price: t.Amount, Free: claimed,
		CustomerID: cmp.Or(r.Sub.Holder(), r.Sub.CustomerID), Email: to.Email, Language: to.Language,
		Held: slices.Clone(r.Held[t.Key]), Payment: s.paymentOf(r, t),
	}
	if a, ok := r.Addresses[t.AddressID]; ok {
		d.Address = &a
	}
	return d
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
	variants, err := s.Catalog.Variants(ctx, variantIDs(items))
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for id, g := range variants {
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
