package products

import (
	"encoding/json"
	"strings"
	"testing"

	"dangol/infra/testkit/bounds"
	"dangol/shared/catalog"
)

// TestAProductRefusesWhatItsSchemaRefuses sets each number and text of a variant beyond each of its bounds and asks the
// rules, as an import does that no schema has seen. Stock is no part of a product and has rules of its own.
func TestAProductRefusesWhatItsSchemaRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema, at string
		set        func(*VariantDocument, []byte) error
	}{
		{"VariantDocument", "/variants/0/", func(d *VariantDocument, raw []byte) error { return json.Unmarshal(raw, d) }},
		{"PriceDocument", "/variants/0/prices/KRW/", func(d *VariantDocument, raw []byte) error {
			price := d.Prices["KRW"]
			err := json.Unmarshal(raw, &price)
			d.Prices["KRW"] = price
			return err
		}},
		{"EditionDocument", "/variants/0/edition/", func(d *VariantDocument, raw []byte) error {
			d.Edition = &EditionDocument{Buckets: 1}
			return json.Unmarshal(raw, d.Edition)
		}},
	} {
		for _, beyond := range bounds.OfSchema(t, c.schema) {
			if beyond.Field == "available" || beyond.Field == "id" {
				continue
			}
			d := VariantDocument{Prices: map[string]PriceDocument{"KRW": {Amount: 12_000}}}
			raw, err := json.Marshal(map[string]any{beyond.Field: beyond.Value})
			if err == nil {
				err = c.set(&d, raw)
			}
			if err != nil {
				t.Fatal(err)
			}
			p := &catalog.Product{ID: "prod_1", Handle: "soap", Title: catalog.Text{"ko": "비누"}, NextVariant: 1}
			v := d.variant()
			v.ID = catalog.VariantID(p.ID, 0)
			p.Variants = []catalog.Variant{v}
			// No buckets is one of them: what is stored is within the bounds.
			refused := v.Edition != nil && beyond.Value == int64(0) && v.Edition.Buckets == 1
			for _, f := range check(p, nil, nil) {
				refused = refused || strings.HasPrefix(f.Pointer, c.at+beyond.Field)
			}
			if !refused {
				t.Errorf("%s%s takes %v", c.at, beyond.Field, beyond.Value)
			}
		}
	}
}
