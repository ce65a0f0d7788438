package events

// StockLevelChanged says that a stock counter came to another availability, or that units moved while few were left of
// what is watched more closely: parts of gift sets, and stock in several buckets. Events of several changes may come in
// any order, so a consumer reads the stock instead of believing the numbers.
type StockLevelChanged struct {
	VariantID    string `json:"variantId"`
	Before       int    `json:"before"`       // units in the counter before the change
	Available    int    `json:"available"`    // and after it
	Availability string `json:"availability"` // of this counter: in_stock, low, out
}

// EventType names the event.
func (StockLevelChanged) EventType() string { return "stock.level_changed" }
