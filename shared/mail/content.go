package mail

import (
	"strings"
	"time"

	"dangol/shared/money"
)

// Content is what one mail tells; each of the types below has a template in each language.
type Content interface {
	// Template is the name of the template, also the tag and the log entry of the mail.
	Template() string
	// missing lists the fields that the template cannot do without and that are empty.
	missing() []string
}

// Line is one line of an order, or some units of it. Total is zero where a mail shows no amounts.
type Line struct {
	Title   string
	Options []string
	// Properties is what the shopper had put on it, by name: an engraving, a gift note.
	Properties map[string]string
	Quantity   int
	Total      money.Money
}

// OrderConfirmation tells that an order was placed.
type OrderConfirmation struct {
	Number      string
	Name        string // of the recipient; may be empty
	Lines       []Line
	Subtotal    money.Money
	Discount    money.Money // positive
	Shipping    money.Money
	Tax         money.Money
	TaxIncluded bool
	Total       money.Money
	PlacedAt    time.Time
	// where the goods go, how, and what they are paid with, for people; each may be empty
	ShipTo, ShippingMethod, Payment string
}

// Template is "order_confirmation".
func (OrderConfirmation) Template() string { return "order_confirmation" }

func (c OrderConfirmation) missing() []string {
	return need(field{"number", c.Number}, field{"lines", c.Lines}, field{"total", c.Total}, field{"subtotal", c.Subtotal},
		field{"placedAt", c.PlacedAt})
}

// OrderShipped tells that a parcel is on its way. TrackingURL becomes a link when it is an https or http address.
type OrderShipped struct {
	Number         string
	Name           string
	Carrier        string
	TrackingNumber string
	TrackingURL    string
	Lines          []Line
	Complete       bool // nothing is left to ship
	ShippedAt      time.Time
}

// Template is "order_shipped".
func (OrderShipped) Template() string { return "order_shipped" }

func (c OrderShipped) missing() []string {
	return need(field{"number", c.Number}, field{"carrier", c.Carrier}, field{"lines", c.Lines},
		field{"shippedAt", c.ShippedAt})
}

// Link is the tracking address, "" when it is none that a browser should open.
func (c OrderShipped) Link() string {
	if strings.HasPrefix(c.TrackingURL, "https://") || strings.HasPrefix(c.TrackingURL, "http://") {
		return c.TrackingURL
	}
	return ""
}

// OrderDelivered tells that a parcel has arrived.
type OrderDelivered struct {
	Number      string
	Name        string
	Lines       []Line
	Complete    bool // everything has arrived
	DeliveredAt time.Time
}

// Template is "order_delivered".
func (OrderDelivered) Template() string { return "order_delivered" }

func (c OrderDelivered) missing() []string {
	return need(field{"number", c.Number}, field{"lines", c.Lines}, field{"deliveredAt", c.DeliveredAt})
}

// OrderCanceled tells that an order will not be delivered. Refund is what goes back; when it is zero, nothing had been
// taken.
type OrderCanceled struct {
	Number string
	Name   string
	ByShop bool // else the customer asked for it
	Lines  []Line
	Total  money.Money
	Refund money.Money
}

// Template is "order_canceled".
func (OrderCanceled) Template() string { return "order_canceled" }

func (c OrderCanceled) missing() []string {
	return need(field{"number", c.Number}, field{"lines", c.Lines}, field{"total", c.Total})
}

// CheckoutRefunded tells that a payment did not become an order and went back. Reason is expired, declined or canceled;
// any other is told without a reason.
type CheckoutRefunded struct {
	Name   string
	Amount money.Money
	Taken  bool // money had been taken; else a reservation is let go
	Reason string
}

// Template is "checkout_refunded".
func (CheckoutRefunded) Template() string { return "checkout_refunded" }

func (c CheckoutRefunded) missing() []string { return need(field{"amount", c.Amount}) }

// PaymentFailed tells that an order was canceled because its payment could not be taken.
type PaymentFailed struct {
	Number string
	Name   string
	Lines  []Line
	Total  money.Money
}

// Template is "payment_failed".
func (PaymentFailed) Template() string { return "payment_failed" }

func (c PaymentFailed) missing() []string {
	return need(field{"number", c.Number}, field{"lines", c.Lines}, field{"total", c.Total})
}

// Contents has one of every Content.
var Contents = []Content{
	OrderConfirmation{}, OrderShipped{}, OrderDelivered{}, OrderCanceled{}, CheckoutRefunded{}, PaymentFailed{},
	SubscriptionNotice{}, SubscriptionReceipt{}, SubscriptionGift{}, SubscriptionCreditNote{},
	ServiceNotice{}, AccountMail{}, ConversationMail{},
}

type field struct {
	name  string
	value any
}

// need returns the names of the fields that are empty. An amount is there when its currency is: an order may cost
// nothing.
func need(fields ...field) (missing []string) {
	for _, f := range fields {
		empty := true
		switch v := f.value.(type) {
		case string:
			empty = strings.TrimSpace(v) == ""
		case time.Time:
			empty = v.IsZero()
		case money.Money:
			empty = v.Validate() != nil
		case []Line:
			empty = len(v) == 0
			for i := range v {
				empty = empty || strings.TrimSpace(v[i].Title) == "" || v[i].Quantity < 1
			}
		}
		if empty {
			missing = append(missing, f.name)
		}
	}
	return missing
}
