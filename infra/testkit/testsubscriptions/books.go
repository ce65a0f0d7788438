package testsubscriptions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/table"
	"dangol/shared/reconcile"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// Records are everything that shop and bank have written down about one subscription.
type Records struct {
	*service.Record
	Invoices []invoice.Invoice // oldest first
	Notes    []invoice.CreditNote
	Refunds  []service.RefundDetails // without their credit notes: account credit that was paid out
	History  []service.HistoryEntry
	Receipts int            // that were sent
	Ledger   []server.Entry // its charges, also the declined ones
}

// RecordsOf reads the records of a subscription in one query. ledger are its entries at the bank.
func (w *Shop) RecordsOf(t testing.TB, id string, ledger []server.Entry) *Records {
	t.Helper()
	b := &Records{Ledger: ledger}
	err := w.Table.All(context.Background(), table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": service.KeyOf(id).PK},
	}, b.add)
	if err != nil {
		t.Fatal(err)
	}
	if b.Record == nil {
		t.Fatalf("there is no subscription %s", id)
	}
	return b
}

func (b *Records) add(item table.Item) error {
	kind, _, _ := strings.Cut(item.Key().SK, "#")
	switch kind {
	case "SUBSCRIPTION":
		b.Record = &service.Record{}
		return item.Decode(b.Record)
	case "INVOICE":
		var stored struct{ Invoice invoice.Invoice }
		err := item.Decode(&stored)
		b.Invoices = append(b.Invoices, stored.Invoice)
		return err
	case "CREDIT":
		var stored struct {
			Note table.Packed[invoice.CreditNote]
		}
		err := item.Decode(&stored)
		b.Notes = append(b.Notes, stored.Note.Value)
		return err
	case "REFUND":
		r, err := service.DecodeRefund(item)
		if (service.Refund{RefundDetails: r}).PaysCreditOut() {
			b.Refunds = append(b.Refunds, r)
		}
		return err
	case "HISTORY":
		var line service.HistoryEntry
		err := item.Decode(&line)
		b.History = append(b.History, line)
		return err
	case "NOTICE":
		var notice service.StoredNotice
		err := item.Decode(&notice)
		if notice.Kind == subscription.NoticeReceipt {
			b.Receipts++
		}
		return err
	}
	return nil
}

// Spans are the finished spans and the running one, each with the terms it ran under.
func (b *Records) Spans() []subscription.SpanEnded {
	var out []subscription.SpanEnded
	for _, h := range b.History {
		out = append(out, h.Ended...)
	}
	if b.Sub.State != subscription.Ended {
		out = append(out, subscription.SpanEnded{Span: b.Sub.Span, Terms: b.Sub.Terms})
	}
	return out
}

// Cash is what the bank took and has not given back.
func (b *Records) Cash() (sum int64) {
	for _, e := range b.Ledger {
		sum += e.Captured.Amount - e.Refunded.Amount
	}
	return sum
}

// used is what the paid spans cost, and the setup fees.
func (b *Records) used() (sum int64) {
	for _, e := range b.Spans() {
		switch {
		case !e.Span.Paid:
		case e.Terms.Kind == subscription.Membership:
			sum += e.Span.Cost()
		default:
			sum += e.Span.Price // a parcel costs its price, however long its cycle lasted in the end
		}
	}
	for _, i := range b.Invoices {
		for _, l := range i.Lines {
			if l.Kind == invoice.LineSetup && i.State == invoice.Paid {
				sum += l.Amount
			}
		}
	}
	return sum
}

// adopted reports whether the subscription began elsewhere: what was paid there is in no book here.
func (b *Records) adopted() bool { return len(b.History) == 0 || b.History[0].Command != "start" }

// Left is what was taken and neither given back nor used, owed, or kept as credit of the subscription: the credit that
// the customer took elsewhere, less what they brought along.
func (b *Records) Left() int64 {
	s := &b.Sub
	credit := s.Credit
	if s.Open != nil {
		credit += s.Open.CreditUsed
	}
	return b.Cash() + b.goodwill() - credit - int64(s.PrepaidLeft)*s.Terms.Cycle() - b.used()
}

// goodwill is what the shop gave away: money that nobody paid in, or that days cost less.
func (b *Records) goodwill() (sum int64) {
	for _, n := range b.Notes {
		if n.Reason == "goodwill" {
			sum += n.Amount
		}
	}
	return sum
}

// Audit tells what is wrong with the books of a subscription that has nothing left to be done.
func (b *Records) Audit() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	b.auditInvoices(say)
	b.auditLedger(say)
	b.auditSpans(say)
	s := &b.Sub
	switch ended := s.State == subscription.Ended; {
	case len(b.Tasks) > 0:
		say("tasks are left: %+v", b.Tasks)
	case ended && len(b.Held) > 0:
		say("it has ended and holds %v", b.Held)
	case ended != (b.Due.Shard == ""):
		say("it is %s and due at %d", s.State, b.Due.At)
	}
	return wrong
}

type report func(format string, args ...any)

