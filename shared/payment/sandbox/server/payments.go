package server

import (
	"container/heap"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/platform/id"
)

// The times of the sandbox.
const (
	lateAfter    = 2 * time.Minute    // until a late outcome comes
	holdsFor     = 7 * 24 * time.Hour // until an authorization lapses, as with Stripe's cards
	cardLastsFor = 3                  // years
)

// authorize reserves an amount, or begins a challenge, as the token says.
func (s *Server) authorize(c *call) outcome {
	var req payment.AuthorizeRequest
	if !c.decode(&req) || !payable(req.Amount) || !returnable(req.ReturnURL) {
		return refuse(sandbox.CodeInvalid, "amount and return URL must make sense")
	}
	// Without a customer nobody could ever charge it.
	if req.KeepMethod && req.CustomerID == "" {
		return refuse(sandbox.CodeInvalid, "a method is kept for a customer")
	}
	b, m, ok := s.method(req.MethodToken, req.CustomerRef, c.now)
	switch {
	case !ok:
		return refuse(sandbox.CodeInvalid, "no such payment method: %s", req.MethodToken)
	// The request had no effect, and its answer is lost.
	case b.hangBefore:
		return outcome{hang: true}
	}
	rec := record{
		Payment: newPayment(c, req.Amount, m, req.CustomerID, req.Metadata),
		Token:   req.MethodToken, CaptureNow: req.CaptureNow || b.captured, KeepMethod: req.KeepMethod,
		ReturnURL: req.ReturnURL, Text: req.Description,
	}
	switch {
	case b.decline != "":
		c.decline(s, &rec, b.decline)
	case b.declines > s.declinesOf(rec):
		c.decline(s, &rec, "generic_decline")
	case b.kept && c.refusesKept(s, req.MethodToken, b):
		c.decline(s, &rec, b.offSession)
	// A challenge that comes once is passed for good when the card is kept.
	case b.challenge && !(b.once && s.isKept(req.MethodToken)):
		rec.State, rec.NextActionURL = payment.StateRequiresAction, c.base+"/pay/"+rec.ID
		c.event(s, "payment.requires_action", rec, c.now)
	case b.late:
		rec.State, rec.ChangesAt = payment.StateProcessing, c.now.Add(lateAfter)
	default:
		c.approve(s, &rec, c.now)
	}
	return c.finish(rec, b.hang)
}

// charge takes an amount from a saved card while the shopper is away.
func (s *Server) charge(c *call) outcome {
	var req payment.ChargeRequest
	if !c.decode(&req) || !payable(req.Amount) {
		return refuse(sandbox.CodeInvalid, "the amount must be above zero, in a real currency")
	}
	kept, ok := s.methods[req.MethodToken]
	// A saved card belongs to one customer, also when another one knows its token.
	if !ok || kept.CustomerRef != req.CustomerRef {
		return refuse(sandbox.CodeInvalid, "this customer has no such method")
	}
	b, _ := lookupToken(kept.Base)
	if b.hangBefore {
		return outcome{hang: true}
	}
	rec := record{
		Payment: newPayment(c, req.Amount, kept.Method, req.CustomerID, req.Metadata),
		Token:   req.MethodToken, CaptureNow: true, Text: req.Description,
	}
	switch {
	case b.decline != "":
		c.decline(s, &rec, b.decline)
	case b.declines > s.declinesOf(rec):
		c.decline(s, &rec, "generic_decline")
	// Cards that fail a number of times let tests show what happens after the retries.
	case b.offSession != "" && c.refusesKept(s, req.MethodToken, b):
		c.decline(s, &rec, b.offSession)
	case b.late:
		rec.State, rec.ChangesAt = payment.StateProcessing, c.now.Add(lateAfter)
	default:
		c.approve(s, &rec, c.now)
	}
	return c.finish(rec, b.hang)
}

// refusesKept reports whether a kept method is to be refused, and counts it.
func (c *call) refusesKept(s *Server, token string, b behavior) bool {
	m, kept := s.methods[token]
	// Cards without a number fail every time.
	if !kept || b.offTimes > 0 && m.Fails >= b.offTimes {
		return false
	}
	m.Fails++
	c.Methods = append(c.Methods, m)
	return true
}

// isKept reports whether a token is that of a kept method.
func (s *Server) isKept(token string) bool {
	_, kept := s.methods[token]
	return kept
}

// declinesOf counts the declined payments that a customer has made with the card of a payment, kept or not.
func (s *Server) declinesOf(rec record) int {
	n, base := 0, s.formToken(rec.Token)
	for _, p := range s.payments {
		if p.State == payment.StateDeclined && !p.Setup && p.CustomerID == rec.CustomerID && s.formToken(p.Token) == base {
			n++
		}
	}
	return n
}

// formToken is the token of the browser's form that a method was made of.
func (s *Server) formToken(token string) string {
	if kept, ok := s.methods[token]; ok {
		return kept.Base
	}
	return token
}

// capture takes a reserved amount, once, in full or in part.
func (s *Server) capture(c *call) outcome {
	var req sandbox.CaptureBody
	rec, ok := s.payments[c.id]
	switch {
	case !ok:
		return refuse(sandbox.CodeNotFound, "no payment %s", c.id)
	case rec.State != payment.StateAuthorized:
		return refuse(sandbox.CodeConflict, "the payment is %s", rec.State)
	case !c.decode(&req) || !payable(req.Amount) || req.Amount.Currency != rec.Amount.Currency ||
		req.Amount.Amount > rec.Amount.Amount:
		return refuse(sandbox.CodeInvalid, "at most %s can be captured", rec.Amount.Display())
	}
	c.take(s, &rec, req.Amount, c.key, c.now)
	return c.finish(rec, false)
}

