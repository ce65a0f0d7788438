// Package rma is returns of goods (return merchandise authorizations): their states, what may be done in which state,
// the deadlines, and how they are stored and listed. What a return is worth is computed by package refund and kept in
// the order's ledger; who may return what is decided by package returnpolicy.
package rma

import (
	"slices"
	"time"

	"dangol/shared/order"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/stock"
)

// State is where a return stands.
type State string

// The states. requested -> approved (-> booked) (-> in_transit) -> received -> inspected -> completed, or from
// inspected to awaiting_payment when an exchange costs more than what came back. Goods that need not come back go from
// approved to completed. rejected, canceled and expired are ends without money.
const (
	Requested       State = "requested"
	Approved        State = "approved"
	Booked          State = "booked"     // a label or a pickup
	InTransit       State = "in_transit" // the carrier has the parcel
	Received        State = "received"   // counted, not inspected yet
	Inspected       State = "inspected"
	AwaitingPayment State = "awaiting_payment"
	Completed       State = "completed"
	Rejected        State = "rejected"
	Canceled        State = "canceled"
	Expired         State = "expired"
)

// States lists every state.
var States = []State{
	Requested, Approved, Booked, InTransit, Received, Inspected, AwaitingPayment, Completed, Rejected, Canceled, Expired,
}

// Over reports whether nothing more happens to a return in this state.
func (s State) Finished() bool {
	return s == Completed || s == Rejected || s == Canceled || s == Expired
}

// Resolution is what the customer gets.
type Resolution string

// The resolutions.
const (
	Refund      Resolution = "refund"       // money, on the ways it was paid
	StoreCredit Resolution = "store_credit" // with the bonus of the policy
	Exchange    Resolution = "exchange"     // another variant; the difference is paid out, or asked for
	Replacement Resolution = "replacement"  // the same variant again, for what was faulty
)

// Swaps reports whether goods are sent for what comes back.
func (r Resolution) Swaps() bool { return r == Exchange || r == Replacement }

// Why a resolution became a refund.
const (
	PartlyAccepted = "partly_accepted" // what is sent instead was chosen for all units
	BalanceUnpaid  = "balance_unpaid"  // the difference of an exchange was not paid in time
	NotArrived     = "not_arrived"     // what was to be exchanged did not arrive in time
	// the exchange was sent ahead and paid for, because the goods did not arrive in time
	PaidAhead = "paid_ahead"
)

// ReturnMethod is how the goods come back.
type ReturnMethod string

// The ways.
const (
	Label  ReturnMethod = "label"  // with a label of the shop, at a counter of the carrier
	Pickup ReturnMethod = "pickup" // the carrier comes
	Own    ReturnMethod = "own"    // on the customer's own account
	Stays  ReturnMethod = "keep"   // they need not come back
)

// RMA is one return: one item.
type RMA struct {
	table.Key
	due.Due
	IndexKeys
	ID         string     `dynamodbav:"id"`
	Version    int        `dynamodbav:"version"`
	State      State      `dynamodbav:"state"`
	OrderID    string     `dynamodbav:"orderId"`
	CustomerID string     `dynamodbav:"customerId,omitempty"` // empty for a guest
	Email      string     `dynamodbav:"email"`
	Name       string     `dynamodbav:"name,omitempty"`
	Language   string     `dynamodbav:"language"`
	Country    string     `dynamodbav:"country"`
	Currency   string     `dynamodbav:"currency"`
	Policy     int        `dynamodbav:"policy"` // version the order was sold under
	Resolution Resolution `dynamodbav:"resolution"`
	// Instead is why the resolution became a refund although the customer had chosen another one; empty when it did not.
	Instead string           `dynamodbav:"instead,omitempty"`
	Way     ReturnMethod     `dynamodbav:"way"`
	Lines   table.List[Line] `dynamodbav:"lines"`
	Quote   Figures          `dynamodbav:"quote"` // as committed
	Terms   refund.Terms     `dynamodbav:"terms"` // of the quote
	// of the quote: what goes back of the shipping to the customer
	Shipping int64 `dynamodbav:"shipping,omitempty"`
	// OutboundBack says that the shipping to the customer goes back when no goods of the order are kept any more.
	OutboundBack bool               `dynamodbav:"outboundBack,omitempty"`
	Settled      Figures            `dynamodbav:"settled"` // as paid out; zero before
	Deadlines    Deadlines          `dynamodbav:"deadlines"`
	Shipment     Shipment           `dynamodbav:"shipment"`
	Swap         Swap               `dynamodbav:"swap"`                // of an exchange or replacement
	Hold         CardHold           `dynamodbav:"hold"`                // of an exchange that was sent ahead
	Evidence     table.List[string] `dynamodbav:"evidence,omitempty"`  // photo URLs of the shop, on rejection
	Rejection    string             `dynamodbav:"rejection,omitempty"` // why, for the customer
	Timeline     table.List[Entry]  `dynamodbav:"timeline"`
	Event        *event.Event       `dynamodbav:"event,omitempty"`
	WriteID      string             `dynamodbav:"writeId,omitempty"`
	Request      order.Request      `dynamodbav:"request"` // that made it
	// Parcels are the last keyed requests that counted a parcel, so that one sent again counts nothing.
	Parcels   []order.Request `dynamodbav:"parcels,omitempty"`
	CreatedAt time.Time       `dynamodbav:"createdAt"`
	UpdatedAt time.Time       `dynamodbav:"updatedAt"`
}

