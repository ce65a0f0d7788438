package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
)

// change is one write: put, do or gone, or none of them for a check.
type change struct {
	words
	key  table.Key
	put  item
	do   string
	gone bool
	when string
}

// after is the item as the change leaves it. met is false when the condition is not.
func (c change) after(old item) (new item, met bool, err error) {
	if c.when != "" {
		if met, err = c.holds(c.when, old); err != nil || !met {
			return nil, false, err
		}
	}
	switch {
	case c.gone:
		return nil, true, nil
	case c.put != nil:
		return c.put, true, nil
	case c.do == "":
		return old, true, nil
	}
	new = maps.Clone(old)
	if new == nil {
		new = c.key.Attributes()
	}
	return new, true, c.apply(c.do, old, new)
}

func (db *DB) one(c change) (item, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	old, _ := db.get(c.key)
	new, met, err := c.after(old)
	switch {
	case err != nil:
		return nil, err
	case !met:
		return nil, &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed"), Item: old}
	}
	db.set(c.key, old, new)
	return new, nil
}

// tokensKept is how many transactions are remembered by their token; DynamoDB remembers them for ten minutes.
const tokensKept = 20_000

// TransactWriteItems makes all changes or none.
func (db *DB) TransactWriteItems(
	_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...options,
) (*dynamodb.TransactWriteItemsOutput, error) {
	changes := make([]change, len(in.TransactItems))
	for i, w := range in.TransactItems {
		changes[i] = changeOf(w)
		if slices.ContainsFunc(changes[:i], func(c change) bool { return c.key == changes[i].key }) {
			return nil, refusedf("Transaction request cannot include multiple operations on one item")
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	token, print := aws.ToString(in.ClientRequestToken), ""
	if token != "" {
		print = printOf(changes)
		if first, ok := db.tokens[token]; ok {
			if first != print {
				return nil, &types.IdempotentParameterMismatchException{
					Message: aws.String("this token was used with other writes")}
			}
			return &dynamodb.TransactWriteItemsOutput{}, nil
		}
	}
	if err := db.all(changes); err != nil {
		return nil, err
	}
	if token != "" {
		db.tokens[token], db.recent = print, append(db.recent, token)
		if len(db.recent) > tokensKept {
			delete(db.tokens, db.recent[0])
			db.recent = db.recent[1:]
		}
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// all makes the changes, unless a condition is not met.
func (db *DB) all(changes []change) error {
	olds, news, refused := make([]item, len(changes)), make([]item, len(changes)), false
	reasons := make([]types.CancellationReason, len(changes))
	for i, c := range changes {
		var met bool
		var err error
		olds[i], _ = db.get(c.key)
		if news[i], met, err = c.after(olds[i]); err != nil {
			return err
		}
		reasons[i].Code = aws.String("None")
		if !met {
			refused, reasons[i] = true, types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Item: olds[i]}
		}
	}
	if refused {
		return &types.TransactionCanceledException{Message: aws.String("Transaction canceled"), CancellationReasons: reasons}
	}
	for i, c := range changes {
		if c.gone || c.put != nil || c.do != "" {
			db.set(c.key, olds[i], news[i])
		}
	}
	return nil
}

func changeOf(w types.TransactWriteItem) change {
	switch {
	case w.Put != nil:
		return change{
			key: keyOf(w.Put.Item), put: w.Put.Item, when: aws.ToString(w.Put.ConditionExpression),
			words: words{w.Put.ExpressionAttributeNames, w.Put.ExpressionAttributeValues},
		}
	case w.Update != nil:
		return change{
			key: keyOf(w.Update.Key), do: aws.ToString(w.Update.UpdateExpression),
			when:  aws.ToString(w.Update.ConditionExpression),
			words: words{w.Update.ExpressionAttributeNames, w.Update.ExpressionAttributeValues},
		}
	case w.Delete != nil:
		return change{
			key: keyOf(w.Delete.Key), gone: true, when: aws.ToString(w.Delete.ConditionExpression),
			words: words{w.Delete.ExpressionAttributeNames, w.Delete.ExpressionAttributeValues},
		}
	default:
		return change{
			key: keyOf(w.ConditionCheck.Key), when: aws.ToString(w.ConditionCheck.ConditionExpression),
			words: words{w.ConditionCheck.ExpressionAttributeNames, w.ConditionCheck.ExpressionAttributeValues},
		}
	}
}

// printOf tells transactions with one token apart.
func printOf(changes []change) string {
	var out strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&out, "%s %s %s %t %d\n", c.key, c.do, c.when, c.gone, len(pack(c.put)))
		out.Write(pack(c.values))
	}
	return digest(out.String())
}
