package main

import (
	"bytes"
	"fmt"

	"dangol/infra/topology"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/ratelimit"
)

// dataModel lists every access pattern with its cost, as the packages that own them state and their tests measure.
func dataModel(s topology.System) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Data model\n\nMade from the packages that own the items by `make generate`; their tests measure " +
		"every figure on the engine and fail when it is wrong.\n\n")
	b.WriteString("Units are DynamoDB's: a read unit is 4 KB strongly consistent (half for eventually consistent), a " +
		"write unit is 1 KB; each index that changes adds its own; a transaction doubles the table's part.\n\n")
	b.WriteString("Checkouts, orders and tasks above 896 bytes keep what no expression and no index needs in one " +
		"binary attribute, `deflated`. Its first byte is the format; 1 is a raw DEFLATE stream (RFC 1951) with the preset " +
		"dictionary of `shared/platform/table`, of attributes one after another: type, name, value. The data of an event " +
		"above 256 bytes is stored in the same format. Readers take both forms, so items from before stay readable; " +
		"versions of the functions without it cannot read the new ones, so a roll-back stops there.\n\n")
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "- **%s**: %s.", t.Name, t.Purpose)
		for _, index := range t.Indexes {
			fmt.Fprintf(&b, " Index `%s` (%s, %s) carries %v.", index.Name, index.Hash, index.Sort, index.Projected)
		}
		b.WriteString("\n")
	}
	for _, section := range sections(s) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", section.Title, section.About)
		b.WriteString("| access pattern | key | index | round trips | read units | write units | measured with " +
			"|\n|---|---|---|---:|---:|---:|---|\n")
		for _, p := range section.Patterns {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %d | %s | %s | %s |\n", p.Name, p.Key, p.Index, p.Trips, units(p.Read),
				units(p.Write), p.Note)
		}
	}
	b.WriteString(exactDecisions)
	return b.Bytes(), nil
}

// sections are what the functions own, then what all of them use.
func sections(s topology.System) []function.Data {
	var all []function.Data
	for _, f := range s.Functions {
		all = append(all, f.Data...)
	}
	return append(all, platform...)
}

// units is a number without trailing zeros; an empty cell stands for none.
func units(n float64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%g", n)
}

// platform is what the shared packages own; no function has it in its Spec.
var platform = []function.Data{
	{Title: "Rate limits", About: "Package `shared/platform/ratelimit`.", Patterns: ratelimit.AccessPatterns},
	{Title: "Idempotency keys", About: "Package `shared/platform/idempotency`.", Patterns: idempotency.AccessPatterns},
	{Title: "Events", About: "Package `shared/platform/event`.", Patterns: event.AccessPatterns},
	{Title: "Due jobs", About: "Package `shared/platform/due`.", Patterns: due.AccessPatterns},
}
