package promotions_test

import (
	"strings"
	"testing"

	"dangol/shared/catalog"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// named is an item of which only the key matters.
type named struct{ table.Key }

func TestNamesThatTheShopDoesNotKnowAreRefusedAtPublishing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000, func(p *catalog.Product) { p.Tags, p.Categories = []string{"summer"}, []string{"soap"} })
	for _, put := range []struct {
		table *table.Table
		key   table.Key
	}{{b.table, subscription.PlanKey("plan_gold")}, {b.f.Outreach, segment.Key("regulars")}} {
		if err := put.table.Put(t.Context(), table.Put{Item: named{put.key}}); err != nil {
			t.Fatal(err)
		}
	}
	targets := func(list, name string) map[string]any {
		return map[string]any{"targets": map[string]any{list: []string{name}}}
	}
	members := func(plan string) map[string]any {
		return map[string]any{"conditions": map[string]any{"audience": "member", "plans": []string{plan}}}
	}
	in := func(segment string) map[string]any {
		return map[string]any{"conditions": map[string]any{"segments": []string{segment}}}
	}
	for _, tc := range []struct {
		name           string
		known, unknown map[string]any
		pointer, code  string
	}{
		{"a product", targets("products", product), targets("products", "prod_none"), "/targets/products/0",
			"unknown_product"},
		{"a category", targets("categories", "soap"), targets("categories", "soup"), "/targets/categories/0",
			"unknown_category"},
		{"a tag", targets("tags", "summer"), targets("tags", "sumer"), "/targets/tags/0", "unknown_tag"},
		{"a plan", members("plan_gold"), members("plan_none"), "/conditions/plans/0", "unknown_plan"},
		{"a segment", in("regulars"), in("regular"), "/conditions/segments/0", "unknown_segment"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			publish := func(change map[string]any) (string, int, string) {
				path := "/promotions/" + b.create(body(product, change)).ID
				got := b.merchant.Do("POST", path+"/publish", map[string]string{"reason": "a test"})
				return path, got.Status, got.Body
			}
			path, status, answer := publish(tc.unknown)
			if status != 422 || !strings.Contains(answer, tc.pointer) || !strings.Contains(answer, tc.code) {
				t.Errorf("%d %s, want %s at %s", status, answer, tc.code, tc.pointer)
			}
			var draft struct{ State string }
			if b.merchant.Do("GET", path, nil).Want(200).Into(&draft); draft.State != "draft" {
				t.Errorf("it is %s", draft.State)
			}
			path, status, answer = publish(tc.known)
			if status != 200 {
				t.Fatalf("what is known: %d %s", status, answer)
			}
			replaced := b.merchant.With("If-Match", "*").Do("PUT", path, body(product, tc.unknown))
			if replaced.Status != 422 || !strings.Contains(replaced.Body, tc.code) {
				t.Errorf("put into a published one: %d %s", replaced.Status, replaced.Body)
			}
		})
	}
}
