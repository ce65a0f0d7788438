package products

import (
	"context"
	"strings"

	"dangol/shared/catalog"
	"dangol/shared/platform/problem"
)

// VariantsInput asks for variants by id.
type VariantsInput struct {
	Reader
	IDs      string `query:"ids" required:"true" maxLength:"6200" doc:"Ids of variants, separated by commas; at most 100." example:"var_01jt3v9q2d8m4x6c7b5n1k0h2g_0"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217; the shop's first when left out." example:"KRW"`
}

// VariantsOutput is variants with their products.
type VariantsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Vary         string `header:"Vary"`
	Body         struct {
		Variants []VariantSummary `json:"variants" nullable:"false" doc:"In the order of the ids. What is not sold is left out."`
	}
}

// VariantSummary is a variant with what names it: for gifts, sets, hints and the contents of plans, which are told by
// id.
type VariantSummary struct {
	ProductPageVariant
	ProductID string   `json:"productId"`
	Handle    string   `json:"handle" doc:"Of the product page."`
	Title     string   `json:"title" doc:"Of the product."`
	Labels    []string `json:"optionLabels" nullable:"false" doc:"The option values in the reader's language."`
}

// maxResolved is how many variants can be asked for at once:
// one page of a list, and one batch of reads.
const maxResolved = 100

// variants resolves ids. No round trip when all is fresh in the cache, else those of catalog.Cache.Variants.
func (c *Products) variants(ctx context.Context, in *VariantsInput) (*VariantsOutput, error) {
	var ids []string
	for id := range strings.SplitSeq(in.IDs, ",") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 || len(ids) > maxResolved {
		return nil, problem.InvalidField("query/ids", "too_many", "1 to %d ids", maxResolved)
	}
	items, err := c.cache.Variants(ctx, ids)
	if err != nil {
		return nil, err
	}
	languages := c.languages(in.Reader)
	out := &VariantsOutput{CacheControl: c.cacheControl(), Vary: "Accept-Language"}
	out.Body.Variants = []VariantSummary{}
	// In the order of the ids, so that the caller need not sort.
	for _, id := range ids {
		item, ok := items[id]
		if !ok || item.Product.Status != catalog.Active {
			continue
		}
		v, err := c.variantSummary(ctx, item, languages, in.Currency)
		if err != nil {
			return nil, err
		}
		out.Body.Variants = append(out.Body.Variants, v)
	}
	return out, nil
}

// variantSummary is one variant with the names of its product. The
// product is reduced to that variant, so that its page has just this one.
func (c *Products) variantSummary(
	ctx context.Context, item catalog.SellableVariant, languages []string, currency string,
) (VariantSummary, error) {
	// The product in the cache is shared and must not be changed.
	one := item.Product.Clone()
	one.Variants = []catalog.Variant{item.Variant}
	shown, err := c.currentSales(ctx, one)
	if err != nil {
		return VariantSummary{}, err
	}
	page := c.pageOf(shown.product, map[string]catalog.SellableVariant{item.Variant.ID: item}, languages, currency)
	shown.annotate(page, languages)
	v := VariantSummary{
		ProductPageVariant: page.Variants[0], ProductID: one.ID, Handle: one.Handle, Title: page.Title, Labels: []string{},
	}
	// A variant without a picture of its own is shown with the product's.
	if v.Image == "" && len(one.Images) > 0 {
		v.Image = one.Images[0].URL
	}
	for _, value := range v.Options {
		v.Labels = append(v.Labels, c.shop.Label(value, languages...))
	}
	return v, nil
}
