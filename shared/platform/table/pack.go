package table

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// List is a list that is kept in its item as one packed text; see Pack.
type List[T any] []T

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (l List[T]) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { return Pack([]T(l)) }

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (l *List[T]) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return Unpack(av, (*[]T)(l))
}

// Map is a map by text that is kept in its item as one packed text; see Pack.
type Map[V any] map[string]V

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (m Map[V]) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return Pack(map[string]V(m))
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (m *Map[V]) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return Unpack(av, (*map[string]V)(m))
}

// Packed is a value that is kept in its item as one packed text; see Pack. It is for items that wrap a type; a type
// that is an attribute everywhere calls Pack itself.
type Packed[T any] struct{ Value T }

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (p Packed[T]) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return Pack(p.Value)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (p *Packed[T]) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return Unpack(av, &p.Value)
}

// Pack makes one JSON text of a part of an item that is read and written only as a whole: lines, totals, an address. No
// expression can reach into it and no index carries a piece of it, and that is the price. What it buys is the time of
// every nested value as an attribute of its own, which client, wire and engine would each take apart and put together
// again for every image in the stream. A type is packed by calling it from MarshalDynamoDBAttributeValue. Its fields
// are named by their json tags.
func Pack(v any) (types.AttributeValue, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	// Less-than signs stay as they are: escaping them for HTML would only make the text longer.
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("pack %T: %w", v, err)
	}
	return &types.AttributeValueMemberS{Value: string(bytes.TrimSuffix(text.Bytes(), []byte("\n")))}, nil
}

// Unpack reads what Pack wrote into v, a pointer. An attribute that is null or not there leaves v alone. Errors: an
// attribute that is no text, a text that does not fit v.
func Unpack(av types.AttributeValue, v any) error {
	switch av := av.(type) {
	case nil, *types.AttributeValueMemberNULL:
		return nil
	case *types.AttributeValueMemberS:
		if err := json.Unmarshal([]byte(av.Value), v); err != nil {
			return fmt.Errorf("unpack %T: %w", v, err)
		}
		return nil
	default:
		return fmt.Errorf("unpack %T: the attribute is a %T", v, av)
	}
}
