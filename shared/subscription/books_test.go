package subscription_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	. "dangol/shared/subscription"
)

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
			h.t.Fatalf("span %d ends %s (%s), span %d begins %s (%s)\n%s", a.Seq, a.Closes, a.End, b.Seq, b.Opens, b.Start,
				h.story())
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

// daysCost is what the days [from, to) of a period of whole days cost: the difference of two roundings, half up.
func daysCost(price int64, whole, from, to int) int64 {
	upTo := func(days int) int64 { return (2*price*int64(days) + int64(whole)) / (2 * int64(whole)) }
	return upTo(to) - upTo(from)
}

// used is what the paid days cost, and the setup fees.
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
		sum += daysCost(p.Price, whole, p.WholeOpens.Days(p.Opens), p.WholeOpens.Days(p.Closes))
		if p.FreeFrom != "" {
			sum -= daysCost(p.Price, whole, p.WholeOpens.Days(p.FreeFrom), p.WholeOpens.Days(p.FreeTo))
		}
	}
	for key, inv := range h.invoices {
		for _, l := range inv.Lines {
			if l.Kind == invoice.LineSetup && h.state[key] == "paid" {
				sum += l.Amount
			}
		}
	}
	return sum
}

// balances checks that money in, less money out and credit, is the price of what was used and of the cycles still owed.
func (h *shop) balances() {
	h.t.Helper()
	credit := h.s.Credit
	if o := h.s.Open; o != nil {
		credit += o.CreditUsed // tied up in an invoice under way
	}
	owed := int64(h.s.PrepaidLeft) * h.s.Terms.Cycle()
	if got, want := h.cash()-credit-h.left-owed-h.pending(), h.used(); got != want {
		h.t.Fatalf("taken %d, credit %d, owed %d leave %d, the days used cost %d\n%s", h.cash(), credit+h.left, owed, got,
			want, h.story())
	}
}

// pending is what was taken and the subscription does not know of yet: the answer is on its way.
func (h *shop) pending() int64 {
	if o := h.s.Open; o != nil && o.InFlight {
		return h.taken[o.Key]
	}
	return 0
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
		out += fmt.Sprintf("%s %-16s %s -> %s #%d %s\n", e.At.Format("2006-01-02 15:04"), e.Command, e.From, e.To, e.Seq,
			e.Note)
	}
	for _, p := range h.allSpans() {
		out += fmt.Sprintf("#%d %s [%s, %s) of [%s, %s) at %d paid %t\n", p.Seq, p.Kind, p.Opens, p.Closes, p.WholeOpens,
			p.WholeCloses, p.Price, p.Paid)
	}
	return out
}

// told are the days on which a kind of notice went out, in Seoul.
func (h *shop) noticeDates(kind NoticeKind) []civil.Date {
	var out []civil.Date
	z, _ := civil.Zone("Asia/Seoul")
	for _, n := range h.notices {
		if n.Kind == kind {
			out = append(out, civil.DateAt(n.at, z))
		}
	}
	return out
}

// opens are the days on which spans of a kind opened.
func (h *shop) opens(kind SpanKind) []civil.Date {
	var out []civil.Date
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

func wantDates(t *testing.T, got []civil.Date, want ...civil.Date) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