// Line is some units of one line of the order.
type Line struct {
	LineID    string              `json:"lineId"`
	ProductID string              `json:"productId"`
	VariantID string              `json:"variantId"`
	SKU       string              `json:"sku,omitempty"`
	Title     string              `json:"title"`
	Options   []string            `json:"options,omitempty"`
	Units     []int               `json:"units"` // numbers in the order's ledger
	Gift      bool                `json:"gift,omitempty"`
	Reason    returnpolicy.Reason `json:"reason"`
	Comment   string              `json:"comment,omitempty"`
	Photos    []string            `json:"photos,omitempty"`
	For       string              `json:"for,omitempty"` // variant wanted in exchange
	Count     Count               `json:"count"`
	Result    Result              `json:"result"`
	Stock     []StockPart         `json:"stock,omitempty"` // what one unit takes out of stock
}

// StockPart is what one unit of a line takes out of the stock of a variant: itself, or the parts of a gift set.
type StockPart struct {
	VariantID string `json:"variantId"`
	Quantity  int    `json:"quantity"`
}

// Count is what arrived of a line, in units. Together at most as many as were announced.
type Count struct {
	Good    int `json:"good,omitempty" minimum:"0" maximum:"100000" doc:"Arrived in the state in which they were sent."`
	Damaged int `json:"damaged,omitempty" minimum:"0" maximum:"100000" doc:"Arrived damaged or used."`
	Wrong   int `json:"wrong,omitempty" minimum:"0" maximum:"100000" doc:"Something else was in the parcel."`
}

// Total is how many units arrived, whatever they are.
func (c Count) Total() int { return c.Good + c.Damaged + c.Wrong }

// Result is what the inspection found.
type Result struct {
	Accepted  int    `json:"accepted,omitempty"`  // units that are settled
	Grade     string `json:"grade,omitempty"`     // A like new, B opened, C used, D not for sale
	Restocked int    `json:"restocked,omitempty"` // units for sale again
	WriteOff  int    `json:"writeOff,omitempty"`
	DamageFee int64  `json:"damageFee,omitempty"` // what the shop keeps because the goods lost value
	Note      string `json:"note,omitempty"`
}

// Grades lists the grades of an inspection.
var Grades = []string{"A", "B", "C", "D"}

// Figures is what a return is worth, in minor units of the order's currency.
type Figures struct {
	Refund int64         `json:"refund"`          // value that goes to the customer
	Bonus  int64         `json:"bonus,omitempty"` // on top, with store credit
	Fees   []refund.Fee  `json:"fees,omitempty"`
	Parts  []refund.Part `json:"parts,omitempty"`
	Price  int64         `json:"price,omitempty"` // of what is sent in exchange
	// Prepaid is value besides Refund that no payment of the order can give back, because it was paid ahead: it pays for
	// what is sent instead, and what is left of it is given as store credit.
	Prepaid    int64 `json:"prepaid,omitempty"`
	BalanceDue int64 `json:"ask,omitempty"`  // asked for: price above the value
	PaidOut    int64 `json:"pay,omitempty"`  // paid out: value above the price
	Late       int64 `json:"late,omitempty"` // interest that the law asks for because the refund is late
}

// Value is what came back is worth towards what is sent instead.
func (f Figures) Value() int64 { return f.Refund + f.Prepaid }

// Deadlines are the times at which something has to have happened; zero is none.
type Deadlines struct {
	SendBy   time.Time `json:"sendBy,omitzero"`   // the customer hands the goods over, else it expires
	ArriveBy time.Time `json:"arriveBy,omitzero"` // the parcel arrives, else goods held for an exchange are sold
	WarnAt   time.Time `json:"warnAt,omitzero"`   // when the shop is warned that the refund is due
	RefundBy time.Time `json:"refundBy,omitzero"` // the law's; the first instant that is too late
	PayBy    time.Time `json:"payBy,omitzero"`    // the customer pays the balance of an exchange, else it becomes a refund
	Warned   bool      `json:"warned,omitempty"`
	Late     bool      `json:"late,omitempty"`
}

// Shipment is the parcel that comes back.
type Shipment struct {
	Carrier        string    `json:"carrier,omitempty"`
	TrackingNumber string    `json:"trackingNumber,omitempty"`
	TrackingURL    string    `json:"trackingUrl,omitempty"`
	PickupFrom     time.Time `json:"pickupFrom,omitzero"`
	Reference      string    `json:"reference,omitempty"` // the carrier's, of the booking
}

