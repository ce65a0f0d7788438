package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/catalog"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// Snapshot is the published promotions at one moment, with what their budgets had cost. It does not change.
type Snapshot struct {
	Set  *promotion.Set
	Used map[string]promotion.Used // of promotions with a budget, by id
	// PriorDays is how many days before a reduction the lowest price is looked for: 30, or more where the shop says so.
	PriorDays int

	byID  map[string]*promotion.Promotion
	sales []*promotion.Promotion // by id
}

// NewSnapshot makes promotions ready to be read. It keeps them: do not change them afterwards.
func NewSnapshot(promotions []promotion.Promotion, used map[string]promotion.Used) *Snapshot {
	s := &Snapshot{Set: promotion.NewSet(promotions), Used: used,
		byID: make(map[string]*promotion.Promotion, len(promotions))}
	for i := range promotions {
		s.byID[promotions[i].ID] = &promotions[i]
		if promotions[i].Kind == promotion.SalePrice {
			s.sales = append(s.sales, &promotions[i])
		}
	}
	// By id, so that names made of them do not depend on the order of reading; see LiveSales.
	slices.SortFunc(s.sales, func(a, b *promotion.Promotion) int { return cmp.Compare(a.ID, b.ID) })
	return s
}

// Sales reports whether a price in the catalog may be another than the list price.
func (s *Snapshot) Sales() bool { return len(s.sales) > 0 }

// Promotion returns the promotion with the id, nil when the snapshot has none.
func (s *Snapshot) Promotion(id string) *promotion.Promotion { return s.byID[id] }

// Promotions lists all promotions, in no particular order.
func (s *Snapshot) Promotions() []promotion.Promotion {
	all := make([]promotion.Promotion, 0, len(s.byID))
	for _, p := range s.byID {
		all = append(all, *p)
	}
	return all
}

// With is the snapshot with promotions in place of those of the same ids: for looking at what is only planned.
func (s *Snapshot) With(planned ...promotion.Promotion) *Snapshot {
	all := slices.DeleteFunc(s.Promotions(), func(p promotion.Promotion) bool {
		return slices.ContainsFunc(planned, func(q promotion.Promotion) bool { return q.ID == p.ID })
	})
	next := NewSnapshot(append(all, planned...), s.Used)
	next.PriorDays = s.PriorDays
	return next
}

// CustomerLimit is how often one customer may use a promotion, 0 for no limit.
func (s *Snapshot) CustomerLimit(id string) int {
	if p := s.byID[id]; p != nil {
		return p.LimitPerCustomer
	}
	return 0
}

// Sale is a sale that makes the price that is shown.
type Sale struct {
	PromotionID string
	Name        catalog.Text
	Since       time.Time // its start
	Until       time.Time // its end; zero when there is none
}

// DisplayPrice is the price at which a variant is shown at a moment in a currency it is sold in, and the sale that
// makes it; nil when it is the list price.
func (s *Snapshot) DisplayPrice(p *catalog.Product, v catalog.Variant, currency string, at time.Time) (catalog.Price,
	*Sale) {
	list := v.Prices[currency]
	if !s.Sales() {
		return list, nil
	}
	return s.price(listedVariant(p, v.ID, list), list, currency, at)
}

// listedVariant is a variant as sale prices are computed for it.
func listedVariant(p *catalog.Product, variantID string, list catalog.Price) promotion.ListedVariant {
	return promotion.ListedVariant{
		VariantID: variantID, ProductID: p.ID, Categories: p.Categories, Tags: p.Tags,
		List: list.Amount, CompareAt: list.CompareAt, Floor: list.Floor,
	}
}

// SummaryPrice is DisplayPrice for a price that a list shows: of a product's only variant, or of whichever costs that.
func (s *Snapshot) SummaryPrice(c *catalog.Summary, list catalog.Price, currency string, at time.Time) (catalog.Price,
	*Sale) {
	if !s.Sales() {
		return list, nil
	}
	return s.price(listedSummary(c, list), list, currency, at)
}

// SummaryRange is what a card shows: the range of its variants' prices, each as the product page shows it, the sale
// that makes the lowest (nil for none), and of which price outside sales it was made.
func (s *Snapshot) SummaryRange(c *catalog.Summary, currency string, at time.Time) (shown catalog.PriceRange,
	sale *Sale, of catalog.Price) {
	list := c.Prices[currency]
	of = list.Cheapest()
	low, sale := s.SummaryPrice(c, of, currency, at)
	high := low.Amount
	for _, p := range list.Further() {
		price, by := s.SummaryPrice(c, p, currency, at)
		if price.Amount < low.Amount {
			low, sale, of = price, by, p
		}
		high = max(high, price.Amount)
	}
	// Not on sale: with what the list knows of its past.
	if sale == nil && high == list.Max {
		return list, nil, of
	}
	return catalog.PriceRange{Min: low.Amount, Max: high, CompareAt: low.CompareAt}, sale, of
}

