package service_test

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// TestAccessPatternsCostWhatTheySay measures each of AccessPatterns, in their order.
func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "order.placed", "orderId", "ord_0")
	if err := f.Table.Transact(t.Context(), "", service.Buyer("ord_0", person, f.clock.Now())); err != nil {
		t.Fatal(err)
	}
	f.advance(time.Minute)
	contactID := consent.ContactID(person)
	event := func(kind, key, value string) service.TriggerEvent {
		return service.TriggerEvent{Event: sequence.Event{Type: kind, At: f.clock.Now(), Data: map[string]string{key: value}}}
	}
	words := outbox.Texts{Subject: "봄", Heading: "봄", Body: []string{"봄"}}
	made, err := f.CreateCampaign(t.Context(), service.CampaignPlan{
		Name: "Spring", Topic: "news", Local: "2026-03-10T13:00", By: "shop", Lateness: 600, URL: f.Shop.URL + "/",
		Variants: []service.Variant{{ID: "a", Texts: map[string]outbox.Texts{"ko": words, "en": words}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Schedule(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	job := func(kind string) due.Job {
		t.Helper()
		var found due.Job
		err := due.Overdue(t.Context(), f.Table, kind, f.clock.Now(), func(j due.Job) error {
			found = j
			return nil
		})
		if err != nil || found.Kind == "" {
			t.Fatalf("nothing of %s is due: %v", kind, err)
		}
		return found
	}
	c, err := f.Contacts.Get(t.Context(), contactID)
	if err != nil {
		t.Fatal(err)
	}
	shard, err := strconv.Atoi(strings.TrimPrefix(c.List, "CONTACTS#"))
	if err != nil {
		t.Fatal(err)
	}
	var run, page due.Job
	steps := []func(context.Context) error{
		func(ctx context.Context) error { _, err := f.Contacts.Get(ctx, contactID); return err },
		func(ctx context.Context) error {
			return f.Take(ctx, person, event("review.published", "reviewId", "rev_1"))
		},
		func(ctx context.Context) error { return f.Take(ctx, person, event("cart.changed", "cartId", "cart_1")) },
		func(ctx context.Context) error { return f.WorkRun(ctx, run) },
		func(ctx context.Context) error {
			_, err := f.AnswerID(ctx, contactID, consent.Change{Channel: compliance.Push, Action: consent.Give,
				At: f.clock.Now(), Source: "test", TextVersion: "1"}, nil)
			return err
		},
		func(ctx context.Context) error { _, err := f.Proofs(ctx, contactID); return err },
		func(ctx context.Context) error { _, _, _, err := f.ReadContacts(ctx, shard, ""); return err },
		func(ctx context.Context) error { return f.WorkPage(ctx, page) },
		func(ctx context.Context) error { _, err := f.GetCampaign(ctx, made.ID); return err },
		func(ctx context.Context) error { _, _, err := f.Campaigns(ctx, 20, ""); return err },
		func(ctx context.Context) error { _, err := f.SeriesPaused(ctx, "welcome"); return err },
		func(ctx context.Context) error {
			_, err := f.SaveSegment(ctx, "buyers", segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1}})
			return err
		},
		func(ctx context.Context) error { _, err := f.Segments(ctx); return err },
		func(ctx context.Context) error { _, err := f.BuyerOf(ctx, "ord_0"); return err },
		func(ctx context.Context) error {
			_, err := f.Webhooks.Store.Create(ctx, "https://crm.example.com/", []string{webhook.ConsentGiven}, f.clock.Now())
			return err
		},
		func(ctx context.Context) error {
			_, _, err := f.Webhooks.Store.Attempts(ctx, "whk_1", 20, "")
			return err
		},
	}
	if len(steps) != len(service.AccessPatterns) {
		t.Errorf("%d steps for %d patterns", len(steps), len(service.AccessPatterns))
	}
	for i, step := range steps {
		switch i { // what has to happen before
		case 3:
			f.clock.Advance(2 * time.Hour)
			run = job(service.DueRun)
		case 7:
			if err := f.WorkCampaign(t.Context(), job(service.DueCampaign)); err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(2 * time.Second)
			page = job(service.DuePage)
		}
		ctx, meter := table.Metered(t.Context())
		if err := step(ctx); err != nil && !errors.Is(err, table.ErrNotFound) {
			t.Fatalf("%d: %v", i, err)
		}
		cost := meter.Cost()
		if i >= len(service.AccessPatterns) {
			t.Logf("%d: %+v", i, cost)
			continue
		}
		p := service.AccessPatterns[i]
		if cost.Trips != p.Trips || math.Abs(cost.Read-p.Read) > 0.01 || math.Abs(cost.Write-p.Write) > 0.01 {
			t.Errorf("%s: %+v, documented %d trips, %.1f RCU, %.1f WCU", p.Name, cost, p.Trips, p.Read, p.Write)
		}
	}
}
