package cart

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// OwnCart stands for the id of the customer's own cart, which may not exist yet.
const OwnCart = "mine"

// Ref says which cart is meant and why the caller may touch it: by the guest's token when there is one, else as the
// customer.
type Ref struct {
	CartID     string // or OwnCart
	CustomerID string // empty for a guest
	Token      string // the guest's proof of ownership
	Operator   bool   // may read a guest's cart by its id alone
}

// guest reports whether the cart is reached by its token. A token
// sent along with OwnCart is ignored: a login is the stronger proof.
func (r Ref) guest() bool { return r.Token != "" && r.CartID != OwnCart }

// Store keeps carts.
type Store struct {
	Table  *table.Table
	Clock  clock.Clock
	Recent *RecentCarts // remembers guests' carts between changes; nil reads them each time
}

// NotFound is the answer for a cart that does not exist, has expired, or is not the caller's.
func NotFound() *problem.Problem {
	return problem.NotFound("cart_not_found", "There is no such cart, or it is not yours.")
}

// Load reads a cart, strongly consistent, with what the customer has bought of limited goods and their memberships. A
// customer who has no cart gets an empty one with the id OwnCart and version 0, which is not stored. The id of a
// customer's cart that was ordered answers with an Ordered cart that has nothing but the links to its checkout and
// order. 1 round trip, 1 RCU per 4 KB. Errors: 404 cart_not_found.
func (s Store) Load(ctx context.Context, ref Ref) (*Cart, error) {
	c, _, err := s.load(ctx, ref)
	return c, err
}

// stood is the cart that the store saw under the key, for the condition of
// the write that follows. The zero value says that nothing stood there.
type stood struct {
	id      string // of the cart, which a replaced cart does not share
	version int
	writeID string // of the last write, which a cart that was paid for in vain does not share
}

// as is what stands in the table when c does.
func as(c *Cart) stood { return stood{c.ID, c.Version, c.WriteID} }

// load reads the cart that ref means, with what the condition of a later write needs.
func (s Store) load(ctx context.Context, ref Ref) (*Cart, stood, error) {
	// A malformed id, or a caller without token and login, costs no read.
	if ref.CartID != OwnCart && !id.Is(Prefix, ref.CartID) || ref.Token == "" && ref.CustomerID == "" {
		return nil, stood{}, NotFound()
	}
	if ref.guest() {
		return s.loadGuest(ctx, ref)
	}
	return s.loadCustomer(ctx, ref)
}

// loadGuest reads a guest's cart. A wrong token gives the same
// answer as a cart that does not exist, so ids cannot be tried out.
func (s Store) loadGuest(ctx context.Context, ref Ref) (*Cart, stood, error) {
	var c Cart
	err := s.Table.Get(ctx, KeyOfGuest(ref.CartID), &c)
	if errors.Is(err, table.ErrNotFound) || err == nil && (s.expired(&c) || !auth.TokenFits(ref.Token, c.TokenHash)) {
		return nil, stood{}, NotFound()
	}
	if err == nil {
		s.Recent.found(c.ID, c.WriteID)
	}
	return &c, as(&c), err
}

// loadCustomer reads the customer's cart, counters and memberships in one BatchGet. For an operator
// the guest's cart with that id is read along, as it is not known which kind the id belongs to.
func (s Store) loadCustomer(ctx context.Context, ref Ref) (*Cart, stood, error) {
	home := KeyOfCustomer(ref.CustomerID)
	keys := []table.Key{home, KeyOfPurchases(ref.CustomerID), entitlements.KeyOf(ref.CustomerID)}
	if ref.Operator && ref.CartID != OwnCart {
		keys = append(keys, KeyOfGuest(ref.CartID))
	}
	found, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, stood{}, err
	}
	// An operator sees a guest's cart without the token, read only: Change clears the flag.
	if item, ok := found[KeyOfGuest(ref.CartID)]; ok && ref.Operator {
		var c Cart
		// An expired one is looked for under the customer's key next, which answers 404.
		if err := item.Decode(&c); err != nil || !s.expired(&c) {
			return &c, as(&c), err
		}
	}
	c, seen, err := s.customers(ref, found[home])
	if err != nil {
		return nil, stood{}, err
	}
	return c, seen, c.know(ref.CustomerID, found)
}

// know takes in what was read along with a customer's cart:
// what they have bought and their memberships.
func (c *Cart) know(customerID string, found map[table.Key]table.Item) (err error) {
	c.Purchases = boughtIn(found[KeyOfPurchases(customerID)])
	c.Entitlements, err = entitlements.Decode(found[entitlements.KeyOf(customerID)])
	return err
}

// customers is the cart that the ref means, given the item under the customer's
// key (nil for none). It also returns what stood there, for the next write.
func (s Store) customers(ref Ref, item table.Item) (*Cart, stood, error) {
	empty := &Cart{Key: KeyOfCustomer(ref.CustomerID), ID: OwnCart, CustomerID: ref.CustomerID, State: Open}
	var c Cart
	if item != nil {
		if err := item.Decode(&c); err != nil {
			return nil, stood{}, err
		}
	}
	seen := as(&c)
	// An expired item still stands under the key: the condition
	// of the next write names it, although the shopper sees none.
	switch gone := item == nil || s.expired(&c); {
	case gone && ref.CartID == OwnCart:
		return empty, seen, nil
	case gone:
		return nil, seen, NotFound()
	case ref.CartID == OwnCart || ref.CartID == c.ID:
		return &c, seen, nil
	// The key holds the next cart already, but the caller means the one that was ordered.
	case c.LastOrder != nil && c.LastOrder.CartID == ref.CartID:
		return formerly(&c), seen, nil
	default:
		return nil, seen, NotFound()
	}
}

// formerly is the ordered cart that stood where c is. Its
// lines are in the order; only the links are kept.
func formerly(c *Cart) *Cart {
	return &Cart{
		Key: c.Key, ID: c.LastOrder.CartID, CustomerID: c.CustomerID, State: Ordered, Currency: c.Currency,
		Language: c.Language, CheckoutID: c.LastOrder.CheckoutID, OrderID: c.LastOrder.OrderID,
		CreatedAt: c.CreatedAt, UpdatedAt: c.CreatedAt,
	}
}

// expired reports whether the cart's time is over. DynamoDB deletes
// such items up to days later, so readers check it themselves.
func (s Store) expired(c *Cart) bool { return c.TTL != 0 && c.TTL <= s.Clock.Now().Unix() }

// boughtIn reads the counters item: each number attribute is
// one counter. Other attributes, such as keys, are no numbers.
func boughtIn(item table.Item) map[string]int {
	out := map[string]int{}
	for name, v := range item {
		number, ok := v.(*types.AttributeValueMemberN)
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(number.Value); err == nil {
			out[name] = n
		}
	}
	return out
}

// keep is the TTL of a cart that is changed now: each change starts the time again.
func keep(c *Cart, now time.Time) int64 {
	if c.CustomerID == "" {
		return now.Add(GuestRetention).Unix()
	}
	return now.Add(CustomerRetention).Unix()
}
