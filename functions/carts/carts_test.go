package carts_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/shared/address"
	shared "dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/table"
)

func TestAGuestFillsACartUntilItCanBeBought(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(12000, 5)
	path, guest := b.begin()
	c := whole(guest.Do("POST", path+"/lines",
		map[string]any{"variantId": soap, "quantity": 2, "properties": map[string]string{"engraving": "하늘 💛"}}))
	if want := []string{"missing_email", "missing_address"}; !slices.Equal(codes(c), want) || c.Ready {
		t.Errorf("problems %v, want %v", codes(c), want)
	}
	l := c.Lines[0]
	if l.Title != "동백 비누" || l.UnitPrice.Display != "₩12,000" || l.CompareAt.Amount != 13000 || l.Total.Amount != 24000 ||
		l.Available != 5 ||
		l.Image == "" || l.Properties["engraving"] != "하늘 💛" {
		t.Errorf("line %+v", l)
	}
	whole(guest.Do("PUT", path+"/contact", map[string]any{"email": "haneul@example.com", "language": "en"}))
	c = whole(guest.Do("PUT", path+"/address", seoul))
	if len(c.Methods) != 2 || c.Methods[0].Name != "Standard" || c.Methods[0].Price.Amount != 3000 {
		t.Errorf("methods %+v", c.Methods)
	}
	whole(guest.Do("PUT", path+"/note", map[string]any{"note": "문 앞에 놓아 주세요"}))
	r := guest.With("Accept-Language", "en-US,en;q=0.9").Do("PUT", path+"/shipping-method",
		map[string]any{"methodId": "standard"})
	c = whole(r)
	if !c.Ready || len(c.Problems) != 0 || c.Totals.Total.Amount != 27000 || c.Totals.Tax.Amount != 2182+273 ||
		!c.Totals.TaxIncluded {
		t.Errorf("ready %v, %v, %+v", c.Ready, c.Problems, c.Totals)
	}
	if c.Lines[0].Title != "Camellia soap" || c.Version != 6 || r.Headers.Get("ETag") != `"6"` ||
		r.Headers.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, version %d, headers %v", c.Lines[0].Title, c.Version, r.Headers)
	}
	if got := whole(guest.Do("GET", path, nil)); got.Totals.Total != c.Totals.Total || got.Note == "" ||
		got.ExpiresAt.Sub(noon) != shared.GuestRetention {
		t.Errorf("read again: %+v", got)
	}
}

func TestChangingLines(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	c := whole(guest.Do("POST", path+"/lines", map[string]any{"variantId": soap}))
	if c.Lines[0].Quantity != 1 {
		t.Errorf("an add without a quantity adds %d", c.Lines[0].Quantity)
	}
	line := path + "/lines/" + c.Lines[0].ID
	if c = whole(guest.Do("PUT", line, map[string]any{"quantity": 4})); c.Lines[0].Quantity != 4 {
		t.Errorf("%+v", c.Lines)
	}
	if c = whole(guest.Do("PUT", line, map[string]any{"quantity": 0})); len(c.Lines) != 0 ||
		!slices.Contains(codes(c), "empty_cart") {
		t.Errorf("%+v", c)
	}
	guest.Do("DELETE", line, nil).WantProblem(404, "line_not_found")
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	if c = whole(guest.Do("DELETE", line, nil)); len(c.Lines) != 0 {
		t.Errorf("%+v", c.Lines)
	}
}

func TestBeginningTwiceWithOneKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	keyed := b.guest.With("Idempotency-Key", "0d9c2c6e-6a0e-4f57-9a3c")
	var first, second begun
	keyed.Do("POST", "/carts", map[string]any{}).Want(201).Into(&first)
	if r := keyed.Do("POST", "/carts",
		map[string]any{}).Want(201).Into(&second); r.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not marked: %v", r.Headers)
	}
	if first.Token == "" || first.Token != second.Token || first.Cart.ID != second.Cart.ID {
		t.Errorf("%+v and %+v", first, second)
	}
	keyed.Do("POST", "/carts", map[string]any{"currency": "USD"}).WantProblem(422, "idempotency_key_reused")
	b.guest.With("Idempotency-Key", "cart-1").Do("POST", "/carts", nil).WantField("header/Idempotency-Key")
}

func TestAnAddWithAKeyCountsOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	keyed := guest.With("Idempotency-Key", "add-1")
	whole(keyed.Do("POST", path+"/lines", lineOf(soap, 2)))
	r := keyed.Do("POST", path+"/lines", lineOf(soap, 2))
	if c := whole(r); c.Lines[0].Quantity != 2 || r.Headers.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d soaps, headers %v", c.Lines[0].Quantity, r.Headers)
	}
	keyed.Do("POST", path+"/lines", lineOf(soap, 3)).WantProblem(422, "idempotency_key_reused")
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	first := guest.Do("GET", path, nil).Headers.Get("ETag")
	whole(guest.With("If-Match", first).Do("POST", path+"/lines", lineOf(soap, 1)))
	p := guest.With("If-Match", first).Do("POST", path+"/lines", lineOf(soap, 1)).WantProblem(412, "version_mismatch")
	if p.Extra["version"] != float64(2) {
		t.Errorf("extra %v", p.Extra)
	}
	whole(guest.With("If-Match", "*").Do("POST", path+"/lines", lineOf(soap, 1)))
	whole(b.guest.As(apitest.Ann).With("If-Match", `"0"`).Do("POST", "/carts/mine/lines", lineOf(soap, 1)))
}

func TestPayingAndOrderedCartsStandStill(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	var c shared.Cart
	if err := b.table.Get(t.Context(), shared.KeyOfGuest(strings.TrimPrefix(path, "/carts/")), &c); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		write table.Update
		code  string
	}{
		{shared.BeginPaying(&c, "chk_1", noon), "cart_paying"},
		{shared.CloseGuest(&c, "chk_1", "ord_1", noon), "cart_ordered"},
	} {
		if _, err := b.table.Update(t.Context(), step.write); err != nil {
			t.Fatal(err)
		}
		p := guest.Do("POST", path+"/lines", lineOf(soap, 1)).WantProblem(409, step.code)
		if step.code == "cart_ordered" && p.Extra["orderId"] != "ord_1" {
			t.Errorf("extra %v", p.Extra)
		}
		if shown := whole(guest.Do("GET", path, nil)); shown.Ready || "cart_"+string(shown.State) != step.code {
			t.Errorf("shown as %s, ready %v", shown.State, shown.Ready)
		}
	}
}

func TestAPriceThatRoseHasToBeAccepted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	b.product--
	b.sell(9900, 10)
	b.clock.Advance(2 * time.Second)
	c := whole(guest.Do("GET", path, nil))
	if c.Problems[0].Code != "price_changed" || !c.Problems[0].Blocking || c.Lines[0].UnitPrice.Amount != 9900 {
		t.Errorf("%+v", c.Problems)
	}
	if c = whole(guest.Do("POST", path+"/accept-prices", nil)); slices.Contains(codes(c), "price_changed") {
		t.Errorf("%+v", c.Problems)
	}
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, local := b.sell(9000, 10), b.sell(5000, 10, onlyWon)
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 2)))
	c := whole(guest.Do("PUT", path+"/currency", map[string]any{"currency": "USD"}))
	if c.Totals.Subtotal.Display != "$18.00" || slices.Contains(codes(c), "price_changed") {
		t.Errorf("%+v, %v", c.Totals, codes(c))
	}
	guest.Do("POST", path+"/lines", lineOf(local, 1)).WantField("/variantId")
	whole(guest.Do("PUT", path+"/currency", map[string]any{"currency": "KRW"}))
	whole(guest.Do("POST", path+"/lines", lineOf(local, 1)))
	guest.Do("PUT", path+"/currency", map[string]any{"currency": "USD"}).WantProblem(409, "not_sold_in_currency")
	guest.Do("PUT", path+"/currency", map[string]any{"currency": "JPY"}).WantField("/currency")
}

func TestCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, guest := b.begin()
	c := whole(guest.Do("PUT", path+"/codes", map[string]any{"codes": []string{" welcome ", "WELCOME", "추석"}}))
	if !slices.Equal(c.Codes, []string{"WELCOME", "추석"}) || c.Refused[0].Reason != "unknown_code" {
		t.Errorf("codes %v, refused %v", c.Codes, c.Refused)
	}
	if c = whole(guest.Do("DELETE", path+"/codes/welcome", nil)); !slices.Equal(c.Codes, []string{"추석"}) {
		t.Errorf("codes %v", c.Codes)
	}
	guest.Do("DELETE", path+"/codes/welcome", nil).WantProblem(404, "code_not_found")
	guest.Do("PUT", path+"/codes", map[string]any{"codes": []string{"A", "  "}}).WantField("/codes/1")
}

func TestLimitsOfALifetime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	drop := b.sell(9000, 10, once)
	path, guest := b.begin()
	if c := whole(guest.Do("POST", path+"/lines", lineOf(drop, 1))); !slices.Contains(codes(c), "login_required") {
		t.Errorf("a guest: %v", codes(c))
	}
	ann := b.guest.As(apitest.Ann)
	if c := whole(ann.Do("POST", "/carts/mine/lines", lineOf(drop, 1))); slices.Contains(codes(c),
		"customer_limit_reached") {
		t.Errorf("the first time: %v", codes(c))
	}
	bought := []shared.LimitedPurchase{{VariantID: drop, Quantity: 1, Limit: 1}}
	if _, err := b.table.Update(t.Context(), shared.CountPurchases(apitest.Ann.Subject, bought)); err != nil {
		t.Fatal(err)
	}
	if c := whole(ann.Do("GET", "/carts/mine", nil)); !slices.Contains(codes(c), "customer_limit_reached") {
		t.Errorf("after buying one: %v", codes(c))
	}
}

