package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dangol/events"
	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// changeSet is one change of a subscription on its way into the table: the next version of the record and everything
// that is stored with it, in one transaction. plan fills it by what the rules say, commit numbers and writes it.
type changeSet struct {
	now    time.Time   // when the change was decided
	next   *Record     // the subscription after the change
	before entitlement // what the subscription gave its holder before

	// Documents and history, each an item of its own.
	invoices    []*invoice.Invoice    // to be stored: made or closed by this change
	newInvoices []*invoice.Invoice    // those of invoices that are made and take a number
	creditNotes []*invoice.CreditNote // made by this change; each takes a number and is mailed
	refunds     []refunding           // money that goes back to a card, with the credit note it belongs to
	notices     []subscription.Notice // mails to the subscriber or the recipient of a gift
	events      []subscription.Event  // what other functions want to know; they ride on the first line of history
	history     []subscription.Entry  // lines of history
	spansEnded  []subscription.SpanEnded
	paidInvoice *invoice.Invoice // the invoice that this change paid; a receipt shows it
	creditLeft  money.Money      // account credit of a subscription that ended, to be transferred

	// The transaction.
	request       idempotency.Request // the key of the request that asked for the change, if any
	numbersTaken  []numbersTaken      // raises of the counters of invoice numbers
	required      []table.Write       // further writes: all or nothing
	givenBack     []table.Write       // stock given back; left out where its counter is gone
	contested     []int               // positions in required of writes that others may be faster with
	firstCounter  int                 // position of the first counter in the transaction
	announcements []table.Write       // history and notices as they are stored; made by planAnnouncements
	overtaken     bool                // somebody else took a number or a contested item: to be decided again
}

// numbersTaken is a run of invoice numbers that this change raises from last to last + by.
type numbersTaken struct {
	run  invoice.Run
	last int
	by   int
}

// newChangeSet begins a change on a copy, so that a refused transaction leaves the record as read.
func newChangeSet(r *Record, now time.Time) *changeSet {
	return &changeSet{now: now, next: r.clone(), before: r.entitlement()}
}

// effects sorts what the rules emitted: what is stored with the subscription, and what becomes a
// task.
func (w *changeSet) effects(ctx context.Context, all []subscription.Effect) error {
	var note *invoice.CreditNote // the refunds that follow it are its
	for _, e := range all {
		switch e := e.(type) {
		case subscription.MakeInvoice:
			w.invoice(e.Invoice)
		case subscription.Settle:
			w.close(invoice.Paid, e.PaymentID, "")
		case subscription.Void:
			w.close(invoice.Void, "", e.Reason)
		case subscription.MakeCreditNote:
			note = &e.Note
			w.creditNotes = append(w.creditNotes, note)
		case subscription.Notice:
			w.notices = append(w.notices, e)
		case subscription.Event:
			w.events = append(w.events, e)
		case subscription.CreditLeft:
			w.creditLeft = e.Amount
		case subscription.Entry:
			w.history = append(w.history, e)
		case subscription.SpanEnded:
			w.spansEnded = append(w.spansEnded, e)
		default:
			t, ok := taskOf(e)
			if !ok {
				// A new effect without code that carries it out must fail here and not be lost
				// silently.
				return fmt.Errorf("subscription: nothing carries out a %T", e)
			}
			w.next.enqueue(t)
			if t.Kind == TaskRefund {
				w.refund(t, note)
			}
		}
	}
	w.updateFigures()
	return nil
}

// invoice keeps the made invoice on the record, so that closing it later needs no read.
func (w *changeSet) invoice(i invoice.Draft) {
	made := &invoice.Invoice{Draft: i, State: invoice.Open, Title: w.next.Title()}
	w.next.Invoice = made
	if i.Kind == string(subscription.OpenRenewal) {
		w.invoices, w.newInvoices = append(w.invoices, made), append(w.newInvoices, made)
	}
	// What is paid before anything begins or changes is invoiced when it is paid: a card that is declined, or a challenge
	// that nobody passes, takes no number.
}

