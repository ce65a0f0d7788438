package promotionscheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"dangol/events"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
	"dangol/shared/rma"
)

// sale is what of an order is counted; sign is -1 for one that came to nothing. An order tells its end once, as
// canceled or as never paid, so it is taken off once.
type sale struct {
	sign       int       // 1 for a new order, -1 for one taken off
	at         time.Time // when the order was placed
	currency   string
	total      int64 // what it cost the shopper, minor units
	first      bool  // the customer's first order
	guest      bool
	lines      []events.OrderLine
	promotions []events.OrderPromotion
	bought     bool // and not made in exchange for something
}

// saleTypes are the types of the events that saleIn reads.
func saleTypes() []string {
	return []string{
		events.OrderPlaced{}.EventType(), events.OrderCanceled{}.EventType(), events.OrderPaymentFailed{}.EventType(),
	}
}

// saleIn reads what an event of an order counts. ok is false for an event that counts nothing: one of another type, or
// from before orders said when they were placed.
func saleIn(e event.Envelope) (s sale, ok bool, err error) {
	switch e.Type {
	case events.OrderPlaced{}.EventType():
		var o events.OrderPlaced
		err = e.Into(&o)
		s = sale{1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions,
			o.Origin == ""}
	case events.OrderCanceled{}.EventType():
		var o events.OrderCanceled
		err = e.Into(&o)
		s = sale{-1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions,
			false}
	case events.OrderPaymentFailed{}.EventType():
		var o events.OrderPaymentFailed
		err = e.Into(&o)
		s = sale{-1, o.PlacedAt, o.Total.Currency, o.Total.Amount, o.FirstOrder, o.CustomerID == "", o.Lines, o.Promotions,
			false}
	}
	return s, err == nil && !s.at.IsZero() && s.currency != "", err
}

// CountOrders counts the orders of one batch of the table's stream. Its answer names the first record that is not
// counted, and Lambda comes again from there; what was counted before is recognized by its record.
func (f Scheduler) CountOrders(ctx context.Context, in event.StreamBatch) (answer lambdaevents.DynamoDBEventResponse,
	err error) {
	first := len(in.Records)
	var all []entry
	for i, record := range in.Records {
		e, changed, err := record.Envelope()
		var s sale
		ok := false
		if err == nil && changed {
			s, ok, err = saleIn(e)
		}
		if err != nil {
			// It will not get better: after its retries it goes to the dead-letter queue, and holds up nothing until then.
			f.Log.ErrorContext(ctx, "unreadable order event", "item", record.Item(), "error", err)
			first = min(first, i)
			continue
		}
		if ok {
			all = append(all, f.entries(i, e, s)...)
		}
	}
	for batch := range batches(all) {
		if err := f.count(ctx, batch); err != nil {
			f.Log.ErrorContext(ctx, "orders not counted", "orders", len(batch), "error", err)
			first = min(first, batch[0].index)
			break
		}
	}
	if err := f.budgets(ctx, all); err != nil {
		f.Log.ErrorContext(ctx, "budgets not looked at", "error", err)
		first = 0
	}
	if first < len(in.Records) {
		answer.BatchItemFailures = []lambdaevents.DynamoDBBatchItemFailure{
			{ItemIdentifier: in.Records[first].Change.SequenceNumber}}
	}
	return answer, nil
}

// entry is what one order adds to counters, with the record that it was counted. An order of very many products is
// several entries.
type entry struct {
	index    int // of the stream's record
	sale     sale
	once     table.Put
	counts   []table.Count
	measured bool // its metrics are written: of one entry of each order
}

// maxCounts is how many counters one entry has: a transaction takes them and the record that they were counted.
const maxCounts = table.MaxWrites - 1

// entries are the entries of an order: one, or more when it adds to more counters than a transaction takes. The order
// of the counters is the same each time, so that each part has the same counters when it is delivered again.
func (f Scheduler) entries(index int, e event.Envelope, s sale) (all []entry) {
	for part := range slices.Chunk(f.counts(e, s), maxCounts) {
		consumer := Consumer
		// The first part has the name that orders of one part have.
		if len(all) > 0 {
			consumer = fmt.Sprint(Consumer, "-", len(all)+1)
		}
		all = append(all, entry{
			index: index, sale: s, once: event.Once(consumer, e, f.Clock.Now()), counts: part, measured: len(all) == 0,
		})
	}
	return all
}

// Consumer is the name under which counted events are remembered.
const Consumer = "promotion-scheduler"

