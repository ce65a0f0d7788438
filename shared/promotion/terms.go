package promotion

import (
	"slices"
	"time"

	"dangol/shared/pricing"
)

// Terms is what a promotion gives. Which fields count depends on the kind; Validate refuses the others.
type Terms struct {
	// BasisPoints is what comes off. Kinds percentage and sale_price.
	BasisPoints int `json:"basisPoints,omitempty" dynamodbav:"basisPoints,omitempty"`
	// Amount is what comes off (fixed_amount) or what is paid (fixed_price: per unit, set_price: per set, order_price: for
	// the targeted goods together, sale_price: per unit).
	Amount Amounts `json:"amount,omitempty" dynamodbav:"amount,omitempty"`
	// PerUnit takes a fixed_amount off every unit, not once off the order.
	PerUnit bool `json:"perUnit,omitempty" dynamodbav:"perUnit,omitempty"`
	// MaxUnits is how many units of each line get it at most, the dearest first; 0 is all. Class product.
	MaxUnits int            `json:"maxUnits,omitempty" dynamodbav:"maxUnits,omitempty" doc:"Of each line, how many units get it at most, the most expensive first; 0 is all. For a percentage, an amount off each unit or a fixed price, of class product."`
	BuyXGetY *BuyXGetYTerms `json:"buyXGetY,omitempty" dynamodbav:"buyXGetY,omitempty"`
	Gifts    []GiftTier     `json:"gifts,omitempty" dynamodbav:"gifts,omitempty"`
	Tiers    []Tier         `json:"tiers,omitempty" dynamodbav:"tiers,omitempty"`
	Parts    []SetPart      `json:"parts,omitempty" dynamodbav:"parts,omitempty"`
	// Shipping narrows what is off the shipping; nil is every method everywhere.
	Shipping *ShippingTerms `json:"shipping,omitempty" dynamodbav:"shipping,omitempty"`
	// A drop opens to members by the hours of their plan before it opens to all at Starts. MembersFrom is the earliest for
	// any of them, zero for no bound; AllAtOnce lets nobody in early.
	MembersFrom time.Time `json:"membersFrom,omitzero" dynamodbav:"membersFrom,omitempty" doc:"Of a drop: no member comes in before, whatever their plan says."`
	AllAtOnce   bool      `json:"allAtOnce,omitempty" dynamodbav:"allAtOnce,omitempty" doc:"Of a drop: opens to members when it opens to all."`
}

// BuyXGetYTerms is "buy Buy, get Get". A unit counts once, as bought or as got. Units are divided into groups so that
// most comes off, and of each group the cheapest are got, as they cost when the promotion's turn comes; of equal ones
// the first of the line with the smallest id. So a further unit never costs more than its price. What can only be got
// is, the dearest first. Units that cost nothing (gifts, or free by another promotion) do not count.
type BuyXGetYTerms struct {
	Buy int `json:"buy" dynamodbav:"buy"` // units bought in each group
	Get int `json:"get" dynamodbav:"get"` // units given in each group
	// BasisPoints or Amount is what comes off each unit that is got; 10,000 basis points make it free.
	BasisPoints int     `json:"basisPoints,omitempty" dynamodbav:"basisPoints,omitempty"`
	Amount      Amounts `json:"amount,omitempty" dynamodbav:"amount,omitempty"`
	ApplyTo     ApplyTo `json:"applyTo,omitempty" dynamodbav:"applyTo,omitempty" enum:"cheapest,most_expensive" doc:"Which units of each group are got: cheapest when left out."`
	// what can be got; nil is the promotion's targets
	From  *Targets `json:"from,omitempty" dynamodbav:"from,omitempty"`
	Times int      `json:"times,omitempty" dynamodbav:"times,omitempty"` // at most per order, 0 is no limit
}

// ApplyTo is which units of a group are got.
type ApplyTo string

// Which units of a group are got.
const (
	Cheapest ApplyTo = "cheapest" // also when left out
	Dearest  ApplyTo = "most_expensive"
)

// GiftTier is what one gets from an amount on. Only the highest tier that is reached gives, so a tier names all its
// gifts: A from 50,000, A and B from 100,000.
type GiftTier struct {
	From     Amounts  `json:"from" dynamodbav:"from"`         // what the targeted lines still cost
	Variants []string `json:"variants" dynamodbav:"variants"` // one unit of each
	// so many of them, at the shopper's choice; 0 is all
	Choose int `json:"choose,omitempty" dynamodbav:"choose,omitempty"`
}

// Tier gives BasisPoints or Amount off from a quantity or an amount on. The highest tier that is reached counts, alone.
type Tier struct {
	FromQuantity int     `json:"fromQuantity,omitempty" dynamodbav:"fromQuantity,omitempty"` // units; 0 where From decides
	From         Amounts `json:"from,omitempty" dynamodbav:"from,omitempty"`
	BasisPoints  int     `json:"basisPoints,omitempty" dynamodbav:"basisPoints,omitempty"`
	Amount       Amounts `json:"amount,omitempty" dynamodbav:"amount,omitempty"`
}

// SetPart is a part of a set: Quantity units of any of the Variants. No variant is in two parts. Of several that fit
// the dearest are taken into the set, and only as many sets as save something, which is best for the shopper.
type SetPart struct {
	Variants []string `json:"variants" dynamodbav:"variants"`
	Quantity int      `json:"quantity" dynamodbav:"quantity"`
}

// ShippingTerms names the shipping methods and countries; an empty list is all.
type ShippingTerms struct {
	Methods   []string `json:"methods,omitempty" dynamodbav:"methods,omitempty"`
	Countries []string `json:"countries,omitempty" dynamodbav:"countries,omitempty"`
}

// covers reports whether the shipping of the basket is among those that the terms
// name. A basket without a chosen method or country is covered only by empty lists.
func (s *ShippingTerms) covers(b *pricing.Basket) bool {
	return s == nil || (len(s.Methods) == 0 || slices.Contains(s.Methods, b.Method)) &&
		(len(s.Countries) == 0 || slices.Contains(s.Countries, b.Country))
}

// Empty reports whether nothing is chosen.
func (t Targets) Empty() bool {
	return !t.All && len(t.Products)+len(t.Variants)+len(t.Categories)+len(t.Tags) == 0
}

// Match reports whether a line is chosen.
func (t Targets) Match(l pricing.Line) bool {
	return t.All || slices.Contains(t.Products, l.ProductID) || slices.Contains(t.Variants, l.VariantID) ||
		meet(t.Categories, l.Categories) || meet(t.Tags, l.Tags)
}

// meet reports whether two lists have an element in common.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// targets is what the promotion looks at: its Targets, or the parts of its set.
func (p *Promotion) targets() Targets {
	if p.Kind != SetPrice {
		return p.Targets
	}
	var t Targets
	for _, part := range p.Terms.Parts {
		t.Variants = append(t.Variants, part.Variants...)
	}
	return t
}

// onSale reports whether the line has a struck-through price.
func onSale(l *pricing.Line) bool { return l.CompareAt > l.Unit }
