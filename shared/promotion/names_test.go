package promotion_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/promotion"
)

// naming is a promotion that names one of each.
func naming() *promotion.Promotion {
	return &promotion.Promotion{
		ID: "promo", Kind: promotion.BuyXGetY,
		Targets: promotion.Targets{Products: []string{"soap", "oil"}, Tags: []string{"summer"}},
		Terms: promotion.Terms{BuyXGetY: &promotion.BuyXGetYTerms{
			From: &promotion.Targets{Categories: []string{"gifts"}, Products: []string{"soap"}},
		}},
		Conditions: promotion.Conditions{Plans: []string{"plan_gold"}, Segments: []string{"vip", "lapsed"}},
	}
}

// knownNames is a shop that knows all of it.
func knownNames() promotion.ReferenceNames {
	return promotion.ReferenceNames{
		Products: []string{"soap", "oil"}, Categories: []string{"gifts"}, Tags: []string{"summer"},
		Plans: []string{"plan_gold"}, Segments: []string{"lapsed", "vip"},
	}
}

func TestAPromotionListsWhatItNamesOnce(t *testing.T) {
	t.Parallel()
	got := naming().Names()
	for what, lists := range map[string][2][]string{
		"products":   {got.Products, {"oil", "soap"}},
		"categories": {got.Categories, {"gifts"}},
		"tags":       {got.Tags, {"summer"}},
		"plans":      {got.Plans, {"plan_gold"}},
		"segments":   {got.Segments, {"lapsed", "vip"}},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s are %q, want %q", what, lists[0], lists[1])
		}
	}
}

func TestANameThatTheShopDoesNotKnowIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if got := naming().Unknown(knownNames()); len(got) != 0 {
		t.Errorf("everything is known, and it says %v", got)
	}
	for pointer, forget := range map[string]func(*promotion.ReferenceNames){
		"/targets/products/1 unknown_product": func(n *promotion.ReferenceNames) {
			n.Products = []string{"soap"}
		},
		"/targets/tags/0 unknown_tag":                        func(n *promotion.ReferenceNames) { n.Tags = nil },
		"/terms/buyXGetY/from/categories/0 unknown_category": func(n *promotion.ReferenceNames) { n.Categories = nil },
		"/conditions/plans/0 unknown_plan": func(n *promotion.ReferenceNames) {
			n.Plans = []string{"gold"}
		},
		"/conditions/segments/0 unknown_segment": func(n *promotion.ReferenceNames) {
			n.Segments = []string{"lapsed"}
		},
	} {
		known := knownNames()
		forget(&known)
		got := naming().Unknown(known)
		if len(got) != 1 || got[0].Pointer+" "+got[0].Code != pointer {
			t.Errorf("%v, want %s", got, pointer)
		}
	}
}

func TestUnknownNamesAreInTheOrderOfTheirPlaces(t *testing.T) {
	t.Parallel()
	got := naming().Unknown(promotion.ReferenceNames{})
	var pointers []string
	for _, f := range got {
		pointers = append(pointers, f.Pointer)
	}
	if !slices.IsSorted(pointers) || len(pointers) != 8 {
		t.Errorf("%q", pointers)
	}
}

func TestAShopThatKnowsWhatAPromotionNamesHasNothingToSay(t *testing.T) {
	t.Parallel()
	names := rapid.SliceOfN(rapid.StringMatching("[a-c]"), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		p := naming()
		p.Targets.Products, p.Targets.Tags = names.Draw(t, "products"), names.Draw(t, "tags")
		p.Conditions.Segments = names.Draw(t, "segments")
		if got := p.Unknown(p.Names()); len(got) != 0 {
			t.Errorf("its own names are unknown: %v", got)
		}
	})
}
