package catalog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

var opening = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// shop is a table with products.
type shop struct {
	testing.TB
	table *table.Table
	clock *clock.Movable
}

func newShop(t testing.TB) *shop {
	t.Helper()
	return &shop{TB: t, table: localtest.Table(t, table.Commerce), clock: clock.Stopped(opening)}
}

func won(amount int64) map[string]catalog.Price {
	return map[string]catalog.Price{"KRW": {Amount: amount}}
}

// product makes an active product that is not stored, with a variant for each price.
func (s *shop) product(handle string, prices ...int64) *catalog.Product {
	now := s.clock.Now()
	p := &catalog.Product{
		ID: id.New(catalog.ProductPrefix, now), Handle: handle, Version: 1, Status: catalog.Active,
		Title: catalog.Text{"ko": "상품 " + handle, "en": "Product " + handle}, NextVariant: len(prices), CreatedAt: now,
		UpdatedAt: now,
	}
	for i, price := range prices {
		p.Variants = append(p.Variants, catalog.Variant{ID: catalog.VariantID(p.ID, i), Prices: won(price), Taxable: true})
	}
	catalog.UpdatePriceHistory(nil, p, now)
	return p
}

// add stores a product with units of each variant.
func (s *shop) add(p *catalog.Product, units int) *catalog.Product {
	s.Helper()
	stock := map[string]catalog.InitialStock{}
	for _, v := range p.Variants {
		stock[v.ID] = catalog.InitialStock{Available: units}
	}
	if err := catalog.Create(s.Context(), s.table, p, stock); err != nil {
		s.Fatal(err)
	}
	return p
}

// change stores a changed copy of the product.
func (s *shop) change(p *catalog.Product, how func(*catalog.Product)) *catalog.Product {
	s.Helper()
	after := p.Clone()
	after.Version, after.UpdatedAt = p.Version+1, s.clock.Now()
	how(after)
	catalog.UpdatePriceHistory(p, after, after.UpdatedAt)
	if err := catalog.Replace(s.Context(), s.table, p, after, nil); err != nil {
		s.Fatal(err)
	}
	return after
}

func (s *shop) many(n int) {
	s.Helper()
	for i := range n {
		s.add(s.product(fmt.Sprintf("p%04d", i), int64(1000+i)), 3)
	}
}

// cost measures what do costs.
func (s *shop) cost(do func(context.Context) error) table.Cost {
	s.Helper()
	ctx, meter := table.Metered(s.Context())
	if err := do(ctx); err != nil {
		s.Fatal(err)
	}
	return meter.Cost()
}

func (s *shop) byHandle(handle string) (*catalog.Product, error) {
	id, err := catalog.IDByHandle(s.Context(), s.table, handle)
	if err != nil {
		return nil, err
	}
	return catalog.Get(s.Context(), s.table, id)
}
