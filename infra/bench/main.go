// Command bench measures: how fast each function starts against a bare one, how large it is, what each operation costs
// in round trips and capacity units, what pricing, lists with facets and quotes of returns take, what one promotion
// carries whose budget all orders share, what the system does under four shoppers, at twice the rate that it carries
// and under a crowd, how well the FAQ answers, what conversations take with many connections, how fast mails leave, how
// late messages are, and a billing run. It prints figures and ratios and judges nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	starts := flag.Int("starts", 15, "starts of each bootstrap")
	seconds := flag.Duration("for", 8*time.Second, "how long each load runs")
	shoppers := flag.Int("shoppers", 4, "how many at once")
	buyers := flag.Int("buyers", 5_000, "how many want the limited edition")
	var bills runs
	flag.Var(&bills, "bills", "billing runs as due/subscriptions, say 2000/20000,100000/1000000")
	workers := flag.Int("workers", 2, "how many billing workers at once")
	only := flag.String("only",
		"start,sizes,costs,pricing,lists,returns,hot,load,overload,drop,reviews,faq,chat,mails,lateness,billing",
		"the parts to run")
	floor := flag.String("floor", "",
		"serve the floor that loads are compared with, data in this folder; the command starts itself so")
	reviews := flag.Int("reviews", 1_000_000, "how many reviews are counted again")
	connections := flag.Int("connections", 500, "how many connections chat with each other")
	mails := flag.Int("mails", 20_000, "how many mails are sent")
	late := lateness{enrolled: 1_000_000, due: 50_000}
	flag.Var(&late, "late", "people due in one minute and in series in all, say 50000/1000000")
	large := growth{orders: 10_000, steps: 4, products: 10_000}
	flag.IntVar(&large.orders, "orders", large.orders, "how many orders the shop grows by")
	flag.IntVar(&large.products, "products", large.products, "how many products it grows by")
	server := flag.String("local", "", "a local shop that was built before, to compare with; empty builds this tree's")
	flag.Parse()
	ctx := context.Background()
	// This is the process that load started; it serves and measures nothing.
	if *floor != "" {
		if err := serveFloor(ctx, *floor); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	parts := map[string]func() error{
		"start":    func() error { return startUp(ctx, *starts) },
		"sizes":    sizes,
		"costs":    func() error { return costs(ctx) },
		"pricing":  func() error { return pricing(ctx) },
		"lists":    func() error { return lists(ctx) },
		"returns":  func() error { return returnSteps(ctx) },
		"hot":      func() error { return hot(ctx) },
		"load":     func() error { return load(ctx, *server, *shoppers, *seconds) },
		"overload": func() error { return overload(ctx, *server, *shoppers, *seconds/2) },
		"growth":   func() error { return grow(ctx, *server, *shoppers, large) },
		"drop":     func() error { return drop(ctx, *server, *buyers) },
		"reviews":  func() error { return reviewFigures(ctx, *reviews) },
		"faq":      faqFigures,
		"chat":     func() error { return chatLoad(ctx, *connections, *seconds) },
		"mails":    func() error { return mailFigures(ctx, *mails) },
		"lateness": func() error { return latenessFigures(ctx, late) },
		"billing":  func() error { return billingRuns(ctx, bills, *workers) },
	}
	// In the order of the flag, not of the map.
	for name := range strings.SplitSeq(*only, ",") {
		part, ok := parts[name]
		if !ok {
			fmt.Fprintf(os.Stderr, "bench: there is no part %q\n", name)
			os.Exit(2)
		}
		if err := part(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}
