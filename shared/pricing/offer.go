package pricing

// Offer is a promotion as the pricing sees it: who it is, when its turn comes, and what it does.
type Offer struct {
	ID       string
	Code     string // the code that brought it in, empty when it applies by itself
	Name     string
	Priority int  // high ones go first; at the same priority the smaller ID does
	Rule     Rule // what it takes
}

// Rule takes money off a basket. It sees what earlier offers have left, takes through the Draft, and is asked once.
// offer is its number in the order of the offers, for what it takes off the shipping. It must be pure.
type Rule interface {
	Apply(b Basket, d *Draft, offer int)
}
