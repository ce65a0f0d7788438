package events

import (
	"time"

	"dangol/shared/money"
)

// ReturnRef begins every event about a return: which one, of which order, and whom to write to in which language.
type ReturnRef struct {
	ReturnID string `json:"returnId"`
	OrderRef
}

// ReturnLine is some units of a line that come back.
type ReturnLine struct {
	LineID    string   `json:"lineId"`
	ProductID string   `json:"productId"`
	VariantID string   `json:"variantId"`
	SKU       string   `json:"sku,omitempty"`
	Title     string   `json:"title"`
	Options   []string `json:"options,omitempty"`
	Quantity  int      `json:"quantity"`
	// Reason is one of changed_mind, wrong_size, ordered_twice, late, damaged, faulty, wrong_item, not_as_described,
	// missing_parts.
	Reason string `json:"reason"`
	// Fault says that the reason is the shop's to answer for.
	Fault bool `json:"fault,omitempty"`
	// Arrived is how many units have reached the shop, whatever their state.
	Arrived int `json:"arrived,omitempty"`
	// Accepted, Restocked and Grade are what the inspection found; only in return.completed and return.rejected.
	Accepted  int    `json:"accepted,omitempty"`
	Restocked int    `json:"restocked,omitempty"`
	Grade     string `json:"grade,omitempty"`
	// Value is what the accepted units had cost, and Lost what of it cannot be sold again; only in return.completed.
	Value money.Money `json:"value,omitzero"`
	Lost  money.Money `json:"lost,omitzero"`
}

// ReturnRequested says that somebody wants to return goods. Quoted is what the quote said that they get.
type ReturnRequested struct {
	ReturnRef
	Resolution  string       `json:"resolution"` // refund, store_credit, exchange, replacement
	Lines       []ReturnLine `json:"lines"`
	Quoted      money.Money  `json:"quoted"`
	Approved    bool         `json:"approved"` // at once, by the policy
	Way         string       `json:"way"`      // label, pickup, own, keep
	SendBy      time.Time    `json:"sendBy,omitzero"`
	RequestedAt time.Time    `json:"requestedAt"`
}

// EventType is "return.requested".
func (ReturnRequested) EventType() string { return "return.requested" }

// ReturnApproved says that the goods may be sent back.
type ReturnApproved struct {
	ReturnRef
	Lines  []ReturnLine `json:"lines"`
	Way    string       `json:"way"` // label, pickup, own, keep
	SendBy time.Time    `json:"sendBy,omitzero"`
}

// EventType is "return.approved".
func (ReturnApproved) EventType() string { return "return.approved" }

// ReturnBooked says that a label or a pickup is booked.
type ReturnBooked struct {
	ReturnRef
	Way            string    `json:"way"`
	Carrier        string    `json:"carrier"`
	TrackingNumber string    `json:"trackingNumber"`
	TrackingURL    string    `json:"trackingUrl,omitempty"`
	PickupFrom     time.Time `json:"pickupFrom,omitzero"`
	SendBy         time.Time `json:"sendBy,omitzero"`
}

// EventType is "return.booked".
func (ReturnBooked) EventType() string { return "return.booked" }

// ReturnReceived says that goods have arrived at the shop. RefundBy is when the law wants the refund at the latest.
type ReturnReceived struct {
	ReturnRef
	Lines      []ReturnLine `json:"lines"`
	RefundBy   time.Time    `json:"refundBy,omitzero"`
	ReceivedAt time.Time    `json:"receivedAt"`
}

// EventType is "return.received".
func (ReturnReceived) EventType() string { return "return.received" }

// ReturnCompleted says that a return is settled. Refund goes back on the ways that the order was paid, ToCredit of it
// as store credit; Credit is store credit that was chosen instead of money, with its bonus; exchanges and replacements
// are sent as the order NewOrderID.
type ReturnCompleted struct {
	ReturnRef
	Resolution string       `json:"resolution"`
	Lines      []ReturnLine `json:"lines"`
	Refund     money.Money  `json:"refund"`
	ToCredit   money.Money  `json:"toCredit,omitzero"` // of Refund: what had been paid by store credit
	Credit     money.Money  `json:"credit"`
	Fees       money.Money  `json:"fees,omitzero"` // that the shop keeps
	Paid       money.Money  `json:"paid,omitzero"` // the balance of an exchange
	NewOrderID string       `json:"newOrderId,omitempty"`
	Interest   money.Money  `json:"interest,omitzero"` // that the law asks for because it is late
	// Instead says why it is a refund although something else had been chosen: partly_accepted, balance_unpaid,
	// not_arrived, paid_ahead.
	Instead string `json:"instead,omitempty"`
	// Whole says that nothing of the order is left with the customer.
	Whole       bool      `json:"whole,omitempty"`
	CompletedAt time.Time `json:"completedAt"`
}

// EventType is "return.completed".
func (ReturnCompleted) EventType() string { return "return.completed" }

