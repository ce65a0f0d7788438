package promotionscheduler_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"dangol/events"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
	"dangol/shared/rma"
)

// count sends changes of orders as the table's stream does, and returns the sequence number from which it has to be
// sent again, "" when all is counted.
func (b *bench) count(records ...json.RawMessage) (again string) {
	b.t.Helper()
	raw, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := b.f.Handler().Invoke(b.t.Context(), raw)
	if err != nil {
		b.t.Fatal(err)
	}
	var answer lambdaevents.DynamoDBEventResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		b.t.Fatal(err)
	}
	if len(answer.BatchItemFailures) == 0 {
		return ""
	}
	return answer.BatchItemFailures[0].ItemIdentifier
}

// change is the record of an order that an event was written on. Its sequence number is the event's id.
func (b *bench) change(id string, body event.Body) json.RawMessage {
	b.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	text := func(s string) map[string]string { return map[string]string{"S": s} }
	raw, err := json.Marshal(map[string]any{"eventSource": "aws:dynamodb", "dynamodb": map[string]any{
		"SequenceNumber": id, "Keys": map[string]any{"pk": text("ORDER#" + id), "sk": text("ORDER")},
		"NewImage": map[string]any{"event": map[string]any{"M": map[string]any{
			"id": text(id), "type": text(body.EventType()), "time": text(b.clock.Now().Format(time.RFC3339Nano)),
			"data": text(string(data)),
		}}},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// sold sends one change of an order, which must be counted.
func (b *bench) sold(id string, body event.Body) {
	b.t.Helper()
	if again := b.count(b.change(id, body)); again != "" {
		b.t.Fatalf("to be sent again from %s", again)
	}
}

func placed(n int64) events.OrderPlaced {
	won := func(amount int64) money.Money { return money.Of(amount, "KRW") }
	return events.OrderPlaced{
		Lines: []events.OrderLine{
			{ProductID: "prod_a", Quantity: 1, Total: won(8_000 * n), Discounted: true},
			{ProductID: "prod_b", Quantity: 1, Total: won(2_000 * n)},
		},
		Total: won(10_000 * n), PlacedAt: starts, FirstOrder: true,
		Promotions: []events.OrderPromotion{{PromotionID: promotionID, Amount: 1_000 * n}},
	}
}

func TestOrdersAreCountedOnceAndThoseThatComeToNothingTakenOff(t *testing.T) {
	t.Parallel()
	back := placed(2)
	for name, end := range map[string]event.Body{
		"canceled": events.OrderCanceled{Lines: back.Lines, Total: back.Total, PlacedAt: back.PlacedAt, FirstOrder: true,
			Promotions: back.Promotions},
		"never paid": events.OrderPaymentFailed{
			Lines: back.Lines, Total: back.Total, PlacedAt: back.PlacedAt, FirstOrder: true, Promotions: back.Promotions,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.sold("evt_1", placed(1))
			b.sold("evt_1", placed(1))
			b.sold("evt_2", placed(2))
			b.wantSold(store.TheShop, promotion.DaySales{Orders: 2, Revenue: 30_000, Discounted: 24_000})
			b.wantSold("prod_b", promotion.DaySales{Orders: 2, Revenue: 6_000})
			b.sold("evt_3", end)
			b.sold("evt_3", end)
			b.wantSold(store.TheShop, promotion.DaySales{Orders: 1, Revenue: 10_000, Discounted: 8_000})
			stats, err := b.f.Store.Stats(t.Context(), promotionID)
			if err != nil || len(stats) != 1 ||
				stats[0] != (store.Stats{Currency: "KRW", Orders: 1, Revenue: 10_000, Cost: 1_000, NewCustomers: 1}) {
				t.Errorf("the promotion brought %+v (%v)", stats, err)
			}
		})
	}
}

// TestUnitsSoldAreCountedForTheReportOfReturns counts an order twice, an exchange and a cancellation: units that were
// bought count once, the others not.
func TestUnitsSoldAreCountedForTheReportOfReturns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := placed(1)
	o.Lines = append(o.Lines, events.OrderLine{ProductID: "prod_a", Title: "쑥 비누", Quantity: 3,
		Total: money.Of(3_000, "KRW")})
	b.sold("evt_1", o)
	b.sold("evt_1", o)
	exchange := o
	exchange.Origin = "exchange"
	b.sold("evt_2", exchange)
	b.sold("evt_3", events.OrderCanceled{Lines: o.Lines, Total: o.Total, PlacedAt: o.PlacedAt})
	for product, want := range map[string]int{"prod_a": 4, "prod_b": 1} {
		var counted struct {
			ProductID string `dynamodbav:"productId"`
			Title     string `dynamodbav:"title"`
			Sold      int    `dynamodbav:"sold"`
		}
		if err := b.table.Get(t.Context(), rma.CountKey(rma.MonthOf(starts), product), &counted); err != nil {
			t.Fatal(err)
		}
		if counted.Sold != want || counted.ProductID != product || (product == "prod_a") != (counted.Title == "쑥 비누") {
			t.Errorf("%s: %+v, want %d units", product, counted, want)
		}
	}
}

func TestTheShopsDayCountsWhoBoughtAndWhatCameToNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	back := placed(2)
	back.FirstOrder = false
	b.sold("evt_1", placed(1))
	b.sold("evt_2", back)
	day := civil.DateAt(starts, time.UTC)
	want := func(text string, days ...store.ShopDay) {
		t.Helper()
		got, err := b.f.Store.ShopSales(t.Context(), "KRW", day.Add(-1), day.Add(400))
		if err != nil || !slices.Equal(got, days) {
			t.Errorf("%s: %+v (%v), want %+v", text, got, err, days)
		}
	}
	want("two orders", store.ShopDay{Day: day, Orders: 2, New: 1, Guests: 2, Revenue: 30_000, Discounts: 3_000})
	canceled := events.OrderCanceled{Lines: back.Lines, Total: back.Total, PlacedAt: back.PlacedAt,
		Promotions: back.Promotions}
	b.sold("evt_3", canceled)
	b.sold("evt_3", canceled)
	today := civil.DateAt(b.clock.Now(), time.UTC)
	first := store.ShopDay{Day: day, Orders: 1, New: 1, Guests: 1, Revenue: 10_000, Discounts: 1_000}
	ended := store.ShopDay{Day: today, Canceled: 1, Refunds: 20_000}
	if today == day {
		want("one canceled on the same day", first.Add(ended))
		return
	}
	want("one canceled", first, ended)
}

func (b *bench) wantSold(scope string, want promotion.DaySales) {
	b.t.Helper()
	want.Day = civil.DateAt(starts, time.UTC)
	days, err := b.f.Store.Sales(b.t.Context(), scope, "KRW", want.Day.Add(-1), want.Day.Add(1))
	if err != nil || len(days) != 1 || days[0] != want {
		b.t.Errorf("%s sold %+v (%v), want %+v", scope, days, err, want)
	}
}

func TestABudgetThatIsUsedUpIsPublishedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(p *promotion.Promotion) { p.Budget.Uses = 2 })
	use := func() {
		if _, err := b.table.Update(t.Context(),
			table.Update{Key: store.KeyOfBudget(promotionID), Do: "ADD #uses :one",
				With: map[string]any{":one": 1}}); err != nil {
			t.Fatal(err)
		}
	}
	use()
	b.sold("evt_1", placed(1))
	if e := b.published(); e != nil {
		t.Errorf("with one use left it published %s", e.Type)
	}
	use()
	b.sold("evt_2", placed(1))
	first := b.published()
	if first == nil || first.Type != "promotion.budget_exhausted" {
		t.Fatalf("it published %+v", first)
	}
	b.sold("evt_3", placed(1))
	if b.published().ID != first.ID {
		t.Error("it was published twice")
	}
}

