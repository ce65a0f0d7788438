package subscription

import (
	"slices"
	"time"

	"dangol/shared/membership"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
)

// Kind is what a plan sells.
type Kind string

// The kinds. A membership sells days and is prorated by them; the other two send goods each cycle and are not.
const (
	Membership    Kind = "membership"
	Box           Kind = "box"
	Replenishment Kind = "replenishment"
)

// Plan is one version of what can be subscribed to. A subscriber keeps the terms of the version they agreed to; a later
// version reaches them by the command Propose, with their consent when it is dearer.
type Plan struct {
	ID       string            `json:"id"`
	Version  int               `json:"version"`
	Kind     Kind              `json:"kind" enum:"membership,box,replenishment"`
	Name     map[string]string `json:"name" doc:"By language tag."`
	Interval Interval          `json:"interval"`
	// Prices and SetupFees are minor units by currency, for one unit and one cycle.
	Prices    map[string]int64 `json:"prices"`
	SetupFees map[string]int64 `json:"setupFees,omitempty"`
	Tax       Tax              `json:"tax"`
	TrialDays int              `json:"trialDays,omitempty"`
	MinCycles int              `json:"minCycles,omitempty" doc:"Paid cycles before a cancellation takes effect."`
	Prepaid   int              `json:"prepaid,omitempty" doc:"Cycles paid at once; 0 and 1 mean each on its own."`
	Several   bool             `json:"several,omitempty" doc:"A customer may have it more than once at a time."`
	Benefits  Benefits         `json:"benefits"`
	Contents  []Item           `json:"contents,omitempty" doc:"What a replenishment sends."`
	Editions  []Edition        `json:"editions,omitempty" doc:"What a box holds, by the day its cycle opens."`
	Policy    Policy           `json:"policy"`
}

// Tax says how the prices of a plan relate to tax.
type Tax struct {
	RateBP   int64 `json:"rateBp" doc:"Basis points: 1000 is 10 %."`
	Included bool  `json:"included" doc:"The prices contain the tax."`
}

// gross is a price with its tax. Amounts inside a subscription always contain it.
func (t Tax) gross(price int64) int64 {
	if t.Included {
		return price
	}
	return price + money.TaxOnTop(price, t.RateBP)
}

// Benefits is what a membership gives while it is in force; carts and this package share the type.
type Benefits = membership.Benefits

// Item is a variant and how many units of it each parcel has.
type Item struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
}

// Edition is what a box holds from a date on, until the next edition. Its goods have their own stock.
type Edition struct {
	Name     string     `json:"name"`
	From     civil.Date `json:"from"`
	Contents []Item     `json:"contents"`
}

// EditionOn returns the edition of a box whose cycle opens on d: the latest that has begun. ok is false when none has.
func (p *Plan) EditionOn(d civil.Date) (e Edition, ok bool) {
	for _, candidate := range p.Editions {
		// The editions are in no particular order.
		if candidate.From <= d && (!ok || candidate.From > e.From) {
			e, ok = candidate, true
		}
	}
	return e, ok
}

// Policy is what a plan decides for itself. Zero fields take the defaults of Policy.or.
type Policy struct {
	// Silence is what happens to a subscriber who has not consented to a dearer price when it would begin.
	Silence Silence `json:"silence,omitempty" enum:"keep,end"`
	// AlwaysAsk asks for consent also where the law does not.
	AlwaysAskConsent bool `json:"alwaysAsk,omitempty"`
	// AskDays are the days before the change on which consent is asked for: the first is the request, the others are
	// reminders to those who have answered neither yes nor no.
	ConsentDays []int `json:"askDays,omitempty"`
	// RenewalDays is how long before a renewal its notice goes out where the law sets no time; -1 is never.
	RenewalDays int         `json:"renewalDays,omitempty"`
	Dunning     Dunning     `json:"dunning"`
	Stock       StockPolicy `json:"stock"`
	Substitutes []Item      `json:"substitutes,omitempty" doc:"Sent instead when a cycle's goods are out."`
	Offers      []Offer     `json:"offers,omitempty" doc:"Made to those who have canceled."`
	NoticeHour  int         `json:"noticeHour,omitempty" doc:"Local hour of notices and money retries."`
}

// Silence says what no answer to a price rise means.
type Silence string

// KeepTerms goes on at the old price, EndsAll ends the subscription at the end of the period.
const (
	KeepTerms Silence = "keep"
	EndsAll   Silence = "end"
)

// StockPolicy is what to do with a cycle whose goods are out of stock.
type StockPolicy struct {
	Do StockAction `json:"do,omitempty" enum:"wait,substitute,skip,refund"`
	// WaitDays bounds StockWait; then the cycle is skipped.
	WaitDays int `json:"waitDays,omitempty"`
}

