package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxOverdue is in years: DynamoDB does not delete items whose time to live ran out more than five
// years ago.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html
const maxOverdue = 5

// Sweep deletes the items of table whose attr, in epoch seconds, has passed at now, and returns how
// many. An item that was renewed between the scan and the delete stays. One DescribeTable, one Scan
// per megabyte, one delete per item.
func Sweep(ctx context.Context, db *dynamodb.Client, table, attr string, now time.Time) (int, error) {
	s := newSweep(db, table, attr, now)
	described, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return 0, fmt.Errorf("engine: sweep %s: %w", table, err)
	}
	for i, k := range described.Table.KeySchema {
		// Placeholders for the keys, whose names may be reserved words.
		s.keys = append(s.keys, *k.AttributeName)
		s.projection += fmt.Sprintf("#k%d,", i)
	}
	pages := dynamodb.NewScanPaginator(db, s.scan())
	var removed int
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return removed, fmt.Errorf("engine: sweep %s: %w", table, err)
		}
		n, err := s.remove(ctx, page.Items)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("engine: sweep %s: %w", table, err)
		}
	}
	return removed, nil
}

// Sweep is the function Sweep for an engine with a data file: it finds the items by an index and reads no others. One
// delete per item. An engine in memory is scanned.
func (e *Engine) Sweep(ctx context.Context, db *dynamodb.Client, table, attr string, now time.Time) (int, error) {
	if e.options.DataFile == "" {
		return Sweep(ctx, db, table, attr, now)
	}
	keys, err := expiredKeys(e.options.DataFile, table, attr, now)
	if err != nil {
		return 0, err
	}
	s := newSweep(db, table, attr, now)
	removed, err := s.remove(ctx, keys)
	if err != nil {
		return removed, fmt.Errorf("engine: sweep %s: %w", table, err)
	}
	return removed, nil
}

func newSweep(db *dynamodb.Client, table, attr string, now time.Time) *sweep {
	return &sweep{
		db: db, table: table,
		names: map[string]string{"#ttl": attr},
		limits: map[string]types.AttributeValue{
			":from": seconds(now.AddDate(-maxOverdue, 0, 0)),
			":now":  seconds(now),
		},
	}
}

// sweep is one pass over a table.
type sweep struct {
	db         *dynamodb.Client
	table      string
	keys       []string
	projection string
	names      map[string]string
	limits     map[string]types.AttributeValue
}

// expired holds for numbers only, as in DynamoDB: BETWEEN never matches another type.
const expired = "#ttl BETWEEN :from AND :now"

// scan reads the keys of expired items only.
func (s *sweep) scan() *dynamodb.ScanInput {
	names := map[string]string{"#ttl": s.names["#ttl"]}
	for i, k := range s.keys {
		names[fmt.Sprintf("#k%d", i)] = k
	}
	return &dynamodb.ScanInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		FilterExpression:          aws.String(expired),
		ProjectionExpression:      aws.String(s.projection[:len(s.projection)-1]),
		ExpressionAttributeNames:  names,
		ExpressionAttributeValues: s.limits,
	}
}

// remove deletes each under the same condition as the scan: a renewed item must stay.
func (s *sweep) remove(ctx context.Context, keys []map[string]types.AttributeValue) (int, error) {
	var removed int
	for _, key := range keys {
		_, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName:                 &s.table,
			Key:                       key,
			ConditionExpression:       aws.String(expired),
			ExpressionAttributeNames:  s.names,
			ExpressionAttributeValues: s.limits,
		})
		if _, renewed := errors.AsType[*types.ConditionalCheckFailedException](err); renewed {
			continue
		}
		if err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// seconds is an instant as DynamoDB's time to live stores it.
func seconds(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}
}
