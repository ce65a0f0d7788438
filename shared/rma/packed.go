package rma

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (f Figures) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(f) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (f *Figures) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, f)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (d Deadlines) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(d)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (d *Deadlines) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, d)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s Shipment) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(s) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *Shipment) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, s)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (s Swap) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(s) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *Swap) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, s)
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (h CardHold) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return table.Pack(h) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (h *CardHold) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, h)
}
