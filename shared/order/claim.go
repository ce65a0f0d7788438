package order

// Claim makes a guest's order that of a customer who has proven its mail address; changed is false when it has an
// owner. What it counted of limits stays counted by the mail address, and goes back there.
func (o *Order) Claim(customerID string) (changed bool) {
	if o.CustomerID != "" {
		return false
	}
	o.CountedFor = o.counter() // before it has an owner
	o.CustomerID = customerID
	return true
}
