// Package attribution says which message an order is counted for, and what messages really changed.
//
// The message is fixed when the order is placed and is never computed again: a click that is recorded later, or a
// second import of orders, changes no past number. The honest number is the lift: what people in the holdout buy
// without any message.
package attribution

import (
	"math"
	"time"
)

// Touch is a message that reached a person.
type Touch struct {
	Message string    `json:"message" dynamodbav:"message"`
	Source  string    `json:"source" dynamodbav:"source"` // campaign or sequence step
	Kind    TouchKind `json:"kind" dynamodbav:"kind"`
	At      time.Time `json:"at" dynamodbav:"at"`
}

// TouchKind is how a message reached somebody.
type TouchKind string

// The kinds. Opens are none: machines make most of them.
const (
	MailClick TouchKind = "mail_click" // by a person
	PushClick TouchKind = "push_click"
)

// Windows is how long after a touch an order still counts for it.
type Windows map[TouchKind]time.Duration

// DefaultWindows are five days after a click in a mail and one day after a click on a push message.
var DefaultWindows = Windows{MailClick: 5 * 24 * time.Hour, PushClick: 24 * time.Hour}

// LastTouch returns the newest touch before an order that is still in its window; ok is false when there is none. Of
// two at one instant the one with the greater message id counts, so that the order of the list is of no matter.
func LastTouch(touches []Touch, ordered time.Time, w Windows) (last Touch, ok bool) {
	for _, t := range touches {
		// A touch after the order did not lead to it.
		if t.At.After(ordered) || ordered.Sub(t.At) > w[t.Kind] {
			continue
		}
		if !ok || t.At.After(last.At) || t.At.Equal(last.At) && t.Message > last.Message {
			last, ok = t, true
		}
	}
	return last, ok
}

// Group is people and how many of them bought.
type Group struct {
	People int `json:"people"`
	Bought int `json:"bought"`
}

// rate is the share of buyers; 0 without people.
func (g Group) rate() float64 {
	if g.People == 0 {
		return 0
	}
	return float64(g.Bought) / float64(g.People)
}

// Lift is how much larger the share of buyers is among people who got messages than in the holdout, in percentage
// points, with a 95 % interval. It is Known when both groups have people.
type Lift struct {
	Points float64 `json:"points"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Known  bool    `json:"known"`
	// Significant: the interval does not contain zero.
	Significant bool `json:"significant"`
}

// LiftOf compares two groups. The interval is Newcombe's (1998, method 10), which is right for small groups and shares
// near zero.
func LiftOf(sent, held Group) Lift {
	// An interval of an empty group says nothing, and would divide by zero.
	if !sent.valid() || !held.valid() {
		return Lift{}
	}
	p, q := sent.rate(), held.rate()
	pLow, pHigh := wilson(sent)
	qLow, qHigh := wilson(held)
	// Newcombe combines the distances to the bounds of the two Wilson intervals.
	low := p - q - math.Hypot(p-pLow, qHigh-q)
	high := p - q + math.Hypot(pHigh-p, q-qLow)
	return Lift{Points: 100 * (p - q), Low: 100 * low, High: 100 * high, Known: true, Significant: low > 0 || high < 0}
}

// valid reports whether a share can be computed from the group.
func (g Group) valid() bool { return g.People > 0 && g.Bought >= 0 && g.Bought <= g.People }

// wilson is the score interval of a share at 95 %.
func wilson(g Group) (low, high float64) {
	// The two-sided 95 % point of the normal distribution.
	const z = 1.959964
	n, p := float64(g.People), g.rate()
	center := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return (center - spread) / (1 + z*z/n), (center + spread) / (1 + z*z/n)
}
