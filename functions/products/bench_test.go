package products

import (
	"fmt"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
)

// BenchmarkRoutes is the CPU of the hot routes, API Gateway event in, answer out, with 200 products and everything
// fresh in memory.
func BenchmarkRoutes(b *testing.B) {
	rules, err := pricing.DefaultShop()
	if err != nil {
		b.Fatal(err)
	}
	c := clock.Stopped(opening)
	f := newCatalog(localtest.Table(b, table.Commerce), localtest.Table(b, table.Outreach), c, rules, time.Minute)
	handler := f.service(api.Options{Clock: c, Verify: apitest.Verify}).Lambda()
	s := &shop{TB: b, Products: f, clock: c, api: apitest.New(b, handler),
		merchant: apitest.New(b, handler).As(apitest.Merchant)}
	for i := range 200 {
		s.create(cream(fmt.Sprintf("cream-%d", i)))
	}
	for _, path := range []string{"/products", "/products?q=크림&sort=price_asc&currency=KRW", "/products/cream-7",
		"/categories"} {
		event := apitest.Event(b, "GET", path, nil, nil)
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := handler.Invoke(b.Context(), event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
