package order

import (
	"math"

	"dangol/shared/cart"
	"dangol/shared/platform/table"
)

// Claim makes a guest's order that of a customer who has proven its mail address; changed is false when it has an
// owner. What it counted of limits stays counted by the mail address, and counts for the customer from now on too: it
// is the same person. Both go back when the order is canceled. counts is the write for the customer's counters.
func (o *Order) Claim(customerID string) (changed bool, counts []table.Write) {
	if o.CustomerID != "" {
		return false, nil
	}
	o.CountedFor = o.counter() // before it has an owner
	o.CustomerID = customerID
	if len(o.Counted) == 0 {
		return true, nil
	}
	o.CountedAlso = customerID
	uses := o.limitedPurchases()
	for i := range uses {
		// What was bought was bought, also when it is more than one customer may have by now.
		uses[i].Limit = math.MaxInt32
	}
	return true, []table.Write{cart.CountPurchases(customerID, uses)}
}
