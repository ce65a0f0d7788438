package promotion

import (
	"time"

	"dangol/shared/membership"
	"dangol/shared/pricing"
)

// Facts is what is known about the shopper and about uses so far. Floors and struck-through prices ride on the lines.
type Facts struct {
	Member membership.Member // at the moment of the basket
	First  bool              // has never ordered
	// Identified says of a guest that their mail address is known, so that what they have used could be counted.
	Identified bool
	Segments   []string        // of the customer
	Used       map[string]Used // by promotion id
	CodeUses   map[string]int  // by code as NormalizeCode makes it
	// Chosen is which gifts the shopper chose, by promotion id, and Gone the variants that cannot be given.
	Chosen map[string][]string
	Gone   map[string]bool
	// GiftValues is what the variants that may be given are worth in the basket's currency: see Set.GiftVariants. A gift
	// that is not in it is worth nothing next to money, and more than nothing.
	GiftValues map[string]int64
	Languages  []string // of the names, best first
}

// Used is what a promotion has cost so far.
type Used struct {
	Spend    Amounts // by all
	Uses     int     // orders of all
	Customer int     // orders of this customer; of a drop: units
}

// Reason says why a code, or a promotion, does nothing. Stable, machine-readable.
type Reason string

// The reasons.
const (
	Unknown         Reason = "unknown"          // no promotion has this code
	NotStarted      Reason = "not_started"      // its promotion has not begun
	HasEnded        Reason = "ended"            // its promotion is over
	IsPaused        Reason = "paused"           // its promotion has been stopped for a while
	BudgetExhausted Reason = "budget_exhausted" // the discount does not fit into what is left
	LimitReached    Reason = "limit_reached"    // this customer has used it as often as they may
	UsedUp          Reason = "used_up"          // all together have used the code as often as they may
	UsedCode        Reason = "used_code"        // a single-use code that has been used
	MembersOnly     Reason = "members_only"     // no membership in force, or not one of the plans
	// for accounts, first orders or certain customers, and who this is is not known
	LoginRequired  Reason = "login_required"
	EmailRequired  Reason = "email_required"   // limited per customer, and a guest is counted by their mail address
	FirstOrderOnly Reason = "first_order_only" // this customer has ordered before
	NotEligible    Reason = "not_eligible"     // for a segment or certain customers only
	NotForShipping Reason = "not_for_shipping" // not with this shipping method or to this country
	NotInCurrency  Reason = "not_in_currency"  // has no amount in the basket's currency
	MinimumNotMet  Reason = "minimum_not_met"  // see MissingAmount and MissingUnits
	NotCombinable  Reason = "not_combinable"   // another code of the same promotion is used
	// it does not combine with others that make the basket cheaper; see Instead
	BetterOffer       Reason = "better_offer"
	WouldCostMore     Reason = "would_cost_more"     // with it the basket would be dearer, for example by the shipping
	NothingMore       Reason = "nothing_more"        // with it the basket would cost the same
	NoMatchingItems   Reason = "no_matching_items"   // nothing in the basket is what it is for
	NothingToDiscount Reason = "nothing_to_discount" // what it is for costs nothing, or can become no cheaper
)

// Reasons lists all reasons.
var Reasons = []Reason{
	Unknown, NotStarted, HasEnded, IsPaused, BudgetExhausted, LimitReached, UsedUp, UsedCode, MembersOnly, LoginRequired,
	EmailRequired,
	FirstOrderOnly, NotEligible, NotForShipping, NotInCurrency, MinimumNotMet, NotCombinable, BetterOffer, WouldCostMore,
	NothingMore,
	NoMatchingItems, NothingToDiscount,
}

// Outcome is what promotions do to a basket.
type Outcome struct {
	// Offers give Totals through pricing.Price, for the same basket and shop, also with the gifts as lines in it.
	Offers       []pricing.Offer
	Totals       pricing.Totals
	Applied      []Applied // those that give something, in the order of their turns
	Gifts        []Gift
	Choices      []GiftChoice // gifts that the shopper may choose
	Refused      []Refused
	Missing      []Hint // what is missing for more, the smallest step first
	Restrictions []Restriction
}

// Applied is one use of a promotion: what the checkout has to count.
type Applied struct {
	PromotionID string `json:"promotionId"`
	Version     int    `json:"version"`         // of the promotion when it was applied
	Code        string `json:"code,omitempty"`  // as NormalizeCode makes it
	Amount      int64  `json:"amount"`          // taken off goods and shipping
	Gifts       int    `json:"gifts,omitempty"` // units given
	// MinAmount and MinUnits are the condition that the goods met, for returns: what they had to cost, and how many.
	MinAmount int64 `json:"minAmount,omitempty"`
	MinUnits  int   `json:"minUnits,omitempty"`
}

// Gift is one unit that is given: a line of unit price 0.
type Gift struct {
	PromotionID string `json:"promotionId"`
	VariantID   string `json:"variantId"`
}

// GiftChoice is a gift the shopper may still choose.
type GiftChoice struct {
	PromotionID string   `json:"promotionId"`
	Variants    []string `json:"variants"` // those that can be given
	Choose      int      `json:"choose"`   // how many of them in all
	Left        int      `json:"left"`     // how many are not chosen yet
}

// Refused is a code that does nothing, and why.
type Refused struct {
	Code          string // as the shopper wrote it
	PromotionID   string
	Reason        Reason
	MissingAmount int64 // with minimum_not_met: minor units
	MissingUnits  int
	Opens         time.Time // with not_started
	Instead       []string  // with better_offer: the promotions that apply and do not combine with it
}

// Hint is how far the basket is from more: "5,000 more for free shipping". The smallest step comes first.
type Hint struct {
	PromotionID string   `json:"promotionId,omitempty"` // empty: the shop's own free shipping
	Name        string   `json:"name,omitempty"`
	Kind        Kind     `json:"kind"`
	Amount      int64    `json:"amount,omitempty"` // minor units that are missing
	Units       int      `json:"units,omitempty"`  // units that are missing
	Gifts       []string `json:"gifts,omitempty"`  // what the next tier gives
}

// Restriction is a line of a limited edition that this shopper cannot buy, at all or so many.
type Restriction struct {
	LineID      string
	PromotionID string
	Reason      Reason    // not_started, members_only, login_required, ended, paused or limit_reached
	Opens       time.Time // for this shopper, with not_started
	Limit, Left int       // units, with limit_reached
}
