package returns_test

import (
	"fmt"
	"testing"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/rma"
)

type tableWrite = table.Write

// season is an order discount of 10 % from 50,000 won on, and a gift from 30,000 won on.
func season(d *desk, gift string) {
	d.Promote(
		promotion.Promotion{
			ID: "promo_ten", Name: catalog.Text{"en": "Ten"}, State: promotion.Scheduled,
			Starts:  testshop.Noon.AddDate(-1, 0, 0),
			Targets: promotion.Targets{All: true}, Kind: promotion.Percentage, Class: promotion.Order,
			Terms:        promotion.Terms{BasisPoints: 1_000},
			Conditions:   promotion.Conditions{MinSubtotal: promotion.Amounts{"KRW": 50_000}},
			CombinesWith: []promotion.Class{promotion.Product, promotion.Order},
		},
		promotion.Promotion{
			ID: "promo_gift", Name: catalog.Text{"en": "Gift"}, State: promotion.Scheduled,
			Starts:  testshop.Noon.AddDate(-1, 0, 0),
			Targets: promotion.Targets{All: true}, Kind: promotion.FreeGift, Class: promotion.Product,
			Terms: promotion.Terms{Gifts: []promotion.GiftTier{{From: promotion.Amounts{"KRW": 30_000},
				Variants: []string{gift}}}},
			CombinesWith: []promotion.Class{promotion.Product, promotion.Order},
		},
	)
}

// three is an order of three goods with an order discount and a gift, delivered.
func three(t *testing.T, d *desk) (o *order.Order, soap, oil, robe, gift order.Line) {
	t.Helper()
	towel := d.Sell(testshop.ProductSpec{Price: 8_000, Units: 10})
	goods := map[string]int{}
	prices := map[string]int64{}
	for _, price := range []int64{10_000, 20_000, 30_000} {
		v := d.Sell(testshop.ProductSpec{Price: price, Units: 10})
		goods[v], prices[v] = 1, price
	}
	season(d, towel)
	o = d.deliver(d.buy(goods))
	for _, l := range o.Lines {
		switch {
		case l.Gift != "":
			gift = l
		case prices[l.VariantID] == 10_000:
			soap = l
		case prices[l.VariantID] == 20_000:
			oil = l
		default:
			robe = l
		}
	}
	if gift.ID == "" || o.Totals.Total != 54_000 || gift.Saved != 8_000 {
		t.Fatalf("the order is %+v, its gift %+v", o.Totals, gift)
	}
	return o, soap, oil, robe, gift
}

func TestThreeReturnsOfAnOrderWithDiscountAndGiftAddUpToTheUnit(t *testing.T) {
	t.Parallel()
	d := open(t)
	o, soap, oil, robe, gift := three(t, d)
	sum := int64(0)
	for _, step := range []struct {
		lines []object
		want  int64
	}{
		{[]object{back(soap.ID, 1, "faulty")}, 9_000},
		{[]object{back(oil.ID, 1, "changed_mind")}, 15_000}, // 18,000 less the way back
		{[]object{back(robe.ID, 1, "changed_mind"), back(gift.ID, 1, "changed_mind")}, 24_000},
	} {
		r := d.request(o, wanted("refund", step.lines...))
		if r.State == rma.Requested {
			d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
		}
		r = d.settle(r)
		if r.State != rma.Completed || r.Settled.Refund.Amount != step.want ||
			r.Settled.Refund.Amount != r.Quoted.Refund.Amount {
			t.Fatalf("%s: refunded %v, want %d", r.State, r.Settled, step.want)
		}
		sum += r.Settled.Refund.Amount
	}
	after := d.order(o.ID)
	captured, refunded := d.bank(o.Payment.ID)
	if sum != 48_000 || refunded != sum || captured != 54_000 {
		t.Fatalf("refunds %d, the bank gave back %d of %d; want 48,000 of 54,000 (6,000 for two ways back)", sum, refunded,
			captured)
	}
	if left := after.RefundLedger().UnitsLeft(soap.ID); len(left) != 0 || after.Payment.State != order.PayPartRefunded {
		t.Fatalf("payment %s, %v of the soap left", after.Payment.State, left)
	}
	for _, l := range []order.Line{soap, oil, robe, gift} {
		if n := d.SellableUnits(t, l.VariantID); n != 10 {
			t.Errorf("%s: %d in stock, want 10", l.ID, n)
		}
	}
}

