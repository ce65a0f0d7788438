// Package returnpolicy is the shop's return policy as data: windows, fees, exceptions and extras by country and kind of
// goods. It validates a policy against the consumer law of each country (package compliance), decides what applies to a
// line, and writes the policy as plain text. It is pure: no clock, no storage.
//
// A policy has versions. A version that is in force is never changed; an order keeps the version that was in force when
// it was placed.
package returnpolicy

import (
	"slices"
	"strings"
	"time"

	"dangol/shared/compliance"
)

// Policy is one version of the return policy.
type Policy struct {
	Version int `json:"version" doc:"Counts up from 1."`
	// From is when the version comes into force. Orders placed from then on are under it.
	From     time.Time `json:"from" doc:"When the version comes into force; orders placed from then on are under it."`
	Sections []Section `json:"sections" minItems:"1" maxItems:"40" doc:"By country; one of them names * for everywhere else."`
}

// Section is the policy for customers in some countries.
type Section struct {
	Countries []string `json:"countries" minItems:"1" maxItems:"60" doc:"ISO 3166 codes, EU for all its members, * for everywhere else." example:"[\"KR\"]"`
	// SendWithinDays is how long the customer has to send the goods after the return was approved; then it expires.
	SendWithinDays int    `json:"sendWithinDays" minimum:"7" maximum:"90" doc:"Days to send the goods after approval; then the return expires." example:"14"`
	Rules          []Rule `json:"rules" minItems:"1" maxItems:"50" doc:"The first that matches the goods applies; the last one matches all."`
}

// Rule is what applies to some goods.
type Rule struct {
	ID    string `json:"id" pattern:"^[a-z0-9_-]{1,40}$" doc:"Unique in the section." example:"standard"`
	Goods Goods  `json:"goods" doc:"Which goods it is for; all when every list is empty."`
	// WindowDays is how long after receipt goods may be returned for any reason.
	WindowDays int `json:"windowDays" minimum:"0" maximum:"365" doc:"Days after receipt to return for any reason." example:"14"`
	// FaultMonths is how long goods that are faulty or not as described may be returned.
	FaultMonths int `json:"faultMonths" minimum:"0" maximum:"120" doc:"Months after receipt to return what is faulty or not as described." example:"3"`
	// Condition is in what state goods come back, by language.
	Condition map[string]string `json:"condition,omitempty" doc:"In what state goods come back, by language (ko and en)."`
	// WayBack is what the customer pays for the way back when the reason is theirs, by currency; none is free. For faults
	// the shop pays.
	WayBack Amounts `json:"wayBack,omitempty" doc:"What the customer pays for the way back, in minor units by currency; free when left out. The shop pays for faults."`
	// OwnWay lets the customer send the goods back on their own, without a label of the shop and without its price.
	OwnWay bool `json:"ownWay,omitempty" doc:"Customers may send goods back by themselves and pay the carrier."`
	// Outbound is when the shipping to the customer goes back for returns without fault.
	Outbound Outbound `json:"outbound" enum:"never,whole_order" doc:"When the shipping to the customer is refunded for returns without fault."`
	// Restocking is what the shop keeps of a return without fault.
	Restocking Restocking `json:"restocking,omitzero"`
	// FinalSale excludes the goods from returns without fault, for this reason; empty is not excluded.
	FinalSale compliance.Exemption `json:"finalSale,omitempty" enum:"custom_made,perishable,unsealed_hygiene,unsealed_media,digital_content,reduced_price" doc:"Excludes the goods from returns without fault, for this reason."`
	Exchange  bool                 `json:"exchange,omitempty" doc:"Goods may be exchanged for another variant."`
	// CreditBonus is added when the customer takes store credit instead of money, in basis points of what of the refund
	// was paid in money.
	CreditBonus int `json:"creditBonus,omitempty" minimum:"0" maximum:"5000" doc:"Basis points added when the customer takes store credit, of what was paid in money." example:"500"`
	// CreditOnly refunds returns without fault as store credit.
	CreditOnly bool `json:"creditOnly,omitempty" doc:"Returns without fault are refunded as store credit."`
	// KeepBelow lets faulty goods worth less than this be refunded without coming back, by currency.
	KeepBelow Amounts `json:"keepBelow,omitempty" doc:"Faulty goods worth less than this are refunded without coming back, by currency."`
	// AutoApprove approves returns without fault within the window at once.
	AutoApprove bool `json:"autoApprove,omitempty" doc:"Returns without fault are approved at once."`
	// Gifts and Promotions say what happens to a gift or a discount that the kept goods no longer earn.
	Gifts      Kept `json:"gifts" enum:"keep,charge" doc:"What happens to a gift that the kept goods no longer earn."`
	Promotions Kept `json:"promotions" enum:"keep,charge" doc:"What happens to a discount that the kept goods no longer earn."`
}

