package table_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

func TestTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(1), a(2))
	err := tb.Transact(t.Context(), id.Secret(),
		table.Put{Item: a(3), If: table.IfNew},
		table.Update{Key: key(1), Do: "SET #count = :n", If: "#count = :old", With: map[string]any{":n": 9, ":old": 7}},
		table.Delete{Key: key(2)},
		table.Check{Key: key(2), If: "#count = :n", With: map[string]any{":n": 2}},
	)
	if err == nil {
		t.Fatal("two writes to one item were accepted")
	}
	err = tb.Transact(t.Context(), id.Secret(),
		table.Put{Item: a(3), If: table.IfNew},
		table.Update{Key: key(1), Do: "SET #count = :n", If: "#count = :old", With: map[string]any{":n": 9, ":old": 7}},
		table.Check{Key: key(2), If: "#count = :n", With: map[string]any{":n": 3}},
	)
	c, ok := table.Refused(err)
	if !ok || c.Refused(0) || !c.Refused(1) || !c.Refused(2) || c.Refused(3) {
		t.Fatalf("refused %v", err)
	}
	if c.Reasons[1].Item.Text("name") != "thing 1" || c.Reasons[2].Item.Text("name") != "thing 2" {
		t.Errorf("reasons %+v do not show what stood there", c.Reasons)
	}
	if get(t, tb, key(3)).Name != "" || get(t, tb, key(1)).Count != 1 {
		t.Error("a canceled transaction changed something")
	}
}

func TestTransactionWithOneTokenTakesEffectOnce(t *testing.T) {
	t.Parallel()
	add := table.Update{Key: key(1), Do: "ADD #count :n", With: map[string]any{":n": 1}}
	for _, mode := range []fault.Mode{fault.Twice, fault.Unanswered} {
		db := fault.New(fault.Plan{N: 1, Mode: mode}).DB(localtest.DB(t))
		tb := table.New(db, localtest.Name(t, table.Commerce), nil)
		long := strings.Repeat("x", 40) + id.Secret()
		if err := tb.Transact(t.Context(), long, add); (err != nil) != (mode == fault.Unanswered) {
			t.Errorf("%s: %v", mode, err)
		}
		if err := tb.Transact(t.Context(), long, add); err != nil {
			t.Errorf("%s, repeated: %v", mode, err)
		}
		if got := get(t, tb, key(1)); got.Count != 1 {
			t.Errorf("%s: took effect %d times", mode, got.Count)
		}
	}
}

func TestTransactionWithoutATokenIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	for range 2 {
		if err := tb.Transact(t.Context(), "",
			table.Update{Key: key(1), Do: "ADD #count :n", With: map[string]any{":n": 1}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := get(t, tb, key(1)); got.Count != 2 {
		t.Errorf("took effect %d times, want 2", got.Count)
	}
}

func canceled(codes ...string) error {
	ex := &types.TransactionCanceledException{}
	for _, c := range codes {
		ex.CancellationReasons = append(ex.CancellationReasons, types.CancellationReason{Code: aws.String(c)})
	}
	return ex
}

func TestTransactionTriesAgainWhatWillPass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		first []error
		calls int
		ok    bool
	}{
		{"no trouble", nil, 1, true},
		{"a conflict passes", []error{canceled("None", "TransactionConflict")}, 2, true},
		{"throttling passes", []error{canceled("ThrottlingError"), canceled("ProvisionedThroughputExceeded")}, 3, true},
		{"the same token still in progress passes", []error{&types.TransactionInProgressException{}}, 2, true},
		{"a condition that failed does not", []error{canceled("TransactionConflict", "ConditionalCheckFailed")}, 1, false},
		{"an invalid item does not", []error{canceled("ValidationError")}, 1, false},
		{"another error is the caller's", []error{errors.New("no network")}, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &stub{transact: func(n int) (*dynamodb.TransactWriteItemsOutput, error) {
					if n <= len(c.first) {
						return nil, c.first[n-1]
					}
					return &dynamodb.TransactWriteItemsOutput{}, nil
				}}
				err := table.New(s, "x", nil).Transact(t.Context(), "tok", table.Put{Item: a(1)})
				if (err == nil) != c.ok || s.calls != c.calls {
					t.Errorf("%v after %d calls, want %d", err, s.calls, c.calls)
				}
				for _, token := range s.tokens {
					if token != "tok" {
						t.Errorf("token %q", token)
					}
				}
			})
		})
	}
}