// TestABudgetIsPublishedWhenTheStepAfterTheCountFails makes each call after the transaction fail once. The bus delivers
// the event again, and the order has been counted by then.
func TestABudgetIsPublishedWhenTheStepAfterTheCountFails(t *testing.T) {
	t.Parallel()
	for n := 2; ; n++ { // 1 is the transaction
		b := newBench(t, func(p *promotion.Promotion) { p.Budget.Uses = 1 })
		if _, err := b.table.Update(t.Context(), table.Update{
			Key: store.KeyOfBudget(promotionID), Do: "ADD #uses :one", With: map[string]any{":one": 1},
		}); err != nil {
			t.Fatal(err)
		}
		faults := fault.New(fault.Plan{N: n, Mode: fault.Fails})
		b.f.Table = table.New(faults.DB(localtest.DB(t)), b.table.Name(), nil)
		b.f.Store.Table = b.f.Table
		if b.count(b.change("evt_1", placed(1))) == "" {
			return // there was no such call
		}
		b.sold("evt_1", placed(1))
		if e := b.published(); e == nil || e.Type != "promotion.budget_exhausted" {
			t.Errorf("call %d failed, and it published %+v", n, e)
		}
		b.wantSold(store.TheShop, promotion.DaySales{Orders: 1, Revenue: 10_000, Discounted: 8_000})
	}
}

