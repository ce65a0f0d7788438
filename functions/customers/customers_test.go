package customers_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"dangol/events"
	"dangol/functions/customers"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	shared "dangol/shared/checkout"
	"dangol/shared/customer"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/service"
)

type desk struct {
	*testshop.Shop
	guest    *apitest.Client
	profiles customer.Store
}

func open(t *testing.T) *desk {
	t.Helper()
	w := testshop.New(t, fault.New(fault.Plan{}))
	profiles := customer.Store{Table: w.Service.Table, Clock: w.Clock}
	f := &customers.Customers{
		Profiles: profiles, Orders: w.Service.Cashier.Orders, Clock: w.Clock,
		Subscriptions: &service.Service{Table: w.Service.Table, Clock: w.Clock},
		// "sub mail" is a token that proves the address, "sub" one that proves none.
		Identity: func(_ context.Context, token string) (string, string, error) {
			sub, email, _ := strings.Cut(token, " ")
			if sub == "forged" {
				return "", "", problem.Unauthorized("invalid_token", "x")
			}
			return sub, email, nil
		},
	}
	options := api.Options{Clock: w.Clock, Verify: apitest.Verify}
	return &desk{w, apitest.New(t, f.Service(options).Lambda()), profiles}
}

func (d *desk) buy(customerID string) (orderID, email string) {
	d.T.Helper()
	b := d.FillCart(customerID, map[string]int{d.Sell(testshop.ProductSpec{Units: 5}): 1})
	c, _, err := d.Service.Begin(d.T.Context(), shared.Start{
		Cart:    cart.Ref{CartID: b.ID, CustomerID: b.CustomerID, Token: b.Token},
		Request: idempotency.For("checkout", b.ID, d.NextKey(), nil, d.Clock.Now()), Method: "pm_card_visa",
	})
	if err != nil || c.State != shared.Completed {
		d.T.Fatalf("checkout %v, %v", c, err)
	}
	return c.OrderID, c.Email
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := customers.New(t.Context(), apitest.Env(t, "customers", testshop.Noon, nil))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "customers", map[string]int{"profile-without-token": 401, "order.placed": 0})
}

func address(line string) map[string]any {
	return map[string]any{"name": "김하늘", "line1": line, "postalCode": "04769", "country": "KR"}
}

func TestACustomerKeepsAnAddressBook(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := d.guest.As(apitest.Ann)
	var first, second customer.SavedAddress
	ann.Do("POST", "/me/addresses", map[string]any{"address": address("왕십리로 83")}).Want(201).Into(&first)
	ann.Do("POST", "/me/addresses", map[string]any{"address": address("테헤란로 1"), "default": true}).Want(201).Into(&second)
	var again customer.SavedAddress
	ann.Do("POST", "/me/addresses", map[string]any{"address": address("왕십리로 83")}).Want(201).Into(&again)
	var p customers.Profile
	ann.Do("GET", "/me/profile", nil).Want(200).Into(&p)
	if again.ID != first.ID || len(p.Addresses) != 2 || p.Addresses[0].ID != second.ID {
		t.Errorf("%+v", p)
	}
	ann.Do("PUT", "/me/addresses/"+first.ID, map[string]any{"address": address("왕십리로 84"), "default": true}).
		Want(200).Into(&p)
	if len(p.Addresses) != 2 || p.Addresses[0].ID != first.ID || p.Addresses[0].Address.Line1 != "왕십리로 84" {
		t.Errorf("%+v", p.Addresses)
	}
	ann.Do("DELETE", "/me/addresses/"+second.ID, nil).Want(200).Into(&p)
	ann.Do("DELETE", "/me/addresses/"+second.ID, nil).WantProblem(404, "address_not_found")
	if len(p.Addresses) != 1 {
		t.Errorf("%+v", p.Addresses)
	}
	ann.Do("POST", "/me/addresses", map[string]any{"address": map[string]any{"name": "x", "line1": "y", "country": "XX"}}).
		WantField("/address/country")
	if d.guest.As(apitest.Bob).Do("PUT", "/me/addresses/"+first.ID,
		map[string]any{"address": address("x")}).Status != 404 {
		t.Error("another customer's address can be changed")
	}
}

