package subscription

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"dangol/shared/platform/civil"
)

// Rate is what a subscription was worth per month from an instant on: Terms.PerMonth while it is active or past due, or
// canceled and still running; 0 while it is starting, on trial, paused, suspended or ended. Reason is why it fell to 0.
type Rate struct {
	From     time.Time `json:"from"`
	PerMonth int64     `json:"perMonth"`
	Reason   Leaving   `json:"reason,omitempty"`
}

// Leaving is why a subscription brings nothing any more.
type Leaving string

// Voluntary leaving is the subscriber's decision (canceled, consent not given, a pause), involuntary is a payment that
// failed.
const (
	Voluntary   Leaving = "voluntary"
	Involuntary Leaving = "involuntary"
)

// RateOf is the rate of a subscription as it stands.
func (s *Subscription) RateOf(at time.Time) Rate {
	r := Rate{From: at}
	// A gift that waits has been paid for, but nothing recurs from it.
	if s.waiting() && s.State != Ended {
		return r
	}
	switch s.State {
	case Active, PastDue:
		r.PerMonth = s.Terms.PerMonth()
	case Canceled:
		// While canceled, only days that are paid still count; a canceled trial counts nothing.
		if s.Span.Kind == SpanPaid && s.Span.Paid {
			r.PerMonth = s.Terms.PerMonth()
		}
	case Suspended:
		r.Reason = Involuntary
	case Paused:
		r.Reason = Voluntary
	case Ended:
		r.Reason = Voluntary
		// A subscription whose first payment failed never was the subscriber's decision to leave.
		if s.EndReason == EndUnpaid || s.EndReason == EndNotStarted {
			r.Reason = Involuntary
		}
	}
	return r
}

// Record is the rates of one subscription in one currency, in order of time.
type Record struct {
	SubscriptionID string
	Rates          []Rate
}

// at is the rate in force at an instant, and the one of the first time it was above 0.
func (c Record) at(t time.Time) (rate Rate, first time.Time) {
	for _, r := range c.Rates {
		if r.From.After(t) {
			break
		}
		rate = r
		if r.PerMonth > 0 && first.IsZero() {
			first = r.From
		}
	}
	return rate, first
}

// Movement is how the monthly recurring revenue (MRR) of one currency went from From to To, in minor units per month.
// Each subscription is compared at the two ends, so what comes and goes between does not show. Closing = Opening + New
// + Returned + Expansion - Contraction - ChurnVoluntary - ChurnInvoluntary, always.
type Movement struct {
	From, To         time.Time
	Opening, Closing int64
	New              int64 // pays at To, never paid before From
	Returned         int64 // pays at To, not at From, but before
	Expansion        int64 // pays more
	Contraction      int64 // pays less
	ChurnVoluntary   int64 // paid at From, not at To, by the subscriber's decision
	ChurnInvoluntary int64 // the same, for a failed payment
}

// MRR compares the recurring revenue at two instants. The records are of one currency.
func MRR(records []Record, from, to time.Time) Movement {
	m := Movement{From: from, To: to}
	for _, c := range records {
		// The first instant it ever paid tells a new subscriber from one who came back.
		before, firstBefore := c.at(from)
		after, _ := c.at(to)
		a, b := before.PerMonth, after.PerMonth
		m.Opening, m.Closing = m.Opening+a, m.Closing+b
		switch {
		case a == 0 && b > 0 && firstBefore.IsZero():
			m.New += b
		case a == 0 && b > 0:
			m.Returned += b
		case a > 0 && b == 0 && after.Reason == Involuntary:
			m.ChurnInvoluntary += a
		case a > 0 && b == 0:
			m.ChurnVoluntary += a
		case b > a:
			m.Expansion += b - a
		default:
			m.Contraction += a - b
		}
	}
	return m
}

// Share is a count out of a count, and an amount out of an amount.
type Share struct {
	Of, Part             int
	OfAmount, PartAmount int64
}

// BP is the share of the count in basis points, 0 of nothing.
func (s Share) BP() int64 {
	if s.Of == 0 {
		return 0
	}
	return roundDiv(int64(s.Part)*10_000, int64(s.Of))
}

