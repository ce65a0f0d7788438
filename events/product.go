package events

// ProductRef says which product an event is about, and which version of it the event made.
type ProductRef struct {
	ProductID string `json:"productId"`
	Handle    string `json:"handle"`
	Status    string `json:"status"` // draft, active, archived
	Version   int    `json:"version"`
}

// ProductCreated says that there is a product that was not there before.
type ProductCreated struct{ ProductRef }

// EventType names the event.
func (ProductCreated) EventType() string { return "product.created" }

// ProductUpdated says that a product, its variants or its prices have been changed. A change of stock is none of these.
type ProductUpdated struct {
	ProductRef
	PricesChanged bool `json:"pricesChanged"`
}

// EventType names the event.
func (ProductUpdated) EventType() string { return "product.updated" }

// ProductArchived says that a product has been taken off sale for good. It stays readable for its orders.
type ProductArchived struct{ ProductRef }

// EventType names the event.
func (ProductArchived) EventType() string { return "product.archived" }