// Somebody who has seen one mail of the order looks it up, has mails sent to themselves, and has an account there.
func TestAContactGivenWithALookUpTokenDoesNotMakeAnOrderClaimable(t *testing.T) {
	t.Parallel()
	d := open(t)
	id, email := d.buy("")
	claim := func(who auth.Principal, address string) string {
		t.Helper()
		return d.guest.As(who).Do("POST", "/me/orders/claim", map[string]any{"idToken": who.Subject + " " + address}).
			Want(200).Body
	}
	_, err := d.Service.Cashier.Orders.Change(t.Context(), id, func(o *order.Order) (bool, []table.Write, error) {
		changed, err := o.ChangeContact("eve@example.org", false, order.ByCustomer, d.Clock.Now())
		return changed, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if taken := claim(apitest.Bob, "eve@example.org"); strings.Contains(taken, id) {
		t.Errorf("the new address takes the order: %s", taken)
	}
	if mine := claim(apitest.Ann, email); !strings.Contains(mine, id) {
		t.Errorf("the address that it was placed with does not: %s", mine)
	}
}

func TestGuestOrdersBelongToWhoeverProvesTheAddress(t *testing.T) {
	t.Parallel()
	d := open(t)
	order, email := d.buy("")
	ann := d.guest.As(apitest.Ann)
	claim := func(token string) *apitest.Response {
		return ann.Do("POST", "/me/orders/claim", map[string]any{"idToken": token})
	}
	claim("forged").WantProblem(401, "invalid_token")
	claim(apitest.Ann.Subject).WantProblem(403, "address_not_verified")
	claim(apitest.Bob.Subject+" "+email).WantProblem(404, "customer_not_found")
	if other := claim(apitest.Ann.Subject + " other@example.com").Want(200); strings.Contains(other.Body, order) {
		t.Errorf("another address takes the order: %s", other.Body)
	}
	if mine := claim(apitest.Ann.Subject + " " + strings.ToUpper(email)).Want(200); !strings.Contains(mine.Body, order) {
		t.Errorf("the order is not claimed: %s", mine.Body)
	}
	if again := claim(apitest.Ann.Subject + " " + email).Want(200); strings.Contains(again.Body, order) {
		t.Errorf("it is claimed twice: %s", again.Body)
	}
	o, err := d.Service.Cashier.Orders.Get(t.Context(), order)
	if err != nil || o.CustomerID != apitest.Ann.Subject {
		t.Errorf("the order is %s's, %v", o.CustomerID, err)
	}
	page, err := d.Service.Cashier.Orders.OfCustomer(t.Context(), apitest.Ann.Subject, 10, "")
	if err != nil || len(page.Orders) != 1 {
		t.Errorf("her list has %d orders, %v", len(page.Orders), err)
	}
}

func TestTheShopFindsACustomerAndNotesThings(t *testing.T) {
	t.Parallel()
	d := open(t)
	order, _ := d.buy(apitest.Ann.Subject)
	raw, err := os.ReadFile("../../events/samples/customers/order.placed.json")
	if err != nil {
		t.Fatal(err)
	}
	var sample struct {
		Detail struct{ Data events.OrderPlaced }
	}
	if err := json.Unmarshal(raw, &sample); err != nil {
		t.Fatal(err)
	}
	placed := sample.Detail.Data
	for range 2 {
		if _, err := d.profiles.Change(t.Context(), apitest.Ann.Subject, func(p *customer.Profile) (bool, error) {
			return p.Met(placed.Email, placed.Name, placed.Language), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	agent := d.guest.As(apitest.Agent)
	var list struct{ Customers []customer.Summary }
	agent.Do("GET", "/admin/customers?q="+strings.ToUpper(placed.Email[:4]), nil).Want(200).Into(&list)
	if len(list.Customers) != 1 || list.Customers[0].ID != apitest.Ann.Subject {
		t.Errorf("found %+v", list.Customers)
	}
	agent.Do("GET", "/admin/customers?q=nobody", nil).Want(200).Into(&list)
	if len(list.Customers) != 0 {
		t.Errorf("found %+v", list.Customers)
	}
	agent.Do("POST", "/admin/customers/"+apitest.Ann.Subject+"/notes", map[string]any{"text": "prefers calls"}).Want(201)
	seen := agent.Do("GET", "/admin/customers/"+apitest.Ann.Subject, nil).Want(200)
	for _, want := range []string{order, "prefers calls", placed.Email, "agent-1"} {
		if !strings.Contains(seen.Body, want) {
			t.Errorf("no %q in %s", want, seen.Body)
		}
	}
	ann := d.guest.As(apitest.Ann)
	if own := ann.Do("GET", "/me/profile", nil).Want(200); strings.Contains(own.Body, "prefers calls") {
		t.Errorf("the customer reads the shop's note: %s", own.Body)
	}
	ann.Do("GET", "/admin/customers", nil).WantProblem(403, "not_allowed")
	agent.Do("GET", "/admin/customers/nobody", nil).WantProblem(404, "customer_not_found")
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.guest.As(apitest.Ann).Do("POST", "/me/addresses", map[string]any{"address": address("왕십리로 83")}).Want(201)
	runs := map[string]func(context.Context) error{
		"read a customer's profile": func(ctx context.Context) error {
			_, err := d.profiles.Get(ctx, apitest.Ann.Subject)
			return err
		},
		"list customers": func(ctx context.Context) error {
			_, _, err := d.profiles.Find(ctx, "", 20, "")
			return err
		},
		"find customers by name or mail address": func(ctx context.Context) error {
			_, _, err := d.profiles.Find(ctx, "김하늘", 20, "")
			return err
		},
	}
	for _, p := range customer.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := runs[p.Name](ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s: costs %+v, the page says %+v", p.Name, got, p)
		}
	}
}
