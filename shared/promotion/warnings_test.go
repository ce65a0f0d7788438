package promotion_test

import (
	"fmt"
	"slices"
	"testing"

	"dangol/shared/promotion"
)

func TestPublishingWarnsOfWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	tiers := func(all ...promotion.Tier) promotion.Promotion {
		return promo("x", promotion.Tiered, promotion.Terms{Tiers: all})
	}
	over := between(noon.AddDate(0, 0, -9), noon.AddDate(0, 0, -8))
	for _, tc := range []struct {
		name   string
		promo  promotion.Promotion
		others []promotion.Promotion
		want   []string
	}{
		{"an ordinary one", percent("x", 1_000, withAll), []promotion.Promotion{won("o", 1, withAll)}, nil},
		{"0.1 %", percent("x", 10), nil, []string{"tiny_percentage /terms/basisPoints []"}},
		{"1 %", percent("x", 100), nil, nil},
		{"0.5 % in a tier", tiers(promotion.Tier{FromQuantity: 2, BasisPoints: 50}), nil,
			[]string{"tiny_percentage /terms/tiers/0/basisPoints []"}},
		{"tiers that give less for more",
			tiers(promotion.Tier{FromQuantity: 2, BasisPoints: 2_000}, promotion.Tier{FromQuantity: 4, BasisPoints: 1_000}),
			nil, []string{"tier_gives_less /terms/tiers/1 []"}},
		{"an amount that is less than the percentage before it",
			tiers(promotion.Tier{From: krw(10_000), BasisPoints: 1_000}, promotion.Tier{From: krw(50_000), Amount: krw(4_000)}),
			nil, []string{"tier_gives_less /terms/tiers/1 []"}},
		{"and one that is more", tiers(promotion.Tier{From: krw(10_000), BasisPoints: 1_000},
			promotion.Tier{From: krw(50_000), Amount: krw(6_000)}), nil, nil},
		{"a combination that only this side allows", percent("x", 1_000, withAll), []promotion.Promotion{won("o", 1)},
			[]string{"one_sided_combination /combinesWith [o]", "shuts_out /combinesWith [o]"}},
		{"one that only the other side allows", percent("x", 1_000), []promotion.Promotion{won("o", 1, withAll)},
			[]string{"one_sided_combination /combinesWith [o]", "shuts_out /combinesWith [o]"}},
		{"those that shut each other out", percent("x", 1_000), []promotion.Promotion{won("a", 1), won("b", 1)},
			[]string{"shuts_out /combinesWith [a b]"}},
		{"an exclusive one shuts all out", percent("x", 1_000, exclusive), []promotion.Promotion{won("a", 1, withAll)},
			[]string{"one_sided_combination /combinesWith [a]", "shuts_out /combinesWith [a]"}},
		{"not what is over, or sells at another time", percent("x", 1_000), []promotion.Promotion{won("a", 1, over)}, nil},
		{"not sale prices", percent("x", 1_000), []promotion.Promotion{salePrice("a", 1_000)}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range tc.promo.Warnings(tc.others, noon) {
				got = append(got, fmt.Sprint(w.Code, " ", w.Pointer, " ", w.PromotionIDs))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
