package promotion

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dangol/shared/platform/civil"
)

// Policy is how much discounting the brand allows itself. A limit of 0 is none. Days are those of Zone; a day with a
// minute of sale in it is a day on sale.
type Policy struct {
	Zone       *time.Location `json:"-"`          // nil is UTC; in a file it is timeZone
	WindowDays int            `json:"windowDays"` // of MaxDays: every window of so many days is looked at
	Product    Limits         `json:"product"`    // for every single product
	Shop       Limits         `json:"shop"`       // for the shop as a whole: a sale of one product is a sale
	MaxDepth   int            `json:"maxDepth"`   // basis points off
}

// Limits are the limits of one product, or of the shop.
type Limits struct {
	MaxDays    int `json:"maxDays"`    // on sale in any WindowDays
	MinGapDays int `json:"minGapDays"` // without a sale between two sales; what overlaps has none
	MaxOverlap int `json:"maxOverlap"` // sales at the same moment
}

// Span is a sale as the guard sees it: when, of what, how deep.
type Span struct {
	PromotionID string    `json:"promotionId"`
	Group       string    `json:"group,omitempty"`    // spans of one group are one sale: no gap, no overlap between them
	All         bool      `json:"all,omitempty"`      // every product
	Products    []string  `json:"products,omitempty"` // ids; empty with All
	Starts      time.Time `json:"starts"`
	Ends        time.Time `json:"ends,omitzero"` // zero is open-ended
	BasisPoints int       `json:"basisPoints"`   // the deepest price cut
}

// Rule names a rule of the guard.
type Rule string

// The rules.
const (
	DaysOnSale Rule = "days_on_sale"
	Gap        Rule = "gap"
	Overlap    Rule = "overlap"
	Depth      Rule = "depth"
)

// TheShop is the scope of a breach that is about the shop as a whole.
const TheShop = "shop"

// AnyProduct is the scope of a breach that every product would suffer: of a sale of everything, against the rules for a
// product.
const AnyProduct = "any product"

// Breach is one rule that a plan would break: Actual against Limit, between From and To.
type Breach struct {
	Rule   Rule       `json:"rule"`
	Scope  string     `json:"scope"`          // a product's id, AnyProduct or TheShop
	Limit  int        `json:"limit"`          // days, sales, or basis points
	Actual int        `json:"actual"`         // in the same unit
	From   civil.Date `json:"from"`           // first day of the worst case
	To     civil.Date `json:"to"`             // last day of the worst case
	With   []string   `json:"with,omitempty"` // the other promotions that count
}

// String is the breach as a sentence, with products and promotions by their ids.
func (b Breach) String() string {
	return b.Message(func(id string) string { return id })
}

// Message is the breach as a sentence, with products and promotions as name calls them.
func (b Breach) Message(name func(id string) string) string {
	who := "product " + name(b.Scope)
	switch b.Scope {
	case TheShop:
		who = "the shop"
	case AnyProduct:
		who = "every product"
	}
	with := ""
	if len(b.With) > 0 {
		names := make([]string, len(b.With))
		for i, id := range b.With {
			names[i] = name(id)
		}
		with = " (with " + strings.Join(names, ", ") + ")"
	}
	switch b.Rule {
	case DaysOnSale:
		return fmt.Sprintf("%s would be on sale on %s from %s to %s, at most %d are allowed%s",
			who, countOf(b.Actual), b.From, b.To, b.Limit, with)
	case Gap:
		return fmt.Sprintf("%s would have %s without a sale between %s and %s, at least %d are wanted%s",
			who, countOf(b.Actual), b.From, b.To, b.Limit, with)
	case Overlap:
		return fmt.Sprintf("%s would have %d sales at once on %s, at most %d are allowed%s", who, b.Actual, b.From, b.Limit,
			with)
	}
	return fmt.Sprintf("%d basis points off is deeper than %d", b.Actual, b.Limit)
}

// countOf is a number of days in words for a sentence.
func countOf(days int) string {
	if days == 1 {
		return "1 day"
	}
	return strconv.Itoa(days) + " days"
}

// Check says which rules a planned sale breaks, given all others, past and to come; an older version of itself among
// them does not count. It answers at most one breach for each rule and scope: the worst. A sale planned longer never
// breaks fewer.
func (p Policy) Check(history []Span, planned Span) []Breach {
	// A plan that is changed is compared with the others only, not with the version it replaces.
	others := slices.DeleteFunc(slices.Clone(history), func(s Span) bool { return s.PromotionID == planned.PromotionID })
	var found []Breach
	if p.MaxDepth > 0 && planned.BasisPoints > p.MaxDepth {
		first, last := p.days(planned)
		found = append(found, Breach{
			Rule: Depth, Scope: TheShop, Limit: p.MaxDepth, Actual: planned.BasisPoints, From: civil.DateOfNumber(first),
			To: civil.DateOfNumber(last),
		})
	}
	found = append(found, p.within(TheShop, p.Shop, others, planned)...)
	// A sale of everything is checked for a product that is
	// in no other sale, besides those that are.
	if planned.All {
		everywhere := slices.DeleteFunc(slices.Clone(others), func(s Span) bool { return !s.All })
		found = append(found, p.within(AnyProduct, p.Product, everywhere, planned)...)
	}
	// Each product by itself: one that was on sale often may break a limit that the others keep.
	for _, product := range affected(others, planned) {
		spans := slices.DeleteFunc(slices.Clone(others), func(s Span) bool { return !s.of(product) })
		found = append(found, p.within(product, p.Product, spans, planned)...)
	}
	return found
}