// TestOneBatchIsCountedInFewWrites counts 60 orders of the same products: the counters of the shop are written once for
// each transaction, not once for each order.
func TestOneBatchIsCountedInFewWrites(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	transactions := 0
	b.f.Table = table.New(localtest.DB(t), b.table.Name(), func(op table.Op) {
		if op.Action == "TransactWriteItems" && !op.Part {
			transactions++
		}
	})
	var batch []json.RawMessage
	for n := range 60 {
		batch = append(batch, b.change(fmt.Sprint("evt_", n), placed(1)))
	}
	for range 2 { // the second time nothing is left to count
		if again := b.count(batch...); again != "" {
			t.Fatalf("to be sent again from %s", again)
		}
		b.wantSold(store.TheShop, promotion.DaySales{Orders: 60, Revenue: 600_000, Discounted: 480_000})
	}
	if transactions > 2 {
		t.Errorf("%d transactions for one batch sent twice", transactions)
	}
}

// TestAnOrderOfVeryManyProductsIsCountedWhole sells 250 products, more counters than a transaction takes, and takes the
// order off again.
func TestAnOrderOfVeryManyProductsIsCountedWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	order := placed(1)
	order.Lines = nil
	for n := range 250 {
		order.Lines = append(order.Lines, events.OrderLine{ProductID: fmt.Sprint("prod_", n), Quantity: 1,
			Total: money.Of(100, "KRW")})
	}
	batch := []json.RawMessage{b.change("evt_1", placed(1)), b.change("evt_2", order), b.change("evt_3", placed(1))}
	for range 2 {
		if again := b.count(batch...); again != "" {
			t.Fatalf("to be sent again from %s", again)
		}
	}
	b.wantSold(store.TheShop, promotion.DaySales{Orders: 3, Revenue: 45_000, Discounted: 16_000})
	for n := range 250 {
		b.wantSold(fmt.Sprint("prod_", n), promotion.DaySales{Orders: 1, Revenue: 100})
	}
	canceled := events.OrderCanceled{Lines: order.Lines, Total: order.Total, PlacedAt: order.PlacedAt,
		Promotions: order.Promotions}
	b.sold("evt_4", canceled)
	b.sold("evt_4", canceled)
	b.wantSold(store.TheShop, promotion.DaySales{Orders: 2, Revenue: 20_000, Discounted: 16_000})
	b.wantSold("prod_249", promotion.DaySales{})
}

// TestWhicheverCallFailsEachOrderIsCountedOnce makes each call fail, and take effect without an answer, and sends the
// batch again as Lambda does.
func TestWhicheverCallFailsEachOrderIsCountedOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered} {
		for n := 1; ; n++ {
			b := newBench(t)
			batch := []json.RawMessage{b.change("evt_1", placed(1)), b.change("evt_2", placed(2))}
			faults := fault.New(fault.Plan{N: n, Mode: mode})
			b.f.Table = table.New(faults.DB(localtest.DB(t)), b.table.Name(), nil)
			again := b.count(batch...)
			if again != "" && b.count(batch...) != "" {
				t.Fatalf("call %d %v: not counted at the second time", n, mode)
			}
			b.wantSold(store.TheShop, promotion.DaySales{Orders: 2, Revenue: 30_000, Discounted: 24_000})
			if again == "" {
				break
			}
		}
	}
}

// TestARecordThatMakesNoSenseIsNamedAndTheOthersAreCounted reports the record, which Lambda puts aside in the end.
func TestARecordThatMakesNoSenseIsNamedAndTheOthersAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	broken := json.RawMessage(`{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"evt_2","NewImage":{"event":
		{"M":{"id":{"S":"evt_2"},"type":{"S":"order.placed"},"time":{"S":"2026-11-27T01:00:00Z"},"data":{"S":"[]"}}}}}}`)
	again := b.count(b.change("evt_1", placed(1)), broken, b.change("evt_3", placed(1)))
	if again != "evt_2" {
		t.Errorf("to be sent again from %q, want evt_2", again)
	}
	b.wantSold(store.TheShop, promotion.DaySales{Orders: 2, Revenue: 20_000, Discounted: 16_000})
}

// failing is a log that cannot be written.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no log") }

// TestMetricsAreSummedForWhatWasCounted writes one line for the orders of a batch, none for what was counted before,
// and lets an order be counted where the line cannot be written.
func TestMetricsAreSummedForWhatWasCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	batch := []json.RawMessage{b.change("evt_1", placed(1)), b.change("evt_2", placed(2))}
	b.count(batch...)
	b.count(batch...)
	if got := bytes.Count(b.metrics.Bytes(), []byte(`"PromotionOrders":2`)); got != 1 {
		t.Errorf("the sum of two orders stands %d times in %s", got, b.metrics.String())
	}
	b.f.Metrics = metrics.New(failing{}, b.clock, nil)
	b.sold("evt_3", placed(1))
	b.wantSold(store.TheShop, promotion.DaySales{Orders: 3, Revenue: 40_000, Discounted: 32_000})
}
