package daily

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/reconcile/report"
)

// tolerance is how far the times in a book may be out of order: two workers number at the same moment.
const tolerance = time.Minute

// book reads the next page of a book, from its end back to the beginning of the day, and checks its numbers. The walk
// is at its end when next is empty.
func (w *walk) book(ctx context.Context, series invoice.Series) (ofDay []invoice.Booked, next table.Cursor, err error) {
	// The day lies in one year: both are the shop's. A window of several days, as tests have it, may reach into two.
	year := invoice.YearOf(w.to.Add(-time.Nanosecond), w.Zone)
	after, from := table.Cursor(w.at.Cursor), invoice.YearOf(w.from, w.Zone)
	if head, rest, ok := strings.Cut(w.at.Cursor, ":"); ok {
		if year, err = strconv.Atoi(head); err != nil {
			return nil, "", table.ErrCursor
		}
		after = table.Cursor(rest)
	}
	page, next, err := w.documents().Latest(ctx, series, year, w.limit(), after)
	if err != nil {
		return nil, "", err
	}
	number, found := w.at.Number, []reconcile.Difference{}
	for _, b := range page {
		if number != "" {
			found = append(found, reconcile.Gap(b.Number, number)...)
		}
		if number = b.Number; b.Issued.Before(w.from.Add(-tolerance)) {
			w.keepNumber(number, found)
			return ofDay, "", nil
		}
		if w.within(b.Issued) {
			ofDay = append(ofDay, b)
		}
	}
	if next == "" {
		// The book has no more: its first number is 1.
		if number != "" {
			found = append(found, reconcile.Gap("", number)...)
		}
		if number = ""; year > from {
			next = table.Cursor(strconv.Itoa(year-1) + ":")
		}
	} else {
		next = table.Cursor(strconv.Itoa(year) + ":" + string(next))
	}
	w.keepNumber(number, found)
	return ofDay, next, nil
}

// keepNumber notes where in its numbers the book stands. On the second walk gaps are known already.
func (w *walk) keepNumber(number string, gaps []reconcile.Difference) {
	if w.at.Number = number; w.at.Phase != invoicesAgain {
		w.note(gaps)
	}
}

// documents reads invoices.
func (r Reconciler) documents() invoice.Store { return invoice.Store{Table: r.Table} }

// stepCreditNotes checks the numbers of the day's credit notes.
func (w *walk) stepCreditNotes(ctx context.Context) error {
	_, next, err := w.book(ctx, invoice.CreditNotes)
	if err != nil {
		return err
	}
	w.advance(string(next))
	return nil
}

// stepInvoices hands a page of the day's invoices to see.
func (w *walk) stepInvoices(ctx context.Context, see func(context.Context, invoice.Invoice) error) error {
	found, counts, number := w.found, w.counts, w.at.Number
	back := func(err error) error {
		w.found, w.counts, w.at.Number = found, counts, number
		return err
	}
	booked, next, err := w.book(ctx, invoice.Invoices)
	if err != nil {
		return err
	}
	keys := make([]table.Key, len(booked))
	for i, b := range booked {
		keys[i] = b.Key
	}
	items, err := w.read(ctx, keys)
	if err != nil {
		return back(err)
	}
	seen := append(reconcile.Fingerprint(nil), w.at.Seen...)
	for _, key := range keys {
		i, ok, err := invoiceIn(items, key)
		if err == nil && ok {
			err = see(ctx, i)
		}
		if err != nil {
			w.at.Seen = seen
			return back(err)
		}
	}
	w.advance(string(next))
	return nil
}

// read reads items, each key once; eventually consistent, at half the price: the day is over.
func (r Reconciler) read(ctx context.Context, keys []table.Key) (map[table.Key]table.Item, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return r.Table.BatchGet(ctx, false, keys...)
}

// invoiceIn is the invoice among items that were read; ok is false when it is not there.
func invoiceIn(items map[table.Key]table.Item, key table.Key) (i invoice.Invoice, ok bool, err error) {
	item, ok := items[key]
	if !ok {
		return i, false, nil
	}
	var stored invoice.Item
	err = item.Decode(&stored)
	return stored.Invoice, true, err
}

// seeInvoice notes that the books have the payment of an invoice. An open one is looked at again the next day.
func (w *walk) seeInvoice(_ context.Context, i invoice.Invoice) error {
	w.counts.Invoices++
	switch {
	case i.State == invoice.Open:
		w.carry(report.Pending{Invoice: i.Key, Since: i.Issued})
	case i.State == invoice.Paid && i.Total > 0:
		w.at.Seen.Add(i.PaymentID)
	}
	return nil
}

// askAboutInvoice asks the provider about the payment of an invoice that may be missing in the day's ledger: it was
// paid a day later, or not at all.
func (w *walk) askAboutInvoice(ctx context.Context, i invoice.Invoice) error {
	if i.State != invoice.Paid || i.Total == 0 || !w.at.Seen.Unmatched(i.PaymentID) {
		return nil
	}
	p, err := w.Provider.Get(ctx, i.PaymentID)
	switch {
	case errors.Is(err, payment.ErrNotFound):
		w.note(reconcile.Invoice(i, nil))
		return nil
	case err != nil || w.within(p.CreatedAt):
		return err
	}
	w.note(reconcile.Invoice(i, []payment.Payment{p}))
	return nil
}

// lookAtInvoice looks again at an invoice that was open: once it is paid, the provider has its payment.
func (w *walk) lookAtInvoice(ctx context.Context, was report.Pending) error {
	key, ok := invoiceKey(was.Invoice)
	if !ok {
		return nil
	}
	items, err := w.read(ctx, []table.Key{key})
	if err != nil {
		return err
	}
	i, ok, err := invoiceIn(items, key)
	switch {
	case err != nil || !ok:
		return err
	case i.State == invoice.Open && w.Clock.Now().Sub(was.Since) < invoiceOpenFor:
		w.carry(was)
		return nil
	case i.State != invoice.Paid || i.Total == 0:
		return nil // what was taken for one that is void is found by its payment
	}
	p, err := w.Provider.Get(ctx, i.PaymentID)
	if errors.Is(err, payment.ErrNotFound) {
		w.note(reconcile.Invoice(i, nil))
		return nil
	}
	if err == nil {
		w.note(reconcile.Invoice(i, []payment.Payment{p}))
	}
	return err
}

// invoiceKey is the table's key of an invoice by its own, "sub_x#3".
func invoiceKey(key string) (table.Key, bool) {
	id, seq, _ := strings.Cut(key, "#")
	n, err := strconv.Atoi(seq)
	return invoice.KeyOf(id, n), err == nil
}
