package returns_test

import (
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/storecredit"
)

// grant gives Ann store credit.
func (d *desk) grant(amount int64) {
	d.T.Helper()
	merchant := d.client().As(apitest.Merchant)
	d.keyed(merchant).Do("POST", "/admin/customers/"+apitest.Ann.Subject+"/store-credit",
		object{"amount": object{"amount": amount, "currency": "KRW"}, "reason": "sorry"}).Want(201)
}

func (d *desk) balance() int64 {
	d.T.Helper()
	var v returns.CreditView
	d.ann().Do("GET", "/store-credit", nil).Want(200).Into(&v)
	return v.Balance.Amount
}

// pay buys with store credit, and a card for the rest.
func (d *desk) pay(wants map[string]int, card string) (*checkout.Checkout, error) {
	b := d.AnotherCart(apitest.Ann.Subject, wants)
	c, _, err := d.Service.Begin(d.T.Context(), checkout.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, d.NextKey(), nil, d.Clock.Now()), Method: card, Credit: true,
	})
	return c, err
}

// Buying with store credit and returning for store credit, again and again, must not make more of it.
func TestWhatWasPaidByStoreCreditEarnsNoBonus(t *testing.T) {
	t.Parallel()
	for credit, want := range map[int64]struct{ refund, bonus int64 }{
		60_000: {57_000, 0}, 40_000: {57_000, 1_000},
	} {
		d := open(t)
		soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
		d.grant(credit)
		c, err := d.pay(map[string]int{soap: 1}, "pm_card_visa")
		if err != nil {
			t.Fatal(err)
		}
		o := d.deliver(d.order(c.OrderID))
		r := d.settle(d.request(o, wanted("store_credit", back(o.Lines[0].ID, 1, "changed_mind"))))
		if r.Settled.Refund.Amount != want.refund || r.Settled.Bonus.Amount != want.bonus ||
			d.balance() != want.refund+want.bonus {
			t.Errorf("%d by credit: settled %+v, balance %d", credit, r.Settled, d.balance())
		}
	}
}

func TestStoreCreditPaysAtCheckoutAndComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		credit         int64
		card           string
		taken, left    int64 // by the card, of the credit
		state          checkout.State
		cancel         bool
		afterCancel    int64
		returnedToCard int64
	}{
		{"part by credit, the rest by card", 20_000, "pm_card_visa", 40_000, 0, checkout.Completed, false, 0, 0},
		{"all by credit, no card", 90_000, "", 0, 30_000, checkout.Completed, false, 0, 0},
		{"a declined card gives the credit back", 20_000, "pm_card_chargeDeclined", 0, 20_000, checkout.Failed, false, 0, 0},
		{"a canceled order gives both back", 20_000, "pm_card_visa", 40_000, 0, checkout.Completed, true, 20_000, 40_000},
		{"no credit at all", 0, "pm_card_visa", 60_000, 0, checkout.Completed, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			robe := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
			if c.credit > 0 {
				d.grant(c.credit)
			}
			got, err := d.pay(map[string]int{robe: 1}, c.card)
			if err != nil || got.State != c.state {
				t.Fatalf("%+v, %v", got, err)
			}
			taken := int64(0)
			for _, e := range d.Bank.Ledger() {
				taken += e.Captured.Amount
			}
			if taken != c.taken || d.balance() != c.left {
				t.Fatalf("the card paid %d, %d credit left; want %d, %d", taken, d.balance(), c.taken, c.left)
			}
			if !c.cancel {
				return
			}
			o := d.order(got.OrderID)
			if _, err := d.Service.Cashier.Cancel(t.Context(), o, "x", order.ByCustomer); err != nil {
				t.Fatal(err)
			}
			if _, refunded := d.bank(o.Payment.ID); refunded != c.returnedToCard || d.balance() != c.afterCancel {
				t.Fatalf("%d to the card, %d credit", refunded, d.balance())
			}
		})
	}
}

func TestAReturnOfAnOrderPaidInTwoWaysGivesMoneyBackFirst(t *testing.T) {
	t.Parallel()
	d := open(t)
	robe := d.Sell(testshop.ProductSpec{Price: 30_000, Units: 9})
	d.grant(20_000)
	c, err := d.pay(map[string]int{robe: 2}, "pm_card_visa")
	if err != nil {
		t.Fatal(err)
	}
	o := d.deliver(d.order(c.OrderID))
	line := o.Lines[0].ID
	for _, want := range []struct{ card, credit int64 }{{30_000, 0}, {40_000, 20_000}} {
		d.settle(d.approved(d.request(o, wanted("refund", back(line, 1, "faulty")))))
		if _, refunded := d.bank(o.Payment.ID); refunded != want.card || d.balance() != want.credit {
			t.Fatalf("%d to the card, %d credit; want %+v", refunded, d.balance(), want)
		}
	}
	if left := d.order(o.ID).RefundLedger().Left(); left != 0 {
		t.Fatalf("%d left", left)
	}
}

