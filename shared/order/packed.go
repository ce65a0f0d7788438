package order

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
	"dangol/shared/pricing"
)

// CompressedAttributes implements table.Compressible. An order is always written as a whole, so all but its version,
// its write id and what indexes need of it may be compressed.
func (o *Order) CompressedAttributes() []string {
	return append(o.Draft.CompressedAttributes(), "id", "checkoutId", "payment", "fulfillments", "refunds", "ledger",
		"more", "origin", "held", "notes", "timeline", "reason", "placedAt", "updatedAt")
}

// CompressedAttributes implements table.Compressible for the item that holds a draft: it is fixed, so all of it may be
// compressed.
func (d Draft) CompressedAttributes() []string {
	return []string{
		"cartId", "customerId", "tokenHash", "email", "language", "lines", "totals", "address", "shipping", "shippingName",
		"note", "taken", "counted", "countedFor", "uses", "credit", "member",
	}
}

// Totals is what an order costs, stored as one compressed attribute: it is only read whole.
type Totals struct{ pricing.Totals }

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (t Totals) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(t.Totals)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (t *Totals) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, &t.Totals)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (c Summary) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(c) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (c *Summary) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, c)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (p Payment) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(p) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (p *Payment) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, p)
}
