package notify

import (
	"context"
	"math"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/mail"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func letterTo(address, about string) letter {
	return letter{to: address, language: "ko", about: about, content: mail.OrderConfirmation{}}
}

// TestAccessPatternsCostWhatTheySay measures each of AccessPatterns, in their order.
func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := store{localtest.Table(t, table.Outreach)}
	var claimed claim
	steps := []func(context.Context) error{
		func(ctx context.Context) (err error) {
			l := letterTo("ann@example.com", "ord_1kjmd0c0w000000")
			claimed, err = s.claim(ctx, l.record(event.Envelope{ID: "evt_01kjmd0bzm0000000000000001"}), noon)
			return err
		},
		func(ctx context.Context) error {
			return s.settle(ctx, claimed.send, Sent, "010c0192f3a1b2c3-0d4e5f60-7182-93a4-b5c6-d7e8f9a0b1c2-000000", noon)
		},
		func(ctx context.Context) error {
			_, err := s.Query(ctx, table.Query{
				Index: table.ByOne, Where: "#gsi1pk = :to", With: map[string]any{":to": toKey("ann@example.com")}, Backwards: true,
			})
			return err
		},
	}
	if len(steps) != len(AccessPatterns) {
		t.Fatalf("%d steps for %d patterns", len(steps), len(AccessPatterns))
	}
	for i, p := range AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := steps[i](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		cost := meter.Cost()
		if cost.Trips != p.Trips || math.Abs(cost.Read-p.Read) > 0.01 || math.Abs(cost.Write-p.Write) > 0.01 {
			t.Errorf("%s: %+v, documented %d trips, %.1f RCU, %.1f WCU", p.Name, cost, p.Trips, p.Read, p.Write)
		}
	}
}

func TestAPersonsMailsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := store{localtest.Table(t, table.Outreach)}
	for i, to := range []string{"Ann@Example.com", " ann@example.com ", "bob@example.com", "ANN@EXAMPLE.COM"} {
		at := noon.Add(time.Duration(i) * time.Hour)
		l := letterTo(to, string(rune('a'+i)))
		if _, err := s.claim(t.Context(), l.record(event.Envelope{ID: "evt_" + string(rune('a'+i))}), at); err != nil {
			t.Fatal(err)
		}
	}
	page, err := s.Query(t.Context(), table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :to", With: map[string]any{":to": toKey("ann@example.com")}, Backwards: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, item := range page.Items {
		var row struct {
			Card card `dynamodbav:"card"`
		}
		if err := item.Decode(&row); err != nil || row.Card.Template != "order_confirmation" || row.Card.State != Claimed {
			t.Errorf("%+v, %v", row, err)
		}
		got += row.Card.About
	}
	if got != "dba" {
		t.Errorf("listed %s, want dba", got)
	}
}

func TestRecordsAreKeptForHalfAYear(t *testing.T) {
	t.Parallel()
	s := store{localtest.Table(t, table.Outreach)}
	l := letterTo("ann@example.com", "ord_1")
	c, err := s.claim(t.Context(), l.record(event.Envelope{ID: "evt_1"}), noon)
	if err != nil {
		t.Fatal(err)
	}
	if until := time.Unix(c.send.TTL, 0); until.Before(noon.AddDate(0, 6, 0)) || until.After(noon.AddDate(0, 6, 7)) {
		t.Errorf("kept until %s", until.UTC())
	}
}

func TestLeaseLiesBetweenTheTimeoutAndTheNextDelivery(t *testing.T) {
	t.Parallel()
	if lease <= Timeout || lease >= time.Minute {
		t.Errorf("lease %s, timeout %s", lease, Timeout)
	}
}

func TestSlowSenderDoesNotOverwriteWhoeverTookOver(t *testing.T) {
	t.Parallel()
	s := store{localtest.Table(t, table.Outreach)}
	l := letterTo("ann@example.com", "ord_1")
	r := l.record(event.Envelope{ID: "evt_1"})
	slow, err := s.claim(t.Context(), r, noon)
	if err != nil || !slow.ours {
		t.Fatalf("%+v, %v", slow, err)
	}
	quick, err := s.claim(t.Context(), r, noon.Add(lease))
	if err != nil || !quick.ours {
		t.Fatalf("%+v, %v", quick, err)
	}
	if err := s.settle(t.Context(), slow.send, Rejected, "", noon.Add(lease)); err != nil {
		t.Fatal(err)
	}
	if err := s.settle(t.Context(), quick.send, Sent, "ses-1", noon.Add(lease)); err != nil {
		t.Fatal(err)
	}
	var kept send
	if err := s.Get(t.Context(), r.Key, &kept); err != nil || kept.State != Sent || kept.MessageID != "ses-1" {
		t.Errorf("%+v, %v", kept, err)
	}
}
