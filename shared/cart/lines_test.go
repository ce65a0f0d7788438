package cart_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/cart"
	"dangol/shared/platform/problem"
)

func TestLinesStayApartByVariantAndProperties(t *testing.T) {
	t.Parallel()
	a := cart.LineID("SOAP", map[string]string{"engraving": "하늘", "note": "🎁"})
	if b := cart.LineID("SOAP", map[string]string{"note": "🎁", "engraving": "하늘"}); a != b {
		t.Error("the order of properties makes another line")
	}
	if cart.LineID("SOAP", nil) != cart.LineID("SOAP", map[string]string{}) {
		t.Error("no properties and empty ones differ")
	}
	ids := []string{
		a, cart.LineID("SOAP", nil), cart.LineID("BALM", nil), cart.LineID("SOAP", map[string]string{"engraving": "하늘"}),
		cart.LineID("SOAP", map[string]string{"a": "bc"}), cart.LineID("SOAP", map[string]string{"ab": "c"}),
		cart.LineID("SOAP", map[string]string{"a": "b", "c": "d"}), cart.LineID("SOAP", map[string]string{"a": "bcd"}),
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 8 {
		t.Errorf("some lines share an id: %v", ids)
	}
}

func TestAddingSettingRemoving(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("BALM", 12000, 10).with("LOCAL", 5000, 10, onlyWon)
	plain, engravedLine := cart.LineID("SOAP", nil), cart.LineID("SOAP", map[string]string{"engraving": "하늘"})
	dollars := func() *cart.Cart { c := won(); c.Currency = "USD"; return c }
	full := func() *cart.Cart {
		c := won()
		for i := range cart.MaxLines {
			filled(t, c, s, engraved("BALM", 1, fmt.Sprint(i)))
		}
		return c
	}
	long := map[string]string{"note": strings.Repeat("가", 501)}
	add := func(w cart.Choice) func(*cart.Cart) error {
		return func(c *cart.Cart) error { return c.Add(w, s.variants[w.VariantID], noon) }
	}
	set := func(id string, n int) func(*cart.Cart) error {
		return func(c *cart.Cart) error { return c.Set(id, n) }
	}
	cases := []struct {
		name  string
		cart  *cart.Cart
		do    func(*cart.Cart) error
		want  map[string]int // quantities by line; nil when it is refused
		code  string
		field string
	}{
		{"a first add makes a line", won(), add(choice("SOAP", 2)), map[string]int{plain: 2}, "", ""},
		{"a second adds up", filled(t, won(), s, choice("SOAP", 2)), add(choice("SOAP", 3)), map[string]int{plain: 5}, "",
			""},
		{"another engraving is another line", filled(t, won(), s, choice("SOAP", 2)), add(engraved("SOAP", 1, "하늘")),
			map[string]int{plain: 2, engravedLine: 1}, "", ""},
		{"more than there is goes in: the problems tell", won(), add(choice("SOAP", 999)), map[string]int{plain: 999}, "",
			""},
		{"nothing is no choice", won(), add(choice("SOAP", 0)), nil, "invalid_input", "/quantity"},
		{"a negative quantity is none", won(), add(choice("SOAP", -3)), nil, "invalid_input", "/quantity"},
		{"1,000 of one line are too many", won(), add(choice("SOAP", 1000)), nil, "invalid_input", "/quantity"},
		{"also when they come in two parts", filled(t, won(), s, choice("SOAP", 999)), add(choice("SOAP", 1)), nil,
			"invalid_input", "/quantity"},
		{"a property that is too long is named", won(), add(cart.Choice{VariantID: "SOAP", Quantity: 1, Properties: long}),
			nil, "invalid_input", "/properties/note"},
		{"500 Korean characters are not too long", won(), add(engraved("SOAP", 1, strings.Repeat("가", 500))),
			map[string]int{cart.LineID("SOAP", map[string]string{"engraving": strings.Repeat("가", 500)}): 1}, "", ""},
		{"a property needs a name", won(),
			add(cart.Choice{VariantID: "SOAP", Quantity: 1, Properties: map[string]string{"": "x"}}), nil, "invalid_input",
			"/properties/"},
		{"what is not sold in the cart's currency is refused", dollars(), add(choice("LOCAL", 1)), nil, "invalid_input",
			"/variantId"},
		{"a hundred lines are enough", full(), add(choice("SOAP", 1)), nil, "too_many_lines", ""},
		{"more of a line that is there still fits", full(), set(cart.LineID("BALM", map[string]string{"engraving": "7"}), 2),
			nil, "fits", ""},
		{"set replaces", filled(t, won(), s, choice("SOAP", 2)), set(plain, 7), map[string]int{plain: 7}, "", ""},
		{"set to nothing removes", filled(t, won(), s, choice("SOAP", 2)), set(plain, 0), map[string]int{}, "", ""},
		{"a line that is not there is not found", won(), set(plain, 1), nil, "line_not_found", ""},
		{"nor can it be removed", won(), func(c *cart.Cart) error { return c.Remove(plain) }, nil, "line_not_found", ""},
		{"less than nothing is refused", filled(t, won(), s, choice("SOAP", 2)), set(plain, -1), nil, "invalid_input",
			"/quantity"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.do(c.cart)
			if c.code == "fits" {
				c.code = ""
				c.want = quantities(c.cart)
			}
			if problem.Code(err) != c.code || fieldOf(err) != c.field {
				t.Fatalf("error %v at %q, want %q at %q", err, fieldOf(err), c.code, c.field)
			}
			if err == nil && !maps.Equal(quantities(c.cart), c.want) {
				t.Errorf("lines %v, want %v", quantities(c.cart), c.want)
			}
		})
	}
}

