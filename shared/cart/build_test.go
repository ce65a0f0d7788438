package cart_test

import (
	"context"
	"testing"
	"time"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/problem"
	"dangol/shared/pricing"
)

// noon is when everything happens.
var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

type variant = func(*catalog.Variant)

// goods of a small shop: won and dollars, ten of each unless said otherwise.
type testCatalog struct {
	variants cart.Variants
	left     map[string]int
}

func stocked() *testCatalog { return &testCatalog{variants: cart.Variants{}, left: map[string]int{}} }

// with puts a variant in the catalog.
func (s *testCatalog) with(id string, won int64, left int, set ...variant) *testCatalog {
	v := catalog.Variant{
		ID: id, Taxable: true, RequiresShipping: true,
		Prices: map[string]catalog.Price{"KRW": {Amount: won}, "USD": {Amount: won / 10}},
	}
	for _, f := range set {
		f(&v)
	}
	s.left[id] = left
	s.variants[id] = cart.SellableVariant{Product: &catalog.Product{ID: "prod-" + id, Title: catalog.Text{"en": id}},
		Variant: v}
	for id, g := range s.variants { // a set may have come before its parts
		s.variants[id] = cart.NewSellableVariant(g.Product, g.Variant, s.left)
	}
	return s
}

func onlyWon(v *catalog.Variant)   { delete(v.Prices, "USD") }
func untracked(v *catalog.Variant) { v.Untracked = true }
func digital(v *catalog.Variant)   { v.RequiresShipping = false }
func perOrder(n int) variant       { return func(v *catalog.Variant) { v.MaxPerOrder = n } }
func perCustomer(n int) variant    { return func(v *catalog.Variant) { v.MaxPerCustomer = n } }
func opens(at time.Time) variant {
	return func(v *catalog.Variant) { v.Edition = &catalog.Edition{OpensAt: at, Buckets: 2} }
}

// of makes a gift set; parts are variant ids, each as often as it is in the set.
func of(parts ...string) variant {
	return func(v *catalog.Variant) {
		for _, p := range parts {
			v.Components = append(v.Components, catalog.Component{VariantID: p, Quantity: 1})
		}
	}
}

// won is an open cart in won that can be bought but for its lines.
func won() *cart.Cart {
	return &cart.Cart{
		ID: "cart_00000000000000000000000001", State: cart.Open, Version: 1, Currency: "KRW", Language: "ko",
		Email: "haneul@example.com", Shipping: "standard",
		Address: &address.Address{Name: "김하늘", Line1: "왕십리로 83", Country: "KR"},
	}
}

func choice(id string, n int) cart.Choice { return cart.Choice{VariantID: id, Quantity: n} }

func engraved(id string, n int, text string) cart.Choice {
	return cart.Choice{VariantID: id, Quantity: n, Properties: map[string]string{"engraving": text}}
}

// filled puts choices of the catalog into a cart.
func filled(t interface{ Fatalf(string, ...any) }, c *cart.Cart, s *testCatalog, choices ...cart.Choice) *cart.Cart {
	for _, w := range choices {
		if err := c.Add(w, s.variants[w.VariantID], noon); err != nil {
			t.Fatalf("add %v: %v", w, err)
		}
	}
	return c
}

func shop(t testing.TB) pricing.Shop {
	t.Helper()
	s, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fieldOf is the pointer of the first wrong field.
func fieldOf(err error) string {
	if p := problem.From(err); len(p.Fields) > 0 {
		return p.Fields[0].Pointer
	}
	return ""
}

// Variants makes the catalog a VariantReader.
func (s *testCatalog) Variants(_ context.Context, ids []string) (cart.Variants, error) {
	found := cart.Variants{}
	for _, id := range ids {
		if g, ok := s.variants[id]; ok {
			found[id] = g
		}
	}
	return found, nil
}
