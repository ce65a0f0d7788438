package cart

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// CompressedAttributes implements table.Compressible: what neither the beginning nor the end of a payment touches.
func (c *Cart) CompressedAttributes() []string {
	return []string{"lines", "codes", "chosen", "shown", "moved", "mergedIds", "shipping", "language", "createdAt",
		"announced"}
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s ShownPromotions) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(s)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *ShownPromotions) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
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
