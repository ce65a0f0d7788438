package daily_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/infra/topology"
	"dangol/shared/invoice"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/daily"
	"dangol/shared/reconcile/report"
	"dangol/shared/stock"
)

func TestBooksThatAgreeHaveNoDifferences(t *testing.T) {
	t.Parallel()
	s := open(t)
	got := s.all(t)
	if len(got.Found) != 0 || len(got.Open) != 0 {
		t.Errorf("found %v, open %v", got.Found, got.Open)
	}
	want := report.Counts{Payments: 4, Refunds: 1, Orders: 3, Invoices: 1}
	if got.Counts != want {
		t.Errorf("looked at %+v, want %+v", got.Counts, want)
	}
}

// TestWhatDoesNotAgreeIsFound spoils one book at a time, as no rule of the shop would.
func TestWhatDoesNotAgreeIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, *shop)
		want  []reconcile.Kind
	}{
		{"an order is gone whose money was taken", func(t *testing.T, s *shop) {
			s.DeleteItem(t, order.KeyOf(s.orders[0].ID))
		}, []reconcile.Kind{reconcile.MoneyWithoutOrder}},
		{"an order says that less was taken", func(t *testing.T, s *shop) {
			s.change(t, s.orders[0].ID, func(o *order.Order) { o.Payment.Captured-- })
		}, []reconcile.Kind{reconcile.CaptureDiffers, reconcile.OrderNotPaid}},
		{"an order names a payment that the provider does not have", func(t *testing.T, s *shop) {
			s.change(t, s.orders[0].ID, func(o *order.Order) { o.Payment.ID = "pay_nobody" })
		}, []reconcile.Kind{reconcile.PaymentUnknown, reconcile.MoneyWithoutOrder}},
		{"an order was never canceled in the books and is at the provider", func(t *testing.T, s *shop) {
			s.refundAtConsole(t, s.orders[0].Payment.ID)
		}, []reconcile.Kind{reconcile.RefundUnknown}},
		{"a refund is in the books only", func(t *testing.T, s *shop) {
			s.change(t, s.orders[0].ID, func(o *order.Order) {
				o.Refunds = append(o.Refunds, order.Refund{Key: "k", Amount: 500, State: payment.RefundSucceeded})
			})
		}, []reconcile.Kind{reconcile.RefundMissing}},
		{"a refund has another end in the books", func(t *testing.T, s *shop) {
			s.change(t, s.orders[2].ID, func(o *order.Order) { o.Refunds[0].State = payment.RefundFailed })
		}, []reconcile.Kind{reconcile.RefundDiffers}},
		{"a canceled order was not refunded", func(t *testing.T, s *shop) {
			s.change(t, s.orders[0].ID, func(o *order.Order) { o.State, o.Allocations = order.Canceled, nil })
		}, []reconcile.Kind{reconcile.CanceledNotRefunded}},
		{"a canceled order holds stock", func(t *testing.T, s *shop) {
			s.change(t, s.orders[2].ID, func(o *order.Order) {
				o.Allocations = append(o.Allocations, stock.Allocation{VariantID: "v", Quantity: 1})
			})
		}, []reconcile.Kind{reconcile.StockNotReleased}},
		{"an invoice is gone that was paid", func(t *testing.T, s *shop) {
			if _, _, err := s.Subscribe(t.Context(), s.Unfaulted, s.Subscriber(s.CreatePlan(), "pm_card_visa")); err != nil {
				t.Fatal(err)
			}
			s.DeleteItem(t, invoice.KeyOf(s.sub.Sub.ID, s.sub.Sub.Span.Seq))
		}, []reconcile.Kind{reconcile.InvoiceMissing, reconcile.NumberMissing}},
		{"an invoice is paid by a payment that is not there", func(t *testing.T, s *shop) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.PaymentID = "pay_nobody" })
		}, []reconcile.Kind{reconcile.InvoiceNotPaid, reconcile.ChargedTwice}},
		{"an invoice is void and was charged", func(t *testing.T, s *shop) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State = invoice.Void })
		}, []reconcile.Kind{reconcile.InvoiceNotOwed}},
		{"an invoice is over another amount than was charged", func(t *testing.T, s *shop) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.Total += 7 })
		}, []reconcile.Kind{reconcile.CaptureDiffers}},
		{"a refund of a subscription is not in its books", func(t *testing.T, s *shop) {
			s.refundAtConsole(t, s.invoice(t).PaymentID)
		}, []reconcile.Kind{reconcile.RefundUnknown}},
		{"nobody does what is due", func(t *testing.T, s *shop) {
			s.change(t, s.orders[1].ID, func(o *order.Order) {
				o.Due = due.On(order.DueRefund, o.ID, s.Clock.Now().Add(-2*time.Hour))
			})
		}, []reconcile.Kind{reconcile.JobOverdue}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			c.spoil(t, s)
			got := s.all(t)
			want := map[reconcile.Kind]bool{}
			for _, kind := range c.want {
				want[kind] = true
			}
			if diff := cmp.Diff(want, kinds(got.Found)); diff != "" {
				t.Errorf("found %v\n%s", got.Found, diff)
			}
		})
	}
}

