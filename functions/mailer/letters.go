package mailer

import (
	"errors"
	"fmt"

	"dangol/events"
	"dangol/shared/mail"
	"dangol/shared/platform/event"
)

// letter is what is to be written for one event.
type letter struct {
	to, language string
	about        string // id of the order, checkout or subscription
	content      mail.Content
}

// Hears lists the event types that become mails.
var Consumes = []string{
	events.OrderPlaced{}.EventType(), events.OrderShipped{}.EventType(), events.OrderDelivered{}.EventType(),
	events.OrderCanceled{}.EventType(), events.OrderPaymentFailed{}.EventType(), events.CheckoutRefunded{}.EventType(),
	events.SubscriptionNoticeIssued{}.EventType(), events.SubscriptionGiftAnnounced{}.EventType(),
}

// errNotHeard says that no mail belongs to an event type.
var errNotConsumed = errors.New("event type without a mail")

// letterFor reads an event. Errors: errNotHeard, or a body that cannot be read.
func letterFor(e event.Envelope) (letter, error) {
	switch e.Type {
	case events.OrderPlaced{}.EventType():
		return read(e, placed)
	case events.OrderShipped{}.EventType():
		return read(e, shipped)
	case events.OrderDelivered{}.EventType():
		return read(e, delivered)
	case events.OrderCanceled{}.EventType():
		return read(e, canceled)
	case events.OrderPaymentFailed{}.EventType():
		return read(e, paymentFailed)
	case events.CheckoutRefunded{}.EventType():
		return read(e, refunded)
	case events.SubscriptionNoticeIssued{}.EventType():
		return read(e, subscriptionMail)
	case events.SubscriptionGiftAnnounced{}.EventType():
		return read(e, gift)
	default:
		return letter{}, errNotConsumed
	}
}

// body is a pointer to an event body.
type body[B any] interface {
	*B
	event.Body
}

func read[B any, P body[B]](e event.Envelope, write func(B) letter) (letter, error) {
	var b B
	if err := e.Into(P(&b)); err != nil {
		return letter{}, err
	}
	l := write(b)
	if l.to == "" || l.about == "" || e.ID == "" {
		return letter{}, fmt.Errorf("event %s says not whom to write to about what", e.ID)
	}
	return l, nil
}

func placed(b events.OrderPlaced) letter {
	return about(b.OrderRef, mail.OrderConfirmation{
		Number: b.Number, Name: b.Name, Lines: lines(b.Lines), Subtotal: b.Subtotal, Discount: b.Discount,
		Shipping: b.Shipping,
		Tax:      b.Tax, TaxIncluded: b.TaxIncluded, Total: b.Total, PlacedAt: b.PlacedAt,
		ShipTo: b.ShipTo, ShippingMethod: b.MethodName, Payment: b.PaidWith,
	})
}

func shipped(b events.OrderShipped) letter {
	return about(b.OrderRef, mail.OrderShipped{
		Number: b.Number, Name: b.Name, Carrier: b.Carrier, TrackingNumber: b.TrackingNumber, TrackingURL: b.TrackingURL,
		Lines: lines(b.Lines), Complete: b.Complete, ShippedAt: b.ShippedAt,
	})
}

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

func paymentFailed(b events.OrderPaymentFailed) letter {
	return about(b.OrderRef, mail.PaymentFailed{Number: b.Number, Name: b.Name, Lines: lines(b.Lines), Total: b.Total})
}

func refunded(b events.CheckoutRefunded) letter {
	return letter{to: b.Email, language: b.Language, about: b.CheckoutID, content: mail.CheckoutRefunded{
		Name: b.Name, Amount: b.Amount, Taken: b.Taken, Reason: b.Reason,
	}}
}

func about(r events.OrderRef, c mail.Content) letter {
	return letter{to: r.Email, language: r.Language, about: r.OrderID, content: c}
}

func lines(all []events.OrderLine) []mail.Line {
	out := make([]mail.Line, len(all))
	for i, l := range all {
		out[i] = mail.Line{Title: l.Title, Options: l.Options, Properties: l.Properties, Quantity: l.Quantity, Total: l.Total}
	}
	return out
}
