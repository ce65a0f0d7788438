package service

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"dangol/shared/invoice"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// concurrency bounds how many subscriptions of a batch are worked on at the same time. Most of the
// time is spent waiting for the provider.
const concurrency = 10

// beginTries bounds how often a batch that collided with another one is begun together again; after
// that each subscription goes alone.
const beginTries = 10

// Jobs does the jobs of a batch and returns an error for each, nil where it is done. The first step
// of all due subscriptions is one read and one transaction: ten renewals take their invoice numbers
// from the year's counter together and conflict there once instead of ten times. Charge and outcome
// that follow are separate. A job that could not begin with the others runs alone.
func (s *Service) Jobs(ctx context.Context, jobs []due.Job) []error {
	errs := make([]error, len(jobs))
	places := map[string][]int{} // of a subscription, in jobs: a message may come twice in a batch
	var ids []string
	for i, j := range jobs {
		id, err := idOf(j)
		if err != nil {
			errs[i] = err
			continue
		}
		if places[id] == nil {
			ids = append(ids, id)
		}
		places[id] = append(places[id], i)
	}
	begun := s.begin(ctx, ids)
	s.each(ids, func(id string) {
		var err error
		if r := begun[id]; r != nil {
			err = s.workOn(ctx, r, holdsLease)
		} else {
			err = s.Work(ctx, id)
		}
		for _, i := range places[id] {
			errs[i] = err
		}
	})
	return errs
}

// each runs work for the subscriptions of a batch, concurrently unless Sequential is set.
func (s *Service) each(ids []string, work func(id string)) {
	if s.Sequential {
		for _, id := range ids {
			work(id)
		}
		return
	}
	var all errgroup.Group
	all.SetLimit(concurrency)
	for _, id := range ids {
		// Every error is stored for its job, so the group must not stop at the first one.
		all.Go(func() error { work(id); return nil })
	}
	_ = all.Wait()
}

// begin takes the first step of the subscriptions together and returns those that have begun. It
// may leave out all of them: worked on alone, each meets the same obstacle and reports it. 1 read
// and 1 transaction, and another transaction for each batch that took numbers in between.
func (s *Service) begin(ctx context.Context, ids []string) map[string]*Record {
	// One alone gains nothing.
	if len(ids) < 2 {
		return nil
	}
	var read *batchChange
	tries := 0
	begun, err := table.Modify(ctx,
		func(ctx context.Context, _ table.Item) (_ *batchChange, err error) {
			// Read once: what a refused transaction tells about the counter and the subscriptions is enough to plan again.
			if read == nil {
				read, err = s.readBatch(ctx, ids)
			}
			return read, err
		},
		func(ctx context.Context, b *batchChange) (*batchChange, error) {
			if err := b.plan(ctx); err != nil || len(b.changes) < 2 {
				return nil, err
			}
			err := s.Table.Transact(ctx, s.token(), b.writes...)
			// The write took effect although its answer was lost.
			if err == nil || b.changes[0].isOwnWrite(err) {
				return b, nil
			}
			c, refused := table.Refused(err)
			if tries++; !refused || tries == beginTries {
				return nil, err
			}
			b.learn(c)
			return nil, table.Stale(err, nil)
		})
	if err != nil {
		s.Log.WarnContext(ctx, "batch not begun together", "error", err)
	}
	if begun == nil {
		return nil
	}
	return begun.begun()
}

// batchChange is the first steps of several subscriptions on their way into the table.
type batchChange struct {
	*Service
	numbers      invoice.Run
	last         int // the last number of the series, as far as is known
	records      []*Record
	numbersGiven int
	changes      []*changeSet
	positions    []int // of the works' subscriptions in writes
	writes       []table.Write
}

// readBatch reads the subscriptions and the counter of this year's invoices at once. Those that are gone are left out.
func (s *Service) readBatch(ctx context.Context, ids []string) (*batchChange, error) {
	b := &batchChange{Service: s, numbers: invoice.Run{Series: invoice.Invoices,
		Year: invoice.YearOf(s.Clock.Now(), s.FiscalZone)}}
	keys := []table.Key{b.numbers.Key()}
	for _, id := range ids {
		keys = append(keys, KeyOf(id))
	}
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	if err := b.count(items[keys[0]]); err != nil {
		return nil, err
	}
	for _, key := range keys[1:] {
		if item, there := items[key]; there {
			var r Record
			if err := item.Decode(&r); err != nil {
				return nil, err
			}
			b.records = append(b.records, &r)
		}
	}
	return b, nil
}

// count takes the last number from the counter's item; 0 when the year has none yet.
func (b *batchChange) count(item table.Item) (err error) {
	b.last, err = invoice.LastIn(item)
	return err
}

// plan builds the transaction from the records. The counter comes last, because the numbers are
// only known when all are added.
func (b *batchChange) plan(ctx context.Context) error {
	b.numbersGiven, b.changes, b.positions, b.writes = 0, nil, nil, nil
	for _, r := range b.records {
		c, mine := r.nextChange(b.Clock.Now())
		if !mine {
			continue
		}
		w, err := b.Service.plan(ctx, r, c)
		if err != nil || w == nil {
			continue // alone it says why
		}
		if err := b.add(ctx, w); err != nil {
			return err
		}
	}
	if b.numbersGiven > 0 {
		b.writes = append(b.writes, b.numbers.Raise(b.last, b.numbersGiven))
	}
	return nil
}

// add takes a change set in, unless it needs other numbers than the batch's, writes more than the
// subscription (a transaction must not write an item twice, and two subscriptions may share a stock
// item or a holder), or the transaction is full.
func (b *batchChange) add(ctx context.Context, w *changeSet) error {
	wants := w.numbersNeeded(b.FiscalZone)
	other := slices.ContainsFunc(wants, func(n numberRequest) bool { return n.run != b.numbers })
	// Two more: the subscription itself and the counter.
	if other || len(w.required)+len(w.givenBack)+len(w.entitlementWrites()) > 0 ||
		len(b.writes)+2+w.documentCount() > table.MaxWrites {
		return nil
	}
	for _, n := range wants {
		for _, give := range n.assign {
			b.numbersGiven++
			give(n.run.Number(b.last + b.numbersGiven))
		}
	}
	if err := b.withoutReported(ctx, w); err != nil {
		return err
	}
	put, err := w.record(ctx)
	if err != nil {
		return err
	}
	b.changes, b.positions = append(b.changes, w), append(b.positions, len(b.writes))
	b.writes = append(append(b.writes, put), w.documents()...)
	return nil
}

// learn reads from a refused transaction what was in the way: the counter has moved on, or another
// worker has changed a subscription. The next try leaves those out.
func (b *batchChange) learn(c *table.Canceled) {
	if end := len(b.writes) - 1; b.numbersGiven > 0 && c.Refused(end) {
		// An unreadable counter: nothing can be begun together.
		if b.count(c.Reasons[end].Item) != nil {
			b.records = nil
		}
	}
	for i, w := range b.changes {
		if c.Refused(b.positions[i]) {
			b.records = slices.DeleteFunc(b.records, func(r *Record) bool { return r.Sub.ID == w.next.Sub.ID })
		}
	}
}

// begun returns the subscriptions as they were written, and remembers the numbers given.
func (b *batchChange) begun() map[string]*Record {
	b.Service.numbers.Remember(b.numbers, b.last+b.numbersGiven)
	all := map[string]*Record{}
	for _, w := range b.changes {
		all[w.next.Sub.ID] = w.next
	}
	return all
}