// ReturnRejected says that the shop does not take the goods back, and why.
type ReturnRejected struct {
	ReturnRef
	Lines    []ReturnLine `json:"lines"`
	Reason   string       `json:"reason"`
	Evidence []string     `json:"evidence,omitempty"` // addresses of photos
}

// EventType is "return.rejected".
func (ReturnRejected) EventType() string { return "return.rejected" }

// ReturnCanceled says that a return will not happen: by the customer, or because the goods were not sent in time.
type ReturnCanceled struct {
	ReturnRef
	Expired bool         `json:"expired,omitempty"`
	Lines   []ReturnLine `json:"lines"`
}

// EventType is "return.canceled".
func (ReturnCanceled) EventType() string { return "return.canceled" }

// ReturnBalanceAsked says that an exchange costs more than what came back, and is sent once the difference is paid.
type ReturnBalanceAsked struct {
	ReturnRef
	Balance money.Money `json:"balance"`
	PayBy   time.Time   `json:"payBy"`
}

// EventType is "return.balance_asked".
func (ReturnBalanceAsked) EventType() string { return "return.balance_asked" }

// ReturnRefundDelayed warns the shop that a refund is still to be made although the law's time for it is about to end,
// or has ended.
type ReturnRefundDelayed struct {
	ReturnRef
	RefundBy time.Time   `json:"refundBy"`
	Late     bool        `json:"late,omitempty"`
	Amount   money.Money `json:"amount"`
}

// EventType is "return.refund_delayed".
func (ReturnRefundDelayed) EventType() string { return "return.refund_delayed" }

// OrderChanged says that an order was changed before it was shipped.
type OrderChanged struct {
	OrderRef
	// What lists what was changed: address, contact, lines, hold, hold_released.
	What    []string    `json:"what"`
	Removed []OrderLine `json:"removed,omitempty"`
	Added   []OrderLine `json:"added,omitempty"`
	Refund  money.Money `json:"refund,omitzero"` // on its way back
	Paid    money.Money `json:"paid,omitzero"`   // for what was added
	By      string      `json:"by"`              // customer, shop
	// Former is the mail address before a change of the contact. The notice goes there, and so does that of a new postal
	// address after a contact that was given with a look-up token alone.
	Former string `json:"former,omitempty"`
}

// EventType is "order.changed".
func (OrderChanged) EventType() string { return "order.changed" }

// OrderPaymentRequested says that goods are added to an order once they are paid for, at the link of its mail.
type OrderPaymentRequested struct {
	OrderRef
	Addition int         `json:"addition"` // its number within the order
	Added    []OrderLine `json:"added"`
	Amount   money.Money `json:"amount"`
	PayBy    time.Time   `json:"payBy"`
	By       string      `json:"by"` // customer, shop
}

// EventType is "order.payment_requested".
func (OrderPaymentRequested) EventType() string { return "order.payment_requested" }

// OrderRefunded says that money goes back although nothing was returned.
type OrderRefunded struct {
	OrderRef
	Amount money.Money `json:"amount"`
	Reason string      `json:"reason"`
	// Lines are the units it was given for; empty for an amount, shipping, or one made at the provider's console.
	Lines []OrderLine `json:"lines,omitempty"`
	// Whole says that nothing of what was paid for the order is left.
	Whole bool `json:"whole,omitempty"`
	// AtProvider says that it was made at the payment provider's console.
	AtProvider bool `json:"atProvider,omitempty"`
}

// EventType is "order.refunded".
func (OrderRefunded) EventType() string { return "order.refunded" }

// CreditGranted says that a customer was given store credit.
type CreditGranted struct {
	LotID      string      `json:"lotId"`
	CustomerID string      `json:"customerId"`
	Email      string      `json:"email,omitempty"`
	Language   string      `json:"language,omitempty"`
	Amount     money.Money `json:"amount"`
	Reason     string      `json:"reason"`
	ExpiresAt  time.Time   `json:"expiresAt"`
}

// EventType is "credit.granted".
func (CreditGranted) EventType() string { return "credit.granted" }

// CreditLot is a grant of store credit and what was not spent of it.
type CreditLot struct {
	LotID      string      `json:"lotId"`
	CustomerID string      `json:"customerId"`
	Email      string      `json:"email,omitempty"`
	Language   string      `json:"language,omitempty"`
	Left       money.Money `json:"left"`
	ExpiresAt  time.Time   `json:"expiresAt"`
}

// CreditExpiryAnnounced says that store credit which was not spent is about to expire.
type CreditExpiryAnnounced struct{ CreditLot }

// EventType is "credit.expiry_announced".
func (CreditExpiryAnnounced) EventType() string { return "credit.expiry_announced" }

// CreditExpired says that store credit has expired. Left is what was lost.
type CreditExpired struct{ CreditLot }

// EventType is "credit.expired".
func (CreditExpired) EventType() string { return "credit.expired" }
