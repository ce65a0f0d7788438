package daily_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// nextDay lets a day end and reconciles it: the kinds of difference found in it, and how much is carried on.
func (s *shop) nextDay(t *testing.T) (found map[reconcile.Kind]bool, carried []report.Pending) {
	t.Helper()
	s.Clock.Advance(24 * time.Hour)
	if err := s.books.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.work(t.Context(), t, s.books)
	r := s.newest(t)
	if r.Report.Value.State != report.Done {
		t.Fatalf("the report of %s is %s", r.Report.Value.Day, r.Report.Value.State)
	}
	list, _, err := report.Store{Table: s.Table}.Differences(t.Context(), r.Report.Value.Day, 100, "")
	if err != nil {
		t.Fatal(err)
	}
	return kinds(list), r.Walk.Value.Next
}

// TestAnOpenInvoiceIsLookedAtAgainTheNextDay changes an invoice after the day in which it was open.
func TestAnOpenInvoiceIsLookedAtAgainTheNextDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		change  func(*shop, *testing.T)
		want    []reconcile.Kind
		carried int
	}{
		{"it is still open", func(*shop, *testing.T) {}, nil, 1},
		{"it is paid", func(s *shop, t *testing.T) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State = invoice.Paid })
		}, nil, 0},
		{"it is paid by a payment that the provider does not have", func(s *shop, t *testing.T) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State, i.PaymentID = invoice.Paid, "pay_nobody" })
		}, []reconcile.Kind{reconcile.InvoiceNotPaid}, 0},
		{"another amount was taken for it", func(s *shop, t *testing.T) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State, i.Total = invoice.Paid, i.Total+1 })
		}, []reconcile.Kind{reconcile.CaptureDiffers}, 0},
		{"it is paid and costs nothing", func(s *shop, t *testing.T) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State, i.Total, i.PaymentID = invoice.Paid, 0, "" })
		}, nil, 0},
		{"it is void", func(s *shop, t *testing.T) {
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State = invoice.Void })
		}, nil, 0},
		{"it is gone", func(s *shop, t *testing.T) {
			s.DeleteItem(t, invoice.KeyOf(s.sub.Sub.ID, s.sub.Sub.Span.Seq))
		}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.changeInvoice(t, func(i *invoice.Invoice) { i.State = invoice.Open })
			if _, carried := s.nextDay(t); len(carried) != 1 || carried[0].Invoice == "" {
				t.Fatalf("on the first day carried is %+v", carried)
			}
			c.change(s, t)
			found, carried := s.nextDay(t)
			want := map[reconcile.Kind]bool{}
			for _, kind := range c.want {
				want[kind] = true
			}
			if diff := cmp.Diff(want, found); diff != "" || len(carried) != c.carried {
				t.Errorf("carried %+v, found %s", carried, diff)
			}
		})
	}
}

func TestAnInvoiceThatStaysOpenIsCarriedForSixtyDays(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.changeInvoice(t, func(i *invoice.Invoice) { i.State = invoice.Open })
	days := 0
	for ; days < 80; days++ {
		if _, carried := s.nextDay(t); len(carried) == 0 {
			break
		}
	}
	if days < 58 || days > 61 {
		t.Errorf("carried for %d days", days)
	}
}

// TestWhatIsCarriedAndNotThereAnyMoreIsReported carries a payment and an invoice that nobody can read.
func TestWhatIsCarriedAndNotThereAnyMoreIsReported(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.nextDay(t)
	r := s.newest(t)
	r.Walk.Value.Next = []report.Pending{
		{PaymentID: "pay_nobody", Since: s.Clock.Now()}, {Invoice: "sub_nobody#1", Since: s.Clock.Now()},
		{Invoice: "nonsense", Since: s.Clock.Now()},
	}
	if err := s.Table.Put(t.Context(), table.Put{Item: r}); err != nil {
		t.Fatal(err)
	}
	found, carried := s.nextDay(t)
	if diff := cmp.Diff(map[reconcile.Kind]bool{reconcile.PaymentUnknown: true}, found); diff != "" || len(carried) != 0 {
		t.Errorf("carried %+v, found %s", carried, diff)
	}
	if n := s.newest(t).Report.Value.Counts.Carried; n != 3 {
		t.Errorf("%d were looked at again, want 3", n)
	}
}

func TestADayThatIsAlreadyDoneNeedsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.nextDay(t)
	before := s.newest(t)
	if err := s.books.Continue(t.Context(), before.Key); err != nil {
		t.Error(err)
	}
	if err := s.books.Continue(t.Context(), report.KeyOf("2030-01-01")); err != nil {
		t.Errorf("a day that nobody began: %v", err)
	}
	if after := s.newest(t); after.Report.Value.Found != before.Report.Value.Found || after.Walk.Value.Phase !=
		before.Walk.Value.Phase {
		t.Errorf("it went on: %+v", after.Report.Value)
	}
}

// TestAReconciliationThatStandsStillIsTakenUpByTheNextStart begins a day whose job is lost, as when it has failed too
// often.
func TestAReconciliationThatStandsStillIsTakenUpByTheNextStart(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Clock.Advance(24 * time.Hour)
	if err := s.books.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := s.newest(t)
	r.Shard, r.At = "", 0 // nothing is due any more
	if err := s.Table.Put(t.Context(), table.Put{Item: r}); err != nil {
		t.Fatal(err)
	}
	if n := s.work(t.Context(), t, s.books); n != 0 {
		t.Fatalf("%d slices of a job that is lost", n)
	}
	s.Clock.Advance(21 * time.Hour)
	if err := s.books.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.work(t.Context(), t, s.books); n == 0 || s.newest(t).Report.Value.State != report.Done {
		t.Errorf("%d slices, the report is %s", n, s.newest(t).Report.Value.State)
	}
}

// TestMoneyThatNamesNothingIsReported takes and gives back money as somebody does at the provider's own console.
func TestMoneyThatNamesNothingIsReported(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, err := s.books.Provider.Authorize(t.Context(), payment.AuthorizeRequest{
		Key: "console", Amount: s.orders[0].Total(), MethodToken: "pm_card_visa", CaptureNow: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[reconcile.Kind]bool{reconcile.MoneyWithoutOrder: true}
	if diff := cmp.Diff(want, kinds(s.all(t).Found)); diff != "" {
		t.Errorf("money that was taken: %s", diff)
	}
	// All of it goes back: nothing is kept that is nobody's.
	if _, err := s.books.Provider.Refund(t.Context(), payment.RefundRequest{
		Key: "console-back", PaymentID: p.ID, Amount: p.Amount,
	}); err != nil {
		t.Fatal(err)
	}
	if found := s.all(t).Found; len(found) != 0 {
		t.Errorf("money that went back: %v", found)
	}
}
