package returns_test

import (
	"fmt"
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/rma"
	"dangol/shared/stock"
)

// prepaid is a delivered order of Ann's for units of a variant that cost 20,000 won each, as the cycles of a plan that
// was paid ahead make it: it is paid, and no payment of its own was captured.
func (d *desk) prepaid(variant string, units int) *order.Order {
	d.T.Helper()
	now := d.Clock.Now()
	to, total := testshop.Seoul.Address, 20_000*int64(units)
	line := pricing.LineTotal{ID: "ln_a", Unit: 20_000, Quantity: units, Subtotal: total, Total: total}
	for range units {
		line.Units = append(line.Units, 20_000)
	}
	o := order.New(order.NewID(now), "cycle_1", order.Draft{
		CartID: "cycle_1", CustomerID: apitest.Ann.Subject, Email: "ann@example.com", Language: "en",
		Address:     &to,
		Allocations: []stock.Allocation{{VariantID: variant, Quantity: units}},
		Lines:       []order.Line{{ID: "ln_a", VariantID: variant, Quantity: units, Title: "Box", Box: true}},
		Totals: order.Totals{Totals: pricing.Totals{
			Currency: "KRW", Subtotal: total, Total: total, TaxIncluded: true, Lines: []pricing.LineTotal{line},
		}},
	}, order.Payment{State: order.PayCaptured}, now)
	var err error
	if o.Event, err = event.New(d.T.Context(), now, o.PlacedEvent()); err != nil {
		d.T.Fatal(err)
	}
	if err := d.Table.Put(d.T.Context(), d.Service.Cashier.Orders.Place(o)); err != nil {
		d.T.Fatal(err)
	}
	return d.deliver(d.order(o.ID))
}

func TestAFaultyItemOfAPrepaidDeliveryIsReplaced(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.prepaid(soap, 1)
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns/quote", wanted("refund", back("ln_a", 1, "faulty"))).
		WantProblem(409, "nothing_captured")
	// What is sent instead is prepaid as well, so it can be replaced in its turn.
	for range 2 {
		r := d.settle(d.approved(d.request(o, wanted("replacement", back(o.Lines[0].ID, 1, "faulty")))))
		if r.State != rma.Completed || r.NewOrderID == "" || r.Settled.Ask.Amount != 0 || r.Settled.Pay.Amount != 0 {
			t.Fatalf("%s, order %q, settled %+v", r.State, r.NewOrderID, r.Settled)
		}
		o = d.deliver(d.order(r.NewOrderID))
		if o.Lines[0].VariantID != soap || o.Totals.Total != 20_000 || o.Payment.Captured != 0 {
			t.Fatalf("sent %+v for %+v", o.Lines, o.Totals)
		}
	}
	if d.balance() != 0 || d.taken() != 0 {
		t.Errorf("credit of %d, the bank has %d; no money moves", d.balance(), d.taken())
	}
}

func TestAnItemOfAPrepaidDeliveryIsExchangedForWhatItCost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		price       int64
		ask, credit int64
	}{
		{"at the same price", 20_000, 0, 0},
		{"a dearer one costs the difference", 23_000, 3_000, 0},
		{"a cheaper one gives the difference as store credit", 15_000, 0, 5_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
			other := d.Sell(testshop.ProductSpec{Price: c.price, Units: 9})
			o := d.prepaid(soap, 1)
			line := back("ln_a", 1, "not_as_described")
			line["exchangeFor"] = other
			r := d.settle(d.approved(d.request(o, wanted("exchange", line))))
			if r.Quoted.Ask.Amount != c.ask || d.balance() != c.credit {
				t.Fatalf("asks for %d and gives %d as credit, want %d and %d", r.Quoted.Ask.Amount, d.balance(), c.ask, c.credit)
			}
			if c.ask == 0 {
				if next := d.order(r.NewOrderID); next.Totals.Total != c.price || next.Lines[0].VariantID != other {
					t.Errorf("sent %+v", next.Totals)
				}
				return
			}
			// The difference is not paid for a week: what came back is worth its price still.
			d.Clock.Advance(8 * day)
			d.workReturns()
			if got := d.read(r.ID); got.State != rma.Completed || got.Instead != rma.BalanceUnpaid || d.balance() != 20_000 {
				t.Errorf("%s (%s), credit of %d", got.State, got.Instead, d.balance())
			}
		})
	}
}

// What is sent instead was chosen for both units. Only one is accepted, and there is no payment that its price could go
// back on.
func TestAPartOfAPrepaidReplacementIsGivenAsStoreCredit(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.prepaid(soap, 2)
	r := d.approved(d.request(o, wanted("replacement", back("ln_a", 2, "faulty"))))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", object{"lines": []object{{"lineId": "ln_a", "damaged": 1}}}).
		Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
	if r.State != rma.Completed || r.NewOrderID != "" || d.balance() != 20_000 || d.SellableUnits(t, soap) != 9 {
		t.Fatalf("%s, order %q, credit of %d, %d in stock", r.State, r.NewOrderID, d.balance(), d.SellableUnits(t, soap))
	}
	// The other unit is still the customer's, and can be replaced.
	again := d.settle(d.approved(d.request(o, wanted("replacement", back("ln_a", 1, "faulty")))))
	if again.NewOrderID == "" || d.balance() != 20_000 {
		t.Fatalf("order %q, credit of %d", again.NewOrderID, d.balance())
	}
}

