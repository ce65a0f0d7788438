package promotions_test

import (
	"strings"
	"testing"

	"dangol/functions/promotions"
	"dangol/shared/platform/civil"
	"dangol/shared/promotion/store"
)

func TestEachDaysSales(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	today := civil.DateAt(monday, b.f.Zone)
	for _, d := range []store.ShopDay{
		{Day: today.Add(-7), Orders: 1, New: 1, Revenue: 5_000},
		{Day: today.Add(-1), Orders: 3, New: 1, Guests: 1, Revenue: 90_000, Discounts: 4_000},
		{Day: today, Orders: 2, Revenue: 50_000, Canceled: 1, Refunds: 20_000},
	} {
		if err := b.table.Transact(t.Context(), "", store.ShopSold("KRW", d)); err != nil {
			t.Fatal(err)
		}
	}
	var one promotions.ShopSales
	b.merchant.Do("GET", "/admin/sales", nil).Want(200).Into(&one)
	if len(one.Days) != 1 || one.Days[0].Date != "2026-11-23" || one.Total.Orders != 2 ||
		one.Total.Revenue.Display != "₩50,000" || one.TimeZone != "Asia/Seoul" {
		t.Errorf("today: %+v", one)
	}
	var week promotions.ShopSales
	b.merchant.Do("GET", "/admin/sales?from=2026-11-20&to=2026-11-23&compare=previous_period", nil).Want(200).Into(&week)
	total := week.Total
	if len(week.Days) != 4 || total.Orders != 5 || total.Revenue.Amount != 140_000 || total.Average.Amount != 28_000 ||
		total.NewCustomers != 1 ||
		total.ReturningCustomers != 3 || total.GuestOrders != 1 || total.CanceledOrders != 1 ||
		total.Refunds.Amount != 20_000 {
		t.Errorf("four days: %+v", week)
	}
	if p := week.Previous; p == nil || p.From != "2026-11-16" || p.To != "2026-11-19" || p.Total.Orders != 1 {
		t.Errorf("compared with %+v", p)
	}
	file := b.merchant.Do("GET", "/admin/sales?from=2026-11-22&to=2026-11-23&format=csv", nil).Want(200).Body
	if want := "2026-11-22,KRW,3,90000,4000,1,1,1,0,0\n2026-11-23,KRW,2,50000,0,0,2,0,1,20000\n"; !strings.HasSuffix(file,
		want) {
		t.Errorf("as CSV: %s", file)
	}
	b.merchant.Do("GET", "/admin/sales?from=2026-11-23&to=2026-11-20", nil).WantProblem(422, "invalid_input")
}
