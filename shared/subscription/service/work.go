package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dangol/events"
	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/event"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// work is one change on its way into the table.
type work struct {
	now      time.Time
	next     *Record
	had      held               // what the subscription gave its holder before
	invoices []*invoice.Invoice // to be stored, made or closed
	made     []*invoice.Invoice
	notes    []*invoice.CreditNote
	refunds  []refunding
	told     []subscription.Notice
	happened []subscription.Event
	entries  []subscription.Entry
	ended    []subscription.SpanEnded
	settled  *invoice.Invoice // the invoice that this change paid

	request  idempotency.Request
	raised   []raised
	must     []table.Write
	back     []table.Write
	races    []int       // places in must of writes that others may be faster with
	left     money.Money // credit of what has ended
	counters int         // place of the first counter in the transaction
	outrun   bool
	papers   []table.Write
}

// raised is numbers that were taken.
type raised struct {
	run      invoice.Run
	last, by int
}

func newWork(r *Record, now time.Time) *work {
	return &work{now: now, next: r.clone(), had: r.held()}
}

// effects sorts what the rules say: what is stored, and what is to be done.
func (w *work) effects(ctx context.Context, all []subscription.Effect) error {
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
			w.notes = append(w.notes, note)
		case subscription.Notice:
			w.told = append(w.told, e)
		case subscription.Event:
			w.happened = append(w.happened, e)
		case subscription.CreditLeft:
			w.left = e.Amount
		case subscription.Entry:
			w.entries = append(w.entries, e)
		case subscription.SpanEnded:
			w.ended = append(w.ended, e)
		default:
			t, ok := taskOf(e)
			if !ok {
				return fmt.Errorf("billing: nothing carries out a %T", e)
			}
			w.next.give(t)
			if t.Kind == TaskRefund {
				w.refund(t, note)
			}
		}
	}
	w.figures()
	return nil
}

func (w *work) invoice(i invoice.Draft) {
	made := &invoice.Invoice{Draft: i, State: invoice.Open, Title: w.next.Title()}
	w.next.Invoice = made
	w.invoices, w.made = append(w.invoices, made), append(w.made, made)
}

// close pays or voids the open invoice.
func (w *work) close(state invoice.State, paymentID, reason string) {
	i := w.next.Invoice
	if i == nil {
		return
	}
	i.State, i.PaymentID, i.Reason, i.ClosedAt = state, paymentID, reason, w.now
	if !slices.Contains(w.invoices, i) {
		w.invoices = append(w.invoices, i)
	}
	w.next.Invoice = nil
	if state == invoice.Paid {
		w.settled = i
	}
}

// figures keeps what the merchant's numbers are made of.
func (w *work) figures() {
	r, s := w.next, &w.next.Sub
	rate := s.RateOf(w.now)
	if n := len(r.Rates); n == 0 && rate.PerMonth > 0 || n > 0 && (r.Rates[n-1].PerMonth != rate.PerMonth || r.Rates[n-1].Reason != rate.Reason) {
		r.Rates = append(r.Rates, rate)
	}
	if s.State == subscription.Trialing && r.Trial == nil {
		r.Trial = &Trial{Started: s.StartedAt}
	}
	if t := r.Trial; t != nil && t.Ended.IsZero() && s.Span.Kind != subscription.SpanTrial || r.Trial != nil && s.State == subscription.Ended && r.Trial.Ended.IsZero() {
		t.Ended = w.now
	}
	if r.Trial != nil && !r.Trial.Ended.IsZero() && w.settled != nil {
		r.Trial.Converted = true
	}
	w.dunning()
}

// dunning opens a case with the first decline that counts and closes it with the invoice.
func (w *work) dunning() {
	r := w.next
	last := len(r.Cases) - 1
	running := last >= 0 && r.Cases[last].Recovered.IsZero() && !r.Cases[last].Closed
	open := r.Sub.Open
	switch {
	case open != nil && !open.Since.IsZero() && !running:
		r.Cases = append(r.Cases, Case{Since: open.Since, Amount: open.Amount})
		r.Cases = r.Cases[max(0, len(r.Cases)-casesKept):]
	case open == nil && running && w.settled != nil:
		r.Cases[last].Recovered = w.now
	case open == nil && running:
		r.Cases[last].Closed = true
	}
}

