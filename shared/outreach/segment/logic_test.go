package segment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/segment"
)

// A merchant who writes a condition in another way means the same people.
func TestConditionsFollowTheLawsOfLogic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyCondition(0).Draw(t, "a"), anyCondition(0).Draw(t, "b")
		p := anyPerson(t)
		not := func(c segment.Condition) segment.Condition { return segment.Condition{Not: &c} }
		all := func(c ...segment.Condition) segment.Condition { return segment.Condition{All: c} }
		some := func(c ...segment.Condition) segment.Condition { return segment.Condition{Any: c} }
		for name, pair := range map[string][2]segment.Condition{
			"not not a is a":                    {not(not(a)), a},
			"a and b is b and a":                {all(a, b), all(b, a)},
			"a or b is b or a":                  {some(a, b), some(b, a)},
			"not (a and b) is not a or not b":   {not(all(a, b)), some(not(a), not(b))},
			"not (a or b) is not a and not b":   {not(some(a, b)), all(not(a), not(b))},
			"all of one is that one":            {all(a), a},
			"a or (a and b) is a":               {some(a, all(a, b)), a},
			"a and (a or b) is a":               {all(a, some(a, b)), a},
			"lists in lists are one list of or": {some(a, some(b, a)), some(a, b)},
		} {
			if left, right := pair[0].Holds(p, noon), pair[1].Holds(p, noon); left != right {
				t.Fatalf("%s: %t and %t", name, left, right)
			}
		}
	})
}

// Events arrive late and out of order; who is in a segment must not depend on it.
func TestTheOrderInWhichEventsArriveIsOfNoMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.SliceOfNDistinct(rapid.IntRange(-2000, 0), 1, 8, rapid.ID[int]).Draw(t, "hours")
		record := func(order []int) (p segment.Person) {
			for _, h := range order {
				at := noon.Add(time.Duration(h) * time.Hour)
				p.Ordered(segment.Order{ID: fmt.Sprint(h), At: at})
				p.Happened("mail.clicked", at)
			}
			return p
		}
		shuffled := rapid.Permutation(hours).Draw(t, "shuffled")
		one, other := record(hours), record(shuffled)
		c := anyCondition(0).Draw(t, "condition")
		if c.Holds(one, noon) != c.Holds(other, noon) || !c.NextChange(one, noon).Equal(c.NextChange(other, noon)) {
			t.Fatalf("%v and %v disagree", hours, shuffled)
		}
	})
}

func TestWhatIsUndoneHasNotHappened(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happened []int // minutes
		from, to int
		want     []int
	}{
		"nothing had happened":            {nil, 0, 10, nil},
		"both ends are included":          {[]int{1, 5, 10}, 1, 10, nil},
		"what was before and after stays": {[]int{0, 5, 11}, 1, 10, []int{0, 11}},
		"a window that holds none":        {[]int{0, 20}, 1, 10, []int{0, 20}},
	} {
		at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
		var p segment.Person
		for _, m := range c.happened {
			p.Happened("mail.clicked", at(m))
		}
		before := slices.Clone(p.Events["mail.clicked"])
		shared := p // the map may be shared with what was read from the store
		p.Undone("mail.clicked", at(c.from), at(c.to))
		var got []int
		for _, e := range p.Events["mail.clicked"] {
			got = append(got, int(e.Sub(noon).Minutes()))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if len(before) > 0 && len(shared.Events["mail.clicked"]) > len(before) {
			t.Errorf("%s: the list that was read has grown", name)
		}
	}
}

func TestAnOrderOfManyProductsKeepsTheItemSmall(t *testing.T) {
	t.Parallel()
	var products []string
	for i := range 500 {
		products = append(products, fmt.Sprintf("prod_%03d", i%250))
	}
	var p segment.Person
	p.Ordered(segment.Order{ID: "wholesale", At: noon, Products: products})
	kept := p.Orders[0].Products
	if len(kept) != segment.MaxProducts || !slices.IsSorted(kept) || len(slices.Compact(slices.Clone(kept))) != len(kept) {
		t.Errorf("%d products are kept: %v", len(kept), kept)
	}
	if products[0] != "prod_000" || len(products) != 500 {
		t.Error("the caller's list was changed")
	}
}
