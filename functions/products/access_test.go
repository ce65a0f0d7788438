package products_test

import (
	"testing"
	"time"

	"dangol/functions/products"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	const created = `{"title":{"ko":"새 비누 {unique}"},"variants":[{"prices":{"KRW":{"amount":100}}}]}`
	const full = `{"title":{"ko":"새 비누 {unique}"},"status":"draft","tags":["soap"],"categories":["bath"],` +
		`"variants":[{"prices":{"KRW":{"amount":100}},"available":3,"edition":{"buckets":2}}]}`
	unset := map[string]string{"/variants/0/edition/buckets minimum": "an edition without buckets has one"}
	anyVersion := map[string]string{"If-Match": "*"}
	system.Check(t, system.Function{
		Spec: products.Spec(),
		Routes: system.Routes{
			"listProducts":      {},
			"listCategories":    {},
			"getShop":           {},
			"listVariants":      {Query: "ids=var_none"},
			"listAllProducts":   {},
			"getProduct":        {Needs: system.AProduct},
			"getProductForEdit": {Needs: system.AProduct},
			"getPriceHistory":   {Needs: system.AProduct},
			"createProduct":     {Body: created, Bodies: []string{full}, Harmless: unset},
			"replaceProduct": {Needs: system.AProduct, Body: created, Bodies: []string{full}, Header: anyVersion,
				Harmless: unset},
			"archiveProduct": {Needs: system.AProduct, Header: anyVersion},
			"getStock":       {Needs: system.AProduct},
			"setStock":       {Needs: system.AProduct, Body: `{"available":7}`},
			"adjustStock":    {Needs: system.AProduct, Body: `{"delta":1,"reason":"counted"}`},
			"exportProducts": {},
			"importProducts": {
				Body: "Handle,Title,Variant Price\nimported-{unique},Soap,100\n", Query: "currency=KRW",
				Header: map[string]string{"Content-Type": "text/csv"},
			},
		},
		Journey: func(s *system.Shop) {
			reducedPrice(s)
			s.Do(system.Guest, "GET", "/products?sort=best_selling", nil)
			s.AdvanceBy(time.Hour)
			soldOut(s)
		},
	})
}

// reducedPrice gives a product a lower price and looks at its page, which shows the lowest price of the last 30 days.
func reducedPrice(s *system.Shop) {
	product, variant := s.Product(3, nil)
	s.Do(s.Merchant().With("If-Match", "*"), "PUT", "/products/"+product, map[string]any{
		"title": map[string]string{"ko": "비누"}, "handle": system.Unique("soap"), "status": "active",
		"variants": []any{map[string]any{
			"id": variant, "prices": map[string]any{"KRW": map[string]any{"amount": 9_000, "compareAt": 12_000}},
		}},
	})
	s.Do(system.Guest, "GET", "/products/"+product+"?currency=KRW", nil)
}

// soldOut takes the last units of a product, and makes a gift set of it first: both are then listed as sold out.
func soldOut(s *system.Shop) {
	_, part := s.Product(6, nil)
	s.Product(0, map[string]any{"components": []any{map[string]any{"variantId": part, "quantity": 2}}})
	s.RunUntilIdle()
	s.Do(s.Merchant(), "PUT", "/stock/"+part, map[string]any{"available": 0})
	s.RunUntilIdle()
	s.Do(system.Guest, "GET", "/products?availability=out&facets=true", nil)
}