// StockAction is one way to deal with a cycle that cannot be sent.
type StockAction string

// The actions. StockWait looks again each day; StockSubstitute sends the plan's substitutes; StockSkip leaves the cycle
// out (a prepaid one moves to the end); StockRefund gives the money of a prepaid cycle back. A cycle that is not paid
// yet is never charged.
const (
	StockWait       StockAction = "wait"
	StockSubstitute StockAction = "substitute"
	StockSkip       StockAction = "skip"
	StockRefund     StockAction = "refund"
)

// or fills zero fields with the defaults. Stored terms have them filled in, so that a later default
// does not change what somebody has agreed to.
func (p Policy) or() Policy {
	if p.Silence == "" {
		p.Silence = KeepTerms
	}
	if len(p.ConsentDays) == 0 {
		// A request with two reminders; the first leaves more than the seven days that are
		// required.
		p.ConsentDays = []int{14, 7, 2}
	}
	if p.RenewalDays == 0 {
		p.RenewalDays = 3
	}
	if p.Stock.Do == "" {
		// Waiting is the mildest: nobody loses a cycle because a delivery was a day late.
		p.Stock.Do = StockWait
	}
	if p.Stock.WaitDays == 0 {
		p.Stock.WaitDays = 7
	}
	if p.NoticeHour == 0 {
		p.NoticeHour = 10
	}
	p.Dunning = p.Dunning.or()
	return p
}

// Terms is what one subscriber has agreed to: a copy of a plan version for one currency, so that the plan may change
// without them.
type Terms struct {
	PlanID    string   `json:"planId"`
	Version   int      `json:"version"`
	Kind      Kind     `json:"kind"`
	Interval  Interval `json:"interval"`
	Currency  string   `json:"currency"`
	Price     int64    `json:"price" doc:"For one unit and one cycle, with tax."`
	SetupFee  int64    `json:"setupFee,omitempty" doc:"With tax."`
	TaxBP     int64    `json:"taxBp" doc:"Rate of the tax in the amounts, basis points."`
	Quantity  int      `json:"quantity"`
	Contents  []Item   `json:"contents,omitempty" doc:"Empty for a box: the edition of its cycle."`
	Prepaid   int      `json:"prepaid"`
	MinCycles int      `json:"minCycles,omitempty"`
	TrialDays int      `json:"trialDays,omitempty"`
	Benefits  Benefits `json:"benefits"`
	Policy    Policy   `json:"policy"`
}

// Terms returns what a subscriber of quantity units agrees to. Errors: problem plan_currency when the plan has no price
// in the currency, invalid_input for the quantity.
func (p *Plan) Terms(currency string, quantity int) (Terms, error) {
	price, ok := p.Prices[currency]
	if !ok {
		return Terms{}, refuse("plan_currency", "This plan has no price in %s.", currency)
	}
	if quantity < 1 || quantity > MaxQuantity {
		return Terms{}, wrongQuantity()
	}
	return Terms{
		PlanID: p.ID, Version: p.Version, Kind: p.Kind, Interval: p.Interval, Currency: currency,
		Price: p.Tax.gross(price), SetupFee: p.Tax.gross(p.SetupFees[currency]), TaxBP: p.Tax.RateBP,
		// Cloned, so that an edit of the plan in memory does not reach the terms.
		Quantity: quantity, Contents: slices.Clone(p.Contents), Prepaid: max(p.Prepaid, 1), MinCycles: p.MinCycles,
		TrialDays: p.TrialDays, Benefits: p.Benefits, Policy: p.Policy.or(),
	}, nil
}

// Cycle is the price of one cycle.
func (t Terms) Cycle() int64 { return t.Price * int64(t.Quantity) }

// Payment is what is paid at once: the price of the prepaid cycles.
func (t Terms) Payment() int64 { return t.Cycle() * int64(t.Prepaid) }

// PerMonth is the price per month of average length, for MRR.
func (t Terms) PerMonth() int64 { return perMonth(t.Cycle(), t.Interval) }

// averageDays is how many days of average length one payment covers.
func (t Terms) averageDays() int {
	days := t.Interval.days()
	if m := t.Interval.months(); m > 0 {
		days = m * cycleDays / cycleMonths
	}
	return days * t.Prepaid
}

// Money is an amount in the currency of the terms.
func (t Terms) Money(amount int64) money.Money { return money.Of(amount, t.Currency) }

// delivers reports whether each cycle sends a parcel.
func (t Terms) delivers() bool { return t.Kind != Membership }

// hour is the policy's hour of a day in a zone, for notices and retries.
func (t Terms) hour(d civil.Date, z *time.Location) time.Time { return d.At(t.Policy.NoticeHour*60, z) }
