package returns

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"dangol/events"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

// counts is what was sold and returned of a product in a month: one item. Machines count it, so it has atomic counters.
// What was sold is counted by the function promotion-scheduler, from the stream and for many orders at once.
type counts struct {
	table.Key
	ProductID string `dynamodbav:"productId"`
	Title     string `dynamodbav:"title"`
	Sold      int    `dynamodbav:"sold"`
	Returned  int    `dynamodbav:"returned"`
	Restocked int    `dynamodbav:"restocked"`
	// Reasons and Grades are units by reason and grade, as attributes reason_<reason> and grade_<grade>.
	// Value and lost value by currency are attributes value_<currency> and lost_<currency>.
	Reasons map[string]int `dynamodbav:"-"`
	Grades  map[string]int `dynamodbav:"-"`
}

// The prefixes keep the names of reasons and grades apart from the other attributes.
const (
	reasonPrefix = "reason_"
	gradePrefix  = "grade_"
	valuePrefix  = "value_"
	lostPrefix   = "lost_"
)

// ended counts what came back, when a return is completed.
func (f *Returns) ended(ctx context.Context, e event.Envelope, done events.ReturnCompleted) error {
	byProduct := map[string]map[string]int64{}
	titles := map[string]string{}
	for _, l := range done.Lines {
		add := byProduct[l.ProductID]
		if add == nil {
			add = map[string]int64{}
			byProduct[l.ProductID] = add
		}
		titles[l.ProductID] = l.Title
		add["returned"] += int64(l.Accepted)
		add["restocked"] += int64(l.Restocked)
		add[reasonPrefix+l.Reason] += int64(l.Accepted)
		if l.Grade != "" {
			add[gradePrefix+l.Grade] += int64(l.Accepted)
		}
		add[valuePrefix+l.Value.Currency] += l.Value.Amount
		add[lostPrefix+l.Lost.Currency] += l.Lost.Amount
	}
	var writes []table.Write
	for _, product := range slices.Sorted(maps.Keys(byProduct)) {
		u := table.Update{
			// By the month in which it ended, so that a month that is over does not change any
			// more.
			Key: rma.CountKey(rma.MonthOf(done.CompletedAt), product), Do: "SET #productId = :product, #title = :title",
			With: map[string]any{":product": product, ":title": titles[product]},
		}
		var adds []string
		for _, name := range slices.Sorted(maps.Keys(byProduct[product])) {
			// DynamoDB refuses an ADD of nothing.
			if n := byProduct[product][name]; n > 0 {
				adds = append(adds, "#"+name+" :"+name)
				u.With[":"+name] = n
			}
		}
		if len(adds) > 0 {
			u.Do += " ADD " + strings.Join(adds, ", ")
		}
		writes = append(writes, u)
	}
	return f.once(ctx, "returns", e, writes)
}

// once writes the effect of an event together with the memory that it was consumed. More products than fit into a
// transaction are counted in several, each remembered on its own.
func (f *Returns) once(ctx context.Context, consumer string, e event.Envelope, writes []table.Write) error {
	// One write of each transaction is the memory of the event.
	const most = table.MaxWrites - 1
	for part := 0; len(writes) > 0; part++ {
		n := min(most, len(writes))
		// Letters name the parts: a repetition divides the writes in the same way.
		chunk := append([]table.Write{event.Once(consumer+"-"+string(rune('a'+part)), e, f.Clock.Now())}, writes[:n]...)
		err := f.Table.Transact(ctx, consumer+e.ID+string(rune('a'+part)), chunk...)
		if c, ok := table.Refused(err); ok && c.Refused(0) {
			err = nil // it was consumed before
		}
		if err != nil {
			return err
		}
		writes = writes[n:]
	}
	return nil
}

// reportInput chooses a month.
type reportInput struct {
	Month string `query:"month" pattern:"^[0-9]{4}-(0[1-9]|1[0-2])$" doc:"UTC; this month when left out." example:"2026-11"`
}

// Report is what was returned in a month.
type Report struct {
	Month    string          `json:"month"`
	Sold     int             `json:"sold" doc:"Units sold in the month."`
	Returned int             `json:"returned" doc:"Units whose return was completed in the month."`
	Rate     int             `json:"rate" doc:"Returned of sold, in basis points."`
	Products []ProductReport `json:"products" nullable:"false" doc:"The most returned first."`
}

// ProductReport is what was returned of one product.
type ProductReport struct {
	ProductID string         `json:"productId"`
	Title     string         `json:"title"`
	Sold      int            `json:"sold"`
	Returned  int            `json:"returned"`
	Restocked int            `json:"restocked"`
	Rate      int            `json:"rate" doc:"Returned of sold, in basis points."`
	Reasons   map[string]int `json:"reasons" doc:"Units by reason."`
	Grades    map[string]int `json:"grades" doc:"Units by grade."`
	Top       string         `json:"topReason,omitempty"`
	// Value and Lost are what the returns cost, a sum for each currency.
	Value []money.Formatted `json:"value" nullable:"false" doc:"What the returned units had cost their buyers."`
	Lost  []money.Formatted `json:"lost" nullable:"false" doc:"What of it cannot be sold again: written off, or left with the customer."`
}

// reportOutput is the report of a month.
type reportOutput struct {
	Caching string `header:"Cache-Control"`
	Body    Report
}

