package promotion

import "dangol/shared/platform/civil"

// CalendarDay is one day of the calendar of sales.
type CalendarDay struct {
	Day        civil.Date `json:"day"`
	Promotions []string   `json:"promotions,omitempty"` // on sale that day
	Planned    []string   `json:"planned,omitempty"`    // those of them that are only planned
	InWindow   int        `json:"inWindow"`             // days on sale in the policy's window that ends with this day
}

// Calendar lists the days from one day to another, both included, with their sales. product "" is the whole shop.
func (p Policy) Calendar(history, planned []Span, product string, from, to civil.Date) []CalendarDay {
	if to < from {
		return nil
	}
	end := to.Number()
	// Days before the first one are worked out too, to fill the window of the first day.
	start := from.Number() - max(p.WindowDays, 1) + 1
	days := make([]CalendarDay, end-start+1)
	for i := range days {
		days[i].Day = civil.DateOfNumber(start + i)
	}
	mark := func(spans []Span, only bool) {
		for _, s := range spans {
			if product != "" && !s.of(product) {
				continue
			}
			first, last := p.days(s)
			for d := max(first, start); d <= min(last, end); d++ {
				day := &days[d-start]
				day.Promotions = append(day.Promotions, s.PromotionID)
				if only {
					day.Planned = append(day.Planned, s.PromotionID)
				}
			}
		}
	}
	mark(history, false)
	mark(planned, true)
	count := 0
	for i := range days {
		count += one(len(days[i].Promotions) > 0)
		// The day that leaves the window.
		if i >= p.WindowDays && p.WindowDays > 0 {
			count -= one(len(days[i-p.WindowDays].Promotions) > 0)
		}
		days[i].InWindow = count
	}
	return days[from.Number()-start:]
}

// DaySales is what was ordered on a day: of a product, or of the shop. Revenue is after discounts, in one currency;
// Discounted is the part of it that came from lines sold below their list price.
type DaySales struct {
	Day                 civil.Date
	Orders              int   // that have the product
	Revenue, Discounted int64 // minor units
}

// Report is how much a product, or the shop, lives on discounts. Windows end with the day asked for.
type Report struct {
	Days30  int `json:"days30"` // on sale, of the last 30 days
	Days90  int `json:"days90"`
	Days365 int `json:"days365"`
	// Deepest is the deepest price cut of the last 365 days in basis points; MeanDepth the mean over the days on sale,
	// each with its deepest.
	Deepest   int `json:"deepest"`
	MeanDepth int `json:"meanDepth"`
	// DiscountShare is the part of the revenue of the last 365 days that was sold at a discount, in basis points.
	DiscountShare int           `json:"discountShare"`
	Waiting       *WaitingIndex `json:"waiting,omitempty"` // nil while there is too little to tell
}

// WaitingIndex is whether customers have begun to wait for sales: the orders per day without a sale in the 14 days
// before a sale, against those in the 56 days before these, pooled over the sales of the last 365 days. Index is that
// ratio in basis points: 10,000 is no difference, 7,000 is three in ten who wait. A sale counts when both stretches
// have 7 days without a sale for which there are figures.
type WaitingIndex struct {
	Index      int `json:"index"`      // basis points; 10,000 is no difference
	Sales      int `json:"sales"`      // that count
	OrdersBase int `json:"ordersBase"` // orders in all the base stretches
	DaysBase   int `json:"daysBase"`
	OrdersNear int `json:"ordersNear"` // orders in all the stretches just before a sale
	DaysNear   int `json:"daysNear"`
}

// The stretches are long enough to even out weekdays; fewest is a whole week.
const (
	nearDays = 14
	baseDays = 56
	fewest   = 7
	year     = 365
)

// Report works out the report of a product ("" is the shop) as of a day, from all sales and the orders of each day.
// Days from since on that sales does not name had no orders.
func (p Policy) Report(history []Span, product string, sales []DaySales, since, asOf civil.Date) Report {
	today := asOf.Number()
	depth := p.depths(history, product, today)
	r := Report{}
	total := 0
	// back is how many days before the day asked for.
	for back := range year {
		if d, on := depth[today-back]; on {
			r.Days30 += one(back < 30)
			r.Days90 += one(back < 90)
			r.Days365++
			r.Deepest = max(r.Deepest, d)
			total += d
		}
	}
	if r.Days365 > 0 {
		r.MeanDepth = total / r.Days365
	}
	var revenue, discounted int64
	orders := map[int]int{} // by the number of the day
	for _, s := range sales {
		day := s.Day.Number()
		orders[day] += s.Orders
		if day > today-year && day <= today {
			revenue += s.Revenue
			discounted += s.Discounted
		}
	}
	r.DiscountShare = share(discounted, revenue)
	r.Waiting = waiting(depth, orders, since.Number(), today)
	return r
}

// depths is the deepest cut of each day on sale, by the number of the day, as far back as the report looks.
func (p Policy) depths(history []Span, product string, today int) map[int]int {
	depth := map[int]int{}
	for _, s := range history {
		if product != "" && !s.of(product) {
			continue
		}
		first, last := p.days(s)
		for d := max(first, today-year-nearDays-baseDays); d <= min(last, today); d++ {
			depth[d] = max(depth[d], s.BasisPoints)
		}
	}
	return depth
}

// waiting is the index, nil while no sale has enough days without a sale before it.
func waiting(depth, orders map[int]int, since, today int) *WaitingIndex {
	var w WaitingIndex
	for d := range depth {
		// Only the first day of a sale counts, and only within the last 365 days.
		if _, before := depth[d-1]; before || d <= today-year {
			continue
		}
		near, nearN := stretch(depth, orders, max(d-nearDays, since), d)
		base, baseN := stretch(depth, orders, max(d-nearDays-baseDays, since), d-nearDays)
		if nearN < fewest || baseN < fewest {
			continue
		}
		w.Sales++
		w.OrdersNear, w.DaysNear = w.OrdersNear+near, w.DaysNear+nearN
		w.OrdersBase, w.DaysBase = w.OrdersBase+base, w.DaysBase+baseN
	}
	if w.OrdersBase == 0 {
		return nil
	}
	// Both sides are orders per day; multiplied out, so that nothing is rounded before the end.
	w.Index = w.OrdersNear * w.DaysBase * whole / (w.OrdersBase * w.DaysNear)
	return &w
}

// stretch counts the orders and the days without a sale from one day until before another.
func stretch(depth, orders map[int]int, from, until int) (count, days int) {
	for d := from; d < until; d++ {
		if _, on := depth[d]; !on {
			count += orders[d]
			days++
		}
	}
	return count, days
}