func quantities(c *cart.Cart) map[string]int {
	out := map[string]int{}
	for _, l := range c.Lines {
		out[l.ID] = l.Quantity
	}
	return out
}

func TestACartIsBoundedAsAWhole(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10)
	c := won()
	for i := range 5 {
		filled(t, c, s, engraved("SOAP", 999, fmt.Sprint(i)))
	}
	if err := c.Add(engraved("SOAP", 6, "six"), s.variants["SOAP"], noon); fieldOf(err) != "/quantity" {
		t.Errorf("5,001 units: %v", err)
	}
	c = won()
	var err error
	for i := 0; err == nil && i < cart.MaxLines; i++ {
		properties := map[string]string{}
		for p := range cart.MaxProperties {
			properties[fmt.Sprint(i, p)] = strings.Repeat("나", cart.MaxPropertyText)
		}
		err = c.Add(cart.Choice{VariantID: "SOAP", Quantity: 1, Properties: properties}, s.variants["SOAP"], noon)
	}
	if fieldOf(err) != "/properties" {
		t.Errorf("a megabyte of properties: %v", err)
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("LOCAL", 5000, 10, onlyWon)
	c := filled(t, won(), s, choice("SOAP", 2))
	if err := c.ChangeCurrency("USD", s.variants); err != nil || c.Currency != "USD" || c.Lines[0].SeenPrice != 900 {
		t.Errorf("%v: %s, seen %d", err, c.Currency, c.Lines[0].SeenPrice)
	}
	c = filled(t, won(), s, choice("SOAP", 2), choice("LOCAL", 1))
	err := c.ChangeCurrency("USD", s.variants)
	lines, _ := problem.From(err).Extra["lines"].([]string)
	if problem.Code(err) != "not_sold_in_currency" || !slices.Equal(lines, []string{cart.LineID("LOCAL", nil)}) ||
		c.Currency != "KRW" {
		t.Errorf("%v, lines %v, currency %s", err, lines, c.Currency)
	}
}

func TestQuantitiesAreTheSumOfWhatWasAdded(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("BALM", 12000, 10)
	rapid.Check(t, func(t *rapid.T) {
		c, want := won(), map[string]int{}
		for range rapid.IntRange(0, 20).Draw(t, "adds") {
			w := engraved(rapid.SampledFrom([]string{"SOAP", "BALM"}).Draw(t, "what"), rapid.IntRange(-2, 600).Draw(t, "n"),
				rapid.SampledFrom([]string{"", "하늘", "👩‍🚀"}).Draw(t, "text"))
			if c.Add(w, s.variants[w.VariantID], noon) == nil {
				want[cart.LineID(w.VariantID, w.Properties)] += w.Quantity
			}
		}
		if !maps.Equal(quantities(c), want) {
			t.Fatalf("%v, want %v", quantities(c), want)
		}
	})
}
