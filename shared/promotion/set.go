package promotion

import (
	"cmp"
	"slices"
	"time"

	"dangol/shared/pricing"
)

// Set is promotions made ready to be applied to many baskets: in the order of their turns, and found from a line without
// asking each of them. It is safe for concurrent use.
type Set struct {
	promotions []*Promotion
	all        []int
	products   map[string][]int
	variants   map[string][]int
	categories map[string][]int
	tags       map[string][]int
	singles    map[string][]int // by folded code
	prefixes   map[string][]int // batches by folded prefix
}

// NewSet makes promotions of any state and kind ready. It keeps them: do not change them afterwards.
func NewSet(promotions []Promotion) *Set {
	s := &Set{
		promotions: make([]*Promotion, len(promotions)),
		products:   map[string][]int{}, variants: map[string][]int{}, categories: map[string][]int{}, tags: map[string][]int{},
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
	}
	return s
}

func (s *Set) add(i int, p *Promotion) {
	t := p.targets()
	if t.All {
		s.all = append(s.all, i)
	}
	for index, names := range map[*map[string][]int][]string{
		&s.products: t.Products, &s.variants: t.Variants, &s.categories: t.Categories, &s.tags: t.Tags,
	} {
		for _, name := range names {
			(*index)[name] = append((*index)[name], i)
		}
	}
	if p.Codes.Single != "" {
		code := Fold(p.Codes.Single)
		s.singles[code] = append(s.singles[code], i)
	}
	if p.Codes.Batch != nil {
		prefix := Fold(p.Codes.Batch.Prefix)
		s.prefixes[prefix] = append(s.prefixes[prefix], i)
	}
}

// each calls f with every promotion that targets the line, with some more than once.
func (s *Set) each(l *pricing.Line, f func(i int)) {
	for _, i := range s.all {
		f(i)
	}
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

// targeted lists for each promotion the lines it targets, by their place in lines, ascending.
func (s *Set) targeted(lines []*pricing.Line) [][]int {
	found := make([][]int, len(s.promotions))
	for n, l := range lines {
		s.each(l, func(i int) {
			p := s.promotions[i]
			if p.SkipSaleGoods && onSale(l) {
				return
			}
			if have := found[i]; len(have) == 0 || have[len(have)-1] != n {
				found[i] = append(have, n)
			}
		})
	}
	return found
}

// NextChange is the next moment after t at which a promotion starts, opens to members or ends: until then the same basket
// and facts have the same outcome. ok is false when nothing is planned.
func (s *Set) NextChange(t time.Time) (next time.Time, ok bool) {
	for _, p := range s.promotions {
		if p.State == Draft || p.State == Paused {
			continue
		}
		for _, at := range []time.Time{p.Starts, p.Ends, p.Terms.MembersFrom} {
			if at.After(t) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}
