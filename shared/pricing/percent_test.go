package pricing_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/money"
	"dangol/shared/pricing"
)

func TestAPercentageOfUnitsIsRoundedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		lines       []pricing.Line
		most        int
		basisPoints int
		move        bool
		want        []int64 // off each line
	}{
		{"of a line", []pricing.Line{{ID: "a", Unit: 167, Quantity: 2}}, 0, 7_633, false, []int64{255}},
		{"of two units of three, as of a line of two", []pricing.Line{{ID: "a", Unit: 167, Quantity: 3}}, 2, 7_633, false,
			[]int64{255}},
		{"of two lines together", []pricing.Line{{ID: "a", Unit: 3, Quantity: 1}, {ID: "b", Unit: 3, Quantity: 1}}, 0,
			2_000, false, []int64{1, 0}},
		{"a half is rounded up", []pricing.Line{{ID: "a", Unit: 5, Quantity: 1}}, 0, 5_000, false, []int64{3}},
		{"what a floor refuses is lost before the rounding", []pricing.Line{{ID: "a", Unit: 2, Floor: 1, Quantity: 1},
			{ID: "b", Unit: 4, Quantity: 1}}, 0, 5_834, false, []int64{1, 2}},
		{"or goes to the other line", []pricing.Line{{ID: "a", Unit: 10, Floor: 10, Quantity: 1},
			{ID: "b", Unit: 10, Quantity: 1}}, 0, 2_500, true, []int64{0, 5}},
		{"a product of more than 64 bits", []pricing.Line{{ID: "a", Unit: 1 << 60, Quantity: 1}}, 0, 10_000, false,
			[]int64{1 << 60}},
	} {
		d := pricing.NewDraft(pricing.Basket{Lines: c.lines})
		lines := numbers(d)
		d.PlanPercent(lines, c.most, c.basisPoints, c.move)
		d.Take(lines, pricing.NoLimit, c.move)
		for i, l := range c.lines {
			if off := l.Unit*int64(l.Quantity) - d.Left(i); off != c.want[i] {
				t.Errorf("%s: %d off line %s, want %d", c.name, off, l.ID, c.want[i])
			}
		}
	}
}

// numbers are the lines of a draft.
func numbers(d *pricing.Draft) []int {
	lines := make([]int, d.Lines())
	for i := range lines {
		lines[i] = i
	}
	return lines
}

// TestAPercentageIsTheRoundedSumOfWhatTheUnitsLetGo compares with the definition, computed in ten-thousandths.
func TestAPercentageIsTheRoundedSumOfWhatTheUnitsLetGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := pricing.NewDraft(drawBasket(t))
		takeSomething(t, d, 0) // so that the units of a line cost different amounts
		basisPoints, most := rapid.IntRange(0, 10_000).Draw(t, "basisPoints"), rapid.IntRange(0, 5).Draw(t, "most")
		lines := numbers(d)
		var exact, before int64
		least := make([]int64, len(lines)) // of each line, what is off without any rounding up
		for i := range lines {
			units := slices.Clone(d.Units(i))
			slices.SortFunc(units, func(a, b int64) int { return int(b - a) })
			if most > 0 && most < len(units) {
				units = units[:most]
			}
			for _, cost := range units {
				off := min(cost*int64(basisPoints), max(cost-d.Line(i).Floor, 0)*10_000)
				exact += off
				least[i] += off / 10_000
			}
			before += d.Left(i)
		}
		lefts := make([]int64, len(lines))
		for i := range lines {
			lefts[i] = d.Left(i)
		}
		d.PlanPercent(lines, most, basisPoints, false)
		took := d.Take(lines, pricing.NoLimit, false)
		if want := money.Percent(exact, 1); took != want || before-d.Goods() != want {
			t.Fatalf("%d off, want %d", took, want)
		}
		for i := range lines {
			if off := lefts[i] - d.Left(i); off < least[i] {
				t.Fatalf("%d off line %d, at least %d", off, i, least[i])
			}
		}
	})
}
