package order

import (
	"context"
	"errors"
	"time"

	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// LookupTokenLife is how long the token from a guest's look-up opens the order.
const LookupTokenLife = time.Hour

// access is a look-up token that was given out. Only its hash is stored, in the key.
type access struct {
	table.Key
	Until int64 `dynamodbav:"ttl"` // Unix seconds
}

// accessKey is the key of a token: the hash is part of it, so checking a token is reading its item.
func accessKey(orderID, token string) table.Key {
	return table.Key{PK: "ORDER#" + orderID, SK: "ACCESS#" + auth.HashToken(token)}
}

// CreateLookupToken makes a token that opens the order for LookupTokenLife. 1 round trip, 1 WCU.
func (s Store) CreateLookupToken(ctx context.Context, orderID string) (token string, err error) {
	token = id.Secret()
	return token, s.Table.Put(ctx, table.Put{
		If:   table.IfNew,
		Item: access{Key: accessKey(orderID, token), Until: s.Clock.Now().Add(LookupTokenLife).Unix()},
	})
}

// Caller is who asks for an order, by what they can show.
type Caller struct {
	CustomerID  string
	Operator    bool
	CartToken   string // of the guest's cart that became the order
	LookupToken string
}

// GetFor reads an order for a caller who may see it: its customer, the shop's people, and a guest with the token of the
// cart or of a look-up. 1 round trip. Errors: 404 order_not_found, for everybody else as well.
func (s Store) GetFor(ctx context.Context, orderID string, who Caller) (*Order, error) {
	if who.LookupToken == "" {
		o, err := s.Get(ctx, orderID)
		if err == nil && !who.Proves(o) {
			return nil, NotFound()
		}
		return o, err
	}
	if !IsID(orderID) {
		return nil, NotFound()
	}
	pass := accessKey(orderID, who.LookupToken)
	// Both in one round trip: the token's item shows whether the order may be seen.
	items, err := s.Table.BatchGet(ctx, true, KeyOf(orderID), pass)
	if err != nil {
		return nil, err
	}
	var o Order
	var a access
	if err := errors.Join(items[KeyOf(orderID)].Decode(&o), items[pass].Decode(&a)); err != nil {
		return nil, err
	}
	// TTL deletes late, so the time is checked too. The same answer as for an order that does not
	// exist.
	if o.ID == "" || a.Until <= s.Clock.Now().Unix() && !who.Proves(&o) {
		return nil, NotFound()
	}
	return &o, nil
}

// Proves reports whether the caller shows more than a look-up token: that they bought, or work for the shop.
func (c Caller) Proves(o *Order) bool { return c.Operator || c.Owns(o.Draft) }

// Owns reports whether the caller is the one who bought: by customer, or by the token of the guest's cart.
func (c Caller) Owns(d Draft) bool {
	return auth.TokenFits(c.CartToken, d.TokenHash) || c.CustomerID != "" && c.CustomerID == d.CustomerID
}