// TestAPaymentThatStaysOpenIsCarriedAndThenReported looks at a reservation that nobody takes or lets go.
func TestAPaymentThatStaysOpenIsCarriedAndThenReported(t *testing.T) {
	t.Parallel()
	s := open(t)
	held, err := s.books.Provider.Authorize(t.Context(), payment.AuthorizeRequest{
		Key: "held", Amount: s.orders[0].Total(), MethodToken: "pm_card_threeDSecure2Required",
	})
	if err != nil {
		t.Fatal(err)
	}
	first := report.KeyOf(civil.DateAt(s.Clock.Now(), s.books.Zone))
	for day := range 10 {
		s.Clock.Advance(24 * time.Hour)
		if err := s.books.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.work(t.Context(), t, s.books)
		r := s.newest(t)
		// Begun on the first day; it is a difference once it is older than a reservation can be.
		wanted := 0
		if s.Clock.Now().Sub(held.CreatedAt) > reconcile.OpenFor {
			wanted = 1
		}
		switch {
		case r.Report.Value.State != report.Done:
			t.Fatalf("after %d days the report of %s is %s", day+1, r.Report.Value.Day, r.Report.Value.State)
		case wanted == 0 && (r.Report.Value.Found != 0 || len(r.Walk.Value.Next) != 1):
			t.Errorf("day %s: found %d, carries %v", r.Report.Value.Day, r.Report.Value.Found, r.Walk.Value.Next)
		case wanted == 1 && r.Report.Value.ByKind[reconcile.PaymentLeftOpen] != 1:
			t.Errorf("day %s: %v", r.Report.Value.Day, r.Report.Value.ByKind)
		}
		if wanted == 1 {
			return
		}
	}
	t.Errorf("never reported; the first report is %v", first)
}

