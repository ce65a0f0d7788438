package products

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/memory"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/stock"
)

// BenchmarkFacets is the time of a page of 20 products with facets, API Gateway event in, answer out, with 1,000 and
// with 31,000 products of the same 20 categories and 50 tags; the table is in memory. Lists are answered from memory,
// so a page should take the same with both. What grows is taking in a change, which one of many lists does.
func BenchmarkFacets(b *testing.B) {
	for _, n := range []int{1_000, 31_000} {
		s, some := crowded(b, n)
		list := func(b *testing.B, query string) {
			if _, err := s.handler.Invoke(b.Context(), apitest.Event(b, "GET", "/products?facets=true&limit=20&"+query, nil,
				nil)); err != nil {
				b.Fatal(err)
			}
		}
		// Each part begins with lists that are known.
		for range 2 {
			for i := range 80 {
				list(b, filterNumber(i))
			}
		}
		b.Run(fmt.Sprintf("the same list/products=%d", n), func(b *testing.B) {
			for b.Loop() {
				list(b, "currency=KRW")
			}
		})
		b.Run(fmt.Sprintf("80 filters in turn/products=%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				list(b, filterNumber(i))
			}
		})
		b.Run(fmt.Sprintf("a level crosses a bound every 100 lists/products=%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if i%100 == 0 {
					b.StopTimer()
					s.cross(b, some, i/100%2*40)
					b.StartTimer()
				}
				list(b, "currency=KRW&availability=in_stock")
			}
		})
	}
}

// filterNumber is one of 80 filters: a category and an availability.
func filterNumber(i int) string {
	return fmt.Sprintf("currency=KRW&category=category%d&availability=%s", i%20, catalog.Availabilities[i/20%4])
}

// crowdedShop is a shop with many products.
type crowdedShop struct {
	*Products
	clock   *clock.Movable
	handler lambda.Handler
}

// crowded fills a table with n products; a twentieth of them is sold out. It returns a variant of one that is not.
func crowded(b *testing.B, n int) (crowdedShop, string) {
	b.Helper()
	rules, err := pricing.DefaultShop()
	if err != nil {
		b.Fatal(err)
	}
	c := clock.Stopped(opening)
	commerce := table.New(memory.New(table.Commerce), "Commerce", nil)
	outreach := table.New(memory.New(table.Outreach), "Outreach", nil)
	s := crowdedShop{Products: newCatalog(commerce, outreach, c, rules, 2*time.Second), clock: c}
	s.handler = s.service(api.Options{Clock: c, Verify: apitest.Verify, Log: slog.New(slog.DiscardHandler)}).Lambda()
	some := ""
	for i := range n {
		p := &catalog.Product{
			ID: id.New(catalog.ProductPrefix, opening), Handle: fmt.Sprint("cream-", i), Version: 1, Status: catalog.Active,
			Title:  catalog.Text{"ko": fmt.Sprintf("녹차 수분 크림 %d호", i), "en": fmt.Sprintf("Green Tea Cream No. %d", i)},
			Vendor: "dangol", Type: "크림", Tags: []string{"보습", fmt.Sprint("line", i%50)},
			Categories: []string{fmt.Sprint("category", i%20)}, NextVariant: 1,
			CreatedAt: opening.Add(time.Duration(i) * time.Second), UpdatedAt: opening,
		}
		v := catalog.Variant{ID: catalog.VariantID(p.ID, 0), Taxable: true,
			Prices: map[string]catalog.Price{"KRW": {Amount: int64(1_000 + i)}}}
		p.Variants = []catalog.Variant{v}
		units := 40
		if i%20 == 3 {
			units = 0
		} else {
			some = v.ID
		}
		if err := catalog.Create(b.Context(), commerce, p,
			map[string]catalog.InitialStock{v.ID: {Available: units}}); err != nil {
			b.Fatal(err)
		}
		if units == 0 {
			if err := s.index.ProductChanged(b.Context(), p.ID); err != nil {
				b.Fatal(err)
			}
		}
	}
	// Longer ago than what a refresh of the list reads again; the import of so many products is not what is measured.
	c.Advance(time.Minute)
	return s, some
}

// cross sets the stock of a variant across a bound, has the list's row written, and lets the list grow old.
func (s crowdedShop) cross(b *testing.B, variantID string, units int) {
	b.Helper()
	if err := stock.Set(b.Context(), s.table, variantID, 1, units, s.clock.Now()); err != nil {
		b.Fatal(err)
	}
	if err := s.index.LevelChanged(b.Context(), variantID); err != nil {
		b.Fatal(err)
	}
	s.clock.Advance(3 * time.Second)
}
