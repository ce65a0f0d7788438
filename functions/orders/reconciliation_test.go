package orders_test

import (
	"testing"
	"time"

	"dangol/functions/orders"
	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/platform/due"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// reconcileYesterday lets a day pass and reconciles it.
func (d *desk) reconcileYesterday() {
	d.T.Helper()
	d.Clock.Advance(26 * time.Hour)
	books := d.Reconciler(d.T)
	if err := books.Start(d.T.Context()); err != nil {
		d.T.Fatal(err)
	}
	err := due.Overdue(d.T.Context(), d.Table, report.Due, d.Clock.Now(), func(j due.Job) error {
		return books.Continue(d.T.Context(), j.Key)
	})
	if err != nil {
		d.T.Fatal(err)
	}
}

func TestTheMerchantReadsWhatDoesNotAgree(t *testing.T) {
	t.Parallel()
	d := open(t)
	gone, short := d.sell(""), d.sell("")
	d.RunUntilIdle(t.Context())
	paid := d.read(short).Totals.Total.Amount
	d.DeleteItem(t, order.KeyOf(gone.id))
	d.reconcileYesterday()
	merchant := d.client().As(apitest.Merchant)

	var list struct{ Reconciliations []orders.Reconciliation }
	merchant.Do("GET", "/admin/reconciliations", nil).Want(200).Into(&list)
	if len(list.Reconciliations) != 1 {
		t.Fatalf("%d reports", len(list.Reconciliations))
	}
	day := list.Reconciliations[0]
	if day.State != report.Done || day.Differences != 1 || day.Payments != 2 || day.Orders != 1 ||
		day.ByKind[reconcile.MoneyWithoutOrder] != 1 || day.FinishedAt == nil {
		t.Errorf("the report is %+v", day)
	}
	path := "/admin/reconciliations/" + string(day.Day)
	var one orders.Reconciliation
	if merchant.Do("GET", path, nil).Want(200).Into(&one); one.Differences != 1 || one.Day != day.Day {
		t.Errorf("read alone it is %+v", one)
	}
	var found struct{ Differences []orders.Difference }
	merchant.Do("GET", path+"/differences?limit=5", nil).Want(200).Into(&found)
	if len(found.Differences) != 1 {
		t.Fatalf("%d differences", len(found.Differences))
	}
	if f := found.Differences[0]; f.Kind != reconcile.MoneyWithoutOrder || f.Subject != gone.id ||
		f.Provider.Amount != paid || f.Books.Amount != 0 {
		t.Errorf("the difference is %+v", f)
	}
}

func TestADayWithoutAReconciliation(t *testing.T) {
	t.Parallel()
	d := open(t)
	merchant := d.client().As(apitest.Merchant)
	for _, path := range []string{"/2026-03-01", "/2026-03-01/differences"} {
		merchant.Do("GET", "/admin/reconciliations"+path, nil).WantProblem(404, "reconciliation_not_found")
	}
	merchant.Do("GET", "/admin/reconciliations/2026-02-31", nil).Want(422)
	merchant.Do("GET", "/admin/reconciliations?cursor=x", nil).Want(422)
}
