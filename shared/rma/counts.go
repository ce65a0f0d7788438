package rma

import (
	"time"

	"dangol/shared/platform/table"
)

// MonthOf is the month that something counts for, in UTC for every country.
func MonthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// CountsOf is the partition key of a month's counts, one item for each product.
func CountsOf(month string) string { return "RETURN-COUNT#" + month }

// CountKey is the key of what was sold and returned of a product in a month.
func CountKey(month, productID string) table.Key {
	return table.Key{PK: CountsOf(month), SK: "PRODUCT#" + productID}
}

// Sold is the count of units that were sold, by which returns are measured. Exchanges and replacements are not sales:
// counting them would make the rate of returns look smaller the more is exchanged.
func Sold(productID, title string, units int, at time.Time) table.Count {
	return table.Count{
		Key: CountKey(MonthOf(at), productID),
		Set: map[string]any{"productId": productID, "title": title}, Add: map[string]int{"sold": units},
	}
}
