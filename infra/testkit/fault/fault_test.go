package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

type item struct {
	table.Key
	N int `dynamodbav:"n"`
}

var key = table.Key{PK: "A", SK: "A"}

func TestEachModeDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    fault.Mode
		says    string // the error of an update; empty for none
		effects int
	}{
		{fault.None, "", 1},
		{fault.Fails, "connection refused", 0},
		{fault.Throttled, "ProvisionedThroughputExceededException", 0},
		{fault.Conflicts, "TransactionConflictException", 0},
		{fault.Refused, "ValidationException", 0},
		{fault.Unanswered, "deadline exceeded", 1},
		{fault.Twice, "", 2},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			t.Parallel()
			name := localtest.Name(t, table.Commerce)
			_, err := fault.New(fault.Plan{N: 1, Mode: c.mode}).DB(localtest.DB(t)).UpdateItem(t.Context(),
				&dynamodb.UpdateItemInput{
					TableName: &name, Key: key.Attributes(), UpdateExpression: aws.String("ADD n :one"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
				})
			if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want %q", err, c.says)
			}
			var got item
			tb := table.New(localtest.DB(t), name, nil)
			if err := tb.Get(t.Context(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) {
				t.Fatal(err)
			}
			if got.N != c.effects {
				t.Fatalf("took effect %d times, want %d", got.N, c.effects)
			}
		})
	}
}

func TestAPlanOfSeveralCallsEndsAndARestartBeginsAnew(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 2, Times: 2, Mode: fault.Fails})
	tb := inMemory(in)
	run := func() (failed string) {
		for range 4 {
			_, err := tb.Update(t.Context(), add)
			failed += fmt.Sprint(err != nil, " ")
		}
		return failed
	}
	if got := run(); got != "false true true false " {
		t.Errorf("failed: %s", got)
	}
	in.Restart(fault.Plan{N: 1, Times: fault.Forever, Mode: fault.Refused})
	if got := run(); got != "true true true true " || len(in.Calls()) != 4 {
		t.Errorf("failed: %s in %v", got, in.Calls())
	}
}

func TestATransactionSentTwiceTakesEffectOnceAsOnAWS(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce, fault.New(fault.Plan{N: 1, Mode: fault.Twice}).DB)
	add := table.Update{Key: key, Do: "ADD #n :one", With: map[string]any{":one": 1}}
	if err := tb.Transact(t.Context(), "sent-twice", add); err != nil {
		t.Fatal(err)
	}
	var got item
	if err := tb.Get(t.Context(), key, &got); err != nil || got.N != 1 {
		t.Fatalf("took effect %d times, %v", got.N, err)
	}
}

func TestAThrottledTransactionIsTriedAgainByTheTable(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{N: 1, Mode: fault.Throttled})
	tb := localtest.Table(t, table.Commerce, in.DB)
	if err := tb.Transact(t.Context(), "throttled-once", table.Put{Item: item{Key: key}, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	if len(in.Calls()) != 2 {
		t.Fatalf("calls %v, want two", in.Calls())
	}
}

// counter is a shop that counts by adding, which a lost or repeated call spoils, unless careful.
type counter struct {
	tb      *table.Table
	careful bool
	spoiled bool
}

func (c *counter) Run(ctx context.Context) {
	for range 2 {
		u := table.Update{Key: key, Do: "SET #n = :one", If: "attribute_not_exists(#n)", With: map[string]any{":one": 1}}
		if !c.careful {
			u.Do, u.If = "ADD #n :one", ""
		}
		_, err := c.tb.Update(ctx, u)
		if _, failed := table.Failed(err); err == nil || failed {
			return
		}
	}
}

func (c *counter) RunUntilIdle(context.Context) {}

func (c *counter) Check(t testing.TB) {
	var got item
	if err := c.tb.Get(context.Background(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) {
		t.Fatal(err)
	}
	c.spoiled = got.N != 1
	if c.spoiled && c.careful {
		t.Fatalf("counted %d, want 1", got.N)
	}
}

func TestACampaignFindsWhatIsNotCarefulAndPassesWhatIs(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
		return &counter{tb: localtest.Table(t, table.Commerce, in.DB), careful: true}
	})
	for _, mode := range []fault.Mode{fault.Unanswered, fault.Twice} {
		careless := &counter{tb: localtest.Table(t, table.Commerce, fault.New(fault.Plan{N: 1, Mode: mode}).DB)}
		careless.Run(t.Context())
		careless.Check(t)
		if !careless.spoiled {
			t.Fatalf("a careless world survived a call that %s", mode)
		}
	}
}