// close marks the open invoice as paid or void. An invoice that was made in the same change is
// stored once, in its final state.
func (w *changeSet) close(state invoice.State, paymentID, reason string) {
	i := w.next.Invoice
	// Taken over from elsewhere: there is no invoice item to close.
	if i == nil {
		return
	}
	w.next.Invoice = nil
	numbered := i.Number != "" || slices.Contains(w.newInvoices, i)
	if !numbered && state == invoice.Void {
		return
	}
	if !numbered {
		i.Issued = w.now
		w.newInvoices = append(w.newInvoices, i)
	}
	i.State, i.PaymentID, i.Reason, i.ClosedAt = state, paymentID, reason, w.now
	if !slices.Contains(w.invoices, i) {
		w.invoices = append(w.invoices, i)
	}
	if state == invoice.Paid {
		w.paidInvoice = i
	}
}

// updateFigures keeps the history that the merchant's figures are computed from.
func (w *changeSet) updateFigures() {
	r, s := w.next, &w.next.Sub
	rate := s.RateOf(w.now)
	// Only changes are appended, so the list grows with the events of a subscription and not with
	// time.
	if n := len(r.Rates); n == 0 && rate.PerMonth > 0 || n > 0 &&
		(r.Rates[n-1].PerMonth != rate.PerMonth || r.Rates[n-1].Reason != rate.Reason) {
		r.Rates = append(r.Rates, rate)
	}
	if s.State == subscription.Trialing && r.Trial == nil {
		r.Trial = &Trial{Started: s.StartedAt}
	}
	// The trial is over when another span runs, or when the subscription ended during it.
	if t := r.Trial; t != nil && t.Ended.IsZero() && s.Span.Kind != subscription.SpanTrial || r.Trial != nil &&
		s.State == subscription.Ended && r.Trial.Ended.IsZero() {
		t.Ended = w.now
	}
	// The first paid invoice after the trial, however late, makes it converted.
	if r.Trial != nil && !r.Trial.Ended.IsZero() && w.paidInvoice != nil {
		r.Trial.Converted = true
	}
	w.dunning()
}

// dunning opens a case with the first decline that counts, and closes it with its invoice.
func (w *changeSet) dunning() {
	r := w.next
	last := len(r.Cases) - 1
	running := last >= 0 && r.Cases[last].Recovered.IsZero() && !r.Cases[last].Closed
	open := r.Sub.Open
	switch {
	case open != nil && !open.Since.IsZero() && !running:
		r.Cases = append(r.Cases, Case{Since: open.Since, Amount: open.Amount})
		// The oldest cases are dropped, so that the item does not grow without bound.
		r.Cases = r.Cases[max(0, len(r.Cases)-casesKept):]
	case open == nil && running && w.paidInvoice != nil:
		r.Cases[last].Recovered = w.now
	case open == nil && running:
		r.Cases[last].Closed = true
	}
}

// numberRequest is the numbers that a change needs of one series and year.
type numberRequest struct {
	run    invoice.Run
	assign []func(number string)
}

// numbersNeeded groups the new documents by series and year. An invoice issued at the turn of the
// year takes its number from the year of its day in the shop's zone.
func (w *changeSet) numbersNeeded(fiscalZone *time.Location) []numberRequest {
	var out []numberRequest
	want := func(name invoice.Series, issued time.Time, give func(string)) {
		n := invoice.Run{Series: name, Year: invoice.YearOf(issued, fiscalZone)}
		i := slices.IndexFunc(out, func(o numberRequest) bool { return o.run == n })
		if i < 0 {
			i, out = len(out), append(out, numberRequest{run: n})
		}
		out[i].assign = append(out[i].assign, give)
	}
	for _, i := range w.newInvoices {
		want(invoice.Invoices, i.Issued, func(number string) { i.Number = number })
	}
	for _, n := range w.creditNotes {
		want(invoice.CreditNotes, n.Issued, func(number string) { n.Number = number })
	}
	return out
}

// HistoryEntry is a line of a subscription's history: one for each change, with the spans that
// ended by it. Event is on the lines that other functions consume. It is stored here and not on the
// subscription, which is written twice more for each renewal and would publish its last event
// again.
type HistoryEntry struct {
	table.Key
	subscription.Entry
	Version int                                `dynamodbav:"version"`
	Ended   table.List[subscription.SpanEnded] `dynamodbav:"ended,omitempty"`
	Event   *event.Event                       `dynamodbav:"event,omitempty"`
}