func TestAGiftSetAndItsPartShareAStock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 2)
	set := b.sell(16000, 0, func(_ *catalog.Product, v *catalog.Variant) {
		v.Components = []catalog.Component{{VariantID: soap, Quantity: 2}}
	})
	path, guest := b.begin()
	c := whole(guest.Do("POST", path+"/lines", lineOf(set, 1)))
	if slices.Contains(codes(c), "insufficient_stock") || c.Lines[0].Available != 1 {
		t.Errorf("the set alone: %v, %+v", codes(c), c.Lines)
	}
	if c = whole(guest.Do("POST", path+"/lines", lineOf(soap, 1))); codes(c)[0] != "insufficient_stock" ||
		codes(c)[1] != "insufficient_stock" {
		t.Errorf("with its part: %v", codes(c))
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, hidden := b.sell(9000, 10), b.sell(9000, 10, draft)
	path, guest := b.begin()
	line := path + "/lines/" + shared.LineID(soap, nil)
	cases := []struct {
		name, method, path string
		body               any
		field              string
	}{
		{"an unknown field", "POST", path + "/lines", map[string]any{"variantId": soap, "price": 1}, "/price"},
		{"a missing variant", "POST", path + "/lines", map[string]any{"quantity": 1}, "/variantId"},
		{"a variant that is a number", "POST", path + "/lines", map[string]any{"variantId": 7}, "/variantId"},
		{"a quantity in words", "POST", path + "/lines", map[string]any{"variantId": soap, "quantity": "two"}, "/quantity"},
		{"half a unit", "POST", path + "/lines", map[string]any{"variantId": soap, "quantity": 1.5}, "/quantity"},
		{"a negative quantity", "POST", path + "/lines", lineOf(soap, -1), "/quantity"},
		{"no quantity at all", "POST", path + "/lines", lineOf(soap, 0), "/quantity"},
		{"a huge quantity", "POST", path + "/lines", lineOf(soap, 1_000_000_000), "/quantity"},
		{"eleven properties", "POST", path + "/lines", map[string]any{"variantId": soap, "properties": eleven()},
			"/properties"},
		{"a long property", "POST", path + "/lines",
			map[string]any{"variantId": soap, "properties": map[string]string{"note": strings.Repeat("x", 501)}},
			"/properties/note"},
		{"a NUL in a property", "POST", path + "/lines",
			map[string]any{"variantId": soap, "properties": map[string]string{"note": "a\x00b"}}, "/properties/note"},
		{"an unknown variant", "POST", path + "/lines", lineOf("var_01k9aaaaaaaaaaaaaaaaaaaaaa_0", 1), "/variantId"},
		{"the id of something else", "POST", path + "/lines", lineOf("ord_01k9aaaaaaaaaaaaaaaaaaaaaa", 1), "/variantId"},
		{"a product that is not on sale yet", "POST", path + "/lines", lineOf(hidden, 1), "/variantId"},
		{"a line set below nothing", "PUT", line, map[string]any{"quantity": -1}, "/quantity"},
		{"a line set to nothing in particular", "PUT", line, map[string]any{}, "/quantity"},
		{"an address without a street", "PUT", path + "/address", map[string]any{"name": "A", "country": "KR"}, "/line1"},
		{"an address in no country", "PUT", path + "/address", map[string]any{"name": "A", "line1": "B", "country": "Korea"},
			"/country"},
		{"a name of 101 letters", "PUT", path + "/address",
			map[string]any{"name": strings.Repeat("가", 101), "line1": "B", "country": "KR"}, "/name"},
		{"no mail address", "PUT", path + "/contact", map[string]any{"email": "haneul"}, "/email"},
		{"a mail address with a name", "PUT", path + "/contact", map[string]any{"email": "Haneul <haneul@example.com>"},
			"/email"},
		{"a country that is none", "PUT", path + "/address", map[string]any{"name": "a", "line1": "b", "country": "XX"},
			"/country"},
		{"a postal code of another country", "PUT", path + "/address",
			map[string]any{"name": "a", "line1": "b", "country": "KR", "postalCode": "SW1A 1AA"}, "/postalCode"},
		{"a number that is none", "PUT", path + "/address",
			map[string]any{"name": "a", "line1": "b", "country": "KR", "phone": "call me"}, "/phone"},
		{"a language the shop does not speak", "PUT", path + "/contact",
			map[string]any{"email": "a@example.com", "language": "fr"}, "/language"},
		{"a currency that is none", "PUT", path + "/currency", map[string]any{"currency": "won"}, "/currency"},
		{"a first currency the shop does not take", "POST", "/carts", map[string]any{"currency": "GBP"}, "/currency"},
		{"eleven codes", "PUT", path + "/codes", map[string]any{"codes": strings.Split("ABCDEFGHIJK", "")}, "/codes"},
		{"a note of 1,001 letters", "PUT", path + "/note", map[string]any{"note": strings.Repeat("가", 1001)}, "/note"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { guest.Do(c.method, c.path, c.body).WantField(c.field) })
	}
	guest.Do("POST", path+"/lines", `{"variantId":`).Want(400)
	guest.Do("POST", path+"/lines", `{"variantId":"`+strings.Repeat("x", 1<<20)+`"}`).WantProblem(413, "body_too_large")
	guest.Do("GET", "/carts/prod_01k9aaaaaaaaaaaaaaaaaaaaaa", nil).WantProblem(404, "cart_not_found")
	guest.Do("PUT", path+"/shipping-method", map[string]any{"methodId": "standard"}).WantProblem(409, "missing_address")
	whole(guest.Do("PUT", path+"/address", seoul))
	guest.Do("PUT", path+"/shipping-method", map[string]any{"methodId": "balloon"}).WantField("/methodId")
	if c := whole(guest.Do("GET", path, nil)); len(c.Lines) != 0 || c.Version != 2 {
		t.Errorf("something was half-written: %+v", c)
	}
}

