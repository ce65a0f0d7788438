package cart_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/cart"
)

const (
	mineID  = "cart_0000000000000000000000mine"
	guestID = "cart_000000000000000000000guest"
)

func named(id string, c *cart.Cart) *cart.Cart {
	c.ID = id
	return c
}

func TestMerge(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("BALM", 12000, 3).with("TWO", 9000, 10, perOrder(2)).with("ONCE", 9000, 10,
		perCustomer(1)).
		with("GONE", 1000, 0).with("LOCAL", 5000, 10, onlyWon).with("SET", 20000, 0, of("BALM", "SOAP"))
	dollars := func(c *cart.Cart) *cart.Cart { c.Currency = "USD"; return c }
	line := func(w cart.Choice) string { return cart.LineID(w.VariantID, w.Properties) }
	cases := []struct {
		name        string
		mine, guest []cart.Choice
		into        func(*cart.Cart) *cart.Cart
		bought      map[string]int
		want        map[string]int    // quantities by line
		changes     map[string]string // codes by line
	}{
		{"the same choice adds up", []cart.Choice{choice("SOAP", 2)}, []cart.Choice{choice("SOAP", 3)}, nil, nil,
			map[string]int{line(choice("SOAP", 0)): 5}, map[string]string{line(choice("SOAP", 0)): "increased"}},
		{"another engraving stays apart", []cart.Choice{choice("SOAP", 2)}, []cart.Choice{engraved("SOAP", 1, "하늘")}, nil,
			nil,
			map[string]int{line(choice("SOAP", 0)): 2, line(engraved("SOAP", 0, "하늘")): 1},
			map[string]string{line(engraved("SOAP", 0, "하늘")): "added"}},
		{"nothing to merge changes nothing", []cart.Choice{choice("SOAP", 2)}, nil, nil, nil,
			map[string]int{line(choice("SOAP", 0)): 2}, map[string]string{}},
		{"stock caps", []cart.Choice{choice("BALM", 2)}, []cart.Choice{choice("BALM", 2)}, nil, nil,
			map[string]int{line(choice("BALM", 0)): 3}, map[string]string{line(choice("BALM", 0)): "capped"}},
		{"the limit of an order caps", []cart.Choice{choice("TWO", 2)}, []cart.Choice{choice("TWO", 1)}, nil, nil,
			map[string]int{line(choice("TWO", 0)): 2}, map[string]string{line(choice("TWO", 0)): "capped"}},
		{"the limit of a lifetime caps, but one stays for the shopper to see", nil, []cart.Choice{choice("ONCE", 2)}, nil,
			map[string]int{"ONCE": 1},
			map[string]int{line(choice("ONCE", 0)): 1}, map[string]string{line(choice("ONCE", 0)): "capped"}},
		{"what is sold out stays as well", nil, []cart.Choice{choice("GONE", 1)}, nil, nil,
			map[string]int{line(choice("GONE", 0)): 1}, map[string]string{line(choice("GONE", 0)): "added"}},
		{"a set leaves less of its parts", []cart.Choice{choice("BALM", 2)}, []cart.Choice{choice("SET", 3)}, nil, nil,
			map[string]int{line(choice("BALM", 0)): 2, line(choice("SET", 0)): 1},
			map[string]string{line(choice("SET", 0)): "capped"}},
		{"999 is the most of a line", []cart.Choice{choice("NONE", 0)}[:0], []cart.Choice{choice("SOAP", 10)}, nil, nil,
			map[string]int{line(choice("SOAP", 0)): 10}, map[string]string{line(choice("SOAP", 0)): "added"}},
		{"what is not sold in the customer's currency stays, and is told", []cart.Choice{choice("SOAP", 1)},
			[]cart.Choice{choice("LOCAL", 1)}, dollars, nil,
			map[string]int{line(choice("SOAP", 0)): 1, line(choice("LOCAL", 0)): 1},
			map[string]string{line(choice("LOCAL", 0)): "not_sold_in_currency"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			into := filled(t, named(mineID, won()), s, c.mine...)
			if c.into != nil {
				into = c.into(into)
			}
			guest := filled(t, named(guestID, won()), s, c.guest...)
			changes := map[string]string{}
			for _, ch := range cart.Merge(into, guest, s.variants, c.bought) {
				changes[ch.LineID] = ch.Code
			}
			if !maps.Equal(quantities(into), c.want) || !maps.Equal(changes, c.changes) {
				t.Errorf("lines %v, want %v\nchanges %v, want %v", quantities(into), c.want, changes, c.changes)
			}
			if !slices.Contains(into.MergedIDs, guestID) {
				t.Error("the merge is not remembered")
			}
		})
	}
}

