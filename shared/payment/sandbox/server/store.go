package server

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	if s.file != nil {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if _, err := s.file.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	s.apply(c)
	return nil
}

// apply makes a change visible. It is also how the file is read back, so it must not depend on the
// clock.
func (s *Server) apply(c change) {
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
		s.ops[o.Key] = o
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
	if err := s.load(bytes.NewReader(raw[:whole])); err != nil {
		return fmt.Errorf("%s: %w", s.cfg.Path, err)
	}
	s.file, err = os.OpenFile(s.cfg.Path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// Without this the next line would be appended to the broken one.
	if err := s.file.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = s.file.Seek(0, io.SeekEnd)
	return err
}

// load applies the lines of the file in order.
func (s *Server) load(from io.Reader) error {
	lines := json.NewDecoder(bufio.NewReader(from))
	for {
		var c change
		err := lines.Decode(&c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.apply(c)
	}
}
