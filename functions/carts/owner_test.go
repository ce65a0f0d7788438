package carts_test

import (
	"strings"
	"testing"

	"dangol/functions/carts"
	"dangol/infra/testkit/apitest"
	shared "dangol/shared/cart"
)

func TestOnlyTheOwnersReachACart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	_, otherGuest := b.begin()
	anns := whole(b.guest.As(apitest.Ann).Do("POST", "/carts/mine/lines", lineOf(soap, 1)))
	line := "/lines/" + shared.LineID(soap, nil)
	routes := []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"POST", "/lines", lineOf(soap, 1)}, {"PUT", line, map[string]any{"quantity": 1}},
		{"DELETE", line, nil},
		{"PUT", "/codes", map[string]any{"codes": []string{"A"}}}, {"DELETE", "/codes/A", nil},
		{"PUT", "/contact", map[string]any{"email": "a@example.com"}}, {"PUT", "/address", seoul},
		{"PUT", "/shipping-method", map[string]any{"methodId": "standard"}},
		{"PUT", "/currency", map[string]any{"currency": "KRW"}},
		{"PUT", "/note", map[string]any{"note": "x"}}, {"POST", "/accept-prices", nil},
		{"PUT", "/gifts/promo_x", map[string]any{"variantIds": []string{soap}}},
	}
	callers := []struct {
		name         string
		client       *apitest.Client
		guests, anns int // statuses; 0 is success, and for agents reading only
	}{
		{"the guest", guest, 200, 404}, {"a guest without a token", b.guest, 404, 404},
		{"another guest", otherGuest, 404, 404},
		{"a customer with the guest's token", guest.As(apitest.Bob), 200, 404},
		{"ann", b.guest.As(apitest.Ann), 404, 200}, {"bob", b.guest.As(apitest.Bob), 404, 404},
		{"an agent", b.guest.As(apitest.Agent), 0, 404}, {"a merchant", b.guest.As(apitest.Merchant), 0, 404},
		{"a forged token", b.guest.With("Authorization", "Bearer forged"), 401, 401},
		{"a forged token with the guest's", guest.With("Authorization", "Bearer forged"), 401, 401},
		{"no bearer at all", b.guest.With("Authorization", "Basic YTpi"), 401, 401},
	}
	for _, c := range callers {
		for _, r := range routes {
			wantGuests := c.guests
			if c.guests == 0 {
				wantGuests = map[bool]int{true: 200, false: 404}[r.method == "GET"]
			}
			for of, want := range map[string]int{path: wantGuests, "/carts/" + anns.ID: c.anns} {
				if got := c.client.Do(r.method, of+r.path, r.body); got.Status != want {
					t.Errorf("%s: %s %s: %d, want %d", c.name, r.method, of+r.path, got.Status, want)
				}
			}
		}
	}
	if got := len(carts.API().Routes()); got != len(routes)+2 {
		t.Errorf("%d routes, %d tested here besides begin and merge", got, len(routes))
	}
}

func TestWhoMayMerge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9000, 10)
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	id := strings.TrimPrefix(path, "/carts/")
	body := map[string]any{"cartId": id, "token": "not-the-token"}
	for _, c := range []struct {
		name   string
		client *apitest.Client
		status int
		code   string
	}{
		{"a guest", guest, 401, "token_required"},
		{"a forged token", b.guest.With("Authorization", "Bearer forged"), 401, "invalid_token"},
		{"ann without the cart's token", b.guest.As(apitest.Ann), 404, "cart_not_found"},
		{"an agent without the cart's token", b.guest.As(apitest.Agent), 404, "cart_not_found"},
	} {
		t.Run(c.name, func(t *testing.T) { c.client.Do("POST", "/carts/mine/merge", body).WantProblem(c.status, c.code) })
	}
}

func TestMergeAtLogIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, balm := b.sell(9000, 3), b.sell(12000, 10)
	ann := b.guest.As(apitest.Ann)
	whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 2)))
	var made begun
	b.guest.Do("POST", "/carts", nil).Want(201).Into(&made)
	guest := b.guest.With("Cart-Token", made.Token)
	whole(guest.Do("POST", "/carts/"+made.Cart.ID+"/lines", lineOf(soap, 2)))
	whole(guest.Do("POST", "/carts/"+made.Cart.ID+"/lines", lineOf(balm, 1)))

	type merged struct {
		Cart    carts.Cart      `json:"cart"`
		Changes []shared.Change `json:"changes"`
	}
	body := map[string]any{"cartId": made.Cart.ID, "token": made.Token}
	var first, second merged
	ann.Do("POST", "/carts/mine/merge", body).Want(200).Into(&first)
	ann.Do("POST", "/carts/mine/merge", body).Want(200).Into(&second)
	reasons := map[string]string{}
	for _, c := range first.Changes {
		reasons[c.LineID] = c.Code
	}
	if reasons[shared.LineID(soap, nil)] != "capped" || reasons[shared.LineID(balm, nil)] != "added" ||
		first.Cart.Lines[0].Quantity != 3 {
		t.Errorf("changes %v, lines %+v", first.Changes, first.Cart.Lines)
	}
	if len(second.Changes) != 0 || second.Cart.Version != first.Cart.Version || first.Cart.Email != "ann@example.com" {
		t.Errorf("the second time: %+v", second)
	}
	guest.Do("GET", "/carts/"+made.Cart.ID, nil).WantProblem(404, "cart_not_found")
	var stored shared.Cart
	if err := b.table.Get(t.Context(), shared.KeyOfCustomer(apitest.Ann.Subject), &stored); err != nil ||
		stored.Event.Type != "cart.merged" ||
		!strings.Contains(string(stored.Event.Data), made.Cart.ID) ||
		!strings.Contains(string(stored.Event.Data), first.Cart.ID) {
		t.Errorf("%v, event %+v", err, stored.Event)
	}
}

func TestACustomerHasOneCart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ann := b.guest.As(apitest.Ann)
	empty := whole(ann.Do("GET", "/carts/mine", nil))
	if empty.ID != "mine" || empty.Version != 0 || empty.Currency != "KRW" || empty.Email != "ann@example.com" {
		t.Errorf("before the first write: %+v", empty)
	}
	var first, second begun
	ann.Do("POST", "/carts", map[string]any{"currency": "USD"}).Want(201).Into(&first)
	ann.Do("POST", "/carts", map[string]any{"currency": "KRW"}).Want(200).Into(&second)
	if first.Token != "" || first.Cart.ID != second.Cart.ID || second.Cart.Currency != "USD" {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if c := whole(ann.Do("GET", "/carts/mine", nil)); c.ID != first.Cart.ID {
		t.Errorf("mine is %s", c.ID)
	}
}
