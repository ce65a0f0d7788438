// Package promotion is the rules of promotions: what they are, when they run, which of them a basket gets, why a code
// does nothing, the guard against discounting too often, code batches, and the calendar of seasons. It is pure: no
// clock, no storage. What a promotion does to a basket it does through package pricing, so cart, checkout and preview
// agree.
//
// Amounts are minor units, percentages basis points (10,000 is all of it), moments UTC.
package promotion

import (
	"slices"
	"time"

	"dangol/shared/catalog"
)

// Kind is what a promotion does.
type Kind string

// The kinds.
const (
	Percentage   Kind = "percentage"    // Terms.BasisPoints off goods, or off the shipping
	FixedAmount  Kind = "fixed_amount"  // Terms.Amount off, per order or per unit
	FixedPrice   Kind = "fixed_price"   // every unit costs Terms.Amount
	BuyXGetY     Kind = "buy_x_get_y"   // buy some, get some; see BuyXGetYTerms
	FreeGift     Kind = "free_gift"     // lines at price 0 from an amount on; see GiftTier
	FreeShipping Kind = "free_shipping" // shipping is waived
	Tiered       Kind = "tiered"        // more off for more; see Tier
	SetPrice     Kind = "set_price"     // certain goods together for Terms.Amount; see SetPart
	OrderPrice   Kind = "order_price"   // the targeted goods together cost Terms.Amount
	Drop         Kind = "drop"          // limited edition: takes nothing off, says who may buy when, and how many
	SalePrice    Kind = "sale_price"    // sale that changes the shown price; see Set.DisplayPrice
)

// Kinds lists all kinds.
var Kinds = []Kind{Percentage, FixedAmount, FixedPrice, BuyXGetY, FreeGift, FreeShipping, Tiered, SetPrice, OrderPrice,
	Drop, SalePrice}

// Class is what a promotion takes from, and decides with which others it combines.
type Class string

// The classes.
const (
	Product  Class = "product"  // from single lines
	Order    Class = "order"    // from all targeted lines together
	Shipping Class = "shipping" // from the shipping
)

// State is where a promotion stands in its life.
type State string

// The states. Only draft and paused are anybody's decision; the others follow from the clock (see StateAt), so a
// schedule that fires late or twice changes no price.
const (
	Draft     State = "draft"
	Scheduled State = "scheduled"
	Live      State = "live"
	Paused    State = "paused"
	Ended     State = "ended"
)

// States lists all states.
var States = []State{Draft, Scheduled, Live, Paused, Ended}

// Amounts is an amount for each currency, in minor units.
type Amounts map[string]int64

// Promotion is one promotion with all its rules.
type Promotion struct {
	ID      string       `json:"id" dynamodbav:"id"`
	Version int          `json:"version" dynamodbav:"version"` // grows with each change by a merchant
	Name    catalog.Text `json:"name" dynamodbav:"name"`       // by language, shown to shoppers
	Kind    Kind         `json:"kind" dynamodbav:"kind"`
	State   State        `json:"state" dynamodbav:"state"`
	// Starts and Ends bound the promotion: Starts is in it, Ends is not. A zero Ends is open-ended.
	Starts   time.Time `json:"starts" dynamodbav:"starts"`
	Ends     time.Time `json:"ends,omitzero" dynamodbav:"ends,omitempty"`
	TimeZone string    `json:"timeZone" dynamodbav:"timeZone"` // IANA, in which the merchant planned it
	// Priority orders those that apply together, high ones first, and of combinations that cost the same names one. At the
	// same priority the smaller id goes first.
	Priority int `json:"priority" dynamodbav:"priority"`
	// Exclusive ones apply alone, and only where that costs the shopper no more than the others together.
	Exclusive    bool       `json:"exclusive,omitempty" dynamodbav:"exclusive,omitempty"`
	Class        Class      `json:"class" dynamodbav:"class"` // what it takes from
	CombinesWith []Class    `json:"combinesWith,omitempty" dynamodbav:"combinesWith,omitempty"`
	Targets      Targets    `json:"targets" dynamodbav:"targets"`
	Conditions   Conditions `json:"conditions,omitzero" dynamodbav:"conditions,omitempty"`
	// ExcludeSaleItems leaves out lines with a struck-through price, also when minimums are measured.
	ExcludeSaleItems bool `json:"excludeSaleItems,omitempty" dynamodbav:"excludeSaleItems,omitempty"`
	// MoveRefused takes from the other targeted goods what a floor refuses of a percentage, of an amount off each unit or
	// of a free unit. Without it a floor that excludes goods makes no others cheaper. An amount off the order and the
	// price of a set are promised as a whole: of them what a floor refuses always moves.
	MoveRefused bool    `json:"moveRefused,omitempty" dynamodbav:"moveRefused,omitempty"`
	MaxDiscount Amounts `json:"maxDiscount,omitempty" dynamodbav:"maxDiscount,omitempty"` // per order
	Budget      Budget  `json:"budget,omitzero" dynamodbav:"budget,omitempty"`
	// LimitPerCustomer is how many orders of one customer, over a lifetime, may use it (for a drop: how many units); 0 is
	// no limit. A guest is counted by their mail address; for a drop they have to log in.
	LimitPerCustomer int `json:"limitPerCustomer,omitempty" dynamodbav:"limitPerCustomer,omitempty"`
	// uses of one code; a batch has 1
	LimitPerCode int   `json:"limitPerCode,omitempty" dynamodbav:"limitPerCode,omitempty"`
	Codes        Codes `json:"codes,omitzero" dynamodbav:"codes,omitempty"`
	Terms        Terms `json:"terms" dynamodbav:"terms"`
	// Group names promotions that are one sale to the shopper (a season); the guard sees no gap or overlap among them.
	Group  string `json:"group,omitempty" dynamodbav:"group,omitempty"`
	Reason string `json:"reason,omitempty" dynamodbav:"reason,omitempty"` // why the merchant published it over the guard
	// Pauses are when it was paused since it was published, in order; the last has no end while it is. Of a sale price
	// they are part of the price history.
	Pauses []Pause `json:"pauses,omitempty" dynamodbav:"pauses,omitempty"`

	// always is true for a member's free shipping only; it is not stored.
	always bool // combines with everything, whatever the others say
}

