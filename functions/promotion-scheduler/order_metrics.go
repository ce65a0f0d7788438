package promotionscheduler

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"dangol/shared/platform/metrics"
	"dangol/shared/promotion/store"
)

// promotionIn names a promotion's figures in one currency.
type promotionIn struct{ id, currency string }

// measure writes the metrics of each promotion in a batch that was just counted, each summed over its orders.
//
// A metric cannot be written in the transaction, and CloudWatch does not recognize one that comes twice. So the lines
// are made only for what this very transaction counted, and a line that cannot be written is logged and not tried
// again: the exact figures are in the table.
func (f Scheduler) measure(ctx context.Context, batch []entry) {
	sums := map[promotionIn]store.Stats{}
	for _, e := range batch {
		if !e.measured {
			continue
		}
		for _, p := range e.sale.promotions {
			key := promotionIn{p.PromotionID, e.sale.currency}
			sum, one := sums[key], e.sale.stats(p)
			sum.Orders += one.Orders
			sum.Revenue += one.Revenue
			sum.Cost += one.Cost
			sum.NewCustomers += one.NewCustomers
			sums[key] = sum
		}
	}
	sorted := slices.SortedFunc(maps.Keys(sums), func(a, b promotionIn) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.currency, b.currency))
	})
	for _, key := range sorted {
		sum := sums[key]
		if err := f.Metrics.Emit(map[string]string{"promotion": key.id, "currency": key.currency},
			metrics.Metric{Name: "PromotionOrders", Unit: metrics.Count, Value: float64(sum.Orders)},
			metrics.Metric{Name: "PromotionRevenue", Unit: metrics.None, Value: float64(sum.Revenue)},
			metrics.Metric{Name: "PromotionDiscount", Unit: metrics.None, Value: float64(sum.Cost)},
			metrics.Metric{Name: "PromotionNewCustomers", Unit: metrics.Count, Value: float64(sum.NewCustomers)},
		); err != nil {
			f.Log.ErrorContext(ctx, "metrics not written", "promotion", key.id, "orders", sum.Orders, "error", err)
		}
	}
}
