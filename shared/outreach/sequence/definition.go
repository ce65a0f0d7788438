// Package sequence is the rules of message series: who enters one, what happens at which time, and when it ends.
//
// A series is a versioned data file (data/<id>.v<version>.json), checked when it is loaded. Somebody who is in a series
// stays in the version they entered. All functions are pure: they take a Run, what is known of the person and the time,
// and return the Run as it is afterwards with at most one message to send. Who stores Runs must store the Run and the
// message in one transaction.
package sequence

import (
	"dangol/shared/compliance"
	"dangol/shared/outreach/segment"
)

// Definition is one version of a series.
type Definition struct {
	ID      string                 `json:"id"`
	Version int                    `json:"version"`
	Purpose string                 `json:"purpose"` // one sentence, for the page of all series
	Kind    compliance.MessageKind `json:"kind"`
	// Topic can be switched off by the recipient; marketing only.
	Topic    string              `json:"topic,omitempty"`
	Priority compliance.Priority `json:"priority,omitempty"`
	OnCap    compliance.OnCap    `json:"onCap,omitempty"`
	// SameGoods: it advertises what the recipient bought; see compliance.OutgoingMessage.
	SameGoods bool  `json:"sameGoods,omitempty"`
	Entry     Entry `json:"entry"`
	// Goal ends the run when it happens: the purpose is reached.
	Goal *Goal `json:"goal,omitempty"`
	// Reentry is how long after a run another of the same person may start, for example "30d". Empty is at once, "never"
	// is once in a life. Runs with different keys are counted together.
	Reentry string `json:"reentry,omitempty"`
	// Holdout is how many of 100 people enter without being sent anything, so that the effect can be measured.
	Holdout int `json:"holdout,omitempty"`
	// MaxLateness is how late a message may be sent, for example after an outage. One that is later is skipped.
	MaxLateness string `json:"maxLateness"`
	Steps       []Step `json:"steps"`
}

// Entry says what starts a run: an event, or that somebody comes into a segment.
type Entry struct {
	Event   string `json:"event,omitempty"`
	Segment string `json:"segment,omitempty"`
	// Key is the field of the event that a run belongs to (cartId, orderId, subscriptionId). An event with the same key
	// starts no second run; without a key the person is the key.
	Key string `json:"key,omitempty"`
	// Restart: the same event while the run waits at its first step starts that wait anew, as a cart that is still being
	// filled.
	Restart bool               `json:"restart,omitempty"`
	If      *segment.Condition `json:"if,omitempty"`
}

// Goal is an event that ends a run.
type Goal struct {
	Event string `json:"event"`
	// SameKey: only an event with the run's key counts; else any of the person's does.
	SameKey bool `json:"sameKey,omitempty"`
}

// Step is exactly one of its fields besides ID.
type Step struct {
	ID     string  `json:"id"`
	Wait   *Wait   `json:"wait,omitempty"`
	Await  *Await  `json:"await,omitempty"`
	Branch *Branch `json:"branch,omitempty"`
	Send   *Send   `json:"send,omitempty"`
	End    bool    `json:"end,omitempty"`
}

// Wait lets time pass: first For (or until Offset from a date of the run), then on to the next At and Weekday on the
// recipient's clock.
type Wait struct {
	For string `json:"for,omitempty"` // "90m", "24h", "3d"; days are days of the recipient's calendar
	// Date is a date of the run's data (RFC 3339 or YYYY-MM-DD) that Offset ("-7d", "3d") counts from, instead of For. A
	// date that has passed does not wait. A missing date ends the run.
	Date   string `json:"date,omitempty"`
	Offset string `json:"offset,omitempty"`
	At     string `json:"at,omitempty"`      // "10:00"
	On     string `json:"weekday,omitempty"` // "tue"; needs At
}

// Await waits for an event of the person, at the longest Timeout. Then and Else are step ids; empty is the next step.
type Await struct {
	Event   string `json:"event"`
	SameKey bool   `json:"sameKey,omitempty"`
	Timeout string `json:"timeout"`
	Then    string `json:"then,omitempty"`
	Else    string `json:"else,omitempty"`
}

// Branch goes to Then when the condition holds, else to Else; empty is the next step.
type Branch struct {
	If   segment.Condition `json:"if"`
	Then string            `json:"then,omitempty"`
	Else string            `json:"else,omitempty"`
}

// Send sends one message.
type Send struct {
	Channel  compliance.Channel `json:"channel"` // email, push
	Template string             `json:"template"`
	// Coupon is the promotion of which the recipient gets a code of their own; empty for none.
	Coupon string `json:"coupon,omitempty"`
	// Products fills the block of products: recommended, bought_together, viewed, best_sellers, cart. Empty for no block.
	Products string `json:"products,omitempty"`
}

// find returns the place of a step; ok is false when there is none of the id.
func (d Definition) find(id string) (place int, ok bool) {
	for i, s := range d.Steps {
		if s.ID == id {
			return i, true
		}
	}
	return 0, false
}

// Step returns the step with the id.
func (d Definition) Step(id string) (Step, bool) {
	i, ok := d.find(id)
	if !ok {
		return Step{}, false
	}
	return d.Steps[i], true
}

// Message is the message of a step as the gate has to see it; subject and sender are the caller's.
func (d Definition) Message(s Send) compliance.OutgoingMessage {
	return compliance.OutgoingMessage{
		Kind: d.Kind, Channel: s.Channel, Topic: d.Topic, Priority: d.Priority, OnCap: d.OnCap, SameGoods: d.SameGoods,
	}
}
