package returns_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/rma"
)

// pair is a delivered order of two units at 10,000 won, whose shipping of 3,000 won goes back with the whole order:
// the units are faulty.
func pair(d *desk) *order.Order {
	d.T.Helper()
	return d.deliver(d.buy(map[string]int{d.Sell(testshop.ProductSpec{Price: 10_000, Units: 9}): 2}))
}

// one asks for a return of one unit for a fault, and has it approved.
func (d *desk) one(o *order.Order, resolution string) string {
	d.T.Helper()
	return d.approved(d.request(o, wanted(resolution, back(o.Lines[0].ID, 1, "faulty")))).ID
}

func TestTheShippingGoesBackWithTheReturnThatIsSettledLast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// what happens to the first return and then to the second one, in that order of steps
		steps []string
		// what the bank has given back after each step
		want []int64
	}{
		{"both come back in the order of the requests", []string{"settle first", "settle second"}, []int64{10_000, 23_000}},
		{"both come back the other way round", []string{"settle second", "settle first"}, []int64{10_000, 23_000}},
		{"the first one expires: its goods are kept", []string{"settle second", "expire first"}, []int64{10_000, 10_000}},
		{"the second one is canceled", []string{"cancel second", "settle first"}, []int64{0, 10_000}},
		{"the second one is canceled, and the unit comes back later",
			[]string{"cancel second", "settle first", "again"}, []int64{0, 10_000, 23_000}},
		{"the first one expires, and the unit comes back later",
			[]string{"settle second", "expire first", "again"}, []int64{10_000, 10_000, 23_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			o := pair(d)
			ids := map[string]string{"first": d.one(o, "refund")}
			q := d.quote(o, wanted("refund", back(o.Lines[0].ID, 1, "faulty")))
			if q.Shipping.Amount != 0 || q.Later.Amount != 3_000 {
				t.Errorf("while the first is open, the second is quoted %d of the shipping now and %d later",
					q.Shipping.Amount, q.Later.Amount)
			}
			ids["second"] = d.one(o, "refund")
			for i, step := range c.steps {
				var do, which string
				if fmt.Sscan(step, &do, &which); do == "again" {
					ids["again"], which = d.one(o, "refund"), "again"
				}
				switch do {
				case "cancel":
					d.ann().Do("POST", "/returns/"+ids[which]+"/cancel", nil).Want(200)
				case "expire":
					d.Clock.Advance(40 * day)
					d.workReturns()
				default:
					r := d.read(ids[which])
					d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", nil).Want(200)
					d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200)
				}
				if _, refunded := d.bank(o.Payment.ID); refunded != c.want[i] {
					t.Fatalf("after %q: %d went back, want %d", step, refunded, c.want[i])
				}
			}
		})
	}
}

func TestTheShippingThatIsGivenBesideTheQuoteIsInWhatTheCustomerSees(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := pair(d)
	first, second := d.one(o, "store_credit"), d.one(o, "refund")
	for _, id := range []string{second, first} {
		d.agent().Do("POST", "/admin/returns/"+id+"/receive", nil).Want(200)
		d.agent().Do("POST", "/admin/returns/"+id+"/inspect", nil).Want(200)
	}
	// 10,000 with a bonus of 5 %, and the shipping without one.
	if r := d.read(first); r.Settled.Refund != 13_000 || r.Settled.Bonus != 500 || d.balance() != 13_500 {
		t.Errorf("settled %+v, credit of %d", r.Settled, d.balance())
	}
}