func TestAllAtOnceForAFaultRefundsExactlyWhatWasPaid(t *testing.T) {
	t.Parallel()
	d := open(t)
	o, soap, oil, robe, gift := three(t, d)
	r := d.request(o, wanted("refund", back(soap.ID, 1, "faulty"), back(oil.ID, 1, "faulty"), back(robe.ID, 1, "faulty"),
		back(gift.ID, 1, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.settle(r)
	if captured, refunded := d.bank(o.Payment.ID); captured != 54_000 || refunded != 54_000 {
		t.Fatalf("the bank gave back %d of %d", refunded, captured)
	}
	if after := d.order(o.ID); after.Payment.State != order.PayRefunded {
		t.Fatalf("payment %s", after.Payment.State)
	}
}

func TestAGiftThatIsKeptAndNoLongerEarnedIsCharged(t *testing.T) {
	t.Parallel()
	d := open(t)
	o, soap, _, robe, gift := three(t, d)
	q := d.quote(o, wanted("refund", back(soap.ID, 1, "changed_mind"), back(robe.ID, 1, "changed_mind")))
	if len(q.Charges) != 1 || q.Charges[0].LineID != gift.ID || q.Charges[0].Amount.Amount != 8_000 ||
		q.Refund.Amount != 25_000 {
		t.Fatalf("refund %d, charges %+v; want 25,000 after 8,000 for the gift and 3,000 for the way back", q.Refund.Amount,
			q.Charges)
	}
	with := d.quote(o, wanted("refund", back(soap.ID, 1, "changed_mind"), back(robe.ID, 1, "changed_mind"),
		back(gift.ID, 1, "changed_mind")))
	if len(with.Charges) != 0 || with.Refund.Amount != 33_000 {
		t.Fatalf("with the gift: refund %d, charges %+v", with.Refund.Amount, with.Charges)
	}
}

func TestAnExchangeForADearerOneAsksForTheDifference(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 65_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	r := d.request(o, wanted("exchange", line))
	if r.Quoted.Ask.Amount != 5_000 || d.SellableUnits(t, large) != 2 {
		t.Fatalf("asks for %d with %d in stock; want 5,000 and one held", r.Quoted.Ask.Amount, d.SellableUnits(t, large))
	}
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	r = d.settle(r)
	if r.State != rma.AwaitingPayment || r.Balance == nil || r.Balance.Amount.Amount != 5_000 {
		t.Fatalf("%s, balance %+v", r.State, r.Balance)
	}
	pay := func(amount int64, card string) object {
		return object{"paymentMethod": card, "amount": object{"amount": amount, "currency": "KRW"}}
	}
	path := "/returns/" + r.ID + "/balance"
	d.keyed(d.ann()).Do("POST", path, pay(4_000, "pm_card_visa")).WantProblem(409, "total_changed")
	d.keyed(d.ann()).Do("POST", path, pay(5_000, "pm_card_chargeDeclined")).WantProblem(402, "payment_declined")
	d.keyed(d.client()).Do("POST", path, pay(5_000, "pm_card_visa")).WantProblem(404, "return_not_found")
	d.keyed(d.ann()).Do("POST", path, pay(5_000, "pm_card_visa")).Want(200).Into(&r)
	d.keyed(d.ann()).Do("POST", path, pay(5_000, "pm_card_visa")).Want(200)
	if r.State != rma.Completed || r.NewOrderID == "" {
		t.Fatalf("%s, new order %q", r.State, r.NewOrderID)
	}
	next := d.order(r.NewOrderID)
	if next.Totals.Total != 65_000 || next.Lines[0].VariantID != large || next.Origin != "exchange" {
		t.Fatalf("the new order is %+v", next.Totals)
	}
	taken := int64(0)
	for _, e := range d.Bank.Ledger() {
		taken += e.Refundable()
	}
	if taken != 65_000 || d.SellableUnits(t, small) != 3 || d.SellableUnits(t, large) != 2 {
		t.Fatalf("the bank holds %d; %d small and %d large left", taken, d.SellableUnits(t, small), d.SellableUnits(t, large))
	}
	again := d.request(d.deliver(next), wanted("refund", back(next.Lines[0].ID, 1, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+again.ID+"/approve", nil).Want(200)
	if again = d.settle(again); again.Settled.Refund.Amount != 65_000 {
		t.Fatalf("what was exchanged is worth %d", again.Settled.Refund.Amount)
	}
	for _, e := range d.Bank.Ledger() {
		if e.Refundable() != 0 {
			t.Errorf("payment %s keeps %d", e.ID, e.Refundable())
		}
	}
}

func TestAnExchangeForACheaperOnePaysTheDifferenceOut(t *testing.T) {
	t.Parallel()
	d := open(t)
	dear, cheap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 52_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{dear: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = cheap
	r := d.request(o, wanted("exchange", line))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	if r = d.settle(r); r.State != rma.Completed || r.Settled.Pay.Amount != 8_000 {
		t.Fatalf("%s, %+v", r.State, r.Settled)
	}
	if _, refunded := d.bank(o.Payment.ID); refunded != 8_000 || d.order(r.NewOrderID).Totals.Total != 52_000 {
		t.Fatalf("%d refunded, new order %+v", refunded, d.order(r.NewOrderID).Totals)
	}
}

// Half off was given when it was bought. Something that costs no more than the discount is not given away for it.
func TestADiscountGoesWithAnExchangeForSomethingCheaperInProportion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind               promotion.Kind
		price, costs, back int64
	}{
		{promotion.Percentage, 60_000, 30_000, 0}, {promotion.Percentage, 40_000, 20_000, 10_000},
		{promotion.Percentage, 30_000, 15_000, 15_000}, {promotion.Percentage, 10_000, 5_000, 25_000},
		{promotion.SalePrice, 60_000, 30_000, 0}, {promotion.SalePrice, 40_000, 20_000, 10_000},
		{promotion.SalePrice, 30_000, 15_000, 15_000},
	} {
		t.Run(fmt.Sprint(c.kind, " ", c.price), func(t *testing.T) {
			t.Parallel()
			class := promotion.Order
			if c.kind == promotion.SalePrice {
				class = promotion.Product
			}
			d := open(t)
			dear := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
			cheap := d.Sell(testshop.ProductSpec{Price: c.price, Units: 3})
			d.Promote(promotion.Promotion{
				ID: "promo_half", Name: catalog.Text{"en": "Half"}, State: promotion.Scheduled,
				Starts: testshop.Noon.AddDate(-1, 0, 0), Targets: promotion.Targets{All: true}, Kind: c.kind,
				Class: class, Terms: promotion.Terms{BasisPoints: 5_000},
			})
			o := d.deliver(d.buy(map[string]int{dear: 1}))
			line := back(o.Lines[0].ID, 1, "not_as_described")
			line["exchangeFor"] = cheap
			r := d.settle(d.approved(d.request(o, wanted("exchange", line))))
			if next := d.order(r.NewOrderID); next.Totals.Total != c.costs || r.Settled.Pay.Amount != c.back {
				t.Errorf("costs %d and gives %d back, want %d and %d", next.Totals.Total, r.Settled.Pay.Amount, c.costs, c.back)
			}
		})
	}
}

func TestAnExchangeOfAWholeOrderGivesNoShippingBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := d.Sell(testshop.ProductSpec{Price: 30_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 34_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "wrong_size")
	line["exchangeFor"] = large
	q := d.quote(o, wanted("exchange", line))
	if q.Shipping.Amount != 0 || q.Refund.Amount != 27_000 || q.Exchange.Ask.Amount != 7_000 {
		t.Fatalf("shipping %d, value %d, asks for %d; want 0, 27,000, 7,000: the difference and the way back",
			q.Shipping.Amount, q.Refund.Amount, q.Exchange.Ask.Amount)
	}
}

func TestAFaultyItemIsReplaced(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns/quote",
		wanted("replacement", back(o.Lines[0].ID, 1, "changed_mind"))).
		WantProblem(409, "replacement_needs_fault")
	r := d.request(o, wanted("replacement", back(o.Lines[0].ID, 1, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive",
		object{"lines": []object{{"lineId": o.Lines[0].ID, "damaged": 1}}}).Want(200)
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
	if _, refunded := d.bank(o.Payment.ID); r.State != rma.Completed || r.NewOrderID == "" || refunded != 0 {
		t.Fatalf("%s, order %q, %d refunded", r.State, r.NewOrderID, refunded)
	}
	if n := d.SellableUnits(t, soap); n != 1 { // one sold and faulty, one sent again
		t.Fatalf("%d left, want 1", n)
	}
}

func TestStoreCreditComesWithItsBonusAndCanBeRead(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	r := d.settle(d.request(o, wanted("store_credit", back(o.Lines[0].ID, 1, "changed_mind"))))
	var credit returns.CreditView
	d.ann().Do("GET", "/store-credit", nil).Want(200).Into(&credit)
	if r.Settled.Refund.Amount != 57_000 || r.Settled.Bonus.Amount != 2_850 || credit.Balance.Amount != 59_850 {
		t.Fatalf("settled %+v, balance %d", r.Settled, credit.Balance.Amount)
	}
	if _, refunded := d.bank(o.Payment.ID); refunded != 0 {
		t.Fatalf("%d went back to the card as well", refunded)
	}
}

// The gift is charged to the second return, because the first one takes away what earned it. When the first comes to
// nothing the gift is earned again, and its price goes back at once.
func TestWhatAReturnIsChargedForTheSakeOfAnotherGoesBackWhenThatComesToNothing(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"cancel", "reject"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			o, soap, _, robe, _ := three(t, d)
			first := d.request(o, wanted("refund", back(robe.ID, 1, "changed_mind")))
			second := d.settle(d.request(o, wanted("refund", back(soap.ID, 1, "changed_mind"))))
			_, before := d.bank(o.Payment.ID)
			at := "/admin/returns/" + first.ID
			if end == "reject" {
				d.agent().Do("POST", at+"/receive", nil).Want(200)
				d.agent().Do("POST", at+"/reject", object{"reason": "worn"}).Want(200)
			} else {
				d.ann().Do("POST", "/returns/"+first.ID+"/cancel", nil).Want(200)
			}
			_, after := d.bank(o.Payment.ID)
			if after-before != 8_000 {
				t.Fatalf("%d went back with the second return, %d afterwards; want 8,000 afterwards",
					second.Settled.Refund.Amount, after-before)
			}
			if d.order(o.ID).Payment.Refunded != after {
				t.Errorf("the order says %d went back, the bank %d", d.order(o.ID).Payment.Refunded, after)
			}
		})
	}
}
