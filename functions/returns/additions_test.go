package returns_test

import (
	"strings"
	"sync"
	"testing"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/platform/event"
)

// add asks for units of a variant to be added to an order.
func (d *desk) add(o *order.Order, variant string, quantity int) returns.AdditionView {
	d.T.Helper()
	var a returns.AdditionView
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/additions", goods(variant, quantity)).Want(201).Into(&a)
	return a
}

func goods(variant string, quantity int) object {
	return object{"lines": []object{{"variantId": variant, "quantity": quantity}}}
}

func paying(amount int64, card string) object {
	return object{"paymentMethod": card, "amount": object{"amount": amount, "currency": "KRW"}}
}

const firstAddition = "/additions/1"

// taken is what the bank holds of all payments.
func (d *desk) taken() int64 {
	sum := int64(0)
	for _, e := range d.Bank.Ledger() {
		sum += e.Refundable()
	}
	return sum
}

func (d *desk) event(o *order.Order) *event.Event { return d.order(o.ID).Event }

func TestGoodsAreAddedToAnOrderWhenTheyArePaidFor(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, oil := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 8_000,
		Units: 3})
	o := d.buy(map[string]int{soap: 1})
	path := "/orders/" + o.ID + firstAddition
	var dry returns.AdditionView
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/additions?dryRun=true", goods(oil, 2)).Want(200).Into(&dry)
	if dry.Amount.Amount != 16_000 || dry.N != 0 || d.SellableUnits(t, oil) != 3 || d.order(o.ID).Additions != 0 {
		t.Fatalf("a dry run: %+v, %d in stock", dry, d.SellableUnits(t, oil))
	}
	a := d.add(o, oil, 2)
	if a.State != returns.AdditionOpen || a.Amount.Amount != 16_000 || d.SellableUnits(t, oil) != 1 ||
		len(d.order(o.ID).Lines) != 1 {
		t.Fatalf("%+v, %d in stock", a, d.SellableUnits(t, oil))
	}
	d.keyed(d.ann()).Do("POST", path+"/payment", paying(1, "pm_card_visa")).WantProblem(409, "total_changed")
	d.keyed(d.ann()).Do("POST", path+"/payment", paying(16_000, "pm_card_chargeDeclined")).
		WantProblem(402, "payment_declined")
	d.keyed(d.client()).Do("POST", path+"/payment", paying(16_000, "pm_card_visa")).WantProblem(404, "order_not_found")
	for range 2 {
		d.keyed(d.ann()).Do("POST", path+"/payment", paying(16_000, "pm_card_visa")).Want(200).Into(&a)
	}
	after := d.order(o.ID)
	if a.State != returns.AdditionPaid || len(after.Lines) != 2 || after.Totals.Total != 76_000 || d.taken() != 76_000 {
		t.Fatalf("%s, %d lines, total %d, the bank has %d", a.State, len(after.Lines), after.Totals.Total, d.taken())
	}
	if d.event(o).Type != "order.changed" {
		t.Errorf("the event is %s", d.event(o).Type)
	}
	// What was added is returned like anything else, on the card that paid for it.
	r := d.settle(d.request(d.deliver(after), wanted("refund", back(after.Lines[1].ID, 2, "wrong_size"))))
	if r.Settled.Pay.Amount != 13_000 || d.SellableUnits(t, oil) != 3 || d.taken() != 63_000 {
		t.Fatalf("refunded %d, %d in stock, the bank has %d", r.Settled.Pay.Amount, d.SellableUnits(t, oil), d.taken())
	}
}

func TestAnAdditionWhoseCardWantsAChallengeIsPaidAfterIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, oil := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 8_000,
		Units: 3})
	o := d.buy(map[string]int{soap: 1})
	d.add(o, oil, 1)
	path := "/orders/" + o.ID + firstAddition
	var a returns.AdditionView
	pay := func(status int) {
		d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_threeDSecure2Required")).Want(status).Into(&a)
	}
	pay(202)
	if a.State != returns.AdditionOpen || !a.Pending || a.RedirectURL == "" {
		t.Fatalf("before the challenge %+v", a)
	}
	d.keyed(d.ann()).Do("POST", path+"/cancel", nil).WantProblem(503, "payment_unavailable")
	d.Challenge(a.RedirectURL, true)
	pay(200)
	if a.State != returns.AdditionPaid || d.taken() != 68_000 {
		t.Fatalf("after it %+v, the bank has %d", a, d.taken())
	}
}

