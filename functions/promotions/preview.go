package promotions

import (
	"context"
	"slices"
	"strconv"
	"time"

	"dangol/shared/cart"
	"dangol/shared/membership"
	"dangol/shared/money"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// PreviewInput is a cart at a moment.
type PreviewInput struct {
	Body struct {
		At          time.Time           `json:"at,omitzero" doc:"The moment; now when left out." example:"2026-11-27T01:00:00Z"`
		Lines       []PreviewLine       `json:"lines" minItems:"1" maxItems:"100" nullable:"false"`
		Currency    string              `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"The shop's first when left out." example:"KRW"`
		Country     string              `json:"country,omitempty" pattern:"^[A-Z]{2}$" doc:"Where it goes; without it there is neither shipping nor tax." example:"KR"`
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
	CustomerID  string              `json:"customerId,omitempty" maxLength:"100" doc:"For promotions of certain customers."`
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
	At       time.Time           `json:"at"`
	Lines    []PreviewPrice      `json:"lines" nullable:"false" doc:"Gifts included."`
	Subtotal money.View          `json:"subtotal"`
	Discount money.View          `json:"discount"`
	Shipping money.View          `json:"shipping"`
	Tax      money.View          `json:"tax"`
	Total    money.View          `json:"total"`
	Applied  []promotion.Applied `json:"applied" nullable:"false" doc:"What each promotion does."`
	Refused  []cart.RefusedCode  `json:"refusedCodes" nullable:"false"`
	Hints    []promotion.Hint    `json:"hints" nullable:"false"`
	Choices  []promotion.Choice  `json:"giftChoices" nullable:"false"`
	Held     []PreviewHeld       `json:"held" nullable:"false" doc:"Limited editions that this shopper could not buy."`
}

// PreviewPrice is one line with its price.
type PreviewPrice struct {
	VariantID string      `json:"variantId"`
	Title     string      `json:"title"`
	Quantity  int         `json:"quantity"`
	Unit      money.View  `json:"unitPrice" doc:"On the shelf."`
	CompareAt *money.View `json:"compareAtPrice,omitempty"`
	Lowest30  *money.View `json:"lowestPrice30,omitempty" doc:"Lowest price of the 30 days before the reduction, to be shown with compareAtPrice (Directive 98/6/EC, 6a)."`
	Sale      string      `json:"sale,omitempty" doc:"The sale that makes the price on the shelf."`
	Gift      string      `json:"gift,omitempty" doc:"The promotion that gives it."`
	Total     money.View  `json:"total"`
}

// PreviewHeld is a line that could not be bought.
type PreviewHeld struct {
	PromotionID string           `json:"promotionId"`
	Reason      promotion.Reason `json:"reason"`
	OpensAt     *time.Time       `json:"opensAt,omitempty"`
}

// Preview prices the cart by the same Quoter as cart and checkout, only with a clock and facts of its own.
func (f *Promotions) Preview(ctx context.Context, in *PreviewInput) (*PreviewOutput, error) {
	b := &in.Body
	at := b.At
	if at.IsZero() {
		at = f.Clock.Now()
	}
	s, err := f.planned(ctx, in, at)
	if err != nil {
		return nil, err
	}
	facts := promotion.Facts{Member: b.Shopper.member(), First: b.Shopper.FirstOrder, Segments: b.Shopper.Segments, Used: s.Used}
	c := &cart.Cart{
		State: cart.Open, Currency: b.Currency, Language: f.Shop.Languages[0], Codes: b.Codes, CustomerID: b.Shopper.CustomerID,
		Shipping: b.Shipping, Chosen: b.Gifts,
	}
	if c.CustomerID == "" && (b.Shopper.Account || len(b.Shopper.Memberships) > 0) {
		c.CustomerID = "preview"
	}
	if c.Currency == "" {
		c.Currency = f.Shop.Currencies[0]
	}
	if !slices.Contains(f.Shop.Currencies, c.Currency) {
		return nil, problem.InvalidField("/currency", "unknown_currency", "one of %v", f.Shop.Currencies)
	}
	if b.Country != "" {
		c.Address = &cart.Address{Country: b.Country}
	}
	c.Lines = linesOf(b.Lines)
	q := cart.Quoter{Shop: f.Shop, Goods: cart.Shelf{Of: f.Shelf}, Offers: store.Fixed{Snapshot: s, Known: &facts}}
	p, err := q.Quote(ctx, c, at)
	if err != nil {
		return nil, err
	}
	for i, l := range b.Lines {
		if _, ok := p.Goods[l.VariantID]; !ok {
			return nil, problem.InvalidField("/lines/"+strconv.Itoa(i)+"/variantId", "unknown_variant", "a variant that is sold here")
		}
	}
	return &PreviewOutput{Body: previewOf(p, at)}, nil
}

// linesOf is the lines as a cart has them: of units that cost the same, promotions take those of the line whose id comes first. A variant
// that is named again is a line of its own, as one with an engraving would be.
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
	published, err := f.Store.Around(ctx, at)
	if err != nil {
		return nil, err
	}
	s := store.NewSnapshot(published, nil)
	if in.Body.PromotionID != "" {
		r, err := f.Store.Get(ctx, in.Body.PromotionID)
		if err != nil {
			return nil, err
		}
		r.Promotion.State = promotion.Scheduled
		s = s.With(r.Promotion)
	}
	if in.Body.Draft == nil {
		return s, nil
	}
	draft, err := f.promotion(in.Body.Draft, promotion.Promotion{ID: "draft", State: promotion.Scheduled})
	if err != nil {
		return nil, err
	}
	if err := f.valid(ctx, &draft); err != nil {
		return nil, err
	}
	return s.With(draft), nil
}

func previewOf(p cart.Priced, at time.Time) PromotionPreview {
	t := p.Totals
	in := func(amount int64) money.View { return money.Of(amount, t.Currency).View() }
	out := PromotionPreview{
		At: at, Subtotal: in(t.Subtotal), Discount: in(t.Discount), Shipping: in(t.Shipping), Tax: in(t.Tax), Total: in(t.Total),
		Lines: []PreviewPrice{}, Applied: orEmpty(p.Outcome.Applied), Refused: orEmpty(p.Refused), Hints: orEmpty(p.Outcome.Missing),
		Choices: orEmpty(p.Outcome.Choices), Held: []PreviewHeld{},
	}
	for _, l := range p.Cart.Lines {
		g := p.Goods[l.VariantID]
		if g.Product == nil {
			continue
		}
		v := PreviewPrice{VariantID: l.VariantID, Title: g.Product.Title.In(p.Cart.Language), Quantity: l.Quantity, Gift: l.Gift, Unit: in(0), Total: in(0)}
		if price, sold := g.Variant.Prices[t.Currency]; sold && l.Gift == "" {
			v.Unit = in(price.Amount)
			if price.CompareAt > 0 {
				compare := in(price.CompareAt)
				v.CompareAt = &compare
			}
			if prior := p.Prior(l); v.CompareAt != nil && prior > 0 {
				lowest := in(prior)
				v.Lowest30 = &lowest
			}
		}
		if g.Sale != nil && l.Gift == "" {
			v.Sale = g.Sale.PromotionID
		}
		for _, cost := range t.Lines {
			if cost.ID == l.ID {
				v.Total = in(cost.Total)
			}
		}
		out.Lines = append(out.Lines, v)
	}
	for _, h := range p.Outcome.Held {
		held := PreviewHeld{PromotionID: h.PromotionID, Reason: h.Reason}
		if !h.Opens.IsZero() {
			held.OpensAt = &h.Opens
		}
		out.Held = append(out.Held, held)
	}
	return out
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
