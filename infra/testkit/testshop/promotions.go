package testshop

import (
	"strings"
	"testing"

	"dangol/shared/cart"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// Promote publishes promotions, and makes the shop price by what is published.
func (w *Shop) Promote(promotions ...promotion.Promotion) {
	w.T.Helper()
	plain := store.Store{Table: w.Table, Clock: w.Clock}
	for _, p := range promotions {
		put := plain.Create(&store.Record{Promotion: p})
		if err := w.Table.Put(w.T.Context(), put); err != nil {
			w.T.Fatal(err)
		}
		w.promoted = append(w.promoted, p)
	}
	w.Service.Promotions = store.NewCache(store.Store{Table: w.Service.Table, Clock: w.Clock}, store.Fresh)
}

// checkOffers holds the counters of promotions against the orders that stand: what was counted is what was given, and
// no budget, code or customer's limit is passed.
func (w *Shop) checkOffers(t testing.TB, orders []*order.Order) {
	t.Helper()
	if len(w.promoted) == 0 {
		return
	}
	uses, spend, byCode, byCustomer := map[string]int{}, map[string]int64{}, map[table.Key]int{}, map[string]int{}
	for _, o := range orders {
		if o.State == order.Canceled {
			continue
		}
		if o.CustomerID != "" {
			byCustomer[o.CustomerID+" "+store.Orders]++
		}
		for _, u := range o.Uses {
			uses[u.PromotionID]++
			spend[u.PromotionID] += u.Amount
			byCustomer[o.CustomerID+" "+u.PromotionID]++
			if u.Code != "" {
				byCode[store.KeyOfCode(u.PromotionID, u.Code)]++
			}
		}
	}
	promotions := store.Store{Table: w.Table, Clock: w.Clock}
	for _, p := range w.promoted {
		if p.Budget.Uses > 0 || len(p.Budget.Spend) > 0 {
			used, err := promotions.Budgets(t.Context(), true, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			u := used[p.ID]
			if u.Uses != uses[p.ID] || u.Spend["KRW"] != spend[p.ID] {
				t.Errorf("%s counts %d uses and %d spent, its orders are %d and %d", p.ID, u.Uses, u.Spend["KRW"], uses[p.ID],
					spend[p.ID])
			}
			if most := p.Budget.Uses; most > 0 && u.Uses > most {
				t.Errorf("%s was used %d times, at most %d", p.ID, u.Uses, most)
			}
			if budget, ok := p.Budget.Spend["KRW"]; ok && u.Spend["KRW"] > budget {
				t.Errorf("%s spent %d of %d", p.ID, u.Spend["KRW"], budget)
			}
		}
		w.checkLimits(t, p, byCustomer)
	}
	w.checkCodes(t, byCode)
}

// checkLimits compares the counters of customers with their orders.
func (w *Shop) checkLimits(t testing.TB, p promotion.Promotion, byCustomer map[string]int) {
	t.Helper()
	for _, key := range w.carts {
		customer, known := strings.CutPrefix(key.PK, "CUSTOMER#")
		if !known {
			continue
		}
		c, err := cart.Store{Table: w.Table, Clock: w.Clock}.Load(t.Context(),
			cart.Ref{CartID: cart.OwnCart, CustomerID: customer})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.Purchases[store.Orders], byCustomer[customer+" "+store.Orders]; got != want {
			t.Errorf("%s has %d orders counted, and made %d", customer, got, want)
		}
		if most := p.LimitPerCustomer; most > 0 && p.Kind != promotion.Drop {
			if got, want := c.Purchases[p.ID], byCustomer[customer+" "+p.ID]; got != want || got > most {
				t.Errorf("%s has %d uses of %s counted, and %d orders with it, at most %d", customer, got, p.ID, want, most)
			}
		}
	}
}

func (w *Shop) checkCodes(t testing.TB, byCode map[table.Key]int) {
	t.Helper()
	for _, p := range w.promoted {
		if p.Codes.Batch == nil {
			continue
		}
		for code := range p.Codes.Batch.Codes() {
			key := store.KeyOfCode(p.ID, promotion.NormalizeCode(code))
			items, err := w.Table.BatchGet(t.Context(), true, key)
			if err != nil {
				t.Fatal(err)
			}
			var counted struct {
				Uses int `dynamodbav:"uses"`
			}
			if item, ok := items[key]; ok {
				if err := item.Decode(&counted); err != nil {
					t.Fatal(err)
				}
			}
			if counted.Uses != byCode[key] || counted.Uses > 1 {
				t.Errorf("code %s counts %d uses, %d orders have it", code, counted.Uses, byCode[key])
			}
		}
	}
}