func TestMergeReadsPricesInTheCustomersCurrency(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10)
	into := named(mineID, won())
	into.Currency = "USD"
	cart.Merge(into, filled(t, named(guestID, won()), s, choice("SOAP", 1)), s.variants, nil)
	if into.Currency != "USD" || into.Lines[0].SeenPrice != 900 {
		t.Errorf("%s, seen %d", into.Currency, into.Lines[0].SeenPrice)
	}
	fresh := &cart.Cart{ID: mineID, State: cart.Open, Currency: "USD"}
	cart.Merge(fresh, filled(t, named(guestID, won()), s, choice("SOAP", 1)), s.variants, nil)
	if fresh.Currency != "KRW" || fresh.Lines[0].SeenPrice != 9000 {
		t.Errorf("a first cart does not take the guest's currency: %s, seen %d", fresh.Currency, fresh.Lines[0].SeenPrice)
	}
}

func TestMergeTakesWhatTheCustomersCartLacks(t *testing.T) {
	t.Parallel()
	s := stocked()
	guest := named(guestID, won())
	guest.Email, guest.Note, guest.Codes = "guest@example.com", "문 앞", []string{"A", "B"}
	into := &cart.Cart{ID: mineID, State: cart.Open, Version: 3, Currency: "KRW", Email: "mine@example.com",
		Codes: []string{"B", "C"}}
	cart.Merge(into, guest, s.variants, nil)
	if into.Email != "mine@example.com" || into.Note != "문 앞" || into.Address != guest.Address ||
		into.Shipping != "standard" {
		t.Errorf("%+v", into)
	}
	if !slices.Equal(into.Codes, []string{"B", "C", "A"}) {
		t.Errorf("codes %v", into.Codes)
	}
}

func TestTooManyOfAnythingIsTold(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, cart.Unlimited)
	into, guest := named(mineID, won()), named(guestID, won())
	for i := range 60 {
		filled(t, into, s, engraved("SOAP", 1, fmt.Sprint("mine", i)))
		guest.Lines = append(guest.Lines, cart.Line{
			ID: cart.LineID("SOAP", map[string]string{"n": fmt.Sprint(i)}), VariantID: "SOAP", Quantity: 1,
			AddedAt: noon.Add(time.Hour),
		})
	}
	for i := range 8 {
		into.Codes, guest.Codes = append(into.Codes, fmt.Sprint("M", i)), append(guest.Codes, fmt.Sprint("G", i))
	}
	reasons := map[string]int{}
	for _, c := range cart.Merge(into, guest, s.variants, nil) {
		reasons[c.Code]++
	}
	want := map[string]int{"added": 40, "too_many_lines": 20, "too_many_codes": 6}
	if !maps.Equal(reasons, want) || len(into.Lines) != cart.MaxLines || len(into.Codes) != cart.MaxCodes {
		t.Errorf("told %v, want %v; %d lines, %d codes", reasons, want, len(into.Lines), len(into.Codes))
	}
}

func drawCart(t *rapid.T, id string, s *testCatalog) *cart.Cart {
	c := named(id, won())
	for range rapid.IntRange(0, 8).Draw(t, "lines") {
		w := engraved(rapid.SampledFrom(slices.Sorted(maps.Keys(s.variants))).Draw(t, "what"),
			rapid.IntRange(1, 700).Draw(t, "n"),
			rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "text"))
		at := noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "at")) * time.Minute)
		_ = c.Add(w, s.variants[w.VariantID], at) // one that does not fit is as good a cart as one that does
	}
	c.Codes = rapid.SliceOfNDistinct(rapid.StringMatching(`[A-O]`), 0, 10, func(s string) string { return s }).Draw(t,
		"codes")
	return c
}

func content(c *cart.Cart) string {
	codes := slices.Sorted(slices.Values(c.Codes))
	return fmt.Sprint(quantities(c), codes)
}

