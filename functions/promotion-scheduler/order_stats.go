package promotionscheduler

import (
	"context"
	"errors"
	"time"

	"dangol/events"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// sale is what of an order is counted; sign is -1 for one that came to nothing. An order tells its end once, as
// canceled or as never paid, so it is taken off once.
type sale struct {
	sign       int       // 1 for a new order, -1 for one taken off
	at         time.Time // when the order was placed
	currency   string
	total      int64 // what it cost the shopper, minor units
	first      bool  // the customer's first order
	guest      bool
	lines      []events.OrderLine
	promotions []events.OrderPromotion
}

// soldIn is what an order adds when it is placed.
func soldIn(o events.OrderPlaced) sale {
	return sale{1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions}
}

// canceledIn takes off an order that was canceled.
func canceledIn(o events.OrderCanceled) sale {
	return sale{-1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions}
}

// unpaidIn takes off an order whose payment never came.
func unpaidIn(o events.OrderPaymentFailed) sale {
	return sale{-1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions}
}

// sold counts an order, or takes one off: the day's sales of the shop and of each product, and what each promotion
// brought. One transaction, with the record that the event was consumed.
func (f Scheduler) sold(ctx context.Context, e event.Envelope, s sale) error {
	if s.at.IsZero() || s.currency == "" {
		return nil // an event from before orders said when they were placed
	}
	// First in the transaction: a refusal of place 0 means that the event was consumed before.
	writes := []table.Write{event.Once("promotion-scheduler", e, f.Clock.Now())}
	for _, day := range f.shopDays(s, e.Time) {
		writes = append(writes, store.ShopSold(s.currency, day))
	}
	for scope, day := range f.days(s) {
		writes = append(writes, store.AddDaySales(scope, s.currency, day))
	}
	// The customer is new once, whatever number of promotions the order had.
	newCustomers := 0
	if s.first {
		newCustomers = s.sign
	}
	for _, p := range s.promotions {
		writes = append(writes, store.AddStats(p.PromotionID, store.Stats{
			Currency: s.currency, Orders: s.sign, Revenue: int64(s.sign) * s.total, Cost: int64(s.sign) * p.Amount,
			NewCustomers: newCustomers,
		}))
	}
	// A cart holds far fewer different products than a transaction takes; what is beyond is not counted by product.
	err := f.Table.Transact(ctx, id.New("try", f.Clock.Now()), writes[:min(len(writes), table.MaxWrites)]...)
	if c, refused := table.Refused(err); refused && c.Refused(0) {
		// Counted before. What follows may have failed then: the metrics are not worth counting twice, but a budget is told
		// of only once, with the order that used it up.
		return f.budgets(ctx, s)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.measure(s, newCustomers), f.budgets(ctx, s))
}

// shopDays is what the order adds to the shop's sales: on the day it was placed, and on the day it was canceled.
func (f Scheduler) shopDays(s sale, at time.Time) []store.ShopDay {
	placed := store.ShopDay{Day: civil.DateAt(s.at, f.Zone), Orders: s.sign, Revenue: int64(s.sign) * s.total}
	for _, p := range s.promotions {
		placed.Discounts += int64(s.sign) * p.Amount
	}
	if s.first {
		placed.New = s.sign
	}
	if s.guest {
		placed.Guests = s.sign
	}
	// A placed order concerns one day only; a canceled one
	// the day it was placed and the day it was canceled.
	if s.sign > 0 {
		return []store.ShopDay{placed}
	}
	canceled := store.ShopDay{Day: civil.DateAt(at, f.Zone), Canceled: 1, Refunds: s.total}
	if canceled.Day == placed.Day {
		return []store.ShopDay{placed.Add(canceled)} // one item is written once in a transaction
	}
	return []store.ShopDay{placed, canceled}
}

// days is what the order adds to a day's sales, by scope.
func (f Scheduler) days(s sale) map[string]promotion.DaySales {
	day := civil.DateAt(s.at, f.Zone)
	by := map[string]promotion.DaySales{}
	// Each line adds to the shop and to its product; orders
	// are counted once for each, however many lines it has.
	add := func(scope string, l events.OrderLine) {
		d := by[scope]
		d.Day, d.Orders = day, s.sign
		d.Revenue += int64(s.sign) * l.Total.Amount
		if l.Discounted {
			d.Discounted += int64(s.sign) * l.Total.Amount
		}
		by[scope] = d
	}
	for _, l := range s.lines {
		add(store.TheShop, l)
		add(l.ProductID, l)
	}
	return by
}

// measure writes the metrics of each promotion.
func (f Scheduler) measure(s sale, newCustomers int) error {
	for _, p := range s.promotions {
		if err := f.Metrics.Emit(map[string]string{"promotion": p.PromotionID, "currency": s.currency},
			metrics.Metric{Name: "PromotionOrders", Unit: metrics.Count, Value: float64(s.sign)},
			metrics.Metric{Name: "PromotionRevenue", Unit: metrics.None, Value: float64(int64(s.sign) * s.total)},
			metrics.Metric{Name: "PromotionDiscount", Unit: metrics.None, Value: float64(int64(s.sign) * p.Amount)},
			metrics.Metric{Name: "PromotionNewCustomers", Unit: metrics.Count, Value: float64(newCustomers)},
		); err != nil {
			return err
		}
	}
	return nil
}

// budgets looks whether the order has used up the budget of a promotion. It may be called again for the same order.
func (f Scheduler) budgets(ctx context.Context, s sale) error {
	if s.sign < 0 {
		return nil // a canceled order frees budget, so it cannot be what used it up
	}
	for _, p := range s.promotions {
		if err := f.exhausted(ctx, p.PromotionID); err != nil {
			return err
		}
	}
	return nil
}

// exhausted tells, once for each version of a promotion, that its budget is used up. 1 round trip; 2 more when it has
// one.
func (f Scheduler) exhausted(ctx context.Context, promotionID string) error {
	r, err := f.Store.Get(ctx, promotionID)
	// Deleted promotions and benefits of memberships have no record, and no budget.
	if problem.Code(err) == "promotion_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	p := &r.Promotion
	// Told for this version already, or there is no budget.
	if r.ExhaustedFor == p.Version || p.Budget.Uses == 0 && len(p.Budget.Spend) == 0 {
		return nil
	}
	// Strongly consistent: the order that was just counted must be in it.
	all, err := f.Store.Budgets(ctx, true, store.KeyOfBudget(p.ID))
	if err != nil {
		return err
	}
	used := all[p.ID]
	if !BudgetExhausted(p.Budget, used) {
		return nil
	}
	if r.Event, err = event.New(ctx, f.Clock.Now(), events.PromotionBudgetExhausted{
		PromotionRef: store.EventRef(p, f.Clock.Now()), Uses: used.Uses, Spend: used.Spend,
	}); err != nil {
		return err
	}
	_, err = f.Store.RecordMilestone(ctx, r, store.Exhausted)
	return err
}

// BudgetExhausted reports whether a budget is used up: no use is left, or in some currency less than what an order has
// cost on average so far. A discount is given whole or not at all, so the last won of a budget may never be spent.
func BudgetExhausted(b promotion.Budget, used promotion.Used) bool {
	if b.Uses > 0 && used.Uses >= b.Uses {
		return true
	}
	for currency, budget := range b.Spend {
		if used.Uses > 0 && used.Spend[currency] > 0 && budget-used.Spend[currency] < used.Spend[currency]/int64(used.Uses) {
			return true
		}
	}
	return false
}
