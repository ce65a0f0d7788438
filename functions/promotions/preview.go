package promotions

import (
	"context"
	"slices"
	"strconv"
	"time"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/membership"
	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// PreviewInput is a cart at a moment.
type PreviewInput struct {
	Body struct {
		At          time.Time           `json:"at,omitzero" doc:"The moment; now when left out." example:"2026-11-27T01:00:00Z"`
		Lines       []PreviewLine       `json:"lines" minItems:"1" maxItems:"100" nullable:"false"`
		Currency    string              `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"The shop's first when left out." example:"KRW"`
		Country     string              `json:"country,omitempty" pattern:"^[A-Z]{2}$" doc:"Where it goes; without it there is no shipping, and only a tax that prices contain at home." example:"KR"`
		Shipping    string              `json:"shippingMethod,omitempty" maxLength:"40" example:"standard"`
		Codes       []string            `json:"codes,omitempty" maxItems:"10" nullable:"false"`
		Shopper     PreviewShopper      `json:"shopper,omitempty" doc:"Who buys; a guest when left out."`
		Gifts       map[string][]string `json:"gifts,omitempty" doc:"Chosen gifts by promotion."`
		PromotionID string              `json:"promotionId,omitempty" maxLength:"64" doc:"A draft, or a paused promotion, to be taken as published."`
		Draft       *PromotionDocument  `json:"draft,omitempty" doc:"A promotion that is not stored at all, to be taken as published."`
	}
}

// PreviewLine is one line of the cart.
type PreviewLine struct {
	VariantID string `json:"variantId" maxLength:"100"`
	Quantity  int    `json:"quantity" minimum:"1" maximum:"999"`
}

// PreviewShopper is who buys.
type PreviewShopper struct {
	Account     bool                `json:"account,omitempty" doc:"Logged in; with customerId or memberships in any case."`
	FirstOrder  bool                `json:"firstOrder,omitempty"`
	CustomerID  string              `json:"customerId,omitempty" maxLength:"100" doc:"A customer of the shop: what they have bought and used, their segments and memberships count. The other fields add to that."`
	Segments    []string            `json:"segments,omitempty" maxItems:"50" nullable:"false"`
	Memberships []PreviewMembership `json:"memberships,omitempty" maxItems:"10" nullable:"false" doc:"Plans that the shopper is a member by."`
}

// PreviewMembership is a membership to price with; it need not exist.
type PreviewMembership struct {
	PlanID   string              `json:"planId" minLength:"1" maxLength:"64" example:"plan_regular"`
	Title    string              `json:"title,omitempty" maxLength:"200" example:"Regular"`
	Benefits membership.Benefits `json:"benefits" doc:"As a plan has them."`
}

// member is the shopper as a member.
func (s *PreviewShopper) member() (m membership.Member) {
	for _, p := range s.Memberships {
		m = append(m, membership.Plan{ID: p.PlanID, Title: p.Title, Benefits: p.Benefits})
	}
	return m
}

// PreviewOutput is what the cart would cost.
type PreviewOutput struct {
	Body PromotionPreview
}

// PromotionPreview is what a cart would cost, and why.
type PromotionPreview struct {
	At               time.Time              `json:"at"`
	Lines            []PreviewPrice         `json:"lines" nullable:"false" doc:"Gifts included."`
	Subtotal         money.Formatted        `json:"subtotal"`
	Discount         money.Formatted        `json:"discount" doc:"Of lines, order and shipping together: total = subtotal - discount + shipping, plus tax unless it is included."`
	Shipping         money.Formatted        `json:"shipping"`
	ShippingDiscount money.Formatted        `json:"shippingDiscount" doc:"The part of discount that is off the shipping."`
	Tax              money.Formatted        `json:"tax"`
	TaxIncluded      bool                   `json:"taxIncluded" doc:"Whether the prices contain the tax."`
	TaxLines         []PreviewTax           `json:"taxLines" nullable:"false"`
	Total            money.Formatted        `json:"total"`
	Applied          []PreviewApplied       `json:"applied" nullable:"false" doc:"What each promotion does; the amounts together are discount."`
	Refused          []cart.RefusedCode     `json:"refusedCodes" nullable:"false"`
	Hints            []promotion.Hint       `json:"hints" nullable:"false"`
	Choices          []promotion.GiftChoice `json:"giftChoices" nullable:"false"`
	Restrictions     []PreviewRestriction   `json:"held" nullable:"false" doc:"Limited editions that this shopper could not buy."`
}

// PreviewTax is the tax at one rate.
type PreviewTax struct {
	Name   string          `json:"name" example:"VAT"`
	Rate   int             `json:"rate" doc:"Basis points." example:"1000"`
	Amount money.Formatted `json:"amount"`
}

// PreviewApplied is what one promotion does, under its name.
type PreviewApplied struct {
	promotion.Applied
	Name string `json:"name,omitempty"`
}

// PreviewShare is what one promotion takes off one line.
type PreviewShare struct {
	PromotionID string          `json:"promotionId"`
	Name        string          `json:"name,omitempty"`
	Amount      money.Formatted `json:"amount"`
}

// PreviewPrice is one line with its price.
type PreviewPrice struct {
	VariantID string           `json:"variantId"`
	Title     string           `json:"title"`
	Quantity  int              `json:"quantity"`
	Unit      money.Formatted  `json:"unitPrice" doc:"In the catalog, before promotions."`
	CompareAt *money.Formatted `json:"compareAtPrice,omitempty"`
	Lowest30  *money.Formatted `json:"lowestPrice30,omitempty" doc:"Lowest price of the 30 days before the reduction, to be shown with compareAtPrice (Directive 98/6/EC, 6a)."`
	Sale      string           `json:"sale,omitempty" doc:"The sale that makes the catalog price."`
	Gift      string           `json:"gift,omitempty" doc:"The promotion that gives it."`
	Subtotal  money.Formatted  `json:"subtotal"`
	Discount  money.Formatted  `json:"discount"`
	Discounts []PreviewShare   `json:"discounts" nullable:"false" doc:"What each promotion takes off this line; together the discount."`
	Total     money.Formatted  `json:"total"`
}

// PreviewRestriction is a line that could not be bought.
type PreviewRestriction struct {
	PromotionID string           `json:"promotionId"`
	Reason      promotion.Reason `json:"reason"`
	OpensAt     *time.Time       `json:"opensAt,omitempty"`
}

// Preview prices the cart by the same Quoter as cart and checkout, only with a clock of its own and facts that can be
// added.
func (f *Promotions) Preview(ctx context.Context, in *PreviewInput) (*PreviewOutput, error) {
	b := &in.Body
	at := b.At
	// A moment in the past or the future shows what carts
	// cost then, as far as promotions and prices are known.
	if at.IsZero() {
		at = f.Clock.Now()
	}
	s, err := f.planned(ctx, in, at)
	if err != nil {
		return nil, err
	}
	c, err := f.previewed(ctx, in)
	if err != nil {
		return nil, err
	}
	facts, err := f.facts(ctx, in, s, c, at)
	if err != nil {
		return nil, err
	}
	q := cart.Quoter{Shop: f.Shop, Variants: cart.CatalogReader{Cache: f.Catalog},
		Promotions: store.Static{Snapshot: s, Known: &facts}}
	p, err := q.Quote(ctx, c, at)
	if err != nil {
		return nil, err
	}
	// Only now is it known which variants can be sold.
	for i, l := range b.Lines {
		if _, ok := p.Variants[l.VariantID]; !ok {
			return nil, problem.InvalidField("/lines/"+strconv.Itoa(i)+"/variantId", "unknown_variant",
				"a variant that is sold here")
		}
	}
	return &PreviewOutput{Body: previewOf(p, at)}, nil
}

// previewed is the cart that is priced, with what a customer has bought and is a member of.
func (f *Promotions) previewed(ctx context.Context, in *PreviewInput) (*cart.Cart, error) {
	b := &in.Body
	c := &cart.Cart{
		State: cart.Open, Currency: b.Currency, Language: f.Shop.Languages[0], Codes: b.Codes,
		CustomerID: b.Shopper.CustomerID,
		Shipping:   b.Shipping, Chosen: b.Gifts, Lines: linesOf(b.Lines),
	}
	if c.Currency == "" {
		c.Currency = f.Shop.Currencies[0]
	}
	if !slices.Contains(f.Shop.Currencies, c.Currency) {
		return nil, problem.InvalidField("/currency", "unknown_currency", "one of %v", f.Shop.Currencies)
	}
	if b.Country != "" {
		c.Address = &address.Address{Country: b.Country}
	}
	// Without a customer the shopper is a guest, unless the request describes
	// one with an account: then promotions for accounts must apply.
	if c.CustomerID == "" {
		if b.Shopper.Account || len(b.Shopper.Memberships) > 0 {
			c.CustomerID, c.Purchases = "preview", map[string]int{}
		}
		return c, nil
	}
	known, err := (cart.Store{Table: f.Table, Clock: f.Clock}).Customer(ctx, c.CustomerID)
	c.Purchases, c.Entitlements = known.Bought, known.Entitlements
	return c, err
}

// facts is what is known of uses and of the shopper, with what the request adds.
func (f *Promotions) facts(
	ctx context.Context, in *PreviewInput, s *store.Snapshot, c *cart.Cart, at time.Time,
) (promotion.Facts, error) {
	shopper := &in.Body.Shopper
	who := store.Shopper{CustomerID: c.CustomerID, Entitlements: c.Entitlements, Counted: c.Purchases}
	// Eventually consistent: nothing is counted by a preview.
	facts, err := f.Store.Facts(ctx, s, who, c.Codes, at, false)
	if err != nil {
		return facts, err
	}
	// Of a customer who is known it is read; of one who is described the request says it.
	facts.First = shopper.FirstOrder || facts.First && shopper.CustomerID != ""
	facts.Segments = append(facts.Segments, shopper.Segments...)
	// Memberships in the request stand in for those of the
	// customer, so that a plan can be tried before it exists.
	if len(shopper.Memberships) > 0 {
		facts.Member = shopper.member()
	}
	return facts, nil
}

// linesOf is the lines as a cart has them: of units that cost the same, promotions take those of the line whose id
// comes first. A variant that is named again is a line of its own, as one with an engraving would be.
func linesOf(all []PreviewLine) []cart.Line {
	lines, seen := make([]cart.Line, len(all)), map[string]int{}
	for i, l := range all {
		var properties map[string]string
		if n := seen[l.VariantID]; n > 0 {
			properties = map[string]string{"line": strconv.Itoa(n)}
		}
		seen[l.VariantID]++
		lines[i] = cart.Line{ID: cart.LineID(l.VariantID, properties), VariantID: l.VariantID, Quantity: l.Quantity}
	}
	return lines
}

// planned is the published promotions, as carts of that moment have them, with the one that is previewed, as if it were
// published.
func (f *Promotions) planned(ctx context.Context, in *PreviewInput, at time.Time) (*store.Snapshot, error) {
	s, err := f.Store.ReadAt(ctx, at, false)
	if err != nil {
		return nil, err
	}
	if in.Body.PromotionID != "" {
		r, err := f.Store.Get(ctx, in.Body.PromotionID)
		if err != nil {
			return nil, err
		}
		// A draft, or a paused one, is taken as published.
		r.Promotion.State = promotion.Scheduled
		s = s.With(r.Promotion)
	}
	if in.Body.Draft == nil {
		return s, nil
	}
	// It has no id; "draft" is none that a stored promotion could have.
	draft, err := f.promotion(in.Body.Draft, promotion.Promotion{ID: "draft", State: promotion.Scheduled})
	if err != nil {
		return nil, err
	}
	if err := problem.At("/draft", f.valid(ctx, &draft)); err != nil {
		return nil, err
	}
	return s.With(draft), nil
}

// previewOf is the priced cart as the preview shows it.
func previewOf(p cart.Priced, at time.Time) PromotionPreview {
	t := p.Totals
	in := func(amount int64) money.Formatted { return money.Of(amount, t.Currency).Formatted() }
	out := PromotionPreview{
		At: at, Subtotal: in(t.Subtotal), Discount: in(t.Discount), Shipping: in(t.Shipping),
		ShippingDiscount: in(t.ShippingDiscount),
		Tax:              in(t.Tax), TaxIncluded: t.TaxIncluded, Total: in(t.Total), TaxLines: []PreviewTax{},
		Applied: []PreviewApplied{},
		Lines:   []PreviewPrice{}, Refused: orEmpty(p.Refused), Hints: orEmpty(p.Outcome.Missing),
		Choices:      orEmpty(p.Outcome.Choices),
		Restrictions: []PreviewRestriction{},
	}
	for _, l := range t.TaxLines {
		out.TaxLines = append(out.TaxLines, PreviewTax{l.Name, l.Rate, in(l.Amount)})
	}
	names := namesOf(p)
	for _, a := range p.Outcome.Applied {
		out.Applied = append(out.Applied, PreviewApplied{a, names[a.PromotionID]})
	}
	shares := p.Shares()
	for _, l := range p.Cart.Lines {
		// Lines of unknown variants have been refused before; a gift may still have none.
		if p.Variants[l.VariantID].Product != nil {
			out.Lines = append(out.Lines, linePreview(p, l, shares[l.ID], names))
		}
	}
	for _, h := range p.Outcome.Restrictions {
		held := PreviewRestriction{PromotionID: h.PromotionID, Reason: h.Reason}
		if !h.Opens.IsZero() {
			held.OpensAt = &h.Opens
		}
		out.Restrictions = append(out.Restrictions, held)
	}
	return out
}

// namesOf is the names of the promotions that apply, benefits of memberships included.
func namesOf(p cart.Priced) map[string]string {
	names := map[string]string{}
	for _, a := range p.Outcome.Applied {
		if o := p.Promotions.Promotion(a.PromotionID); o != nil {
			names[a.PromotionID] = o.Name.In(p.Cart.Language)
		}
	}
	// The totals name benefits of memberships, which are no stored promotions.
	for _, a := range p.Totals.Adjustments {
		names[a.OfferID] = a.Name
	}
	return names
}

// linePreview is one line with its price and what each promotion takes off it.
func linePreview(p cart.Priced, l cart.Line, shares []pricing.Share, names map[string]string) PreviewPrice {
	in := func(amount int64) money.Formatted { return money.Of(amount, p.Totals.Currency).Formatted() }
	g := p.Variants[l.VariantID]
	v := PreviewPrice{
		VariantID: l.VariantID, Title: g.Product.Title.In(p.Cart.Language), Quantity: l.Quantity, Gift: l.Gift,
		Unit: in(0), Subtotal: in(0), Discount: in(0), Total: in(0), Discounts: []PreviewShare{},
	}
	// A gift is shown at 0.
	if price, sold := g.Variant.Prices[p.Totals.Currency]; sold && l.Gift == "" {
		v.Unit = in(price.Amount)
		if price.CompareAt > 0 {
			compare := in(price.CompareAt)
			v.CompareAt = &compare
		}
		// Only next to a struck-through price does the law
		// want the lowest one (Directive 98/6/EC, 6a).
		if prior := p.PriorPrice(l); v.CompareAt != nil && prior > 0 {
			lowest := in(prior)
			v.Lowest30 = &lowest
		}
	}
	if g.Sale != nil && l.Gift == "" {
		v.Sale = g.Sale.PromotionID
	}
	for _, cost := range p.Totals.Lines {
		if cost.ID == l.ID {
			v.Subtotal, v.Discount, v.Total = in(cost.Subtotal), in(cost.Discount), in(cost.Total)
		}
	}
	for _, s := range shares {
		v.Discounts = append(v.Discounts, PreviewShare{s.OfferID, names[s.OfferID], in(s.Amount)})
	}
	return v
}

// orEmpty makes JSON show [] and not null.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
