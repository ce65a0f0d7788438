package events

import "dangol/shared/money"

// CheckoutRefunded says that a payment came too late for its checkout and went back. Taken tells whether money had been
// taken; else a reservation was let go.
type CheckoutRefunded struct {
	CheckoutID string      `json:"checkoutId"`
	CustomerID string      `json:"customerId,omitempty"`
	Email      string      `json:"email"`
	Name       string      `json:"name,omitempty"`
	Language   string      `json:"language"`
	Amount     money.Money `json:"amount"`
	Taken      bool        `json:"taken"`
	Reason     string      `json:"reason"` // why there is no order: expired, declined, canceled
}

// EventType is "checkout.refunded".
func (CheckoutRefunded) EventType() string { return "checkout.refunded" }
