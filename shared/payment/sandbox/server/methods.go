package server

import (
	"net/http"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/platform/id"
)

// method finds what a token stands for: one from the browser's form, or a saved card of this
// customer.
func (s *Server) method(token, customer string, now time.Time) (behavior, payment.Method, bool) {
	if kept, ok := s.methods[token]; ok {
		b, _ := lookupToken(kept.Base)
		return b, kept.Method, kept.CustomerRef == customer
	}
	b, ok := lookupToken(token)
	card := payment.Method{Brand: b.brand, Last4: b.last4, ExpMonth: 12, ExpYear: now.Year() + cardLastsFor}
	return b, card, ok
}

// saveMethod saves a card without charging it.
func (s *Server) saveMethod(c *call) outcome {
	var req payment.SaveMethodRequest
	if !c.decode(&req) || req.CustomerID == "" || !returnable(req.ReturnURL) {
		return refuse(sandbox.CodeInvalid, "a method is kept for a customer")
	}
	b, card, ok := s.method(req.MethodToken, req.CustomerRef, c.now)
	switch {
	case !ok:
		return refuse(sandbox.CodeInvalid, "no such payment method: %s", req.MethodToken)
	case b.hangBefore:
		return outcome{hang: true}
	case b.decline != "":
		return declined(b.decline, nil)
	case b.setup:
		return c.askToKeep(req, card)
	}
	// The answer may still be lost: the card is saved all the same.
	answer := made(c.keep(s, req.MethodToken, req.CustomerID, card, c.now))
	answer.hang = b.hang
	return answer
}

// askToKeep begins a challenge about keeping a method.
func (c *call) askToKeep(req payment.SaveMethodRequest, card payment.Method) outcome {
	setup := id.New("seti", c.now)
	rec := record{
		Payment: payment.Payment{
			ID: setup, Key: c.key, State: payment.StateRequiresAction, NextActionURL: c.base + "/pay/" + setup, Method: card,
			CustomerID: req.CustomerID, CreatedAt: c.now,
		},
		Token: req.MethodToken, ReturnURL: req.ReturnURL, Setup: true,
	}
	c.Payments = append(c.Payments, rec)
	return made(rec.kept())
}

// kept is the method of a challenge about keeping it, as far as that has come.
func (r record) kept() payment.Method {
	m := r.Method
	m.SetupID, m.NextActionURL = r.ID, r.NextActionURL
	return m
}

func (s *Server) savedMethod(w http.ResponseWriter, r *http.Request) {
	s.read(w, "saved_method", func() outcome {
		rec, ok := s.payments[r.PathValue("setup")]
		if rec.State == payment.StateDeclined {
			return declined(rec.DeclineCode, nil)
		}
		return found(rec.kept(), ok && rec.Setup)
	})
}

// keep makes a kept method of a token; what is kept already stays what it is.
func (c *change) keep(s *Server, token, customerID string, card payment.Method, at time.Time) payment.Method {
	if kept, ok := s.methods[token]; ok {
		return kept.Method
	}
	card.Token, card.CustomerRef = id.New("pm", at), customerRef(customerID)
	c.Methods = append(c.Methods, method{Method: card, Base: token})
	return card
}

// refund gives money back at once; some test cards then report another outcome two minutes later.
func (s *Server) refund(c *call) outcome {
	var req payment.RefundRequest
	if !c.decode(&req) || !payable(req.Amount) {
		return refuse(sandbox.CodeInvalid, "the amount must be above zero, in a real currency")
	}
	rec, ok := s.payments[req.PaymentID]
	switch {
	case !ok:
		return refuse(sandbox.CodeNotFound, "no payment %s", req.PaymentID)
	case rec.Amount.Currency != req.Amount.Currency:
		return refuse(sandbox.CodeInvalid, "the payment was in %s", rec.Amount.Currency)
	case rec.State != payment.StateCaptured:
		return refuse(sandbox.CodeConflict, "the payment is %s", rec.State)
	case req.Amount.Amount > rec.Refundable():
		left := money.Of(rec.Refundable(), rec.Amount.Currency)
		return refuse(sandbox.CodeConflict, "only %s is left to refund", left.Display())
	}
	rec.Refunded.Amount += req.Amount.Amount
	rec.move("refund", req.Amount, c.key, c.now)
	b, _, _ := s.method(rec.Token, rec.Method.CustomerRef, c.now)
	back := payment.Refund{
		ID: id.New("re", c.now), Key: c.key, PaymentID: rec.ID, Amount: req.Amount,
		State: payment.RefundSucceeded, Metadata: req.Metadata, CreatedAt: c.now,
	}
	if b.refund == refundWaits {
		back.State = payment.RefundPending
	}
	// Stored with the payment in one change, so that both agree after a crash.
	c.Refunds = append(c.Refunds, back)
	c.refundEvent(s, back, c.now)
	answer := made(back)
	if b.refund != "" {
		c.refundLater(s, &rec, back, b.refund, c.now.Add(lateAfter))
	}
	c.Payments = append(c.Payments, rec)
	return answer
}

// refundLater stores what a refund becomes in two minutes. The webhook comes then; a look-up before
// shows it
// already.
func (c *change) refundLater(s *Server, rec *record, back payment.Refund, how string, at time.Time) {
	back.State = payment.RefundSucceeded
	if how == refundFails {
		back.State = payment.RefundFailed
		rec.Refunded.Amount -= back.Amount.Amount
		rec.move("refund failed", back.Amount, "", at)
	}
	c.Refunds = append(c.Refunds, back)
	c.refundEvent(s, back, at)
}
