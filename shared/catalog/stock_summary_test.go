package catalog_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/catalog"
	"dangol/shared/stock"
)

func TestTheStockOfAProductIsThatOfItsBestVariant(t *testing.T) {
	t.Parallel()
	opens := opening.Add(48 * time.Hour)
	type variant struct {
		units   int
		opensAt time.Time // zero for no limited edition
	}
	for _, tt := range []struct {
		name     string
		variants []variant
		at       time.Time
		want     stock.Availability
		opens    bool // says when
	}{
		{name: "no variant", want: stock.SoldOut},
		{name: "one is sold out, one low", variants: []variant{{units: 0}, {units: 2}}, want: stock.Low},
		{name: "low and plenty", variants: []variant{{units: 2}, {units: 9}}, want: stock.InStock},
		{name: "an edition that is not open yet", variants: []variant{{9, opens}}, want: catalog.NotOpenYet, opens: true},
		{name: "an edition that has opened", variants: []variant{{9, opens}}, at: opens, want: stock.InStock},
		{name: "an edition without units opens later", variants: []variant{{0, opens}}, want: catalog.NotOpenYet,
			opens: true},
		{name: "an edition that has sold out", variants: []variant{{0, opens}}, at: opens.Add(time.Hour),
			want: stock.SoldOut},
		{name: "sold out until the edition opens", variants: []variant{{units: 0}, {9, opens}}, want: catalog.NotOpenYet,
			opens: true},
		{name: "what can be bought now goes before what opens later", variants: []variant{{units: 1}, {9, opens}},
			want: stock.Low},
		{name: "the second of two editions is still to come", variants: []variant{{0, opens}, {3, opens.Add(time.Hour)}},
			at: opens, want: catalog.NotOpenYet, opens: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, items := &catalog.Product{ID: "prod_1"}, map[string]catalog.SellableVariant{}
			for i, v := range tt.variants {
				one := catalog.Variant{ID: catalog.VariantID("prod_01jt3v9q2d8m4x6c7b5n1k0h2g", i)}
				if !v.opensAt.IsZero() {
					one.Edition = &catalog.Edition{OpensAt: v.opensAt, Buckets: 1}
				}
				p.Variants = append(p.Variants, one)
				items[one.ID] = catalog.SellableVariant{Available: v.units}
			}
			if tt.at.IsZero() {
				tt.at = opening
			}
			got, opensAt := catalog.SummarizeStock(p, items).At(tt.at)
			if got != tt.want || (opensAt != nil) != tt.opens || opensAt != nil && opensAt.Before(tt.at) {
				t.Errorf("%s, opens %v; want %s", got, opensAt, tt.want)
			}
		})
	}
}

// The summary is made once and asked at any time: it has to say what the variants themselves say then.
func TestASummaryOfStockSaysAtAnyTimeWhatTheVariantsSay(t *testing.T) {
	t.Parallel()
	rank := []stock.Availability{stock.SoldOut, catalog.NotOpenYet, stock.Low, stock.InStock}
	rapid.Check(t, func(t *rapid.T) {
		p, items := &catalog.Product{}, map[string]catalog.SellableVariant{}
		for i := range rapid.IntRange(0, 5).Draw(t, "variants") {
			v := catalog.Variant{ID: catalog.VariantID("prod_01jt3v9q2d8m4x6c7b5n1k0h2g", i)}
			if rapid.Bool().Draw(t, "limited") {
				opens := opening.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "opens")) * time.Hour)
				v.Edition = &catalog.Edition{OpensAt: opens, Buckets: 1}
			}
			p.Variants = append(p.Variants, v)
			items[v.ID] = catalog.SellableVariant{Available: rapid.IntRange(-1, 8).Draw(t, "units")}
		}
		at := opening.Add(time.Duration(rapid.IntRange(-1, 5).Draw(t, "at")) * time.Hour)
		want := stock.SoldOut
		for _, v := range p.Variants {
			one := catalog.NotOpenYet
			if v.Open(at) {
				one = stock.AvailabilityOf(items[v.ID].Available)
			}
			if slices.Index(rank, one) > slices.Index(rank, want) {
				want = one
			}
		}
		if got, _ := catalog.SummarizeStock(p, items).At(at); got != want {
			t.Fatalf("%s, the variants say %s", got, want)
		}
	})
}
