package returns_test

import (
	"encoding/json"
	"testing"

	"dangol/events"
	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
)

func TestAnUnshippedOrderLosesALineAndChangesItsAddress(t *testing.T) {
	t.Parallel()
	d := open(t)
	towel := d.Sell(testshop.ProductSpec{Price: 8_000, Units: 10})
	soap, robe := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 10}), d.Sell(testshop.ProductSpec{Price: 30_000,
		Units: 10})
	season(d, towel)
	o := d.buy(map[string]int{soap: 3, robe: 1}) // 60,000 less 10 %, and a towel
	lines := map[string]order.Line{}
	for _, l := range o.Lines {
		lines[l.VariantID] = l
	}
	path := "/orders/" + o.ID
	address := object{"name": "김하늘", "line1": "성수이로 20", "city": "서울", "postalCode": "04780", "country": "KR"}
	d.client().Do("PUT", path+"/address", address).WantProblem(404, "order_not_found")
	var state returns.OrderState
	d.ann().Do("PUT", path+"/address", address).Want(200).Into(&state)
	if state.Address.Line1 != "성수이로 20" {
		t.Fatalf("address %+v", state.Address)
	}
	abroad := object{"name": "x", "line1": "x", "country": "US"}
	d.ann().Do("PUT", path+"/address", abroad).WantProblem(409, "country_fixed")
	d.ann().Do("PUT", path+"/contact", object{"email": "no mail"}).WantField("/email")
	d.ann().Do("PUT", path+"/contact", object{"email": "new@example.com"}).Want(200)
	var told events.OrderChanged
	if err := json.Unmarshal([]byte(d.event(o).Data), &told); err != nil || told.Former != o.Email ||
		told.Email != "new@example.com" {
		t.Fatalf("the change of the contact tells %+v, %v", told, err)
	}

	remove := object{"lines": []object{{"lineId": lines[robe].ID, "quantity": 1},
		{"lineId": lines[soap].ID, "quantity": 1}}}
	var dry, removed returns.RemovedView
	c := d.ann().With("Idempotency-Key", "remove")
	c.Do("POST", path+"/lines/remove?dryRun=true", remove).Want(200).Into(&dry)
	c.Do("POST", path+"/lines/remove", remove).Want(200).Into(&removed)
	again := c.Do("POST", path+"/lines/remove", remove).Want(200)
	// A robe at 27,000 and a soap at 9,000; what is left is below 30,000, so the towel goes too.
	if dry.Refund.Amount != 36_000 || removed.Refund.Amount != 36_000 ||
		again.Headers.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("dry %d, removed %d", dry.Refund.Amount, removed.Refund.Amount)
	}
	if _, refunded := d.bank(o.Payment.ID); refunded != 36_000 || len(removed.Lines) != 3 {
		t.Fatalf("%d refunded, removed %+v", refunded, removed.Lines)
	}
	if d.SellableUnits(t, robe) != 10 || d.SellableUnits(t, soap) != 8 || d.SellableUnits(t, towel) != 10 {
		t.Fatalf("stock: %d robes, %d soaps, %d towels", d.SellableUnits(t, robe), d.SellableUnits(t, soap),
			d.SellableUnits(t, towel))
	}
	d.keyed(d.ann()).Do("POST", path+"/lines/remove",
		object{"lines": []object{{"lineId": lines[soap].ID, "quantity": 2}}}).
		WantProblem(409, "cancel_instead")
	d.keyed(d.ann()).Do("POST", path+"/lines/remove",
		object{"lines": []object{{"lineId": lines[robe].ID, "quantity": 1}}}).
		WantField("/lines/0/lineId")
	d.deliver(o)
	after := d.order(o.ID)
	if n := after.Fulfillments[0].Lines; len(n) != 1 || n[0].Quantity != 2 || after.State != order.Delivered {
		t.Fatalf("shipped %+v, state %s", n, after.State)
	}
	d.ann().Do("PUT", path+"/address", address).WantProblem(409, "order_shipped")
	d.ann().Do("POST", path+"/returns/quote", wanted("refund", back(lines[robe].ID, 1, "faulty"))).WantProblem(409,
		"not_shipped")
	d.settle(d.approved(d.request(after, wanted("refund", back(lines[soap].ID, 2, "faulty")))))
	if captured, refunded := d.bank(o.Payment.ID); refunded != captured {
		t.Fatalf("%d of %d refunded", refunded, captured)
	}
}

// approved approves a return that waits for a person.
func (d *desk) approved(r returns.Return) returns.Return {
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	return r
}

