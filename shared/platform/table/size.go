package table

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MaxItem is the largest item that DynamoDB stores, in bytes.
const MaxItem = 400 * 1024

// Size returns how many bytes an item takes, a struct with dynamodbav tags: what counts towards MaxItem. It follows
// "DynamoDB item sizes and formats" of the developer guide and is never below what the service counts.
func Size(item any) (int, error) {
	attributes, err := attributevalue.MarshalMap(item)
	if err != nil {
		return 0, fmt.Errorf("marshal %T: %w", item, err)
	}
	return mapSize(attributes), nil
}

// Size returns how many bytes the item takes, like the function Size.
func (i Item) Size() int { return mapSize(i) }

// container is what a list or map takes besides its elements, element what each element takes besides itself.
const (
	container = 3
	element   = 1
	number    = 21 // the most a number takes
)

// mapSize is the size of attributes with their names.
func mapSize(m map[string]types.AttributeValue) int {
	n := 0
	for name, v := range m {
		n += len(name) + valueSize(v)
	}
	return n
}

// valueSize is the size of a value.
func valueSize(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return min(number, len(v.Value)+1)
	case *types.AttributeValueMemberM:
		return container + element*len(v.Value) + mapSize(v.Value)
	case *types.AttributeValueMemberL:
		n := container + element*len(v.Value)
		for _, e := range v.Value {
			n += valueSize(e)
		}
		return n
	case *types.AttributeValueMemberSS:
		n := 0
		for _, e := range v.Value {
			n += len(e)
		}
		return n
	// A boolean or null takes one byte; sets of numbers and bytes are not used.
	default:
		return element
	}
}
