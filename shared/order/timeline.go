package order

import (
	"strconv"
	"strings"
	"time"

	"dangol/shared/problem"
)

// What is the stable code of a timeline entry.
type What string

// What can happen to an order, as the customer sees it. Notes are apart: they are not for customers.
const (
	WasPlaced     What = "placed"
	WasPaid       What = "paid"
	PaymentFailed What = "payment_failed"
	Shipped       What = "shipped"
	Arrived       What = "delivered"
	WasCancelled  What = "cancelled"
	WasReleased   What = "payment_released" // an authorisation was let go: nothing had been taken
	RefundSent    What = "refund_sent"
	RefundFailed  What = "refund_failed"
)

// Entry is one thing that happened. The number of entries is bounded by what can happen: at most two a parcel, two a refund
// and a handful for payment.
type Entry struct {
	At   time.Time `dynamodbav:"at"`
	What What      `dynamodbav:"what"`
	Text string    `dynamodbav:"text,omitempty"` // facts: carrier and number, amount
	By   string    `dynamodbav:"by"`             // customer, shop, system
}

// Who did it, in timelines. Which agent it was is in notes only.
const (
	ByCustomer = "customer"
	ByShop     = "shop"
	BySystem   = "system"
)

func (o *Order) tell(now time.Time, what What, text, by string) {
	o.Timeline = append(o.Timeline, Entry{At: now, What: what, Text: strings.TrimSpace(text), By: by})
}

// Note is a remark of the shop's people, never shown to customers.
type Note struct {
	At   time.Time `dynamodbav:"at"`
	Text string    `dynamodbav:"text"`
	By   string    `dynamodbav:"by"` // subject of the agent
}

// MaxNotes bounds the notes of an order. Old ones are not dropped to make room.
const MaxNotes = 50

// AddNote adds a remark. Error: 409 too_many_notes.
func (o *Order) AddNote(text, by string, now time.Time) error {
	if len(o.Notes) >= MaxNotes {
		return problem.Conflict("too_many_notes", "An order takes at most %d notes.", MaxNotes)
	}
	o.Notes = append(o.Notes, Note{At: now, Text: text, By: by})
	return nil
}

func pointer(i int, field string) string { return "/lines/" + strconv.Itoa(i) + "/" + field }
