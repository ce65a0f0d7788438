package returns_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/platform/function"
	"dangol/shared/rma"
)

// consume hands the event that rides on a return to the function, twice, as the bus may.
func (d *desk) consume(returnID string) {
	d.T.Helper()
	e := d.read(returnID).Event
	payload, err := json.Marshal(map[string]any{"detail-type": e.Type, "detail": e.Envelope()})
	if err != nil {
		d.T.Fatal(err)
	}
	handler := function.Handlers{Events: d.f.Consumers(), Log: slog.New(slog.DiscardHandler)}.Lambda()
	for range 2 {
		if _, err := handler.Invoke(d.T.Context(), payload); err != nil {
			d.T.Fatal(err)
		}
	}
}

func TestTheReportSaysWhatReturnsOfAProductCost(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 3, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", nil).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", object{"lines": []object{
		{"lineId": o.Lines[0].ID, "accepted": 3, "grade": "C", "restocked": 1, "writeOff": 2},
	}}).Want(200)
	d.consume(r.ID)
	// What was sold is counted from the stream, by another function.
	sold := rma.Sold(o.Lines[0].ProductID, o.Lines[0].Title, 12, d.Clock.Now())
	if err := d.Table.Transact(t.Context(), "", sold); err != nil {
		t.Fatal(err)
	}
	var report returns.Report
	d.agent().Do("GET", "/admin/returns/report", nil).Want(200).Into(&report)
	if len(report.Products) != 1 {
		t.Fatalf("%+v", report)
	}
	p := report.Products[0]
	if p.Returned != 3 || p.Restocked != 1 || p.Top != "faulty" || p.Grades["C"] != 3 || p.Sold != 12 ||
		p.Rate != 2_500 || p.Title != o.Lines[0].Title {
		t.Errorf("counts %+v", p)
	}
	if len(p.Value) != 1 || p.Value[0].Amount != 60_000 || len(p.Lost) != 1 || p.Lost[0].Amount != 40_000 {
		t.Errorf("value %+v, lost %+v; want 60,000 and 40,000", p.Value, p.Lost)
	}
}

func TestAHeldExchangeWhoseParcelNeverComesIsRefundedWhenItDoes(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 65_000,
		Units: 1})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	r := d.request(o, wanted("exchange", line))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.ann().Do("POST", "/returns/"+r.ID+"/sent", nil).Want(200)
	d.ann().Do("POST", "/returns/"+r.ID+"/cancel", nil).WantProblem(409, "return_state")
	if d.SellableUnits(t, large) != 0 {
		t.Fatal("nothing is held")
	}
	d.Clock.Advance(31 * day)
	d.workReturns()
	if n := d.SellableUnits(t, large); n != 1 {
		t.Fatalf("%d for sale after a month, want the one that was held", n)
	}
	if r = d.settle(r); r.State != "completed" || r.Settled.Pay.Amount != 60_000 || r.NewOrderID != "" {
		t.Fatalf("%s, %+v, order %q", r.State, r.Settled, r.NewOrderID)
	}
	if d.SellableUnits(t, large) != 1 {
		t.Error("the held unit was given back twice")
	}
}
