package subscription

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"dangol/shared/payment"
)

// Dunning is how a failed payment is followed up. Money may come on another day, a technical failure may be over in
// minutes, so each has a schedule of its own. Zero fields take the defaults.
type Dunning struct {
	// MoneyDays are the days after the first decline on which the money is asked for again. Default 1, 3, 5, 7.
	MoneyDays []int `json:"moneyDays,omitempty"`
	// TechnicalTries is how often a technical failure is repeated before it counts as a decline, TechnicalMinutes the
	// first pause; each pause is twice the one before. Defaults 8 and 5, as Kill Bill has them.
	TechnicalTries   int `json:"technicalTries,omitempty"`
	TechnicalMinutes int `json:"technicalMinutes,omitempty"`
	// SuspendDays after the first decline the benefits stop, CancelDays after it the subscription ends. Defaults 8 and 14:
	// the last retry falls one day before the benefits stop.
	SuspendDays int `json:"suspendDays,omitempty"`
	CancelDays  int `json:"cancelDays,omitempty"`
}

// or fills zero fields with the defaults.
func (d Dunning) or() Dunning {
	if len(d.MoneyDays) == 0 {
		d.MoneyDays = []int{1, 3, 5, 7}
	}
	d.TechnicalTries = cmp.Or(d.TechnicalTries, 8)
	d.TechnicalMinutes = cmp.Or(d.TechnicalMinutes, 5)
	// Each later default is built on the values before it, so a plan that sets only MoneyDays still
	// suspends after its last retry and ends after that.
	d.SuspendDays = cmp.Or(d.SuspendDays, d.MoneyDays[len(d.MoneyDays)-1]+1)
	d.CancelDays = cmp.Or(d.CancelDays, max(14, d.SuspendDays+6))
	return d
}

// Attempt is one charge that failed.
type Attempt struct {
	At     time.Time    `json:"at"`
	Kind   payment.Kind `json:"kind"`
	Code   string       `json:"code"`
	Card   string       `json:"card,omitempty"` // token of the method that was charged
	Brand  string       `json:"brand,omitempty"`
	Amount int64        `json:"amount"`
	ByHand bool         `json:"byHand,omitempty"` // the subscriber asked for it
	// Present says that the cardholder was there.
	Present bool `json:"present,omitempty"`
}

// Decision is what follows a failed charge.
type Decision struct {
	// Retry is when to charge again; zero when no retry is left or none may be made.
	Retry time.Time
	// Wait says what a zero Retry waits for.
	Wait Wait
	// Counts says that the failure is the subscriber's to mend: they are told and the days to suspension run. A technical
	// failure that is tried again by itself does not count.
	Counts bool
}

// Wait is what a subscription waits for when no retry is planned.
type Wait string

// The waits.
const (
	WaitCard    Wait = "card"    // hard decline: never again with this card
	WaitShopper Wait = "shopper" // the bank wants to see the cardholder
	WaitNothing Wait = "nothing" // the schedule is used up
)

// Next decides what follows the last of attempts, which are all failed charges of one invoice in order of time and not
// empty. at is when the answer to the last one came. hour puts a retry at the policy's hour of a local day. used are
// earlier charges of the same card for other invoices, which count against the networks' limits.
func Next(p Dunning, attempts, used []Attempt, at time.Time, days func(first time.Time, n int) time.Time) Decision {
	p = p.or()
	last := attempts[len(attempts)-1]
	retry, counts := time.Time{}, true
	switch last.Kind {
	case payment.KindHard:
		return Decision{Wait: WaitCard, Counts: true}
	case payment.KindAction:
		return Decision{Wait: WaitShopper, Counts: true}
	// A technical failure says nothing about the card, so it is repeated soon and tells nobody.
	case payment.KindTechnical:
		if n := technicalRun(attempts); n <= p.TechnicalTries {
			retry, counts = at.Add(backOff(p.TechnicalMinutes, n)), false
		}
	}
	// Also when a technical retry is planned: the first decline decides the last day for it.
	n, first := counted(attempts, p.TechnicalTries)
	if retry.IsZero() {
		retry = nextMoneyDay(p.MoneyDays, n, first, at, days)
	}
	if retry.IsZero() {
		return Decision{Wait: WaitNothing, Counts: true}
	}
	// Earlier invoices of the same card count too: the networks count per card and merchant.
	retry, ok := allowedByNetwork(slices.Concat(used, attempts), last, retry)
	// A retry on or after the last day would come when the subscription has ended. Without one also a technical failure is
	// the subscriber's to mend: nothing else would bring the invoice to an end.
	if !ok || !retry.Before(days(first, p.CancelDays)) {
		return Decision{Wait: WaitNothing, Counts: true}
	}
	return Decision{Retry: retry, Counts: counts}
}

