package engine_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/infra/testkit/enginetest"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/ncruces/go-sqlite3"
)

func TestSweepRemovesWhatHasPassedAndNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	number := func(at time.Time) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: fmt.Sprint(at.Unix())}
	}
	db := enginetest.Client(t)
	table := "Swept-" + id.Secret()
	createTable(t, db, table)
	items := map[string]types.AttributeValue{
		"gone: a second ago":         number(now.Add(-time.Second)),
		"gone: this second":          number(now),
		"gone: four years ago":       number(now.AddDate(-4, 0, 0)),
		"kept: in a second":          number(now.Add(time.Second)),
		"kept: six years ago":        number(now.AddDate(-6, 0, 0)),
		"kept: a string, no number":  &types.AttributeValueMemberS{Value: fmt.Sprint(now.Unix())},
		"kept: a list of the number": &types.AttributeValueMemberL{Value: []types.AttributeValue{number(now)}},
	}
	for pk, ttl := range items {
		put(t, db, table, pk, map[string]types.AttributeValue{"expires": ttl})
	}
	put(t, db, table, "kept: no time to live", nil)
	n, err := engine.Sweep(t.Context(), db, table, "expires", now)
	if err != nil || n != 3 {
		t.Fatalf("removed %d, error %v; want 3", n, err)
	}
	left := slices.Sorted(maps.Keys(names(t, db, table)))
	if len(left) != 5 || slices.ContainsFunc(left, func(s string) bool { return strings.HasPrefix(s, "gone") }) {
		t.Errorf("left: %q", left)
	}
}

func TestSweepByTheIndexRemovesTheSame(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "data.db")
	e := run(t, engine.Options{DataFile: file})
	db := client(e.Endpoint())
	schema := table.Schema{Name: "Swept"}
	if err := tables.Create(t.Context(), db, "Swept", schema); err != nil {
		t.Fatal(err)
	}
	if err := e.IndexExpiry("Swept", "ttl"); err != nil {
		t.Fatal(err)
	}
	swept := table.New(db, "Swept", nil)
	for sk, ttl := range map[string]any{
		"gone: a second ago": now.Unix() - 1, "gone: this second": now.Unix(), "kept: in a second": now.Unix() + 1,
		"kept: six years ago": now.AddDate(-6, 0, 0).Unix(), "kept: a string": fmt.Sprint(now.Unix()), "kept: none": nil,
	} {
		item := map[string]any{"pk": "P", "sk": sk}
		if ttl != nil {
			item["ttl"] = ttl
		}
		if err := swept.Put(t.Context(), table.Put{Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := e.Sweep(t.Context(), db, "Swept", "ttl", now); err != nil || n != 2 {
		t.Fatalf("removed %d, error %v; want 2", n, err)
	}
	left := 0
	err := swept.All(t.Context(), table.Query{Where: "#pk = :p", With: map[string]any{":p": "P"}},
		func(item table.Item) error {
			if left++; strings.HasPrefix(item.Text("sk"), "gone") {
				t.Errorf("%s is there", item.Text("sk"))
			}
			return nil
		})
	if err != nil || left != 4 {
		t.Errorf("%d left, want 4: %v", left, err)
	}
	// A sweep of a large table must not read it: SQLite is asked how it would answer.
	sqlite, err := sqlite3.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.Close()
	plan, _, err := sqlite.Prepare(`EXPLAIN QUERY PLAN SELECT pk, sk FROM "Swept" WHERE json_extract(item_json, '$."ttl".N')
		IS NOT NULL AND CAST(json_extract(item_json, '$."ttl".N') AS INTEGER) BETWEEN 1 AND 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	if !plan.Step() || !strings.Contains(plan.ColumnText(3), "dangol_ttl_Swept") {
		t.Errorf("expired items are found by: %s", plan.ColumnText(3))
	}
}

func TestSweepGoesThroughEveryPage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	db := enginetest.Client(t)
	table := "Pages-" + id.Secret()
	createTable(t, db, table)
	filler := &types.AttributeValueMemberS{Value: strings.Repeat("x", 100_000)}
	for i := range 25 {
		put(t, db, table, fmt.Sprint(i), map[string]types.AttributeValue{
			"expires": &types.AttributeValueMemberN{Value: fmt.Sprint(now.Unix() - int64(i%2))}, "filler": filler,
		})
	}
	if n, err := engine.Sweep(t.Context(), db, table, "expires", now.Add(-time.Second)); err != nil || n != 12 {
		t.Errorf("removed %d of 12 over three pages: %v", n, err)
	}
}

func TestSweepOfAMissingTableIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := engine.Sweep(t.Context(), enginetest.Client(t), "Nowhere", "expires", time.Unix(0, 0)); err == nil {
		t.Error("no error")
	}
}
