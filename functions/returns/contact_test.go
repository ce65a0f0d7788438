package returns_test

import (
	"encoding/json"
	"testing"

	"dangol/events"
	"dangol/infra/testkit/testshop"
)

// What a guest may do stays: mails and the parcel go where they say. Only who else may become the owner depends on what
// they have shown, and whoever placed the order hears of both.
func TestAGuestChangesContactAndAddressWithALookUpToken(t *testing.T) {
	t.Parallel()
	d := open(t)
	b := d.FillCart("", map[string]int{d.Sell(testshop.ProductSpec{Price: 10_000, Units: 9}): 1})
	o := d.checkOut(b)
	placed := o.Email
	token, err := d.Service.Cashier.Orders.CreateLookupToken(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	guest := d.client().With("Order-Token", token)
	told := func() (e events.OrderChanged) {
		t.Helper()
		if err := json.Unmarshal([]byte(d.event(o).Data), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	guest.Do("PUT", "/orders/"+o.ID+"/contact", object{"email": "eve@example.org"}).Want(200)
	if e := told(); e.Email != "eve@example.org" || e.Former != placed || d.order(o.ID).Opener() != placed {
		t.Errorf("%q is told that %q gets the mails, and %q opens the order", e.Former, e.Email, d.order(o.ID).Opener())
	}
	address := object{"name": "김하늘", "line1": "성수이로 20", "city": "서울", "postalCode": "04780", "country": "KR"}
	guest.Do("PUT", "/orders/"+o.ID+"/address", address).Want(200)
	if e := told(); e.Former != placed {
		t.Errorf("%q is told of the new address, want %q", e.Former, placed)
	}
	// The buyer confirms it with the token of the cart.
	buyer := d.client().With("Cart-Token", b.Token)
	buyer.Do("PUT", "/orders/"+o.ID+"/contact", object{"email": "eve@example.org"}).Want(200)
	if e := told(); e.Former != placed || d.order(o.ID).Opener() != "eve@example.org" {
		t.Errorf("%q is told, and %q opens the order", e.Former, d.order(o.ID).Opener())
	}
	buyer.Do("PUT", "/orders/"+o.ID+"/address", address).Want(200)
	if e := told(); e.Former != placed { // nothing was changed, so nothing is told
		t.Errorf("%q is told of an address that stays", e.Former)
	}
}
