package table

import (
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Write is one write of a transaction: Put, Update, Delete, Check or Count.
type Write interface {
	write(table string) (types.TransactWriteItem, error)
}

// Encode returns a struct with dynamodbav tags as Put stores it.
func Encode(v any) (Item, error) {
	item, err := attributevalue.MarshalMap(v)
	if err != nil {
		return nil, fmt.Errorf("marshal %T: %w", v, err)
	}
	if c, ok := v.(Compressible); ok {
		if err := Item(item).compress(c.CompressedAttributes()); err != nil {
			return nil, err
		}
	}
	return item, nil
}

// write implements Write.
func (p Put) write(table string) (w types.TransactWriteItem, err error) {
	item, encoded := p.Item.(Item)
	if !encoded {
		if item, err = Encode(p.Item); err != nil {
			return w, err
		}
	}
	values, err := marshalValues(p.With)
	if err != nil {
		return w, err
	}
	w.Put = &types.Put{
		TableName: &table, Item: item, ConditionExpression: optional(p.If),
		ExpressionAttributeNames: namesIn(nil, p.If), ExpressionAttributeValues: values,
		// The item that refuses a write comes with the refusal: a retry then needs no read.
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return w, nil
}

// write implements Write.
func (u Update) write(table string) (w types.TransactWriteItem, err error) {
	with, do := u.With, u.Do
	if u.WriteID != "" {
		// A copy: the caller may build several writes from one map.
		with = maps.Clone(u.With)
		if with == nil {
			with = map[string]any{}
		}
		with[":writeId"], do = u.WriteID, withWriteID(u.Do)
	}
	values, err := marshalValues(with)
	if err != nil {
		return w, err
	}
	w.Update = &types.Update{
		TableName: &table, Key: u.Key.Attributes(), UpdateExpression: &do, ConditionExpression: optional(u.If),
		ExpressionAttributeNames: namesIn(u.Names, do, u.If), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return w, nil
}

// withWriteID adds the write id to the SET clause, wherever it stands, making one when there is none.
func withWriteID(do string) string {
	const set = " SET "
	do = " " + do
	if i := strings.Index(do, set); i >= 0 {
		return strings.TrimSpace(do[:i] + set + "#writeId = :writeId, " + do[i+len(set):])
	}
	return "SET #writeId = :writeId" + do
}

// write implements Write.
func (d Delete) write(table string) (w types.TransactWriteItem, err error) {
	values, err := marshalValues(d.With)
	if err != nil {
		return w, err
	}
	w.Delete = &types.Delete{
		TableName: &table, Key: d.Key.Attributes(), ConditionExpression: optional(d.If),
		ExpressionAttributeNames: namesIn(nil, d.If), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return w, nil
}

// write implements Write.
func (c Check) write(table string) (w types.TransactWriteItem, err error) {
	values, err := marshalValues(c.With)
	if err != nil {
		return w, err
	}
	w.ConditionCheck = &types.ConditionCheck{
		TableName: &table, Key: c.Key.Attributes(), ConditionExpression: &c.If,
		ExpressionAttributeNames: namesIn(nil, c.If), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return w, nil
}

// namesIn finds every #name in the expressions; given says which of them stand for an attribute of another name.
func namesIn(given map[string]string, expressions ...string) map[string]string {
	var names map[string]string
	for _, e := range expressions {
		for i := 0; i < len(e); i++ {
			if e[i] != '#' {
				continue
			}
			end := i + 1
			for end < len(e) && wordByte(e[end]) {
				end++
			}
			if names == nil {
				names = map[string]string{}
			}
			alias := e[i:end]
			names[alias] = alias[1:]
			if attribute, ok := given[alias]; ok {
				names[alias] = attribute
			}
			i = end - 1
		}
	}
	return names
}

// wordByte reports whether a byte may stand in a name or placeholder.
func wordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// marshalValues encodes the values; nil for none, since DynamoDB refuses an empty map.
func marshalValues(with map[string]any) (map[string]types.AttributeValue, error) {
	if len(with) == 0 {
		return nil, nil
	}
	values := make(map[string]types.AttributeValue, len(with))
	for name, v := range with {
		av, err := attributevalue.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("marshal %s: %w", name, err)
		}
		values[name] = av
	}
	return values, nil
}