// One of two units is sent and comes back, and the other is taken off: before it is settled, or after.
func TestTheShippingGoesBackWhenTheRestIsNeverSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, reason string
		none         bool  // the return gives no shipping back
		early        bool  // taken off while the return is open
		want         int64 // goes back in all
	}{
		{"taken off after the return", "faulty", false, false, 23_000},
		{"taken off while the return is open", "faulty", false, true, 23_000},
		// less the way back
		{"by the law that gives it back", "changed_mind", false, false, 20_000},
		{"after a return without a right to it", "changed_mind", true, false, 17_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			o := d.buy(map[string]int{d.Sell(testshop.ProductSpec{Price: 10_000, Units: 9}): 2})
			o = d.edited(o, func(o *order.Order) error {
				f, err := o.Fulfill(order.Fulfillment{Carrier: "cj", TrackingNumber: "1",
					Lines: []order.Part{{LineID: o.Lines[0].ID, Quantity: 1}}}, order.ByShop, d.Clock.Now())
				if err == nil {
					_, _, err = o.Deliver(f.N, order.ByShop, d.Clock.Now())
				}
				return err
			})
			remove := func() {
				d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/lines/remove", object{
					"lines": []object{{"lineId": o.Lines[0].ID, "quantity": 1}}}).Want(200)
			}
			r := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, c.reason)))
			if r.State != rma.Approved { // a fault is looked at first
				r = d.approved(r)
			}
			if c.early {
				remove()
			}
			d.settle(r)
			if c.none {
				d.edited(o, func(o *order.Order) error { o.Entry(r.ID).OutboundBack = false; return nil })
			}
			if !c.early {
				remove()
			}
			if _, refunded := d.bank(o.Payment.ID); refunded != c.want {
				t.Errorf("%d went back, want %d", refunded, c.want)
			}
		})
	}
}

// What is exchanged stays with the customer in another form, so the shipping was not in vain.
func TestAnExchangeKeepsTheShippingAlsoWhenTheRestComesBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := pair(d)
	for _, resolution := range []string{"replacement", "refund"} {
		id := d.one(o, resolution)
		d.agent().Do("POST", "/admin/returns/"+id+"/receive", nil).Want(200)
		d.agent().Do("POST", "/admin/returns/"+id+"/inspect", nil).Want(200)
	}
	if _, refunded := d.bank(o.Payment.ID); refunded != 10_000 {
		t.Errorf("%d went back, want the unit alone", refunded)
	}
}

// Whatever is requested, settled and canceled in whatever order: the shipping has gone back, once, exactly when nothing
// is kept.
func TestTheShippingGoesBackExactlyWhenNothingIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := open(t)
		const units = 4
		o := d.deliver(d.buy(map[string]int{d.Sell(testshop.ProductSpec{Price: 10_000, Units: 9}): units}))
		var returns []string
		back := 0
		for range rapid.IntRange(2, 7).Draw(rt, "steps") {
			left := len(d.order(o.ID).RefundLedger().UnitsLeft(o.Lines[0].ID))
			var open []string
			for _, id := range returns {
				if !d.read(id).State.Finished() {
					open = append(open, id)
				}
			}
			if left > 0 && (len(open) == 0 || rapid.Bool().Draw(rt, "request")) {
				n := rapid.IntRange(1, left).Draw(rt, "units")
				r := d.approved(d.request(o, wanted("refund", map[string]any{
					"lineId": o.Lines[0].ID, "quantity": n, "reason": "faulty"})))
				returns = append(returns, r.ID)
				continue
			}
			if len(open) == 0 {
				break
			}
			id := rapid.SampledFrom(open).Draw(rt, "return")
			if rapid.Bool().Draw(rt, "cancel") {
				d.ann().Do("POST", "/returns/"+id+"/cancel", nil).Want(200)
				continue
			}
			d.agent().Do("POST", "/admin/returns/"+id+"/receive", nil).Want(200)
			d.agent().Do("POST", "/admin/returns/"+id+"/inspect", nil).Want(200)
			if r := d.read(id); r.State == rma.Completed {
				back += len(r.Units())
			}
		}
		want := int64(back) * 10_000
		if back == units {
			want += 3_000
		}
		if _, refunded := d.bank(o.Payment.ID); refunded != want {
			rt.Fatalf("%d of %d units came back and %d won went back, want %d", back, units, refunded, want)
		}
	})
}
