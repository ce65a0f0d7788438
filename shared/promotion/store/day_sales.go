package store

import (
	"context"
	"fmt"
	"sort"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// TheShop is the scope of what all products sold together.
const TheShop = "shop"

// keyOfSales is the key of what was sold of a product, or by the shop, on one day in one currency.
func keyOfSales(scope, currency string, day civil.Date) table.Key {
	return table.Key{PK: "SALES#" + scope + "#" + currency, SK: string(day)}
}

// AddDaySales adds an order to a day's sales, or takes a canceled one off with a negative count. It has no condition:
// the consumer's own record of the event keeps it from being applied twice.
func AddDaySales(scope, currency string, s promotion.DaySales) table.Count {
	return table.Count{Key: keyOfSales(scope, currency, s.Day), Add: map[string]int{
		"orders": s.Orders, "revenue": int(s.Revenue), "discounted": int(s.Discounted),
	}}
}

// Sales reads what was sold from one day to another, both included. 1 round trip, 0.5 RCU per 4 KB.
func (s Store) Sales(ctx context.Context, scope, currency string, from, to civil.Date) (days []promotion.DaySales,
	err error) {
	err = s.Table.All(ctx, table.Query{
		Where: "#pk = :scope AND #sk BETWEEN :from AND :to",
		With:  map[string]any{":scope": keyOfSales(scope, currency, from).PK, ":from": string(from), ":to": string(to)},
	}, func(item table.Item) error {
		day, err := civil.ParseDate(item.Text(table.SortKey))
		if err != nil {
			return fmt.Errorf("sales: %w", err)
		}
		days = append(days, promotion.DaySales{
			Day: day, Orders: int(number(item, "orders")), Revenue: number(item, "revenue"),
			Discounted: number(item, "discounted"),
		})
		return nil
	})
	return days, err
}

// Stats is what a promotion has brought and cost, in one currency.
type Stats struct {
	Currency     string
	Orders       int
	Revenue      int64 // what those orders cost their shoppers, minor units
	Cost         int64 // what was taken off, minor units
	NewCustomers int
}

// KeyOfStats is the key of what a promotion has brought and cost.
func KeyOfStats(promotionID string) table.Key {
	return table.Key{PK: "PROMOTION#" + promotionID, SK: "STATS"}
}

// AddStats adds to what a promotion has brought; a canceled order is one with negative figures. Condition: see
// AddDaySales.
func AddStats(promotionID string, s Stats) table.Count {
	// The attributes carry the currency in their names, so that
	// one item holds all currencies and one read shows them.
	c := s.Currency
	return table.Count{Key: KeyOfStats(promotionID), Add: map[string]int{
		"orders" + c: s.Orders, "revenue" + c: int(s.Revenue), "cost" + c: int(s.Cost), "new" + c: s.NewCustomers,
	}}
}

// Stats reads what a promotion has brought and cost, by currency. 1 round trip.
func (s Store) Stats(ctx context.Context, promotionID string) (all []Stats, err error) {
	items, err := s.Table.BatchGet(ctx, true, KeyOfStats(promotionID))
	if err != nil {
		return nil, err
	}
	item := items[KeyOfStats(promotionID)]
	// Each currency has an attribute orders followed by its code of three letters.
	for name := range item {
		if len(name) != len("orders")+3 || name[:6] != "orders" {
			continue
		}
		c := name[6:]
		all = append(all, Stats{
			Currency: c, Orders: int(number(item, "orders"+c)), Revenue: number(item, "revenue"+c), Cost: number(item, "cost"+c),
			NewCustomers: int(number(item, "new"+c)),
		})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Currency < all[j].Currency })
	return all, nil
}
