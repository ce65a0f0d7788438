package returns_test

import (
	"testing"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/rma"
)

// ahead is an exchange of a delivered order for a dearer one that was sent ahead, against a reservation.
func ahead(t *testing.T, d *desk) (o *order.Order, r returns.Return, small, large string) {
	t.Helper()
	small, large = d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 65_000,
		Units: 3})
	o = d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	r = d.request(o, wanted("exchange", line))
	path := "/returns/" + r.ID + "/hold"
	d.keyed(d.ann()).Do("POST", path, paying(65_000, "pm_card_visa")).WantProblem(409, "return_state") // not approved yet
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.keyed(d.ann()).Do("POST", path, paying(5_000, "pm_card_visa")).WantProblem(409, "total_changed")
	d.keyed(d.ann()).Do("POST", path, paying(65_000, "pm_card_chargeDeclined")).WantProblem(402, "payment_declined")
	d.keyed(d.client()).Do("POST", path, paying(65_000, "pm_card_visa")).WantProblem(404, "return_not_found")
	for range 2 {
		d.keyed(d.ann()).Do("POST", path, paying(65_000, "pm_card_visa")).Want(200).Into(&r)
	}
	if r.Hold == nil || r.Hold.State != rma.HoldPlaced || r.NewOrderID == "" || d.taken() != 60_000 {
		t.Fatalf("hold %+v, order %q, the bank has %d; want a reservation and nothing taken", r.Hold, r.NewOrderID, d.taken())
	}
	if next := d.order(r.NewOrderID); next.Lines[0].VariantID != large || next.State != order.Placed {
		t.Fatalf("what is sent ahead is %+v", next.Lines)
	}
	d.ann().Do("POST", "/returns/"+r.ID+"/cancel", nil).WantProblem(409, "return_state")
	return o, r, small, large
}

func TestAnExchangeSentAheadTakesTheDifferenceWhenTheGoodsAreBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, r, small, large := ahead(t, d)
	r = d.settle(r)
	if r.State != rma.Completed || r.Hold.State != rma.HoldSettled || r.Hold.Taken.Amount != 5_000 || d.taken() != 65_000 {
		t.Fatalf("%s, hold %+v, the bank has %d", r.State, r.Hold, d.taken())
	}
	if d.SellableUnits(t, small) != 3 || d.SellableUnits(t, large) != 2 {
		t.Errorf("%d small and %d large in stock", d.SellableUnits(t, small), d.SellableUnits(t, large))
	}
	next := d.deliver(d.order(r.NewOrderID))
	again := d.request(next, wanted("refund", back(next.Lines[0].ID, 1, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+again.ID+"/approve", nil).Want(200)
	if again = d.settle(again); again.Settled.Refund.Amount != 65_000 || d.taken() != 0 {
		t.Fatalf("what was exchanged is worth %d, the bank has %d", again.Settled.Refund.Amount, d.taken())
	}
}

// Nothing but a reservation stands for it: it is not paid ahead, and gives no credit for something cheaper.
func TestWhatWasSentAheadIsWorthNothingUntilItIsPaidFor(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, r, small, _ := ahead(t, d)
	next := d.deliver(d.order(r.NewOrderID))
	line := back(next.Lines[0].ID, 1, "faulty")
	line["exchangeFor"] = small
	d.keyed(d.ann()).Do("POST", "/orders/"+next.ID+"/returns/quote", wanted("exchange", line)).
		WantProblem(409, "nothing_captured")
}

func TestAnExchangeSentAheadIsPaidForWhenTheGoodsDoNotComeBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, r, _, _ := ahead(t, d)
	d.Clock.Advance(5 * day)
	d.workReturns()
	if d.taken() != 60_000 {
		t.Fatalf("after five days the bank has %d", d.taken())
	}
	d.Clock.Advance(day + day/24) // before the bank lets the reservation go, after seven days
	for range 3 {                 // jobs come more than once
		d.workReturns()
	}
	after := d.read(r.ID)
	if after.Hold.State != rma.HoldSettled || d.taken() != 125_000 || after.Resolution != rma.Refund {
		t.Fatalf("hold %+v, the bank has %d, %s", after.Hold, d.taken(), after.Resolution)
	}
	// What arrives late is refunded: it was paid for, and so was the exchange.
	if r = d.settle(r); r.State != rma.Completed || r.Settled.Pay.Amount != 60_000 || d.taken() != 65_000 {
		t.Fatalf("%s, %+v, the bank has %d", r.State, r.Settled, d.taken())
	}
}

func TestAnExchangeSentAheadIsPaidForWhenNothingIsAccepted(t *testing.T) {
	t.Parallel()
	d := open(t)
	o, r, _, _ := ahead(t, d)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive",
		object{"lines": []object{{"lineId": o.Lines[0].ID, "wrong": 1}}}).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
	d.Clock.Advance(day)
	d.workReturns()
	if r.State != rma.Rejected || d.read(r.ID).Hold.State != rma.HoldSettled || d.taken() != 125_000 {
		t.Fatalf("%s, hold %+v, the bank has %d", r.State, d.read(r.ID).Hold, d.taken())
	}
}

func TestAnExchangeSentAheadWhoseOrderWasCanceledTakesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, r, _, large := ahead(t, d)
	if _, err := d.Service.Cashier.Cancel(t.Context(), d.order(r.NewOrderID), "changed_mind",
		order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	if r = d.settle(r); r.State != rma.Completed || r.Settled.Pay.Amount != 60_000 || d.taken() != 0 {
		t.Fatalf("%s, %+v, the bank has %d", r.State, r.Settled, d.taken())
	}
	if n := d.SellableUnits(t, large); n != 3 {
		t.Errorf("%d in stock", n)
	}
}

func TestAReservationWhoseCardWantsAChallengeIsPlacedAfterIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 60_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "wrong_size")
	line["exchangeFor"] = large
	r := d.request(o, wanted("exchange", line))
	path := "/returns/" + r.ID + "/hold"
	price := r.Quoted.Price.Amount
	d.keyed(d.ann()).Do("POST", path, paying(price, "pm_card_threeDSecure2Required")).Want(202).Into(&r)
	if r.Hold == nil || r.Hold.RedirectURL == "" || r.NewOrderID != "" {
		t.Fatalf("before the challenge: hold %+v, order %q", r.Hold, r.NewOrderID)
	}
	d.Challenge(r.Hold.RedirectURL, true)
	d.keyed(d.ann()).Do("POST", path, paying(price, "pm_card_threeDSecure2Required")).Want(200).Into(&r)
	if r.Hold.State != rma.HoldPlaced || r.NewOrderID == "" {
		t.Fatalf("after it: hold %+v, order %q", r.Hold, r.NewOrderID)
	}
}
