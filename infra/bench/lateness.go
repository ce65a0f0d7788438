package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

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

// series prints how late messages of series are planned: all that fell due within the last minute are handed out by one
// sweep, as each minute, and moved by workers side by side.
func (b *mailBench) series(ctx context.Context, client *dynamodb.Client, size lateness) error {
	wall := clock.System{}
	shop := service.Shop{
		Name: "온결", URL: "https://shop.example.com", Contact: "help@example.com", Address: "서울특별시",
		LinkBase: "https://api.example.com", Zone: time.UTC,
	}
	s, err := service.New(b.table, shop, wall, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	now := wall.Now()
	if err := b.enroll(ctx, client, s, size, now); err != nil {
		return err
	}
	b.count.take()
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
	group, moving := errgroup.WithContext(ctx)
	group.SetLimit(seriesWorkers)
	for i, j := range jobs {
		group.Go(func() error {
			if err := s.WorkRun(moving, j); err != nil {
				return err
			}
			late[i] = wall.Now().Sub(time.UnixMilli(j.At)) - storing
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := wall.Now().Sub(swept)
	_, read, write := b.count.take()
	slices.Sort(late)
	row("in series", "%d", size.enrolled)
	row("due in one minute", "%d, found in %s", len(jobs), found.Round(time.Millisecond))
	row("moved in", "%s, %.0f a second", took.Round(100*time.Millisecond), float64(len(jobs))/took.Seconds())
	row("late p50, p99", "%s, %s", late[len(late)/2].Round(100*time.Millisecond),
		late[len(late)*99/100].Round(100*time.Millisecond))
	row("RCU, WCU of each step", "%.1f, %.1f", read/float64(len(jobs)), write/float64(len(jobs)))
	return nil
}

// enroll stores people in the cart series. Those who are not due within the last minute are due in a month.
func (b *mailBench) enroll(ctx context.Context, client *dynamodb.Client, s *service.Service, size lateness,
	now time.Time) error {
	sample, err := sampleRun(ctx, s, now)
	if err != nil {
		return err
	}
	var stored atomic.Int64
	stop := tell("runs stored", size.enrolled, func() int { return int(stored.Load()) })
	defer stop()
	group, seeding := errgroup.WithContext(ctx)
	group.SetLimit(mailWorkers)
	for from := 0; from < size.enrolled; from += seedBatch / 2 { // a person and a run each
		group.Go(func() error {
			var writes []types.WriteRequest
			put := func(item table.Item) {
				writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			}
			for n := from; n < min(from+seedBatch/2, size.enrolled); n++ {
				at := now.AddDate(0, 1, 0)
				if n < size.due {
					at = now.Add(-time.Duration(n) * time.Minute / time.Duration(size.due))
					person, err := enrolledContact(n, now)
					if err != nil {
						return err
					}
					put(person)
				}
				put(cloneRun(sample, n, at))
			}
			in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table.Outreach.Name: writes}}
			_, err := client.BatchWriteItem(seeding, in)
			stored.Add(int64(len(writes)))
			return err
		})
	}
	return group.Wait()
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
