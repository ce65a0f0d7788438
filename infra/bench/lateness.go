package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"dangol/infra/local/engine"
	"dangol/infra/local/tables"
	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	series "dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// lateness is how many people are in series, and how many of them are due within one minute.
type lateness struct{ enrolled, due int }

// String and Set make it a flag such as 50000/1000000.
func (l *lateness) String() string { return fmt.Sprintf("%d/%d", l.due, l.enrolled) }

// Set reads due/enrolled.
func (l *lateness) Set(text string) error {
	if _, err := fmt.Sscanf(text, "%d/%d", &l.due, &l.enrolled); err != nil || l.due <= 0 || l.enrolled < l.due {
		return errors.New("due/enrolled, say 50000/1000000")
	}
	return nil
}

// seriesWorkers is how many steps are moved at once.
const seriesWorkers = 16

// latenessFigures prints how late the messages of series are planned.
func latenessFigures(ctx context.Context, size lateness) error {
	return withMailBench(ctx, func(b *mailBench, client *dynamodb.Client) error {
		fmt.Printf("\nMessages of series\n")
		return b.series(ctx, client, size)
	})
}

// series prints how late messages of series are planned: all that fell due within the last minute are handed out by one
// sweep, as each minute, and moved by workers side by side. It works on a table of its own, filled at once.
func (b *mailBench) series(ctx context.Context, client *dynamodb.Client, size lateness) error {
	wall := clock.System{}
	now := wall.Now()
	db, err := b.enroll(ctx, client, size, now)
	if err != nil {
		return err
	}
	defer db.Stop()
	outreach := table.New(engine.RememberTokens(tables.Client(db.Endpoint())), table.Outreach.Name,
		func(op table.Op) { b.count.observe("", op) })
	s, err := seriesService(outreach)
	if err != nil {
		return err
	}
	b.count.take()
	own, engineBefore := ownTime(), engineTime(db)
	swept := wall.Now()
	var jobs []due.Job
	if err := due.Overdue(ctx, s.Table, service.DueRun, swept, func(j due.Job) error {
		jobs = append(jobs, j)
		return nil
	}); err != nil {
		return err
	}
	found := wall.Now().Sub(swept)
	// The steps fell due in the minute before they were stored, which takes time that no sweep would have waited.
	storing := swept.Sub(now)
	late := make([]time.Duration, len(jobs))
	var moved atomic.Int64
	stop := tell("steps moved", len(jobs), func() int { return int(moved.Load()) })
	defer stop()
	group, moving := errgroup.WithContext(ctx)
	group.SetLimit(seriesWorkers)
	for i, j := range jobs {
		group.Go(func() error {
			if err := s.WorkRun(moving, j); err != nil {
				return err
			}
			late[i] = wall.Now().Sub(time.UnixMilli(j.At)) - storing
			moved.Add(1)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := wall.Now().Sub(swept)
	cost := sumOf(b.count.take())
	each := func(d time.Duration) float64 { return ms(d) / float64(len(jobs)) }
	slices.Sort(late)
	row("in series", "%d", size.enrolled)
	row("due in one minute", "%d, found in %s", len(jobs), found.Round(time.Millisecond))
	row("moved in", "%s, %.0f a second", took.Round(100*time.Millisecond), float64(len(jobs))/took.Seconds())
	row("processor time of each, ms", "%.2f (outreach), %.2f (engine)", each(ownTime()-own),
		each(engineTime(db)-engineBefore))
	row("late p50, p99", "%s, %s", late[len(late)/2].Round(100*time.Millisecond),
		late[len(late)*99/100].Round(100*time.Millisecond))
	row("round trips, RCU, WCU of each step", "%.1f, %.1f, %.1f", float64(cost.Trips)/float64(len(jobs)),
		cost.Read/float64(len(jobs)), cost.Write/float64(len(jobs)))
	return nil
}

// seriesService is outreach on a table.
func seriesService(outreach *table.Table) (*service.Service, error) {
	return service.New(outreach, service.Shop{
		Name: "온결", URL: "https://shop.example.com", Contact: "help@example.com", Address: "서울특별시",
		LinkBase: "https://api.example.com", Zone: time.UTC,
	}, clock.System{}, slog.New(slog.DiscardHandler))
}

// enroll starts an engine whose table Outreach holds people in the cart series. Those who are not due within the last
// minute are due in a month.
func (b *mailBench) enroll(ctx context.Context, client *dynamodb.Client, size lateness,
	now time.Time) (*engine.Engine, error) {
	s, err := seriesService(b.table)
	if err != nil {
		return nil, err
	}
	sample, err := sampleRun(ctx, s, now)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "series.db")
	began := clock.System{}.Now()
	if err := fill(ctx, client, table.Outreach.Name, file, enrollments(sample, size, now)); err != nil {
		return nil, err
	}
	row("people in series stored in", "%s", clock.System{}.Now().Sub(began).Round(time.Second))
	return engine.Start(ctx, engine.Options{DataFile: file})
}

// enrollments yields the runs, and the people of those that are due.
func enrollments(sample table.Item, size lateness, now time.Time) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		for n := range size.enrolled {
			at := now.AddDate(0, 1, 0)
			if n < size.due {
				at = now.Add(-time.Duration(n) * time.Minute / time.Duration(size.due))
				if person, err := enrolledContact(n, now); !yield(person, err) {
					return
				}
			}
			if !yield(cloneRun(sample, n, at), nil) {
				return
			}
		}
	}
}

func enrolledEmail(n int) string { return fmt.Sprintf("enrolled%07d@example.com", n) }

// enrolledContact is somebody who agreed.
func enrolledContact(n int, now time.Time) (table.Item, error) {
	c := contact.New(enrolledEmail(n))
	c.Country, c.Language, c.Version = "KR", "ko", 1
	c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: now})
	c.Runs = []string{runKey(n)}
	return attributevalue.MarshalMap(c)
}

func runKey(n int) string { return fmt.Sprintf("RUN#abandoned_cart#cart_%07d", n) }

// sampleRun is a run as it is stored after a cart was left.
func sampleRun(ctx context.Context, s *service.Service, now time.Time) (table.Item, error) {
	event := series.Event{Type: "cart.changed", At: now, Data: map[string]string{"cartId": "sample"}}
	if err := s.Take(ctx, "sample@example.com", service.TriggerEvent{Event: event}); err != nil {
		return nil, err
	}
	items, err := s.Table.BatchGet(ctx, true, table.Key{PK: "RUN#abandoned_cart#sample", SK: "RUN"})
	for _, item := range items {
		return item, err
	}
	return nil, errors.Join(err, errors.New("the cart series has not started"))
}

// cloneRun is the run of person n, due at a time.
func cloneRun(sample table.Item, n int, at time.Time) table.Item {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	item := maps.Clone(sample)
	item["pk"] = text(runKey(n))
	on := due.On(service.DueRun, runKey(n), at)
	item["duePk"] = text(on.Shard)
	item["dueAt"] = &types.AttributeValueMemberN{Value: fmt.Sprint(on.At)}
	run := maps.Clone(item["run"].(*types.AttributeValueMemberM).Value)
	run["key"] = text(strings.TrimPrefix(runKey(n), "RUN#abandoned_cart#"))
	run["person"] = text(consent.ContactID(enrolledEmail(n)))
	run["due"] = text(at.UTC().Format(time.RFC3339Nano))
	item["run"] = &types.AttributeValueMemberM{Value: run}
	return item
}
