package returns_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
)

func decimal(n int) string { return strconv.Itoa(n) }

func (u *unreliable) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	return pass(u, "Refund", func() (payment.Refund, error) { return u.Provider.Refund(ctx, r) })
}

func (u *unreliable) Lookup(ctx context.Context, key string) (payment.Payment, error) {
	return pass(u, "Lookup", func() (payment.Payment, error) { return u.Provider.Lookup(ctx, key) })
}

func (u *unreliable) LookupRefund(ctx context.Context, paymentID, key string) (payment.Refund, error) {
	return pass(u, "LookupRefund", func() (payment.Refund, error) { return u.Provider.LookupRefund(ctx, paymentID, key) })
}

// lose makes the desk's provider one of which calls are lost.
func (d *desk) lose() *unreliable {
	u := &unreliable{Provider: d.f.Provider, before: map[string]int{}, after: map[string]int{}}
	d.f.Provider = u
	return u
}

// reserving is a provider that reserves also what is to be taken at once, as some do for some cards.
type reserving struct{ payment.Provider }

func (p reserving) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	r.CaptureNow = false
	return p.Provider.Authorize(ctx, r)
}

// later lets time pass in steps and does what is due; a job that fails comes again.
func (d *desk) later(steps int, step time.Duration) {
	d.T.Helper()
	for range steps {
		d.Clock.Advance(step)
		r := &returner{desk: d}
		r.workReturnsQuietly()
	}
}

// debt is something of 8,000 or 5,000 won that Ann pays besides her order of 60,000: goods that are added to it, or the
// balance of an exchange.
type debt struct {
	*desk
	path   string // of the payment
	amount int64
	paid   func() bool // whether what was to be paid for has happened
	open   func() bool // whether it can still be paid for
}

func (d *debt) pay(card string) int {
	return d.keyed(d.ann()).Do("POST", d.path, paying(d.amount, card)).Status
}

// debts make both kinds of debt, because the same rules hold for both.
var debts = map[string]func(*testing.T) *debt{
	"an addition": func(t *testing.T) *debt {
		d, o, oil := waiting(t)
		d.keyed(d.agent()).Do("POST", d.additionsOf(o), goods(oil, 1)).Want(201)
		state := func() returns.AdditionState {
			var a returns.AdditionView
			d.ann().Do("GET", d.additionsOf(o)+"/1", nil).Want(200).Into(&a)
			return a.State
		}
		return &debt{d, d.additionsOf(o) + "/1/payment", 8_000,
			func() bool { return state() == returns.AdditionPaid && len(d.order(o.ID).Lines) == 2 },
			func() bool { return state() == returns.AdditionOpen }}
	},
	"a balance": func(t *testing.T) *debt {
		d, r := owing(t)
		return &debt{d, "/returns/" + r.ID + "/balance", 5_000,
			func() bool { return d.read(r.ID).State == rma.Completed && d.read(r.ID).Swap.OrderID != "" },
			func() bool { return d.read(r.ID).State == rma.AwaitingPayment }}
	},
}

