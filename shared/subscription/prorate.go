package subscription

import "dangol/shared/platform/civil"

// upTo is what the first days of a period cost together: price x days / whole, rounded to the nearest unit. The days
// that follow cost the rest, so used and unused share one rounding: they always add up to the price, and neither side
// is favored by more than half a unit.
func upTo(price int64, whole, days int) int64 {
	// Dates may lie outside of the period; those days cost nothing.
	if whole <= 0 || days <= 0 {
		return 0
	}
	if days >= whole {
		return price
	}
	w, d := int64(whole), int64(days)
	// By parts, because price x days can pass the range of int64.
	return price/w*d + roundDiv(price%w*d, w)
}

// Prorate is what the days [from, to) of the whole period [opens, closes) cost. Days outside the period cost nothing.
// price is not negative.
func Prorate(price int64, opens, closes, from, to civil.Date) int64 {
	whole := opens.Days(closes)
	// Both ends are rounded from the start of the period, so neighbors share their rounding.
	cost := upTo(price, whole, opens.Days(to)) - upTo(price, whole, opens.Days(from))
	return max(cost, 0)
}

// perMonth is a price per interval as a price per month of average length (146,097 / 4,800 days), for MRR, rounded to
// the nearest unit.
func perMonth(price int64, i Interval) int64 {
	if m := int64(i.months()); m > 0 {
		return roundDiv(price, m)
	}
	// By parts, as in upTo: the price of a cycle times the days of 400 years passes the range of int64.
	whole := cycleMonths * int64(i.days())
	return price/whole*cycleDays + roundDiv(price%whole*cycleDays, whole)
}

// roundDiv divides to the nearest whole, halves up. a is not negative, b is above 0.
func roundDiv(a, b int64) int64 {
	q, r := a/b, a%b
	// Compared as r >= b-r, because 2*r could overflow.
	if r >= b-r {
		q++
	}
	return q
}
