package stock_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// levels builds the buckets of variants: levels("SOAP", 3, 4) are two buckets of SOAP.
type levels map[table.Key]stock.Level

func has(variant string, units ...int) levels { return levels{}.and(variant, units...) }

func (l levels) and(variant string, units ...int) levels {
	for b, n := range units {
		key := stock.KeyOf(variant, b)
		l[key] = stock.Level{Key: key, Available: n}
	}
	return l
}

func want(variant string, quantity, buckets int) stock.Request {
	return stock.Request{VariantID: variant, Quantity: quantity, Buckets: buckets}
}

func backorder(variant string, quantity, buckets int) stock.Request {
	w := want(variant, quantity, buckets)
	w.Backorder = true
	return w
}

func taken(variant string, bucket, quantity int) stock.Allocation {
	return stock.Allocation{VariantID: variant, Bucket: bucket, Quantity: quantity}
}

func TestHold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		levels levels
		wants  []stock.Request
		pick   int
		taken  []stock.Allocation
		short  []string
	}{
		{name: "one counter with enough", levels: has("SOAP", 3), wants: []stock.Request{want("SOAP", 2, 1)},
			taken: []stock.Allocation{taken("SOAP", 0, 2)}},
		{name: "the last unit can be sold", levels: has("SOAP", 1), wants: []stock.Request{want("SOAP", 1, 1)},
			taken: []stock.Allocation{taken("SOAP", 0, 1)}},
		{name: "one unit too many: nothing is taken", levels: has("SOAP", 1), wants: []stock.Request{want("SOAP", 2, 1)},
			short: []string{"SOAP"}},
		{name: "no counter at all holds nothing", wants: []stock.Request{want("SOAP", 1, 1)}, short: []string{"SOAP"}},
		{name: "two lines that share a part are summed before the check", levels: has("SOAP", 3),
			wants: []stock.Request{want("SOAP", 2, 1), want("SOAP", 2, 1)}, short: []string{"SOAP"}},
		{name: "two lines that share a part are one write", levels: has("SOAP", 4),
			wants: []stock.Request{want("SOAP", 2, 1), want("SOAP", 2, 1)}, taken: []stock.Allocation{taken("SOAP", 0, 4)}},
		{name: "one short variant stops the others too", levels: has("SOAP", 9).and("BALM", 0),
			wants: []stock.Request{want("SOAP", 1, 1), want("BALM", 1, 1)}, short: []string{"BALM"}},
		{name: "the search starts at the picked bucket", levels: has("DROP", 5, 5, 5),
			wants: []stock.Request{want("DROP", 1, 3)},
			pick:  4, taken: []stock.Allocation{taken("DROP", 1, 1)}},
		{name: "a negative pick is a bucket too", levels: has("DROP", 5, 5, 5), wants: []stock.Request{want("DROP", 1, 3)},
			pick: -1, taken: []stock.Allocation{taken("DROP", 2, 1)}},
		{name: "one bucket with enough is better than two", levels: has("DROP", 1, 1, 3),
			wants: []stock.Request{want("DROP", 3, 3)},
			taken: []stock.Allocation{taken("DROP", 2, 3)}},
		{name: "several buckets when none has enough", levels: has("DROP", 1, 0, 2),
			wants: []stock.Request{want("DROP", 3, 3)},
			pick:  1, taken: []stock.Allocation{taken("DROP", 2, 2), taken("DROP", 0, 1)}},
		{name: "backorder goes below zero in the picked bucket", levels: has("MASK", 1, 0),
			wants: []stock.Request{backorder("MASK", 5, 2)},
			pick:  1, taken: []stock.Allocation{taken("MASK", 1, 5)}},
		{name: "nothing wanted, nothing taken", levels: has("SOAP", 1), wants: []stock.Request{want("SOAP", 0, 1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			writes, got, short := stock.Hold(tt.levels, tt.wants, tt.pick)
			if !slices.Equal(got, tt.taken) || !slices.Equal(short, tt.short) || len(writes) != len(tt.taken) {
				t.Fatalf("taken %v (%d writes), short %v; want %v, %v", got, len(writes), short, tt.taken, tt.short)
			}
		})
	}
}

func TestKeysListsEachBucketOnce(t *testing.T) {
	t.Parallel()
	got := stock.Keys([]stock.Request{want("DROP", 1, 2), want("SOAP", 1, 0), want("DROP", 2, 2)})
	if wanted := []table.Key{stock.KeyOf("DROP", 0), stock.KeyOf("DROP", 1), stock.KeyOf("SOAP", 0)}; !slices.Equal(got,
		wanted) {
		t.Fatalf("got %v, want %v", got, wanted)
	}
}

// A plan takes exactly what was wanted, never more from a bucket than it had, and says short only when the buckets
// together are too little.
func TestHoldTakesWhatIsWantedOrNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := levels{}
		total := map[string]int{}
		buckets := map[string]int{}
		for _, v := range []string{"SOAP", "BALM", "DROP"} {
			units := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 5).Draw(t, v)
			all.and(v, units...)
			buckets[v] = len(units)
			for _, n := range units {
				total[v] += n
			}
		}
		wanted := map[string]int{}
		var wants []stock.Request
		for range rapid.IntRange(1, 5).Draw(t, "lines") {
			v := rapid.SampledFrom([]string{"SOAP", "BALM", "DROP"}).Draw(t, "variant")
			n := rapid.IntRange(1, 8).Draw(t, "quantity")
			wanted[v] += n
			wants = append(wants, want(v, n, buckets[v]))
		}
		_, got, short := stock.Hold(all, wants, rapid.Int().Draw(t, "pick"))
		for v, n := range wanted {
			if (n > total[v]) != slices.Contains(short, v) {
				t.Fatalf("%d of %d %s: short is %v", n, total[v], v, short)
			}
		}
		if len(short) > 0 && got != nil {
			t.Fatalf("short of %v and yet took %v", short, got)
		}
		for _, k := range got {
			level := all[stock.KeyOf(k.VariantID, k.Bucket)]
			if k.Quantity > level.Available || k.Quantity <= 0 {
				t.Fatalf("took %d of %d", k.Quantity, level.Available)
			}
			wanted[k.VariantID] -= k.Quantity
		}
		for v, n := range wanted {
			if len(short) == 0 && n != 0 {
				t.Fatalf("%s: %d not taken", v, n)
			}
		}
	})
}
