package events

// CartMerged says that a guest's cart went into a customer's at log-in: what the guest did was this customer.
type CartMerged struct {
	CartID      string `json:"cartId"`
	CustomerID  string `json:"customerId"`
	GuestCartID string `json:"guestCartId"`
}

// EventType is "cart.merged".
func (CartMerged) EventType() string { return "cart.merged" }