// wanted is the numbers that the work needs, by series.
type wanted struct {
	run  invoice.Run
	give []func(number string)
}

func (w *work) wanted(books *time.Location) []wanted {
	var out []wanted
	want := func(name invoice.Series, issued time.Time, give func(string)) {
		n := invoice.Run{Series: name, Year: invoice.YearOf(issued, books)}
		i := slices.IndexFunc(out, func(o wanted) bool { return o.run == n })
		if i < 0 {
			i, out = len(out), append(out, wanted{run: n})
		}
		out[i].give = append(out[i].give, give)
	}
	for _, i := range w.made {
		want(invoice.Invoices, i.Issued, func(number string) { i.Number = number })
	}
	for _, n := range w.notes {
		want(invoice.CreditNotes, n.Issued, func(number string) { n.Number = number })
	}
	return out
}

// Happening is a line of a subscription's history: one for each change, with what ended by it. Event is on the lines that others may want
// to know of. It rides here and not on the subscription, which is written twice more for each renewal and would bring its last event to
// the relay each time.
type Happening struct {
	table.Key
	subscription.Entry
	Version int                                `dynamodbav:"version"`
	Ended   table.List[subscription.SpanEnded] `dynamodbav:"ended,omitempty"`
	Event   *event.Event                       `dynamodbav:"event,omitempty"`
}

// Told is a notice as it was issued: the event on it brings it to the mailer, the item stays as proof.
type Told struct {
	table.Key
	Kind  subscription.NoticeKind `dynamodbav:"kind"`
	At    time.Time               `dynamodbav:"at"`
	Event *event.Event            `dynamodbav:"event"`
	TTL   int64                   `dynamodbav:"ttl,omitempty"` // Unix seconds; of one that carries a secret
}

// announce writes the lines of history and the notices, and the events: one on the first line for what happened, one on each notice.
func (w *work) announce(ctx context.Context) (err error) {
	w.papers = nil
	if len(w.happened) > 0 && len(w.entries) == 0 {
		return fmt.Errorf("billing: %s has no line of history", w.happened[0].Name)
	}
	for i, e := range w.entries {
		line := Happening{Key: w.keyed("HISTORY", i), Entry: e, Version: w.next.Version}
		if i == 0 {
			line.Ended = w.ended
		}
		if i == 0 && len(w.happened) > 0 {
			if line.Event, err = event.New(ctx, w.now, w.changed()); err != nil {
				return err
			}
		}
		w.papers = append(w.papers, table.Put{If: table.IfNew, Item: line})
	}
	for i, n := range w.notes {
		told := Told{Key: w.keyed("NOTICE-CREDIT", i), Kind: subscription.NoticeCreditNote, At: w.now}
		if told.Event, err = event.New(ctx, w.now, w.creditNotice(n)); err != nil {
			return err
		}
		w.papers = append(w.papers, table.Put{If: table.IfNew, Item: told})
	}
	for i, n := range w.told {
		told := Told{Key: w.keyed("NOTICE", i), Kind: n.Kind, At: w.now}
		if n.Kind == subscription.NoticeGift {
			err = w.giftMail(ctx, &told, n)
		} else {
			told.Event, err = event.New(ctx, w.now, w.notice(n))
		}
		if err != nil {
			return err
		}
		w.papers = append(w.papers, table.Put{If: table.IfNew, Item: told})
	}
	return nil
}

// keyed names the n-th item of a kind that this version of the subscription brings.
func (w *work) keyed(kind string, n int) table.Key {
	return table.Key{PK: w.next.Key.PK, SK: fmt.Sprintf("%s#%08d#%02d", kind, w.next.Version, n)}
}

// papersWanted is how many writes documents will be: a credit note has its mail.
func (w *work) papersWanted() int {
	return len(w.invoices) + 2*len(w.notes) + len(w.refunds) + len(w.entries) + len(w.told)
}

// documents are the writes of invoices, credit notes, history and notices.
func (w *work) documents() []table.Write {
	var all []table.Write
	for _, i := range w.invoices {
		all = append(all, i.Put(slices.Contains(w.made, i)))
	}
	for k, n := range w.notes {
		all = append(all, n.Put(w.next.Version, k))
	}
	all = append(all, w.refundItems()...)
	return append(all, w.papers...)
}

