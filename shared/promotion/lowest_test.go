package promotion_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/catalog"
	"dangol/shared/compliance"
	"dangol/shared/promotion"
)

// days is a moment so many days from noon.
func days(n int) time.Time { return noon.AddDate(0, 0, n) }

func pricePoint(day int, amount int64) catalog.PricePoint {
	return catalog.PricePoint{Since: days(day).UnixMilli(), Amount: amount}
}

func salePrice(id string, basisPoints int, changes ...change) promotion.Promotion {
	return promo(id, promotion.SalePrice, promotion.Terms{BasisPoints: basisPoints}, changes...)
}

func TestTheLowestPriceOfTheDaysBefore(t *testing.T) {
	t.Parallel()
	good := promotion.ListedVariant{VariantID: "v-a", ProductID: "p-a", Categories: []string{"c-a"}, Tags: []string{"t-a"}}
	paused := func(p *promotion.Promotion) { p.State = promotion.Paused }
	draft := func(p *promotion.Promotion) { p.State = promotion.Draft }
	for _, tt := range []struct {
		name  string
		past  []catalog.PricePoint
		sales []promotion.Promotion
		want  int64 // 0 for none
	}{
		{"never sold before: none", nil, nil, 0},
		{"one price all the time", []catalog.PricePoint{pricePoint(-90, 10_000)}, nil, 10_000},
		{"sold for two days only: of those", []catalog.PricePoint{pricePoint(-2, 10_000)}, nil, 10_000},
		{"raised in the window: the price it opened with",
			[]catalog.PricePoint{pricePoint(-90, 8_000), pricePoint(-29, 10_000)}, nil,
			8_000},
		{"raised before the window", []catalog.PricePoint{pricePoint(-90, 8_000), pricePoint(-30, 10_000)}, nil, 10_000},
		{"a sale within it", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, between(days(-20), days(-18)))}, 8_000},
		{"a sale that ended as it opens", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, between(days(-40), days(-30)))}, 10_000},
		{"a sale that ended a moment later", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, between(days(-40), days(-30).Add(1)))}, 8_000},
		{"the sale that begins is not before itself", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, between(days(0), days(9)))}, 10_000},
		{"a sale of other goods", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, on("b"), between(days(-9), days(-8)))}, 10_000},
		{"a cheaper list price that no sale met", []catalog.PricePoint{pricePoint(-90, 10_000), pricePoint(-10, 9_500)},
			[]promotion.Promotion{salePrice("s", 1_000, between(days(-20), days(-15)))}, 9_000},
		{"a sale over two list prices takes off the lower one, too",
			[]catalog.PricePoint{pricePoint(-90, 10_000), pricePoint(-16, 9_500)},
			[]promotion.Promotion{salePrice("s", 1_000, between(days(-20), days(-15)))}, 8_550},
		{"a sale counts whose pauses are not known", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, paused, between(days(-9), days(9)))}, 8_000},
		{"one that was never published does not", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{salePrice("s", 2_000, draft, between(days(-9), days(9)))}, 10_000},
		{"what customers got in the cart was no catalog price", []catalog.PricePoint{pricePoint(-90, 10_000)},
			[]promotion.Promotion{percent("p", 5_000, between(days(-9), days(9)))}, 10_000},
	} {
		history := promotion.NewSet(tt.sales).History(good, tt.past, "KRW", noon)
		got, ok := compliance.Lowest(history, noon, compliance.EURules)
		if got != tt.want || ok != (tt.want > 0) {
			t.Errorf("%s: %d %v, want %d", tt.name, got, ok, tt.want)
		}
	}
}

// Against the rule of the directive, over every price that was shown at any moment.
func TestTheLowestPriceIsThatOfTheDirective(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		past := []catalog.PricePoint{pricePoint(-70, 10_000)}
		for at := -69; at < 0; at += rapid.IntRange(1, 30).Draw(r, "days") {
			past = append(past, pricePoint(at, rapid.Int64Range(80, 120).Draw(r, "amount")*100))
		}
		var sales []promotion.Promotion
		pauses := map[string][2]int{} // from a day until another, by the sale that was paused
		for n := range rapid.IntRange(0, 5).Draw(r, "sales") {
			starts := rapid.IntRange(-70, -1).Draw(r, "starts")
			s := salePrice(fmt.Sprint(n), rapid.IntRange(1, 40).Draw(r, "percent")*100,
				on(rapid.SampledFrom([]string{"a", "b"}).Draw(r, "on")),
				between(days(starts), days(starts+rapid.IntRange(1, 20).Draw(r, "for"))))
			if rapid.Bool().Draw(r, "paused") {
				from := starts + rapid.IntRange(-2, 9).Draw(r, "pause")
				s.Pause(days(from))
				pauses[s.ID] = [2]int{from, 100}
				if until := from + rapid.IntRange(0, 9).Draw(r, "resume"); until > from {
					s.Resume(days(until))
					pauses[s.ID] = [2]int{from, until}
				}
			}
			sales = append(sales, s)
		}
		set := promotion.NewSet(sales)
		good := promotion.ListedVariant{VariantID: "v-a", ProductID: "p-a", Floor: 7_000}
		var shown []compliance.PriceChange
		for at := -70; at < 0; at++ {
			g := good
			for _, s := range past {
				if !time.UnixMilli(s.Since).After(days(at)) {
					g.List = s.Amount
				}
			}
			// What was paused then was not live then, whatever it is now.
			then := slices.Clone(sales)
			for i := range then {
				then[i].State = promotion.Scheduled
				if pause, ok := pauses[then[i].ID]; ok && at >= pause[0] && at < pause[1] {
					then[i].State = promotion.Paused
				}
			}
			amount := promotion.NewSet(then).DisplayPrice(g, "KRW", days(at)).Amount
			shown = append(shown, compliance.PriceChange{At: days(at), Amount: amount})
		}
		want, _ := compliance.Lowest(shown, noon, compliance.EURules)
		history := set.History(good, past, "KRW", noon)
		if got, _ := compliance.Lowest(history, noon, compliance.EURules); got != want {
			r.Fatalf("%d, want %d: list prices %v, sales %+v", got, want, past, sales)
		}
	})
}
