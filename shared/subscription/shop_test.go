package subscription_test

import (
	"encoding/json"
	"slices"
	"time"

	"dangol/shared/invoice"
	"dangol/shared/payment"
	. "dangol/shared/subscription"
)

// outcome is what the fake provider answers to a charge.
type outcome struct {
	kind  payment.Kind // "" is success
	code  string
	mute  bool // the answer never comes
	after bool // of a mute one: the money was taken all the same
}

var (
	success  = outcome{}
	poor     = outcome{kind: payment.KindSoft, code: "insufficient_funds"}
	lost     = outcome{kind: payment.KindHard, code: "lost_card"}
	ill      = outcome{kind: payment.KindTechnical, code: "processing_error"}
	confirm  = outcome{kind: payment.KindAction, code: "authentication_required"}
	swallow  = outcome{mute: true}
	tookMute = outcome{mute: true, after: true}
)

// tester is *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// shop runs one subscription against a provider and a warehouse, as the billing worker does, and keeps the books.
type shop struct {
	t        tester
	s        Subscription
	provider func(Charge) outcome     // nil: always success
	stock    func(HoldStock) bool     // nil: always there
	answered map[string]outcome       // by attempt key
	invoices map[string]invoice.Draft // by key
	state    map[string]string        // of invoices: open, paid, void
	taken    map[string]int64         // by invoice key
	charges  map[string]int           // successful charges by invoice key
	spans    []SpanEnded
	notes    []invoice.CreditNote
	refunded int64
	left     int64 // account credit of what has ended
	notices  []sent
	events   []string
	entries  []Entry
	parcels  []Deliver
	released []string
	queue    []Effect
}

type sent struct {
	at time.Time
	Notice
}

func open(t tester, c Start, at time.Time, options ...func(*shop)) *shop {
	t.Helper()
	h := &shop{
		t: t, answered: map[string]outcome{}, invoices: map[string]invoice.Draft{}, state: map[string]string{},
		taken:   map[string]int64{},
		charges: map[string]int{},
	}
	for _, o := range options {
		o(h)
	}
	h.do(c, at)
	return h
}

func answering(outcomes ...outcome) func(*shop) {
	return func(h *shop) {
		h.provider = func(Charge) outcome {
			if len(outcomes) == 0 {
				return success
			}
			o := outcomes[0]
			outcomes = outcomes[1:]
			return o
		}
	}
}

// do applies a command that has to be allowed.
func (h *shop) do(c Command, at time.Time) {
	h.t.Helper()
	if err := h.try(c, at); err != nil {
		h.t.Fatalf("%T at %s in state %s: %v", c, at.Format(time.RFC3339), h.s.State, err)
	}
}

func (h *shop) try(c Command, at time.Time) error {
	h.t.Helper()
	before, picture := h.s, snapshot(h.s)
	after, effects, err := h.s.Apply(c, at)
	if snapshot(before) != picture {
		h.t.Fatalf("%T changed the subscription it was applied to", c)
	}
	if err != nil {
		return err
	}
	h.check(before, after, c)
	waiting := after.Burst.Hold || after.Open != nil && after.Open.InFlight
	if last := lasts(after); after.Due.After(max2(last, at)) && !waiting {
		h.t.Fatalf("after %T a membership that is %s runs out at %v and is looked at only at %v", c, after.State, last,
			after.Due)
	}
	h.s = after
	for _, e := range effects {
		h.carryOut(e, at)
	}
	return nil
}

