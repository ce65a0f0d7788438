// Command generate writes what is made from the code: the OpenAPI document and the pages on architecture and data
// model. Its test fails when one of them is not up to date.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"dangol/infra/topology"
)

// page is one generated file, below the repository.
// make takes the system, so that the pages cannot differ from what is deployed.
type page struct {
	path string
	make func(topology.System) ([]byte, error)
}

// pages are written by this command, and compared by its test.
var pages = []page{
	{"docs/openapi.json", openAPI},
	{"docs/architecture.md", architecture},
	{"docs/data-model.md", dataModel},
	{"docs/sequences.md", sequences},
	{"shared/money/units.go", currencies},
}

func main() {
	for _, p := range pages {
		if err := p.write("."); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

// write makes the page and stores it below root.
func (p page) write(root string) error {
	content, err := p.make(topology.Dangol)
	if err != nil {
		return fmt.Errorf("%s: %w", p.path, err)
	}
	return os.WriteFile(filepath.Join(root, p.path), content, 0o644)
}