// auditInvoices holds the invoices against the charges, by the rules of the daily reconciliation.
func (b *Records) auditInvoices(say report) {
	charges, seen, receipts := map[string][]payment.Payment{}, map[string]bool{}, 0
	for _, e := range b.Ledger {
		charges[e.Metadata["invoice"]] = append(charges[e.Metadata["invoice"]], e.Payment)
	}
	var found []reconcile.Difference
	for _, i := range b.Invoices {
		if seen[i.Draft.Key] {
			say("invoice %s is there twice", i.Draft.Key)
		}
		seen[i.Draft.Key] = true
		found = append(found, reconcile.Invoice(i, charges[i.Draft.Key])...)
		if i.State == invoice.Open && (b.Sub.Open == nil || b.Sub.Open.Key != i.Draft.Key) {
			say("invoice %s is left open", i.Number)
		}
		if i.State == invoice.Paid && i.Total > 0 {
			receipts++
		}
		delete(charges, i.Draft.Key)
	}
	// What came after its request had been given up went back.
	for key, made := range charges {
		for _, p := range made {
			found = append(found, reconcile.NoInvoice(key, p)...)
		}
	}
	for _, d := range found {
		say("%s", d)
	}
	if b.Receipts != receipts {
		say("%d receipts for %d payments", b.Receipts, receipts)
	}
}

// auditLedger looks at the bank's side: nothing charged twice or left half done, and what went back is what credit
// notes and given up invoices say.
func (b *Records) auditLedger(say report) {
	var back, owed int64
	owing := map[string]bool{} // invoices that what was taken for them stays with
	for _, i := range b.Invoices {
		owing[i.Draft.Key] = i.State != invoice.Void
	}
	for _, e := range b.Ledger {
		if e.Charged() > 1 {
			say("payment %s was charged %d times", e.ID, e.Charged())
		}
		if e.State.Open() || e.State == payment.StateAuthorized {
			say("payment %s is left %s", e.ID, e.State)
		}
		back += e.Refunded.Amount
		if !owing[e.Metadata["invoice"]] {
			owed += e.Captured.Amount
		}
	}
	for _, n := range b.Notes {
		owed += n.ToCard
	}
	for _, r := range b.Refunds {
		if r.State == service.RefundDone {
			owed += r.Amount
		}
	}
	if back != owed {
		say("%d went back to the card, %d should have", back, owed)
	}
}

// auditSpans checks that the days tile, and that each paid stretch which is not prepaid has its paid invoice.
func (b *Records) auditSpans(say report) {
	paid := map[int]bool{}
	for _, i := range b.Invoices {
		paid[i.Seq] = i.State == invoice.Paid
	}
	spans := b.Spans()
	for n, e := range spans {
		p := e.Span
		if n > 0 {
			last := spans[n-1].Span
			if last.Closes != p.Opens || !last.End.Equal(p.Start) || p.Seq <= last.Seq {
				say("span %d ends %s (%s), span %d begins %s (%s)", last.Seq, last.Closes, last.End, p.Seq, p.Opens, p.Start)
			}
		}
		if p.Kind == subscription.SpanPaid && p.Paid && e.Terms.Prepaid <= 1 && !paid[p.Seq] && (n > 0 || !b.adopted()) {
			say("span %d, from %s, counts as paid and has no paid invoice", p.Seq, p.Opens)
		}
	}
}

// Story is what happened to a subscription, for people who look for a fault.
func (w *Shop) Story(t testing.TB, r *service.Record) string {
	t.Helper()
	var ledger []server.Entry
	for _, e := range w.Bank.Ledger() {
		if e.Metadata["subscription"] == r.Sub.ID {
			ledger = append(ledger, e)
		}
	}
	return w.RecordsOf(t, r.Sub.ID, ledger).Story()
}

// Story is the same out of the books.
func (b *Records) Story() string {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("%s is %s %s, version %d, card %s", b.Sub.ID, b.Sub.State, b.Sub.EndReason, b.Version, b.Sub.Card.Token)
	for _, h := range b.History {
		line("  %s %-16s %s -> %s #%d %s", h.At.Format("2006-01-02 15:04:05"), h.Command, h.From, h.To, h.Seq, h.Note)
	}
	for _, e := range b.Spans() {
		p := e.Span
		line("  span %d %s [%s, %s) of [%s, %s) at %d paid %t free [%s, %s)", p.Seq, p.Kind, p.Opens, p.Closes, p.WholeOpens,
			p.WholeCloses, p.Price, p.Paid,
			p.FreeFrom, p.FreeTo)
	}
	for _, i := range b.Invoices {
		line("  invoice %s %s %s subtotal %d credit %d total %d by %s %s", i.Number, i.Draft.Key, i.State, i.Subtotal,
			i.CreditUsed, i.Total, i.PaymentID, i.Reason)
	}
	for _, n := range b.Notes {
		line("  credit note %s %d, %d to the card: %s", n.Number, n.Amount, n.ToCard, n.Reason)
	}
	slices.SortStableFunc(b.Ledger, func(x, y server.Entry) int { return x.CreatedAt.Compare(y.CreatedAt) })
	for _, e := range b.Ledger {
		line("  bank %s %s %s took %d, gave %d back, %s", e.CreatedAt.Format("2006-01-02 15:04:05"), e.Key, e.State,
			e.Captured.Amount, e.Refunded.Amount, e.DeclineCode)
	}
	return out.String()
}
