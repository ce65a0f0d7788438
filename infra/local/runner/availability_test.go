package runner_test

import (
	"fmt"
	"testing"

	"dangol/infra/testkit/system"
)

// TestAListFollowsWhatIsSold buys a product until it is sold out, over HTTP, with the stream, the bus and all functions
// between: the filtered lists and the facets follow, also after the units come back.
func TestAListFollowsWhatIsSold(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.Product(7, nil)
	s.Product(40, nil) // stays in stock
	want := func(availability string) {
		t.Helper()
		s.RunUntilIdle()
		for _, a := range []string{"in_stock", "low", "out"} {
			got := s.Do(system.Guest, "GET", "/products?facets=true&availability="+a, nil)
			products := 0
			if a == "in_stock" {
				products = 1
			}
			if a == availability {
				products++
			}
			if total := got.Field(t, "total"); total != fmt.Sprint(products) {
				t.Errorf("%s lists %s products, want %d", a, total, products)
			}
			if products == 0 {
				continue
			}
			if n := got.Field(t, "facets.availability.0.products"); n != fmt.Sprint(products) {
				t.Errorf("the facet counts %s products as %s, want %d", n, a, products)
			}
		}
	}
	want("in_stock")
	s.Buy(s.GuestWith(variant, 1), "pm_card_visa")
	want("in_stock")
	s.Buy(s.GuestWith(variant, 1), "pm_card_visa")
	want("low")
	last := s.Buy(s.GuestWith(variant, 5), "pm_card_visa")
	want("out")
	s.Do(s.Merchant().With("Idempotency-Key", "cancel"), "POST", "/orders/"+last.Field(t, "orderId")+"/cancel",
		map[string]any{"reason": "customer"})
	want("low")
	s.Do(s.Merchant(), "PUT", "/stock/"+variant, map[string]any{"available": 30})
	want("in_stock")
	if got := s.Do(system.Guest, "GET", "/products/"+product, nil).Field(t, "variants.0.availability"); got != "in_stock" {
		t.Errorf("the page says %s", got)
	}
}
