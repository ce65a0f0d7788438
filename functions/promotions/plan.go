package promotions

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// equalJSON reports whether two values are the same as stored; nil and empty lists are.
func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// valid refuses a promotion that breaks a rule. 1 or 2 round trips when it names variants.
func (f *Promotions) valid(ctx context.Context, p *promotion.Promotion) error {
	components, err := f.components(ctx, variantsOf(p))
	if err != nil {
		return err
	}
	known := promotion.References{Currencies: f.Shop.Currencies, Components: func(id string) ([]string, bool) {
		parts, ok := components[id]
		return parts, ok
	}}
	if fields := p.Validate(known); len(fields) > 0 {
		return problem.Invalid(fields...)
	}
	return nil
}

// variantsOf lists the variants a promotion names.
func variantsOf(p *promotion.Promotion) []string {
	ids := slices.Clone(p.Targets.Variants)
	for _, t := range p.Terms.Gifts {
		ids = append(ids, t.Variants...)
	}
	for _, t := range p.Terms.Parts {
		ids = append(ids, t.Variants...)
	}
	if b := p.Terms.BuyXGetY; b != nil && b.From != nil {
		ids = append(ids, b.From.Variants...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// deepest is how many layers of gift sets are looked into: a set of sets of sets is a mistake.
const deepest = 4

// components reads what the variants, and what they are made of, are made of.
func (f *Promotions) components(ctx context.Context, ids []string) (map[string][]string, error) {
	found := map[string][]string{}
	for range deepest {
		var unknown []string
		for _, id := range ids {
			// A variant is read once, however many sets it is part of; that also ends circles.
			if _, ok := found[id]; !ok {
				unknown = append(unknown, id)
			}
		}
		if len(unknown) == 0 {
			break
		}
		items, err := f.Catalog.Variants(ctx, unknown)
		if err != nil {
			return nil, err
		}
		// The next layer is what these are made of.
		ids = nil
		for id, item := range items {
			parts := []string{}
			for _, c := range item.Variant.Components {
				parts = append(parts, c.VariantID)
			}
			found[id] = parts
			ids = append(ids, parts...)
		}
	}
	return found, nil
}

// publishable asks for codes of others and for the guard, and has the write made against the calendar that both were
// asked of. Errors: 422 for a code that is taken, 409 discount_guard with the plan where there is no reason.
func (f *Promotions) publishable(ctx context.Context, r *store.Record) (warnings []promotion.Warning, err error) {
	p, now := &r.Promotion, f.Clock.Now()
	// Reads the calendar too, whose version makes publishing one at a time.
	published, calendar, err := f.Store.Planned(ctx, now.Add(-reach))
	if err != nil {
		return nil, err
	}
	// The write names the calendar, so that a publication in between refuses it.
	r.Against = calendar
	// Codes of promotions that are over can be used again; the guard looks at those too.
	current := slices.DeleteFunc(slices.Clone(published),
		func(o promotion.Promotion) bool { return !o.Ends.IsZero() && o.Ends.Before(now) })
	if fields := p.CodeConflicts(current); len(fields) > 0 {
		return nil, problem.Invalid(fields...)
	}
	plan, err := f.ask(ctx, p, published)
	if err != nil {
		return nil, err
	}
	// The guard can be overruled, in writing: the reason is kept with the promotion.
	if !plan.Allowed && p.Reason == "" {
		return nil, problem.Conflict("discount_guard",
			"The guard speaks against this: %s. Publish it with a reason, or plan it otherwise.", plan.Breaches[0].Message).
			With("breaches", plan.Breaches).With("calendar", plan.Calendar)
	}
	return plan.Warnings, nil
}

// DiscountPlan is what the guard says to a promotion.
type DiscountPlan struct {
	Allowed  bool                `json:"allowed" doc:"Whether no rule would be broken."`
	Counts   bool                `json:"counts" doc:"Whether it is a discount to the guard at all: gifts, free shipping and what only some people get teach nobody to wait."`
	Breaches []DiscountBreach    `json:"breaches" nullable:"false" doc:"Each rule that would be broken, with the worst case."`
	Calendar DiscountCalendar    `json:"calendar"`
	Policy   promotion.Policy    `json:"policy" doc:"The rules."`
	Warnings []promotion.Warning `json:"warnings" nullable:"false" doc:"What can be published and is hardly meant: tiers that give less for more, percentages below 1 %, combinations that one side only allows, promotions that shut each other out."`
	Depth    int                 `json:"depth" doc:"Its deepest price cut, basis points."`
	Products []string            `json:"products,omitempty" doc:"The products it would be on; missing for all."`
}

// DiscountBreach is one rule that would be broken.
type DiscountBreach struct {
	promotion.Breach
	Message string `json:"message" doc:"The rule and the figures, as a sentence."`
}

// DiscountCalendar is the days around a plan, of the shop or of the product that a rule would be broken for.
type DiscountCalendar struct {
	Scope string                  `json:"scope" doc:"A product's id, or shop."`
	Days  []promotion.CalendarDay `json:"days" nullable:"false"`
	Names map[string]string       `json:"names,omitempty" doc:"Of the promotions, by id. The one that is planned is called plan while it has no id."`
}

// PlanOutput is the guard's answer.
type PlanOutput struct {
	Body *DiscountPlan
}

// plan answers what the guard would say, for a promotion
// that need not be stored. 3 round trips at most.
func (f *Promotions) plan(ctx context.Context, in *CreatePromotionInput) (*PlanOutput, error) {
	// Without an id of its own it gets one that no stored promotion has.
	p, err := f.promotion(&in.Body, promotion.Promotion{ID: cmp.Or(in.Body.ID, "plan"), State: promotion.Scheduled})
	if err != nil {
		return nil, err
	}
	if err := f.valid(ctx, &p); err != nil {
		return nil, err
	}
	published, _, err := f.Store.Planned(ctx, f.Clock.Now().Add(-reach))
	if err != nil {
		return nil, err
	}
	plan, err := f.ask(ctx, &p, published)
	return &PlanOutput{Body: plan}, err
}

// around is how many days before and after a plan its calendar shows, and most the longest plan that is shown whole.
const (
	around = 30
	most   = 120
)

// ask asks the guard what it says to a promotion beside those that are published. No round trip while the list of
// products is fresh.
func (f *Promotions) ask(ctx context.Context, p *promotion.Promotion, published []promotion.Promotion) (*DiscountPlan,
	error) {
	history, err := f.spans(ctx, published)
	if err != nil {
		return nil, err
	}
	// As if published: a draft is not counted by the guard.
	requested := *p
	requested.State = promotion.Scheduled
	span, counts, err := f.span(ctx, &requested)
	if err != nil {
		return nil, err
	}
	plan := &DiscountPlan{Allowed: true, Counts: counts, Policy: f.Policy, Breaches: []DiscountBreach{},
		Depth: span.BasisPoints, Products: span.Products,
		Warnings: orEmpty(p.Warnings(published, f.Clock.Now()))}
	// Gifts and personal discounts: nothing to check, and no calendar to show.
	if !counts {
		plan.Calendar = DiscountCalendar{Scope: promotion.TheShop, Days: []promotion.CalendarDay{}}
		return plan, nil
	}
	names, err := f.names(ctx, append(slices.Clone(published), *p))
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(history), func(s promotion.Span) bool { return s.PromotionID == p.ID })
	scope := promotion.TheShop
	for i, b := range f.Policy.Check(others, span) {
		// The calendar shows the scope of the first breach,
		// which is what the merchant has to change.
		if i == 0 {
			scope = b.Scope
		}
		plan.Allowed = false
		plan.Breaches = append(plan.Breaches,
			DiscountBreach{b, b.Message(func(id string) string { return cmp.Or(names[id], id) })})
	}
	plan.Calendar = f.calendar(others, span, scope)
	plan.Calendar.name(names)
	return plan, nil
}

// names are what people call promotions and products, by id, in the shop's language.
func (f *Promotions) names(ctx context.Context, promotions []promotion.Promotion) (map[string]string, error) {
	cards, err := f.cards(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(promotions)+len(cards))
	for _, c := range cards {
		names[c.ID] = c.Title.In(f.Shop.Languages...)
	}
	// Promotions second: the ids of both never collide, as they have different prefixes.
	for _, p := range promotions {
		names[p.ID] = p.Name.In(f.Shop.Languages...)
	}
	return names, nil
}

// name puts the names of the promotions into a calendar that shows them by id.
func (c *DiscountCalendar) name(names map[string]string) {
	c.Names = map[string]string{}
	for _, d := range c.Days {
		for _, id := range d.Promotions {
			c.Names[id] = names[id]
		}
	}
}

// calendar is the days around a span, of the shop or of one product.
func (f *Promotions) calendar(others []promotion.Span, span promotion.Span, scope string) DiscountCalendar {
	from := civil.DateAt(span.Starts, f.Zone)
	to := from.Add(most)
	if !span.Ends.IsZero() {
		// The end is not in the span: one that ends at midnight does not touch the next day.
		to = min(civil.DateAt(span.Ends.Add(-1), f.Zone), to)
	}
	product := scope
	// The rules for any product are shown on the calendar of the shop.
	if scope == promotion.TheShop || scope == promotion.AnyProduct {
		product = ""
	}
	return DiscountCalendar{Scope: scope,
		Days: f.Policy.Calendar(others, []promotion.Span{span}, product, from.Add(-around),
			to.Add(around))}
}

// reach is how far back the guard and the reports look: 365 days
// and the 70 days that the waiting index looks back from there.
const reach = 440 * 24 * time.Hour

// history is every published promotion as the guard counts it.
func (f *Promotions) history(ctx context.Context) ([]promotion.Span, error) {
	published, err := f.Store.Published(ctx, f.Clock.Now().Add(-reach))
	if err != nil {
		return nil, err
	}
	return f.spans(ctx, published)
}

// spans are the promotions that the guard counts.
func (f *Promotions) spans(ctx context.Context, published []promotion.Promotion) ([]promotion.Span, error) {
	var spans []promotion.Span
	for i := range published {
		s, counts, err := f.span(ctx, &published[i])
		if err != nil {
			return nil, err
		}
		if counts {
			spans = append(spans, s)
		}
	}
	return spans, nil
}

// span is a promotion as the guard counts it: with the products its targets choose, and what they usually cost.
func (f *Promotions) span(ctx context.Context, p *promotion.Promotion) (promotion.Span, bool, error) {
	cards, err := f.cards(ctx)
	if err != nil {
		return promotion.Span{}, false, err
	}
	products := slices.Clone(p.Targets.Products)
	// Only targets and parts of sets: gifts and units to get are not what is on sale.
	for _, id := range variantsOf(&promotion.Promotion{Targets: p.Targets, Terms: promotion.Terms{Parts: p.Terms.Parts}}) {
		products = append(products, catalog.ProductOf(id))
	}
	currency := f.Shop.Currencies[0]
	var total, n int64
	for _, c := range cards {
		chosen := p.Targets.All || slices.Contains(products, c.ID) || meet(p.Targets.Categories, c.Categories) ||
			meet(p.Targets.Tags, c.Tags)
		price, sold := c.Prices[currency]
		if chosen && !p.Targets.All {
			products = append(products, c.ID)
		}
		// The mean of the cheapest variants stands for what the products usually cost.
		if chosen && sold {
			total, n = total+price.Min, n+1
		}
	}
	// Sorted and each once, because a product may be chosen by several names.
	slices.Sort(products)
	unit := money.Of(0, currency)
	if n > 0 {
		unit.Amount = total / n
	}
	s, counts := p.Span(slices.Compact(products), unit)
	return s, counts, nil
}

// meet reports whether two lists have an element in common.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// cards lists every product that is sold, as old as the listing allows:
// enough for counting days. The limit only has to be above what a shop has.
func (f *Promotions) cards(ctx context.Context) ([]*catalog.Entry, error) {
	page, err := f.Listing.List(ctx, catalog.ListQuery{Filter: catalog.Filter{Status: catalog.Active}, Limit: 1 << 20})
	return page.Entries, err
}