// TrialRecord is one trial: when it ended and whether a first payment followed. One that still runs has no End.
type TrialRecord struct {
	Started, End time.Time
	Converted    bool
}

// TrialConversion is the share of the trials that ended in [from, to) which turned into a paid subscription. Trials
// still running do not count: they have not decided.
func TrialConversion(trials []TrialRecord, from, to time.Time) Share {
	var s Share
	for _, t := range trials {
		// Half-open, so that two periods side by side count each trial once.
		if t.End.IsZero() || t.End.Before(from) || !t.End.Before(to) {
			continue
		}
		s.Of++
		if t.Converted {
			s.Part++
		}
	}
	return s
}

// Case is one invoice that went into dunning: when the first decline was, its amount, and when it was paid after all.
type Case struct {
	Since, Recovered time.Time
	Amount           int64
	Closed           bool // given up
}

// Recovery is the share of the invoices declined in [from, to) that were paid in the end, by count and amount. Cases
// still open do not count.
func Recovery(cases []Case, from, to time.Time) Share {
	var s Share
	for _, c := range cases {
		// Counted by the day of the decline, like the cases of the reports of payment providers.
		if c.Since.Before(from) || !c.Since.Before(to) || c.Recovered.IsZero() && !c.Closed {
			continue
		}
		s.Of, s.OfAmount = s.Of+1, s.OfAmount+c.Amount
		if !c.Recovered.IsZero() {
			s.Part, s.PartAmount = s.Part+1, s.PartAmount+c.Amount
		}
	}
	return s
}

// Cohort is the subscriptions whose first paid day was in one month, and how many of them still paid so many months
// later. Paying[0] is the size of the cohort; a month that is not over yet has no entry.
type Cohort struct {
	Month  string // "2026-03"
	Paying []int
}

// Cohorts counts who still pays, month after month, up to now. A subscription pays in the k-th month when its rate was
// above 0 at the moment k months after its first payment; the months are those of a calendar in UTC, clamped at month
// ends.
func Cohorts(records []Record, now time.Time) []Cohort {
	byMonth := map[string][]Record{}
	for _, c := range records {
		if _, first := c.at(now); !first.IsZero() {
			month := first.UTC().Format("2006-01")
			byMonth[month] = append(byMonth[month], c)
		}
	}
	var out []Cohort
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		out = append(out, Cohort{Month: month, Paying: paying(byMonth[month], now)})
	}
	return out
}

// paying counts, for each month after the first payment, how many of a cohort still paid. It stops
// where the youngest member has not reached the month, so every entry counts the whole cohort.
func paying(cohort []Record, now time.Time) []int {
	counts := []int{}
	for k := 0; ; k++ {
		n := 0
		for _, c := range cohort {
			_, first := c.at(now)
			// k calendar months after the first payment, at the same time of day.
			at := AnchorOn(civil.DateAt(first, time.UTC), "UTC").Opening(Every(1, Month),
				k).Start(time.UTC).Add(first.Sub(first.Truncate(24 * time.Hour)))
			if at.After(now) {
				return counts // the youngest member is not so far yet
			}
			if rate, _ := c.at(at); rate.PerMonth > 0 {
				n++
			}
		}
		counts = append(counts, n)
	}
}

// Need is how many units of a variant the parcels to come take.
type Need struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
}

// StockNeeded adds up what parcels take. edition gives the contents of a box for the day its cycle opens; parcels that
// name their contents do not ask it.
func StockNeeded(parcels []Payment, edition func(civil.Date) []Item) []Need {
	sum := map[string]int{}
	for _, p := range parcels {
		items := p.Contents
		if len(items) == 0 && edition != nil {
			items = edition(p.On)
		}
		for _, it := range items {
			sum[it.VariantID] += it.Quantity * p.Quantity
		}
	}
	out := make([]Need, 0, len(sum))
	for id, n := range sum {
		out = append(out, Need{VariantID: id, Quantity: n})
	}
	// Sorted, because the order of a map differs from call to call and the report is shown as a
	// list.
	slices.SortFunc(out, func(a, b Need) int { return cmp.Compare(a.VariantID, b.VariantID) })
	return out
}
