package cart

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

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