// Swap is what is sent instead of what came back.
type Swap struct {
	Goods []ExchangeItem     `json:"goods,omitempty"`
	Taken []stock.Allocation `json:"taken,omitempty"` // held since the return was requested
	// NextID is the id that the order will have; it is chosen when a payment of the balance begins.
	NextID  string `json:"nextId,omitempty"`
	OrderID string `json:"orderId,omitempty"`
	Paid    string `json:"paid,omitempty"` // the provider's id of the payment of the balance
	// Attempt is the payment of the balance that is under way, and Attempts how many there were.
	Attempt  Attempt `json:"attempt,omitzero"`
	Attempts int     `json:"attempts,omitempty"`
}

// Attempt is a payment that was begun and whose outcome is not known.
type Attempt struct {
	Key         string `json:"key,omitempty"` // of the provider's request
	RedirectURL string `json:"redirectUrl,omitempty"`
}

// HoldState is where a reservation on a card stands.
type HoldState string

// The states of a reservation: placed, then settling once it is decided what of it is taken, then settled.
const (
	NoHold       HoldState = ""
	HoldPlaced   HoldState = "placed"
	HoldSettling HoldState = "settling"
	HoldSettled  HoldState = "settled"
)

// CardHold is a reservation on the customer's card, against which an exchange is sent before the goods come back.
type CardHold struct {
	State     HoldState `json:"state,omitempty"`
	Amount    int64     `json:"amount,omitempty"` // reserved: the price of the exchange
	Take      int64     `json:"take,omitempty"`   // what is taken of it; the rest is let go
	PaymentID string    `json:"paymentId,omitempty"`
	Until     time.Time `json:"until,omitzero"` // the goods arrive before this, else all of it is taken
	Attempt   Attempt   `json:"attempt,omitzero"`
	CheckAt   time.Time `json:"checkAt,omitzero"` // when the provider is asked what became of the attempt
	Attempts  int       `json:"attempts,omitempty"`
}

// ExchangeItem is one variant that is sent, at the price that was quoted.
type ExchangeItem struct {
	VariantID string   `json:"variantId"`
	ProductID string   `json:"productId"`
	SKU       string   `json:"sku,omitempty"`
	Title     string   `json:"title"`
	Options   []string `json:"options,omitempty"`
	Image     string   `json:"image,omitempty"`
	Quantity  int      `json:"quantity"`
	List      int64    `json:"list"` // catalog price of one
	Unit      int64    `json:"unit"` // what one costs in this exchange, tax included
	Tax       int64    `json:"tax,omitempty"`
	TaxRate   int      `json:"taxRate,omitempty"` // of Tax, basis points: that of the line it is sent for
}

// Entry is one thing that happened, for the customer's eyes.
type Entry struct {
	At   time.Time `json:"at"`
	Type string    `json:"what"`
	Text string    `json:"text,omitempty"`
	By   string    `json:"by"` // customer, shop, system
}

// maxEntries bounds the timeline. A return has about ten steps; more come only from parcels that arrive in pieces.
const maxEntries = 100

// tell adds to the timeline; a full one stays as it is, because a missing entry must not stop a
// refund.
func (r *RMA) addEntry(now time.Time, what, text, by string) {
	if len(r.Timeline) < maxEntries {
		r.Timeline = append(r.Timeline, Entry{At: now, Type: what, Text: text, By: by})
	}
}

// Line returns the line with the id of the order's line.
func (r *RMA) Line(id string) *Line {
	i := slices.IndexFunc(r.Lines, func(l Line) bool { return l.LineID == id })
	if i < 0 {
		return nil
	}
	return &r.Lines[i]
}

// Units are all units of the return, as the ledger names them.
func (r *RMA) Units() []refund.UnitRef {
	var out []refund.UnitRef
	for _, l := range r.Lines {
		for _, n := range l.Units {
			out = append(out, refund.UnitRef{LineID: l.LineID, N: n})
		}
	}
	return out
}

// AcceptedUnits are the units that the inspection accepted: of each line the first ones.
func (r *RMA) AcceptedUnits() []refund.UnitRef {
	var out []refund.UnitRef
	for _, l := range r.Lines {
		for _, n := range l.Units[:min(l.Result.Accepted, len(l.Units))] {
			out = append(out, refund.UnitRef{LineID: l.LineID, N: n})
		}
	}
	return out
}

// Fault reports whether any line comes back for a reason that is the shop's to answer for.
func (r *RMA) Fault() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Reason.Fault() })
}

// Whole reports whether the inspection accepted everything that was announced, without a fee for damage: then the quote
// is what is paid.
func (r *RMA) Whole() bool {
	return !slices.ContainsFunc(r.Lines, func(l Line) bool {
		return l.Result.Accepted != len(l.Units) || l.Result.DamageFee > 0
	})
}
