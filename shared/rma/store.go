package rma

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/order"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Prefix begins the ids of returns.
const Prefix = "ret"

// base32 is the alphabet of ids, without letters that look like others.
const base32 = "0123456789abcdefghjkmnpqrstvwxyz"

// MaxPerOrder bounds the returns of one order; with it every id has two digits for its number.
const MaxPerOrder = 99

// IDFor is the id of the n-th return of an order, from 1 on: the order's id with a number, so that each names the
// other.
func IDFor(orderID string, n int) string {
	rest, _ := strings.CutPrefix(orderID, order.Prefix+"_")
	// Two digits to the base 32 hold the numbers up to 1023.
	return Prefix + "_" + rest + string(base32[n/32%32]) + string(base32[n%32])
}

// OrderOf is the id of the order that a return is of; ok is false for what is no id of a return.
func OrderOf(returnID string) (orderID string, ok bool) {
	rest, found := strings.CutPrefix(returnID, Prefix+"_")
	// The shortest id has a digit of the order and two of the number.
	if !found || len(rest) < 3 || strings.Trim(rest[len(rest)-2:], base32) != "" {
		return "", false
	}
	orderID = order.Prefix + "_" + rest[:len(rest)-2]
	return orderID, order.IsID(orderID)
}

// KeyOf is the key of a return: in the partition of its order, so that both are read at once.
func KeyOf(returnID string) table.Key {
	orderID, _ := OrderOf(returnID)
	return table.Key{PK: order.KeyOf(orderID).PK, SK: "RETURN#" + returnID}
}

// IndexKeys is where the return stands in lists, and what they show.
type IndexKeys struct {
	// Returns of guests have no owner and stand in no customer's list.
	Owner   string        `dynamodbav:"gsi1pk,omitempty"`
	OwnerAt string        `dynamodbav:"gsi1sk,omitempty"`
	Queue   string        `dynamodbav:"gsi2pk"`
	QueueAt string        `dynamodbav:"gsi2sk"`
	Card    ReturnSummary `dynamodbav:"card"`
}

// ReturnSummary is what a list shows of a return. It names nobody.
type ReturnSummary struct {
	ID         string     `json:"id"`
	State      State      `json:"state"`
	Resolution Resolution `json:"resolution"`
	Units      int        `json:"units"`
	Title      string     `json:"title"` // of the first line
	Reason     string     `json:"reason"`
	Value      int64      `json:"value"`
	Currency   string     `json:"currency"`
	CreatedAt  time.Time  `json:"createdAt"`
	Deadline   time.Time  `json:"deadline,omitzero"` // of what is next to be done, or of the customer's next step
	Warned     bool       `json:"warned,omitempty"`
	Late       bool       `json:"late,omitempty"`
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (c ReturnSummary) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(c)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (c *ReturnSummary) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, c)
}

// Deadline is when what is next has to have happened; zero when nothing is expected.
func (r *RMA) Deadline() time.Time {
	switch r.State {
	case Requested:
		// Two days to decide on a request; the shop's own aim, no law.
		return r.CreatedAt.AddDate(0, 0, 2)
	case Approved, Booked, InTransit:
		return r.Deadlines.SendBy
	case Received, Inspected:
		return r.Deadlines.RefundBy
	case AwaitingPayment:
		return r.Deadlines.PayBy
	}
	return time.Time{}
}

// listTime sorts as text like the times, because it has a fixed width and is always in UTC.
const listTime = "2006-01-02T15:04:05.000Z"

// place puts the return into its lists; every write does it. Open returns are listed by deadline, ended ones by their
// end.
func (r *RMA) setIndexKeys() {
	if r.CustomerID != "" {
		r.Owner, r.OwnerAt = ownerKey(r.CustomerID), r.CreatedAt.UTC().Format(listTime)+"#"+r.ID
	}
	at := r.Deadline()
	if at.IsZero() {
		at = r.UpdatedAt
	}
	// The id behind the time keeps apart what has the same time.
	r.Queue, r.QueueAt = queueKey(r.State), at.UTC().Format(listTime)+"#"+r.ID
	units := 0
	for _, l := range r.Lines {
		units += len(l.Units)
	}
	r.Card = ReturnSummary{
		ID: r.ID, State: r.State, Resolution: r.Resolution, Units: units, Title: r.Lines[0].Title,
		Reason: string(r.Lines[0].Reason),
		Value:  r.Quote.Refund, Currency: r.Currency, CreatedAt: r.CreatedAt, Deadline: r.Deadline(),
		Warned: r.Deadlines.Warned,
		Late:   r.Deadlines.Late,
	}
}

