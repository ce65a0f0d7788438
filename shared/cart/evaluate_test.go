package cart_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	s := stocked().
		with("SOAP", 9000, 10).with("BALM", 12000, 1).with("GONE", 1000, 0).with("CARD", 30000, 0, untracked, digital).
		with("TWO", 9000, 10, perOrder(2)).with("ONCE", 9000, 10, perCustomer(1)).with("DROP", 9000, 10,
		opens(noon.Add(time.Second))).
		with("OPEN", 9000, 10, opens(noon)).with("LOCAL", 9000, 10, onlyWon).
		with("SET", 20000, 0, of("SOAP", "BALM")).with("DUO", 16000, 0, of("SOAP", "SOAP"))
	shop := shop(t)
	member := map[string]int{}
	cases := []struct {
		name   string
		lines  []cart.Choice
		alter  func(*cart.Cart)
		bought map[string]int
		want   []string // code, with ! when it blocks, of each problem
	}{
		{"a cart that can be bought has none", []cart.Choice{choice("SOAP", 10)}, nil, nil, nil},
		{"an empty one is empty", nil, nil, nil, []string{"empty_cart!"}},
		{"one more than there are", []cart.Choice{choice("SOAP", 11)}, nil, nil, []string{"insufficient_stock!"}},
		{"sold out", []cart.Choice{choice("GONE", 1)}, nil, nil, []string{"out_of_stock!"}},
		{"untracked goods never run out, and are not shipped", []cart.Choice{choice("CARD", 99)},
			func(c *cart.Cart) { c.Address, c.Shipping = nil, "" }, nil, nil},
		{"two lines of one variant share its stock", []cart.Choice{choice("SOAP", 6), engraved("SOAP", 5, "하늘")}, nil, nil,
			[]string{"insufficient_stock!", "insufficient_stock!"}},
		{"a set and its part share a stock", []cart.Choice{choice("BALM", 1), choice("SET", 1)}, nil, nil,
			[]string{"insufficient_stock!", "insufficient_stock!"}},
		{"a set alone finds enough", []cart.Choice{choice("SET", 1)}, nil, nil, nil},
		{"a set with the same part twice takes two", []cart.Choice{choice("DUO", 6)}, nil, nil,
			[]string{"insufficient_stock!"}},
		{"five such sets take all ten", []cart.Choice{choice("DUO", 5)}, nil, nil, nil},
		{"limit per order, over all lines of the variant", []cart.Choice{choice("TWO", 2), engraved("TWO", 1, "x")}, nil, nil,
			[]string{"order_limit_reached!", "order_limit_reached!"}},
		{"up to the limit is fine", []cart.Choice{choice("TWO", 2)}, nil, nil, nil},
		{"a limit per customer binds those who are known", []cart.Choice{choice("ONCE", 2)}, nil, member,
			[]string{"customer_limit_reached!"}},
		{"who has not bought it yet may", []cart.Choice{choice("ONCE", 1)}, nil, member, nil},
		{"who has may not again", []cart.Choice{choice("ONCE", 1)}, nil, map[string]int{"ONCE": 1},
			[]string{"customer_limit_reached!"}},
		{"a guest has to log in first", []cart.Choice{choice("ONCE", 1)}, nil, nil, []string{"login_required!"}},
		{"an edition is not open a second before", []cart.Choice{choice("DROP", 1)}, nil, nil, []string{"not_open_yet!"}},
		{"it is open at its second", []cart.Choice{choice("OPEN", 1)}, nil, nil, nil},
		{"what was taken from the shop", []cart.Choice{choice("SOAP", 1)},
			func(c *cart.Cart) { c.Lines[0].VariantID = "NONE" }, nil, []string{"not_available!"}},
		{"what is not sold in the cart's currency", []cart.Choice{choice("LOCAL", 1)},
			func(c *cart.Cart) { c.Currency = "USD" }, nil, []string{"not_available!"}},
		{"a price that rose blocks", []cart.Choice{choice("SOAP", 1)}, func(c *cart.Cart) { c.Lines[0].SeenPrice = 8000 },
			nil, []string{"price_changed!"}},
		{"a price that fell does not", []cart.Choice{choice("SOAP", 1)}, func(c *cart.Cart) { c.Lines[0].SeenPrice = 9900 },
			nil, []string{"price_changed"}},
		{"as much text as one order holds", []cart.Choice{choice("SOAP", 1)}, engravedWith(144*1024 - 1_000), nil, nil},
		{"more text than one order holds", []cart.Choice{choice("SOAP", 1)}, engravedWith(144 * 1024), nil,
			[]string{"order_too_large!"}},
		{"no mail", []cart.Choice{choice("SOAP", 1)}, func(c *cart.Cart) { c.Email = "" }, nil, []string{"missing_email!"}},
		{"no address", []cart.Choice{choice("SOAP", 1)}, func(c *cart.Cart) { c.Address = nil }, nil,
			[]string{"missing_address!"}},
		{"no method", []cart.Choice{choice("SOAP", 1)}, func(c *cart.Cart) { c.Shipping = "" }, nil,
			[]string{"missing_shipping_method!"}},
		{"a method that does not go there", []cart.Choice{choice("SOAP", 1)},
			func(c *cart.Cart) { c.Address.Country, c.Shipping = "JP", "express" }, nil, []string{"shipping_not_possible!"}},
		{"a country and currency that nothing goes to", []cart.Choice{choice("LOCAL", 1)},
			func(c *cart.Cart) { c.Currency = "JPY" }, nil,
			[]string{"not_available!", "shipping_not_possible!"}},
		{"an ordered cart has no problems any more", []cart.Choice{choice("GONE", 1)},
			func(c *cart.Cart) { c.State = cart.Ordered }, nil, nil},
		{"many at once, line by line", []cart.Choice{choice("GONE", 1), choice("TWO", 3)},
			func(c *cart.Cart) { c.Email = "" }, nil,
			[]string{"out_of_stock!", "order_limit_reached!", "missing_email!"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := filled(t, won(), s, c.lines...)
			if c.alter != nil {
				c.alter(in)
			}
			p := cart.Evaluate(in, s.variants, shop, nil, c.bought, noon)
			var got []string
			for _, problem := range p.Problems {
				mark := ""
				if problem.Blocking {
					mark = "!"
				}
				got = append(got, problem.Code+mark)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("problems %v, want %v\n%+v", got, c.want, p.Problems)
			}
			if p.Blocked() != slices.ContainsFunc(got, func(s string) bool { return s[len(s)-1] == '!' }) {
				t.Errorf("blocked %v", p.Blocked())
			}
		})
	}
}

