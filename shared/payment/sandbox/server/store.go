package server

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// record is a payment and what only the provider knows about it.
type record struct {
	payment.Payment
	Token      string    `json:"token"`
	CaptureNow bool      `json:"captureNow,omitempty"`
	KeepMethod bool      `json:"keepMethod,omitempty"`
	ReturnURL  string    `json:"returnUrl,omitempty"`
	Text       string    `json:"text,omitempty"`
	ChangesAt  time.Time `json:"changesAt,omitzero"` // when it is settled or expires by itself
	Moves      []Move    `json:"moves,omitempty"`
	Setup      bool      `json:"setup,omitempty"` // no payment: the bank is asked whether the method may be kept
}

// Move is one movement of the money of a payment, for tests that compare books.
type Move struct {
	Kind   string      `json:"kind"` // authorize, capture, void, refund
	Amount money.Money `json:"amount"`
	Key    string      `json:"key,omitempty"` // "" when no call caused it
	At     time.Time   `json:"at"`
}

// method is a kept method.
type method struct {
	payment.Method
	Base  string `json:"base"`  // the token it was made of
	Fails int    `json:"fails"` // refused off session so far
}

// operation is the outcome of a key.
type operation struct {
	Key    string          `json:"key"`
	Print  string          `json:"print"` // of operation, path and body
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// kept is where the outcome of a key is: in memory when there is no file. Outcomes are most of what an order leaves
// here, and hardly any is asked for again.
type kept struct {
	inMemory *operation
	line     span // of the change that it belongs to
}

// span is a line of the file.
type span struct {
	offset int64
	length int
}

// outcome finds what the first request with a key was answered. ok is false when there was none.
func (s *Server) outcome(key string) (o operation, ok bool, err error) {
	k, ok := s.ops[key]
	if !ok {
		return o, false, nil
	}
	if k.inMemory != nil {
		return *k.inMemory, true, nil
	}
	line := make([]byte, k.line.length)
	if _, err := s.file.ReadAt(line, k.line.offset); err != nil {
		return o, false, fmt.Errorf("outcome of a key: %w", err)
	}
	var c change
	if err := json.Unmarshal(line, &c); err != nil {
		return o, false, fmt.Errorf("outcome of a key: %w", err)
	}
	for _, o := range c.Ops {
		if o.Key == key {
			return o, true, nil
		}
	}
	return o, false, fmt.Errorf("the line at %d has no outcome of the key", k.line.offset)
}

// change is everything that one request does, written as one line: all of it happens, or none.
type change struct {
	Payments []record         `json:"payments,omitempty"`
	Refunds  []payment.Refund `json:"refunds,omitempty"`
	Methods  []method         `json:"methods,omitempty"`
	Ops      []operation      `json:"ops,omitempty"`
	Events   []event          `json:"events,omitempty"`
}

// commit writes the change to the file, if there is one, and then makes it true. The caller holds mu.
func (s *Server) commit(c change) error {
	at := span{offset: s.size}
	if s.file != nil {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		line = append(line, '\n')
		// Written where the last line ends: what a write that failed has left is overwritten.
		if _, err := s.file.WriteAt(line, s.size); err != nil {
			return err
		}
		at.length = len(line)
		s.size += int64(len(line))
	}
	s.apply(c, at)
	return nil
}

// apply makes a change visible, which stands at a line of the file when there is one. It is also how the file is read
// back, so it must not depend on the clock.
func (s *Server) apply(c change, at span) {
	for _, p := range c.Payments {
		if _, known := s.payments[p.ID]; !known && !p.Setup {
			s.made.payments = append(s.made.payments, p.ID)
		}
		s.payments[p.ID], s.byKey[p.Key] = p, p.ID
		if !p.ChangesAt.IsZero() {
			// An old timer of the payment stays in the heap; settle and NextDue recognize it by its
			// time.
			heap.Push(&s.due, timer{p.ChangesAt, p.ID})
		}
	}
	for _, r := range c.Refunds {
		if _, known := s.refunds[r.ID]; !known {
			s.made.refunds = append(s.made.refunds, r.ID)
		}
		s.refunds[r.ID], s.byKey[r.Key] = r, r.ID
	}
	for _, m := range c.Methods {
		s.methods[m.Token] = m
	}
	for _, o := range c.Ops {
		s.ops[o.Key] = kept{line: at}
		if s.cfg.Path == "" {
			s.ops[o.Key] = kept{inMemory: &o}
		}
	}
	for _, e := range c.Events {
		// The order goes on where it stopped, also after a restart.
		s.seq = max(s.seq, e.Seq)
		if e.Done {
			delete(s.events, e.ID)
		} else {
			s.events[e.ID] = e
		}
	}
}

// open reads the state file and continues at its end. A last line that a crash cut short never took
// effect and is removed.
func (s *Server) open() error {
	if s.cfg.Path == "" {
		return nil
	}
	raw, err := os.ReadFile(s.cfg.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	whole := bytes.LastIndexByte(raw, '\n') + 1
	if err := s.load(raw[:whole]); err != nil {
		return fmt.Errorf("%s: %w", s.cfg.Path, err)
	}
	s.file, err = os.OpenFile(s.cfg.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	// Without this the next line would be appended to the broken one.
	s.size = int64(whole)
	return s.file.Truncate(s.size)
}

// load applies the lines of the file in order.
func (s *Server) load(file []byte) error {
	at := span{}
	for line := range bytes.Lines(file) {
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		at.length = len(line)
		s.apply(c, at)
		at.offset += int64(len(line))
	}
	return nil
}