func TestMergeIsCommutativeInContentAndIdempotent(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 900).with("BALM", 12000, 3).with("TWO", 9000, 10, perOrder(2)).with("ONCE", 9000, 10,
		perCustomer(1)).
		with("ENDLESS", 100, cart.Unlimited).with("SET", 20000, 0, of("BALM", "SOAP"))
	copied := func(c *cart.Cart) *cart.Cart {
		d := *c
		d.Lines, d.Codes = slices.Clone(c.Lines), slices.Clone(c.Codes)
		return &d
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawCart(t, mineID, s), drawCart(t, guestID, s)
		ab, ba := copied(a), copied(b)
		cart.Merge(ab, b, s.variants, nil)
		cart.Merge(ba, a, s.variants, nil)
		if content(ab) != content(ba) {
			t.Fatalf("a with b: %s\nb with a: %s", content(ab), content(ba))
		}
		before, units := content(ab), 0
		for id, n := range quantities(ab) {
			units += n
			if most := quantities(a)[id] + quantities(b)[id]; n < 1 || n > most || n > cart.MaxQuantity {
				t.Fatalf("line %s has %d of %d", id, n, most)
			}
		}
		if units > cart.MaxUnits {
			t.Fatalf("%d units", units)
		}
		if changes := cart.Merge(ab, b, s.variants, nil); changes != nil || content(ab) != before {
			t.Fatalf("a second merge changed %v", changes)
		}
	})
}

func TestMergeKeepsChosenGiftsAndWhatTheGuestHasNotAccepted(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("RISEN", 8000, 10)
	notice := func(id string, after int64) cart.PromotionChange {
		return cart.PromotionChange{PromotionID: id, Before: 2_000, After: after, Rose: true}
	}
	mine, guest := named(mineID, filled(t, won(), s, choice("SOAP", 1))), named(guestID,
		filled(t, won(), s, choice("RISEN", 1)))
	mine.Chosen, mine.PromotionChanges = map[string][]string{"both": {"A"},
		"same": {"C"}}, []cart.PromotionChange{notice("p1", 0)}
	guest.Chosen = map[string][]string{"both": {"B"}, "same": {"C"}, "new": {"D"}}
	guest.PromotionChanges = []cart.PromotionChange{notice("p1", 500), notice("p2", 0)}
	guest.Lines[0].SeenPrice = 7_000
	changes := cart.Merge(mine, guest, s.variants, nil)
	if !slices.Equal(mine.Chosen["new"], []string{"D"}) || !slices.Equal(mine.Chosen["both"], []string{"A"}) ||
		len(mine.Chosen) != 3 {
		t.Errorf("chosen gifts: %v", mine.Chosen)
	}
	if len(mine.PromotionChanges) != 2 || mine.PromotionChanges[0].After != 0 ||
		mine.PromotionChanges[1].PromotionID != "p2" {
		t.Errorf("not accepted: %+v", mine.PromotionChanges)
	}
	at := mine.Find(cart.LineID("RISEN", nil))
	if at < 0 || mine.Lines[at].SeenPrice != 7_000 {
		t.Errorf("the price that the guest was shown is lost: %+v", mine.Lines)
	}
	var dropped []string
	for _, c := range changes {
		if c.Gift != "" {
			dropped = append(dropped, c.Code+" "+c.Gift)
		}
	}
	if !slices.Equal(dropped, []string{"gift_choice_dropped both"}) {
		t.Errorf("dropped %v", dropped)
	}
}

func TestMergeIntoAnotherCurrencySaysWhichPriceNoticesAreDropped(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("RISEN", 8000, 10)
	mine, guest := named(mineID, filled(t, won(), s, choice("SOAP", 1))), named(guestID,
		filled(t, won(), s, choice("RISEN", 1), choice("SOAP", 1)))
	mine.Currency = "USD"
	guest.Lines[guest.Find(cart.LineID("RISEN", nil))].SeenPrice = 7_000
	var dropped []string
	for _, c := range cart.Merge(mine, guest, s.variants, nil) {
		if c.Code == "price_notice_dropped" {
			dropped = append(dropped, c.LineID)
		}
	}
	if !slices.Equal(dropped, []string{cart.LineID("RISEN", nil)}) {
		t.Errorf("dropped %v", dropped)
	}
}