// snapshot is all of a subscription that Apply could reach through pointers.
func snapshot(s Subscription) string {
	text, err := json.Marshal([]any{s, s.Used, s.NoticesSent, s.Burst, s.Voided})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// moves are the ways from state to state; every state may also stay.
var moves = map[State][]State{
	// active when nothing is to be paid, ended when there is nothing to send
	"":        {Starting, Trialing, Active, Ended},
	Starting:  {Active, Canceled, Ended},
	Trialing:  {Active, Canceled, Ended},
	Active:    {PastDue, Paused, Canceled, Ended},
	PastDue:   {Active, Suspended, Canceled, Ended},
	Suspended: {Active, Canceled, Ended},
	Paused:    {Active, Ended},
	Canceled:  {Starting, Trialing, Active, Ended}, // taken back, or over
	Ended:     {Starting, Active},                  // begun again
}

// lasts is until when a membership is in force; without one until its next Due, so that nothing follows from it.
func lasts(s Subscription) time.Time {
	if m, ok := s.Membership(""); ok {
		return m.Until
	}
	return s.Due
}

func max2(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// check are the rules that hold after every command.
func (h *shop) check(before, s Subscription, c Command) {
	h.t.Helper()
	switch {
	case s.State != before.State && !slices.Contains(moves[before.State], s.State):
		h.t.Fatalf("%T led from state %q to %q", c, before.State, s.State)
	case !before.Allows(c) && !slices.Contains([]State{"", Ended}, before.State):
		h.t.Fatalf("%T was done and is not allowed in state %q", c, before.State)
	case s.Due.IsZero() != (s.State == Ended):
		h.t.Fatalf("after %T a subscription that is %s is due at %v", c, s.State, s.Due)
	case s.Credit < 0 || s.PrepaidLeft < 0:
		h.t.Fatalf("after %T credit is %d, prepaid cycles %d", c, s.Credit, s.PrepaidLeft)
	case (s.State == PastDue || s.State == Suspended || s.State == Starting) && s.Open == nil:
		h.t.Fatalf("after %T a subscription that is %s has no open invoice", c, s.State)
	case s.State != Ended && s.Span.Closes < s.Span.Opens:
		h.t.Fatalf("after %T the span is %+v", c, s.Span)
	}
}

func (h *shop) carryOut(e Effect, at time.Time) {
	h.t.Helper()
	switch e := e.(type) {
	case MakeInvoice:
		h.invoice(e.Invoice)
	case MakeCreditNote:
		h.notes = append(h.notes, e.Note)
	case Charge:
		h.charge(e, at)
	case Settle:
		h.settle(e)
	case Void:
		h.state[e.Key] = "void"
	case Refund:
		h.refunded += e.Amount.Amount
	case CreditLeft:
		h.left += e.Amount.Amount
	case HoldStock:
		if h.stock != nil && !h.stock(e) {
			h.parcels = append(h.parcels, Deliver{Key: "refused"}) // the Deliver that follows is not done
			h.do(StockFailed{Key: e.Key}, at)
		}
	case Deliver:
		h.deliver(e)
	case ReleaseStock:
		h.released = append(h.released, e.Key)
	case SpanEnded:
		h.spans = append(h.spans, e)
	case Notice:
		h.notices = append(h.notices, sent{at, e})
	case Event:
		h.events = append(h.events, e.Name)
	case Entry:
		h.entries = append(h.entries, e)
	}
}

func (h *shop) invoice(inv invoice.Draft) {
	h.t.Helper()
	if _, twice := h.invoices[inv.Key]; twice {
		h.t.Fatalf("invoice %s is made twice", inv.Key)
	}
	var sum int64
	for _, l := range inv.Lines {
		sum += l.Amount
	}
	if inv.Total < 0 || inv.Subtotal != sum || inv.Total != sum-inv.CreditUsed {
		h.t.Fatalf("invoice %s does not add up: %+v", inv.Key, inv)
	}
	h.invoices[inv.Key], h.state[inv.Key] = inv, "open"
}

func (h *shop) settle(e Settle) {
	h.t.Helper()
	if h.state[e.Key] != "open" {
		h.t.Fatalf("invoice %s is settled when it is %q", e.Key, h.state[e.Key])
	}
	h.state[e.Key] = "paid"
}

func (h *shop) deliver(e Deliver) {
	if n := len(h.parcels); n > 0 && h.parcels[n-1].Key == "refused" {
		h.parcels = h.parcels[:n-1]
		return
	}
	h.parcels = append(h.parcels, e)
}

// charge is the provider: the same key gives the same answer, and money moves once.
func (h *shop) charge(c Charge, at time.Time) {
	h.t.Helper()
	o, known := h.answered[c.AttemptKey]
	if !known {
		if c.Hold != nil && h.stock != nil && !h.stock(*c.Hold) {
			h.do(StockFailed{Key: c.Hold.Key}, at)
			return
		}
		if h.provider != nil {
			o = h.provider(c)
		}
		if o.mute && !o.after {
			return // the call was lost on its way: the provider never saw it
		}
		h.answered[c.AttemptKey] = o
		if o.kind == "" {
			h.taken[c.Key] += c.Amount.Amount
			h.charges[c.Key]++
		}
		if o.mute {
			return
		}
	}
	if o.kind == "" {
		h.do(ChargeSucceeded{Key: c.Key, PaymentID: "pay_" + c.AttemptKey}, at)
		return
	}
	h.do(ChargeFailed{Key: c.Key, Attempt: c.Attempt, Kind: o.kind, Code: o.code}, at)
}

// until lets everything happen that is due by an instant.
func (h *shop) until(at time.Time) {
	h.t.Helper()
	for n := 0; !h.s.Due.IsZero() && !h.s.Due.After(at); n++ {
		due := h.s.Due
		h.do(Due{}, due)
		if h.s.Due.Equal(due) && n > 100 || n > 5000 {
			h.t.Fatalf("stuck at %s: %+v", due, h.s)
		}
	}
}

// late is until, all at once at the end: a worker that was asleep.
func (h *shop) late(at time.Time) {
	h.t.Helper()
	for n := 0; !h.s.Due.IsZero() && !h.s.Due.After(at); n++ {
		h.do(Due{}, at)
		if n > 5000 {
			h.t.Fatalf("stuck: %+v", h.s)
		}
	}
}
