package returns

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/order"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/rma"
	"dangol/shared/stock"
)

// AdditionKind is the kind of the due jobs of additions.
const AdditionKind = "order_addition"

// How long the goods of an addition are held for its payment. What the shop proposes waits for a mail to be read. A
// customer who adds something is about to pay, and must not be able to keep goods from others for longer: an order has
// one open addition at a time.
const (
	AdditionFor         = 24 * time.Hour
	AdditionForCustomer = 30 * time.Minute
)

// AdditionState is where an addition stands.
type AdditionState string

// The states. open -> paid, or open -> expired or canceled.
const (
	AdditionOpen     AdditionState = "open"
	AdditionPaid     AdditionState = "paid"
	AdditionExpired  AdditionState = "expired"
	AdditionCanceled AdditionState = "canceled"
)

// Addition is goods that somebody wants to add to an order before it is shipped: one item, in the partition of its
// order. Its goods are held until it is paid, expires, or is canceled.
type Addition struct {
	table.Key
	due.Due
	// N counts the additions of the order from 1; it is a part of the key and never used twice.
	N        int           `dynamodbav:"n"`
	OrderID  string        `dynamodbav:"orderId"`
	Version  int           `dynamodbav:"version"`
	State    AdditionState `dynamodbav:"state"`
	Goods    additionGoods `dynamodbav:"goods"`
	Currency string        `dynamodbav:"currency"`
	PayBy    time.Time     `dynamodbav:"payBy"`
	Attempt  rma.Attempt   `dynamodbav:"attempt"`
	Attempts int           `dynamodbav:"attempts,omitempty"`
	Paid     string        `dynamodbav:"paid,omitempty"` // the provider's id of the payment
	By       string        `dynamodbav:"by"`
	Request  order.Request `dynamodbav:"request"`
	Event    *event.Event  `dynamodbav:"event,omitempty"`
	WriteID  string        `dynamodbav:"writeId,omitempty"`
	At       time.Time     `dynamodbav:"createdAt"`
}

// additionGoods is what is added and what it holds of the stock.
type additionGoods struct {
	order.Added
	Taken []stock.Allocation `json:"taken,omitempty"`
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (g additionGoods) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(g)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (g *additionGoods) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, g)
}

// maxAdditions bounds the additions of an order.
const maxAdditions = 20

// additionKey is the item of an addition, in the partition of its order.
func additionKey(orderID string, n int) table.Key {
	return table.Key{PK: order.KeyOf(orderID).PK, SK: "ADDITION#" + strconv.Itoa(n)}
}

// name names the addition in keys of payments.
func (a *Addition) name() string { return a.OrderID + "-addition-" + strconv.Itoa(a.N) }

// paymentName is the id of its payment in the order's ledger.
func (a *Addition) paymentName() string { return "addition-" + strconv.Itoa(a.N) }

// additionNotFound is the answer for an addition that is not there.
func additionNotFound() error {
	return problem.NotFound("addition_not_found", "This order has no such addition.")
}

// refuse is the answer to a step that only an open addition allows.
func (a *Addition) refuse() error {
	return problem.Conflict("addition_over", "This addition is %s.", string(a.State)).With("state", string(a.State))
}

// await makes the addition due at an instant.
func (a *Addition) await(at time.Time) { a.Due = due.On(AdditionKind, a.name(), at) }

// end ends the addition and says what of the stock is free again.
func (a *Addition) end(state AdditionState) []table.Write {
	a.State, a.Attempt, a.Due = state, rma.Attempt{}, due.Due{}
	held := a.Goods.Taken
	if state == AdditionPaid {
		return nil // the order has it now
	}
	a.Goods.Taken = nil
	return stock.Release(held)
}

// payable is nil while the addition can be paid. Errors: 409 addition_over.
func (a *Addition) payable(now time.Time) error {
	switch {
	case a.State != AdditionOpen:
		return a.refuse()
	case !now.Before(a.PayBy):
		return problem.Conflict("addition_over", "The time to pay for this addition is over.").With("state", "expired")
	}
	return nil
}

// begin writes down under which key a payment is about to be taken. Errors: those of payable; 503 when another payment
// is under way.
func (a *Addition) begin(now time.Time) error {
	if err := a.payable(now); err != nil {
		return err
	}
	if a.Attempt.Key != "" {
		return problem.Unavailable("payment_unavailable", "Another payment of this addition is under way; try again.")
	}
	// A payment that failed keeps its key at the provider; the next one needs another.
	a.Attempts++
	a.Attempt = rma.Attempt{Key: a.name() + "-" + strconv.Itoa(a.Attempts)}
	a.await(now.Add(checkSoon))
	return nil
}

// forget lets another payment begin after one that came to nothing; changed is false when that was done before.
func (a *Addition) forget(key string) (changed bool) {
	if a.Attempt.Key != key || key == "" {
		return false
	}
	a.Attempt = rma.Attempt{}
	a.await(a.PayBy)
	return true
}

// put is the write that stores an addition as the version after the one that was read; version 0 is a new one.
func (a *Addition) put(now time.Time) table.Put {
	read := a.Version
	a.Key, a.Version, a.WriteID = additionKey(a.OrderID, a.N), read+1, id.New("chg", now)
	if read == 0 {
		return table.Put{Item: a, If: table.IfNew}
	}
	// only what was read is replaced
	return table.Put{Item: a, If: "#version = :read", With: map[string]any{":read": read}}
}
