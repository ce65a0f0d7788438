package promotion

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormalizeCode is a code as it is compared: in Unicode's compatibility form (NFKC: full-width letters are letters,
// Hangul typed letter by letter is Hangul), in capitals, without spaces, dashes and what cannot be seen, so that what
// is read out, pasted or typed from paper is found.
func NormalizeCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		// Dashes of any kind, invisible format characters and the minus
		// sign, which keyboards and word processors put for a dash.
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) || r == '\u2212' {
			return -1
		}
		return r
	}, norm.NFKC.String(code)))
}

// claim is one code of the basket and the promotion it belongs to.
type claim struct {
	code, folded string // as entered, and as NormalizeCode makes it
	promotion    int    // in the set, -1 for none
	reason       Reason // why it brings nothing in, whatever is in the basket
}

// claims finds the promotions of codes, in the order of the folded codes. The same code twice counts once.
func (s *Set) claims(codes []string, at time.Time) []claim {
	found := make([]claim, 0, len(codes))
	for _, code := range codes {
		folded := NormalizeCode(code)
		if !slices.ContainsFunc(found, func(c claim) bool { return c.folded == folded }) {
			found = append(found, claim{code: code, folded: folded, promotion: s.owner(folded, at)})
		}
	}
	slices.SortFunc(found, func(x, y claim) int { return cmp.Compare(x.folded, y.folded) })
	return found
}

// enters reports whether the promotion can have a turn, and with which code. Of several codes of one promotion the
// first that is good counts.
func (a *application) enters(i int, p *Promotion) (code string, ok bool) {
	if p.Codes.Automatic() {
		return "", a.gate(p, "") == ""
	}
	for n := range a.claims {
		c := &a.claims[n]
		if c.promotion != i {
			continue
		}
		// The same promotion has been brought in by an earlier
		// code; its second code would be used up for nothing.
		if c.reason = a.gate(p, c.folded); c.reason == "" && ok {
			c.reason = NotCombinable
		} else if c.reason == "" {
			code, ok = c.folded, true
		}
	}
	return code, ok
}

// owner is the promotion of a folded code, -1 for none. Where several have
// it, one that is live goes first, then one that is to come, a paused and an
// ended one; then the order of their turns decides. Drafts have no codes yet.
func (s *Set) owner(folded string, at time.Time) int {
	best, rank := -1, len(ranks)
	look := func(i int) {
		if r := slices.Index(ranks, s.promotions[i].StateAt(at)); r >= 0 && (r < rank || r == rank && i < best) {
			best, rank = i, r
		}
	}
	for _, i := range s.singles[folded] {
		look(i)
	}
	// A code of a batch has a fixed length after its prefix,
	// so the prefix is found by cutting from the end.
	if cut := len(folded) - codeSymbols; cut >= 0 {
		for _, i := range s.prefixes[folded[:cut]] {
			if _, ok := s.promotions[i].Codes.Batch.Index(folded); ok {
				look(i)
			}
		}
	}
	return best
}

// ranks is the order of states in which owners of one code are preferred; a draft is not in it.
var ranks = []State{Live, Scheduled, Paused, Ended}

// gate is why the promotion cannot apply to the basket whatever is in it; empty when it can.
func (a *application) gate(p *Promotion, folded string) Reason {
	switch p.StateAt(a.b.At) {
	case Draft:
		return Unknown
	case Scheduled:
		return NotStarted
	case Paused:
		return IsPaused
	case Ended:
		return HasEnded
	}
	// A code of a batch is for one use, also where the promotion names no limit.
	if uses := a.f.CodeUses[folded]; p.Codes.Batch != nil && uses >= max(p.LimitPerCode, 1) {
		return UsedCode
	} else if p.Codes.Single != "" && p.LimitPerCode > 0 && uses >= p.LimitPerCode {
		return UsedUp
	}
	if r := a.forWhom(p); r != "" {
		return r
	}
	return a.affords(p)
}

// forWhom is why the shopper, as far as they are known, is not among those
// the promotion is for; empty when they are. The order puts first what the
// shopper can change: becoming a member, logging in, giving an address.
func (a *application) forWhom(p *Promotion) Reason {
	c := &p.Conditions
	switch {
	case c.Audience == Members && !a.f.Member.HasPlan(c.Plans...):
		return MembersOnly
	case a.b.CustomerID == "" && (c.Audience == Accounts || c.FirstOrder || len(c.Segments)+len(c.Customers) > 0):
		return LoginRequired
	// A guest is counted by their mail address, so without one the limit could not be kept.
	case p.LimitPerCustomer > 0 && a.b.CustomerID == "" && !a.f.Identified:
		return EmailRequired
	case c.FirstOrder && !a.f.First:
		return FirstOrderOnly
	case len(c.Segments) > 0 && !meet(c.Segments, a.f.Segments),
		len(c.Customers) > 0 && !slices.Contains(c.Customers, a.b.CustomerID):
		return NotEligible
	case !p.Terms.Shipping.covers(&a.b):
		return NotForShipping
	case p.LimitPerCustomer > 0 && a.f.Used[p.ID].Customer >= p.LimitPerCustomer:
		return LimitReached
	}
	return ""
}

// affords is why the promotion has nothing left to give in the basket's currency; empty when
// it has. The exact amount is checked when the turn has been taken, see evaluation.take.
func (a *application) affords(p *Promotion) Reason {
	if !p.sells(a.b.Currency) {
		return NotInCurrency
	}
	used := a.f.Used[p.ID]
	if p.Budget.Uses > 0 && used.Uses >= p.Budget.Uses {
		return BudgetExhausted
	}
	// A currency that Spend does not name has been refused by sells.
	if len(p.Budget.Spend) > 0 && used.Spend[a.b.Currency] >= p.Budget.Spend[a.b.Currency] {
		return BudgetExhausted
	}
	return ""
}

// sells reports whether the promotion has the amounts it needs in a currency: of several tiers one at least.
func (p *Promotion) sells(currency string) bool {
	amounts := []Amounts{p.Conditions.MinSubtotal, p.Terms.Amount, p.MaxDiscount, p.Budget.Spend}
	if p.Terms.BuyXGetY != nil {
		amounts = append(amounts, p.Terms.BuyXGetY.Amount)
	}
	for _, a := range amounts {
		if _, ok := a.in(currency); !ok {
			return false
		}
	}
	tier := func(t Tier) bool { _, ok := t.in(currency); return ok }
	gift := func(t GiftTier) bool { _, ok := t.From.in(currency); return ok }
	return (len(p.Terms.Tiers) == 0 || slices.ContainsFunc(p.Terms.Tiers, tier)) &&
		(len(p.Terms.Gifts) == 0 || slices.ContainsFunc(p.Terms.Gifts, gift))
}