// StoredNotice is a notice as it was issued. Its event goes to the mailer; the item is kept as
// proof.
type StoredNotice struct {
	table.Key
	Kind  subscription.NoticeKind `dynamodbav:"kind"`
	At    time.Time               `dynamodbav:"at"`
	Event *event.Event            `dynamodbav:"event"`
	TTL   int64                   `dynamodbav:"ttl,omitempty"` // Unix seconds; of one that carries a secret
}

// planAnnouncements makes the history lines and notices with their events: one event on the first
// line for all that happened, and one on each notice.
func (w *changeSet) planAnnouncements(ctx context.Context) (err error) {
	// Reset, because a change that lost a number is planned again.
	w.announcements = nil
	// The event would have no item to ride on and would be lost.
	if len(w.events) > 0 && len(w.history) == 0 {
		return fmt.Errorf("subscription: %s has no line of history", w.events[0].Name)
	}
	for i, e := range w.history {
		line := HistoryEntry{Key: w.versionedKey("HISTORY", i), Entry: e, Version: w.next.Version}
		if i == 0 {
			line.Ended = w.spansEnded
		}
		if i == 0 && len(w.events) > 0 {
			if line.Event, err = event.New(ctx, w.now, w.changed()); err != nil {
				return err
			}
		}
		w.announcements = append(w.announcements, table.Put{If: table.IfNew, Item: line})
	}
	for i, n := range w.creditNotes {
		notice := StoredNotice{Key: w.versionedKey("NOTICE-CREDIT", i), Kind: subscription.NoticeCreditNote, At: w.now}
		if notice.Event, err = event.New(ctx, w.now, w.creditNotice(n)); err != nil {
			return err
		}
		w.announcements = append(w.announcements, table.Put{If: table.IfNew, Item: notice})
	}
	for i, n := range w.notices {
		notice := StoredNotice{Key: w.versionedKey("NOTICE", i), Kind: n.Kind, At: w.now}
		if n.Kind == subscription.NoticeGift {
			err = w.giftMail(ctx, &notice, n)
		} else {
			notice.Event, err = event.New(ctx, w.now, w.notice(n))
		}
		if err != nil {
			return err
		}
		w.announcements = append(w.announcements, table.Put{If: table.IfNew, Item: notice})
	}
	return nil
}

// versionedKey names the n-th item of a kind written with this version. A repeated write of the
// version meets the same keys.
func (w *changeSet) versionedKey(kind string, n int) table.Key {
	return table.Key{PK: w.next.Key.PK, SK: fmt.Sprintf("%s#%08d#%02d", kind, w.next.Version, n)}
}

// documentCount is how many writes documents will make. A credit note needs two, for itself and its
// notice.
func (w *changeSet) documentCount() int {
	return len(w.invoices) + 2*len(w.creditNotes) + len(w.refunds) + len(w.history) + len(w.notices)
}

// documents are the writes of invoices, credit notes, history and notices.
func (w *changeSet) documents() []table.Write {
	var all []table.Write
	for _, i := range w.invoices {
		all = append(all, i.Put(slices.Contains(w.newInvoices, i)))
	}
	// The position makes the notes of one version different keys.
	for k, n := range w.creditNotes {
		all = append(all, n.Put(w.next.Version, k))
	}
	all = append(all, w.refundItems()...)
	return append(all, w.announcements...)
}

// ref is the part that all events of subscriptions share: whom to write to, and in what language.
func (r *Record) ref() events.SubscriptionRef {
	t := r.Sub.Terms
	return events.SubscriptionRef{
		SubscriptionID: r.Sub.ID, CustomerID: r.Sub.CustomerID, Email: r.Email, Name: r.Name, Language: r.Language,
		PlanID: t.PlanID, Plan: r.Title(), PlanKind: string(t.Kind),
	}
}

// changed is the event of a change, with everything that happened in it in order.
func (w *changeSet) changed() events.SubscriptionChanged {
	s := &w.next.Sub
	body := events.SubscriptionChanged{
		SubscriptionRef: w.next.ref(), State: string(s.State), Version: w.next.Version,
		PeriodOpens: string(s.Span.Opens), PeriodCloses: string(s.Span.Closes),
	}
	for _, e := range w.events {
		body.Changes = append(body.Changes,
			events.SubscriptionChange{Name: e.Name, Seq: e.Seq, Amount: e.Amount, Reason: e.Reason})
	}
	return body
}