// listedSummary is the product of a card as sale prices are computed for it.
// A sale of single variants is found only where the card has but one variant.
func listedSummary(c *catalog.Summary, list catalog.Price) promotion.ListedVariant {
	g := promotion.ListedVariant{
		ProductID: c.ID, Categories: c.Categories, Tags: c.Tags, List: list.Amount, CompareAt: list.CompareAt,
		Floor: list.Floor,
	}
	if c.Variants == 1 {
		g.VariantID = c.VariantID
	}
	return g
}

// price is the price that is shown, and the sale that makes it; nil for the list price.
func (s *Snapshot) price(g promotion.ListedVariant, list catalog.Price, currency string, at time.Time) (catalog.Price,
	*Sale) {
	shown := s.Set.DisplayPrice(g, currency, at)
	p := s.byID[shown.PromotionID]
	if p == nil {
		return list, nil
	}
	price := catalog.Price{Amount: shown.Amount, CompareAt: shown.CompareAt, Since: p.Starts.UnixMilli(),
		Floor: list.Floor}
	return price, &Sale{PromotionID: p.ID, Name: p.Name, Since: p.Starts, Until: shown.Until}
}

// Prices puts the prices as shown, in all currencies, into a copy
// of the variant, with the sale that makes the one in currency.
func (s *Snapshot) Prices(p *catalog.Product, v catalog.Variant, currency string, at time.Time) (catalog.Variant,
	*Sale) {
	if !s.Sales() {
		return v, nil
	}
	var sale *Sale
	prices := make(map[string]catalog.Price, len(v.Prices))
	for c := range v.Prices {
		price, by := s.DisplayPrice(p, v, c, at)
		prices[c] = price
		if c == currency {
			sale = by
		}
	}
	v.Prices = prices
	return v, sale
}

// Read reads all promotions that are published and not long over, with what their budgets
// have cost. Round trips are those of PublishedAround, one more when a budget is running.
func (s Store) Read(ctx context.Context, strong bool) (*Snapshot, error) {
	return s.ReadAt(ctx, s.Clock.Now(), strong)
}

// ReadAt is Read with the promotions of a moment, and what their budgets have cost until now.
func (s Store) ReadAt(ctx context.Context, now time.Time, strong bool) (*Snapshot, error) {
	promotions, err := s.PublishedAround(ctx, now)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, p := range promotions {
		// The budget of a promotion that is over decides nothing.
		running := p.Ends.IsZero() || now.Before(p.Ends)
		if running && (p.Budget.Uses > 0 || len(p.Budget.Spend) > 0) {
			ids = append(ids, p.ID)
		}
	}
	used, err := s.Budgets(ctx, strong, ids...)
	if err != nil {
		return nil, err
	}
	snapshot := NewSnapshot(promotions, used)
	snapshot.PriorDays = s.PriorDays
	return snapshot, nil
}

// Budgets reads what promotions have cost so far, by promotion id. 1 round trip, 1 more where a budget is handed out in
// slices (0.5 units for each slice, 1 when strong); none without ids.
func (s Store) Budgets(ctx context.Context, strong bool, ids ...string) (map[string]promotion.Used, error) {
	used := map[string]promotion.Used{}
	shared := make([]table.Key, len(ids))
	for i, id := range ids {
		shared[i] = KeyOfBudget(id)
	}
	items, err := readSliced(ctx, s.Table, strong, shared)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if items[shared[i]] != nil {
			used[id] = usedOf(levelIn(shared[i], items))
		}
	}
	return used, nil
}

// usedOf is the level of a budget as the rules read it.
func usedOf(l level) promotion.Used {
	u := promotion.Used{Spend: promotion.Amounts{}}
	for name, n := range l.used() {
		if currency, ok := strings.CutPrefix(name, spendPrefix); ok {
			u.Spend[currency] = n
		} else {
			u.Uses = int(n)
		}
	}
	return u
}

// number is a number attribute; 0 when it is not there.
func number(item table.Item, name string) int64 {
	v, ok := item[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
