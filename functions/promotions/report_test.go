package promotions_test

import (
	"testing"
	"time"

	"dangol/functions/promotions"
	"dangol/shared/membership"
	"dangol/shared/order"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/id"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// ordered places an order of one line so many days ago, of a member by the plans.
func (b *bench) ordered(daysAgo int, productID, variantID string, quantity int, unit int64, plans ...membership.Plan) {
	b.t.Helper()
	b.placed(daysAgo, order.Line{VariantID: variantID, ProductID: productID, Quantity: quantity}, unit, plans...)
}

// placed is ordered for a line that is given.
func (b *bench) placed(daysAgo int, line order.Line, unit int64, plans ...membership.Plan) {
	b.t.Helper()
	line.ID, line.Title = "line_1", "비누"
	quantity := line.Quantity
	at := b.clock.Now().AddDate(0, 0, -daysAgo)
	total := unit * int64(quantity)
	o := order.New(order.NewID(at), id.New("chk", at), order.Draft{
		CartID: id.New("cart", at), Email: "a@example.com", Language: "ko", Member: plans,
		Lines: []order.Line{line},
		Totals: order.Totals{Totals: pricing.Totals{
			Currency: "KRW", Subtotal: total, Total: total,
			Lines: []pricing.LineTotal{{ID: "line_1", Unit: unit, Quantity: quantity, Subtotal: total, Total: total}},
		}},
	}, order.Payment{State: order.PayCaptured, Captured: total}, at)
	if err := b.table.Put(b.t.Context(), b.f.Orders.Place(o)); err != nil {
		b.t.Fatal(err)
	}
}

func TestADryRunTellsWhatItWouldHaveCost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, soapVariant := b.sell(10_000)
	balm, balmVariant := b.sell(4_000)
	b.ordered(1, soap, soapVariant, 3, 10_000)
	b.ordered(5, balm, balmVariant, 2, 4_000)
	b.ordered(20, soap, soapVariant, 1, 9_000, membership.Plan{ID: "plan_gold"})
	b.ordered(40, soap, soapVariant, 9, 10_000)
	for _, tc := range []struct {
		name         string
		change       map[string]any
		days         string
		orders, with int
		cost         int64
	}{
		{"a tenth off the soap, over 30 days", nil, "30", 3, 2, 3_000 + 900},
		{"over a week", nil, "7", 2, 1, 3_000},
		{"over two months", nil, "60", 4, 3, 3_000 + 900 + 9_000},
		{"from 20,000 on", map[string]any{"conditions": map[string]any{"minSubtotal": map[string]any{"KRW": 20_000}}}, "30",
			3, 1, 3_000},
		{"with a code that all know", map[string]any{"code": "ALL"}, "30", 3, 2, 3_900},
		{"for members only", map[string]any{"conditions": map[string]any{"audience": "member"}}, "30", 3, 1, 900},
		{"for members of another plan only",
			map[string]any{"conditions": map[string]any{"audience": "member", "plans": []string{"plan_silver"}}}, "30", 3, 0, 0},
		{"as a sale price", map[string]any{"kind": "sale_price"}, "30", 3, 2, 3_900},
	} {
		draft := b.create(body(soap, tc.change))
		var got promotions.DryRunResult
		b.merchant.Do("POST", "/promotions/"+draft.ID+"/dry-run?days="+tc.days, nil).Want(200).Into(&got)
		if len(got.Results) != 1 || got.Orders != tc.orders || got.Results[0].Orders != tc.with ||
			got.Results[0].Cost != tc.cost || got.Truncated {
			t.Errorf("%s: %+v, want %d of %d orders, %d", tc.name, got, tc.with, tc.orders, tc.cost)
		}
	}
}

func TestADryRunOfASaleThatHasRunCountsItOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, variant := b.sell(10_000)
	sale := b.create(body(soap, map[string]any{"kind": "sale_price"})) // a tenth off
	line := order.Line{VariantID: variant, ProductID: soap, Quantity: 3}
	for _, tc := range []struct {
		name string
		sold string // the sale at which it was sold
		unit int64
		cost int64
	}{
		{"by this sale", sale.ID, 9_000, 3_000},
		{"by a smaller one", "promo_other", 9_500, 1_500},
		{"by a larger one", "promo_other", 8_000, 0},
	} {
		line.Sale, line.Saved = tc.sold, (10_000-tc.unit)*3
		b.placed(1, line, tc.unit)
		var got promotions.DryRunResult
		b.merchant.Do("POST", "/promotions/"+sale.ID+"/dry-run?days=2", nil).Want(200).Into(&got)
		if len(got.Results) != 1 || got.Results[0].Cost != tc.cost {
			t.Errorf("sold %s: %+v, want %d", tc.name, got.Results, tc.cost)
		}
		b.clock.Advance(3 * 24 * time.Hour)
	}
}

func TestAReportIsInACurrencyOfTheShop(t *testing.T) {
	t.Parallel()
	newBench(t).merchant.Do("GET", "/promotions/report?currency=XYZ", nil).WantField("query/currency")
}

func TestAReportTellsHowMuchTheShopLivesOnDiscountsAndWhetherCustomersWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(10_000)
	saved := store.Store{Table: b.table, Clock: b.clock}
	sale := promotion.Promotion{
		ID: "promo_sale", Version: 1, Name: map[string]string{"ko": "x"}, Kind: promotion.Percentage, Class: promotion.Order,
		State:  promotion.Scheduled,
		Starts: monday.AddDate(0, 0, -10), Ends: monday.AddDate(0, 0, -7), TimeZone: "Asia/Seoul",
		Targets: promotion.Targets{Products: []string{product}},
		Terms:   promotion.Terms{BasisPoints: 3_000},
	}
	if err := b.table.Put(t.Context(), saved.Create(&store.Record{Promotion: sale})); err != nil {
		t.Fatal(err)
	}
	today := civil.DateAt(monday, b.f.Zone)
	for back := range 100 {
		s := promotion.DaySales{Day: today.Add(-back), Orders: 10, Revenue: 100_000}
		if back > 10 && back <= 24 {
			s.Orders, s.Revenue = 4, 40_000 // the two weeks before: customers wait
		}
		if back >= 7 && back <= 10 {
			s.Discounted = s.Revenue
		}
		for _, scope := range []string{store.TheShop, product} {
			if err := b.table.Transact(t.Context(), "", store.AddDaySales(scope, "KRW", s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, query := range []string{"", "?product=" + product} {
		var got promotions.DiscountReport
		b.merchant.Do("GET", "/promotions/report"+query, nil).Want(200).Into(&got)
		if got.Days30 != 4 || got.Deepest != 3_000 || got.Waiting == nil || got.Waiting.Index > 5_000 ||
			got.Says != "waiting" || got.DiscountShare == 0 {
			t.Errorf("%s: %+v %+v", query, got, got.Waiting)
		}
	}
	b.merchant.Do("GET", "/promotions/report?product=prod_nobody", nil).WantProblem(404, "product_not_found")
	var one promotions.PromotionReport
	b.merchant.Do("GET", "/promotions/"+b.publish(body(product, nil)).ID+"/report", nil).Want(200).Into(&one)
	if !one.Counts || one.Depth != 1_000 || len(one.Products) != 1 || one.Days != 0 {
		t.Errorf("of one that is to come: %+v", one)
	}
}
