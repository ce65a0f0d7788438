package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
)

// calendar holds a steady subscriber's payments against the calendar: each period that has begun is paid once.
func (y *Simulation) calendar(b *testsubscriptions.Records) (wrong []string) {
	p := y.people[b.Sub.CustomerID]
	if p == nil {
		return []string{"nobody we know has subscribed"}
	}
	if !p.steady {
		return nil
	}
	var paid, want []civil.Date
	for _, i := range b.Invoices {
		if i.State == invoice.Paid {
			paid = append(paid, civil.Date(i.Lines[0].From))
		}
	}
	for k := 0; ; k++ {
		period := b.Sub.Anchor.Period(b.Sub.Terms.Interval, k)
		if period.Start.After(y.Clock.Now()) {
			break
		}
		want = append(want, period.Opens)
	}
	if !slices.Equal(paid, want) {
		wrong = append(wrong, fmt.Sprintf("the paid periods began on %v, the calendar says %v", paid, want))
	}
	return wrong
}

// Add puts the reports of two shops together.
func (r *Report) Add(o Report) {
	r.Tally.Add(o.Tally)
	r.Jobs, r.Outages, r.Jumps, r.Calls = r.Jobs+o.Jobs, r.Outages+o.Outages, r.Jumps+o.Jumps, r.Calls+o.Calls
	r.Heard, r.Unheard = r.Heard+o.Heard, r.Unheard+o.Unheard
	for n := range r.Copies {
		r.Copies[n] += o.Copies[n]
	}
	if r.Faults == nil {
		r.Faults, r.Wishes, r.Refused = map[fault.Mode]int{}, map[string]int{}, map[string]int{}
	}
	add(r.Faults, o.Faults)
	add(r.Wishes, o.Wishes)
	add(r.Refused, o.Refused)
}

func add[K comparable](sum, more map[K]int) {
	for k, n := range more {
		sum[k] += n
	}
}

// String is the report for people.
func (r Report) String() string {
	var out strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&out, "  %-14s "+format+"\n", append([]any{name}, args...)...)
	}
	line("subscriptions", "%d: %s", r.Subscriptions, counts(r.States))
	line("periods", "%d paid, %d orders", r.Periods, r.Orders)
	line("invoices", "%s; %d credit notes", counts(r.Invoices), r.CreditNotes)
	line("bank", "%d charges over %d, %d declines, %d refunds over %d", r.Charges, r.Taken, r.Declines, r.Refunds,
		r.Refunded)
	line("jobs", "%d, lost %d, delivered once %d, twice %d, three times %d", r.Jobs, r.Copies[0], r.Copies[1], r.Copies[2],
		r.Copies[3])
	line("messages", "%d of the bank, %d times they had to come again", r.Heard, r.Unheard)
	line("time", "%d outages of two days, %d jumps of the clock", r.Outages, r.Jumps)
	line("outside calls", "%d; went wrong: %s", r.Calls, counts(r.Faults))
	line("granted", "%s", counts(r.Wishes))
	line("refused", "%s", counts(r.Refused))
	return out.String()
}

func counts[K ~string](of map[K]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, of[k]))
	}
	return strings.Join(parts, ", ")
}
