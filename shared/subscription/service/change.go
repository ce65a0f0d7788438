package service

import (
	"context"
	"maps"
	"slices"

	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// Change is what is to be done to a subscription in one transaction.
type Change struct {
	Command    subscription.Command  // nil for none
	Edit       func(*Record)         // changes what is stored around the subscription; before the command. nil for none
	Session    *subscription.Session // of the cardholder who is there for the command; nil when nobody is
	Request    idempotency.Request   // recorded with the change
	Shop, Note string                // who of the shop makes the change for the subscriber, and what they noted
	Single     bool                  // the customer can have one of the plan that the command leads to
	TakesLease bool                  // whoever writes this carries out the tasks that are there afterwards
	Required   []table.Write         // further writes, all or nothing
	GivenBack  []table.Write         // stock given back; left out where the counter is gone
}

// Rule decides on a change by the subscription as it was read. ok is false when there is nothing to be done. A refusal
// names the Request all the same: a repetition of what was done gets its answer and no refusal.
type Rule func(*Record) (c Change, ok bool, err error)

// replayed says that a request with the same key was already served; item is its stored answer.
type replayed struct{ item table.Item }

// Error makes replayed an error, so that it can pass through the layers of a change.
func (replayed) Error() string { return "subscription: served before" }

// change applies a rule to a subscription that was read, and again to a fresh read when that was
// old. It returns the subscription as written. 1 transaction without contention; one more when
// another invoice took the number. Errors: those of the rule and the command, replayed, 503 busy.
func (s *Service) change(ctx context.Context, r *Record, rule Rule) (*Record, error) {
	id, first := r.Sub.ID, r
	read := func(ctx context.Context, _ table.Item) (*Record, error) {
		if given := first; given != nil {
			first = nil
			return given, nil
		}
		return s.Load(ctx, id)
	}
	return table.Modify(ctx, read, func(ctx context.Context, r *Record) (*Record, error) {
		c, ok, err := rule(r)
		if err != nil {
			return r, s.unlessServed(ctx, c.Request, err)
		}
		// The rule found nothing to do.
		if !ok {
			return r, nil
		}
		w, err := s.plan(ctx, r, c)
		if err != nil {
			return r, s.unlessServed(ctx, c.Request, err)
		}
		if w == nil {
			return r, nil
		}
		err = s.commit(ctx, w)
		switch {
		case err == nil:
			return w.next, nil
		case w.mayRetry(err):
			return nil, table.Stale(err, nil)
		}
		return nil, err
	})
}

// unlessServed is the refusal of a request, or replayed when the same request was served before:
// what it asked for may be impossible now because it has been done.
func (s *Service) unlessServed(ctx context.Context, request idempotency.Request, refusal error) error {
	// Only refusals by a rule; a technical error says nothing about the request.
	if problem.Code(refusal) == "" {
		return refusal
	}
	prior, ok, err := request.Lookup(ctx, s.Table)
	switch {
	case err != nil:
		return err
	case ok:
		return replayed{prior}
	}
	return refusal
}

// plan works out the transaction of a change, but for the numbers; nil when it changes nothing.
func (s *Service) plan(ctx context.Context, r *Record, c Change) (*changeSet, error) {
	w := newChangeSet(r, s.Clock.Now())
	// Before the command: its effects may name what the edit stores, for example an address.
	if c.Edit != nil {
		c.Edit(w.next)
	}
	if c.Command != nil {
		command, err := s.applyAccountCredit(ctx, w, c.Command)
		if err != nil {
			return nil, err
		}
		after, effects, err := w.next.Sub.ApplyOnSession(command, c.Session, w.now)
		if err != nil {
			return nil, err
		}
		// With a key the answer is stored even when nothing changed, so that a repetition gets the
		// same one.
		if effects == nil && c.Edit == nil && !c.Request.Keyed() {
			return nil, nil
		}
		w.next.Sub = after
		if c.Single {
			if err := s.markOther(ctx, w, command); err != nil {
				return nil, err
			}
		}
		if err := w.effects(ctx, effects); err != nil {
			return nil, err
		}
		for i := range w.history {
			w.history[i].Shop, w.history[i].ShopNote = c.Shop, c.Note
		}
		if w.creditLeft.Amount > 0 {
			if err := s.transferCredit(ctx, w, w.creditLeft); err != nil {
				return nil, err
			}
		}
		// The card may be new at the provider; its messages have to find this customer.
		switch c.Command.(type) {
		case subscription.Start, subscription.ChangeCard, subscription.ChargeSucceeded:
			if w.next.Sub.Card != r.Sub.Card {
				w.required = append(w.required, payerWrite(w.next)...)
			}
		}
	}
	w.required, w.givenBack, w.request = append(w.required, c.Required...), c.GivenBack, c.Request
	// Tasks that another worker is busy with keep its lease.
	if len(w.next.Tasks) > 0 && (c.TakesLease || len(r.Tasks) == 0) {
		w.next.Lease = w.now.Add(leaseFor)
	}
	return w, nil
}

// commit numbers and writes a change set. Only one at a time takes numbers within a process,
// because two would compete for the same ones.
func (s *Service) commit(ctx context.Context, w *changeSet) error {
	if len(w.newInvoices)+len(w.creditNotes) > 0 {
		s.numbers.Taking.Lock()
		defer s.numbers.Taking.Unlock()
	}
	if err := s.number(ctx, w); err != nil {
		return err
	}
	return s.write(ctx, w)
}

// number gives the invoices and credit notes of a change set the numbers after the last known one.
func (s *Service) number(ctx context.Context, w *changeSet) error {
	for _, n := range w.numbersNeeded(s.FiscalZone) {
		last, err := s.numbers.Last(ctx, s.Table, n.run)
		if err != nil {
			return err
		}
		for i, give := range n.assign {
			give(n.run.Number(last + i + 1))
		}
		w.numbersTaken = append(w.numbersTaken, numbersTaken{n.run, last, len(n.assign)})
	}
	return nil
}

// write is the transaction. The subscription comes first, then the answer of the request, then the
// counters: the code that reads a refusal relies on these positions.
func (s *Service) write(ctx context.Context, w *changeSet) error {
	if err := s.withoutReported(ctx, w); err != nil {
		return err
	}
	put, err := w.record(ctx)
	if err != nil {
		return err
	}
	all := []table.Write{put}
	if w.request.Keyed() {
		done, err := w.request.AnswerWrite(map[string]string{"id": w.next.Sub.ID})
		if err != nil {
			return err
		}
		all = append(all, done)
	}
	w.firstCounter = len(all)
	for _, n := range w.numbersTaken {
		all = append(all, n.run.Raise(n.last, n.by))
	}
	all = slices.Concat(all, w.required, w.documents(), w.entitlementWrites())
	// The id of the write is the token, so the SDK's repetition of a request is recognized.
	err = s.Table.TransactReleasing(ctx, w.next.WriteID, all, w.givenBack)
	return s.outcome(w, err)
}

// record makes the write of the subscription in its next version, and the announcements of the
// change.
func (w *changeSet) record(ctx context.Context) (table.Put, error) {
	w.next.Version, w.next.UpdatedAt, w.next.WriteID = w.next.Version+1, w.now, id.New("chg", w.now)
	w.next.setIndexKeys()
	// A new subscription: only if there is none with the id.
	if w.next.Version == 1 {
		return table.Put{Item: w.next, If: table.IfNew}, w.planAnnouncements(ctx)
	}
	return table.Put{Item: w.next, If: "#version = :read",
		With: map[string]any{":read": w.next.Version - 1}}, w.planAnnouncements(ctx)
}

// outcome reads the answer to a transaction, and remembers or forgets numbers accordingly.
func (s *Service) outcome(w *changeSet, err error) error {
	c, refused := table.Refused(err)
	// Refused because it had taken effect already: the answer of the first try was lost.
	if w.isOwnWrite(err) {
		err, refused = nil, false
	}
	for i, n := range w.numbersTaken {
		switch {
		case err == nil:
			s.numbers.Remember(n.run, n.last+n.by)
		default:
			// After an unknown outcome the numbers may be taken; the next change reads the counter.
			s.numbers.Discard(n.run)
			w.overtaken = w.overtaken || refused && c.Refused(w.firstCounter+i)
		}
	}
	for _, i := range w.contested {
		w.overtaken = w.overtaken || refused && c.Refused(w.firstCounter+len(w.numbersTaken)+i)
	}
	// The position of the request's answer: it was stored by an earlier request with the key.
	if refused && w.request.Keyed() && c.Refused(1) {
		return replayed{c.Reasons[1].Item}
	}
	return err
}

// isOwnWrite reports whether a transaction that begins with this change was refused because it had
// already taken effect and its answer was lost.
func (w *changeSet) isOwnWrite(err error) bool {
	return table.AlreadyWritten(err, 0, w.next.WriteID)
}

// mayRetry reports whether a refused change may succeed when it is decided again: somebody else was
// faster, which a fresh read shows.
func (w *changeSet) mayRetry(err error) bool {
	c, refused := table.Refused(err)
	return refused && (w.overtaken || w.next.Version > 1 && c.Refused(0))
}

// Start begins a subscription for a request. The record has everything but the subscription itself. It returns the
// record after its first payment was tried, and replay true when the same request was served before. Errors: those of
// the command; 422 idempotency_key_reused.
func (s *Service) Start(ctx context.Context, r *Record, start subscription.Start,
	request idempotency.Request) (_ *Record, replay bool, err error) {
	return s.StartOnSession(ctx, r, start, nil, request)
}

// StartOnSession is Start for a customer who is there: their bank may ask for them, and nothing begins before the first
// payment is made.
func (s *Service) StartOnSession(ctx context.Context, r *Record, start subscription.Start,
	session *subscription.Session, request idempotency.Request) (_ *Record, replay bool, err error) {
	start.ID = id.New(Prefix, s.Clock.Now())
	r.Key = KeyOf(start.ID)
	return s.startNow(ctx, r, start, session, request)
}

// startNow begins the subscription of a record that has its key.
func (s *Service) startNow(ctx context.Context, r *Record, start subscription.Start,
	session *subscription.Session, request idempotency.Request) (_ *Record, replay bool, err error) {
	contested := false // the membership's marker was in the way
	over := 0          // the version of the marker that this one may replace
	begun, err := table.Modify(ctx,
		func(ctx context.Context, _ table.Item) (_ *Record, err error) {
			if contested {
				over, err = s.heldBefore(ctx, start)
			}
			return r, err
		},
		func(ctx context.Context, r *Record) (*Record, error) {
			w, err := s.plan(ctx, r, Change{Command: start, Session: session, Request: request, TakesLease: true})
			if err != nil {
				return nil, err
			}
			trial, membership := s.markTrial(w, start), s.markMembership(w, start, over)
			err = s.commit(ctx, w)
			switch {
			case err == nil:
				return w.next, nil
			case !w.mayRetry(err):
				return nil, err
			case w.refusedAt(err, trial):
				return nil, TrialUsed() // another request has begun the customer's trial of this plan
			}
			contested = w.refusedAt(err, membership)
			return nil, table.Stale(err, nil)
		})
	if prior, ok := err.(replayed); ok {
		return s.replay(ctx, request, prior)
	}
	if err != nil {
		return nil, false, err
	}
	r, err = s.run(ctx, begun)
	return r, false, err
}

// replay loads the subscription that the first request made, as it is now.
func (s *Service) replay(ctx context.Context, request idempotency.Request, prior replayed) (*Record, bool, error) {
	var answer struct{ ID string }
	if err := request.Replay(prior.item, &answer); err != nil {
		return nil, false, err
	}
	r, err := s.Load(ctx, answer.ID)
	return r, true, err
}

// Apply does what a rule says to a subscription that was read, and carries out what follows, unless another worker
// holds the lease. replay is true when the same request was served before. Errors: those of the rule and the command;
// 422 idempotency_key_reused; 503 busy.
func (s *Service) Apply(ctx context.Context, r *Record, rule Rule) (_ *Record, replay bool, err error) {
	var request idempotency.Request
	mine := false
	// Remembered from the version that was written: tasks stored before belong to another worker.
	after, err := s.change(ctx, r, func(r *Record) (Change, bool, error) {
		c, ok, err := rule(r)
		request, mine = c.Request, len(r.Tasks) == 0
		return c, ok, err
	})
	if prior, ok := err.(replayed); ok {
		return s.replay(ctx, request, prior)
	}
	if err != nil || !mine {
		return after, false, err
	}
	after, err = s.run(ctx, after)
	return after, false, err
}

// clone copies the parts of a record that a change may touch, so that a refused change leaves the
// record as it was read.
func (r *Record) clone() *Record {
	next := *r
	next.Titles, next.Addresses = maps.Clone(r.Titles), maps.Clone(r.Addresses)
	next.Methods, next.Held = maps.Clone(r.Methods), maps.Clone(r.Held)
	next.Tasks, next.Rates, next.Cases = slices.Clone(r.Tasks), slices.Clone(r.Rates), slices.Clone(r.Cases)
	if r.Invoice != nil {
		invoice := *r.Invoice
		next.Invoice = &invoice
	}
	if r.Trial != nil {
		trial := *r.Trial
		next.Trial = &trial
	}
	if r.Setup != nil {
		setup := *r.Setup
		next.Setup = &setup
	}
	return &next
}
