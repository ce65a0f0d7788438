package returns_test

import (
	"slices"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/rma"
)

func seoul(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, time.FixedZone("KST", 9*60*60))
	if err != nil {
		panic(err)
	}
	return at
}

func TestTheThirdBusinessDayRingsBeforeAndAfterAndOwesInterest(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 365_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "faulty")))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/approve", nil).Want(200)
	d.Clock.MoveTo(seoul("2026-03-06 10:00:00")) // a Friday
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", nil).Want(200).Into(&r)
	if want := seoul("2026-03-12 00:00:00"); r.RefundBy == nil || !r.RefundBy.Equal(want) {
		t.Fatalf("refund by %v, want %s", r.RefundBy, want)
	}
	for _, step := range []struct {
		at      string
		signals []string
		event   string
	}{
		{"2026-03-10 23:59:59", nil, "return.received"},
		{"2026-03-11 00:00:00", []string{returns.RefundDueSoon}, "return.refund_delayed"},
		{"2026-03-11 23:59:59", []string{returns.RefundDueSoon}, "return.refund_delayed"},
		{"2026-03-12 00:00:00", []string{returns.RefundDueSoon, returns.RefundLate}, "return.refund_delayed"},
		{"2026-03-15 00:00:00", []string{returns.RefundDueSoon, returns.RefundLate}, "return.refund_delayed"},
	} {
		d.Clock.MoveTo(seoul(step.at))
		d.workReturns()
		if !slices.Equal(d.signals, step.signals) || d.read(r.ID).Event.Type != step.event {
			t.Errorf("%s: signals %v, event %s", step.at, d.signals, d.read(r.ID).Event.Type)
		}
	}
	var list returns.ReturnList
	d.agent().Do("GET", "/admin/returns?state=received", nil).Want(200).Into(&list)
	if len(list.Returns) != 1 || !list.Returns[0].Late || list.Returns[0].Deadline == nil {
		t.Fatalf("the work list shows %+v", list.Returns)
	}
	d.Clock.MoveTo(seoul("2026-03-16 10:00:00"))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
	if r.Settled.Late.Amount != 750 { // five days begun, 15 % a year of 365,000
		t.Fatalf("interest %d, want 750", r.Settled.Late.Amount)
	}
	if d.read(r.ID).Shard != "" {
		t.Fatal("a completed return is still due")
	}
}

// Only what goes back as money can be late: the rest of an exchange's value pays for what is sent.
func TestALateExchangeOwesInterestOnWhatItIsCheaperBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		price, interest int64 // of what is sent instead of goods for 365,000
	}{
		{"at the same price", 365_000, 0},
		{"cheaper", 292_000, 150}, // five days begun, 15 % a year of 73,000
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap := d.Sell(testshop.ProductSpec{Price: 365_000, Units: 9})
			line := back("", 1, "faulty")
			line["exchangeFor"] = d.Sell(testshop.ProductSpec{Price: c.price, Units: 9})
			o := d.deliver(d.buy(map[string]int{soap: 1}))
			line["lineId"] = o.Lines[0].ID
			r := d.approved(d.request(o, wanted("exchange", line)))
			d.Clock.MoveTo(seoul("2026-03-06 10:00:00"))
			d.agent().Do("POST", "/admin/returns/"+r.ID+"/receive", nil).Want(200)
			d.Clock.MoveTo(seoul("2026-03-16 10:00:00"))
			d.agent().Do("POST", "/admin/returns/"+r.ID+"/inspect", nil).Want(200).Into(&r)
			if r.NewOrderID == "" || r.Settled.Late.Amount != c.interest {
				t.Errorf("order %q, interest %d, want %d", r.NewOrderID, r.Settled.Late.Amount, c.interest)
			}
		})
	}
}

