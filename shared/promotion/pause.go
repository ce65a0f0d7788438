package promotion

import "time"

// Pause is a time in which a published promotion was paused: From is in it, Until is not. A zero Until is a pause that
// goes on.
type Pause struct {
	From  time.Time `json:"from" dynamodbav:"from"`
	Until time.Time `json:"until,omitzero" dynamodbav:"until,omitempty"`
}

// maxPauses bounds what a promotion remembers of its pauses. One that is forgotten counts as if it had run on, so that
// a lowest price may come out too low, which nobody is misled by, and never too high.
const maxPauses = 50

// Pause pauses a published promotion from a moment on.
func (p *Promotion) Pause(at time.Time) {
	p.State = Paused
	p.Pauses = append(p.Pauses[:len(p.Pauses):len(p.Pauses)], Pause{From: at})
	if n := len(p.Pauses); n > maxPauses {
		p.Pauses = p.Pauses[n-maxPauses:]
	}
}

// Resume lets a paused promotion go on from a moment on: by the clock, as one that is scheduled.
func (p *Promotion) Resume(at time.Time) {
	p.State = Scheduled
	if n := len(p.Pauses); n > 0 && p.Pauses[n-1].Until.IsZero() {
		// A list of its own: the promotion that this one was copied from keeps its own.
		p.Pauses = append(p.Pauses[:n-1:n-1], Pause{p.Pauses[n-1].From, at})
	}
}

// ran reports whether the promotion was in force at a moment of the past: between its start and its end, and not
// paused.
func (p *Promotion) ran(t time.Time) bool {
	for _, pause := range p.Pauses {
		if !t.Before(pause.From) && (pause.Until.IsZero() || t.Before(pause.Until)) {
			return false
		}
	}
	return p.Runs(t)
}
