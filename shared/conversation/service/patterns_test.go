package service_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	d := &desk{sockets: newSockets(), clock: clock.Stopped(monday)}
	d.Service = &service.Service{Table: localtest.Table(t, table.Care), Clock: d.clock, Log: slog.New(slog.DiscardHandler),
		Poster: d.sockets}
	c := d.begin(t)
	d.staff(t, "a")
	c, _ = d.say(t, customer, c, "client-01", "상담원 연결")
	if _, err := d.Claim(t.Context(), agentWho("a"), c.ID); err != nil {
		t.Fatal(err)
	}
	d.connect(t, customer, c.ID, "one")
	d.frame(t, "one", service.ClientFrame{Do: "ping"})
	secret, _, err := d.Ticket(t.Context(), customer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err = d.Load(t.Context(), customer, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	calls := []func(context.Context) error{
		func(ctx context.Context) error { return first(d.Load(ctx, customer, c.ID)) },
		func(ctx context.Context) error {
			_, _, err := d.Replay(ctx, c, 1, 20, false)
			return err
		},
		func(ctx context.Context) error {
			return second(d.Send(ctx, agentWho("a"), c.ID, service.Draft{ClientID: "agent-001", Text: "hello"}))
		},
		func(ctx context.Context) error {
			_, err := d.Frame(ctx, "one")
			return err
		},
		func(ctx context.Context) error {
			_, err := d.Redeem(ctx, secret)
			return err
		},
		func(ctx context.Context) error { return d.Heartbeat(ctx, "a") },
		func(ctx context.Context) error {
			_, _, err := d.Inbox(ctx, "care", conversation.WithAgent, 20, "")
			return err
		},
		func(ctx context.Context) error {
			return d.Between(ctx, monday, monday.Add(time.Hour), func(conversation.ConversationSummary) {})
		},
	}
	if len(calls) != len(service.AccessPatterns) {
		t.Fatalf("%d calls for %d patterns", len(calls), len(service.AccessPatterns))
	}
	for i, p := range service.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := calls[i](ctx); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if got := meter.Cost(); got != (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}) {
			t.Errorf("%s costs %+v", p.Name, got)
		}
	}
}
