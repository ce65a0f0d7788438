package server

import (
	"html"
	"net/http"
	"net/url"

	"dangol/shared/payment"
)

// page shows the bank's challenge, or how it ended. It is made by hand: a template package would be
// linked into every binary that uses the sandbox.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	rec, ok := s.challenge(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	body := "<p>This payment is " + html.EscapeString(string(rec.State)) + ".</p>"
	if rec.State == payment.StateRequiresAction {
		body = `<form method="post"><button name="decision" value="approve">Approve</button> ` +
			`<button name="decision" value="decline">Decline</button></form>`
	} else if rec.ReturnURL != "" {
		body += `<p><a href="` + html.EscapeString(backTo(rec)) + `">Back to the shop</a></p>`
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// Nothing may be loaded and no page may frame it, although it is for tests only: it takes a
	// decision.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
		`<title>Sandbox bank</title><body style="font:18px sans-serif;max-width:26em;margin:3em auto;padding:0 1em">` +
		`<h1>Sandbox bank</h1><p>No money moves here.</p><p>` + html.EscapeString(rec.Text) + ` <strong>` +
		html.EscapeString(rec.asked()) + `</strong>, card ending in ` + html.EscapeString(rec.Method.Last4) +
		`</p>` +
		body + `</body></html>`))
}

// decide takes the shopper's answer once and sends them back to the shop. A later answer changes
// nothing.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	decision := r.PostFormValue("decision")
	if decision != "approve" && decision != "decline" {
		http.Error(w, "decision must be approve or decline", http.StatusBadRequest)
		return
	}
	rec, ok, err := s.answer(r.PathValue("id"), decision == "approve")
	switch {
	case err != nil:
		http.Error(w, "the sandbox cannot write its state", http.StatusInternalServerError)
	case !ok:
		http.NotFound(w, r)
	case rec.ReturnURL == "":
		http.Redirect(w, r, s.base(r)+"/pay/"+rec.ID, http.StatusSeeOther)
	default:
		http.Redirect(w, r, backTo(rec), http.StatusSeeOther)
	}
}

// challenge reads the payment of a challenge page.
func (s *Server) challenge(id string) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, ok := s.payments[id]
	return rec, ok
}

// answer stores the shopper's decision; ok is false for a payment that does not exist.
func (s *Server) answer(id string, approved bool) (record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, ok := s.payments[id]
	if !ok || rec.State != payment.StateRequiresAction {
		return rec, ok, nil
	}
	var c change
	switch now := s.cfg.Clock.Now(); {
	case approved && rec.Setup:
		rec.State, rec.NextActionURL = payment.StateAuthorized, ""
		rec.Method = c.keep(s, rec.Token, rec.CustomerID, rec.Method, now)
	case approved:
		c.approve(s, &rec, now)
	case rec.Setup:
		rec.State, rec.DeclineCode, rec.NextActionURL = payment.StateDeclined, "setup_intent_authentication_failure", ""
	default:
		c.decline(s, &rec, "payment_intent_authentication_failure")
	}
	c.Payments = append(c.Payments, rec)
	return rec, true, s.commit(c)
}

// asked is what the cardholder is asked to agree to.
func (r record) asked() string {
	if r.Setup {
		return "keep this card for later payments"
	}
	return r.Amount.Display()
}

// backTo is the shop's address with the payment and its state added, as Stripe does.
func backTo(rec record) string {
	u, err := url.Parse(rec.ReturnURL)
	if err != nil {
		return rec.ReturnURL
	}
	q := u.Query()
	q.Set("payment", rec.ID)
	q.Set("state", string(rec.State))
	u.RawQuery = q.Encode()
	return u.String()
}
