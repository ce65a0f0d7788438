package events

// CartMerged says that a guest's cart went into a customer's at log-in: what the guest did was this customer.
type CartMerged struct {
	CartID      string `json:"cartId"`
	CustomerID  string `json:"customerId"`
	GuestCartID string `json:"guestCartId"`
}

// EventType is "cart.merged".
func (CartMerged) EventType() string { return "cart.merged" }

// CartChanged says that a cart with a mail address is being changed and has line items: at the first change, and then
// at most once in five minutes unless the address changes. A cart without an address publishes nothing.
type CartChanged struct {
	CartID     string `json:"cartId"`
	CustomerID string `json:"customerId,omitempty"`
	Email      string `json:"email"`
	Language   string `json:"language"`
	Currency   string `json:"currency"`
	Lines      int    `json:"lines"`
}

// EventType is "cart.changed".
func (CartChanged) EventType() string { return "cart.changed" }
