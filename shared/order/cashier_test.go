package order_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/storecredit"
)

// till is a cashier with a bank and a table of its own. Calls to the bank go through faults.
type till struct {
	orderShop
	order.Cashier
	bank   payment.Provider
	faults *fault.Injector
}

func openTill(t *testing.T) till {
	t.Helper()
	at := clock.Stopped(noon)
	bank, err := server.New(server.Config{Clock: at, APIKey: "key"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(bank)
	t.Cleanup(web.Close)
	s := orderShop{order.Store{Table: localtest.Table(t, table.Commerce), Clock: at}, at}
	provider := sandbox.New(sandbox.Config{BaseURL: web.URL, APIKey: "key"})
	faults := fault.New(fault.Plan{})
	return till{s, order.Cashier{
		Orders: s.Store, Provider: faults.Provider(provider), Clock: at, Log: slog.New(slog.DiscardHandler),
	}, provider, faults}
}

// sold is an order whose payment is authorized, as the checkout leaves it.
func (s till) sold(t *testing.T) *order.Order {
	t.Helper()
	return s.place(t, func(o *order.Order) {
		p, err := s.bank.Authorize(t.Context(), payment.AuthorizeRequest{
			Key: o.ID, Amount: o.Total(), MethodToken: "pm_card_visa", CustomerID: o.CustomerID,
			ReturnURL: "https://shop.example/back",
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Payment = order.PaymentOf("sandbox", p)
	})
}

// paid is an order whose money was taken.
func (s till) paid(t *testing.T) *order.Order {
	t.Helper()
	o, err := s.Settle(t.Context(), s.sold(t))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// canceled is a paid order that is canceled while the call for its refund goes wrong. That does not fail the request:
// the refund stays due.
func (s till) canceled(t *testing.T, mode fault.Mode) *order.Order {
	t.Helper()
	o := s.paid(t)
	s.faults.Restart(fault.Plan{N: 1, Mode: mode})
	o, err := s.Cancel(t.Context(), o, "changed_mind", order.ByCustomer)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// agrees fails the test unless the order says of its money what the bank says.
func (s till) agrees(t *testing.T, o *order.Order) {
	t.Helper()
	stored, err := s.Get(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.bank.Get(t.Context(), o.Payment.ID)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Payment.Captured != p.Captured.Amount || stored.Payment.Refunded != p.Refunded.Amount {
		t.Errorf("the order says %d taken and %d given back, the bank %d and %d",
			stored.Payment.Captured, stored.Payment.Refunded, p.Captured.Amount, p.Refunded.Amount)
	}
}

func TestTheMoneyOfAnOrderIsTakenOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.sold(t)
	for range 2 {
		var err error
		if o, err = s.Settle(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if o.Payment.State != order.PayCaptured || o.Payment.Captured != 6_000 || o.Shard != "" {
		t.Errorf("%+v, due %q", o.Payment, o.Shard)
	}
	s.agrees(t, o)
}

func TestWhateverBecomesOfACallTheMoneyIsTakenOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []fault.Mode{fault.Fails, fault.Throttled, fault.Unanswered, fault.Twice} {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				s := openTill(t)
				o := s.sold(t)
				s.faults.Restart(fault.Plan{N: n, Mode: mode})
				if err := s.Work(t.Context(), o.ID); err != nil { // as a due job: what has no answer is put off
					t.Fatal(err)
				}
				s.faults.Stop()
				s.clock.Advance(time.Hour)
				if err := s.Work(t.Context(), o.ID); err != nil {
					t.Fatal(err)
				}
				after, err := s.Get(t.Context(), o.ID)
				if err != nil || after.Payment.State != order.PayCaptured || after.Shard != "" {
					t.Fatalf("%+v, %v", after, err)
				}
				s.agrees(t, after)
			})
		}
	}
}

func TestAnOrderWhoseReservationIsGoneIsCanceledAndNothingIsOwed(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.sold(t)
	if _, err := s.bank.Void(t.Context(), o.Payment.ID, "by hand at the bank"); err != nil {
		t.Fatal(err)
	}
	o, err := s.Settle(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if o.State != order.Canceled || o.Payment.State != order.PayFailed || o.Reason != "payment_failed" ||
		len(o.Refunds) != 0 || len(o.Allocations) != 0 || o.Event == nil {
		t.Errorf("%s %s, %d refunds, event %v", o.State, o.Payment.State, len(o.Refunds), o.Event)
	}
	s.agrees(t, o)
}

func TestAnOrderWhoseReservationIsGoneGivesItsStoreCreditBack(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	const credit = 5_000
	o := s.place(t, func(o *order.Order) {
		p, err := s.bank.Authorize(t.Context(), payment.AuthorizeRequest{
			Key: o.ID, Amount: o.Money(o.Totals.Total - credit), MethodToken: "pm_card_visa", CustomerID: o.CustomerID,
			ReturnURL: "https://shop.example/back",
		})
		if err != nil {
			t.Fatal(err)
		}
		o.Payment = order.PaymentOf("sandbox", p)
		o.More = []order.MorePayment{{ID: order.CreditPayment, Method: refund.StoreCredit, Captured: credit}}
	})
	if _, err := s.bank.Void(t.Context(), o.Payment.ID, "by hand at the bank"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a repeated job gives nothing back a second time
		if err := s.Work(t.Context(), o.ID); err != nil {
			t.Fatal(err)
		}
	}
	after, err := s.Get(t.Context(), o.ID)
	if err != nil || after.State != order.Canceled || after.Payment.State != order.PayFailed || after.Shard != "" {
		t.Fatalf("%s %s, due %q, %v", after.State, after.Payment.State, after.Shard, err)
	}
	lots, err := storecredit.Store{Table: s.Table}.Lots(t.Context(), o.CustomerID, "KRW")
	if err != nil || storecredit.Balance(lots, noon) != credit {
		t.Errorf("%d of store credit came back, want %d; %v", storecredit.Balance(lots, noon), credit, err)
	}
	s.agrees(t, after)
}

func TestACancellationBeforeTheCaptureLetsTheReservationGo(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o, err := s.Cancel(t.Context(), s.sold(t), "changed_mind", order.ByCustomer)
	if err != nil {
		t.Fatal(err)
	}
	if o.State != order.Canceled || o.Payment.State != order.PayReleased || len(o.Refunds) != 0 {
		t.Errorf("%s %s %v", o.State, o.Payment.State, o.Refunds)
	}
	s.agrees(t, o)
}

func TestACancellationThatMeetsTheCaptureGivesTheMoneyBack(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.sold(t)
	// The worker of the checkout takes the money while the customer cancels.
	if _, err := s.bank.Capture(t.Context(), o.Payment.ID, "capture-"+o.ID, o.Total()); err != nil {
		t.Fatal(err)
	}
	o, err := s.Cancel(t.Context(), o, "changed_mind", order.ByCustomer)
	if err != nil {
		t.Fatal(err)
	}
	if o.Payment.Captured != 6_000 || o.Payment.Refunded != 6_000 || len(o.Refunds) != 1 {
		t.Errorf("%+v, %+v", o.Payment, o.Refunds)
	}
	s.agrees(t, o)
}

func TestARefundWithoutAnAnswerIsLookedUpAndNotSentAgain(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.canceled(t, fault.Unanswered)
	if o.Payment.Refunded != 0 || o.Shard == "" {
		t.Fatalf("it is not due: %+v", o.Payment)
	}
	s.faults.Restart(fault.Plan{})
	s.clock.Advance(30 * time.Hour) // the provider may have forgotten the key
	if err := s.Work(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	if calls := s.faults.Calls(); len(calls) != 1 || calls[0] != "LookupRefund" {
		t.Errorf("it called %q", calls)
	}
	s.agrees(t, o)
}

func TestARefusedRefundStaysFailedUntilSomebodyTriesAgain(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.canceled(t, fault.Refused)
	if o.Refunds[0].State != payment.RefundFailed || o.Payment.Refunded != 0 {
		t.Fatalf("%+v", o.Refunds)
	}
	s.faults.Stop()
	if err := s.Work(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	s.agrees(t, o)
	o, err := s.Orders.Change(t.Context(), o.ID, func(o *order.Order) (bool, []table.Write, error) {
		return o.RetryRefunds("agent_1", s.clock.Now()), nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if o, err = s.Settle(t.Context(), o); err != nil || o.Payment.Refunded != 6_000 {
		t.Errorf("%+v, %v", o.Payment, err)
	}
	s.agrees(t, o)
}

func TestAWebhookAboutARefundSettlesItAndTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.canceled(t, fault.Unanswered)
	s.faults.Stop()
	news := payment.Refund{
		ID: "re_1", Key: o.Refunds[0].Key, State: payment.RefundSucceeded, Amount: money.Of(6_000, "KRW"),
	}
	for range 2 {
		if err := s.HandleWebhook(t.Context(), o.ID, news); err != nil {
			t.Fatal(err)
		}
	}
	s.agrees(t, o)
	stored, err := s.Get(t.Context(), o.ID)
	if err != nil || stored.Refunds[0].State != payment.RefundSucceeded {
		t.Fatalf("%+v, %v", stored.Refunds, err)
	}
	// The job that was left finds nothing to do and takes the order off the index.
	if err := s.Work(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	if stored, err = s.Get(t.Context(), o.ID); err != nil || stored.Shard != "" {
		t.Errorf("it is due still: %q, %v", stored.Shard, err)
	}
}

func TestNewsOfAnUnknownOrderOrRefundChangeNothing(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	o := s.paid(t)
	for _, id := range []string{"ord_unknown", o.ID} {
		if err := s.HandleWebhook(t.Context(), id,
			payment.Refund{Key: "of another shop", State: payment.RefundSucceeded}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := s.Work(t.Context(), "ord_unknown"); err != nil {
		t.Errorf("a job of an order that is not there: %v", err)
	}
	if after, err := s.Get(t.Context(), o.ID); err != nil || after.Version != o.Version {
		t.Errorf("version %d, want %d; %v", after.Version, o.Version, err)
	}
}