func TestAnOrderThatIsCanceledAfterALineWasTakenOffGivesTheRestBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 10})
	o := d.buy(map[string]int{soap: 3})
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/lines/remove",
		object{"lines": []object{{"lineId": o.Lines[0].ID, "quantity": 1}}}).Want(200)
	if _, err := d.Service.Cashier.Cancel(t.Context(), d.order(o.ID), "changed my mind", order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	if captured, refunded := d.bank(o.Payment.ID); refunded != captured || d.SellableUnits(t, soap) != 10 {
		t.Fatalf("%d of %d refunded, %d in stock", refunded, captured, d.SellableUnits(t, soap))
	}
}

func TestAHeldOrderIsNotShipped(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 10})
	o := d.buy(map[string]int{soap: 3})
	d.agent().Do("POST", "/orders/"+o.ID+"/hold", object{"reason": "address looks wrong"}).Want(200)
	_, err := d.Service.Cashier.Orders.Change(t.Context(), o.ID, func(o *order.Order) (bool, []tableWrite, error) {
		_, err := o.Fulfill(order.Fulfillment{Carrier: "cj"}, order.ByShop, d.Clock.Now())
		return true, nil, err
	})
	if err == nil {
		t.Fatal("a held order was shipped")
	}
	d.agent().Do("POST", "/orders/"+o.ID+"/release", nil).Want(200)
	d.agent().Do("POST", "/orders/"+o.ID+"/release", nil).Want(200)
	d.deliver(o)
}

func TestAParcelIsDivided(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 10})
	o := d.buy(map[string]int{soap: 3})
	if _, err := d.Service.Cashier.Orders.Change(t.Context(), o.ID, func(o *order.Order) (bool, []tableWrite, error) {
		_, err := o.Fulfill(order.Fulfillment{Carrier: "cj", TrackingNumber: "1"}, order.ByShop, d.Clock.Now())
		return true, nil, err
	}); err != nil {
		t.Fatal(err)
	}
	split := func(n int) object {
		return object{"carrier": "hanjin", "trackingNumber": "2", "lines": []object{{"lineId": o.Lines[0].ID, "quantity": n}}}
	}
	path := "/orders/" + o.ID + "/fulfillments/"
	d.agent().Do("POST", path+"1/split", split(4)).WantField("/lines/0/quantity")
	d.agent().Do("POST", path+"1/split", split(3)).WantProblem(409, "parcel_empty")
	d.agent().Do("POST", path+"7/split", split(1)).WantProblem(404, "no_such_fulfillment")
	d.agent().Do("POST", path+"1/split", split(1)).Want(200)
	f := d.order(o.ID).Fulfillments
	if len(f) != 2 || f[0].Lines[0].Quantity != 2 || f[1].Lines[0].Quantity != 1 || f[1].Carrier != "hanjin" {
		t.Fatalf("parcels %+v", f)
	}
}

func TestRefundsWithoutReturnNeverExceedWhatWasPaid(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 10_000, Units: 10})
	o := d.deliver(d.buy(map[string]int{soap: 3})) // 33,000 with shipping
	give := func(body object) *struct{ Status int } {
		body["reason"] = "sorry"
		got := d.keyed(d.agent()).Do("POST", "/orders/"+o.ID+"/refunds", body)
		return &struct{ Status int }{got.Status}
	}
	krw := func(n int) object { return object{"amount": n, "currency": "KRW"} }
	for _, c := range []struct {
		body   object
		status int
	}{
		{object{"amount": krw(5_000)}, 201},
		{object{"amount": krw(0)}, 422},
		{object{"amount": krw(-1)}, 422},
		{object{"amount": krw(28_001)}, 422},
		{object{"amount": object{"amount": 1, "currency": "USD"}}, 422},
		{object{}, 422},
		{object{"amount": krw(1), "shipping": 1}, 422},
		{object{"shipping": 3_001}, 422},
		{object{"shipping": 3_000}, 201},
		{object{"lines": []object{{"lineId": o.Lines[0].ID, "quantity": 1}}}, 201},
		{object{"lines": []object{{"lineId": o.Lines[0].ID, "quantity": 3}}}, 409},
	} {
		if got := give(c.body); got.Status != c.status {
			t.Errorf("%v: %d, want %d", c.body, got.Status, c.status)
		}
	}
	same := d.agent().With("Idempotency-Key", "same")
	same.Do("POST", "/orders/"+o.ID+"/refunds", object{"amount": krw(1_000), "reason": "sorry"}).Want(201)
	same.Do("POST", "/orders/"+o.ID+"/refunds", object{"amount": krw(1_000), "reason": "sorry"}).Want(201)
	same.Do("POST", "/orders/"+o.ID+"/refunds", object{"amount": krw(2_000), "reason": "sorry"}).WantProblem(422,
		"idempotency_key_reused")
	if _, refunded := d.bank(o.Payment.ID); refunded != 19_000 {
		t.Fatalf("%d refunded, want 19,000", refunded)
	}
}