// backOff is the pause before the n-th repetition (from 1), doubling, a day at most.
func backOff(minutes, n int) time.Duration {
	return min(time.Duration(minutes)*time.Minute<<min(n-1, 16), 24*time.Hour)
}

// technicalRun is how many of the last attempts in a row were technical.
func technicalRun(attempts []Attempt) int {
	n := 0
	for _, a := range slices.Backward(attempts) {
		if a.Kind != payment.KindTechnical {
			break
		}
		n++
	}
	return n
}

// counted is how many failures used up a day of the schedule, and when the days began to run: a decline that is not
// technical, or the technical failure that used the tries up. Tries the subscriber asked for use none up. Before any
// the days run from the first failure.
func counted(attempts []Attempt, tries int) (n int, first time.Time) {
	run := 0
	for _, a := range attempts {
		run++
		if a.Kind != payment.KindTechnical {
			run = 0
		} else if run <= tries {
			continue
		}
		if first.IsZero() {
			first = a.At
		}
		if !a.ByHand {
			n++
		}
	}
	if first.IsZero() {
		first = attempts[0].At
	}
	return n, first
}

// nextMoneyDay is the day after the n-th failure of the schedule. A run that was late moves the next try to the day
// after it and loses none.
func nextMoneyDay(schedule []int, n int, first, at time.Time, days func(time.Time, int) time.Time) time.Time {
	// A technical failure that used up its tries is treated as the first decline.
	n = max(n, 1)
	if n > len(schedule) {
		return time.Time{}
	}
	if day := days(first, schedule[n-1]); day.After(at) {
		return day
	}
	return days(at, 1)
}

// window is a network's limit: at most Tries failed charges of one card within Span.
type window struct {
	tries int
	span  time.Duration
}

// month is the networks' window of 30 days, not a calendar month.
const month = 30 * 24 * time.Hour

// The networks' limits on charging a declined card again. Visa: 20 tries in 30 days (Visa Core Rules, 18 April 2026; 15
// before). Mastercard: 10 a day and 35 in 30 days for one amount (Transaction Processing Excellence;
// developers.tabapay.com/docs/excessive-retry-rules). Both count per card and merchant. Here every failed charge of the
// card counts, whatever its amount, so the count is never too low. A network that is not known gets the strictest of
// all.
var limits = map[string][]window{
	"visa":       {{20, month}},
	"mastercard": {{10, 24 * time.Hour}, {35, month}},
	"":           {{10, 24 * time.Hour}, {20, month}},
}

// limitsOf are the limits of a card brand, whatever its capitals.
func limitsOf(brand string) []window {
	if l, ok := limits[strings.ToLower(brand)]; ok {
		return l
	}
	return limits[""]
}

// allowedByNetwork returns the first time from retry on at which the card may be charged. ok is false when that is more
// than a month off.
func allowedByNetwork(all []Attempt, last Attempt, retry time.Time) (at time.Time, ok bool) {
	var same []time.Time
	for _, a := range all {
		if a.Card == last.Card {
			same = append(same, a.At)
		}
	}
	slices.SortFunc(same, time.Time.Compare)
	at = retry
	for _, w := range limitsOf(last.Brand) {
		if len(same) < w.tries {
			// Below the limit: the next attempt is allowed by this window.
			continue
		}
		// The try before which w.tries others lie must be out of the window when the next one is made.
		if free := same[len(same)-w.tries].Add(w.span); free.After(at) {
			at = free
		}
	}
	return at, at.Sub(retry) <= month
}