// owing is an exchange of 60,000 for 65,000 whose goods are back and whose balance is not paid.
func owing(t *testing.T) (*desk, returns.Return) {
	t.Helper()
	d := open(t)
	small := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
	large := d.Sell(testshop.ProductSpec{Price: 65_000, Units: 3})
	o := d.deliver(d.buy(map[string]int{small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = large
	return d, d.settle(d.approved(d.request(o, wanted("exchange", line))))
}

// eachDebt runs a test for both kinds.
func eachDebt(t *testing.T, test func(*testing.T, *debt)) {
	t.Helper()
	for name, make := range debts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

func TestAPaymentWhoseAnswerIsLostIsTakenOnceWhoeverLooksFirst(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before", "after"} {
		for _, first := range []string{"customer", "job"} {
			t.Run(fmt.Sprintf("lost %s it took effect, looked at by the %s", when, first), func(t *testing.T) {
				t.Parallel()
				eachDebt(t, func(t *testing.T, d *debt) {
					bank := d.lose()
					map[string]map[string]int{"before": bank.before, "after": bank.after}[when]["Authorize"] = 1
					if status := d.pay("pm_card_visa"); status != 503 {
						t.Fatalf("a lost answer is %d, want 503", status)
					}
					if first == "job" {
						d.later(2, time.Minute)
						if d.paid() != (when == "after") || d.open() != (when == "before") {
							t.Fatalf("after the job it is paid %v and open %v", d.paid(), d.open())
						}
					}
					if status := d.pay("pm_card_visa"); status != 200 && first == "customer" {
						t.Errorf("the customer who comes again is answered %d", status)
					}
					if !d.paid() || d.taken() != 60_000+d.amount {
						t.Errorf("paid %v, the bank has %d", d.paid(), d.taken())
					}
				})
			})
		}
	}
}

func TestAProviderThatOnlyReservesIsAskedForTheMoney(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"nothing", "the request", "the answer"} {
		t.Run(lost+" is lost", func(t *testing.T) {
			t.Parallel()
			eachDebt(t, func(t *testing.T, d *debt) {
				d.f.Provider = reserving{d.f.Provider}
				bank := d.lose()
				switch lost {
				case "the request":
					bank.before["Capture"] = 1
				case "the answer":
					bank.after["Capture"] = 1
				}
				if status := d.pay("pm_card_visa"); (status == 200) != (lost == "nothing") {
					t.Fatalf("the first call is answered %d", status)
				}
				d.later(2, time.Minute)
				if !d.paid() || d.taken() != 60_000+d.amount {
					t.Errorf("paid %v, the bank has %d", d.paid(), d.taken())
				}
			})
		})
	}
}

func TestATokenThatTheProviderDoesNotKnowIsNamedAndMayBeReplaced(t *testing.T) {
	t.Parallel()
	eachDebt(t, func(t *testing.T, d *debt) {
		d.keyed(d.ann()).Do("POST", d.path, paying(d.amount, "pm_nobody_knows")).WantField("/paymentMethod")
		if status := d.pay("pm_card_visa"); status != 200 || !d.paid() || d.taken() != 60_000+d.amount {
			t.Errorf("another card is answered %d, the bank has %d", status, d.taken())
		}
	})
}

func TestOfPaymentsAtOnceOneIsTaken(t *testing.T) {
	t.Parallel()
	eachDebt(t, func(t *testing.T, d *debt) {
		var all sync.WaitGroup
		for range 5 {
			c := d.keyed(d.ann())
			all.Go(func() { c.Do("POST", d.path, paying(d.amount, "pm_card_visa")) })
		}
		all.Wait()
		d.later(2, time.Minute)
		if !d.paid() || d.taken() != 60_000+d.amount {
			t.Errorf("paid %v, the bank has %d", d.paid(), d.taken())
		}
		// A second payment that goes back at once is a second line on the statement of the card all the same.
		if n := len(d.Bank.Ledger()); n != 2 {
			t.Errorf("%d payments at the bank, want the order's and one more", n)
		}
	})
}

// TestASilentProviderIsAskedAgainEveryQuarterOfAnHour lets the answer of a payment get lost, and then each look at it.
func TestASilentProviderIsAskedAgainEveryQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	eachDebt(t, func(t *testing.T, d *debt) {
		bank := d.lose()
		bank.after["Authorize"], bank.before["Lookup"] = 1, 3
		if status := d.pay("pm_card_visa"); status != 503 {
			t.Fatalf("a lost answer is %d", status)
		}
		for look, step := range []time.Duration{time.Minute, 15 * time.Minute, 15 * time.Minute} {
			d.later(1, step-time.Second)
			if left := bank.before["Lookup"]; left != 3-look {
				t.Errorf("look %d came early", look+1)
			}
			d.later(1, time.Second)
			if left := bank.before["Lookup"]; left != 2-look || !d.open() {
				t.Errorf("after look %d: %d left, open %v", look+1, left, d.open())
			}
		}
		if d.later(1, 15*time.Minute); !d.paid() || d.taken() != 60_000+d.amount {
			t.Errorf("when it answers: paid %v, the bank has %d", d.paid(), d.taken())
		}
	})
}

func TestAChallengeThatIsPassedWithoutComingBackIsPaidByTheJob(t *testing.T) {
	t.Parallel()
	eachDebt(t, func(t *testing.T, d *debt) {
		if status := d.pay("pm_card_threeDSecure2Required"); status != 202 {
			t.Fatalf("status %d", status)
		}
		d.later(1, time.Minute)
		if d.paid() || !d.open() {
			t.Fatal("it is settled while the cardholder is at the bank")
		}
		for _, e := range d.Bank.Ledger() {
			if e.State == payment.StateRequiresAction {
				d.Challenge(e.NextActionURL, true)
			}
		}
		if d.later(1, 15*time.Minute); !d.paid() || d.taken() != 60_000+d.amount {
			t.Errorf("paid %v, the bank has %d", d.paid(), d.taken())
		}
	})
}

// TestAChallengeThatNobodyPassesIsVoidedWhenTheTimeIsOver also loses the answer of the void once.
func TestAChallengeThatNobodyPassesIsVoidedWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	for _, losses := range []int{0, 1} {
		t.Run(fmt.Sprint(losses, " voids lost"), func(t *testing.T) {
			t.Parallel()
			eachDebt(t, func(t *testing.T, d *debt) {
				bank := d.lose()
				bank.before["Void"] = losses
				if status := d.pay("pm_card_threeDSecure2Required"); status != 202 {
					t.Fatalf("status %d", status)
				}
				d.later(1, 7*day)
				d.later(2, 20*time.Minute)
				if d.open() || d.paid() {
					t.Errorf("open %v, paid %v after a week", d.open(), d.paid())
				}
				for _, e := range d.Bank.Ledger() {
					if e.State == payment.StateRequiresAction {
						t.Error("the bank would still take the money")
					}
				}
			})
		})
	}
}

