package order

import (
	"strconv"
	"strings"
	"time"

	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
)

// EntryType is the stable code of a timeline entry.
type EntryType string

// What can happen to an order, as the customer sees it. Notes are apart: they are not for customers.
const (
	EntryPlaced        EntryType = "placed"
	EntryPaid          EntryType = "paid"
	EntryPaymentFailed EntryType = "payment_failed"
	EntryShipped       EntryType = "shipped"
	EntryDelivered     EntryType = "delivered"
	EntryCanceled      EntryType = "canceled"
	EntryReleased      EntryType = "payment_released" // an authorization was let go: nothing had been taken
	EntryRefundSent    EntryType = "refund_sent"
	EntryRefundFailed  EntryType = "refund_failed"

	CreditReturned EntryType = "store_credit_returned"
	AddressChanged EntryType = "address_changed"
	ContactChanged EntryType = "contact_changed"
	WasHeld        EntryType = "held"
	WasLetGo       EntryType = "hold_released"
	LinesRemoved   EntryType = "lines_removed"
	LinesAdded     EntryType = "lines_added"
)

// TimelineEntry is one thing that happened. The list is bounded by what can happen: at most two
// entries for each parcel and each refund, and a handful for the payment.
type TimelineEntry struct {
	At time.Time `json:"at"`
	// The JSON name is "what" in stored orders.
	Type EntryType `json:"what"`
	Text string    `json:"text,omitempty"` // facts: carrier and number, amount
	By   string    `json:"by"`             // customer, shop, system
}

// Who did it, as timelines show it. Which agent it was stands in notes only: customers see
// timelines.
const (
	ByCustomer = "customer"
	ByShop     = "shop"
	BySystem   = "system"
)

// addEntry appends to the timeline. Text holds facts such as amounts, and no sentences: it is shown
// in any language.
func (o *Order) addEntry(now time.Time, what EntryType, text, by string) {
	o.Timeline = append(o.Timeline, TimelineEntry{At: now, Type: what, Text: strings.TrimSpace(text), By: by})
}

// Note is a remark of the shop's people, never shown to customers.
type Note struct {
	Request
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	By   string    `json:"by"` // subject of the agent
}

// MaxNotes bounds the notes of an order. Old ones are not dropped to make room: they may be
// evidence.
const MaxNotes = 50

// AddNote adds a remark. Error: 409 too_many_notes.
func (o *Order) AddNote(n Note, now time.Time) error {
	if err := problem.CheckText(n.Text, 1, maxNote, "/text"); err != nil {
		return err
	}
	if len(o.Notes) >= MaxNotes {
		return problem.Conflict("too_many_notes", "An order takes at most %d notes.", MaxNotes)
	}
	n.At = now
	o.Notes = append(o.Notes, n)
	return nil
}

// Request is the idempotency key of the request that made something, and the hash of what it asked for; empty when it
// had no key. It is kept with what it made, so there is no moment at which one is there without the other.
type Request struct {
	Key  string `json:"key,omitempty"`
	Hash string `json:"hash,omitempty"`
}

// Repeated reports whether a request with this key has changed the order before. Error: 422 idempotency_key_reused.
func (o *Order) Repeated(r Request) (bool, error) {
	made := make([]Request, 0, len(o.Fulfillments)+len(o.Notes))
	for _, f := range o.Fulfillments {
		made = append(made, f.Request)
	}
	for _, n := range o.Notes {
		made = append(made, n.Request)
	}
	return r.RepeatsOne(made)
}

// Repeats reports whether the request is the first one sent again. One without a key never is. Error: 422
// idempotency_key_reused.
func (r Request) Repeats(first Request) (bool, error) {
	if r.Key == "" || r.Key != first.Key {
		return false, nil
	}
	if r.Hash != first.Hash {
		return false, idempotency.Reused()
	}
	return true, nil
}

// RepeatsOne reports whether the request is one of those sent again. Error: 422 idempotency_key_reused.
func (r Request) RepeatsOne(made []Request) (bool, error) {
	for _, first := range made {
		if again, err := r.Repeats(first); again || err != nil {
			return again, err
		}
	}
	return false, nil
}

// pointer is the JSON pointer of a field of the i-th line in a request.
func pointer(i int, field string) string { return "/lines/" + strconv.Itoa(i) + "/" + field }
