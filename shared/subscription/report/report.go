// Package report adds up the merchant's figures of subscriptions: recurring revenue and how it moved, trials, recovered
// payments, cohorts, what is to be charged and sent. A large shop's are added up by a worker in slices.
package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/service"
)

// Due is the kind of the due jobs on reports.
const Due = "subscription_report"

// Reports answers the merchant's questions from what the subscription service has stored.
type Reports struct{ *service.Service }

const (
	// pagesAtOnce is how many pages a request walks through itself: one of each shard and a few more. The figures of a
	// shop that has more are added up by the worker.
	pagesAtOnce = service.Shards + due.Shards + 4
	// sliceFor is how long the worker walks before it writes down how far it has come.
	sliceFor = 20 * time.Second
	// freshFor is how old figures may be that are given without adding them up again.
	freshFor = time.Hour
	// reportKept is how long figures that nobody asks for are kept.
	reportKept = 30 * 24 * time.Hour
)

// Report is the answer to a question, as of the time it was begun. Ready is false while there is none yet.
type Report struct {
	Ready bool
	AsOf  time.Time
	Figures
}

// progress is an answer being added up: it goes through the cards of every shard, and then through what is due of
// every shard.
type progress struct {
	Began time.Time    `json:"began"`
	Shard int          `json:"shard"` // up to Shards the cards', then what is due
	After table.Cursor `json:"after,omitempty"`
	Sum   Figures      `json:"sum"`
}

// item is a question with its last answer, and the walk to the next while it has a due time.
type item struct {
	table.Key
	due.Due
	Question table.Packed[Query]    `dynamodbav:"question"`
	Walk     table.Packed[progress] `dynamodbav:"walk"`
	Answer   table.Packed[Figures]  `dynamodbav:"answer"`
	AsOf     time.Time              `dynamodbav:"asOf,omitempty"` // of the answer; zero while there is none
	Version  int                    `dynamodbav:"version"`
	TTL      int64                  `dynamodbav:"ttl"`
}

// key names the question by everything that is asked, so equal questions share an answer.
func (q Query) key() table.Key {
	return table.Key{
		PK: fmt.Sprintf("REPORT#%s#%s#%s#%d", q.Currency, q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339),
			q.Days),
		SK: "REPORT",
	}
}

// Get answers a question. A small shop's figures are added up at once; a large one's by the worker, in slices, and
// until it is done the answer is the one before, or not ready. Whoever asks within an hour of an answer gets that. 1
// round trip for an answer that is there.
func (r Reports) Get(ctx context.Context, q Query) (Report, error) {
	var stored item
	err := r.Table.Get(ctx, q.key(), &stored)
	if errors.Is(err, table.ErrNotFound) {
		return r.first(ctx, q)
	}
	if err != nil {
		return Report{}, err
	}
	// Shard is set while a walk is under way: a second one is not begun.
	if now := r.Clock.Now(); stored.Shard == "" && now.Sub(stored.AsOf) > freshFor {
		stored.Walk.Value = progress{Began: now}
		if err := r.keep(ctx, &stored); err != nil {
			return Report{}, err
		}
	}
	// The former answer is given while a new one is added up.
	return Report{Ready: !stored.AsOf.IsZero(), AsOf: stored.AsOf, Figures: stored.Answer.Value}, nil
}

// first begins the walk and, when it does not come to its end, leaves it to the worker.
func (r Reports) first(ctx context.Context, q Query) (Report, error) {
	w := progress{Began: r.Clock.Now()}
	done, err := r.advance(ctx, q, &w, func(pages int) bool { return pages < pagesAtOnce })
	if err != nil || done {
		// Answered at once and not stored: a small shop's figures are always of this moment.
		return Report{Ready: true, AsOf: w.Began, Figures: w.Sum}, err
	}
	return Report{}, r.start(ctx, q, w)
}

