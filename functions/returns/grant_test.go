package returns_test

import (
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
)

func TestAGrantOfStoreCreditHasBounds(t *testing.T) {
	t.Parallel()
	d := open(t)
	won := func(amount int64) object { return object{"amount": amount, "currency": "KRW"} }
	for _, c := range []struct {
		name, field, code string // "" when it is given
		change            object
	}{
		{"one won", "", "", object{"amount": won(1)}},
		{"the most", "", "", object{"amount": won(10_000_000)}},
		{"nothing", "/amount/amount", "too_small", object{"amount": won(0)}},
		{"less than nothing", "/amount/amount", "too_small", object{"amount": won(-1)}},
		{"more than the most", "/amount/amount", "too_large", object{"amount": won(10_000_001)}},
		{"money of nowhere", "/amount/currency", "not_allowed", object{"amount": object{"amount": 1, "currency": "XXX"}}},
		{"until now", "/expiresAt", "too_small", object{"expiresAt": d.Clock.Now()}},
		{"until a second from now", "", "", object{"expiresAt": d.Clock.Now().Add(time.Second)}},
		{"no address of mail", "/email", "", object{"email": "ann at example.com"}},
	} {
		body := object{"amount": won(1_000), "reason": "sorry"}
		for name, value := range c.change {
			body[name] = value
		}
		got := d.keyed(d.client().As(apitest.Merchant)).Do("POST",
			"/admin/customers/"+apitest.Ann.Subject+"/store-credit", body)
		if c.field == "" {
			if got.Status != 201 {
				t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
			}
			continue
		}
		if f := got.WantField(c.field); c.code != "" && f.Code != c.code {
			t.Errorf("%s: %s, want %s", c.name, f.Code, c.code)
		}
	}
}

func TestWhoGaveStoreCreditIsForTheShopOnly(t *testing.T) {
	t.Parallel()
	d := open(t)
	until := d.Clock.Now().Add(30 * day).In(time.FixedZone("KST", 9*60*60))
	d.keyed(d.client().As(apitest.Merchant)).Do("POST", "/admin/customers/"+apitest.Ann.Subject+"/store-credit", object{
		"amount": object{"amount": 5_000, "currency": "KRW"}, "reason": "late parcel", "expiresAt": until,
		"email": "Ann@Example.com", "language": "en",
	}).Want(201)
	var shop, own, dollars, other returns.CreditView
	d.agent().Do("GET", "/admin/customers/"+apitest.Ann.Subject+"/store-credit", nil).Want(200).Into(&shop)
	d.ann().Do("GET", "/store-credit", nil).Want(200).Into(&own)
	d.ann().Do("GET", "/store-credit?currency=USD", nil).Want(200).Into(&dollars)
	d.client().As(apitest.Bob).Do("GET", "/store-credit", nil).Want(200).Into(&other)
	if len(shop.Lots) != 1 || shop.Lots[0].By != apitest.Merchant.Subject {
		t.Errorf("the shop sees %+v", shop.Lots)
	}
	if len(own.Lots) != 1 || own.Lots[0].By != "" || own.Balance.Amount != 5_000 || !own.Lots[0].ExpiresAt.Equal(until) {
		t.Errorf("the customer sees %+v", own)
	}
	if len(dollars.Lots)+len(other.Lots) != 0 || dollars.Balance.Currency != "USD" {
		t.Errorf("in dollars %+v, another customer %+v", dollars, other)
	}
	d.Clock.MoveTo(until)
	d.ann().Do("GET", "/store-credit", nil).Want(200).Into(&own)
	if own.Balance.Amount != 0 {
		t.Errorf("%d can be spent at the end of it, before any job", own.Balance.Amount)
	}
}
