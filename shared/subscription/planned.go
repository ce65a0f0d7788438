package subscription

import "dangol/shared/platform/civil"

// Planned is what a subscriber has planned for the coming days: other terms from the next payment on, a cycle that is
// left out, or a pause.
type Planned struct {
	Next       *Terms     `json:"next,omitempty"`
	Skip       bool       `json:"skip,omitempty"`
	PauseUntil civil.Date `json:"pauseUntil,omitempty"`
	Seq        int        `json:"seq,omitempty"` // number of the span behind which the cycle is left out
}

// none reports whether nothing is planned.
func (p Planned) none() bool { return p.Next == nil && !p.Skip && p.PauseUntil == "" }

// Planned is what is planned as the subscription stands.
func (s *Subscription) Planned() Planned {
	return Planned{Next: copied(s.Next), Skip: s.Skip, PauseUntil: s.PauseUntil, Seq: s.Span.Seq}
}

// restore puts in force again what was planned before the cancellation, as far as its day has not passed: canceling and
// coming back loses nothing.
func (r *run) restore() {
	p := r.s.Aside
	// Used once: a later cancellation sets aside what is planned then.
	r.s.Aside = nil
	if p == nil {
		return
	}
	r.s.Next = p.Next
	// A pause whose end has passed while canceled would begin in the past.
	if p.PauseUntil > r.s.Span.Closes {
		r.s.PauseUntil = p.PauseUntil
	}
	// The cycle that was to be left out may have been sent meanwhile, within a minimum term.
	r.s.Skip = p.Skip && p.Seq == r.s.Span.Seq
}
