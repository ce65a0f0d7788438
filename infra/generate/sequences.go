package main

import (
	"bytes"
	"fmt"

	"dangol/infra/topology"
	"dangol/shared/outreach/sequence"
)

// sequences writes the page of all message series, with a diagram of each.
func sequences(topology.System) ([]byte, error) {
	library, err := sequence.Builtin()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("# Message series\n\nMade by `make generate` from the data files in `shared/outreach/sequence/data`. " +
		"[Outreach](outreach.md) says how they work.\n\n| series | what for | kind | topic | holdout | may be late by " +
		"|\n|---|---|---|---|---|---|\n")
	for _, d := range library.Latest() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %d %% | %s |\n", d.ID, d.ID, d.Purpose, d.Kind, d.Topic, d.Holdout,
			d.MaxLateness)
	}
	for _, d := range library.Latest() {
		fmt.Fprintf(&b, "\n## %s\n\nVersion %d. %s.\n\n```mermaid\n%s```\n", d.ID, d.Version, d.Purpose, d.Diagram())
	}
	return b.Bytes(), nil
}
