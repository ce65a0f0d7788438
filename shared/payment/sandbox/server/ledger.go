package server

import (
	"cmp"
	"slices"

	"dangol/shared/payment"
)

// Entry is a payment with everything that happened to its money.
type Entry struct {
	payment.Payment
	Moves []Move
}

// Charged is how often money was taken. More than once for a payment is an error in the shop.
func (e Entry) Charged() int {
	n := 0
	for _, m := range e.Moves {
		if m.Kind == "capture" {
			n++
		}
	}
	return n
}

// Ledger returns every payment in the order of making, for tests that hold the shop's books against the provider's.
func (s *Server) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Entry, 0, len(s.payments))
	for _, rec := range s.payments {
		if rec.Setup {
			continue // no money
		}
		out = append(out, Entry{rec.Payment, slices.Clone(rec.Moves)})
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return out
}
