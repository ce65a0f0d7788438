package checks

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// compressible is every item that may be stored compressed, by the folder whose expressions concern it.
var compressible = map[string][]table.Compressible{
	"shared/checkout":      {&checkout.Checkout{}},
	"shared/order":         {&order.Order{}, order.Draft{}},
	"shared/platform/task": {task.Task[int]{}},
}

// keysOf are the functions that name the key of such an item: a folder that calls one may write the item as well.
var keysOf = map[string]string{
	"checkout.KeyOf": "shared/checkout", "order.KeyOf": "shared/order",
	"task.KeyOf": "shared/platform/task",
}

// attributeName is an attribute in an expression.
var attributeName = regexp.MustCompile(`#([A-Za-z0-9_]+)`)

// TestNoExpressionNamesACompressedAttribute: DynamoDB does not see an attribute that is compressed. An expression that
// names one would set it beside the compressed value, or not remove it, or compare with nothing. Who names the
// compressed attribute as well has thought of it.
func TestNoExpressionNamesACompressedAttribute(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for file, source := range sources(t, "../../shared", "../../functions") {
		folder := path.Dir(file)
		if bytes.Contains(source, []byte(") CompressedAttributes() []string {")) {
			found[folder] = true
		}
		items := compressible[folder]
		for call, owner := range keysOf {
			if bytes.Contains(source, []byte(call)) {
				items = slices.Concat(items, compressible[owner])
			}
		}
		var names []string
		for _, item := range items {
			names = append(names, item.CompressedAttributes()...)
		}
		if bytes.Contains(source, []byte("table.CompressedAttribute")) {
			continue
		}
		for _, m := range attributeName.FindAllSubmatch(source, -1) {
			if slices.Contains(names, string(m[1])) {
				t.Errorf("an expression in %s names %s, which may be compressed", file, m[1])
			}
		}
	}
	if want := slices.Sorted(maps.Keys(compressible)); !slices.Equal(slices.Sorted(maps.Keys(found)), want) {
		t.Errorf("items may be compressed in %v, and are listed here for %v", slices.Sorted(maps.Keys(found)), want)
	}
}

// TestIndexesCarryNothingCompressed: a key of an index, what it carries, and the time after which an item is deleted
// are read by DynamoDB.
func TestIndexesCarryNothingCompressed(t *testing.T) {
	t.Parallel()
	outside := []string{table.HashKey, table.SortKey, table.TTLAttribute, table.WriteIDAttribute, "event", "version"}
	for _, schema := range table.Schemas {
		for _, index := range schema.Indexes {
			outside = append(append(outside, index.Hash, index.Sort), index.Projected...)
		}
	}
	for folder, items := range compressible {
		for _, item := range items {
			for _, name := range item.CompressedAttributes() {
				if slices.Contains(outside, name) {
					t.Errorf("%s: %T has %s compressed", folder, item, name)
				}
			}
		}
	}
}

// sources is the Go source of each file below some folders, without tests.
func sources(t *testing.T, roots ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(file)
			out[strings.TrimPrefix(filepath.ToSlash(file), "../../")] = raw
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
