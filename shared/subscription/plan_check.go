package subscription

import (
	"fmt"
	"slices"

	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
)

// Limits of what a plan may say. They keep sums of ordinary plans far inside 64 bits and a parcel
// small enough to carry.
const (
	MaxQuantity  = 100
	maxPrice     = 1_000_000_000_000
	maxCycles    = 60
	maxTrialDays = 366
	maxItems     = 50
)

// fields collects everything that is wrong with an input, so that one answer names all of it.
type fields struct{ problem.Fields }

// Check returns a problem invalid_input that names every wrong field of the plan, else nil.
func (p *Plan) Check() error {
	var f fields
	f.Require(p.ID != "", "/id", "required", "an id")
	f.Require(p.Version >= 1, "/version", "too_small", "at least 1")
	f.Require(slices.Contains([]Kind{Membership, Box, Replenishment}, p.Kind), "/kind", "unknown",
		"membership, box or replenishment")
	f.Require(len(p.Name) > 0, "/name", "required", "a name in one language at least")
	f.interval(p.Interval)
	f.Require(len(p.Prices) > 0, "/prices", "required", "a price in one currency at least")
	f.amounts("/prices", p.Prices)
	f.amounts("/setupFees", p.SetupFees)
	for code := range p.SetupFees {
		_, ok := p.Prices[code]
		f.Require(ok, "/setupFees/"+code, "no_price", "the plan has no price in %s", code)
	}
	f.within("/tax/rateBp", p.Tax.RateBP, 0, 10_000)
	f.within("/trialDays", int64(p.TrialDays), 0, maxTrialDays)
	f.within("/minCycles", int64(p.MinCycles), 0, maxCycles)
	f.within("/prepaid", int64(p.Prepaid), 0, maxCycles)
	f.benefits(p)
	f.contents(p)
	f.policy(p.Policy)
	return f.Err()
}

// interval checks unit and count; the highest count depends on the unit.
func (f *fields) interval(i Interval) {
	top, ok := longest[i.Unit]
	f.Require(ok, "/interval/unit", "unknown", "day, week, month or year")
	if ok {
		f.within("/interval/count", int64(i.Count), 1, int64(top))
	}
}

// within adds a field when a number is outside a range, and says which side.
func (f *fields) within(pointer string, n, low, high int64) {
	f.Require(n >= low, pointer, "too_small", "at least %d", low)
	f.Require(n <= high, pointer, "too_large", "at most %d", high)
}

// amounts checks amounts by currency in a fixed order, so that the same input gives the same
// answer.
func (f *fields) amounts(pointer string, byCurrency map[string]int64) {
	for _, code := range sortedKeys(byCurrency) {
		_, err := money.Digits(code)
		f.Require(err == nil, pointer+"/"+code, "unknown_currency", "an ISO 4217 code")
		f.within(pointer+"/"+code, byCurrency[code], 0, maxPrice)
	}
}

// benefits checks the benefits, which only a membership may have.
func (f *fields) benefits(p *Plan) {
	f.Require(p.Kind == Membership || p.Benefits == Benefits{}, "/benefits", "not_for_this_kind",
		"only a membership has benefits")
	f.within("/benefits/percentOffBp", p.Benefits.PercentOffBP, 0, 10_000)
	f.Require(p.Benefits.PercentOffBP > 0 || !p.Benefits.ExcludeSaleItems, "/benefits/excludeSaleItems", "not_used",
		"only with percentOffBp")
	f.within("/benefits/earlyAccessHours", int64(p.Benefits.EarlyAccessHours), 0, 24*30)
	f.within("/benefits/pointsTimes", int64(p.Benefits.PointsTimes), 0, 100)
}

// contents checks what is sent: a replenishment has fixed contents, a box editions, a membership
// none.
func (f *fields) contents(p *Plan) {
	f.Require(p.Kind == Replenishment || len(p.Contents) == 0, "/contents", "not_for_this_kind",
		"only a replenishment has fixed contents")
	f.Require(p.Kind == Box || len(p.Editions) == 0, "/editions", "not_for_this_kind", "only a box has editions")
	f.Require(p.Kind != Box || len(p.Editions) > 0, "/editions", "required", "one edition at least")
	f.items("/contents", p.Contents)
	seen := map[civil.Date]bool{}
	for i, e := range p.Editions {
		at := fmt.Sprintf("/editions/%d", i)
		_, err := civil.ParseDate(string(e.From))
		f.Require(err == nil, at+"/from", "no_date", "a date, YYYY-MM-DD")
		f.Require(!seen[e.From], at+"/from", "duplicate", "another edition begins on this day")
		f.Require(len(e.Contents) > 0, at+"/contents", "required", "one item at least")
		f.items(at+"/contents", e.Contents)
		seen[e.From] = true
	}
}

