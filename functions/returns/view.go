package returns

import (
	"time"

	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

// Return is a return as the API shows it.
type Return struct {
	ID         string           `json:"id" example:"ret_01k9x7d3f8q7m2k01"`
	OrderID    string           `json:"orderId"`
	Number     string           `json:"orderNumber"`
	State      rma.State        `json:"state" enum:"requested,approved,booked,in_transit,received,inspected,awaiting_payment,completed,rejected,canceled,expired"`
	Version    int              `json:"version"`
	Resolution rma.Resolution   `json:"resolution" enum:"refund,store_credit,exchange,replacement"`
	Way        rma.ReturnMethod `json:"way" enum:"label,pickup,own,keep"`
	Lines      []ReturnedLine   `json:"lines" nullable:"false"`
	Quoted     Amounts          `json:"quoted" doc:"As the customer saw it when they asked for the return."`
	Settled    *Amounts         `json:"settled,omitempty" doc:"What was given in the end; missing before."`
	Balance    *Balance         `json:"balance,omitempty" doc:"What is asked for before an exchange is sent."`
	Hold       *HoldView        `json:"hold,omitempty" doc:"The reservation against which an exchange was sent ahead."`
	Refunds    []Movement       `json:"refunds" nullable:"false" doc:"The money on its way back."`
	NewOrderID string           `json:"newOrderId,omitempty" doc:"The order in which an exchange or replacement is sent."`
	Shipment   *ReturnShipment  `json:"shipment,omitempty"`
	SendBy     *time.Time       `json:"sendBy,omitempty" doc:"The goods are handed over before this, else the return expires."`
	RefundBy   *time.Time       `json:"refundBy,omitempty" doc:"The law's time for the refund ends then."`
	Late       bool             `json:"late,omitempty" doc:"The refund was or is late."`
	Rejection  string           `json:"rejection,omitempty"`
	Evidence   []string         `json:"evidence,omitempty"`
	Policy     int              `json:"policyVersion"`
	Timeline   []ReturnStep     `json:"timeline" nullable:"false"`
	CustomerID string           `json:"customerId,omitempty" doc:"For the shop's people only; missing for a guest."`
	CreatedAt  time.Time        `json:"createdAt"`
	UpdatedAt  time.Time        `json:"updatedAt"`
}

// ReturnStep is one thing that happened.
type ReturnStep struct {
	At   time.Time `json:"at"`
	Type string    `json:"type" example:"received"`
	Text string    `json:"text,omitempty"`
	By   string    `json:"by" enum:"customer,shop,system"`
}

// ReturnedLine is some units of a line of the order.
type ReturnedLine struct {
	LineID    string              `json:"lineId"`
	ProductID string              `json:"productId"`
	VariantID string              `json:"variantId"`
	Title     string              `json:"title"`
	Options   []string            `json:"options,omitempty"`
	Quantity  int                 `json:"quantity"`
	Reason    returnpolicy.Reason `json:"reason"`
	Comment   string              `json:"comment,omitempty"`
	Photos    []string            `json:"photos,omitempty"`
	For       string              `json:"exchangeFor,omitempty"`
	Arrived   rma.Count           `json:"arrived"`
	Accepted  int                 `json:"accepted"`
	Grade     string              `json:"grade,omitempty" doc:"For the shop's people only."`
	Restocked int                 `json:"restocked,omitempty" doc:"For the shop's people only."`
	Note      string              `json:"note,omitempty"`
}

// Amounts is what a return is worth.
type Amounts struct {
	Refund money.Formatted `json:"refund" doc:"The value that goes to the customer."`
	Bonus  money.Formatted `json:"bonus" doc:"On top, with store credit."`
	Fees   money.Formatted `json:"fees" doc:"What the shop keeps."`
	Price  money.Formatted `json:"price" doc:"Of what is sent in exchange."`
	Ask    money.Formatted `json:"balance" doc:"Asked for before the exchange is sent."`
	Pay    money.Formatted `json:"paidOut" doc:"Goes back on the ways it was paid."`
	Late   money.Formatted `json:"interest" doc:"Interest that the law asks for because the refund was late. It is noted, not paid by itself."`
}

// Balance is what is asked for before an exchange is sent.
type Balance struct {
	Amount      money.Formatted `json:"amount"`
	PayBy       time.Time       `json:"payBy" doc:"Else the exchange becomes a refund."`
	State       string          `json:"state" enum:"open,pending,paid"`
	RedirectURL string          `json:"redirectUrl,omitempty" doc:"Where the shopper passes the bank's challenge; then pay again."`
}

// Movement is money on its way back on one payment.
type Movement struct {
	Method refund.Method   `json:"method" enum:"card,store_credit,points"`
	Amount money.Formatted `json:"amount"`
	State  string          `json:"state" enum:"pending,succeeded,failed"`
	At     time.Time       `json:"at"`
}

// ReturnShipment is the parcel that comes back.
type ReturnShipment struct {
	Carrier        string     `json:"carrier,omitempty"`
	CarrierName    string     `json:"carrierName,omitempty"`
	TrackingNumber string     `json:"trackingNumber,omitempty"`
	TrackingURL    string     `json:"trackingUrl,omitempty"`
	PickupFrom     *time.Time `json:"pickupFrom,omitempty"`
	Label          string     `json:"label,omitempty" doc:"Path of the printable label (PDF)."`
}

// output is a return.
type output struct {
	Status  int
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    Return
}

// answer is a return as the caller may see it.
func answer(status int, r *rma.RMA, o *order.Order, who auth.Principal) *output {
	return &output{Status: status, Caching: caching, Body: view(r, o, who.Operator())}
}

// replayed is the answer to a repetition.
func replayed(r *rma.RMA, o *order.Order, who auth.Principal) *output {
	out := answer(201, r, o, who)
	out.Replay = "true"
	return out
}

// view shows a return; grades and who the customer is only to the shop's people.
func view(r *rma.RMA, o *order.Order, operator bool) Return {
	v := Return{
		ID: r.ID, OrderID: r.OrderID, Number: order.NumberOf(r.OrderID), State: r.State, Version: r.Version,
		Resolution: r.Resolution, Way: r.Way,
		Lines: make([]ReturnedLine, len(r.Lines)), Quoted: amounts(r, r.Quote), NewOrderID: r.Swap.OrderID,
		Rejection: r.Rejection,
		Evidence:  r.Evidence, Policy: r.Policy, Timeline: make([]ReturnStep, len(r.Timeline)), Late: r.Deadlines.Late,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		SendBy: moment(r.Deadlines.SendBy), RefundBy: moment(r.Deadlines.RefundBy), Refunds: movements(r, o),
		Balance: balanceView(r), Hold: holdView(r),
	}
	if r.State == rma.Completed {
		settled := amounts(r, r.Settled)
		v.Settled = &settled
	}
	for i, e := range r.Timeline {
		v.Timeline[i] = ReturnStep(e)
	}
	for i, l := range r.Lines {
		v.Lines[i] = ReturnedLine{
			LineID: l.LineID, ProductID: l.ProductID, VariantID: l.VariantID, Title: l.Title, Options: l.Options,
			Quantity: len(l.Units),
			Reason:   l.Reason, Comment: l.Comment, Photos: l.Photos, For: l.For, Arrived: l.Count, Accepted: l.Result.Accepted,
			Note: l.Result.Note,
		}
		if operator {
			v.Lines[i].Grade, v.Lines[i].Restocked = l.Result.Grade, l.Result.Restocked
		}
	}
	// Without a number there is nothing to show yet.
	if s := r.Shipment; s.TrackingNumber != "" {
		v.Shipment = &ReturnShipment{
			Carrier: s.Carrier, CarrierName: order.CarrierName(s.Carrier), TrackingNumber: s.TrackingNumber,
			TrackingURL: s.TrackingURL,
			PickupFrom:  moment(s.PickupFrom),
		}
		if r.Way == rma.Label {
			v.Shipment.Label = "/returns/" + r.ID + "/label.pdf"
		}
	}
	if operator {
		v.CustomerID = r.CustomerID
	}
	return v
}

// moment is nil for no instant, which JSON leaves out.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// amounts are figures with their texts.
func amounts(r *rma.RMA, f rma.Figures) Amounts {
	fees := int64(0)
	for _, fee := range f.Fees {
		fees += fee.Amount
	}
	in := func(amount int64) money.Formatted { return r.Money(amount).Formatted() }
	return Amounts{
		Refund: in(f.Refund), Bonus: in(f.Bonus), Fees: in(fees), Price: in(f.Price), Ask: in(f.BalanceDue),
		Pay:  in(f.PaidOut),
		Late: in(f.Late),
	}
}

// movements are the order's movements of money for this return.
func movements(r *rma.RMA, o *order.Order) []Movement {
	out := []Movement{}
	for _, m := range o.Refunds {
		// Also the entry for a part, when not everything was accepted.
		if m.Entry != r.ID && m.Entry != r.ID+"-part" {
			continue
		}
		out = append(out, movementOf(o, m))
	}
	return out
}

// movementOf shows a movement. Early refunds name no method; they were to cards.
func movementOf(o *order.Order, m order.Refund) Movement {
	method := m.Method
	if method == "" {
		method = refund.Card
	}
	return Movement{Method: method, Amount: o.Money(m.Amount).Formatted(), State: string(m.State), At: m.At}
}

// listOutput is a page of returns.
type listOutput struct {
	Caching string `header:"Cache-Control"`
	Body    ReturnList
}

// ReturnList is one page of returns.
type ReturnList struct {
	Returns    []ReturnCard `json:"returns" nullable:"false"`
	NextCursor string       `json:"nextCursor,omitempty" doc:"Missing on the last page."`
}

// ReturnCard is a return in a list.
type ReturnCard struct {
	ID         string          `json:"id"`
	OrderID    string          `json:"orderId"`
	State      rma.State       `json:"state"`
	Resolution rma.Resolution  `json:"resolution"`
	Units      int             `json:"units"`
	Title      string          `json:"title" doc:"Of the first line."`
	Reason     string          `json:"reason" doc:"Of the first line."`
	Value      money.Formatted `json:"value"`
	CreatedAt  time.Time       `json:"createdAt"`
	Deadline   *time.Time      `json:"deadline,omitempty" doc:"When what is next has to have happened."`
	Warned     bool            `json:"refundDueSoon,omitempty"`
	Late       bool            `json:"refundLate,omitempty"`
}

// cardOf is a summary as the API shows it.
func cardOf(c rma.ReturnSummary) ReturnCard {
	orderID, _ := rma.OrderOf(c.ID)
	return ReturnCard{
		ID: c.ID, OrderID: orderID, State: c.State, Resolution: c.Resolution, Units: c.Units, Title: c.Title,
		Reason: c.Reason,
		Value:  money.Of(c.Value, c.Currency).Formatted(), CreatedAt: c.CreatedAt, Deadline: moment(c.Deadline),
		Warned: c.Warned,
		Late:   c.Late,
	}
}

// listed answers with summaries.
func listed(cards []rma.ReturnSummary, next table.Cursor) *listOutput {
	out := &listOutput{Caching: caching,
		Body: ReturnList{Returns: make([]ReturnCard, len(cards)), NextCursor: string(next)}}
	for i, c := range cards {
		out.Body.Returns[i] = cardOf(c)
	}
	return out
}
