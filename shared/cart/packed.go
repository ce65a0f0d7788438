package cart

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/table"
)

// Chosen is the gifts that a shopper chose, as variant ids by promotion id.
type Chosen map[string][]string

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (c Chosen) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(map[string][]string(c))
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (c *Chosen) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, (*map[string][]string)(c))
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (a Address) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(a) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (a *Address) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, a)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s Shown) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(s) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *Shown) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, s)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (l LastOrder) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(l)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (l *LastOrder) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, l)
}
