// Package checkout sells a cart: it holds the stock, takes the payment, and makes the order, so that one checkout makes
// one order and one charge, whatever is lost, repeated or late in between.
//
// A checkout begins with one transaction (record, cart locked, stock held, lifetime counters) and ends with one: either
// the order is made and the cart closed, or everything is given back. In between only the provider knows. Whoever comes
// to look (the first request, its repetition, the browser back from its bank, the provider's webhook, the worker when
// the hold runs out) calls Settle, which asks the provider, decides by next, and writes under the condition that the
// checkout is still where it was. A payment that succeeds after the stock was given back is let go or refunded, and the
// shopper told.
package checkout

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/cart"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

// State is where a checkout stands.
type State string

// The states. paying -> completed | failed | expired | canceled; of the last three each -> refunding -> refunded when
// money turns up after all.
const (
	Paying    State = "paying"
	Completed State = "completed" // there is an order
	Failed    State = "failed"    // the payment was refused
	Expired   State = "expired"   // not paid in time
	Canceled  State = "canceled"  // given up by the shopper
	Refunding State = "refunding" // paid too late; the money is on its way back
	Refunded  State = "refunded"
)

// HoldDuration is how long stock is held for a payment.
const HoldDuration = 10 * time.Minute

// Kinds of due jobs on checkouts.
const (
	DueCheckout = "checkout"      // ask the provider, or give up
	DueRefund   = order.DueRefund // money may have turned up, or is to be given back
)

// keepFor is how long a checkout without open money is kept. The order has everything that matters,
// or there is none.
const keepFor = 30 * 24 * time.Hour

// Checkout is one attempt to buy a cart: one item. Its Draft becomes the order.
type Checkout struct {
	table.Key
	due.Due
	order.Draft
	ID              string       `dynamodbav:"id"`
	Hash            string       `dynamodbav:"hash"` // of the request that began it
	State           State        `dynamodbav:"state"`
	Reason          string       `dynamodbav:"reason,omitempty"` // why there is no order
	CartKey         table.Key    `dynamodbav:"cartKey"`
	CartVersion     int          `dynamodbav:"cartVersion"` // what is paid for is this version of the cart
	OrderID         string       `dynamodbav:"orderId"`     // of the order there will be
	Payment         Payment      `dynamodbav:"payment"`
	HeldUntil       time.Time    `dynamodbav:"heldUntil"`
	ProviderAskedAt int          `dynamodbav:"asked,omitempty"`
	Event           *event.Event `dynamodbav:"event,omitempty"`
	WriteID         string       `dynamodbav:"writeId,omitempty"`
	CreatedAt       time.Time    `dynamodbav:"createdAt"`
	UpdatedAt       time.Time    `dynamodbav:"updatedAt"`
	TTL             int64        `dynamodbav:"ttl,omitempty"` // Unix seconds; none while money may be attached

	// Saves the read of the cart when the order is made in the same request.
	basket *cart.Cart // as locked by this very request; nil when the checkout was read
}

// Payment is what is known of the payment; the provider knows better. Its key is the checkout's id.
type Payment struct {
	Provider    string        `json:"provider,omitempty"` // empty when there is nothing to pay
	ID          string        `json:"id,omitempty"`
	State       payment.State `json:"state,omitempty"`
	RedirectURL string        `json:"redirectUrl,omitempty"` // where the shopper passes the bank's challenge
	DeclineCode string        `json:"declineCode,omitempty"`
}

// CompressedAttributes implements table.Compressible: the draft and what else is fixed when the checkout begins. Its
// state, payment and times change by expressions.
func (c *Checkout) CompressedAttributes() []string {
	return append(c.Draft.CompressedAttributes(), "id", "hash", "cartKey", "cartVersion", "heldUntil", "createdAt")
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (p Payment) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(p) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (p *Payment) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, p)
}

// Prefix begins checkout ids.
const Prefix = "chk"

// KeyOf is the key of a checkout.
func KeyOf(id string) table.Key { return table.Key{PK: "CHECKOUT#" + id, SK: "CHECKOUT"} }

// crockford is lower-case base 32 without letters that look like digits.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// IDFor is the id of the checkout that a request begins. A repetition of the request has the same, so the checkout
// itself is the record of the idempotency key: nobody finds an effect without its record.
func IDFor(r idempotency.Request) string {
	sum := sha256.Sum256([]byte(r.Token("")))
	// 26 digits are 130 bits: as hard to guess as the key itself.
	return Prefix + "_" + crockford.EncodeToString(sum[:])[:26]
}

// hashOf tells requests with the same key and other contents apart.
func hashOf(s Start) (string, error) {
	raw, err := json.Marshal(struct {
		CartID, Method, ReturnURL string
		Total                     *int64
		Currency                  string
		Credit                    bool `json:",omitempty"`
	}{s.Cart.CartID, s.Method, s.ReturnURL, s.Total, s.Currency, s.Credit})
	sum := sha256.Sum256(raw)
	return crockford.EncodeToString(sum[:16]), err
}

// Finished reports whether nothing more is expected to happen to the checkout.
func (c *Checkout) Finished() bool { return c.State == Completed || c.State == Refunded }

// OrderNumber is the number of the order, "" while there is none.
func (c *Checkout) OrderNumber() string {
	if c.State != Completed {
		return ""
	}
	return order.NumberOf(c.OrderID)
}
