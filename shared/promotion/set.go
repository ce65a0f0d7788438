package promotion

import (
	"cmp"
	"slices"
	"time"

	"dangol/shared/membership"
	"dangol/shared/pricing"
)

// Set is promotions made ready to be applied to many baskets: in the order of their turns, and found from a line
// without asking each of them. It is safe for concurrent use.
type Set struct {
	promotions []*Promotion     // in the order of their turns; the places below are indexes into it
	all        []int            // places of those that target everything
	products   map[string][]int // places by product id
	variants   map[string][]int // places by variant id
	categories map[string][]int // places by category
	tags       map[string][]int // places by tag
	singles    map[string][]int // by folded code
	prefixes   map[string][]int // batches by folded prefix
	gifts      bool             // there are promotions that give gifts
}

// NewSet makes promotions of any state and kind ready. It keeps them: do not change them afterwards.
func NewSet(promotions []Promotion) *Set {
	s := &Set{
		promotions: make([]*Promotion, len(promotions)),
		products:   map[string][]int{}, variants: map[string][]int{}, categories: map[string][]int{},
		tags:    map[string][]int{},
		singles: map[string][]int{}, prefixes: map[string][]int{},
	}
	for i := range promotions {
		s.promotions[i] = &promotions[i]
	}
	slices.SortStableFunc(s.promotions, func(a, b *Promotion) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	for i, p := range s.promotions {
		s.add(i, p)
		s.gifts = s.gifts || p.Kind == FreeGift
	}
	return s
}

// add enters the promotion under everything that its targets name.
func (s *Set) add(i int, p *Promotion) {
	t := p.targets()
	// One that targets everything is in one list and nowhere
	// else, so that it is not found several times.
	if t.All {
		s.all, t = append(s.all, i), Targets{}
	}
	for index, names := range map[*map[string][]int][]string{
		&s.products: t.Products, &s.variants: t.Variants, &s.categories: t.Categories, &s.tags: t.Tags,
	} {
		for _, name := range names {
			(*index)[name] = append((*index)[name], i)
		}
	}
	if p.Kind == SalePrice || p.Kind == Drop {
		return // for everyone: they have no codes
	}
	if p.Codes.Single != "" {
		code := NormalizeCode(p.Codes.Single)
		s.singles[code] = append(s.singles[code], i)
	}
	if p.Codes.Batch != nil {
		prefix := NormalizeCode(p.Codes.Batch.Prefix)
		s.prefixes[prefix] = append(s.prefixes[prefix], i)
	}
}

// each calls f with every promotion that targets the line and not simply all lines, with some more than once.
func (s *Set) each(l *pricing.Line, f func(i int)) {
	for _, i := range s.products[l.ProductID] {
		f(i)
	}
	for _, i := range s.variants[l.VariantID] {
		f(i)
	}
	for _, name := range l.Categories {
		for _, i := range s.categories[name] {
			f(i)
		}
	}
	for _, name := range l.Tags {
		for _, i := range s.tags[name] {
			f(i)
		}
	}
}

// targeted lists for each wanted promotion the lines it targets, by their place in lines, ascending. The lists may
// share memory.
func (s *Set) targeted(lines []*pricing.Line, wanted []bool) [][]int {
	found := make([][]int, len(s.promotions))
	var all []int
	for n := range lines {
		all = append(all, n)
	}
	for _, i := range s.all {
		if wanted[i] {
			found[i] = s.promotions[i].unlessOnSale(lines, all)
		}
	}
	for n, l := range lines {
		s.each(l, func(i int) {
			p := s.promotions[i]
			if !wanted[i] || p.ExcludeSaleItems && onSale(l) {
				return
			}
			// The same promotion may find a line by several of its names;
			// lines come in order, so comparing with the last is enough.
			if have := found[i]; len(have) == 0 || have[len(have)-1] != n {
				found[i] = append(have, n)
			}
		})
	}
	return found
}

// unlessOnSale leaves out the lines with a struck-through price where the promotion
// wants that. The places may be shared with other promotions, so they are cloned before.
func (p *Promotion) unlessOnSale(lines []*pricing.Line, places []int) []int {
	if !p.ExcludeSaleItems {
		return places
	}
	return slices.DeleteFunc(slices.Clone(places), func(n int) bool { return onSale(lines[n]) })
}

// NextChange is the next moment after t at which a promotion starts, opens to the member or ends: until then the same
// basket and facts have the same outcome. ok is false when nothing is planned.
func (s *Set) NextChange(t time.Time, m membership.Member) (next time.Time, ok bool) {
	for _, p := range s.promotions {
		// The clock changes nothing about these: only the merchant does.
		if p.State == Draft || p.State == Paused {
			continue
		}
		boundaries := []time.Time{p.Starts, p.Ends}
		if p.Kind == Drop {
			boundaries = append(boundaries, p.opens(m))
		}
		for _, at := range boundaries {
			if at.After(t) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}