func TestAnAdditionThatIsNotPaidFreesItsStock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		end   func(d *desk, path string)
		state returns.AdditionState
	}{
		{"after a day", func(d *desk, _ string) { d.Clock.Advance(returns.AdditionFor); d.workReturns(); d.workReturns() },
			returns.AdditionExpired},
		{"by the customer", func(d *desk, path string) {
			for range 2 {
				d.ann().Do("POST", path+"/cancel", nil).Want(200)
			}
		}, returns.AdditionCanceled},
		{"after a challenge that nobody answered", func(d *desk, path string) {
			d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_threeDSecure2Required")).Want(202)
			d.Clock.Advance(returns.AdditionFor)
			d.workReturns()
			d.Clock.Advance(day)
			d.workReturns()
		}, returns.AdditionExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap, oil := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 8_000,
				Units: 3})
			o := d.buy(map[string]int{soap: 1})
			d.add(o, oil, 1)
			path := "/orders/" + o.ID + firstAddition
			c.end(d, path)
			var a returns.AdditionView
			d.ann().Do("GET", path, nil).Want(200).Into(&a)
			if a.State != c.state || d.SellableUnits(t, oil) != 3 {
				t.Fatalf("%s, %d in stock", a.State, d.SellableUnits(t, oil))
			}
			got := d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_visa"))
			got.WantProblem(409, "addition_over")
			if d.taken() != 60_000 {
				t.Errorf("the bank has %d", d.taken())
			}
		})
	}
}

func TestAPaymentThatComesWhenTheOrderIsShippedGoesBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, oil := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 8_000,
		Units: 3})
	o := d.buy(map[string]int{soap: 1})
	a := d.add(o, oil, 1)
	path := "/orders/" + o.ID + firstAddition
	d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_threeDSecure2Required")).Want(202).Into(&a)
	d.deliver(o) // while the shopper is at the bank
	d.Challenge(a.RedirectURL, true)
	d.keyed(d.ann()).Do("POST", path+"/payment", paying(8_000, "pm_card_visa")).WantProblem(409, "order_shipped")
	if d.taken() != 60_000 || d.SellableUnits(t, oil) != 3 || len(d.order(o.ID).Lines) != 1 {
		t.Fatalf("the bank has %d, %d in stock", d.taken(), d.SellableUnits(t, oil))
	}
}

func TestWhatCannotBeAdded(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, few := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9}), d.Sell(testshop.ProductSpec{Price: 8_000,
		Units: 1})
	o, shipped := d.buy(map[string]int{soap: 1}), d.deliver(d.buy(map[string]int{soap: 1}))
	for _, c := range []struct {
		name, order string
		body        object
		status      int
		code        string
	}{
		{"to a shipped order", shipped.ID, goods(soap, 1), 409, "order_shipped"},
		{"to no order", order.NewID(testshop.Noon), goods(soap, 1), 404, "order_not_found"},
		{"more than there is", o.ID, goods(few, 2), 409, "out_of_stock"},
		{"what is not sold", o.ID, goods("var_x", 1), 409, "variant_not_sold"},
		{"nothing", o.ID, object{"lines": []object{}}, 422, "invalid_input"},
		{"no unit", o.ID, goods(soap, 0), 422, "invalid_input"},
		{"less than nothing", o.ID, goods(soap, -1), 422, "invalid_input"},
		{"a variant twice", o.ID, object{"lines": []object{{"variantId": soap, "quantity": 1},
			{"variantId": soap, "quantity": 1}}}, 422, "invalid_input"},
	} {
		got := d.keyed(d.ann()).Do("POST", "/orders/"+c.order+"/additions", c.body)
		if got.Status != c.status || !strings.Contains(got.Body, `"`+c.code+`"`) {
			t.Errorf("%s: %d %s, want %d %s", c.name, got.Status, got.Body, c.status, c.code)
		}
	}
	d.add(o, soap, 1)
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/additions", goods(soap, 1)).WantProblem(409, "addition_open")
	d.ann().Do("POST", "/orders/"+o.ID+firstAddition+"/cancel", nil).Want(200)
	key := d.NextKey()
	first := d.ann().With("Idempotency-Key", key).Do("POST", "/orders/"+o.ID+"/additions", goods(soap, 1)).Want(201)
	again := d.ann().With("Idempotency-Key", key).Do("POST", "/orders/"+o.ID+"/additions", goods(soap, 1)).Want(201)
	if first.Body != again.Body || again.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same request again: %s", again.Body)
	}
	d.ann().With("Idempotency-Key", key).Do("POST", "/orders/"+o.ID+"/additions", goods(soap, 2)).
		WantProblem(422, "idempotency_key_reused")
}

func TestOfPaymentsOfOneAdditionAtTheSameTimeOneIsTaken(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, oil := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 8_000,
		Units: 3})
	o := d.buy(map[string]int{soap: 1})
	d.add(o, oil, 1)
	var all sync.WaitGroup
	for range 6 {
		c := d.keyed(d.ann())
		all.Go(func() { c.Do("POST", "/orders/"+o.ID+firstAddition+"/payment", paying(8_000, "pm_card_visa")) })
	}
	all.Wait()
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+firstAddition+"/payment", paying(8_000, "pm_card_visa")).Want(200)
	if after := d.order(o.ID); d.taken() != 68_000 || len(after.Lines) != 2 || len(after.More) != 1 {
		t.Fatalf("the bank has %d, %d lines, %d payments", d.taken(), len(after.Lines), len(after.More))
	}
}