func (w *work) ref() events.SubscriptionRef {
	r, t := w.next, w.next.Sub.Terms
	return events.SubscriptionRef{
		SubscriptionID: r.Sub.ID, CustomerID: r.Sub.CustomerID, Email: r.Email, Name: r.Name, Language: r.Language,
		PlanID: t.PlanID, Plan: r.Title(), PlanKind: string(t.Kind),
	}
}

func (w *work) changed() events.SubscriptionChanged {
	s := &w.next.Sub
	body := events.SubscriptionChanged{
		SubscriptionRef: w.ref(), State: string(s.State), Version: w.next.Version,
		PeriodOpens: string(s.Span.Opens), PeriodCloses: string(s.Span.Closes),
	}
	for _, e := range w.happened {
		body.Changes = append(body.Changes, events.SubscriptionChange{Name: e.Name, Seq: e.Seq, Amount: e.Amount, Reason: e.Reason})
	}
	return body
}

func (w *work) notice(n subscription.Notice) events.SubscriptionNoticeIssued {
	r := w.next
	body := events.SubscriptionNoticeIssued{
		SubscriptionRef: w.ref(), Kind: string(n.Kind), Gift: r.Sub.Gift != nil, Date: string(n.Date), Amount: n.Amount, Retry: n.Retry, Wait: string(n.Wait),
		Reason: n.Reason, Method: r.method(), Later: n.Later,
	}
	to := r.addressee(n.Kind)
	body.Email, body.Name, body.Language = to.Email, to.Name, to.Language
	if n.Ask != nil {
		body.Ask = &events.SubscriptionAsk{
			Kind: string(n.Ask.Kind), On: string(n.Ask.On), Old: r.Money(n.Ask.Old), New: r.Money(n.Ask.New), Required: n.Ask.Required,
		}
	}
	if i := w.settled; i != nil && n.Kind == subscription.NoticeReceipt {
		body.Invoice = w.receipt(i)
	}
	return body
}

// creditNotice tells of a credit note: what goes back, and where to.
func (w *work) creditNotice(n *invoice.CreditNote) events.SubscriptionNoticeIssued {
	body := w.notice(subscription.Notice{
		Kind: subscription.NoticeCreditNote, Date: subscription.DateAt(w.now, w.zone()), Amount: w.next.Money(n.Amount), Reason: n.Reason,
	})
	body.CreditNote = &events.SubscriptionCreditNote{
		Number: n.Number, Amount: w.next.Money(n.Amount), ToCard: w.next.Money(n.ToCard), ToCredit: w.next.Money(n.ToCredit),
	}
	for _, t := range n.Taxes {
		body.CreditNote.Taxes = append(body.CreditNote.Taxes, events.SubscriptionTax{RateBP: t.RateBP, Tax: w.next.Money(t.Tax)})
	}
	return body
}

func (w *work) zone() *time.Location {
	z, err := subscription.Zone(w.next.Sub.Anchor.Zone)
	if err != nil {
		return time.UTC
	}
	return z
}

func (w *work) receipt(i *invoice.Invoice) *events.SubscriptionInvoice {
	out := &events.SubscriptionInvoice{
		Number: i.Number, Subtotal: w.next.Money(i.Subtotal), CreditUsed: w.next.Money(i.CreditUsed), Total: w.next.Money(i.Total),
	}
	for _, l := range i.Lines {
		out.Lines = append(out.Lines, events.SubscriptionLine{
			Kind: string(l.Kind), Quantity: l.Quantity, From: string(l.From), To: string(l.To), Amount: w.next.Money(l.Amount),
		})
	}
	for _, t := range i.Taxes {
		out.Taxes = append(out.Taxes, events.SubscriptionTax{RateBP: t.RateBP, Tax: w.next.Money(t.Tax)})
	}
	return out
}

// method is the way to pay, for people: "visa 4242".
func (r *Record) method() string {
	m := r.Methods[r.Sub.Card.Token]
	if m.Last4 == "" {
		return r.Sub.Card.Brand
	}
	return m.Brand + " " + m.Last4
}
