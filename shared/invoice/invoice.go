package invoice

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// State says whether an invoice is paid.
type State string

// The states of an invoice: open -> paid | void. A void one keeps its number, so that the run has
// no gap.
const (
	Open State = "open"
	Paid State = "paid"
	Void State = "void"
)

// Invoice is an invoice and what became of it.
type Invoice struct {
	Draft
	State     State     `json:"state"`
	PaymentID string    `json:"paymentId,omitempty"` // empty when account credit paid it all
	Title     string    `json:"title"`               // of the plan
	ClosedAt  time.Time `json:"closedAt,omitzero"`   // paid or void since
	Reason    string    `json:"reason,omitempty"`    // why it is void
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (i Invoice) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(i) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (i *Invoice) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, i)
}

// Item is an invoice as stored: one item, under the subscription and the number of the period.
type Item struct {
	table.Key
	bookKeys
	Invoice Invoice `dynamodbav:"invoice"`
	State   State   `dynamodbav:"state"` // for the condition that it is still open
}

// CreditItem is a credit note as stored, under the subscription.
type CreditItem struct {
	table.Key
	bookKeys
	Note table.Packed[CreditNote] `dynamodbav:"note"`
}

// partition is the key under which the documents of a subscription stand, next to the subscription itself.
func partition(subscriptionID string) string { return "SUBSCRIPTION#" + subscriptionID }

// Item is the invoice as stored. Its key is made of the subscription and the number of the period,
// so there cannot be a second one for it.
func (i *Invoice) Item() Item {
	entry := BookEntry{
		Number: i.Number, SubscriptionID: i.SubscriptionID, State: i.State, Amount: i.Subtotal, Currency: i.Currency,
		// The book shows what was invoiced; account credit that paid a part does not change that.
		Issued: i.Issued,
	}
	return Item{Key: KeyOf(i.SubscriptionID, i.Seq), bookKeys: entry.keys(), Invoice: *i, State: i.State}
}

// Put is the write of an invoice that is made or closed. isNew says that it was not stored before. The condition is
// that there is no other for the period, or that nobody else has closed it.
func (i *Invoice) Put(isNew bool) table.Put {
	if isNew {
		return table.Put{Item: i.Item(), If: table.IfNew}
	}
	// Paid and void are final: a late second outcome must not change an invoice.
	return table.Put{Item: i.Item(), If: "#state = :open", With: map[string]any{":open": Open}}
}

// Put is the write of a credit note. version is that of the subscription that makes it, and n
// counts the notes of that version, so that a repeated write meets its own key.
func (c *CreditNote) Put(version, n int) table.Put {
	entry := BookEntry{Number: c.Number, SubscriptionID: c.SubscriptionID, Amount: c.Amount, Currency: c.Currency,
		Issued: c.Issued}
	key := table.Key{PK: partition(c.SubscriptionID), SK: fmt.Sprintf("CREDIT#%08d#%02d", version, n)}
	item := CreditItem{Key: key, bookKeys: entry.keys(), Note: table.Packed[CreditNote]{Value: *c}}
	return table.Put{Item: item, If: table.IfNew}
}