// void lets a reservation go, or cancels a challenge that is not passed.
func (s *Server) void(c *call) outcome {
	rec, ok := s.payments[c.id]
	switch {
	case !ok:
		return refuse(sandbox.CodeNotFound, "no payment %s", c.id)
	// What was only reserved costs nothing to let go.
	case rec.State == payment.StateAuthorized:
		c.release(s, &rec, c.key, c.now)
	case rec.State == payment.StateRequiresAction:
		rec.State, rec.NextActionURL = payment.StateCanceled, ""
		c.event(s, "payment.canceled", rec, c.now)
	default:
		return refuse(sandbox.CodeConflict, "the payment is %s", rec.State)
	}
	return c.finish(rec, false)
}

// finish adds the payment to the change and answers with it.
func (c *call) finish(rec record, hang bool) outcome {
	c.Payments = append(c.Payments, rec)
	answer := made(rec.Payment)
	// A decline is an answer of its own and no error of the server.
	if rec.State == payment.StateDeclined {
		answer = declined(rec.DeclineCode, &rec.Payment)
	}
	answer.hang = hang
	return answer
}

// approve reserves the amount or takes it, and saves the card when that was asked for.
func (c *change) approve(s *Server, rec *record, at time.Time) {
	// Nothing is open any more: no challenge, no late outcome.
	rec.NextActionURL, rec.ChangesAt = "", time.Time{}
	if rec.KeepMethod {
		rec.Method = c.keep(s, rec.Token, rec.CustomerID, rec.Method, at)
	}
	rec.move("authorize", rec.Amount, rec.Key, at)
	if rec.CaptureNow {
		c.take(s, rec, rec.Amount, rec.Key, at)
		return
	}
	rec.State, rec.ChangesAt = payment.StateAuthorized, at.Add(holdsFor)
	c.event(s, "payment.authorized", *rec, at)
}

// take books the money as taken and tells the shop.
func (c *change) take(s *Server, rec *record, amount money.Money, key string, at time.Time) {
	rec.State, rec.Captured, rec.ChangesAt = payment.StateCaptured, amount, time.Time{}
	rec.move("capture", amount, key, at)
	c.event(s, "payment.captured", *rec, at)
}

// release books the reservation as let go; key is "" when it lapsed by itself.
func (c *change) release(s *Server, rec *record, key string, at time.Time) {
	rec.State, rec.ChangesAt = payment.StateVoided, time.Time{}
	rec.move("void", rec.Amount, key, at)
	c.event(s, "payment.voided", *rec, at)
}

// decline books a refusal with its code.
func (c *change) decline(s *Server, rec *record, code string) {
	rec.State, rec.DeclineCode, rec.DeclineKind, rec.NextActionURL = payment.StateDeclined, code, payment.Classify(
		code), ""
	c.event(s, "payment.declined", *rec, s.cfg.Clock.Now())
}

// move adds to the list of moves on a copy, because the stored payment shares the slice.
func (r *record) move(kind string, amount money.Money, key string, at time.Time) {
	r.Moves = append(slices.Clone(r.Moves), Move{Kind: kind, Amount: amount, Key: key, At: at})
}

// settle applies everything that time alone brings about until now, in order. The caller holds mu.
func (s *Server) settle(now time.Time) error {
	for len(s.due) > 0 && !s.due[0].at.After(now) {
		next := heap.Pop(&s.due).(timer)
		rec := s.payments[next.id]
		if !rec.ChangesAt.Equal(next.at) {
			continue // something else happened to it in the meantime
		}
		var c change
		// Late outcomes are approvals; everything else that waits is an authorization that lapses.
		if rec.State == payment.StateProcessing {
			c.approve(s, &rec, next.at)
		} else {
			c.release(s, &rec, "", next.at)
		}
		c.Payments = append(c.Payments, rec)
		if err := s.commit(c); err != nil {
			// Put back, so that it is tried again when the file can be written.
			heap.Push(&s.due, next)
			return err
		}
	}
	return nil
}

// newPayment is a payment before its outcome, with nothing captured or refunded.
func newPayment(c *call, amount money.Money, m payment.Method, customer string,
	meta map[string]string) payment.Payment {
	nothing := money.Of(0, amount.Currency)
	return payment.Payment{
		ID: id.New("pay", c.now), Key: c.key, Amount: amount, Captured: nothing, Refunded: nothing,
		Method: m, CustomerID: customer, Metadata: meta, CreatedAt: c.now,
	}
}

// payable reports whether the amount is one that can be charged.
func payable(m money.Money) bool { return m.Amount > 0 && m.Validate() == nil }

// returnable accepts web addresses only, so that the challenge page never links to "javascript:".
func returnable(raw string) bool {
	u, err := url.Parse(raw)
	return raw == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// customerRef is the sandbox's own name for a shop's customer, always the same for the same one.
func customerRef(customerID string) string {
	sum := sha256.Sum256([]byte(customerID))
	return "cus_" + hex.EncodeToString(sum[:10])
}
