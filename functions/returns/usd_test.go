package returns_test

import (
	"testing"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/order"
	"dangol/shared/pricing"
	"dangol/shared/rma"
)

// openInTexas is a desk whose shop charges 8.25 % of tax on top of prices in the United States.
func openInTexas(t *testing.T) *desk {
	t.Helper()
	d := open(t)
	d.Service.Shop.Taxes = append(d.Service.Shop.Taxes, pricing.Tax{Country: "US", Name: "Sales tax", Rate: 825})
	return d
}

// export buys for dollars and has it delivered.
func (d *desk) export(wants map[string]int) *order.Order {
	d.T.Helper()
	d.DeleteItem(d.T, cart.KeyOfCustomer(apitest.Ann.Subject))
	return d.deliver(d.checkOut(d.FillCartFor(apitest.Ann.Subject, testshop.Austin, wants)))
}

// lineOf is the id of the line of a variant.
func lineOf(o *order.Order, variant string) string {
	for _, l := range o.Lines {
		if l.VariantID == variant {
			return l.ID
		}
	}
	return ""
}

func TestAnOrderInDollarsGoesBackUnitByUnitToTheCent(t *testing.T) {
	t.Parallel()
	d := openInTexas(t)
	soap, cream := d.Sell(testshop.ProductSpec{Cents: 1_999, Units: 9}), d.Sell(testshop.ProductSpec{Cents: 777, Units: 9})
	o := d.export(map[string]int{soap: 2, cream: 1})
	// 2 x 19.99 + 7.77 = 47.75, shipping 12.00, and 8.25 % on top: 3.30 + 0.64 + 0.99.
	paid, _ := d.bank(o.Payment.ID)
	if o.Totals.TaxIncluded || o.Totals.Tax != 330+64+99 || paid != 4_775+1_200+493 {
		t.Fatalf("tax %d, included %v, paid %d", o.Totals.Tax, o.Totals.TaxIncluded, paid)
	}
	sum := int64(0)
	for _, variant := range []string{soap, soap, cream} {
		r := d.settle(d.approved(d.request(o, wanted("refund", back(lineOf(o, variant), 1, "faulty")))))
		if r.Settled.Refund.Currency != "USD" || r.Settled.Refund.Amount != r.Quoted.Refund.Amount {
			t.Fatalf("quoted %+v, settled %+v", r.Quoted.Refund, r.Settled.Refund)
		}
		sum += r.Settled.Refund.Amount
		if _, refunded := d.bank(o.Payment.ID); refunded != sum {
			t.Fatalf("the bank gave %d back, the returns %d", refunded, sum)
		}
	}
	if sum != paid {
		t.Fatalf("%d of %d went back", sum, paid)
	}
}

func TestAnExchangeInDollarsAsksForTheDifferenceWithItsTax(t *testing.T) {
	t.Parallel()
	d := openInTexas(t)
	small, large := d.Sell(testshop.ProductSpec{Cents: 1_999, Units: 9}), d.Sell(testshop.ProductSpec{Cents: 2_499,
		Units: 9})
	o := d.export(map[string]int{small: 1})
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	r := d.settle(d.approved(d.request(o, wanted("exchange", line))))
	// 5.00 and 8.25 % of it, rounded half up.
	if r.State != rma.AwaitingPayment || r.Balance.Amount.Amount != 541 || r.Balance.Amount.Currency != "USD" {
		t.Fatalf("%s, balance %+v", r.State, r.Balance)
	}
	pay := func(amount int, currency string) object {
		return object{"paymentMethod": "pm_card_visa", "amount": object{"amount": amount, "currency": currency}}
	}
	path := "/returns/" + r.ID + "/balance"
	d.keyed(d.ann()).Do("POST", path, pay(541, "KRW")).WantProblem(409, "total_changed")
	d.keyed(d.ann()).Do("POST", path, pay(540, "USD")).WantProblem(409, "total_changed")
	d.keyed(d.ann()).Do("POST", path, pay(541, "USD")).Want(200).Into(&r)
	next := d.order(r.NewOrderID)
	// The tax of the new goods is that of the catalog: 8.25 % of 24.99.
	if next.Totals.Total != 2_499+206 || next.Totals.Tax != 206 || next.Totals.Currency != "USD" {
		t.Fatalf("the new order costs %+v", next.Totals)
	}
	again := d.settle(d.approved(d.request(d.deliver(next), wanted("refund", back(next.Lines[0].ID, 1, "faulty")))))
	if again.Settled.Refund.Amount != 2_705 {
		t.Fatalf("what was exchanged is worth %d, want 27.05", again.Settled.Refund.Amount)
	}
	shipping := int64(1_200 + 99) // of the first order, whose goods were kept in another form
	if got := d.taken(); got != shipping {
		t.Fatalf("the bank keeps %d, want the shipping of %d", got, shipping)
	}
}

// Prices of the catalog have no tax in Texas, and what is exchanged once can be exchanged again and added to.
func TestAnExchangeOfAnExchangeInDollarsCostsNothingAtTheSamePrice(t *testing.T) {
	t.Parallel()
	d := openInTexas(t)
	sell := func() string { return d.Sell(testshop.ProductSpec{Cents: 1_999, Units: 9}) }
	o := d.export(map[string]int{sell(): 2})
	for n := range 3 {
		line := back(o.Lines[0].ID, 2, "not_as_described")
		line["exchangeFor"] = sell()
		r := d.settle(d.approved(d.request(o, wanted("exchange", line))))
		if r.State != rma.Completed || r.Settled.Pay.Amount != 0 {
			t.Fatalf("exchange %d is %s: %+v", n+1, r.State, r.Settled)
		}
		// 2 x 19.99, and 8.25 % of it.
		next := d.order(r.NewOrderID)
		if next.Totals.Total != 3_998+330 || next.Totals.Tax != 330 || next.ShippingCost() != 0 {
			t.Fatalf("exchange %d costs %+v", n+1, next.Totals)
		}
		more := []order.AddedVariant{{Line: order.Line{Quantity: 1}, List: 1_000, TaxRate: 825}}
		if added := next.PriceAdded(more, "Sales tax"); added.Amount != 1_083 {
			t.Errorf("10.00 are added for %d, want them with their tax", added.Amount)
		}
		o = d.deliver(next)
	}
}

func TestStoreCreditInDollarsIsApartFromThatInWon(t *testing.T) {
	t.Parallel()
	d := openInTexas(t)
	soap := d.Sell(testshop.ProductSpec{Cents: 1_999, Units: 9})
	o := d.export(map[string]int{soap: 1})
	r := d.settle(d.request(o, wanted("store_credit", back(o.Lines[0].ID, 1, "changed_mind"))))
	var v struct {
		Balance struct {
			Amount   int64  `json:"amount"`
			Currency string `json:"currency"`
		} `json:"balance"`
	}
	d.ann().Do("GET", "/store-credit?currency=USD", nil).Want(200).Into(&v)
	if want := r.Settled.Refund.Amount + r.Settled.Bonus.Amount; v.Balance.Amount != want || v.Balance.Currency != "USD" ||
		want == 0 {
		t.Errorf("credit of %+v, want %d cents", v.Balance, want)
	}
	if d.balance() != 0 || d.taken() != o.Totals.Total {
		t.Errorf("%d won of credit, the bank keeps %d", d.balance(), d.taken())
	}
}
