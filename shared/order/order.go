// Package order is what was bought: its states, what may be done to it and when, the ledger of what was paid and given
// back, the number people read out, and how it is stored and listed. The checkout makes orders, the orders function
// changes them, and Cashier moves their money.
package order

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"dangol/shared/address"
	"dangol/shared/membership"
	"dangol/shared/money"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion/store"
	"dangol/shared/refund"
	"dangol/shared/stock"
	"dangol/shared/storecredit"
)

// State is where an order stands.
type State string

// The states of an order: placed -> (partially_fulfilled ->) fulfilled -> delivered, or placed -> canceled.
const (
	Placed          State = "placed"
	PartlyFulfilled State = "partially_fulfilled"
	Fulfilled       State = "fulfilled"
	Delivered       State = "delivered"
	Canceled        State = "canceled"
)

// States lists every state.
var States = []State{Placed, PartlyFulfilled, Fulfilled, Delivered, Canceled}

// Order is one order: one item.
type Order struct {
	table.Key
	due.Due
	IndexKeys
	Draft
	ID           string                  `dynamodbav:"id"`
	State        State                   `dynamodbav:"state"`
	Version      int                     `dynamodbav:"version"`
	CheckoutID   string                  `dynamodbav:"checkoutId"`
	Payment      Payment                 `dynamodbav:"payment"`
	Fulfillments table.List[Fulfillment] `dynamodbav:"fulfillments,omitempty"`
	Refunds      table.List[Refund]      `dynamodbav:"refunds,omitempty"`
	// Ledger is what was given back or is reserved by returns, and More the payments besides that of the checkout.
	Ledger table.List[refund.Entry] `dynamodbav:"ledger,omitempty"`
	More   table.List[MorePayment]  `dynamodbav:"more,omitempty"`
	// Returns is how many returns were asked for, and Origin why the order was made when nobody bought it: exchange or
	// replacement.
	Returns int `dynamodbav:"returns,omitempty"`
	// Additions is how many times somebody wanted to add goods.
	Additions int    `dynamodbav:"additions,omitempty"`
	Origin    string `dynamodbav:"origin,omitempty"`
	// PaidAhead is what of such an order no payment covers because what came back for it had been paid ahead.
	PaidAhead int64                     `dynamodbav:"paidAhead,omitempty"`
	Held      string                    `dynamodbav:"held,omitempty"` // why it is not to be shipped for now
	Notes     table.List[Note]          `dynamodbav:"notes,omitempty"`
	Timeline  table.List[TimelineEntry] `dynamodbav:"timeline"`
	Reason    string                    `dynamodbav:"reason,omitempty"` // why it was canceled
	// how often the provider was asked in vain for what is due
	Asked     int          `dynamodbav:"asked,omitempty"`
	Event     *event.Event `dynamodbav:"event,omitempty"`
	WriteID   string       `dynamodbav:"writeId,omitempty"`
	PlacedAt  time.Time    `dynamodbav:"placedAt"`
	UpdatedAt time.Time    `dynamodbav:"updatedAt"`

	// Not stored: it exists from a rule until its write.
	grants []Grant // of store credit, by the change that is about to be written
}

// Draft is what an order is made of. It is fixed when payment starts, so what is paid for is what is delivered.
type Draft struct {
	CartID     string `dynamodbav:"cartId"`
	CustomerID string `dynamodbav:"customerId,omitempty"` // empty for a guest
	TokenHash  string `dynamodbav:"tokenHash,omitempty"`  // of the guest's cart token
	Email      string `dynamodbav:"email"`
	// PlacedWith is the address that the order was placed with, while Email is one that somebody gave who showed no more
	// than a look-up token. It still opens the order, and decides whose it can become; see Opener.
	PlacedWith string           `dynamodbav:"placedWith,omitempty"`
	Language   string           `dynamodbav:"language"`
	Lines      table.List[Line] `dynamodbav:"lines"`
	Totals     Totals           `dynamodbav:"totals"`
	Address    *address.Address `dynamodbav:"address,omitempty"`
	Shipping   string           `dynamodbav:"shipping,omitempty"` // id of the shipping method
	// ShippingName is the method's name in the language of the order, as it was when it was chosen.
	ShippingName string                       `dynamodbav:"shippingName,omitempty"`
	Note         string                       `dynamodbav:"note,omitempty"` // the shopper's
	Allocations  table.List[stock.Allocation] `dynamodbav:"taken,omitempty"`
	Counted      table.List[LifetimeCount]    `dynamodbav:"counted,omitempty"`
	// CountedFor is whose limits Counted went onto, once the contact or the owner of a guest's order has changed; see
	// counter.
	CountedFor string `dynamodbav:"countedFor,omitempty"`
	// CountedAlso is the customer who has claimed the order, for whom Counted counts besides.
	CountedAlso string                `dynamodbav:"countedAlso,omitempty"`
	Uses        table.List[store.Use] `dynamodbav:"uses,omitempty"` // of promotions
	// Credit is the store credit that a checkout took. The order has it among its payments instead.
	Credit table.List[storecredit.LotUse] `dynamodbav:"credit,omitempty"`
	First  bool                           `dynamodbav:"first,omitempty"` // the customer's first order
	// Member is the memberships in force when payment started, with the benefits the customer was promised then.
	Member table.List[membership.Plan] `dynamodbav:"member,omitempty"`
}

