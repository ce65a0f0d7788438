package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/infra/testkit/memory"
	"dangol/shared/platform/backoff"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// The load of the simulation: orders a second on one promotion, and for how long.
const (
	hotRate  = 500
	hotFor   = 6 * time.Second
	hotPromo = "promo_01k9abcdefghjkmnpqrstvwxyz"
)

// hot plays 500 orders a second on one promotion with a budget against a table in memory whose items are busy while a
// transaction writes them, as DynamoDB's are: once with one counter that each order writes, and once with the budget in
// slices; then with a budget that ends in the middle.
func hot(ctx context.Context) error {
	fmt.Printf("\n%d orders a second on one promotion with a budget, for %.0f s\n"+
		"%-28s %6s %8s %9s %10s %8s %8s\n", hotRate, hotFor.Seconds(),
		"budget", "busy", "orders", "used up", "try again", "p50", "p99")
	for _, run := range []struct {
		name   string
		uses   int
		shared bool // all orders on one item
	}{
		{"one counter", 1_000_000, true},
		{"in slices", 1_000_000, false},
		{"in slices, of 1500 orders", 1_500, false},
	} {
		for _, busy := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
			result, err := playHot(ctx, run.uses, run.shared, busy)
			if err != nil {
				return err
			}
			fmt.Printf("%-28s %6s %8d %9d %9.2f%% %8s %8s\n", run.name, busy, result.taken, result.usedUp,
				100*float64(result.again)/float64(len(result.took)), result.percentile(50), result.percentile(99))
			// An order too many, or one too few of a budget that others were refused for, is a fault and not a figure.
			if result.taken > run.uses || result.usedUp > 0 && result.taken+result.again < run.uses {
				return fmt.Errorf("%d orders of %d", result.taken, run.uses)
			}
		}
	}
	return nil
}

// hotResult is what became of the orders.
type hotResult struct {
	taken, usedUp, again int
	took                 []time.Duration // of each order, sorted
}

// percentile is the time within which so many of 100 orders had an answer.
func (r hotResult) percentile(n int) time.Duration {
	return r.took[len(r.took)*n/100].Round(time.Millisecond)
}

// errUsedUp is the answer for an order that finds nothing left.
var errUsedUp = errors.New("used up")

// playHot sends orders at the rate, whether or not those before have an answer.
func playHot(ctx context.Context, uses int, shared bool, busy time.Duration) (result hotResult, err error) {
	db := &busyDB{DB: memory.New(table.Commerce), busy: busy, writing: map[table.Key]bool{}}
	commerce := table.New(db, "Commerce", nil)
	watch := clock.System{}
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := watch.Now()
	for n := range int(hotRate * hotFor.Seconds()) {
		next := begun.Add(time.Duration(n) * time.Second / hotRate)
		if err := backoff.Sleep(ctx, next.Sub(watch.Now())); err != nil {
			return result, err
		}
		all.Go(func() {
			from := watch.Now()
			e := hotOrder(ctx, commerce, n, uses, shared)
			mu.Lock()
			defer mu.Unlock()
			result.took = append(result.took, watch.Now().Sub(from))
			switch {
			case e == nil:
				result.taken++
			case errors.Is(e, errUsedUp):
				result.usedUp++
			case problem.Code(e) == "busy":
				result.again++
			default:
				err = e
			}
		})
	}
	all.Wait()
	slices.Sort(result.took)
	return result, err
}

// hotOrder begins one order as the checkout does: its record, the stock of its own product, and what the promotion
// counts.
func hotOrder(ctx context.Context, commerce *table.Table, n, uses int, shared bool) error {
	writes := []table.Write{
		table.Put{Item: table.Key{PK: "CHECKOUT#" + strconv.Itoa(n), SK: "CHECKOUT"}, If: table.IfNew},
		// Each order buys another product, so that the promotion is all that they share. No condition: nothing is sold out.
		table.Update{Key: table.Key{PK: "STOCK#" + strconv.Itoa(n), SK: "STOCK"}, Do: "ADD #available :less",
			With: map[string]any{":less": -1}},
	}
	if shared {
		return commerce.Transact(ctx, "", append(writes, table.Update{
			Key: store.KeyOfBudget(hotPromo), Do: "ADD #uses :one",
			If:   "attribute_not_exists(#uses) OR #uses < :most", // the budget, as one counter
			With: map[string]any{":one": 1, ":most": uses},
		})...)
	}
	snapshot := store.NewSnapshot([]promotion.Promotion{{ID: hotPromo, Budget: promotion.Budget{Uses: uses}}}, nil)
	claims := snapshot.Claims([]promotion.Applied{{PromotionID: hotPromo, Amount: 1_000}}, "KRW")
	first := true
	_, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (_ int, err error) {
		if !first {
			claims, err = store.ReadLevels(ctx, commerce, claims)
		}
		first = false
		return 0, err
	}, func(ctx context.Context, _ int) (int, error) {
		count, used := store.CountClaims(claims, rand.Int())
		if used != nil {
			return 0, errUsedUp
		}
		err := commerce.Transact(ctx, "", append(writes[:len(writes):len(writes)], count.Writes...)...)
		canceled, refused := table.Refused(err)
		switch {
		case !refused:
			return 0, err
		case count.Refused(canceled, len(writes)) != nil:
			return 0, errUsedUp
		default:
			return 0, table.Stale(err, nil)
		}
	})
	return err
}

// busyDB refuses a transaction on an item that another one is writing, as DynamoDB does, and takes its time for each.
type busyDB struct {
	table.DB
	busy    time.Duration
	mu      sync.Mutex
	writing map[table.Key]bool
}

// TransactWriteItems implements table.DB.
func (b *busyDB) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	keys := make([]table.Key, len(in.TransactItems))
	for i, w := range in.TransactItems {
		if w.Put != nil {
			keys[i] = table.Item(w.Put.Item).Key()
		} else {
			keys[i] = table.Item(w.Update.Key).Key()
		}
	}
	if !b.begin(keys) {
		return nil, &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
			{Code: aws.String("TransactionConflict")}}}
	}
	defer b.end(keys)
	if err := backoff.Sleep(ctx, b.busy); err != nil {
		return nil, err
	}
	return b.DB.TransactWriteItems(ctx, in, o...)
}

// begin takes the items unless one of them is taken.
func (b *busyDB) begin(keys []table.Key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		if b.writing[key] {
			return false
		}
	}
	for _, key := range keys {
		b.writing[key] = true
	}
	return true
}

// end frees the items.
func (b *busyDB) end(keys []table.Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		delete(b.writing, key)
	}
}