// engravedWith gives the first line a property of so many bytes.
func engravedWith(bytes int) func(*cart.Cart) {
	return func(c *cart.Cart) {
		c.Lines[0].Properties = map[string]string{"engraving": strings.Repeat("x", bytes)}
	}
}

func TestFactsTellTheNumbers(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 3).with("SET", 20000, 0, of("SOAP", "SOAP"))
	p := cart.Evaluate(filled(t, won(), s, choice("SOAP", 2), choice("SET", 1)), s.variants, shop(t), nil, nil, noon)
	want := []string{
		"map[available:3 shared:map[left:3 variantId:SOAP wanted:4] wanted:2]",
		"map[available:1 shared:map[left:3 variantId:SOAP wanted:4] wanted:1]",
	}
	for i, problem := range p.Problems {
		if got := fmt.Sprint(problem.Facts); got != want[i] {
			t.Errorf("facts %s, want %s", got, want[i])
		}
	}
}

func TestTotalsOfACart(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10).with("LOCAL", 5000, 10, onlyWon)
	shop := shop(t)
	p := cart.Evaluate(filled(t, won(), s, choice("SOAP", 2)), s.variants, shop, nil, nil, noon)
	if p.Totals.Total != 21000 || p.Totals.Shipping != 3000 || p.Totals.Tax != 1636+273 || len(p.Methods) != 2 {
		t.Errorf("totals %+v, methods %+v", p.Totals, p.Methods)
	}
	p = cart.Evaluate(filled(t, won(), s, choice("SOAP", 6)), s.variants, shop, nil, nil, noon)
	if p.Methods[0].Price != 0 || p.Methods[1].Price != 6000 || p.Methods[0].Name != "일반 배송" {
		t.Errorf("methods %+v", p.Methods)
	}
	mixed := filled(t, won(), s, choice("LOCAL", 1), choice("SOAP", 1))
	mixed.Currency = "USD"
	if p = cart.Evaluate(mixed, s.variants, shop, nil, nil, noon); p.Totals.Subtotal != 900 || len(p.Totals.Lines) != 1 {
		t.Errorf("a line that cannot be sold is in the total: %+v", p.Totals)
	}
}

