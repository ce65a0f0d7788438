package daily

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// walk is one reconciliation under way. Each step does one page of its phase.
type walk struct {
	Reconciler
	from, to time.Time
	at       report.Progress
	counts   report.Counts
	found    []reconcile.Difference // by this slice
}

// The phases, in order. What the books of the day say is read first, then the provider's ledger; where the two do not
// name the same payments, the books are walked once more and the provider is asked about those payments.
const (
	carried = iota
	orders
	invoices
	creditNotes
	ledger
	ordersAgain
	invoicesAgain
	jobs
	end
)

const (
	// pageSize is how many entries a step reads.
	pageSize = 100
	// askedAtOnce is how many payments a step asks the provider about, one request each.
	askedAtOnce = 20
	// pendingMost bounds what is carried to the next day: its item has at most 400 KB.
	pendingMost = 1_500
	// invoiceOpenFor is how long an open invoice is carried: dunning has ended before, by whatever plan.
	invoiceOpenFor = 60 * 24 * time.Hour
	// overdueAfter is how late a job may be before it is a difference.
	overdueAfter = time.Hour
)

// done reports whether the walk has come to its end.
func (w *walk) done() bool { return w.at.Phase >= end }

// step does one page. After an error it may be done again.
func (w *walk) step(ctx context.Context) error {
	switch w.at.Phase {
	case carried:
		return w.stepCarried(ctx)
	case orders:
		return w.stepOrders(ctx, w.seeOrder)
	case invoices:
		return w.stepInvoices(ctx, w.seeInvoice)
	case creditNotes:
		return w.stepCreditNotes(ctx)
	case ledger:
		return w.stepLedger(ctx)
	case ordersAgain:
		return w.stepOrders(ctx, w.askAboutOrder)
	case invoicesAgain:
		return w.stepInvoices(ctx, w.askAboutInvoice)
	default:
		return w.stepJobs(ctx)
	}
}

// advance goes on with a cursor, or with the next phase when there is none. The books are walked again only when ids
// were left over.
func (w *walk) advance(cursor string) {
	if w.at.Cursor = cursor; cursor != "" {
		return
	}
	w.at.Number = ""
	w.at.Phase++
	if w.at.Phase == ordersAgain && w.at.Seen.Empty() {
		w.at.Phase = jobs
	}
}

// note adds differences.
func (w *walk) note(found []reconcile.Difference) { w.found = append(w.found, found...) }

// carry leaves something to the next day.
func (w *walk) carry(p report.Pending) {
	if len(w.at.Next) < pendingMost && !slices.ContainsFunc(w.at.Next, func(q report.Pending) bool {
		return q.PaymentID == p.PaymentID && q.Invoice == p.Invoice
	}) {
		w.at.Next = append(w.at.Next, p)
	}
}

// within reports whether a time is of the day.
func (w *walk) within(t time.Time) bool { return !t.Before(w.from) && t.Before(w.to) }

// stepCarried looks again at what earlier days left open.
func (w *walk) stepCarried(ctx context.Context) error {
	n := min(len(w.at.Carried), askedAtOnce)
	found := w.found
	for _, p := range w.at.Carried[:n] {
		err := w.lookAgain(ctx, p)
		if err != nil {
			w.found = found // the whole step is done again
			return err
		}
	}
	w.counts.Carried += n
	if w.at.Carried = w.at.Carried[n:]; len(w.at.Carried) == 0 {
		w.at.Carried = nil
		w.advance("")
	}
	return nil
}

func (w *walk) lookAgain(ctx context.Context, p report.Pending) error {
	if p.Invoice != "" {
		return w.lookAtInvoice(ctx, p)
	}
	got, err := w.Provider.Get(ctx, p.PaymentID)
	if errors.Is(err, payment.ErrNotFound) {
		w.note([]reconcile.Difference{reconcile.Unknown(p.PaymentID, p.PaymentID, "", 0)})
		return nil
	}
	if err != nil {
		return err
	}
	return w.compare(ctx, []payment.LedgerEntry{{Kind: payment.LedgerPayment, At: got.CreatedAt, Payment: got}})
}

// stepOrders hands a page of the day's orders to see.
func (w *walk) stepOrders(ctx context.Context, see func(context.Context, *order.Order) error) error {
	page, next, err := w.Reconciler.orders().Search(ctx, order.Search{From: w.from, To: w.to}, w.limit(),
		table.Cursor(w.at.Cursor))
	if err != nil {
		return err
	}
	found, counts := w.found, w.counts
	seen := slices.Clone(w.at.Seen)
	for _, o := range page {
		if err := see(ctx, o); err != nil {
			w.found, w.counts, w.at.Seen = found, counts, seen
			return err
		}
	}
	w.advance(string(next))
	return nil
}

// limit is the size of a page: smaller where the provider may be asked about each entry.
func (w *walk) limit() int {
	if w.at.Phase == ordersAgain || w.at.Phase == invoicesAgain {
		return askedAtOnce
	}
	return pageSize
}

// seeOrder checks an order by itself and notes that the books have its payment.
func (w *walk) seeOrder(_ context.Context, o *order.Order) error {
	w.counts.Orders++
	w.note(reconcile.Order(o))
	if reconcile.OfCheckout(o) {
		w.at.Seen.Add(o.Payment.ID)
	}
	return nil
}

// askAboutOrder asks the provider about the payment of an order that may be missing in the day's ledger. A payment that
// was begun the day before is there.
func (w *walk) askAboutOrder(ctx context.Context, o *order.Order) error {
	if !reconcile.OfCheckout(o) || !w.at.Seen.Unmatched(o.Payment.ID) {
		return nil
	}
	p, err := w.Provider.Get(ctx, o.Payment.ID)
	if errors.Is(err, payment.ErrNotFound) {
		w.note([]reconcile.Difference{reconcile.Unknown(o.ID, o.Payment.ID, o.Totals.Currency, o.Payment.Captured)})
		return nil
	}
	if err == nil && !w.within(p.CreatedAt) {
		w.note(reconcile.OrderPayment(o, p))
	}
	return err
}

// stepJobs finds work on money and stock that nobody has done for an hour.
func (w *walk) stepJobs(ctx context.Context) error {
	before := w.Clock.Now().Add(-overdueAfter)
	for _, kind := range MoneyKinds {
		n := 0
		err := due.Overdue(ctx, w.Table, kind, before, func(j due.Job) error {
			w.note([]reconcile.Difference{{
				Kind: reconcile.JobOverdue, Subject: j.Key.PK,
				Note: kind + " was due at " + time.UnixMilli(j.At).UTC().Format(time.RFC3339),
			}})
			// A hundred say that nothing is being done at all.
			if n++; n == pageSize {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	w.advance("")
	return nil
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")