// report reads the counts of a month. 1 round trip for each MB of them.
func (f *Returns) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	month := cmp.Or(in.Month, rma.MonthOf(f.Clock.Now()))
	out := &reportOutput{Caching: caching, Body: Report{Month: month, Products: []ProductReport{}}}
	err := f.Table.All(ctx, table.Query{
		Where: "#pk = :month", With: map[string]any{":month": rma.CountsOf(month)},
	}, func(item table.Item) error {
		p, err := productReport(item)
		out.Body.Products = append(out.Body.Products, p)
		out.Body.Sold, out.Body.Returned = out.Body.Sold+p.Sold, out.Body.Returned+p.Returned
		return err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Rate = rate(out.Body.Returned, out.Body.Sold)
	slices.SortFunc(out.Body.Products, func(a, b ProductReport) int {
		return cmp.Or(cmp.Compare(b.Returned, a.Returned), cmp.Compare(a.ProductID, b.ProductID))
	})
	return out, nil
}

// rate is a share in basis points; 0 when nothing was sold, although something may have come back.
func rate(returned, sold int) int {
	if sold == 0 {
		return 0
	}
	return returned * 10_000 / sold
}

// productReport reads a product's counts. Reasons and grades are attributes of their own, so they
// are read by prefix.
func productReport(item table.Item) (ProductReport, error) {
	var c counts
	var all map[string]any
	if err := item.Decode(&c); err != nil {
		return ProductReport{}, err
	}
	if err := item.Decode(&all); err != nil {
		return ProductReport{}, err
	}
	p := ProductReport{
		ProductID: c.ProductID, Title: c.Title, Sold: c.Sold, Returned: c.Returned, Restocked: c.Restocked,
		Rate:    rate(c.Returned, c.Sold),
		Reasons: map[string]int{}, Grades: map[string]int{}, Value: []money.Formatted{}, Lost: []money.Formatted{},
	}
	most := 0
	// Sorted, so that of reasons with equal counts always the same one is on top.
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n, _ := all[name].(float64)
		if reason, ok := strings.CutPrefix(name, reasonPrefix); ok {
			p.Reasons[reason] = int(n)
			if int(n) > most {
				most, p.Top = int(n), reason
			}
		}
		if grade, ok := strings.CutPrefix(name, gradePrefix); ok {
			p.Grades[grade] = int(n)
		}
		if currency, ok := strings.CutPrefix(name, valuePrefix); ok {
			p.Value = append(p.Value, money.Of(int64(n), currency).Formatted())
		}
		if currency, ok := strings.CutPrefix(name, lostPrefix); ok {
			p.Lost = append(p.Lost, money.Of(int64(n), currency).Formatted())
		}
	}
	return p, nil
}

// customerInput names a customer.
type customerInput struct {
	CustomerID string `path:"customerId" minLength:"1" maxLength:"100"`
}

// CustomerReport is what a customer returned, for a person to judge. Nothing is ever refused because of it.
type CustomerReport struct {
	CustomerID string          `json:"customerId"`
	Orders     int             `json:"orders" doc:"Of the last 100."`
	Returns    int             `json:"returns" doc:"Of the last 100."`
	Completed  int             `json:"completed"`
	Rejected   int             `json:"rejected"`
	Value      money.Formatted `json:"value" doc:"Of the returns, in the currency of the last one."`
	Notes      []string        `json:"notes" nullable:"false" doc:"What stands out, in words."`
	// OrdersAfter is whether returns brought people back: orders placed after the first return.
	OrdersAfter int `json:"ordersAfterFirstReturn"`
}

// customerOutput is the report about a customer.
type customerOutput struct {
	Caching string `header:"Cache-Control"`
	Body    CustomerReport
}

// customer explains a customer's returns. 2 round trips.
func (f *Returns) customer(ctx context.Context, in *customerInput) (*customerOutput, error) {
	returns, err := f.Returns.OfCustomer(ctx, in.CustomerID, 100, "")
	if err != nil {
		return nil, err
	}
	orders, err := f.Orders.OfCustomer(ctx, in.CustomerID, 100, "")
	if err != nil {
		return nil, err
	}
	if len(returns.Cards) == 0 && len(orders.Orders) == 0 {
		return nil, problem.NotFound("customer_not_found", "This customer has neither orders nor returns.")
	}
	return &customerOutput{Caching: caching, Body: customerReport(in.CustomerID, orders.Orders, returns.Cards)}, nil
}

// customerReport counts and explains. The limits are those at which shops usually look closer; they decide nothing.
func customerReport(customerID string, orders []order.Summary, returns []rma.ReturnSummary) CustomerReport {
	r := CustomerReport{CustomerID: customerID, Orders: len(orders), Returns: len(returns), Notes: []string{}}
	currency, value := "KRW", int64(0)
	var first time.Time
	faults, returned := 0, map[string]bool{}
	for i, c := range returns {
		// Cards come newest first.
		if i == 0 {
			currency = c.Currency
		}
		if c.Currency == currency {
			// Amounts in other currencies cannot be added.
			value += c.Value
		}
		switch c.State {
		case rma.Completed:
			r.Completed++
		case rma.Rejected:
			r.Rejected++
		}
		if first.IsZero() || c.CreatedAt.Before(first) {
			first = c.CreatedAt
		}
		if returnpolicy.Reason(c.Reason).Fault() {
			faults++
		}
		// Several returns of one order count once.
		id, _ := rma.OrderOf(c.ID)
		returned[id] = true
	}
	for _, o := range orders {
		if !first.IsZero() && o.PlacedAt.After(first) {
			r.OrdersAfter++
		}
	}
	r.Value = money.Of(value, currency).Formatted()
	// Few orders say nothing.
	if r.Orders >= 4 && len(returned)*2 > r.Orders {
		r.Notes = append(r.Notes, "more than half of the orders came back, at least in part")
	}
	if r.Rejected >= 2 {
		r.Notes = append(r.Notes, "several returns were rejected at the inspection")
	}
	if r.Returns >= 4 && faults*4 > r.Returns*3 {
		r.Notes = append(r.Notes, "three in four returns name a fault")
	}
	return r
}
