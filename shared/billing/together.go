package billing

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"dangol/shared/due"
	"dangol/shared/subscription"
	"dangol/shared/table"
)

// together bounds how many subscriptions of a batch are worked on side by side: most of their time is the provider's.
const together = 10

// beginTries bounds how often a batch that met another one is begun together again; then each goes alone.
const beginTries = 4

// Jobs does the jobs of a batch and returns an error for each, nil where it is done. The first step of all that are due is one read and
// one transaction for the batch: they take their invoice numbers from the year's counter in one go, and ten renewals meet there once
// and not ten times. What follows, the charge and its outcome, is each one's own. A job that could not begin with the others does so
// alone.
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
	var all errgroup.Group
	all.SetLimit(together)
	for _, id := range ids {
		all.Go(func() error {
			var err error
			if r := begun[id]; r != nil {
				err = s.steps(ctx, r, true)
			} else {
				err = s.Work(ctx, id)
			}
			for _, i := range places[id] {
				errs[i] = err
			}
			return nil
		})
	}
	_ = all.Wait() // errors are kept by job
	return errs
}

// begin takes the first step of the subscriptions together and returns those that have begun. It may leave all of them out: whoever is
// then worked on alone meets the same obstacle and says what it is.
func (s *Service) begin(ctx context.Context, ids []string) map[string]*Record {
	for range beginTries {
		begun, err := s.beginOnce(ctx, ids)
		if err == nil {
			return begun
		}
		if _, refused := table.Refused(err); !refused {
			s.Log.WarnContext(ctx, "batch not begun together", "error", err)
			return nil
		}
	}
	return nil
}

// batchWork is the first steps of several subscriptions on their way into the table.
type batchWork struct {
	numbers series
	last    int // as read
	given   int
	works   []*work
	writes  []table.Write
}

// beginOnce is 1 read and 1 transaction.
func (s *Service) beginOnce(ctx context.Context, ids []string) (map[string]*Record, error) {
	if len(ids) < 2 {
		return nil, nil
	}
	b, records, err := s.readBatch(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		c, mine := r.toDo(s.Clock.Now())
		if !mine {
			continue
		}
		if w, err := s.plan(ctx, r, c); err == nil && w != nil {
			if err := b.add(ctx, w, s); err != nil {
				return nil, err
			}
		}
	}
	if len(b.works) < 2 {
		return nil, nil
	}
	if b.given > 0 {
		b.writes = append(b.writes, b.numbers.raise(b.last, b.given))
	}
	if err := s.Table.Transact(ctx, s.token(), b.writes...); err != nil && !b.works[0].isBehind(err) {
		s.forget(b.numbers)
		return nil, err
	}
	s.remember(b.numbers, b.last+b.given)
	begun := map[string]*Record{}
	for _, w := range b.works {
		begun[w.next.Sub.ID] = w.next
	}
	return begun, nil
}

// readBatch reads the subscriptions and the counter of this year's invoices at once. Those that are gone are left out.
func (s *Service) readBatch(ctx context.Context, ids []string) (*batchWork, []*Record, error) {
	b := &batchWork{numbers: series{subscription.Invoices, subscription.YearOf(s.Clock.Now(), s.Books)}}
	keys := []table.Key{b.numbers.key()}
	for _, id := range ids {
		keys = append(keys, KeyOf(id))
	}
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, nil, err
	}
	var records []*Record
	for i, key := range keys {
		item, there := items[key]
		switch {
		case !there:
		case i == 0:
			var c counter
			if err := item.Decode(&c); err != nil {
				return nil, nil, err
			}
			b.last = c.Last
		default:
			var r Record
			if err := item.Decode(&r); err != nil {
				return nil, nil, err
			}
			records = append(records, &r)
		}
	}
	return b, records, nil
}

// add takes a piece of work in, unless it needs other numbers than those of the batch or the transaction is full.
func (b *batchWork) add(ctx context.Context, w *work, s *Service) error {
	wants := w.wanted(s.Books)
	other := slices.ContainsFunc(wants, func(n wanted) bool { return n.series != b.numbers })
	if other || len(b.writes)+2+len(w.invoices)+len(w.notes)+len(w.entries)+len(w.told) > table.MaxWrites {
		return nil
	}
	for _, n := range wants {
		for _, give := range n.give {
			b.given++
			give(subscription.NumberOf(n.series.name, n.series.year, b.last+b.given))
		}
	}
	put, err := w.record(ctx)
	if err != nil {
		return err
	}
	b.works = append(b.works, w)
	b.writes = append(append(b.writes, put), w.documents()...)
	return nil
}