// Line is one line as it was when payment started. What it cost is in Totals, under the same id.
type Line struct {
	ID         string            `json:"id"`
	VariantID  string            `json:"variantId"`
	ProductID  string            `json:"productId"`
	SKU        string            `json:"sku,omitempty"`
	Title      string            `json:"title"`
	Options    []string          `json:"options,omitempty"`
	Image      string            `json:"image,omitempty"`
	Quantity   int               `json:"quantity"`
	Properties map[string]string `json:"properties,omitempty"`
	Gift       string            `json:"gift,omitempty"` // the promotion that gave the line for nothing
	Sale       string            `json:"sale,omitempty"` // the sale that made its price in the catalog
	// Saved is how much less it cost than outside the sale, or than in the catalog where a subscription sent it, below 0
	// for more; of a gift, what it costs in the catalog. Minor units.
	Saved int64 `json:"saved,omitempty"`
	// Categories and Tags are those of the product when it was bought, by which the return policy chooses its rule. Box
	// says that a subscription sent it.
	Categories []string `json:"categories,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Box        bool     `json:"box,omitempty"`
}

// LifetimeCount is how many units of a limited variant, or uses of a promotion, went onto the customer's lifetime
// counters.
type LifetimeCount struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
	// Of are the variants whose units the count of a promotion is about: those of a limited edition. The count goes back
	// with them; uses of other promotions go back with the whole order only.
	Of []string `json:"of,omitempty"`
}

// counts reports whether a unit of the line was counted. Gifts never are.
func (c LifetimeCount) counts(l Line) bool {
	return l.Gift == "" && (c.VariantID == l.VariantID || slices.Contains(c.Of, l.VariantID))
}

// IndexKeys is where the order stands in lists, and what they show.
type IndexKeys struct {
	Owner   string  `dynamodbav:"gsi1pk"`
	OwnerAt string  `dynamodbav:"gsi1sk"`
	Queue   string  `dynamodbav:"gsi2pk"`
	QueueAt string  `dynamodbav:"gsi2sk"`
	Summary Summary `dynamodbav:"card"`
}

// Summary is what a list shows of an order. It names nobody: who works through the list opens the order.
type Summary struct {
	ID       string    `json:"id"`
	State    State     `json:"state"`
	Payment  PayState  `json:"payment"`
	Total    int64     `json:"total"`
	Currency string    `json:"currency"`
	Units    int       `json:"units"`
	Title    string    `json:"title"` // of the first line
	Image    string    `json:"image,omitempty"`
	PlacedAt time.Time `json:"placedAt"`
}

// KeyOf is the key of an order.
func KeyOf(id string) table.Key { return table.Key{PK: "ORDER#" + id, SK: "ORDER"} }

// Shards is how many index keys the orders of one state are spread over. "placed" is written by
// every order, and one key takes 1,000 writes a second.
const Shards = 4

// setIndexKeys sets the keys of the lists and what they show. Every write calls it, so that lists
// and order agree.
func (o *Order) setIndexKeys() {
	at := o.PlacedAt.UTC().Format(placeLayout) + "#" + o.ID
	// A hash of the id keeps an order in one shard for life.
	h := fnv.New32a()
	h.Write([]byte(o.ID))
	o.Owner, o.OwnerAt = ownerKey(o.CustomerID, o.Opener()), at
	o.Queue, o.QueueAt = queueKey(o.State, int(h.Sum32()%Shards)), at
	first := o.Lines[0]
	o.Summary = Summary{
		ID: o.ID, State: o.State, Payment: o.Payment.State, Total: o.Totals.Total, Currency: o.Totals.Currency,
		Units: o.units(), Title: first.Title, Image: first.Image, PlacedAt: o.PlacedAt,
	}
}

// queueKey is one shard of the orders in a state.
func queueKey(s State, shard int) string { return "ORDERS#" + string(s) + "#" + strconv.Itoa(shard) }

// ownerKey is the list of a customer's orders; of a guest it is by hash, so that no address is in a
// key.
func ownerKey(customerID, email string) string {
	if customerID != "" {
		return "CUSTOMER#" + customerID
	}
	return "GUEST#" + format.HashEmail(email)
}

// units is how many units the order has, taken-off ones included: it is what was bought.
func (o *Order) units() int {
	n := 0
	for _, l := range o.Lines {
		n += l.Quantity
	}
	return n
}

// Line returns the line with the id.
func (d Draft) Line(id string) (Line, bool) {
	i := slices.IndexFunc(d.Lines, func(l Line) bool { return l.ID == id })
	if i < 0 {
		return Line{}, false
	}
	return d.Lines[i], true
}

// LineTotal returns what the line with the id cost.
func (d Draft) LineTotal(id string) pricing.LineTotal {
	i := slices.IndexFunc(d.Totals.Lines, func(l pricing.LineTotal) bool { return l.ID == id })
	if i < 0 {
		return pricing.LineTotal{}
	}
	return d.Totals.Lines[i]
}

// Money is an amount in the order's currency.
func (d Draft) Money(amount int64) money.Money { return money.Of(amount, d.Totals.Currency) }

// Total is what the order costs.
func (d Draft) Total() money.Money { return d.Money(d.Totals.Total) }

// CreditUsed is how much of the total a checkout pays by store credit.
func (d Draft) CreditUsed() int64 {
	sum := int64(0)
	for _, t := range d.Credit {
		sum += t.Amount
	}
	return sum
}

// ToPay is what is left of the total to be paid at the provider.
func (d Draft) ToPay() money.Money { return d.Money(d.Totals.Total - d.CreditUsed()) }

// Recipient is who receives the parcel; empty when nothing is shipped.
func (d Draft) Recipient() string {
	if d.Address == nil {
		return ""
	}
	return d.Address.Name
}