// TestAConflictIsReturnedToACallerThatHasAnotherWay plays what TryTransact returns at once, and what it still repeats.
func TestAConflictIsReturnedToACallerThatHasAnotherWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		first      error
		calls      int
		conflicted bool
		ok         bool
	}{
		{"a conflict is returned", canceled("None", "TransactionConflict"), 1, true, false},
		{"a conflict beside throttling is returned", canceled("ThrottlingError", "TransactionConflict"), 1, true, false},
		{"throttling is tried again", canceled("ThrottlingError"), 2, false, true},
		{"a condition that failed is no conflict", canceled("TransactionConflict", "ConditionalCheckFailed"), 1, false,
			false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &stub{transact: func(n int) (*dynamodb.TransactWriteItemsOutput, error) {
					if n == 1 {
						return nil, c.first
					}
					return &dynamodb.TransactWriteItemsOutput{}, nil
				}}
				err := table.New(s, "x", nil).TryTransact(t.Context(), "tok", table.Put{Item: a(1)}, table.Put{Item: a(2)})
				refusal, refused := table.Refused(err)
				if (err == nil) != c.ok || s.calls != c.calls || (refused && refusal.Conflicted()) != c.conflicted {
					t.Errorf("%v after %d calls, want %d", err, s.calls, c.calls)
				}
			})
		})
	}
}

func TestTransactionStopsWaitingWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &stub{transact: func(int) (*dynamodb.TransactWriteItemsOutput, error) {
		cancel()
		return nil, canceled("TransactionConflict")
	}}
	if err := table.New(s, "x", nil).Transact(ctx, "tok", table.Put{Item: a(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCountsOfOneItemInOneTransactionBecomeOne(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(1))
	count := func(n int, add map[string]int) table.Count {
		return table.Count{Key: key(n), Set: map[string]any{"name": "counter"}, Add: add}
	}
	writes := []table.Write{
		count(9, map[string]int{"sent": 1}), count(9, map[string]int{"sent": 2, "orders": 1}),
		table.Update{Key: key(1), Do: "SET #count = :n", If: "#count = :old", With: map[string]any{":n": 5, ":old": 1}},
	}
	if err := tb.Transact(t.Context(), "", writes...); err != nil {
		t.Fatal(err)
	}
	var found struct {
		Name         string `dynamodbav:"name"`
		Sent, Orders int
	}
	if err := tb.Get(t.Context(), key(9), &found); err != nil || found.Sent != 3 || found.Orders != 1 ||
		found.Name != "counter" {
		t.Errorf("counted %+v, %v", found, err)
	}
	// The reasons of a refusal stand where the caller's writes stand.
	err := tb.Transact(t.Context(), "", writes...)
	if refused, ok := table.Refused(err); !ok || refused.Refused(0) || refused.Refused(1) || !refused.Refused(2) {
		t.Errorf("the update that is refused is not named by its place: %v", err)
	}
}

func TestTwoWritesOfOneItemAreNamedBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(1))
	for name, second := range map[string]table.Write{
		"a put": table.Put{Item: a(1)}, "a deletion": table.Delete{Key: key(1)},
		"a count": table.Count{Key: key(1), Add: map[string]int{"count": 1}},
	} {
		err := tb.Transact(t.Context(), "",
			table.Update{Key: key(1), Do: "SET #count = :n", With: map[string]any{":n": 5}}, second)
		if err == nil || !strings.Contains(err.Error(), key(1).String()) {
			t.Errorf("an update and %s of one item: %v", name, err)
		}
	}
}