func TestCreditThatIsNotSpentIsAnnouncedAndExpires(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.grant(20_000)
	lots, err := storecredit.Store{Table: d.Table}.Lots(t.Context(), apitest.Ann.Subject, "KRW")
	if err != nil || len(lots) != 1 {
		t.Fatalf("%d lots, %v", len(lots), err)
	}
	event := func() string {
		l, err := storecredit.Store{Table: d.Table}.Lots(t.Context(), apitest.Ann.Subject, "KRW")
		if err != nil || len(l) != 1 {
			t.Fatal(err)
		}
		return l[0].Event.Type
	}
	for _, step := range []struct {
		at      time.Time
		event   string
		balance int64
	}{
		{lots[0].ExpiresAt.Add(-storecredit.NoticeBefore - time.Second), "credit.granted", 20_000},
		{lots[0].ExpiresAt.Add(-storecredit.NoticeBefore), "credit.expiry_announced", 20_000},
		{lots[0].ExpiresAt.Add(-time.Second), "credit.expiry_announced", 20_000},
		{lots[0].ExpiresAt, "credit.expired", 0},
	} {
		d.Clock.MoveTo(step.at)
		d.workReturns()
		d.workReturns()
		if event() != step.event || d.balance() != step.balance {
			t.Errorf("%s: %s, balance %d", step.at, event(), d.balance())
		}
	}
}

func TestTheSameKeyGrantsOnceAlsoAfterMidnight(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Clock.MoveTo(time.Date(2026, 3, 2, 23, 59, 0, 0, time.UTC))
	give := func(key string, amount int, currency string) *apitest.Response {
		return d.client().As(apitest.Merchant).With("Idempotency-Key", key).Do("POST",
			"/admin/customers/"+apitest.Ann.Subject+"/store-credit",
			object{"amount": object{"amount": amount, "currency": currency}, "reason": "sorry"})
	}
	var first, again returns.CreditLot
	give("one", 20_000, "KRW").Want(201).Into(&first)
	d.Clock.Advance(2 * time.Minute) // the day of UTC has changed
	replay := give("one", 20_000, "KRW").Want(201)
	replay.Into(&again)
	if again != first || replay.Headers.Get("Idempotent-Replayed") != "true" || d.balance() != 20_000 {
		t.Fatalf("%+v, then %+v; balance %d", first, again, d.balance())
	}
	give("one", 30_000, "KRW").WantProblem(422, "idempotency_key_reused")
	give("one", 20_000, "USD").WantProblem(422, "idempotency_key_reused")
	give("two", 20_000, "KRW").Want(201)
	if d.balance() != 40_000 {
		t.Fatalf("balance %d after a second key, want 40,000", d.balance())
	}
}

func TestARefundAtTheProvidersConsoleIsTakenOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	got, err := d.Service.Provider.Refund(t.Context(), payment.RefundRequest{
		Key: "console", PaymentID: o.Payment.ID, Amount: o.Money(10_000), Reason: "by hand",
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // webhooks come more than once
		if err := d.Service.HandleConsoleRefund(t.Context(), got); err != nil {
			t.Fatal(err)
		}
	}
	after := d.order(o.ID)
	if len(after.Ledger) != 1 || after.Ledger[0].Kind != refund.AtProvider || after.Payment.Refunded != 10_000 ||
		after.Payment.State != order.PayPartRefunded || after.Event.Type != "order.refunded" {
		t.Fatalf("ledger %+v, payment %+v", after.Ledger, after.Payment)
	}
	q := d.quote(o, wanted("refund", back(o.Lines[0].ID, 1, "faulty")))
	if q.Refund.Amount != 50_000 || q.Capped.Amount != 10_000 {
		t.Fatalf("what is left is %d, capped by %d", q.Refund.Amount, q.Capped.Amount)
	}
}

func TestARefundAtTheProvidersConsoleIsFoundAfterTheCheckoutIsGone(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	// as its lifetime does after 30 days
	if err := d.Table.Delete(t.Context(),
		table.Delete{Key: checkout.KeyOf(o.CheckoutID), If: table.IfExists}); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(60 * day)
	got, err := d.Service.Provider.Refund(t.Context(), payment.RefundRequest{
		Key: "console", PaymentID: o.Payment.ID, Amount: o.Money(10_000), Reason: "by hand",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Service.HandleConsoleRefund(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	if after := d.order(o.ID); len(after.Ledger) != 1 || after.Payment.Refunded != 10_000 {
		t.Fatalf("ledger %+v, payment %+v", after.Ledger, after.Payment)
	}
}

func TestARefundAtTheConsoleOfTheBalanceOfAnExchangeIsOfTheNewOrder(t *testing.T) {
	t.Parallel()
	d := open(t)
	small, large := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 65_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	r := d.request(o, wanted("exchange", line))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.settle(r)
	d.keyed(d.ann()).Do("POST", "/returns/"+r.ID+"/balance", object{"paymentMethod": "pm_card_visa",
		"amount": object{"amount": 5_000, "currency": "KRW"}}).Want(200).Into(&r)
	next := d.order(r.NewOrderID)
	balance := next.More[len(next.More)-1]
	got, err := d.Service.Provider.Refund(t.Context(), payment.RefundRequest{
		Key: "console", PaymentID: balance.ProviderID, Amount: o.Money(5_000), Reason: "by hand",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Service.HandleConsoleRefund(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	after := d.order(next.ID)
	if len(after.Ledger) != 1 || after.Ledger[0].Parts[0].PaymentID != balance.ID || len(d.order(o.ID).Refunds) != 0 {
		t.Fatalf("ledger %+v, refunds of the first order %+v", after.Ledger, d.order(o.ID).Refunds)
	}
}
