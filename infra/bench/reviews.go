package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

// reviewFigures prints what reviews cost: the product page, writes on one hot product, the signals, and an audit of
// many.
func reviewFigures(ctx context.Context, count int) error {
	reviewCampaigns()
	dir, err := os.MkdirTemp("", "dangol-reviews")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := engine.Start(ctx, engine.Options{DataFile: filepath.Join(dir, "data.db")})
	if err != nil {
		return err
	}
	defer db.Stop()
	schema := table.Care
	schema.Stream = false
	client := tables.Client(db.Endpoint())
	if err := tables.Create(ctx, client, schema.Name, schema); err != nil {
		return err
	}
	s := store.Store{Table: table.New(client, schema.Name, nil), Clock: clock.System{}}
	if err := hotProduct(ctx, client, s); err != nil {
		return err
	}
	if err := productPage(ctx, s); err != nil {
		return err
	}
	return auditMany(ctx, client, s, count)
}

// exclusive is a database on which a transaction has its items for itself for some time, as DynamoDB's do: another one
// that wants one of them is canceled with TransactionConflict and tried again by package table.
type exclusive struct {
	table.DB
	holds     time.Duration
	mu        sync.Mutex
	taken     map[string]bool
	conflicts atomic.Int64
}

// TransactWriteItems takes the items, applies the transaction, and gives them back.
func (e *exclusive) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	keys := make([]string, len(in.TransactItems))
	for i, w := range in.TransactItems {
		keys[i] = keyOf(w)
	}
	if !e.take(keys) {
		// The table package tries again by itself, with
		// waits between; the conflict is counted here only.
		e.conflicts.Add(1)
		reasons := make([]types.CancellationReason, len(keys))
		for i := range reasons {
			reasons[i].Code = aws.String("TransactionConflict")
		}
		return nil, &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	defer e.give(keys)
	// The real time of a transaction between its machines.
	select {
	case <-time.After(e.holds):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return e.DB.TransactWriteItems(ctx, in, o...)
}

// take reserves all keys, or none.
func (e *exclusive) take(keys []string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range keys {
		if e.taken[k] {
			return false
		}
	}
	for _, k := range keys {
		e.taken[k] = true
	}
	return true
}

// give frees the keys.
func (e *exclusive) give(keys []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range keys {
		delete(e.taken, k)
	}
}

// keyOf is the key of a write in a transaction.
func keyOf(w types.TransactWriteItem) string {
	switch {
	case w.Put != nil:
		return table.Item(w.Put.Item).Key().String()
	case w.Update != nil:
		return table.Item(w.Update.Key).Key().String()
	case w.Delete != nil:
		return table.Item(w.Delete.Key).Key().String()
	}
	return table.Item(w.ConditionCheck.Key).Key().String()
}

// How long a transaction has its items for itself, and how many write at once, in the measurement of the hot product.
const (
	transactionHolds = 15 * time.Millisecond
	writersAtOnce    = 16
	hotWrites        = 400
)

// hotProduct prints how many reviews of one product are written a second when each transaction has the summary for
// itself.
func hotProduct(ctx context.Context, client table.DB, s store.Store) error {
	model := &exclusive{DB: client, holds: transactionHolds, taken: map[string]bool{}}
	hot := store.Store{Table: table.New(model, table.Care.Name, nil), Clock: s.Clock}
	var next, busy atomic.Int64
	began := s.Clock.Now()
	group, writing := errgroup.WithContext(ctx)
	for range writersAtOnce {
		group.Go(func() error {
			for {
				n := int(next.Add(1))
				if n > hotWrites {
					return nil
				}
				// A write that was busy in the end is counted and does not end the run.
				if err := writeReview(writing, hot, "prod_hot", n); err != nil {
					busy.Add(1)
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := s.Clock.Now().Sub(began)
	_, drift, err := s.Recount(ctx, "prod_hot")
	if err != nil {
		return err
	}
	fmt.Printf("\n%d reviews of one product by %d writers, a transaction has its items for itself for %v\n", hotWrites,
		writersAtOnce, transactionHolds)
	fmt.Printf("%-36s %12.1f\n%-36s %12d\n%-36s %12d\n%-36s %12v\n", "written a second",
		float64(hotWrites-int(busy.Load()))/took.Seconds(),
		"conflicts, tried again", model.conflicts.Load(), "refused as busy in the end", busy.Load(), "summary is exact",
		drift == nil)
	return nil
}

// writeReview writes review n of a product as the function does, signals included.
func writeReview(ctx context.Context, s store.Store, product string, n int) error {
	now := s.Clock.Now()
	r := &review.Review{
		ID: s.NewID(), ProductID: product, OrderID: fmt.Sprint("ord_", n), LineID: "line_1", AuthorID: fmt.Sprint("cust_", n),
		Author: "김**", State: review.Published, Verified: true, Written: now, Delivered: now,
		Content: review.Content{Stars: n%5 + 1, Text: sentence(rand.New(rand.NewPCG(1, uint64(n)))), Language: "ko"},
	}
	// No other accounts are known: links between accounts are not what is measured.
	sc, err := s.Screen(ctx, r, nil, store.AccountLinks{})
	if err != nil {
		return err
	}
	return s.Create(ctx, r, sc, false, store.Effect{})
}

// productPage prints what the summary with the first 20 reviews takes.
func productPage(ctx context.Context, s store.Store) error {
	const reads = 300
	metered, meter := table.Metered(ctx)
	began := s.Clock.Now()
	for range reads {
		page, err := s.Newest(metered, "prod_hot", review.Filter{}, 20, "")
		if err != nil {
			return err
		}
		// A page that is not whole would be cheaper and prove nothing.
		if len(page.Cards) != 20 || page.Summary == nil {
			return errors.New("the product page is not whole")
		}
	}
	took, c := s.Clock.Now().Sub(began)/reads, meter.Cost()
	fmt.Printf("\n%-36s %12s %12s %12s\n%-36s %12.2f %12.1f %12.2f\n", "product page", "trips", "read units", "ms each",
		"summary and first 20 reviews", float64(c.Trips)/reads, c.Read/reads, float64(took.Microseconds())/1000)
	return nil
}

// auditMany prints what counting many reviews again takes: spread evenly over products.
func auditMany(ctx context.Context, client *dynamodb.Client, s store.Store, count int) error {
	const products = 200
	sample, err := storedReview(ctx, client)
	if err != nil {
		return err
	}
	var stored atomic.Int64
	stop := tell("reviews stored", count, func() int { return int(stored.Load()) })
	// The engine writes one item at a time; more than four would only queue there.
	group, seeding := errgroup.WithContext(ctx)
	group.SetLimit(4)
	per := count / products
	for p := range products {
		group.Go(func() error {
			for from := 0; from < per; from += seedBatch {
				var writes []types.WriteRequest
				for n := from; n < min(from+seedBatch, per); n++ {
					writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: clone(sample, p, n)}})
				}
				in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table.Care.Name: writes}}
				if _, err := client.BatchWriteItem(seeding, in); err != nil {
					return err
				}
				stored.Add(int64(len(writes)))
			}
			return summarize(seeding, client, p, per)
		})
	}
	err = group.Wait()
	stop()
	if err != nil {
		return err
	}
	began := s.Clock.Now()
	var peak atomic.Uint64
	watching, done := context.WithCancel(ctx)
	go watchMemory(watching, &peak)
	audit, err := s.Audit(ctx)
	done()
	if err != nil {
		return err
	}
	fmt.Printf("\n%-36s %12d\n%-36s %12d\n%-36s %12v\n%-36s %12.1f\n%-36s %12d\n", "reviews counted again", audit.Reviews,
		"products", audit.Products,
		"time", s.Clock.Now().Sub(began).Round(time.Second), "memory at most, MB", float64(
			peak.Load())/1e6, "products with drift", len(audit.Drift))
	return nil
}

// watchMemory keeps the largest heap that it sees.
func watchMemory(ctx context.Context, peak *atomic.Uint64) {
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak.Store(max(peak.Load(), m.HeapAlloc))
		select {
		case <-ctx.Done():
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// storedReview is a review of the hot product as it is stored, without its places in lists: counting does not look at
// them.
func storedReview(ctx context.Context, client *dynamodb.Client) (table.Item, error) {
	got, err := client.Query(ctx, &dynamodb.QueryInput{
		TableName: &table.Care.Name, Limit: aws.Int32(1), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": &types.AttributeValueMemberS{Value: "REVIEWS#prod_hot"}},
	})
	if err != nil || len(got.Items) == 0 {
		return nil, errors.Join(err, errors.New("no review is stored"))
	}
	item := table.Item(got.Items[0])
	for _, name := range []string{"card", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "duePk", "dueAt", "event"} {
		delete(item, name)
	}
	return item, nil
}

// auditedProduct is the id of a made-up product.
func auditedProduct(p int) string { return fmt.Sprintf("prod_%03d", p) }

// clone is review n of product p.
func clone(sample table.Item, p, n int) table.Item {
	item := maps.Clone(sample)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	item["pk"], item["sk"] = text("REVIEWS#"+auditedProduct(p)), text(fmt.Sprintf("REVIEW#rev_%026d", n))
	// Stars are one digit in the stored text; replacing it
	// saves decoding and encoding a million reviews.
	was := sample.Text("review")
	at := strings.Index(was, `"stars":`) + len(`"stars":`)
	item["review"] = text(was[:at] + fmt.Sprint(n%5+1) + was[at+1:])
	return item
}

// summarize writes the summary that per clones add up to.
func summarize(ctx context.Context, client *dynamodb.Client, p, per int) error {
	number := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: fmt.Sprint(n)} }
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	item := map[string]types.AttributeValue{
		"pk": text("REVIEWS#" + auditedProduct(p)), "sk": text("SUMMARY"), "gsi2pk": text("REVIEWED"),
		"gsi2sk":  text(auditedProduct(p)),
		"changes": number(per), "c.verified": number(per), "c.state.published": number(per), "c.lang.ko": number(per),
	}
	// The stars of the clones go round, so the first ones have one more.
	for stars := range 5 {
		n := per / 5
		if stars < per%5 {
			n++
		}
		item[fmt.Sprint("c.n", stars+1)] = number(n)
	}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table.Care.Name, Item: item})
	return err
}