// Targets chooses lines: all, or those that any of the lists names.
type Targets struct {
	All        bool     `json:"all,omitempty" dynamodbav:"all,omitempty"`
	Products   []string `json:"products,omitempty" dynamodbav:"products,omitempty"`
	Variants   []string `json:"variants,omitempty" dynamodbav:"variants,omitempty"`
	Categories []string `json:"categories,omitempty" dynamodbav:"categories,omitempty"`
	Tags       []string `json:"tags,omitempty" dynamodbav:"tags,omitempty"`
}

// Conditions say for whom and from which basket on. Minimums are measured on what the targeted lines still cost when
// the promotion's turn comes.
type Conditions struct {
	MinSubtotal Amounts `json:"minSubtotal,omitempty" dynamodbav:"minSubtotal,omitempty"`
	MinQuantity int     `json:"minQuantity,omitempty" dynamodbav:"minQuantity,omitempty"` // units that are not gifts
	// measure minimums on the whole basket
	Anywhere   bool     `json:"anywhere,omitempty" dynamodbav:"anywhere,omitempty"`
	Audience   Audience `json:"audience,omitempty" dynamodbav:"audience,omitempty" enum:"account,member" doc:"Whom it is for: account is whoever is logged in, member whoever has a membership in force. All when left out."`
	Plans      []string `json:"plans,omitempty" dynamodbav:"plans,omitempty" doc:"With the audience member: for members by one of these plans only."`
	FirstOrder bool     `json:"firstOrder,omitempty" dynamodbav:"firstOrder,omitempty"`
	Segments   []string `json:"segments,omitempty" dynamodbav:"segments,omitempty"`   // in any of them
	Customers  []string `json:"customers,omitempty" dynamodbav:"customers,omitempty"` // one of them
}

// Budget is what a promotion may cost in all. An order whose discount does not fit into what is left of Spend does not
// get it: what was announced is given whole or not at all. A currency that Spend does not name has no budget.
type Budget struct {
	Spend Amounts `json:"spend,omitempty" dynamodbav:"spend,omitempty"` // minor units by currency
	Uses  int     `json:"uses,omitempty" dynamodbav:"uses,omitempty"`   // orders; 0 is no limit
}

// none reports whether the promotion has no budget, and so nothing to count.
func (b Budget) none() bool { return len(b.Spend) == 0 && b.Uses == 0 }

// Codes is how shoppers come to a promotion: by themselves when both fields are empty, with one code that all know, or
// with one of a batch.
type Codes struct {
	Single string `json:"single,omitempty" dynamodbav:"single,omitempty"` // one code for all shoppers
	Batch  *Batch `json:"batch,omitempty" dynamodbav:"batch,omitempty"`   // single-use codes
}

// Automatic reports whether no code is needed.
func (c Codes) Automatic() bool { return c.Single == "" && c.Batch == nil }

// Runs reports whether t lies between start and end.
func (p *Promotion) Runs(t time.Time) bool {
	return !t.Before(p.Starts) && (p.Ends.IsZero() || t.Before(p.Ends))
}

// StateAt is the state at a moment. Draft and paused stay; the others are worked out from start and end, whatever is
// stored: to end a promotion early is to move its Ends.
func (p *Promotion) StateAt(t time.Time) State {
	switch {
	case p.State == Draft || p.State == Paused:
		return p.State
	case t.Before(p.Starts):
		return Scheduled
	case p.Runs(t):
		return Live
	}
	return Ended
}

// Begun reports whether the start of a published promotion has been at a moment, also where it is paused: shoppers may
// have seen it.
func (p *Promotion) Begun(t time.Time) bool { return p.State != Draft && !t.Before(p.Starts) }

// Over reports whether the end of a published promotion has been at a moment, also where it is paused.
func (p *Promotion) Over(t time.Time) bool {
	return p.State != Draft && !p.Ends.IsZero() && !t.Before(p.Ends)
}

// Live reports whether the promotion applies at a moment.
func (p *Promotion) Live(t time.Time) bool { return p.StateAt(t) == Live }

// Combines reports whether two promotions may both take from the same goods, which both sides have to allow.
func (p *Promotion) Combines(o *Promotion) bool {
	return p.always || o.always || slices.Contains(p.CombinesWith, o.Class) && slices.Contains(o.CombinesWith, p.Class)
}

// in is what the amounts say in a currency; ok is false when they say something, but not in that one.
func (a Amounts) in(currency string) (amount int64, ok bool) {
	amount, ok = a[currency]
	return amount, ok || len(a) == 0
}
