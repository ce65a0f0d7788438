package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"dangol/infra/local/issuer"
	"dangol/shared/platform/table"
)

// measuredOrders is how many guests' orders are counted, so that what is done in batches is shared out.
const measuredOrders = 20

// orderStep is one step of a guest's order.
type orderStep struct {
	name string
	do   func() error
}

// orderCosts prints what one order costs from the first page to the parcel, and what follows from each step in the
// background: the mean of 20 guests, each of whom looks at three pages, adds two products, looks at the cart, pays, and
// reads the order after the shop has shipped it. The mails are sent. docs/deploy.md has the figures.
func orderCosts(ctx context.Context, shop *measuredShop, s *system) error {
	agent, err := shop.runner.Issuer().Mint(issuer.Claims{Subject: "agent-bench", Email: "agent@example.com",
		Groups: []string{"agent"}})
	if err != nil {
		return err
	}
	asAgent := "Bearer " + agent
	second, err := s.secondVariant()
	if err != nil {
		return err
	}
	var names []string
	own, after := map[string]table.Cost{}, map[string]table.Cost{}
	byFunction := map[string]table.Cost{}
	for n := range measuredOrders {
		buyer := &shopper{system: s, n: 500_000 + n}
		names = names[:0]
		for _, step := range buyer.orderSteps(second, asAgent) {
			names = append(names, step.name)
			of, then, err := shop.measure(ctx, step.do)
			if err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
			own[step.name] = plus(own[step.name], sumOf(of))
			after[step.name] = plus(after[step.name], sumOf(then))
			for _, costs := range []map[string]table.Cost{of, then} {
				for function, cost := range costs {
					byFunction[function] = plus(byFunction[function], cost)
				}
			}
		}
	}
	mean := func(units float64) float64 { return units / measuredOrders }
	fmt.Printf("\nOne order, the mean of %d guests\n%-22s %8s %8s %14s %14s\n", measuredOrders, "step", "read", "write",
		"read after", "write after")
	for _, name := range names {
		fmt.Printf("%-22s %8.2f %8.2f %14.2f %14.2f\n", name, mean(own[name].Read), mean(own[name].Write),
			mean(after[name].Read), mean(after[name].Write))
	}
	whole := plus(sumOf(own), sumOf(after))
	fmt.Printf("%-22s %8.2f %8.2f\n\n%-22s\n", "whole order", mean(whole.Read), mean(whole.Write), "of it, by function")
	for _, function := range slices.Sorted(maps.Keys(byFunction)) {
		fmt.Printf("%-22s %8.2f %8.2f\n", function, mean(byFunction[function].Read), mean(byFunction[function].Write))
	}
	return nil
}

// secondVariant is a variant of another product than the one that shoppers buy.
func (s *system) secondVariant() (string, error) {
	var product struct{ Variants []struct{ ID string } }
	if err := fetch(http.MethodGet, s.address+"/products/tiger-soap", nil, nil, &product); err != nil {
		return "", err
	}
	return product.Variants[0].ID, nil
}

// orderSteps are the requests of a guest's order, in their order.
func (s *shopper) orderSteps(second, agent string) []orderStep {
	var made struct{ OrderID string }
	put := func(path string, body any) func() error {
		return func() error {
			return fetch(http.MethodPut, s.address+"/carts/"+s.cart+path, s.headers(), body, nil)
		}
	}
	add := func(variant string) func() error {
		return func() error {
			return fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/lines", s.headers(),
				map[string]any{"variantId": variant, "quantity": 1}, nil)
		}
	}
	return []orderStep{
		{"three pages", func() error {
			for _, path := range []string{"/products?limit=20&currency=KRW", "/products?limit=20&sort=newest&currency=KRW",
				"/products/" + boughtProduct} {
				if err := s.get(path); err != nil {
					return err
				}
			}
			return nil
		}},
		{"new cart", s.newCart},
		{"add a product", add(s.variant)},
		{"add another product", add(second)},
		{"read the cart", func() error { return s.get("/carts/" + s.cart) }},
		{"contact", put("/contact", map[string]string{"email": fmt.Sprintf("shopper%d@example.com", s.n)})},
		{"address", put("/address", map[string]string{"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769",
			"country": "KR"})},
		{"shipping method", put("/shipping-method", map[string]string{"methodId": "standard"})},
		{"checkout", func() error {
			return fetch(http.MethodPost, s.address+"/carts/"+s.cart+"/checkout", s.headers(),
				map[string]any{"paymentMethod": "pm_card_visa"}, &made)
		}},
		{"ship", func() error {
			return fetch(http.MethodPost, s.address+"/orders/"+made.OrderID+"/fulfillments", map[string]string{
				"Authorization":   agent,
				"Idempotency-Key": "bench-ship-" + strconv.Itoa(s.n),
			}, map[string]string{"carrier": "cj", "trackingNumber": "6890-1234-5678"}, nil)
		}},
		{"read the order", func() error { return s.get("/orders/" + made.OrderID) }},
	}
}