// ownerKey is the index key of a customer's returns.
func ownerKey(customerID string) string { return "RETURNS-OF#" + customerID }

// queueKey is the index key of the returns in a state.
func queueKey(s State) string { return "RETURNS#" + string(s) }

// Store keeps returns.
type Store struct {
	Table *table.Table
}

// NotFound is the answer for a return that is not there or not the caller's.
func NotFound() error {
	return problem.NotFound("return_not_found", "There is no such return, or it is not yours.")
}

// Get reads a return and its order, strongly consistent. 1 round trip, 1 RCU per 4 KB each. Errors: 404
// return_not_found.
func (s Store) Get(ctx context.Context, returnID string) (*RMA, *order.Order, error) {
	// The id names its order, so no index is needed and both are read at once.
	orderID, ok := OrderOf(returnID)
	if !ok {
		return nil, nil, NotFound()
	}
	items, err := s.Table.BatchGet(ctx, true, KeyOf(returnID), order.KeyOf(orderID))
	if err != nil {
		return nil, nil, err
	}
	var r RMA
	var o order.Order
	// Items that are missing decode to nothing.
	if err := errors.Join(items[KeyOf(returnID)].Decode(&r), items[order.KeyOf(orderID)].Decode(&o)); err != nil {
		return nil, nil, err
	}
	if r.ID == "" || o.ID == "" {
		return nil, nil, NotFound()
	}
	return &r, &o, nil
}

// Put is the write that stores a return as the version after the one that was read; version 0 is a new one. It fails
// when somebody else has changed it.
func (s Store) Put(r *RMA, now time.Time) table.Put {
	read := r.Version
	// The id of this write tells an answer that was lost from a change by somebody else.
	r.Key, r.Version, r.UpdatedAt, r.WriteID = KeyOf(r.ID), read+1, now, id.New("chg", now)
	r.setIndexKeys()
	// A new return must not overwrite one of the same number that was made at the same time.
	if read == 0 {
		return table.Put{Item: r, If: table.IfNew}
	}
	// only what was read is replaced
	return table.Put{Item: r, If: "#version = :read", With: map[string]any{":read": read}}
}

// OfOrder lists the returns of an order, oldest first. 1 round trip.
func (s Store) OfOrder(ctx context.Context, orderID string) ([]*RMA, error) {
	// One page is enough: an order has at most MaxPerOrder returns.
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :order AND begins_with(#sk, :return)",
		With:  map[string]any{":order": order.KeyOf(orderID).PK, ":return": "RETURN#"}, Strong: true,
	})
	if err != nil {
		return nil, err
	}
	out := make([]*RMA, len(page.Items))
	for i, item := range page.Items {
		out[i] = &RMA{}
		if err := item.Decode(out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Page is one page of a list.
type Page struct {
	Cards []ReturnSummary
	Next  table.Cursor
}

// OfCustomer lists a customer's returns, newest first. 1 round trip, 0.5 RCU per 4 KB of cards. Errors:
// table.ErrCursor.
func (s Store) OfCustomer(ctx context.Context, customerID string, limit int, after table.Cursor) (Page, error) {
	return s.list(ctx, table.ByOne, ownerKey(customerID), limit, after, true)
}

// InState lists the returns in a state: open ones by deadline, the next first; ended ones by their end, the last first.
// 1 round trip, 0.5 RCU per 4 KB of cards. Errors: table.ErrCursor.
func (s Store) InState(ctx context.Context, state State, limit int, after table.Cursor) (Page, error) {
	return s.list(ctx, table.ByTwo, queueKey(state), limit, after, state.Finished())
}

// list reads the cards of an index; the index holds nothing else of a return. 1 round trip.
func (s Store) list(ctx context.Context, index, key string, limit int, after table.Cursor, backwards bool) (Page,
	error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: index, Where: "#" + index + "pk = :key", With: map[string]any{":key": key}, Limit: limit, After: after,
		Backwards: backwards,
	})
	if err != nil {
		return Page{}, err
	}
	out := Page{Cards: make([]ReturnSummary, len(page.Items)), Next: page.Next}
	for i, item := range page.Items {
		var in struct {
			Card ReturnSummary `dynamodbav:"card"`
		}
		if err := item.Decode(&in); err != nil {
			return Page{}, err
		}
		out.Cards[i] = in.Card
	}
	return out, nil
}