// items checks the items of one parcel.
func (f *fields) items(pointer string, items []Item) {
	f.within(pointer, int64(len(items)), 0, maxItems)
	for i, it := range items {
		f.Require(it.VariantID != "", fmt.Sprintf("%s/%d/variantId", pointer, i), "required", "a variant")
		f.within(fmt.Sprintf("%s/%d/quantity", pointer, i), int64(it.Quantity), 1, MaxQuantity)
	}
}

// policy checks the plan's own decisions; zero means the default and is always allowed.
func (f *fields) policy(p Policy) {
	f.Require(slices.Contains([]Silence{"", KeepTerms, EndsAll}, p.Silence), "/policy/silence", "unknown", "keep or end")
	for i, d := range p.ConsentDays {
		at := fmt.Sprintf("/policy/askDays/%d", i)
		f.within(at, int64(d), 1, 30)
		f.Require(i == 0 || d < p.ConsentDays[i-1], at, "order", "fewer days than the one before it")
	}
	// The first request must leave the time that law and networks want.
	f.Require(len(p.ConsentDays) == 0 || p.ConsentDays[0] >= minAskDays, "/policy/askDays/0", "too_small", "at least %d",
		minAskDays)
	f.within("/policy/renewalDays", int64(p.RenewalDays), -1, 60)
	// Mails and retries by day: at night nobody would see them, and banks decline more.
	f.within("/policy/noticeHour", int64(p.NoticeHour), 0, 20)
	f.Require(p.NoticeHour == 0 || p.NoticeHour >= 8, "/policy/noticeHour", "too_small", "not before 8 in the morning")
	actions := []StockAction{"", StockWait, StockSubstitute, StockSkip, StockRefund}
	f.Require(slices.Contains(actions, p.Stock.Do), "/policy/stock/do", "unknown", "wait, substitute, skip or refund")
	f.Require(p.Stock.Do != StockSubstitute || len(p.Substitutes) > 0, "/policy/substitutes", "required",
		"what to send instead")
	f.within("/policy/stock/waitDays", int64(p.Stock.WaitDays), 0, 60)
	f.items("/policy/substitutes", p.Substitutes)
	f.offers(p.Offers)
	f.dunning(p.Dunning)
}

// dunning checks the follow-up of failed payments.
func (f *fields) dunning(d Dunning) {
	f.within("/policy/dunning/moneyDays", int64(len(d.MoneyDays)), 0, 8)
	last := 0
	for i, day := range d.MoneyDays {
		f.Require(day > last && day <= 60, fmt.Sprintf("/policy/dunning/moneyDays/%d", i), "order",
			"days after the first decline, rising, at most 60")
		last = day
	}
	f.within("/policy/dunning/technicalTries", int64(d.TechnicalTries), 0, 12)
	f.within("/policy/dunning/technicalMinutes", int64(d.TechnicalMinutes), 0, 60)
	f.within("/policy/dunning/suspendDays", int64(d.SuspendDays), 0, 90)
	f.within("/policy/dunning/cancelDays", int64(d.CancelDays), 0, 120)
	// Compared with the defaults filled in: a plan may set only one of the two.
	filled := d.or()
	f.Require(filled.CancelDays > filled.SuspendDays, "/policy/dunning/cancelDays", "order", "more than suspendDays")
}

// sortedKeys puts the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// refuse is a conflict: the state of the subscription or the plan does not allow it.
func refuse(code, format string, args ...any) error { return problem.Conflict(code, format, args...) }

// wrongQuantity is the problem of a quantity outside the limits.
func wrongQuantity() error {
	return problem.InvalidField("/quantity", "out_of_range", "between 1 and %d", MaxQuantity)
}
