package server

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/platform/id"
)

// event is a webhook on its way.
type event struct {
	ID       string          `json:"id"`
	Seq      int64           `json:"seq"` // order of birth
	Body     json.RawMessage `json:"body,omitempty"`
	Next     time.Time       `json:"next"` // of the next attempt
	Attempts int             `json:"attempts,omitempty"`
	Left     int             `json:"left"` // deliveries still to be made
	Done     bool            `json:"done,omitempty"`
}

// waits between attempts; after the last one the sandbox gives up, three days after the first, as Stripe does.
var waits = []time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour,
	3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// event announces a change of a payment.
func (c *change) event(s *Server, kind string, rec record, at time.Time) {
	c.notify(s, payment.Notification{Type: kind, Subject: payment.SubjectPayment, At: at, Payment: rec.Payment})
}

// refundEvent announces a change of a refund.
func (c *change) refundEvent(s *Server, back payment.Refund, at time.Time) {
	c.notify(s, payment.Notification{Type: "refund." + string(back.State), Subject: payment.SubjectRefund, At: at,
		Refund: back})
}

// RenewCard does what a card network does when it issues a new card: the saved card has other
// dates, and the shop gets a message. It returns false when there is no such card.
func (s *Server) RenewCard(token string, month, year int) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.methods[token]
	if !ok {
		return false, nil
	}
	kept.ExpMonth, kept.ExpYear = month, year
	var c change
	c.Methods = append(c.Methods, kept)
	c.notify(s, payment.Notification{
		Type: "payment_method.renewed", Subject: payment.SubjectMethod, At: s.cfg.Clock.Now(), Method: kept.Method,
	})
	return true, s.commit(c)
}

// notify adds a webhook to the change, so that it is stored with what it reports. The body is fixed
// now: a webhook shows the past, as with real providers.
func (c *change) notify(s *Server, n payment.Notification) {
	if s.cfg.Deliver == nil {
		return
	}
	n.ID = id.New("evt", n.At)
	body, err := json.Marshal(n)
	if err != nil {
		panic(err) // a Notification is plain data
	}
	s.seq++
	deliveries := 1
	if s.cfg.DuplicateWebhooks {
		deliveries = 2
	}
	c.Events = append(c.Events, event{ID: n.ID, Seq: s.seq, Body: body, Next: n.At, Left: deliveries})
}

// Tick brings the sandbox up to now: late outcomes come, authorizations lapse, and every webhook that is due is
// delivered, oldest first. It returns how many deliveries succeeded. Errors: ctx is done, or the state cannot be
// written.
func (s *Server) Tick(ctx context.Context, now time.Time) (int, error) {
	s.tick.Lock()
	defer s.tick.Unlock()
	delivered := 0
	for {
		batch, err := s.dueEvents(now)
		if err != nil || len(batch) == 0 {
			return delivered, err
		}
		for _, e := range batch {
			if err := ctx.Err(); err != nil {
				return delivered, err
			}
			refused := s.send(ctx, e, now)
			if refused == nil {
				delivered++
			}
			if err := s.sent(e, refused, now); err != nil {
				return delivered, err
			}
		}
	}
}

// dueEvents are the webhooks whose time has come, oldest first.
func (s *Server) dueEvents(now time.Time) ([]event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.settle(now); err != nil {
		return nil, err
	}
	var batch []event
	for _, e := range s.events {
		if !e.Next.After(now) {
			batch = append(batch, e)
		}
	}
	slices.SortFunc(batch, func(a, b event) int { return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.Seq, b.Seq)) })
	return batch, nil
}

// send delivers one webhook, signed at the time of the delivery and not of the event.
func (s *Server) send(ctx context.Context, e event, now time.Time) error {
	header := http.Header{"Content-Type": {"application/json"}}
	header.Set(sandbox.SignatureHeader, sandbox.Sign(s.cfg.WebhookSecret, e.Body, now))
	return s.cfg.Deliver(ctx, e.Body, header)
}

// sent stores how a delivery went and when the next one is.
func (s *Server) sent(e event, refused error, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case refused == nil:
		s.counts["webhook"]++
		e.Left--
		e.Done = e.Left == 0
	case e.Attempts < len(waits):
		s.counts["webhook_refused"]++
		e.Next = now.Add(waits[e.Attempts])
		e.Attempts++
	default:
		s.counts["webhook_abandoned"]++
		e.Done = true
	}
	// A delivered body is not needed any more; the file would grow by it.
	if e.Done {
		e.Body = nil
	}
	return s.commit(change{Events: []event{e}})
}

// NextDue returns when Tick has something to do next, and false when nothing is waiting.
func (s *Server) NextDue() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Timers of payments that have changed since are dropped here.
	for len(s.due) > 0 && !s.payments[s.due[0].id].ChangesAt.Equal(s.due[0].at) {
		heap.Pop(&s.due)
	}
	var first time.Time
	if len(s.due) > 0 {
		first = s.due[0].at
	}
	for _, e := range s.events {
		if first.IsZero() || e.Next.Before(first) {
			first = e.Next
		}
	}
	return first, !first.IsZero()
}
