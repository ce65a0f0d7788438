package promotions

import (
	"context"
	"slices"

	"dangol/shared/catalog"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/subscription"
)

// named refuses a promotion that names products, categories, tags, plans or segments that the shop does not have. A
// draft may name what is to come; what is published has to reach somebody. 0 to 4 round trips, by what it names.
func (f *Promotions) named(ctx context.Context, p *promotion.Promotion) error {
	names := p.Names()
	known, err := f.known(ctx, names)
	if err != nil {
		return err
	}
	if fields := p.Unknown(known); len(fields) > 0 {
		return problem.Invalid(fields...)
	}
	return nil
}

// known is which of the names the shop has.
func (f *Promotions) known(
	ctx context.Context, names promotion.ReferenceNames,
) (known promotion.ReferenceNames, err error) {
	if len(names.Products) > 0 {
		products, err := catalog.GetBatch(ctx, f.Table, names.Products)
		if err != nil {
			return known, err
		}
		for id := range products {
			known.Products = append(known.Products, id)
		}
	}
	if len(names.Categories)+len(names.Tags) > 0 {
		// A tag that was given to a product a moment ago counts: the list has to be as new as the index.
		if err := f.Listing.Refresh(ctx); err != nil {
			return known, err
		}
		// Of whatever status: the products of a season may go on sale with their promotion.
		all, err := f.Listing.List(ctx, catalog.ListQuery{Limit: 1 << 20})
		if err != nil {
			return known, err
		}
		for _, entry := range all.Entries {
			known.Categories = append(known.Categories, entry.Categories...)
			known.Tags = append(known.Tags, entry.Tags...)
		}
	}
	if known.Plans, err = stored(ctx, f.Table, names.Plans, subscription.PlanKey); err != nil {
		return known, err
	}
	known.Segments, err = stored(ctx, f.Outreach, names.Segments, segment.Key)
	return known, err
}

// stored is which of the names have an item.
func stored(ctx context.Context, t *table.Table, names []string, key func(string) table.Key) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(names))
	for i, name := range names {
		keys[i] = key(name)
	}
	items, err := t.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, ok := items[key(name)]
		return !ok
	}), nil
}
