package cart

import (
	"context"
	"maps"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// Quoter prices carts with all that it takes: the same way for the cart function, for the checkout and for a preview.
type Quoter struct {
	Shop       pricing.Shop
	Variants   VariantReader
	Promotions store.Reader // nil for none
}

// snapshot is the reader of promotions; store.None stands in
// where the shop has none, so that callers need no case for it.
func (q Quoter) snapshot() store.Reader {
	if q.Promotions == nil {
		return store.None
	}
	return q.Promotions
}

// Read reads variants at the prices they are shown with at a moment: those of the cheapest
// live sale. Prices are those of all currencies, Sale that of the given one. Round trips
// are those of Variants and, when the promotions are not fresh, of Promotions.
func (q Quoter) Read(ctx context.Context, variantIDs []string, currency string, at time.Time) (Variants, error) {
	s, err := q.snapshot().Current(ctx)
	if err != nil {
		return nil, err
	}
	return q.read(ctx, s, variantIDs, currency, at)
}

// read is Read with a snapshot at hand, so that one quote uses the same promotions throughout.
func (q Quoter) read(ctx context.Context, s *store.Snapshot, variantIDs []string, currency string,
	at time.Time) (Variants, error) {
	variants, err := q.Variants.Variants(ctx, variantIDs)
	if err != nil {
		return nil, err
	}
	// Without sales the prices are the cached ones, and the map need not be copied.
	if !s.Sales() {
		return variants, nil
	}
	shown := make(Variants, len(variants))
	for id, g := range variants {
		// The map of the reader is shared with other requests; the copy holds the sale prices.
		g.Variant, g.Sale = s.Prices(g.Product, g.Variant, currency, at)
		shown[id] = g
	}
	return shown, nil
}

// Quote prices the cart at a moment: sale prices, then what promotions do,
// then gifts, totals and problems. What is live is decided by at, whatever any
// schedule has done. Round trips are those of Read, of the promotions' Facts,
// and one more when a gift may be given that is not in the catalog cache.
func (q Quoter) Quote(ctx context.Context, c *Cart, at time.Time) (Priced, error) {
	s, err := q.snapshot().Current(ctx)
	if err != nil {
		return Priced{}, err
	}
	variants, err := q.read(ctx, s, c.VariantIDs(), c.Currency, at)
	if err != nil {
		return Priced{}, err
	}
	facts, err := q.snapshot().Facts(ctx, s, c.shopper(), c.Codes, at)
	if err != nil {
		return Priced{}, err
	}
	basket := basketOf(c, variants, at)
	// Gifts are read before promotions are applied: which gift
	// is given depends on the stock and the value of each.
	if gifts := s.Set.GiftVariants(basket, facts); len(gifts) > 0 {
		more, err := q.read(ctx, s, unknownTo(variants, gifts), c.Currency, at)
		if err != nil {
			return Priced{}, err
		}
		facts.Gone = gone(c, variants, more, gifts)
		variants = variants.with(more)
		facts.GiftValues = valuesOf(variants, gifts, c.Currency)
	}
	outcome := s.Set.Apply(basket, q.Shop, facts)
	p := Evaluate(c.with(outcome.Gifts), variants, q.Shop, outcome.Offers, c.Purchases, at)
	p.Outcome, p.Promotions, p.Member = outcome, s, facts.Member
	p.At = at
	// An ordered cart keeps what it was ordered with; nothing about it can change any more.
	if c.State != Ordered {
		p.checkOffers(c, at)
		p.nameSales(at)
	}
	return p, nil
}

// variantsOnce reads each variant once: what a cart is priced with before a change and after it is one catalog.
type variantsOnce struct {
	reader VariantReader
	known  Variants
}

// Variants answers with these variants, and with those that were asked for before.
func (o *variantsOnce) Variants(ctx context.Context, variantIDs []string) (Variants, error) {
	unknown := unknownTo(o.known, variantIDs)
	if len(unknown) == 0 && o.known != nil {
		return o.known, nil
	}
	more, err := o.reader.Variants(ctx, unknown)
	if err != nil {
		return nil, err
	}
	if len(o.known) > 0 {
		more = o.known.with(more)
	}
	o.known = more
	return o.known, nil
}

// shopper is who the cart belongs to, as promotions see it.
func (c *Cart) shopper() store.Shopper {
	return store.Shopper{
		CustomerID: c.CustomerID, Guest: CounterOf("", c.Email), Entitlements: c.Entitlements, Counted: c.Purchases,
		Chosen: c.Chosen, Languages: []string{c.Language},
	}
}

// valuesOf is what gifts cost in the catalog: a shopper who did
// not choose gets the most valuable one, and reports count it.
func valuesOf(variants Variants, gifts []string, currency string) map[string]int64 {
	values := make(map[string]int64, len(gifts))
	for _, id := range gifts {
		if price, sold := variants[id].Variant.Prices[currency]; sold {
			values[id] = price.Amount
		}
	}
	return values
}

// with is both together, in a map of its own: the receiver
// may be the one that the catalog cache shares.
func (g Variants) with(more Variants) Variants {
	both := maps.Clone(g)
	maps.Copy(both, more)
	return both
}

// unknownTo lists the ids that have not been read yet.
func unknownTo(variants Variants, ids []string) (unknown []string) {
	for _, id := range ids {
		if _, ok := variants[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// gone are the gifts of which nothing is left beside what the cart itself wants.
func gone(c *Cart, variants, more Variants, gifts []string) map[string]bool {
	wanted := countUp(c, variants)
	out := map[string]bool{}
	for _, id := range gifts {
		g, ok := variants[id]
		if !ok {
			g, ok = more[id]
		}
		// A gift that is not in the catalog, or not active, cannot be given.
		if !ok {
			out[id] = true
			continue
		}
		for part, n := range partsOf(g.Variant) {
			// What the shopper pays for goes first; a gift never takes the last unit from a line.
			if left := g.Left[part]; left < Unlimited && left-wanted.parts[part] < n {
				out[id] = true
			}
		}
	}
	return out
}

// with is the cart with the gifts as further lines; itself when there are none.
func (c *Cart) with(gifts []promotion.Gift) *Cart {
	if len(gifts) == 0 {
		return c
	}
	// Copied, because the cart that is stored must not get lines for gifts.
	full := *c
	full.Lines = append([]Line{}, c.Lines...)
	for _, g := range gifts {
		full.Lines = append(full.Lines, Line{
			ID: GiftLineID(g), VariantID: g.VariantID, ProductID: catalog.ProductOf(g.VariantID), Quantity: 1,
			Gift: g.PromotionID,
		})
	}
	return &full
}

// GiftLineID is the id of the line of a gift: the same whenever the cart is priced.
func GiftLineID(g promotion.Gift) string {
	return LineID(g.VariantID, map[string]string{"gift": g.PromotionID})
}

// WithStored is the priced cart with the version and fields that were stored,
// but with the lines as priced: those include the gifts, which are not stored.
func (p Priced) WithStored(c *Cart) Priced {
	lines := p.Cart.Lines
	stored := *c
	stored.Lines = lines
	p.Cart = &stored
	return p
}
