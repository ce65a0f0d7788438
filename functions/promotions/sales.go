package promotions

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"

	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion/store"
)

// SalesInput asks what the shop sold.
type SalesInput struct {
	From     string `query:"from" format:"date" doc:"First day, of the shop's time zone; today when left out." example:"2026-11-01"`
	To       string `query:"to" format:"date" doc:"Last day, included; today when left out." example:"2026-11-30"`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"The shop's first when left out." example:"KRW"`
	Compare  string `query:"compare" enum:"previous_period,previous_year" doc:"With what to compare: as many days just before, or the same days a year before."`
	Format   string `query:"format" enum:"json,csv" default:"json"`
}

// SalesOutput is the sales, as JSON or as CSV.
type SalesOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// ShopSales is what the shop sold in a period.
type ShopSales struct {
	Currency string      `json:"currency"`
	TimeZone string      `json:"timeZone" doc:"Of the days."`
	From     string      `json:"from"`
	To       string      `json:"to"`
	Days     []SalesDay  `json:"days" nullable:"false" doc:"Every day of the period, oldest first."`
	Total    SalesFigure `json:"total"`
	Previous *SalesSpan  `json:"previous,omitempty" doc:"With compare."`
}

// SalesSpan is a period that is compared with.
type SalesSpan struct {
	From  string      `json:"from"`
	To    string      `json:"to"`
	Total SalesFigure `json:"total"`
}

// SalesDay is one day.
type SalesDay struct {
	Date string `json:"date" example:"2026-11-27"`
	SalesFigure
}

// SalesFigure is what was sold. An order that is canceled, or never paid, is taken off the day it was placed, and
// counted as canceled on the day it was canceled.
type SalesFigure struct {
	Orders             int             `json:"orders"`
	Revenue            money.Formatted `json:"revenue" doc:"What the orders cost their shoppers, shipping and tax included."`
	Average            money.Formatted `json:"averageOrder"`
	Discounts          money.Formatted `json:"discounts"`
	NewCustomers       int             `json:"newCustomers" doc:"Orders that were their customer's first."`
	ReturningCustomers int             `json:"returningCustomers" doc:"Orders of customers who had ordered before."`
	GuestOrders        int             `json:"guestOrders"`
	CanceledOrders     int             `json:"canceledOrders"`
	Refunds            money.Formatted `json:"refunds" doc:"What the canceled orders had cost; what goes back for returned goods is not in it."`
}

// mostDays bounds a report: a year, and a month to look beyond it.
const mostDays = 400

// sales tells what the shop sold. 1 round trip, 2 with a comparison.
func (f *Promotions) sales(ctx context.Context, in *SalesInput) (*SalesOutput, error) {
	today := civil.DateAt(f.Clock.Now(), f.Zone)
	from, err := dayOr(in.From, today, "from")
	if err != nil {
		return nil, err
	}
	to, err := dayOr(in.To, today, "to")
	if err != nil {
		return nil, err
	}
	if to < from || from.Days(to) >= mostDays {
		return nil, problem.InvalidField("query/to", "too_large", "from, or at most %d days later", mostDays-1)
	}
	currency := in.Currency
	if currency == "" {
		currency = f.Shop.Currencies[0]
	}
	if !slices.Contains(f.Shop.Currencies, currency) {
		return nil, problem.InvalidField("query/currency", "unknown_currency", "one of %v", f.Shop.Currencies)
	}
	sold, err := f.soldIn(ctx, currency, from, to)
	if err != nil {
		return nil, err
	}
	sold.TimeZone = f.Zone.String()
	if in.Compare != "" {
		shift := from.Days(to) + 1
		if in.Compare == "previous_year" {
			// 52 weeks: a Friday is compared with a Friday.
			shift = 364 // the same days of the week
		}
		before, err := f.soldIn(ctx, currency, from.Add(-shift), to.Add(-shift))
		if err != nil {
			return nil, err
		}
		sold.Previous = &SalesSpan{before.From, before.To, before.Total}
	}
	return sold.as(in.Format)
}

// dayOr is a day of the query, or otherwise when there is none.
func dayOr(text string, otherwise civil.Date, field string) (civil.Date, error) {
	if text == "" {
		return otherwise, nil
	}
	day, err := civil.ParseDate(text)
	if err != nil {
		return "", problem.InvalidField("query/"+field, "wrong_format", "a day such as 2026-11-27")
	}
	return day, nil
}

// soldIn reads a period and fills in the days on which nothing was sold. 1 round trip.
func (f *Promotions) soldIn(ctx context.Context, currency string, from, to civil.Date) (*ShopSales, error) {
	rows, err := f.Store.ShopSales(ctx, currency, from, to)
	if err != nil {
		return nil, err
	}
	byDay, sum := map[civil.Date]store.ShopDay{}, store.ShopDay{}
	for _, r := range rows {
		byDay[r.Day] = r
		sum = sum.Add(r)
	}
	out := &ShopSales{Currency: currency, From: string(from), To: string(to), Total: figure(sum, currency),
		Days: []SalesDay{}}
	for day := from; day <= to; day = day.Add(1) {
		out.Days = append(out.Days, SalesDay{string(day), figure(byDay[day], currency)})
	}
	return out, nil
}

// figure is a day, or a sum of days, as the report shows it.
func figure(d store.ShopDay, currency string) SalesFigure {
	in := func(amount int64) money.Formatted { return money.Of(amount, currency).Formatted() }
	// No orders have no average; 0 is what a chart can draw.
	average := int64(0)
	if d.Orders > 0 {
		average = d.Revenue / int64(d.Orders)
	}
	return SalesFigure{
		Orders: d.Orders, Revenue: in(d.Revenue), Average: in(average), Discounts: in(d.Discounts), NewCustomers: d.New,
		// Neither new customers nor guests: they had ordered before.
		ReturningCustomers: d.Orders - d.New - d.Guests, GuestOrders: d.Guests, CanceledOrders: d.Canceled,
		Refunds: in(d.Refunds),
	}
}

// as encodes the sales. In CSV each day is a row, with amounts in minor units.
func (s *ShopSales) as(format string) (*SalesOutput, error) {
	if format != "csv" {
		raw, err := json.Marshal(s)
		return &SalesOutput{ContentType: "application/json", Body: raw}, err
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	rows := [][]string{{
		"date", "currency", "orders", "revenue", "discounts", "newCustomers", "returningCustomers", "guestOrders",
		"canceledOrders", "refunds",
	}}
	for _, d := range s.Days {
		rows = append(rows, []string{
			d.Date, s.Currency, strconv.Itoa(d.Orders), amountOf(d.Revenue), amountOf(d.Discounts), strconv.Itoa(d.NewCustomers),
			strconv.Itoa(d.ReturningCustomers), strconv.Itoa(d.GuestOrders), strconv.Itoa(d.CanceledOrders), amountOf(d.Refunds),
		})
	}
	err := w.WriteAll(rows)
	return &SalesOutput{
		ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="sales.csv"`, Body: file.Bytes(),
	}, err
}

// amountOf is a plain number, for spreadsheets.
func amountOf(v money.Formatted) string { return strconv.FormatInt(v.Amount, 10) }
