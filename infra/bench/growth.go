package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"dangol/shared/platform/clock"
)

// growth is how far a shop grows: orders at which it is measured, and products that it has in the end.
type growth struct {
	orders   int // in all
	steps    int // how often it is measured on the way
	products int // imported after the first measurement
}

// sampled is for how long checkouts, and then purchases, are measured at each step.
const sampled = 15 * time.Second

// grow places orders and measures on the way what must not grow with them: the processor time of a checkout and of a
// whole purchase, the memory of the server, how long the clock takes for a second; and in the end whether the first
// mail can still be read.
func grow(ctx context.Context, server string, shoppers int, g growth) error {
	data, err := os.MkdirTemp("", "dangol-growth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	system, err := launch(ctx, server, data)
	if err != nil {
		return err
	}
	defer system.stop()
	fmt.Printf("\n%d orders and %d products on the local engine, data on disk; processor time in ms, memory in MB\n",
		g.orders, g.products)
	fmt.Printf("%8s %9s %17s %17s %9s %9s %11s\n", "orders", "products", "checkout (engine)", "purchase (engine)",
		"server MB", "engine MB", "clock +1 s")
	placed := 0
	first, err := system.firstMail()
	if err != nil {
		return err
	}
	if err := system.grown(shoppers, &placed, 0); err != nil {
		return err
	}
	if err := system.addProducts(g.products); err != nil {
		return err
	}
	for step := range g.steps {
		target := g.orders * (step + 1) / g.steps
		if err := system.place(shoppers, target-placed); err != nil {
			return err
		}
		placed = max(placed, target)
		if err := system.grown(shoppers, &placed, g.products); err != nil {
			return err
		}
	}
	again, err := system.mail(first)
	if err != nil {
		return err
	}
	fmt.Printf("the first mail, %s, still has its %d bytes\n", first, again)
	return nil
}

// firstMail is the path of a mail of the beginning.
func (s *system) firstMail() (string, error) {
	buyer := &shopper{system: s}
	if err := buyer.purchase(); err != nil {
		return "", err
	}
	if err := s.deliver(); err != nil {
		return "", err
	}
	var inbox struct{ Messages []struct{ ID string } }
	if err := fetch(http.MethodGet, s.address+"/inbox.json", nil, nil, &inbox); err != nil {
		return "", err
	}
	if len(inbox.Messages) == 0 {
		return "", fmt.Errorf("no mail about an order")
	}
	path := "/inbox/" + inbox.Messages[0].ID
	_, err := s.mail(path)
	return path, err
}

// mail is how long the page of a mail is.
func (s *system) mail(path string) (int, error) {
	var raw bytes.Buffer
	if err := fetch(http.MethodGet, s.address+path, nil, nil, &raw); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return raw.Len(), nil
}

// grown prints a row. The orders that it places to measure are added to placed.
func (s *system) grown(shoppers int, placed *int, products int) error {
	length := sampled
	checkout, err := s.measure(operations[len(operations)-2], shoppers, length)
	if err != nil {
		return err
	}
	purchase, err := s.measure(operations[len(operations)-1], shoppers, length)
	if err != nil {
		return err
	}
	at := *placed
	*placed += len(checkout.took) + len(purchase.took)
	watch := clock.System{}
	from := watch.Now()
	if err := s.deliver(); err != nil {
		return err
	}
	took := watch.Now().Sub(from)
	memory, err := memoryOf(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	var engine int64
	for _, child := range childrenOf(s.cmd.Process.Pid) {
		if engine, err = memoryOf(child); err != nil {
			return err
		}
	}
	fmt.Printf("%8d %9d %8.2f (%6.2f) %8.2f (%6.2f) %9d %9d %8.0f ms\n", at, products,
		checkout.each(), checkout.per(checkout.used.engine), purchase.each(), purchase.per(purchase.used.engine),
		memory>>20, engine>>20, ms(took))
	return nil
}

// place places orders, in rounds of which each is delivered before the next.
func (s *system) place(shoppers, orders int) error {
	buyers := make([]*shopper, shoppers)
	for n := range buyers {
		buyers[n] = &shopper{system: s, n: n}
	}
	const round = 50
	for done := 0; done < orders; done += round * shoppers {
		if err := together(buyers, func(buyer *shopper) error {
			for range round {
				if err := patiently((*shopper).purchase)(buyer); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		if err := s.deliver(); err != nil {
			return err
		}
	}
	return nil
}

// addProducts imports products of one variant each.
func (s *system) addProducts(products int) error {
	const batch = 250
	headers, err := s.merchant()
	if err != nil {
		return err
	}
	for from := 0; from < products; from += batch {
		var rows strings.Builder
		rows.WriteString("Handle,Title,Tags,Published,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty," +
			"Variant Inventory Policy,Variant Price,Variant Requires Shipping,Variant Taxable,Status\n")
		for n := from; n < min(from+batch, products); n++ {
			fmt.Fprintf(&rows, "many-%d,상품 %d,bulk,true,MANY-%d,shopify,100,deny,%d,true,true,active\n", n, n, n, 1000+n)
		}
		var report struct {
			Failed int
			Errors []any
		}
		if err := send(http.MethodPost, s.address+"/products/import?currency=KRW", "text/csv", headers,
			strings.NewReader(rows.String()), &report); err != nil {
			return err
		}
		if report.Failed > 0 {
			return fmt.Errorf("products: %v", report.Errors)
		}
	}
	return s.deliver()
}
