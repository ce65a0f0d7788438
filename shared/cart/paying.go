package cart

import (
	"strings"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// How long a cart that nobody touches is kept. An ordered cart is kept as long as a guest's, so that a repeated
// checkout still finds its order.
const (
	// A customer finds the cart again from any device, a guest only while the browser keeps the token: so a
	// customer's is kept longer.
	GuestRetention    = 30 * 24 * time.Hour
	CustomerRetention = 90 * 24 * time.Hour
)

// BeginPaying locks the cart for a checkout: it can no longer be changed, and it does not expire while money is
// attached. The version stays, because the content does: after a failed payment the shopper goes on with the version
// they know. The condition fails when the cart was changed, replaced, or is being paid for by another checkout.
func BeginPaying(c *Cart, checkoutID string, now time.Time) table.Update {
	return table.Update{
		// TTL and due time go: neither may touch the cart while money is attached to it. The event was published with the
		// change that made it.
		Key: c.Key,
		Do: "SET #state = :paying, #checkoutId = :checkout, #updatedAt = :now " +
			strings.Replace(due.Remove, "REMOVE ", "REMOVE #ttl, #event, ", 1),
		If: "#id = :cart AND #version = :version AND #state = :open",
		With: map[string]any{
			":paying": Paying, ":open": Open, ":checkout": checkoutID, ":now": now, ":cart": c.ID, ":version": c.Version,
		},
		WriteID: checkoutID,
	}
}

// Reopen gives a cart back to its shopper after a checkout that came to nothing. The condition fails when the checkout
// no longer holds the cart.
func Reopen(cart table.Key, checkoutID string, now time.Time) table.Update {
	keep := GuestRetention
	// The cart itself is not read here, so its kind is told by the key.
	if strings.HasPrefix(cart.PK, "CUSTOMER#") {
		keep = CustomerRetention
	}
	return table.Update{
		Key: cart, Do: "SET #state = :open, #ttl = :ttl, #updatedAt = :now REMOVE #checkoutId", If: heldByCheckout,
		With: map[string]any{
			":open": Open, ":ttl": now.Add(keep).Unix(), ":now": now, ":paying": Paying, ":checkout": checkoutID,
		},
		WriteID: "reopen:" + checkoutID,
	}
}

// heldByCheckout keeps a late or second outcome of a payment from touching a cart that has moved on.
const heldByCheckout = "#state = :paying AND #checkoutId = :checkout"

// Close is the write that turns a cart into an order, for the transaction that makes the order: CloseGuest or
// ReplaceCustomer, whichever the cart is.
func Close(c *Cart, checkoutID, orderID string, now time.Time) table.Write {
	if c.CustomerID == "" {
		return CloseGuest(c, checkoutID, orderID, now)
	}
	return ReplaceCustomer(c, checkoutID, orderID, now)
}

// CloseGuest marks a guest's cart as ordered. Who and where leave it: the order has them.
func CloseGuest(c *Cart, checkoutID, orderID string, now time.Time) table.Update {
	return table.Update{
		Key: c.Key,
		Do: "SET #state = :ordered, #orderId = :order, #ttl = :ttl, #updatedAt = :now " +
			// Personal data and the memory of requests go; lines and
			// codes stay for the page that shows the order again.
			"REMOVE #email, #address, #note, #keys, #writeIds",
		If: heldByCheckout,
		With: map[string]any{
			":ordered": Ordered, ":order": orderID, ":ttl": now.Add(GuestRetention).Unix(), ":now": now,
			":paying": Paying, ":checkout": checkoutID,
		},
		WriteID: "ordered:" + checkoutID,
	}
}

// ReplaceCustomer puts an empty cart in the place of a customer's ordered one. It remembers the order, so that a
// repeated checkout of the old cart finds it. Its id is made from the checkout's, so building the write twice gives the
// same item.
func ReplaceCustomer(c *Cart, checkoutID, orderID string, now time.Time) table.Put {
	return table.Put{
		Item: &Cart{
			Key: c.Key, ID: successor(checkoutID, now), CustomerID: c.CustomerID, State: Open, Version: 1,
			Currency: c.Currency, Language: c.Language, MergedIDs: c.MergedIDs,
			LastOrder: &LastOrder{CartID: c.ID, CheckoutID: checkoutID, OrderID: orderID},
			CreatedAt: now, UpdatedAt: now, TTL: now.Add(CustomerRetention).Unix(),
		},
		If:   heldByCheckout,
		With: map[string]any{":paying": Paying, ":checkout": checkoutID},
	}
}

// successor is the id of the cart after a checkout. It takes the random part of the
// checkout's id, which is as unique; a checkout id of another form gets a fresh one.
func successor(checkoutID string, now time.Time) string {
	if _, rest, ok := strings.Cut(checkoutID, "_"); ok && id.Is(Prefix, Prefix+"_"+rest) {
		return Prefix + "_" + rest
	}
	return id.New(Prefix, now)
}
