package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"dangol/infra/topology"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	for _, p := range pages {
		want, err := p.make(topology.Dangol)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../..", p.path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not up to date: run `make generate` and commit it", p.path)
		}
	}
}
