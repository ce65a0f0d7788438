package promotion

import (
	"fmt"
	"slices"
	"strings"

	"dangol/shared/platform/problem"
)

// ReferenceNames are names that a promotion has or a shop knows, by what they are names of. Variants are not among
// them: Validate asks for those, because it has to know what they are made of.
type ReferenceNames struct {
	Products, Categories, Tags, Plans, Segments []string
}

// Names lists what the promotion names, each once.
func (p *Promotion) Names() (n ReferenceNames) {
	for _, t := range p.lists() {
		n.Products = append(n.Products, t.Products...)
		n.Categories = append(n.Categories, t.Categories...)
		n.Tags = append(n.Tags, t.Tags...)
	}
	n.Plans = append(n.Plans, p.Conditions.Plans...)
	n.Segments = append(n.Segments, p.Conditions.Segments...)
	for _, list := range []*[]string{&n.Products, &n.Categories, &n.Tags, &n.Plans, &n.Segments} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return n
}

// lists are the targets of the promotion and of its terms, by JSON pointer.
func (p *Promotion) lists() map[string]Targets {
	all := map[string]Targets{"/targets": p.Targets}
	if b := p.Terms.BuyXGetY; b != nil && b.From != nil {
		all["/terms/buyXGetY/from"] = *b.From
	}
	return all
}

// Unknown says which names of the promotion the shop does not know, by JSON pointer: a promotion for a segment that
// nobody can be in, or on a tag that no product has, would be published and reach nobody. Codes of fields:
// unknown_product, unknown_category, unknown_tag, unknown_plan, unknown_segment.
func (p *Promotion) Unknown(known ReferenceNames) []problem.Field {
	c := &checks{p: p}
	require := func(list, known []string, pointer, what string) {
		for i, name := range list {
			c.Require(slices.Contains(known, name), fmt.Sprintf("%s/%d", pointer, i), "unknown_"+what,
				"the shop has no such %s", what)
		}
	}
	for at, t := range p.lists() {
		require(t.Products, known.Products, at+"/products", "product")
		require(t.Categories, known.Categories, at+"/categories", "category")
		require(t.Tags, known.Tags, at+"/tags", "tag")
	}
	require(p.Conditions.Plans, known.Plans, "/conditions/plans", "plan")
	require(p.Conditions.Segments, known.Segments, "/conditions/segments", "segment")
	// Maps have no order.
	slices.SortFunc(c.Fields, func(a, b problem.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	return c.Fields
}
