package promotionscheduler_test

import (
	"context"
	"encoding/json"
	"testing"

	"dangol/events"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// use counts one order against the limits of the bench's promotion, as a checkout does.
func (b *bench) use(amount int64) {
	b.t.Helper()
	r, err := b.f.Store.Get(b.t.Context(), promotionID)
	if err != nil {
		b.t.Fatal(err)
	}
	counter := store.NewClaimCounter(store.NewSnapshot([]promotion.Promotion{r.Promotion}, nil).
		Claims([]promotion.Applied{{PromotionID: promotionID, Version: r.Promotion.Version, Amount: amount}}, "KRW"))
	_, err = table.Modify(b.t.Context(), func(context.Context, table.Item) (int, error) { return 0, nil },
		func(ctx context.Context, _ int) (int, error) {
			count, used, err := counter.Plan(ctx, b.table)
			if err != nil || used != nil {
				b.t.Fatal("nothing is left:", used, err)
			}
			err = b.table.TryTransact(ctx, "", count.Writes...)
			if canceled, refused := table.Refused(err); refused {
				counter.Refused(count, canceled, 0)
				return 0, table.Stale(err, nil)
			}
			return 0, err
		})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestABudgetInSlicesIsPublishedWithItsLastOrder counts a budget that is handed out in slices to its end. What slices
// have and no order has used is not used up: the event comes with the last order, once, and names what orders used.
func TestABudgetInSlicesIsPublishedWithItsLastOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*promotion.Promotion)
		orders int
	}{
		{"a number of orders", func(p *promotion.Promotion) { p.Budget.Uses = 600 }, 600},
		{"an amount that ends with less than an order costs",
			func(p *promotion.Promotion) { p.Budget.Spend = promotion.Amounts{"KRW": 420_399} }, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.change)
			for range c.orders - 1 {
				b.use(700)
			}
			b.sold("evt_1", placed(1))
			if e := b.published(); e != nil {
				t.Fatalf("with one order left it published %s", e.Type)
			}
			b.use(700)
			b.sold("evt_2", placed(1))
			first := b.published()
			if first == nil || first.Type != "promotion.budget_exhausted" {
				t.Fatalf("after the last order it published %+v", first)
			}
			var detail events.PromotionBudgetExhausted
			if err := json.Unmarshal([]byte(first.Data), &detail); err != nil {
				t.Fatal(err)
			}
			if detail.Uses != c.orders || detail.Spend["KRW"] != int64(c.orders)*700 {
				t.Errorf("it says %d uses and %d won of %d orders", detail.Uses, detail.Spend["KRW"], c.orders)
			}
			b.sold("evt_3", placed(1))
			if b.published().ID != first.ID {
				t.Error("it was published twice")
			}
		})
	}
}
