package catalog

import (
	"dangol/shared/platform/table"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
// Texts and cards are read and written whole, see table.Pack.
func (t Text) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(map[string]string(t))
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (t *Text) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, (*map[string]string)(t))
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (c Summary) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(c) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (c *Summary) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, c)
}
