package fault_test

import (
	"context"
	"errors"
	"testing"

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
		fails   bool
		effects int
	}{
		{fault.None, false, 1}, {fault.Before, true, 0}, {fault.Throttled, true, 0}, {fault.Lost, true, 1}, {fault.Twice, false, 2},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			t.Parallel()
			tb := localtest.Table(t, table.Commerce, fault.New(fault.Plan{N: 1, Mode: c.mode}).DB)
			_, err := tb.Update(t.Context(), table.Update{Key: key, Do: "ADD #n :one", With: map[string]any{":one": 1}})
			if (err != nil) != c.fails {
				t.Fatalf("error %v, want one: %v", err, c.fails)
			}
			var got item
			if err := tb.Get(t.Context(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) {
				t.Fatal(err)
			}
			if got.N != c.effects {
				t.Fatalf("took effect %d times, want %d", got.N, c.effects)
			}
		})
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

// counter is a world that counts by adding, which a lost or repeated call spoils, unless careful.
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

func (c *counter) Rest(context.Context) {}

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
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.World {
		return &counter{tb: localtest.Table(t, table.Commerce, in.DB), careful: true}
	})
	for _, mode := range []fault.Mode{fault.Lost, fault.Twice} {
		careless := &counter{tb: localtest.Table(t, table.Commerce, fault.New(fault.Plan{N: 1, Mode: mode}).DB)}
		careless.Run(t.Context())
		careless.Check(t)
		if !careless.spoiled {
			t.Fatalf("a careless world survived a call that %s", mode)
		}
	}
}