// Request has the worker add up the figures that answer a question nobody has asked yet, whatever the size of the
// shop. 1 round trip.
func (r Reports) Request(ctx context.Context, q Query) error {
	return r.start(ctx, q, progress{Began: r.Clock.Now()})
}

// start stores a question whose walk is under way, for the worker to go on with.
func (r Reports) start(ctx context.Context, q Query, w progress) error {
	return r.keep(ctx, &item{Key: q.key(), Question: table.Packed[Query]{Value: q},
		Walk: table.Packed[progress]{Value: w}})
}

// Continue takes the walk of a report on. It is done when the walk has come to its end, or another worker holds the
// lease; else it is due again.
func (r Reports) Continue(ctx context.Context, key table.Key) error {
	var stored item
	err := r.Table.Get(ctx, key, &stored)
	// The question was deleted, or another worker has come to the end.
	if errors.Is(err, table.ErrNotFound) || err == nil && stored.Shard == "" {
		return nil
	}
	if err != nil {
		return err
	}
	began := r.Clock.Now()
	w := &stored.Walk.Value
	done, err := r.advance(ctx, stored.Question.Value, w,
		func(int) bool { return r.Clock.Now().Sub(began) < sliceFor })
	if err != nil {
		return err
	}
	if done {
		// As of the beginning of the walk: what changed meanwhile may or may not be in it.
		stored.Answer.Value, stored.AsOf, stored.Walk.Value, stored.Due = w.Sum, w.Began, progress{}, due.Due{}
		return r.put(ctx, &stored)
	}
	return r.keep(ctx, &stored)
}

// keep stores a report whose walk goes on as soon as may be.
func (r Reports) keep(ctx context.Context, stored *item) error {
	stored.Due = due.On(Due, stored.PK, r.Clock.Now())
	return r.put(ctx, stored)
}

// put stores a report as the version after the one that was read. One that was outrun leaves it to the other.
func (r Reports) put(ctx context.Context, stored *item) error {
	// A report that another worker has written meanwhile is left to it.
	put := table.Put{Item: stored, If: table.IfNew}
	if stored.Version > 0 {
		put.If, put.With = "#version = :read", map[string]any{":read": stored.Version}
	}
	stored.Version++
	stored.TTL = r.Clock.Now().Add(reportKept).Unix()
	err := r.Table.Put(ctx, put)
	if _, outrun := table.Failed(err); outrun {
		return nil
	}
	return err
}

// advance walks page by page while more says so; pages counts those done. It reports whether the end is reached.
func (r Reports) advance(ctx context.Context, q Query, w *progress,
	more func(pages int) bool) (done bool, err error) {
	// First the cards of every shard, then what is due of every shard.
	for pages := 0; w.Shard < service.Shards+due.Shards; pages++ {
		if !more(pages) {
			return false, nil
		}
		walkPage := r.pageOfCards
		if w.Shard >= service.Shards {
			walkPage = r.pageToCome
		}
		if w.After, err = walkPage(ctx, q, w); err != nil {
			return false, err
		}
		if w.After == "" {
			// An empty cursor is the end of the shard.
			w.Shard++
		}
	}
	return true, nil
}

// pageOfCards adds a page of the subscriptions as they are.
func (r Reports) pageOfCards(ctx context.Context, q Query, w *progress) (next table.Cursor, err error) {
	cards, next, err := r.Cards(ctx, w.Shard, w.After)
	if err != nil {
		return "", err
	}
	w.Sum.addCards(q, cards, w.Began)
	return next, nil
}

// pageToCome adds a page of what is due within the days asked for.
func (r Reports) pageToCome(ctx context.Context, q Query, w *progress) (table.Cursor, error) {
	until := w.Began.AddDate(0, 0, q.Days).UnixMilli()
	return r.DueBefore(ctx, w.Shard-service.Shards, until, w.After, func(due *service.Record) error {
		return r.addComing(ctx, &w.Sum, q, due, w.Began)
	})
}