// counts is what the order adds to which counter: the day's sales of the shop and of each product, what each promotion
// brought, and the units that the report of returns compares with. Always in the same order.
func (f Scheduler) counts(e event.Envelope, s sale) (counts []table.Count) {
	for _, day := range f.shopDays(s, e.Time) {
		counts = append(counts, store.ShopSold(s.currency, day))
	}
	byScope := f.days(s)
	scopes := make([]string, 0, len(byScope))
	for scope := range byScope {
		scopes = append(scopes, scope)
	}
	slices.Sort(scopes)
	for _, scope := range scopes {
		counts = append(counts, store.AddDaySales(scope, s.currency, byScope[scope]))
	}
	for _, p := range s.promotions {
		counts = append(counts, store.AddStats(p.PromotionID, s.stats(p)))
	}
	// One line after the other: those of a product are joined when they are written.
	for _, l := range s.lines {
		if s.bought {
			counts = append(counts, rma.Sold(l.ProductID, l.Title, l.Quantity, s.at))
		}
	}
	return counts
}

// stats is what the order adds to what a promotion has brought. The customer is new once, whatever number of promotions
// the order had.
func (s sale) stats(p events.OrderPromotion) store.Stats {
	one := store.Stats{
		Currency: s.currency, Orders: s.sign, Revenue: int64(s.sign) * s.total, Cost: int64(s.sign) * p.Amount,
	}
	if s.first {
		one.NewCustomers = s.sign
	}
	return one
}

// batches cuts entries into transactions: as many orders together as their records and the counters that they add to
// have room. Counters that several orders share are one write, so a shop-wide counter is written once for all of them.
func batches(all []entry) func(yield func([]entry) bool) {
	return func(yield func([]entry) bool) {
		start := 0
		keys := map[table.Key]bool{}
		for i, e := range all {
			more := 0
			for _, c := range e.counts {
				if !keys[c.Key] {
					more++
				}
			}
			// One record for each entry, this one included.
			if i > start && (i-start+1)+len(keys)+more > table.MaxWrites {
				if !yield(all[start:i]) {
					return
				}
				start = i
				clear(keys)
			}
			for _, c := range e.counts {
				keys[c.Key] = true
			}
		}
		if start < len(all) {
			yield(all[start:])
		}
	}
}

// count adds a batch to its counters in one transaction with the records that they were counted, and writes its
// metrics. Entries that were counted before are left out. 1 round trip, 1 more when some were.
func (f Scheduler) count(ctx context.Context, batch []entry) error {
	for len(batch) > 0 {
		// The records first: a refusal at place i means that entry i was counted before.
		writes := make([]table.Write, 0, table.MaxWrites)
		for _, e := range batch {
			writes = append(writes, e.once)
		}
		for _, e := range batch {
			for _, c := range e.counts {
				writes = append(writes, c)
			}
		}
		err := f.Table.Transact(ctx, "", writes...)
		if err == nil {
			f.measure(ctx, batch)
			return nil
		}
		c, refused := table.Refused(err)
		if !refused {
			return err
		}
		var left []entry
		for i, e := range batch {
			if !c.Refused(i) {
				left = append(left, e)
			}
		}
		if len(left) == len(batch) {
			return err
		}
		batch = left
	}
	return nil
}

// shopDays is what the order adds to the shop's sales: on the day it was placed, and on the day it was canceled.
func (f Scheduler) shopDays(s sale, at time.Time) []store.ShopDay {
	placed := store.ShopDay{Day: civil.DateAt(s.at, f.Zone), Orders: s.sign, Revenue: int64(s.sign) * s.total}
	for _, p := range s.promotions {
		placed.Discounts += int64(s.sign) * p.Amount
	}
	if s.first {
		placed.New = s.sign
	}
	if s.guest {
		placed.Guests = s.sign
	}
	// A placed order concerns one day only; a canceled one the day it was placed and the day it was canceled.
	if s.sign > 0 {
		return []store.ShopDay{placed}
	}
	canceled := store.ShopDay{Day: civil.DateAt(at, f.Zone), Canceled: 1, Refunds: s.total}
	if canceled.Day == placed.Day {
		return []store.ShopDay{placed.Add(canceled)}
	}
	return []store.ShopDay{placed, canceled}
}

// days is what the order adds to a day's sales, by scope.
func (f Scheduler) days(s sale) map[string]promotion.DaySales {
	day := civil.DateAt(s.at, f.Zone)
	by := map[string]promotion.DaySales{}
	// Each line adds to the shop and to its product; orders are counted once for each, however many lines it has.
	add := func(scope string, l events.OrderLine) {
		d := by[scope]
		d.Day, d.Orders = day, s.sign
		d.Revenue += int64(s.sign) * l.Total.Amount
		if l.Discounted {
			d.Discounted += int64(s.sign) * l.Total.Amount
		}
		by[scope] = d
	}
	for _, l := range s.lines {
		add(store.TheShop, l)
		add(l.ProductID, l)
	}
	return by
}
