package mailer

import (
	"errors"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/mail"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
)

// letter is what is to be written for one event; without a content nothing is.
type letter struct {
	to, language string
	orderID      string // whose address it goes to, where the event has none
	about        string // id of the order, checkout, subscription or lot
	content      mail.Content
	// conversation is the conversation whose messages are in it; nil for a letter about none.
	conversation *events.ConversationMailRequested
	goodFor      time.Duration // after which it is too late to send it; 0 is never
}

// writers are how the events that become mails are read, by type.
var writers = map[string]func(event.Envelope) (letter, error){}

// Consumes lists the event types that become mails.
var Consumes = []string{
	writes(placed), writes(shipped), writes(delivered), writes(canceled), writes(paymentFailed), writes(refunded),
	writes(subscriptionMail), writes(gift),
	writes(returnRequested), writes(returnApproved), writes(returnBooked), writes(returnReceived),
	writes(returnCompleted), writes(returnRejected), writes(returnCanceled), writes(balanceAsked),
	writes(orderChanged), writes(paymentRequested), writes(orderRefunded), writes(creditGranted), writes(creditExpiring),
	writes(reviewAnswered), writes(updateInvited), writes(reviewUnpublished), writes(mediaRejected),
	writes(reviewRewarded),
	writes(rewardRevoked), writes(conversationMail),
}

// writes makes an event type known, with the function that turns its body into a letter.
func writes[B any, P body[B]](write func(B) letter) string {
	eventType := P(new(B)).EventType()
	writers[eventType] = func(e event.Envelope) (letter, error) { return read[B, P](e, write) }
	return eventType
}

var (
	// errNotConsumed says that no mail belongs to an event type.
	errNotConsumed = errors.New("event type without a mail")
	// errNothingToSay says that this one event needs no mail.
	errNothingToSay = errors.New("event without a mail")
)

// letterFor reads an event. Errors: errNotConsumed, errNothingToSay, or a body that cannot be read.
func letterFor(e event.Envelope) (letter, error) {
	write, ok := writers[e.Type]
	if !ok {
		return letter{}, errNotConsumed
	}
	return write(e)
}

// body is a pointer to an event body.
type body[B any] interface {
	*B
	event.Body
}

// read decodes an event and writes the letter. An event without a recipient is an error and not
// silence: somebody expects a mail.
func read[B any, P body[B]](e event.Envelope, write func(B) letter) (letter, error) {
	var b B
	if err := e.Into(P(&b)); err != nil {
		return letter{}, err
	}
	l := write(b)
	if l.content == nil {
		return letter{}, errNothingToSay
	}
	if l.to == "" && l.orderID == "" || l.about == "" || e.ID == "" {
		return letter{}, fmt.Errorf("event %s says not whom to write to about what", e.ID)
	}
	return l, nil
}

// placed is the confirmation of an order.
func placed(b events.OrderPlaced) letter {
	return about(b.OrderRef, mail.OrderConfirmation{
		Number: b.Number, Name: b.Name, Lines: lines(b.Lines), Subtotal: b.Subtotal, Discount: b.Discount,
		Shipping: b.Shipping,
		Tax:      b.Tax, TaxIncluded: b.TaxIncluded, Total: b.Total, PlacedAt: b.PlacedAt,
		ShipTo: shown(b.ShipTo), ShippingMethod: b.MethodName, Payment: b.PaidWith,
	})
}

// shipped is the mail about a parcel on its way.
func shipped(b events.OrderShipped) letter {
	return about(b.OrderRef, mail.OrderShipped{
		Number: b.Number, Name: b.Name, Carrier: b.Carrier, TrackingNumber: b.TrackingNumber, TrackingURL: b.TrackingURL,
		Lines: lines(b.Lines), Complete: b.Complete, ShippedAt: b.ShippedAt,
	})
}

// delivered is the mail about a parcel that has arrived.
func delivered(b events.OrderDelivered) letter {
	return about(b.OrderRef, mail.OrderDelivered{
		Number: b.Number, Name: b.Name, Lines: lines(b.Lines), Complete: b.Complete, DeliveredAt: b.DeliveredAt,
	})
}

// canceled leaves the reason out: it is what the customer or an operator typed, and not written to be sent.
func canceled(b events.OrderCanceled) letter {
	return about(b.OrderRef, mail.OrderCanceled{
		Number: b.Number, Name: b.Name, ByShop: b.By != "customer", Lines: lines(b.Lines), Total: b.Total, Refund: b.Refund,
	})
}

// paymentFailed is the mail about a payment that came to nothing after the order was placed.
func paymentFailed(b events.OrderPaymentFailed) letter {
	return about(b.OrderRef, mail.PaymentFailed{Number: b.Number, Name: b.Name, Lines: lines(b.Lines), Total: b.Total})
}

// refunded is the mail about money that was taken for a checkout that did not become an order.
func refunded(b events.CheckoutRefunded) letter {
	return letter{to: b.Email, language: b.Language, about: b.CheckoutID, content: mail.CheckoutRefunded{
		Name: b.Name, Amount: b.Amount, Taken: b.Taken, Reason: b.Reason,
	}}
}

// about is a letter about an order, in the language of the order.
func about(r events.OrderRef, c mail.Content) letter {
	return letter{to: r.Email, language: r.Language, about: r.OrderID, content: c}
}

// lines are the lines of an order for a mail.
func lines(all []events.OrderLine) []mail.Line {
	out := make([]mail.Line, len(all))
	for i, l := range all {
		out[i] = mail.Line{Title: l.Title, Options: l.Options, Properties: shownProperties(l.Properties),
			Quantity: l.Quantity, Total: l.Total}
	}
	return out
}

// shown is a text of the shopper as a mail shows it: nothing when it has an address of the web or of mail in it. A
// shopper may name anybody's mail address, so what they wrote must not lead anywhere. The order keeps it.
func shown(text string) string {
	if format.HasAddress(text) {
		return ""
	}
	return text
}

// shownProperties are the properties of a line that a mail shows, as shown.
func shownProperties(all map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range all {
		if shown(name) != "" && shown(value) != "" {
			kept[name] = value
		}
	}
	return kept
}