// TestAReconciliationThatIsInterruptedFindsTheSame lets each call of the walk to the provider fail, be throttled or be
// the last of its worker, and compares the report with the one of a walk without faults.
func TestAReconciliationThatIsInterruptedFindsTheSame(t *testing.T) {
	t.Parallel()
	spoiled := func(t *testing.T) *shop {
		s := open(t)
		s.DeleteItem(t, order.KeyOf(s.orders[0].ID))
		s.change(t, s.orders[1].ID, func(o *order.Order) { o.Payment.ID = "pay_nobody" })
		s.Clock.Advance(24 * time.Hour)
		return s
	}
	run := func(t *testing.T, s *shop, p fault.Plan) (report.Report, []reconcile.Difference, int) {
		r := s.faulty(p)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			s.work(t.Context(), t, r)
			if s.newest(t).Report.Value.State == report.Done {
				break
			}
			s.Clock.Advance(15 * time.Minute)
		}
		calls, _ := s.calls.Count()
		got := s.newest(t).Report.Value
		found, _, err := report.Store{Table: s.Table}.Differences(t.Context(), got.Day, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		return got, found, calls
	}
	calm, want, calls := run(t, spoiled(t), fault.Plan{})
	if calm.State != report.Done || len(want) != calm.Found || calm.Found != 3 {
		t.Fatalf("without faults: %+v, %v", calm, want)
	}
	for _, mode := range []fault.Mode{fault.Fails, fault.Throttled, fault.Unanswered} {
		for n := 1; n <= calls; n++ {
			t.Run(fault.Plan{N: n, Mode: mode}.String(), func(t *testing.T) {
				t.Parallel()
				got, found, _ := run(t, spoiled(t), fault.Plan{N: n, Mode: mode})
				if got.State != report.Done || got.Counts != calm.Counts || len(found) != len(want) || got.Found != calm.Found {
					t.Errorf("%+v, %v; want %+v", got, found, calm)
				}
				if diff := cmp.Diff(kinds(want), kinds(found)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestTheDatabaseMayFailAtEveryCallOfAReconciliation lets each call of the walk to the database go wrong in one of the
// ways in which such a call can: it fails, is throttled, meets a transaction, is refused as invalid, is answered twice
// or not at all. The report is the same as without, and finds what it would have found.
func TestTheDatabaseMayFailAtEveryCallOfAReconciliation(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, p fault.Plan) (report.Report, []reconcile.Difference, []string) {
		s := open(t)
		s.DeleteItem(t, order.KeyOf(s.orders[0].ID))
		s.change(t, s.orders[1].ID, func(o *order.Order) { o.Payment.ID = "pay_nobody" })
		s.Clock.Advance(24 * time.Hour)
		s.calls.Restart(p)
		r := s.books
		r.Table = table.New(s.calls.DB(localtest.DB(t)), s.Table.Name(), nil)
		started := false
		for range 20 {
			if !started {
				// The schedule starts it again when it fails.
				if err := r.Start(t.Context()); err != nil {
					t.Logf("start: %v", err)
					continue
				}
				started = true
			}
			s.work(t.Context(), t, r)
			if s.newest(t).Report.Value.State == report.Done {
				break
			}
			s.Clock.Advance(15 * time.Minute)
		}
		got := s.newest(t).Report.Value
		found, _, err := report.Store{Table: s.Table}.Differences(t.Context(), got.Day, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		return got, found, s.calls.Calls()
	}
	calm, want, calls := run(t, fault.Plan{})
	if calm.State != report.Done || len(want) != 3 || len(calls) < 10 {
		t.Fatalf("without faults: %+v, %v after %d calls", calm, want, len(calls))
	}
	for n, call := range calls {
		modes := fault.ModesOf(call, fault.Refused)
		p := fault.Plan{N: n + 1, Mode: modes[n%len(modes)]}
		t.Run(call+", "+p.String(), func(t *testing.T) {
			t.Parallel()
			got, found, _ := run(t, p)
			if got.State != report.Done || got.Counts != calm.Counts || got.Found != calm.Found {
				t.Errorf("%+v; want %+v", got, calm)
			}
			if diff := cmp.Diff(kinds(want), kinds(found)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// slow is a clock on which every look takes half a slice.
type slow struct{ *clock.Movable }

func (s slow) Now() time.Time { return s.Advance(11 * time.Second) }

func TestAWalkThatDoesNotFinishInItsTimeGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Clock.Advance(24 * time.Hour)
	r := s.books
	r.Clock = slow{s.Clock}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices := s.work(t.Context(), t, r)
	got := s.newest(t).Report.Value
	if slices < 4 || got.State != report.Done || got.Found != 0 || got.Counts.Orders != 3 || got.Counts.Payments != 4 {
		t.Errorf("%d slices: %+v", slices, got)
	}
}

func TestDaysOnWhichNothingRanAreMadeUpFor(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, days := range []int{1, 4} {
		s.Clock.Advance(time.Duration(days) * 24 * time.Hour)
		if err := s.books.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.work(t.Context(), t, s.books)
	}
	all, _, err := report.Store{Table: s.Table}.List(t.Context(), 100, "")
	if err != nil || len(all) != 5 {
		t.Fatalf("%d reports, %v", len(all), err)
	}
	for n, r := range all {
		if r.State != report.Done || n > 0 && all[n-1].Day != r.Day.Add(1) || !r.To.Equal(r.From.Add(24*time.Hour)) {
			t.Errorf("report %d: %+v", n, r)
		}
	}
}

func TestADayIsReconciledOnceHoweverOftenItIsBegun(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Clock.Advance(24 * time.Hour)
	for range 3 {
		if err := s.books.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.work(t.Context(), t, s.books)
	}
	all, _, err := report.Store{Table: s.Table}.List(t.Context(), 100, "")
	if err != nil || len(all) != 1 {
		t.Errorf("%d reports, %v", len(all), err)
	}
}

// TestEachKindThatHoldsMoneyIsAKindOfTheSystem: the names are repeated in the package, so that it need not link what
// does the jobs.
func TestEachKindThatHoldsMoneyIsAKindOfTheSystem(t *testing.T) {
	t.Parallel()
	var known []string
	for _, f := range topology.Dangol.Functions {
		known = append(known, f.Jobs.Names()...)
	}
	for _, kind := range daily.MoneyKinds {
		if !slices.Contains(known, kind) {
			t.Errorf("no function does jobs of the kind %q", kind)
		}
	}
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Clock.Advance(24 * time.Hour)
	store, day := report.Store{Table: s.Table}, civil.DateAt(s.Clock.Now(), s.books.Zone).Add(-1)
	runs := map[string]func(context.Context) error{
		"begin the reconciliation of a day": s.books.Start,
		"read the report of a day":          func(ctx context.Context) error { _, err := store.Get(ctx, day); return err },
		"the reports, newest first": func(ctx context.Context) error {
			_, _,
				err := store.List(ctx, 20, "")
			return err
		},
		"the differences of a day": func(ctx context.Context) error {
			_, _, err := store.Differences(ctx, day, 20, "")
			return err
		},
		"reconcile a day without orders": func(ctx context.Context) error {
			_, err := s.books.Between(ctx, s.Clock.Now().Add(-time.Hour), s.Clock.Now())
			return err
		},
	}
	for _, p := range report.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := runs[p.Name](ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s: costs %+v, the page says %+v", p.Name, got, p)
		}
	}
}