// notice is the event of a notice to the subscriber. It carries all that the mail shows, so that
// the mailer reads nothing.
func (w *changeSet) notice(n subscription.Notice) events.SubscriptionNoticeIssued {
	body := w.next.Announce(n)
	if i := w.paidInvoice; i != nil && n.Kind == subscription.NoticeReceipt {
		body.Invoice = w.receipt(i)
	}
	return body
}

// Announce is the event that brings a notice about the subscription to the mailer: whom it goes to, and everything its
// text is filled with.
func (r *Record) Announce(n subscription.Notice) events.SubscriptionNoticeIssued {
	body := events.SubscriptionNoticeIssued{
		SubscriptionRef: r.ref(), Kind: string(n.Kind), Situation: n.Situation, Gift: r.Sub.Gift != nil,
		Date: string(n.Date), Zone: r.Sub.Anchor.Zone, Amount: n.Amount, Charges: n.Charges, From: string(n.From),
		PayBy: string(n.PayBy), BenefitsStop: string(n.BenefitsStop), Retry: n.Retry, Wait: string(n.Wait),
		Reason: n.Reason, Method: r.method(), Later: n.Later,
	}
	if n.NextPlan != "" {
		body.NextPlan = r.Titles[n.NextPlan]
	}
	to := r.addressee(n.Kind)
	body.Email, body.Name, body.Language = to.Email, to.Name, to.Language
	if n.ConsentRequest != nil {
		body.Ask = &events.SubscriptionConsentRequest{
			Kind: string(n.ConsentRequest.Kind), On: string(n.ConsentRequest.On), Old: r.Money(n.ConsentRequest.Old),
			New:      r.Money(n.ConsentRequest.New),
			Required: n.ConsentRequest.Required,
		}
	}
	return body
}

// creditNotice is the event of the notice about a credit note: what is given back, and where to.
func (w *changeSet) creditNotice(n *invoice.CreditNote) events.SubscriptionNoticeIssued {
	body := w.notice(subscription.Notice{
		Kind: subscription.NoticeCreditNote, Date: civil.DateAt(w.now, w.zone()), Amount: w.next.Money(n.Amount),
		Reason: n.Reason,
	})
	body.CreditNote = &events.SubscriptionCreditNote{
		Number: n.Number, Amount: w.next.Money(n.Amount), ToCard: w.next.Money(n.ToCard), ToCredit: w.next.Money(n.ToCredit),
	}
	for _, t := range n.Taxes {
		body.CreditNote.Taxes = append(body.CreditNote.Taxes,
			events.SubscriptionTax{RateBP: t.RateBP, Tax: w.next.Money(t.Tax)})
	}
	return body
}

// zone is the subscriber's, for dates in mails; UTC when the zone is unknown.
func (w *changeSet) zone() *time.Location {
	z, err := civil.Zone(w.next.Sub.Anchor.Zone)
	if err != nil {
		return time.UTC
	}
	return z
}

// receipt is the invoice as the receipt mail shows it.
func (w *changeSet) receipt(i *invoice.Invoice) *events.SubscriptionInvoice {
	out := &events.SubscriptionInvoice{
		Number: i.Number, Subtotal: w.next.Money(i.Subtotal), CreditUsed: w.next.Money(i.CreditUsed),
		Total: w.next.Money(i.Total),
	}
	for _, l := range i.Lines {
		kind := string(l.Kind)
		if l.Kind == invoice.LinePeriod && i.Kind == string(subscription.OpenChange) {
			kind = "upgrade"
		}
		out.Lines = append(out.Lines, events.SubscriptionLine{
			Kind: kind, Plan: w.next.Titles[l.PlanID], Quantity: l.Quantity, Cycles: l.Cycles, From: l.From, To: l.To,
			Amount: w.next.Money(l.Amount),
		})
	}
	for _, t := range i.Taxes {
		out.Taxes = append(out.Taxes, events.SubscriptionTax{RateBP: t.RateBP, Tax: w.next.Money(t.Tax)})
	}
	return out
}

// method is the card as people know it: "visa 4242". Without the last digits only the brand.
func (r *Record) method() string {
	m := r.Methods[r.Sub.Card.Token]
	if m.Last4 == "" {
		return r.Sub.Card.Brand
	}
	return m.Brand + " " + m.Last4
}
