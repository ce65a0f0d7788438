// Package cart is the cart: what is in it, what it costs, what keeps it from being bought, and how it is stored. The
// cart function changes it, the checkout function sells it.
package cart

import (
	"time"

	"dangol/shared/address"
	"dangol/shared/membership"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// State is the step of its life that a cart is in.
type State string

// The states of a cart. A cart being paid for cannot be changed; an ordered one is closed for good.
const (
	Open    State = "open"
	Paying  State = "paying"
	Ordered State = "ordered"
)

// Cart is one cart: one item, whoever it belongs to.
type Cart struct {
	table.Key
	due.Due
	// ID is what clients call the cart by. A customer's key stays the same from cart to cart, the id does not.
	ID         string `dynamodbav:"id"`
	CustomerID string `dynamodbav:"customerId,omitempty"` // empty for a guest's cart
	TokenHash  string `dynamodbav:"tokenHash,omitempty"`  // of the guest's token; the token itself is not kept
	State      State  `dynamodbav:"state"`                // see State; only an open cart changes
	// Version counts the writes of content. It is the ETag of the cart and the condition of each write.
	Version  int    `dynamodbav:"version"`
	Currency string `dynamodbav:"currency"` // ISO 4217; all prices are read in it
	Language string `dynamodbav:"language"` // of mails about this cart
	// Lines and the other lists are packed: they are always read and written as a whole, see table.Pack.
	Lines table.List[Line]   `dynamodbav:"lines,omitempty"`
	Codes table.List[string] `dynamodbav:"codes,omitempty"` // those that do nothing included
	// Email, Address and Note are personal data; CloseGuest removes them when the order has them.
	Email      string             `dynamodbav:"email,omitempty"`
	Address    *address.Address   `dynamodbav:"address,omitempty"`
	Shipping   string             `dynamodbav:"shipping,omitempty"` // id of the chosen shipping method
	Note       string             `dynamodbav:"note,omitempty"`
	CheckoutID string             `dynamodbav:"checkoutId,omitempty"` // the running or completed checkout
	OrderID    string             `dynamodbav:"orderId,omitempty"`
	MergedIDs  table.List[string] `dynamodbav:"mergedIds,omitempty"` // guest carts that went into this one
	// Chosen is the gifts that the shopper chose, as variant ids by promotion id.
	Chosen table.Map[[]string] `dynamodbav:"chosen,omitempty"`
	// Shown is what promotions did when the cart was last changed, and Moved what they have done since then that the
	// shopper has not accepted yet.
	Shown            *ShownPromotions            `dynamodbav:"shown,omitempty"`
	PromotionChanges table.List[PromotionChange] `dynamodbav:"moved,omitempty"`
	// recent idempotency keys, in the write they belong to
	Keys table.List[UsedKey] `dynamodbav:"keys,omitempty"`
	// of recent writes, to recognize one whose answer was lost
	WriteIDs table.List[string] `dynamodbav:"writeIds,omitempty"`
	WriteID  string             `dynamodbav:"writeId,omitempty"` // of the last change, or of the checkout's last step
	// what became of the cart that stood here before
	LastOrder *LastOrder `dynamodbav:"lastOrder,omitempty"`
	// Event is what this very write publishes: the next write leaves it out.
	Event *event.Event `dynamodbav:"event,omitempty"`
	// Announced is when the cart last said that it changes, and to whom; see announce.
	Announced string    `dynamodbav:"announced,omitempty"`
	CreatedAt time.Time `dynamodbav:"createdAt"`
	UpdatedAt time.Time `dynamodbav:"updatedAt"`
	TTL       int64     `dynamodbav:"ttl,omitempty"` // Unix seconds; none while money is attached

	// Purchases is how many units of variants with a lifetime limit the customer has bought, by
	// variant id, how often they have used promotions with a limit, by promotion id, and how many
	// orders they have made, under store.Orders. It is read along with the cart and not stored in
	// it; nil for a guest.
	Purchases map[string]int `dynamodbav:"-"`
	// Entitlements is the memberships of the customer, read along with the cart as well.
	Entitlements membership.Entitlements `dynamodbav:"-"`
}

// LastOrder links a customer's cart that was ordered to its order, in the cart that took its place.
type LastOrder struct {
	CartID     string `json:"cartId"`
	CheckoutID string `json:"checkoutId"`
	OrderID    string `json:"orderId"`
}

// Line is one line item. Lines of the same variant with other properties stay apart.
type Line struct {
	ID         string            `json:"id"` // made of variant and properties, so the same choice finds its line
	VariantID  string            `json:"variantId"`
	ProductID  string            `json:"productId"`
	Quantity   int               `json:"quantity"`
	Properties map[string]string `json:"properties,omitempty"` // engraving, gift note
	// SeenPrice is the unit price that the shopper was last shown, in minor units of the cart's currency.
	SeenPrice int64 `json:"seenPrice"`
	// Gift is the promotion that gives the line for nothing. Such lines are worked out when the cart is priced and not
	// stored in it.
	Gift    string    `json:"-"`
	AddedAt time.Time `json:"addedAt"` // decides the order of lines, and which ones a full cart keeps
}

// UsedKey is an idempotency key that this cart has seen, with the hash of the request.
type UsedKey struct {
	Key  string `json:"key"`
	Hash string `json:"hash"` // of the request's body
	At   int64  `json:"at"`   // Unix seconds
}

// Prefix begins cart ids.
const Prefix = "cart"

// KeyOfGuest is the key of a guest's cart. The prefix tells guests and customers apart: Reopen
// derives the retention from it.
func KeyOfGuest(cartID string) table.Key { return table.Key{PK: "CART#" + cartID, SK: "CART"} }

// KeyOfCustomer is the key of a customer's one cart. When it is ordered, a fresh cart with another id takes its place.
func KeyOfCustomer(customerID string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "CART"}
}
