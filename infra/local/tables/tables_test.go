package tables_test

import (
	"strings"
	"testing"

	"dangol/infra/local/tables"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

// A folder of an older version is refused at the start, in words that say what to do, and not by queries that fail
// later.
func TestATableOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	index := table.Index{Name: "gsi1", Hash: "gsi1pk", Sort: "gsi1sk", Projected: []string{"card", "title"}}
	moved, fewer := index, index
	moved.Sort = "gsi1at"
	fewer.Projected = []string{"card"}
	for name, c := range map[string]struct {
		then, now []table.Index
		refused   bool
	}{
		"the same":                 {[]table.Index{index}, []table.Index{index}, false},
		"an index is new":          {nil, []table.Index{index}, true},
		"sorted by something else": {[]table.Index{moved}, []table.Index{index}, true},
		"it holds more":            {[]table.Index{fewer}, []table.Index{index}, true},
		"an index is gone":         {[]table.Index{index}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := tables.Client(enginetest.Endpoint(t))
			schema := table.Schema{Name: "Versions", Indexes: c.then}
			called := localtest.Name(t, schema)
			schema.Indexes = c.now
			err := tables.Create(t.Context(), client, called, schema)
			if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(), "make reset") {
				t.Error(err)
			}
		})
	}
}
