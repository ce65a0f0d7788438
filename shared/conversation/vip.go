package conversation

import "time"

// VIPOrders is how many orders within a year make a customer one whom people serve. It counts orders and not money, so
// that it means the same in every currency.
const VIPOrders = 10

// IsVIP reports whether a customer is served by people: the times of the orders that were not canceled, in any order.
func IsVIP(bought []time.Time, at time.Time) bool {
	since := at.AddDate(-1, 0, 0)
	n := 0
	for _, b := range bought {
		if b.After(since) {
			n++
		}
	}
	return n >= VIPOrders
}