// within checks the three limits of one scope against the sales in it.
func (p Policy) within(scope string, l Limits, others []Span, planned Span) []Breach {
	var found []Breach
	for _, check := range []func(Limits, []Span, Span) (Breach, bool){p.tooManyDays, p.tooSoon, p.tooMany} {
		if b, broken := check(l, others, planned); broken {
			b.Scope = scope
			found = append(found, b)
		}
	}
	return found
}

// affected lists the products of a plan: its own, or for the whole shop all that were ever on sale alone; what the
// others suffer is AnyProduct's.
func affected(others []Span, planned Span) []string {
	products := slices.Clone(planned.Products)
	if planned.All {
		for _, s := range others {
			products = append(products, s.Products...)
		}
	}
	slices.Sort(products)
	return slices.Compact(products)
}

// of reports whether the sale is of the product.
func (s Span) of(product string) bool { return s.All || slices.Contains(s.Products, product) }

// together reports whether two spans are one sale to the shopper.
func (s Span) together(o Span) bool { return s.Group != "" && s.Group == o.Group }

// forever is how far ahead an open-ended sale is looked at: ten years of days.
const forever = 3_650

// days is the first and the last day of a span, as numbers (civil.Date.Number).
func (p Policy) days(s Span) (first, last int) {
	zone := cmp.Or(p.Zone, time.UTC)
	first = civil.DateAt(s.Starts, zone).Number()
	if s.Ends.IsZero() {
		return first, first + forever
	}
	// Ends is not in the span: a sale that ends at midnight
	// does not touch the day that begins then.
	return first, max(civil.DateAt(s.Ends.Add(-1), zone).Number(), first)
}

// tooManyDays finds the fullest window that has a planned day in it.
func (p Policy) tooManyDays(l Limits, others []Span, planned Span) (Breach, bool) {
	if l.MaxDays == 0 || p.WindowDays == 0 {
		return Breach{}, false
	}
	first, last := p.days(planned)
	window := p.WindowDays
	// The windows that have a planned day in them begin at most
	// a window before it and end at most a window after it.
	from := first - window + 1
	onSale := make([]bool, last+window-from)
	for _, s := range append(slices.Clone(others), planned) {
		a, b := p.days(s)
		for d := max(a, from); d <= min(b, last+window-1); d++ {
			onSale[d-from] = true
		}
	}
	best := Breach{Rule: DaysOnSale, Limit: l.MaxDays}
	count, fullest := 0, 0
	for i, on := range onSale {
		// A sliding window: the day that comes in is added, the one that goes out is taken off.
		count += one(on)
		if i >= p.WindowDays {
			count -= one(onSale[i-p.WindowDays])
		}
		if end := from + i; count > best.Actual && end >= first {
			best.Actual, fullest = count, end
		}
	}
	if best.Actual <= l.MaxDays {
		return Breach{}, false
	}
	best.From, best.To = civil.DateOfNumber(fullest-window+1), civil.DateOfNumber(fullest)
	best.With = p.running(others, fullest-window+1, fullest)
	return best, true
}

// running lists the promotions with a day between from and to.
func (p Policy) running(spans []Span, from, to int) (ids []string) {
	for _, s := range spans {
		if a, b := p.days(s); a <= to && b >= from {
			ids = append(ids, s.PromotionID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// tooSoon finds the nearest other sale.
func (p Policy) tooSoon(l Limits, others []Span, planned Span) (Breach, bool) {
	nearest := Breach{Rule: Gap, Limit: l.MinGapDays, Actual: l.MinGapDays}
	first, last := p.days(planned)
	for _, s := range others {
		a, b := p.days(s)
		gap := Breach{Rule: Gap, Limit: l.MinGapDays, With: []string{s.PromotionID}}
		from, to := max(a, first), min(b, last)
		switch {
		// Promotions of one group are one sale; there is no gap between them.
		case planned.together(s):
			continue
		case b < first:
			gap.Actual, from, to = first-b-1, b, first
		case last < a:
			gap.Actual, from, to = a-last-1, last, a
		}
		// Of equally near ones the smaller id, so that the
		// answer does not depend on the order of the history.
		if gap.Actual < nearest.Actual || gap.Actual == nearest.Actual && nearest.With != nil &&
			s.PromotionID < nearest.With[0] {
			nearest = gap
			nearest.From, nearest.To = civil.DateOfNumber(from), civil.DateOfNumber(to)
		}
	}
	return nearest, nearest.With != nil
}

// tooMany finds the moment of the planned sale at which most sales run; those of one group count as one.
func (p Policy) tooMany(l Limits, others []Span, planned Span) (Breach, bool) {
	if l.MaxOverlap == 0 {
		return Breach{}, false
	}
	worst := Breach{Rule: Overlap, Limit: l.MaxOverlap, Actual: l.MaxOverlap}
	// The number of sales can only grow where one starts, so only starts are looked at.
	moments := []time.Time{planned.Starts}
	for _, s := range others {
		if planned.at(s.Starts) {
			moments = append(moments, s.Starts)
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	for _, m := range moments {
		sales := map[string]bool{}
		var with []string
		for _, s := range others {
			if s.at(m) && !s.together(planned) {
				// Sales without a group each count for themselves;
				// the zero byte keeps ids apart from group names.
				sales[cmp.Or(s.Group, "\x00"+s.PromotionID)] = true
				with = append(with, s.PromotionID)
			}
		}
		if len(sales)+1 > worst.Actual {
			slices.Sort(with)
			day := civil.DateAt(m, cmp.Or(p.Zone, time.UTC))
			worst.Actual, worst.From, worst.To, worst.With = len(sales)+1, day, day, with
		}
	}
	return worst, worst.With != nil
}

// at reports whether the sale runs at the moment.
func (s Span) at(t time.Time) bool {
	return !t.Before(s.Starts) && (s.Ends.IsZero() || t.Before(s.Ends))
}