func TestGoodsThatAreNotSentLetTheReturnExpire(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, other := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9}), d.Sell(testshop.ProductSpec{Price: 60_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	line := back(o.Lines[0].ID, 1, "wrong_size")
	line["exchangeFor"] = other
	r := d.request(o, wanted("exchange", line))
	if d.SellableUnits(t, other) != 2 || r.SendBy == nil {
		t.Fatalf("%d held back, send by %v", 3-d.SellableUnits(t, other), r.SendBy)
	}
	d.Clock.MoveTo(r.SendBy.Add(-time.Second))
	d.workReturns()
	if got := d.read(r.ID); got.State != rma.Approved {
		t.Fatalf("it is %s before its time", got.State)
	}
	d.Clock.MoveTo(*r.SendBy)
	d.workReturns()
	d.workReturns()
	if got := d.read(r.ID); got.State != rma.Expired || got.Event.Type != "return.canceled" ||
		d.SellableUnits(t, other) != 3 {
		t.Fatalf("%s, event %s, %d in stock", got.State, got.Event.Type, d.SellableUnits(t, other))
	}
	if left := d.order(o.ID).RefundLedger().UnitsLeft(o.Lines[0].ID); len(left) != 1 {
		t.Fatal("the unit is not free again")
	}
}

func TestAParcelOnItsWayDoesNotExpire(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 1}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/book", nil).Want(200).Into(&r)
	number := r.Shipment.TrackingNumber
	d.agent().Do("POST", "/admin/returns/"+r.ID+"/book", nil).Want(200).Into(&r)
	if r.State != rma.Booked || r.Shipment.TrackingNumber != number || number == "" {
		t.Fatalf("%s, booked %+v, first %s", r.State, r.Shipment, number)
	}
	d.ann().Do("POST", "/returns/"+r.ID+"/sent", nil).Want(200)
	d.ann().Do("POST", "/returns/"+r.ID+"/sent", nil).Want(200)
	d.ann().Do("POST", "/returns/"+r.ID+"/cancel", nil).WantProblem(409, "return_state")
	d.Clock.Advance(60 * day)
	d.workReturns()
	if got := d.read(r.ID); got.State != rma.InTransit {
		t.Fatalf("it is %s", got.State)
	}
}

func TestABalanceThatIsNotPaidTurnsTheExchangeIntoARefund(t *testing.T) {
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
	d.Clock.Advance(7*day - time.Second)
	d.workReturns()
	if got := d.read(r.ID); got.State != rma.AwaitingPayment {
		t.Fatalf("it is %s before its time", got.State)
	}
	d.Clock.Advance(time.Second)
	d.workReturns()
	d.workReturns()
	got := d.read(r.ID)
	if _, refunded := d.bank(o.Payment.ID); got.State != rma.Completed || got.Resolution != rma.Refund ||
		refunded != 60_000 {
		t.Fatalf("%s as %s, %d refunded", got.State, got.Resolution, refunded)
	}
	if d.SellableUnits(t, large) != 3 || d.SellableUnits(t, small) != 3 {
		t.Fatalf("%d large, %d small left", d.SellableUnits(t, large), d.SellableUnits(t, small))
	}
	pay := object{"paymentMethod": "pm_card_visa", "amount": object{"amount": 5_000, "currency": "KRW"}}
	d.keyed(d.ann()).Do("POST", "/returns/"+r.ID+"/balance", pay).WantProblem(409, "return_state")
}

func TestABalanceWhoseAnswerIsLostIsTakenOnce(t *testing.T) {
	t.Parallel()
	for _, card := range []string{"pm_card_sandbox_hang", "pm_card_sandbox_hangBefore", "pm_card_threeDSecure2Required"} {
		t.Run(card, func(t *testing.T) {
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
			pay := object{"paymentMethod": card, "amount": object{"amount": 5_000, "currency": "KRW"}}
			path := "/returns/" + r.ID + "/balance"
			first := d.keyed(d.ann()).Do("POST", path, pay)
			if card == "pm_card_threeDSecure2Required" {
				first.Want(202).Into(&r)
				if r.Balance == nil || r.Balance.State != "pending" || r.Balance.RedirectURL == "" {
					t.Fatalf("balance %+v", r.Balance)
				}
				d.Challenge(r.Balance.RedirectURL, true)
			} else {
				first.WantProblem(503, "busy") // the time of the request ran out while the provider kept silent
			}
			d.Clock.Advance(2 * time.Minute)
			d.workReturns()
			pay["paymentMethod"] = "pm_card_visa"
			if d.read(r.ID).State == rma.AwaitingPayment {
				d.keyed(d.ann()).Do("POST", path, pay).Want(200)
			}
			taken := int64(0)
			for _, e := range d.Bank.Ledger() {
				taken += e.Refundable()
			}
			if got := d.read(r.ID); got.State != rma.Completed || taken != 65_000 {
				t.Fatalf("%s, the bank holds %d", got.State, taken)
			}
		})
	}
}

func TestFaultyGoodsOfLittleValueNeedNotComeBack(t *testing.T) {
	t.Parallel()
	d := open(t)
	cheap, dear := d.Sell(testshop.ProductSpec{Price: 4_000, Units: 3}), d.Sell(testshop.ProductSpec{Price: 60_000,
		Units: 3})
	o := d.deliver(d.buy(map[string]int{cheap: 1, dear: 1}))
	var line order.Line
	for _, l := range o.Lines {
		if l.VariantID == cheap {
			line = l
		}
	}
	r := d.request(o, wanted("refund", back(line.ID, 1, "faulty")))
	if _, refunded := d.bank(o.Payment.ID); r.State != rma.Completed || r.Way != rma.Stays || refunded != 4_000 {
		t.Fatalf("%s by %s, %d refunded", r.State, r.Way, refunded)
	}
	if d.SellableUnits(t, cheap) != 2 {
		t.Fatal("what did not come back is for sale")
	}
}
