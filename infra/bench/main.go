// Command bench measures: how fast each function starts against a bare one, how large it is, what each operation costs in
// round trips and capacity units, what pricing takes, what the system does under four shoppers and under a crowd, and a
// billing run. It prints figures and ratios and judges nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	starts := flag.Int("starts", 15, "starts of each bootstrap")
	seconds := flag.Duration("for", 8*time.Second, "how long each load runs")
	shoppers := flag.Int("shoppers", 4, "how many at once")
	buyers := flag.Int("buyers", 5_000, "how many want the limited edition")
	renewals := flag.Int("renewals", 1_000, "renewals of the billing run; 100000 for the whole one")
	flag.Parse()
	ctx := context.Background()
	for _, part := range []func(context.Context) error{
		func(ctx context.Context) error { return startUp(ctx, *starts) },
		func(context.Context) error { return sizes() },
		costs,
		pricing,
		func(ctx context.Context) error { return load(ctx, *shoppers, *seconds) },
		func(ctx context.Context) error { return drop(ctx, *buyers) },
		func(ctx context.Context) error { return billingRun(ctx, *renewals) },
	} {
		if err := part(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}
