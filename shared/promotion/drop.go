package promotion

import (
	"slices"
	"time"

	"dangol/shared/membership"
	"dangol/shared/pricing"
)

// opens is when a drop opens to the shopper: to a member so much earlier as their plan says, but not before
// MembersFrom.
func (p *Promotion) opens(m membership.Member) time.Time {
	// The merchant may open the drop to everybody, members included, at the same moment.
	if p.Terms.AllAtOnce {
		return p.Starts
	}
	early := p.Starts.Add(-m.EarlyAccess())
	if from := p.Terms.MembersFrom; from.Before(p.Starts) && early.Before(from) {
		return from
	}
	return early
}

// held finds the lines of limited editions that this shopper cannot buy. Units of one drop in several lines count
// together.
func (a *application) held() (held []Restriction) {
	for i, p := range a.s.promotions {
		if p.Kind != Drop || len(a.targeted[i]) == 0 {
			continue
		}
		h := Restriction{PromotionID: p.ID}
		if h.Reason = a.shut(p); h.Reason == NotStarted {
			h.Opens = p.opens(a.f.Member)
		}
		if h.Reason == "" {
			h.Reason, h.Limit, h.Left = a.within(p, a.targeted[i])
		}
		if h.Reason == "" {
			continue
		}
		for _, n := range a.targeted[i] {
			h.LineID = a.lines[n].ID
			held = append(held, h)
		}
	}
	return held
}

// shut is why nobody, or not this shopper, can buy from the drop now; empty when
// they can. Ended comes before the audience: what is over is over for members too.
func (a *application) shut(p *Promotion) Reason {
	at, c := a.b.At, &p.Conditions
	switch {
	case p.State == Paused:
		return IsPaused
	case !p.Ends.IsZero() && !at.Before(p.Ends):
		return HasEnded
	case c.Audience == Members && !a.f.Member.HasPlan(c.Plans...):
		return MembersOnly
	// After the audience: a shopper who is no member is told
	// so, and not a time at which they still could not buy.
	case at.Before(p.opens(a.f.Member)):
		return NotStarted
	// A limit per customer can only be kept for a customer who is known.
	case (p.LimitPerCustomer > 0 || c.Audience == Accounts) && a.b.CustomerID == "":
		return LoginRequired
	case len(c.Customers) > 0 && !slices.Contains(c.Customers, a.b.CustomerID),
		len(c.Segments) > 0 && !meet(c.Segments, a.f.Segments):
		return NotEligible
	}
	return ""
}

// within checks the limit per customer for the lines of a drop together.
// left is what the customer may still buy, for the text of the problem.
func (a *application) within(p *Promotion, lines []int) (r Reason, limit, left int) {
	if p.LimitPerCustomer == 0 {
		return "", 0, 0
	}
	left = max(p.LimitPerCustomer-a.f.Used[p.ID].Customer, 0)
	wanted := 0
	for _, n := range lines {
		wanted += a.lines[n].Quantity
	}
	if wanted > left {
		return LimitReached, p.LimitPerCustomer, left
	}
	return "", p.LimitPerCustomer, left
}

// DropPurchase is what lines have of one drop.
type DropPurchase struct {
	Units    int
	Variants []string // in order, each once
}

// DropPurchases is what the lines have of each drop, by promotion id: what the checkout counts for LimitPerCustomer.
func (s *Set) DropPurchases(lines []pricing.Line) map[string]DropPurchase {
	bought, sorted := map[string]DropPurchase{}, inOrder(lines)
	wanted := make([]bool, len(s.promotions))
	for i, p := range s.promotions {
		wanted[i] = p.Kind == Drop && p.State != Draft
	}
	for i, found := range s.targeted(sorted, wanted) {
		var d DropPurchase
		for _, n := range found {
			d.Units += sorted[n].Quantity
			d.Variants = append(d.Variants, sorted[n].VariantID)
		}
		if len(found) > 0 {
			slices.Sort(d.Variants)
			d.Variants = slices.Compact(d.Variants)
			bought[s.promotions[i].ID] = d
		}
	}
	return bought
}
