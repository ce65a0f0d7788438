package sweeper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dangol/shared/platform/boot"
)

// commerce is the variable with the table of kinds that name none.
const commerce = "COMMERCE_TABLE"

// readKinds reads the entries of DUE_KINDS and opens their tables.
func readKinds(ctx context.Context, env *boot.Env, entries []string) ([]Kind, error) {
	var kinds []Kind
	var variables []string
	for _, entry := range entries {
		names, url, ok := strings.Cut(entry, "=")
		names, variable, elsewhere := strings.Cut(strings.TrimSpace(names), "@")
		if !elsewhere {
			variable = commerce
		}
		for kind := range strings.SplitSeq(names, "+") {
			if !ok || kind == "" || url == "" || variable == "" {
				return nil, fmt.Errorf("environment variable DUE_KINDS: %q is not kind=url or kind+kind@TABLE_VARIABLE=url", entry)
			}
			// Two entries of one kind would hand out each job to one of two queues by chance.
			if slices.ContainsFunc(kinds, func(k Kind) bool { return k.Name == kind }) {
				return nil, fmt.Errorf("environment variable DUE_KINDS: %s is there twice", kind)
			}
			kinds = append(kinds, Kind{Name: kind, Queue: url})
			variables = append(variables, variable)
		}
	}
	// All at once: env.Tables checks each variable, and opens a table that several kinds share once.
	tables, err := env.Tables(ctx, variables...)
	if err != nil {
		return nil, err
	}
	for i := range kinds {
		kinds[i].Table = tables[i]
	}
	return kinds, nil
}