// Amounts is an amount for each currency, in minor units.
type Amounts map[string]int64

// Goods chooses goods by product, category, tag, or kind; all of them when every list is empty.
type Goods struct {
	Products   []string `json:"products,omitempty" maxItems:"200"`
	Categories []string `json:"categories,omitempty" maxItems:"50"`
	Tags       []string `json:"tags,omitempty" maxItems:"50"`
	// Boxes chooses what a subscription sends.
	Boxes bool `json:"boxes,omitempty" doc:"What a subscription sends."`
}

// Restocking is a fee in basis points of what the units cost, from a day after receipt on.
type Restocking struct {
	BasisPoints int `json:"basisPoints,omitempty" minimum:"0" maximum:"10000"`
	FromDay     int `json:"fromDay,omitempty" minimum:"0" maximum:"365" doc:"Applies to returns asked for on this day after receipt or later."`
}

// Outbound is when the shipping to the customer goes back.
type Outbound string

// The choices. Returns with fault of the shop always refund it when nothing is kept.
const (
	OutboundNever Outbound = "never"
	OutboundWhole Outbound = "whole_order" // when the whole order comes back
)

// Kept is what happens to what is kept without being earned.
type Kept string

// The choices.
const (
	Keep   Kept = "keep"
	Charge Kept = "charge"
)

// Item is a line of an order, for choosing its rule.
type Item struct {
	ProductID        string
	Categories, Tags []string
	Box              bool // sent by a subscription
}

// All reports whether every good matches.
func (g Goods) All() bool {
	return len(g.Products)+len(g.Categories)+len(g.Tags) == 0 && !g.Boxes
}

// Match reports whether an item is chosen: by any of the lists.
func (g Goods) Match(i Item) bool {
	meet := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
	}
	return g.All() || slices.Contains(g.Products, i.ProductID) || meet(g.Categories, i.Categories) ||
		meet(g.Tags, i.Tags) ||
		g.Boxes && i.Box
}

// Section returns the section for a country: the one that names it, by code or as a member of the EU, else the one for
// everywhere.
func (p Policy) Section(country string) Section {
	country = strings.ToUpper(country)
	everywhere := Section{}
	for _, s := range p.Sections {
		for _, name := range s.Countries {
			if name == anywhere {
				everywhere = s
			} else if slices.Contains(compliance.Countries(name), country) {
				return s
			}
		}
	}
	return everywhere
}

// anywhere stands for every country that is not named.
const anywhere = "*"

// Rule returns the rule for an item: the first that matches. Validate makes sure that the last one
// matches everything.
func (s Section) Rule(i Item) Rule {
	for _, r := range s.Rules {
		if r.Goods.Match(i) {
			return r
		}
	}
	// A policy that was not validated: nothing is promised.
	return Rule{Outbound: OutboundNever, Gifts: Keep, Promotions: Keep}
}

// InForce returns the version in force at an instant: of those that have begun the one that began last, of equals the
// higher version. ok is false when none has begun.
func InForce(versions []Policy, at time.Time) (p Policy, ok bool) {
	for _, v := range versions {
		if !v.From.After(at) && (!ok || v.From.After(p.From) || v.From.Equal(p.From) && v.Version > p.Version) {
			p, ok = v, true
		}
	}
	return p, ok
}
