package daily

import (
	"context"

	"dangol/shared/invoice"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
	"dangol/shared/subscription/service"
)

// stepLedger compares a page of the provider's ledger with the books. 1 request, and 1 round trip for every 100 orders,
// invoices and refunds that it names.
func (w *walk) stepLedger(ctx context.Context) error {
	page, err := w.Provider.Ledger(ctx, w.from, w.to, w.at.Cursor)
	if err != nil {
		return err
	}
	found, counts := w.found, w.counts
	seen, next := append(reconcile.Fingerprint(nil), w.at.Seen...), w.at.Next
	if err := w.compare(ctx, page.Entries); err != nil {
		w.found, w.counts, w.at.Seen, w.at.Next = found, counts, seen, next
		return err
	}
	w.advance(page.Next)
	return nil
}

// line is an entry of the ledger with what it says that it is for.
type line struct {
	payment.LedgerEntry
	order, subscription, invoice string
}

// lineOf reads what an entry is for: from the refund, else from its payment.
func (w *walk) lineOf(ctx context.Context, e payment.LedgerEntry) (line, error) {
	if e.Kind != payment.LedgerPayment && len(e.Refund.Metadata) == 0 && len(e.Payment.Metadata) == 0 {
		// A refund that came back and was made at the provider's console: only its payment says what it was for.
		p, err := w.Provider.Get(ctx, e.Refund.PaymentID)
		if err != nil {
			return line{}, err
		}
		e.Payment = p
	}
	l := line{LedgerEntry: e}
	for _, meta := range []map[string]string{e.Refund.Metadata, e.Payment.Metadata} {
		if l.order == "" && l.subscription == "" {
			l.order, l.subscription, l.invoice = meta["order"], meta["subscription"], meta["invoice"]
		}
	}
	return l, nil
}

// keys are the items that the entry is compared with.
func (l line) keys() (all []table.Key) {
	if l.order != "" {
		all = append(all, order.KeyOf(l.order))
	}
	if key, ok := invoiceKey(l.invoice); ok && l.Kind == payment.LedgerPayment {
		all = append(all, key)
	}
	if l.subscription != "" && l.Kind != payment.LedgerPayment {
		all = append(all, service.RefundKeyOf(l.subscription, l.Refund.Key))
	}
	return all
}

// compare holds entries of the ledger against the books.
func (w *walk) compare(ctx context.Context, entries []payment.LedgerEntry) error {
	lines := make([]line, len(entries))
	wanted := map[table.Key]bool{}
	var keys []table.Key
	for n, e := range entries {
		var err error
		if lines[n], err = w.lineOf(ctx, e); err != nil {
			return err
		}
		for _, key := range lines[n].keys() {
			if !wanted[key] {
				wanted[key], keys = true, append(keys, key)
			}
		}
	}
	items, err := w.read(ctx, keys)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Kind == payment.LedgerPayment {
			err = w.comparePayment(l, items)
		} else {
			err = w.compareRefund(l, items)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// comparePayment holds a payment against the order or invoice that it names. One that has not come to its end is looked
// at again the next day.
func (w *walk) comparePayment(l line, items map[table.Key]table.Item) error {
	p := l.Payment
	w.counts.Payments++
	if !reconcile.Settled(p) {
		left := reconcile.Left(subject(l), p, w.Clock.Now())
		if w.note(left); len(left) == 0 {
			w.carry(report.Pending{PaymentID: p.ID, Since: p.CreatedAt})
		}
		return nil
	}
	switch {
	case l.subscription != "":
		return w.compareCharge(l, items)
	case l.order == "":
		w.note(reconcile.Unclaimed("", p))
		return nil
	}
	o, err := orderIn(items, l.order)
	if err != nil {
		return err
	}
	if o == nil {
		w.note(reconcile.Unclaimed(l.order, p))
		return nil
	}
	if reconcile.OfCheckout(o) && o.Payment.ID == p.ID && w.within(o.PlacedAt) && w.within(p.CreatedAt) {
		w.at.Seen.Remove(p.ID)
	}
	w.note(reconcile.OrderPayment(o, p))
	return nil
}

// compareCharge holds the payment of a subscription against its invoice.
func (w *walk) compareCharge(l line, items map[table.Key]table.Item) error {
	p := l.Payment
	key, _ := invoiceKey(l.invoice)
	i, ok, err := invoiceIn(items, key)
	if err != nil {
		return err
	}
	if !ok {
		w.note(reconcile.NoInvoice(l.invoice, p))
		return nil
	}
	if i.State == invoice.Paid && i.PaymentID == p.ID && w.within(i.Issued) && w.within(p.CreatedAt) {
		w.at.Seen.Remove(p.ID)
	}
	found := reconcile.Invoice(i, []payment.Payment{p})
	// The invoice's own payment is another one, and is looked at when it comes.
	if p.ID != i.PaymentID {
		found = without(found, reconcile.InvoiceNotPaid)
	}
	w.note(found)
	return nil
}

// without leaves out the differences of a kind.
func without(all []reconcile.Difference, kind reconcile.Kind) (rest []reconcile.Difference) {
	for _, d := range all {
		if d.Kind != kind {
			rest = append(rest, d)
		}
	}
	return rest
}

// compareRefund holds a refund against the order or subscription that it names. A payment that became neither was given
// back by a task without books of its own: that nothing of it is kept is checked by the payment.
func (w *walk) compareRefund(l line, items map[table.Key]table.Item) error {
	w.counts.Refunds++
	r := l.Refund
	switch {
	case l.subscription != "":
		item, ok := items[service.RefundKeyOf(l.subscription, r.Key)]
		if !ok {
			w.note(reconcile.UnknownRefund(l.subscription, r))
			return nil
		}
		books, err := service.DecodeRefund(item)
		if err != nil {
			return err
		}
		w.note(subscriptionRefund(books, r))
		return nil
	case l.order == "":
		if r.Key == "" {
			w.note(reconcile.UnknownRefund("", r))
		}
		return nil
	}
	o, err := orderIn(items, l.order)
	switch {
	case err != nil:
		return err
	case o != nil:
		w.note(reconcile.OrderRefund(o, r))
	case r.Key == "":
		w.note(reconcile.UnknownRefund(l.order, r))
	}
	return nil
}

// subscriptionRefund holds a refund against the books of a subscription. An attempt that was followed by another one
// has failed; otherwise both would have gone back.
func subscriptionRefund(books service.RefundDetails, r payment.Refund) []reconcile.Difference {
	b := reconcile.BookedRefund{Amount: books.Amount, State: payment.RefundFailed}
	if books.SendKey == r.Key {
		switch books.State {
		case service.RefundPending:
			b.State = payment.RefundPending
		case service.RefundDone:
			b.State = payment.RefundSucceeded
		}
	}
	return reconcile.Refund(books.SubscriptionID, b, r)
}

// orderIn is the order among items that were read; nil when it is not there.
func orderIn(items map[table.Key]table.Item, id string) (*order.Order, error) {
	item, ok := items[order.KeyOf(id)]
	if !ok {
		return nil, nil
	}
	var o order.Order
	return &o, item.Decode(&o)
}

// subject is what an entry names, for people.
func subject(l line) string {
	for _, s := range []string{l.order, l.invoice, l.subscription} {
		if s != "" {
			return s
		}
	}
	return l.Payment.ID
}
