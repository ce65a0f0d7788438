package subscription_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/shared/payment"
	"dangol/shared/problem"
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
	provider func(Charge) outcome // nil: always success
	stock    func(HoldStock) bool // nil: always there
	answered map[string]outcome   // by attempt key
	invoices map[string]Invoice   // by key
	state    map[string]string    // of invoices: open, paid, void
	taken    map[string]int64     // by invoice key
	charges  map[string]int       // successful charges by invoice key
	spans    []SpanEnded
	notes    []CreditNote
	refunded int64
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
		t: t, answered: map[string]outcome{}, invoices: map[string]Invoice{}, state: map[string]string{}, taken: map[string]int64{},
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
	before := h.s
	after, effects, err := h.s.Apply(c, at)
	if err != nil {
		return err
	}
	h.check(before, after, c)
	h.s = after
	for _, e := range effects {
		h.carryOut(e, at)
	}
	return nil
}

// check are the rules that hold after every command.
func (h *shop) check(before, s Subscription, c Command) {
	h.t.Helper()
	states := []State{Starting, Trialing, Active, PastDue, Paused, Suspended, Cancelled, Ended}
	switch {
	case !slices.Contains(states, s.State):
		h.t.Fatalf("%T led to state %q", c, s.State)
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

func (h *shop) invoice(inv Invoice) {
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

// allSpans are the finished spans and the running one.
func (h *shop) allSpans() []Span {
	var out []Span
	for _, e := range h.spans {
		out = append(out, e.Span)
	}
	if h.s.State != Ended {
		out = append(out, h.s.Span)
	}
	return out
}

// tiles checks that the spans follow each other without gap or overlap, in days and in instants.
func (h *shop) tiles() {
	h.t.Helper()
	spans := h.allSpans()
	for i := 1; i < len(spans); i++ {
		a, b := spans[i-1], spans[i]
		if a.Closes != b.Opens || !a.End.Equal(b.Start) {
			h.t.Fatalf("span %d ends %s (%s), span %d begins %s (%s)\n%s", a.Seq, a.Closes, a.End, b.Seq, b.Opens, b.Start, h.story())
		}
		if b.Seq <= a.Seq || a.Closes < a.Opens || a.End.Before(a.Start) {
			h.t.Fatalf("spans %+v and %+v are out of order", a, b)
		}
	}
}

// cash is what was taken and not given back.
func (h *shop) cash() int64 {
	sum := -h.refunded
	for _, n := range h.taken {
		sum += n
	}
	return sum
}

// used is what the paid days cost, day by day by money.Allocate, and the setup fees.
func (h *shop) used() int64 {
	var sum int64
	for _, p := range h.allSpans() {
		if !p.Paid || p.Price == 0 {
			continue
		}
		if h.s.Terms.Kind != Membership {
			sum += p.Price // a parcel costs its price, however long the cycle lasted in the end
			continue
		}
		whole := p.WholeOpens.Days(p.WholeCloses)
		sum += dayByDay(p.Price, whole, p.WholeOpens.Days(p.Opens), p.WholeOpens.Days(p.Closes))
		if p.FreeFrom != "" {
			sum -= dayByDay(p.Price, whole, p.WholeOpens.Days(p.FreeFrom), p.WholeOpens.Days(p.FreeTo))
		}
	}
	for key, inv := range h.invoices {
		for _, l := range inv.Lines {
			if l.Kind == LineSetup && h.state[key] == "paid" {
				sum += l.Amount
			}
		}
	}
	return sum
}

// balances checks that money in, less money out and credit, is the price of what was used and of the cycles still owed.
func (h *shop) balances() {
	h.t.Helper()
	if o := h.s.Open; o != nil {
		return // credit is tied up in an invoice under way
	}
	owed := int64(h.s.PrepaidLeft) * h.s.Terms.Cycle()
	if got, want := h.cash()-h.s.Credit-owed, h.used(); got != want {
		h.t.Fatalf("taken %d, credit %d, owed %d leave %d, the days used cost %d\n%s", h.cash(), h.s.Credit, owed, got, want, h.story())
	}
}

// once checks that no invoice was charged twice, and every paid one for what it says.
func (h *shop) once() {
	h.t.Helper()
	for key, n := range h.charges {
		if n != 1 || h.taken[key] != h.invoices[key].Total {
			h.t.Fatalf("invoice %s of %d was charged %d times, %d in all", key, h.invoices[key].Total, n, h.taken[key])
		}
	}
	for key, inv := range h.invoices {
		if h.state[key] == "paid" && inv.Total > 0 && h.charges[key] != 1 {
			h.t.Fatalf("invoice %s is paid without a charge", key)
		}
	}
}

func (h *shop) story() string {
	out := ""
	for _, e := range h.entries {
		out += fmt.Sprintf("%s %-16s %s -> %s #%d %s\n", e.At.Format("2006-01-02 15:04"), e.Command, e.From, e.To, e.Seq, e.Note)
	}
	for _, p := range h.allSpans() {
		out += fmt.Sprintf("#%d %s [%s, %s) of [%s, %s) at %d paid %t\n", p.Seq, p.Kind, p.Opens, p.Closes, p.WholeOpens, p.WholeCloses, p.Price, p.Paid)
	}
	return out
}

// told are the days on which a kind of notice went out, in Seoul.
func (h *shop) told(kind NoticeKind) []Date {
	var out []Date
	z, _ := Zone("Asia/Seoul")
	for _, n := range h.notices {
		if n.Kind == kind {
			out = append(out, DateAt(n.at, z))
		}
	}
	return out
}

// opens are the days on which spans of a kind opened.
func (h *shop) opens(kind SpanKind) []Date {
	var out []Date
	for _, p := range h.allSpans() {
		if p.Kind == kind {
			out = append(out, p.Opens)
		}
	}
	return out
}

func wantState(t *testing.T, h *shop, want State) {
	t.Helper()
	if h.s.State != want {
		t.Fatalf("state is %s, want %s\n%s", h.s.State, want, h.story())
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Code != code {
		t.Fatalf("got %v, want problem %s", err, code)
	}
}

func wantDates(t *testing.T, got []Date, want ...Date) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
