package table_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/memory"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// actions are every call that a Table makes.
var actions = map[string]func(context.Context, *table.Table) error{
	"GetItem": func(ctx context.Context, tb *table.Table) error { return tb.Get(ctx, key(1), &thing{}) },
	"PutItem": func(ctx context.Context, tb *table.Table) error { return tb.Put(ctx, table.Put{Item: a(1)}) },
	"UpdateItem": func(ctx context.Context, tb *table.Table) error {
		_, err := tb.Update(ctx, table.Update{Key: key(1), Do: "ADD #count :n", With: map[string]any{":n": 1}})
		return err
	},
	"DeleteItem": func(ctx context.Context, tb *table.Table) error { return tb.Delete(ctx, table.Delete{Key: key(2)}) },
	"Query": func(ctx context.Context, tb *table.Table) error {
		_, err := tb.Query(ctx, whole)
		return err
	},
	"BatchGetItem": func(ctx context.Context, tb *table.Table) error {
		_, err := tb.BatchGet(ctx, true, key(1))
		return err
	},
	"BatchWriteItem": func(ctx context.Context, tb *table.Table) error { return tb.BatchPut(ctx, a(3)) },
	"TransactWriteItems": func(ctx context.Context,
		tb *table.Table) error {
		return tb.Transact(ctx, "t", table.Put{Item: a(4)})
	},
}

// inMemory is a table with one thing in it whose calls then go by the plan.
func inMemory(t *testing.T, p fault.Plan) (*table.Table, *fault.Injector) {
	t.Helper()
	in := fault.New(fault.Plan{})
	tb := table.New(in.DB(memory.New(table.Commerce)), "any", nil)
	put(t, tb, a(1))
	in.Restart(p)
	return tb, in
}

func TestEveryActionTriesAgainWhatIsThrottledOrMeetsATransaction(t *testing.T) {
	t.Parallel()
	for name, do := range actions {
		for _, mode := range []fault.Mode{fault.Throttled, fault.Conflicts} {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					tb, in := inMemory(t, fault.Plan{N: 1, Times: 5, Mode: mode})
					if err := do(t.Context(), tb); err != nil || len(in.Calls()) != 6 {
						t.Errorf("%v after %v", err, in.Calls())
					}
				})
			})
		}
	}
}

func TestEveryActionAnswersBusyWhenWhatStandsInItsWayStays(t *testing.T) {
	t.Parallel()
	for name, do := range actions {
		for _, mode := range []fault.Mode{fault.Throttled, fault.Conflicts} {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					tb, _ := inMemory(t, fault.Plan{N: 1, Times: fault.Forever, Mode: mode})
					err := do(t.Context(), tb)
					p := problem.From(err)
					if p.Status != 503 || p.Code != "busy" || p.GetHeaders().Get("Retry-After") != "1" {
						t.Errorf("%v, headers %v", err, p.GetHeaders())
					}
					if took := time.Since(began); took < 4*time.Second || took > 5*time.Second {
						t.Errorf("gave up after %s", took)
					}
				})
			})
		}
	}
}

func TestWhatCannotSucceedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	for name, do := range actions {
		for _, mode := range []fault.Mode{fault.Refused, fault.Fails, fault.Unanswered} {
			tb, in := inMemory(t, fault.Plan{N: 1, Times: fault.Forever, Mode: mode})
			if err := do(t.Context(), tb); err == nil || problem.Code(err) != "" || len(in.Calls()) != 1 {
				t.Errorf("%s %s: %v after %v", name, mode, err, in.Calls())
			}
		}
	}
}

func TestTriesEndBeforeTheDeadlineOfTheFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		tb, _ := inMemory(t, fault.Plan{N: 1, Times: fault.Forever, Mode: fault.Throttled})
		err := tb.Put(ctx, table.Put{Item: a(1)})
		if took := time.Since(began); problem.Code(err) != "busy" || took > 1500*time.Millisecond {
			t.Errorf("%v after %s: no time is left to answer in", err, took)
		}
	})
}

func TestTriesEndWhenTheCallerIsGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tb, _ := inMemory(t, fault.Plan{N: 1, Times: fault.Forever, Mode: fault.Conflicts})
	if err := tb.Put(ctx, table.Put{Item: a(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
