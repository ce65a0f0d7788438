// Package hotitem plays many orders a second on one promotion against a table in memory whose items are busy while a
// transaction writes them, as DynamoDB's are. Under testing/synctest it takes no real time, so the figures do not
// depend on the machine.
package hotitem

import (
	"context"
	"errors"
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

// promotionID is the promotion that all orders have.
const promotionID = "promo_01k9abcdefghjkmnpqrstvwxyz"

// Play is one simulation.
type Play struct {
	Rate       int           // orders a second, whether or not those before have an answer
	For        time.Duration // how long
	Busy       time.Duration // how long a transaction keeps its items
	Uses       int           // the budget in orders; 0 where it is Spend
	Spend      int64         // the budget in won
	OneCounter bool          // each order writes one counter: what slices are compared with
}

// Amount is what order n takes of a budget in won: 1,000 to 9,000.
func Amount(n int) int64 { return 1_000 * int64(1+n*7%9) }

// Result is what became of the orders.
type Result struct {
	Taken, UsedUp, Again int
	Spent                int64           // by those taken
	Took                 []time.Duration // of each order, sorted
}

// Percentile is the time within which so many of 100 orders had an answer.
func (r Result) Percentile(n int) time.Duration {
	return r.Took[len(r.Took)*n/100].Round(time.Millisecond)
}

// AgainShare is the share of the orders that were told to try again, in percent.
func (r Result) AgainShare() float64 { return 100 * float64(r.Again) / float64(len(r.Took)) }

// errUsedUp is the answer for an order that finds nothing left.
var errUsedUp = errors.New("used up")

// Run plays. Errors: those of orders, besides "used up" and "busy".
func (p Play) Run(ctx context.Context) (result Result, err error) {
	db := &busyDB{DB: memory.New(table.Commerce), busy: p.Busy, writing: map[table.Key]bool{}}
	commerce := table.New(db, "Commerce", nil)
	watch := clock.System{}
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := watch.Now()
	for n := range int(float64(p.Rate) * p.For.Seconds()) {
		next := begun.Add(time.Duration(n) * time.Second / time.Duration(p.Rate))
		if err := backoff.Sleep(ctx, next.Sub(watch.Now())); err != nil {
			return result, err
		}
		all.Go(func() {
			from := watch.Now()
			e := p.order(ctx, commerce, n)
			mu.Lock()
			defer mu.Unlock()
			result.Took = append(result.Took, watch.Now().Sub(from))
			switch {
			case e == nil:
				result.Taken++
				result.Spent += Amount(n)
			case errors.Is(e, errUsedUp):
				result.UsedUp++
			case problem.Code(e) == "busy":
				result.Again++
			default:
				err = e
			}
		})
	}
	all.Wait()
	slices.Sort(result.Took)
	return result, err
}

// order begins one order as the checkout does: its record, the stock of its own product, and what the promotion
// counts.
func (p Play) order(ctx context.Context, commerce *table.Table, n int) error {
	writes := []table.Write{
		table.Put{Item: table.Key{PK: "CHECKOUT#" + strconv.Itoa(n), SK: "CHECKOUT"}, If: table.IfNew},
		// Each order buys another product, so that the promotion is all that they share. No condition: nothing is sold out.
		table.Update{Key: table.Key{PK: "STOCK#" + strconv.Itoa(n), SK: "STOCK"}, Do: "ADD #available :less",
			With: map[string]any{":less": -1}},
	}
	if p.OneCounter {
		return commerce.Transact(ctx, "", append(writes, table.Update{
			Key: store.KeyOfBudget(promotionID), Do: "ADD #uses :one",
			If:   "attribute_not_exists(#uses) OR #uses < :most", // the budget, as one counter
			With: map[string]any{":one": 1, ":most": p.Uses},
		})...)
	}
	limited := promotion.Promotion{ID: promotionID, Budget: promotion.Budget{Uses: p.Uses}}
	if p.Uses == 0 {
		limited.Budget.Spend = promotion.Amounts{"KRW": p.Spend}
	}
	snapshot := store.NewSnapshot([]promotion.Promotion{limited}, nil)
	claims := snapshot.Claims([]promotion.Applied{{PromotionID: promotionID, Amount: Amount(n)}}, "KRW")
	counter := store.NewClaimCounter(claims)
	_, err := table.Modify(ctx, func(context.Context, table.Item) (int, error) { return 0, nil },
		func(ctx context.Context, _ int) (int, error) {
			count, used, err := counter.Plan(ctx, commerce)
			switch {
			case err != nil:
				return 0, err
			case used != nil:
				return 0, errUsedUp
			}
			err = commerce.TryTransact(ctx, "", append(writes[:len(writes):len(writes)], count.Writes...)...)
			canceled, refused := table.Refused(err)
			switch {
			case !refused:
				return 0, err
			case counter.Refused(count, canceled, len(writes)) != nil:
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
