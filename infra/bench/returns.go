package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"dangol/functions/returns"
)

// returnSteps prints how many quotes a second one core computes for an order of 50 lines with 5 promotions, and what
// each step of a return costs in round trips and capacity units, as the tests of the function measure it.
func returnSteps(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "Quote", "-benchmem", "./shared/refund")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(string(out), "\n") {
		fields := strings.Fields(line)
		// Only lines with a result have this unit.
		at := slices.Index(fields, "ns/op")
		if at < 1 {
			continue
		}
		nanoseconds, err := strconv.ParseFloat(fields[at-1], 64)
		if err != nil {
			return err
		}
		fmt.Printf("\nquotes of a return: %.0f a second on one core (50 lines, 5 promotions, %.1f us each)\n",
			1e9/nanoseconds,
			nanoseconds/1000)
	}
	fmt.Printf("\n%-40s %12s %12s %12s\n", "steps of a return", "round trips", "read units", "write units")
	for _, p := range returns.AccessPatterns {
		fmt.Printf("%-40s %12d %12g %12g\n", p.Name, p.Trips, p.Read, p.Write)
	}
	return nil
}
