package table_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

type sized struct {
	table.Key
	Text string         `dynamodbav:"text"`
	Map  map[string]int `dynamodbav:"map"`
	List []string       `dynamodbav:"list"`
}

func TestSizeTellsWhatTheDatabaseStoresAndWhatItRefusesForEver(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	item := sized{Key: table.Key{PK: "A", SK: "B"}, Map: map[string]int{"하나": 1}, List: []string{"둘", "three"}}
	rest, err := table.Size(item)
	if err != nil {
		t.Fatal(err)
	}
	item.Text = strings.Repeat("x", table.MaxItem-rest)
	if n, err := table.Size(item); err != nil || n != table.MaxItem {
		t.Fatalf("%d bytes, %v", n, err)
	}
	// Without a condition, because that adds a write id.
	if err := tb.Put(t.Context(), table.Put{Item: item}); err != nil {
		t.Errorf("an item of the largest size: %v", err)
	}
	item.Text += strings.Repeat("x", 1024)
	if err := tb.Put(t.Context(), table.Put{Item: item}); !table.Permanent(err) {
		t.Errorf("an item that is too large: %v", err)
	}
	if err := tb.Transact(t.Context(), "", table.Put{Item: item}); !table.Permanent(err) {
		t.Errorf("the same in a transaction: %v", err)
	}
}

func TestWhatPassesIsNotPermanent(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, errors.New("no network"), &table.ConditionFailed{},
		fmt.Errorf("put: %w", &types.ProvisionedThroughputExceededException{}),
		&table.Canceled{Reasons: []table.Reason{{Code: "TransactionConflict"}, {Code: "ConditionalCheckFailed"}}},
	} {
		if table.Permanent(err) {
			t.Errorf("%v counts as permanent", err)
		}
	}
	if !table.Permanent(&table.Canceled{Reasons: []table.Reason{{}, {Code: "ValidationError"}}}) {
		t.Error("a part of a transaction that is invalid counts as passing")
	}
}
