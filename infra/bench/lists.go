package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// lists prints what a page of products with facets takes with 1,000 and with 31,000 products, measured in one run: the
// benchmark of the function that answers it.
func lists(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Facets", "./functions/products")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	fmt.Printf("\na page of 20 products with facets\n%-44s %14s %14s %8s\n", "", "1,000, us", "31,000, us", "ratio")
	times, order := map[string][]float64{}, []string{}
	for line := range strings.SplitSeq(string(out), "\n") {
		fields := strings.Fields(line)
		// BenchmarkFacets/<what>/products=<n>-<processors>, the number of runs, nanoseconds, "ns/op".
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "BenchmarkFacets/") {
			continue
		}
		nanoseconds, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return err
		}
		what := strings.ReplaceAll(strings.Split(fields[0], "/")[1], "_", " ")
		if times[what] == nil {
			order = append(order, what)
		}
		times[what] = append(times[what], nanoseconds/1000)
	}
	for _, what := range order {
		if t := times[what]; len(t) == 2 {
			fmt.Printf("%-44s %14.1f %14.1f %8.2f\n", what, t[0], t[1], t[1]/t[0])
		}
	}
	return nil
}