// partlyPrepaid is a delivered order of Ann's for two units that cost 20,000 won each and their shipping of 3,000, of
// which her card paid one unit and the credit of her subscription the rest.
func (d *desk) partlyPrepaid(variant string) *order.Order {
	d.T.Helper()
	o := d.deliver(d.buy(map[string]int{variant: 2}))
	return d.edited(o, func(o *order.Order) error {
		o.Lines[0].Box = true
		o.Payment.Captured = 20_000
		return nil
	})
}

// edited changes an order as something outside of this function does.
func (d *desk) edited(o *order.Order, change func(*order.Order) error) *order.Order {
	d.T.Helper()
	o, err := d.Service.Cashier.Orders.Change(d.T.Context(), o.ID, func(o *order.Order) (bool, []table.Write, error) {
		return true, nil, change(o)
	})
	if err != nil {
		d.T.Fatal(err)
	}
	return o
}

// exchanged asks for another variant for one unit.
func exchanged(o *order.Order, variant string) object {
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = variant
	return wanted("exchange", line)
}

// The payment covers one unit. When the return that it was kept for is canceled, the other one is paid for already.
func TestWhatIsExchangedForCreditIsNotPaidOutWhenAnotherReturnIsCanceled(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	other := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.partlyPrepaid(soap)
	first := d.approved(d.request(o, exchanged(o, other)))
	second := d.approved(d.request(o, exchanged(o, other)))
	d.ann().Do("POST", "/returns/"+first.ID+"/cancel", nil).Want(200)
	d.workReturns()
	if _, refunded := d.bank(o.Payment.ID); refunded != 0 || d.balance() != 0 {
		t.Errorf("%d went back and credit of %d was given, for an exchange at the same price", refunded, d.balance())
	}
	if r := d.settle(second); r.NewOrderID == "" || r.Settled.Ask.Amount != 0 {
		t.Errorf("the exchange is %s: %+v", r.State, r.Settled)
	}
}

func TestWhatWasPaidAheadStaysPaidWhenMoneyOfTheOrderWentBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.partlyPrepaid(soap)
	o = d.edited(o, func(o *order.Order) error {
		return o.GiveGoodwill(o.RefundLedger().Left(), "sorry", order.ByShop, d.Clock.Now())
	})
	// One is paid ahead, with 3,000 of the other; what paid the rest of it has gone back.
	for _, ask := range []int64{0, 17_000} {
		other := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
		r := d.settle(d.approved(d.request(o, exchanged(o, other))))
		if r.Quoted.Ask.Amount != ask {
			t.Errorf("asks for %d, want %d", r.Quoted.Ask.Amount, ask)
		}
	}
}

// The goods that came back are with the shop, and what they are exchanged for is never sent.
func TestWhatWasPaidAheadIsGivenAsStoreCreditWhenWhatIsSentInsteadIsCanceled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		price  int64 // of what is sent instead
		remove int   // units taken off before the rest is canceled
		credit []int64
	}{
		{"canceled", 20_000, 0, []int64{0, 40_000}},
		{"taken off and canceled", 20_000, 1, []int64{20_000, 40_000}},
		{"cheaper, taken off and canceled", 15_000, 1, []int64{25_000, 40_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
			other := d.Sell(testshop.ProductSpec{Price: c.price, Units: 9})
			o := d.prepaid(soap, 2)
			line := back("ln_a", 2, "not_as_described")
			line["exchangeFor"] = other
			next := d.order(d.settle(d.approved(d.request(o, wanted("exchange", line)))).NewOrderID)
			if c.remove > 0 {
				d.keyed(d.ann()).Do("POST", "/orders/"+next.ID+"/lines/remove", object{
					"lines": []object{{"lineId": next.Lines[0].ID, "quantity": c.remove}}}).Want(200)
			}
			if got := d.balance(); got != c.credit[0] {
				t.Errorf("credit of %d before the rest is canceled, want %d", got, c.credit[0])
			}
			for range 2 { // once
				if _, err := d.Service.Cashier.Cancel(t.Context(), d.order(next.ID), "no", order.ByCustomer); err != nil {
					t.Fatal(err)
				}
			}
			if d.balance() != c.credit[1] || d.taken() != 0 {
				t.Errorf("credit of %d, the bank has %d; want %d", d.balance(), d.taken(), c.credit[1])
			}
		})
	}
}

// A plan sells for less than the catalog, or for more. What that is stays as it is, as with any other discount.
func TestAnItemOfADeliveryIsExchangedForAnotherOfItsPriceInTheCatalog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ catalog, other, ask, credit int64 }{
		{25_000, 25_000, 0, 0}, {25_000, 27_000, 2_000, 0}, {25_000, 12_500, 0, 10_000},
		{16_000, 16_000, 0, 0}, {16_000, 8_000, 0, 10_000},
	} {
		t.Run(fmt.Sprint(c.catalog, " ", c.other), func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap := d.Sell(testshop.ProductSpec{Price: c.catalog, Units: 9})
			other := d.Sell(testshop.ProductSpec{Price: c.other, Units: 9})
			o := d.edited(d.prepaid(soap, 1), func(o *order.Order) error {
				o.Lines[0].Saved = c.catalog - 20_000
				return nil
			})
			r := d.settle(d.approved(d.request(o, exchanged(o, other))))
			if r.Quoted.Ask.Amount != c.ask || d.balance() != c.credit {
				t.Errorf("asks for %d and gives %d as credit, want %d and %d", r.Quoted.Ask.Amount, d.balance(), c.ask, c.credit)
			}
		})
	}
}