func TestUnknownCodesAreRefusedAndBlockNothing(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10)
	c := filled(t, won(), s, choice("SOAP", 1))
	c.Codes = []string{"WELCOME"}
	q := cart.Quoter{Shop: shop(t), Variants: s, Promotions: store.None}
	p, err := q.Quote(t.Context(), c, noon)
	if err != nil || p.Blocked() || len(p.Refused) != 1 || p.Refused[0].Reason != "unknown_code" ||
		p.Problems[0].Code != "code_refused" {
		t.Errorf("%v, %+v", err, p)
	}
}

func TestWhatPromotionsTakeOffReachesTheTotals(t *testing.T) {
	t.Parallel()
	s := stocked().with("SOAP", 9000, 10)
	q := cart.Quoter{Shop: shop(t), Variants: s, Promotions: live(thousandOff)}
	p, err := q.Quote(t.Context(), filled(t, won(), s, choice("SOAP", 2)), noon)
	if err != nil || p.Totals.Discount != 1000 || p.Totals.Total != 20000 {
		t.Errorf("%v, %+v", err, p.Totals)
	}
}

// thousandOff takes 1,000 won off any order.
var thousandOff = promotion.Promotion{
	ID: "promo", Name: catalog.Text{"en": "1,000 off"}, Kind: promotion.FixedAmount, Class: promotion.Order,
	State:  promotion.Scheduled,
	Starts: noon.AddDate(0, 0, -1), Ends: noon.AddDate(0, 0, 1), Targets: promotion.Targets{All: true},
	Terms: promotion.Terms{Amount: promotion.Amounts{"KRW": 1000}},
}

// live is promotions that nobody changes.
func live(promotions ...promotion.Promotion) store.Reader {
	return store.Static{Snapshot: store.NewSnapshot(promotions, nil)}
}

func TestAProblemIsSaidOnceAndInTheLanguageOfTheCart(t *testing.T) {
	t.Parallel()
	s := stocked().with("var_a", 1_000, 0, opens(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)), perCustomer(1))
	for language, want := range map[string]string{"ko": "이메일을 입력해 주세요.", "en": "Please enter your e-mail address."} {
		c := won()
		c.Language = language
		c.Lines = []cart.Line{{ID: "ln_1", VariantID: "var_a", Quantity: 2}}
		p := cart.Evaluate(c, s.variants, shop(t), nil, nil, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		seen := map[string]bool{}
		for _, problem := range p.Problems {
			key := problem.Code + problem.LineID
			if seen[key] || problem.Message == "" || problem.Detail == "" {
				t.Errorf("%s: %+v", language, problem)
			}
			seen[key] = true
			if problem.Code == "missing_email" && problem.Message != want {
				t.Errorf("%s: %q", language, problem.Message)
			}
		}
		if len(seen) < 4 {
			t.Errorf("%d problems: the test shows nothing", len(seen))
		}
	}
}
