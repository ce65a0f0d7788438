package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// DueReport is the kind of the due jobs on reports.
const DueReport = "subscription_report"

const (
	// pagesAtOnce is how many pages a request walks through itself: one of each shard and a few more. The figures of a
	// shop that has more are added up by the worker.
	pagesAtOnce = Shards + due.Shards + 4
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

// reportProgress is an answer being added up: it goes through the cards of every shard, and then through what is due of
// every shard.
type reportProgress struct {
	Began time.Time    `json:"began"`
	Shard int          `json:"shard"` // up to Shards the cards', then what is due
	After table.Cursor `json:"after,omitempty"`
	Sum   Figures      `json:"sum"`
}

// reportItem is a question with its last answer, and the walk to the next while it has a due time.
type reportItem struct {
	table.Key
	due.Due
	Question table.Packed[ReportQuery]    `dynamodbav:"question"`
	Walk     table.Packed[reportProgress] `dynamodbav:"walk"`
	Answer   table.Packed[Figures]        `dynamodbav:"answer"`
	AsOf     time.Time                    `dynamodbav:"asOf,omitempty"` // of the answer; zero while there is none
	Version  int                          `dynamodbav:"version"`
	TTL      int64                        `dynamodbav:"ttl"`
}

func (q ReportQuery) key() table.Key {
	return table.Key{
		PK: fmt.Sprintf("REPORT#%s#%s#%s#%d", q.Currency, q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339),
			q.Days),
		SK: "REPORT",
	}
}

// Report answers a question. A small shop's figures are added up at once; a large one's by the worker, in slices, and
// until it is done the answer is the one before, or not ready. Whoever asks within an hour of an answer gets that. 1
// round trip for an answer that is there.
func (s *Service) Report(ctx context.Context, q ReportQuery) (Report, error) {
	var item reportItem
	err := s.Table.Get(ctx, q.key(), &item)
	if errors.Is(err, table.ErrNotFound) {
		return s.firstReport(ctx, q)
	}
	if err != nil {
		return Report{}, err
	}
	if now := s.Clock.Now(); item.Shard == "" && now.Sub(item.AsOf) > freshFor {
		item.Walk.Value = reportProgress{Began: now}
		if err := s.keepReport(ctx, &item); err != nil {
			return Report{}, err
		}
	}
	return Report{Ready: !item.AsOf.IsZero(), AsOf: item.AsOf, Figures: item.Answer.Value}, nil
}

// firstReport begins the walk and, when it does not come to its end, leaves it to the worker.
func (s *Service) firstReport(ctx context.Context, q ReportQuery) (Report, error) {
	w := reportProgress{Began: s.Clock.Now()}
	done, err := s.advanceReport(ctx, q, &w, func(pages int) bool { return pages < pagesAtOnce })
	if err != nil || done {
		return Report{Ready: true, AsOf: w.Began, Figures: w.Sum}, err
	}
	return Report{}, s.startReport(ctx, q, w)
}

// RequestReport has the worker add up the figures that answer a question nobody has asked yet, whatever the size of the
// shop. 1 round trip.
func (s *Service) RequestReport(ctx context.Context, q ReportQuery) error {
	return s.startReport(ctx, q, reportProgress{Began: s.Clock.Now()})
}

func (s *Service) startReport(ctx context.Context, q ReportQuery, w reportProgress) error {
	return s.keepReport(ctx, &reportItem{Key: q.key(), Question: table.Packed[ReportQuery]{Value: q},
		Walk: table.Packed[reportProgress]{Value: w}})
}

// Summarize takes the walk of a report on. It is done when the walk has come to its end, or another worker holds the
// lease; else it is due again.
func (s *Service) Summarize(ctx context.Context, key table.Key) error {
	var item reportItem
	err := s.Table.Get(ctx, key, &item)
	if errors.Is(err, table.ErrNotFound) || err == nil && item.Shard == "" {
		return nil
	}
	if err != nil {
		return err
	}
	began := s.Clock.Now()
	w := &item.Walk.Value
	done, err := s.advanceReport(ctx, item.Question.Value, w,
		func(int) bool { return s.Clock.Now().Sub(began) < sliceFor })
	if err != nil {
		return err
	}
	if done {
		item.Answer.Value, item.AsOf, item.Walk.Value, item.Due = w.Sum, w.Began, reportProgress{}, due.Due{}
		return s.putReport(ctx, &item)
	}
	return s.keepReport(ctx, &item)
}

// keepReport stores a report whose walk goes on as soon as may be.
func (s *Service) keepReport(ctx context.Context, item *reportItem) error {
	item.Due = due.On(DueReport, item.PK, s.Clock.Now())
	return s.putReport(ctx, item)
}

// putReport stores a report as the version after the one that was read. One that was outrun leaves it to the other.
func (s *Service) putReport(ctx context.Context, item *reportItem) error {
	put := table.Put{Item: item, If: table.IfNew}
	if item.Version > 0 {
		put.If, put.With = "#version = :read", map[string]any{":read": item.Version}
	}
	item.Version++
	item.TTL = s.Clock.Now().Add(reportKept).Unix()
	err := s.Table.Put(ctx, put)
	if _, outrun := table.Failed(err); outrun {
		return nil
	}
	return err
}

// advanceReport walks page by page while more says so; pages counts those done. It reports whether the end is reached.
func (s *Service) advanceReport(ctx context.Context, q ReportQuery, w *reportProgress,
	more func(pages int) bool) (done bool, err error) {
	for pages := 0; w.Shard < Shards+due.Shards; pages++ {
		if !more(pages) {
			return false, nil
		}
		walkPage := s.pageOfCards
		if w.Shard >= Shards {
			walkPage = s.pageToCome
		}
		if w.After, err = walkPage(ctx, q, w); err != nil {
			return false, err
		}
		if w.After == "" {
			w.Shard++
		}
	}
	return true, nil
}

func (s *Service) pageOfCards(ctx context.Context, q ReportQuery, w *reportProgress) (next table.Cursor, err error) {
	page, err := s.Table.Query(ctx, cardsOf(w.Shard, w.After))
	if err != nil {
		return "", err
	}
	cards := make([]Summary, len(page.Items))
	for i, item := range page.Items {
		if cards[i], err = cardOf(item); err != nil {
			return "", err
		}
	}
	w.Sum.addCards(q, cards, w.Began)
	return page.Next, nil
}

func (s *Service) pageToCome(ctx context.Context, q ReportQuery, w *reportProgress) (table.Cursor, error) {
	return s.dueBeforePage(ctx, w.Shard-Shards, w.Began.AddDate(0, 0, q.Days).UnixMilli(), w.After, func(r *Record) error {
		return s.addComing(ctx, &w.Sum, q, r, w.Began)
	})
}