func eleven() map[string]string {
	out := map[string]string{}
	for i := range 11 {
		out[string(rune('a'+i))] = "x"
	}
	return out
}

// TestRoundTrips keeps the budget: an add is one read and one write, a read is one read, when the cache is warm.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	for _, c := range []struct {
		name string
		do   func() *apitest.Response
		most int
	}{
		{"a guest's add", func() *apitest.Response {
			return guest.With("Idempotency-Key", "k").Do("POST", path+"/lines", lineOf(soap, 1))
		}, 2},
		{"a customer's first add", func() *apitest.Response {
			return b.guest.As(apitest.Ann).Do("POST", "/carts/mine/lines", lineOf(soap, 1))
		}, 2},
		{"a customer's next add", func() *apitest.Response {
			return b.guest.As(apitest.Ann).Do("POST", "/carts/mine/lines", lineOf(soap, 1))
		}, 2},
		{"a guest's read", func() *apitest.Response { return guest.Do("GET", path, nil) }, 1},
		{"a customer's read", func() *apitest.Response { return b.guest.As(apitest.Ann).Do("GET", "/carts/mine", nil) }, 1},
	} {
		ops := b.counted(func() { c.do().Want(http.StatusOK) })
		if ops != c.most {
			t.Errorf("%s: %d round trips, want %d", c.name, ops, c.most)
		}
	}
}

func TestContactAndAddressAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	path, guest := newBench(t).begin()
	var v struct {
		Email   string
		Address address.Address
	}
	guest.Do("PUT", path+"/contact", map[string]any{"email": " Haneul@Example.COM "}).Want(200)
	guest.Do("PUT", path+"/address", map[string]any{
		"name": " 김하늘", "line1": "왕십리로 83", "country": "KR", "postalCode": " 04769", "phone": "010-1234-5678",
	}).Want(200).Into(&v)
	if v.Email != "haneul@example.com" || v.Address.Phone != "+821012345678" || v.Address.PostalCode != "04769" ||
		v.Address.Name != "김하늘" {
		t.Errorf("kept %+v", v)
	}
}

func TestHowTaxIsShownIsKnownBeforeTheAddress(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path, guest := b.begin()
	before := whole(guest.Do("POST", path+"/lines", map[string]any{"variantId": b.sell(12_000, 5), "quantity": 1})).Totals
	if !before.TaxIncluded || before.TaxCountry != "KR" || before.Tax.Amount != 1_091 || len(before.TaxLines) != 1 ||
		before.TaxLines[0].Rate != 1_000 || before.Total.Amount != 12_000 {
		t.Errorf("without an address the totals are %+v", before)
	}
	// The address decides from then on: Japan's tax comes on top of prices in won.
	abroad := whole(guest.Do("PUT", path+"/address", map[string]any{
		"name": "Sora", "line1": "1-1", "city": "Chiyoda", "region": "Tokyo", "postalCode": "1000001", "country": "JP",
	})).Totals
	if abroad.TaxCountry != "JP" || abroad.TaxIncluded || abroad.Total.Amount != 13_200 {
		t.Errorf("in Japan the totals are %+v", abroad)
	}
}