// TestWhatIsPaidTooLateGoesBackWhateverIsLost ships an order while the payment of an addition is on its way, and loses
// calls of the refund.
func TestWhatIsPaidTooLateGoesBackWhateverIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after int // of refunds that are lost
	}{
		{"nothing", 0, 0}, {"the request", 1, 0}, {"the answer", 0, 1}, {"two requests and an answer", 2, 1},
	} {
		t.Run(c.name+" is lost", func(t *testing.T) {
			t.Parallel()
			d, o, oil := waiting(t)
			d.add(o, oil, 1)
			bank := d.lose()
			bank.after["Authorize"] = 1
			path := d.additionsOf(o) + "/1/payment"
			d.keyed(d.ann()).Do("POST", path, paying(8_000, "pm_card_visa")).WantProblem(503, "payment_unavailable")
			d.deliver(o) // before anybody knows that it is paid
			bank.before["Refund"], bank.after["Refund"] = c.before, c.after
			if c.before+c.after == 0 {
				d.Clock.Advance(2 * time.Minute)
				d.workReturns() // the job has succeeded when the payment goes back
			}
			d.later(12, time.Hour)
			if len(d.order(o.ID).Lines) != 1 || d.taken() != 60_000 || d.SellableUnits(t, oil) != 9 {
				t.Errorf("%d lines, the bank has %d, %d in stock", len(d.order(o.ID).Lines), d.taken(), d.SellableUnits(t, oil))
			}
			for _, e := range d.Bank.Ledger() {
				if e.Refunded.Amount > 8_000 {
					t.Errorf("%d went back of %s", e.Refunded.Amount, e.Key)
				}
			}
			d.keyed(d.ann()).Do("POST", path, paying(8_000, "pm_card_visa")).WantProblem(409, "order_shipped")
		})
	}
}

func TestARefundOfALatePaymentThatTheBankRefusesIsMadeAgain(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	d.add(o, oil, 1)
	bank := d.lose()
	bank.after["Authorize"] = 1
	d.keyed(d.ann()).Do("POST", d.additionsOf(o)+"/1/payment", paying(8_000, "pm_card_visa")).Want(503)
	d.deliver(o)
	d.f.Provider = &refusing{Provider: bank, times: 2}
	d.later(1, 2*time.Minute)
	if d.taken() != 68_000 {
		t.Fatalf("the bank has %d after a refusal", d.taken())
	}
	if d.later(24, time.Hour); d.taken() != 60_000 {
		t.Errorf("the bank has %d in the end, want the late payment back", d.taken())
	}
}

// refusing is a provider whose bank refuses the next refunds.
type refusing struct {
	payment.Provider
	times int
}

func (p *refusing) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	if p.times > 0 {
		p.times--
		return payment.Refund{Key: r.Key, PaymentID: r.PaymentID, Amount: r.Amount, State: payment.RefundFailed}, nil
	}
	return p.Provider.Refund(ctx, r)
}

func TestJobsForWhatIsNotThereChangeNothing(t *testing.T) {
	t.Parallel()
	d, o, _ := waiting(t)
	for _, key := range []table.Key{
		order.KeyOf(o.ID), {PK: order.KeyOf(o.ID).PK, SK: "ADDITION#1"}, {PK: order.KeyOf(o.ID).PK, SK: "ADDITION#one"},
		{PK: "CHECKOUT#x", SK: "ADDITION#1"}, {PK: order.KeyOf(o.ID).PK, SK: "RETURN#" + rma.IDFor(o.ID, 1)},
		{PK: "CREDIT#cust-ann", SK: "LOT#gone"},
	} {
		for _, kind := range d.f.Jobs() {
			if kind.Name == returns.PaymentReturnKind {
				continue // a task is looked up by its own mechanism
			}
			if err := kind.Handle(t.Context(), due.Job{Kind: kind.Name, Key: key, At: d.Clock.Now().UnixMilli()}); err != nil {
				t.Errorf("%s of %+v: %v", kind.Name, key, err)
			}
		}
	}
	if after := d.order(o.ID); after.Version != o.Version {
		t.Errorf("the order changed from version %d to %d", o.Version, after.Version)
	}
}

func TestAPaymentThatGotLostIsNotSentAgainWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	d := debts["an addition"](t)
	d.lose().before["Authorize"] = 1
	if status := d.pay("pm_card_visa"); status != 503 {
		t.Fatalf("a lost request is %d", status)
	}
	d.Clock.Advance(2 * day) // and the job that ends the addition is late
	if status := d.pay("pm_card_visa"); status != 409 || d.taken() != 60_000 {
		t.Errorf("answered %d, the bank has %d", status, d.taken())
	}
}
