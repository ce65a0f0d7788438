package campaign_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/outreach/campaign"
)

var seoul = time.FixedZone("KST", 9*60*60)

func TestStatesOfACampaign(t *testing.T) {
	t.Parallel()
	all := []campaign.Status{
		campaign.Draft, campaign.Scheduled, campaign.Freezing, campaign.Sending, campaign.Paused, campaign.Finished,
		campaign.Stopped,
	}
	allowed := 0
	for _, from := range all {
		for _, to := range all {
			if campaign.May(from, to) {
				allowed++
			}
			if final := from == campaign.Finished || from == campaign.Stopped; final && campaign.May(from, to) {
				t.Errorf("%s goes on to %s", from, to)
			}
			if from == to && campaign.May(from, to) {
				t.Errorf("%s to itself", from)
			}
		}
	}
	if allowed != 12 {
		t.Errorf("%d changes are allowed", allowed)
	}
	if campaign.May(campaign.Draft, campaign.Sending) {
		t.Error("a draft is sent")
	}
}

func TestWhenARecipientIsDue(t *testing.T) {
	t.Parallel()
	local := time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	la, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	kiritimati := time.FixedZone("LINT", 14*60*60)
	for _, tt := range []struct {
		by   campaign.Clock
		zone *time.Location
		want string
	}{
		{campaign.ShopClock, la, "2026-03-10T01:00:00Z"},
		{campaign.RecipientClock, la, "2026-03-10T17:00:00Z"},
		{campaign.RecipientClock, kiritimati, "2026-03-09T20:00:00Z"},
		{campaign.RecipientClock, nil, "2026-03-10T01:00:00Z"},
	} {
		if got := campaign.SendAt(local, tt.by, seoul, tt.zone).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s in %v: %s, want %s", tt.by, tt.zone, got, tt.want)
		}
	}
}

// The rest gets the winner, so nobody of it may be due before there is one; at the latest two days after the test.
func TestTheRestIsDueAtItsTimeOfDayWhenTheTestIsDecided(t *testing.T) {
	t.Parallel()
	la, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		local := time.Date(2026, 3, 1, 0, rapid.IntRange(0, 60*24*60).Draw(t, "minute"), 0, 0, time.UTC)
		zone := rapid.SampledFrom([]*time.Location{nil, seoul, la, time.FixedZone("LINT", 14*60*60),
			time.FixedZone("AoE", -12*60*60)}).Draw(t, "zone")
		by := rapid.SampledFrom([]campaign.Clock{campaign.ShopClock, campaign.RecipientClock}).Draw(t, "by")
		wait := time.Duration(rapid.IntRange(1, 72).Draw(t, "hours")) * time.Hour
		at, decided := campaign.RestAt(local, by, seoul, zone, wait), campaign.DecideAt(local, by, seoul, wait)
		tested := campaign.SendAt(local, by, seoul, zone)
		if at.Before(decided) || at.Sub(decided) > 25*time.Hour || at.Before(tested.Add(wait)) {
			t.Fatalf("tested at %v, decided at %v, the rest at %v", tested, decided, at)
		}
		if by == campaign.ShopClock && !at.Equal(decided) {
			t.Fatalf("decided at %v, the rest at %v", decided, at)
		}
	})
}

func TestTheAudienceIsFrozenBeforeTheFirstAndTheLastIsIncluded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		local := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "local"), 0).UTC()
		zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, "offset"))
		by := rapid.SampledFrom([]campaign.Clock{campaign.ShopClock, campaign.RecipientClock}).Draw(t, "by")
		at := campaign.SendAt(local, by, seoul, zone)
		if at.Before(campaign.FreezeAt(local, by, seoul)) || at.After(campaign.LastDue(local, by, seoul)) {
			t.Fatalf("%s is due at %s", zone, at)
		}
	})
}

func TestTooLate(t *testing.T) {
	t.Parallel()
	planned := time.Date(2026, 3, 10, 10, 0, 0, 0, seoul)
	if campaign.TooLate(planned, planned.Add(6*time.Hour), 6*time.Hour) {
		t.Error("six hours are within six hours")
	}
	if !campaign.TooLate(planned, planned.Add(6*time.Hour+1), 6*time.Hour) {
		t.Error("more than six hours are not too late")
	}
}

func TestHoldoutAndVariantsAreSharesOfTheAudienceAndStay(t *testing.T) {
	t.Parallel()
	test := &campaign.Test{Percent: 20, Variants: []string{"a", "b"}}
	counts := map[campaign.Assignment]int{}
	for i := range 20_000 {
		person := fmt.Sprintf("ctc_%d", i)
		got := campaign.Assign("cmp_1", person, 10, test)
		if got != campaign.Assign("cmp_1", person, 10, test) {
			t.Fatal("drawn anew")
		}
		counts[got]++
	}
	near := func(what campaign.Assignment, want int) {
		if got := counts[what]; got < want*9/10 || got > want*11/10 {
			t.Errorf("%+v: %d, want about %d", what, got, want)
		}
	}
	near(campaign.Assignment{Holdout: true}, 2000)
	near(campaign.Assignment{Tester: true, Variant: "a"}, 1800)
	near(campaign.Assignment{Tester: true, Variant: "b"}, 1800)
	near(campaign.Assignment{}, 14_400)
}

func TestWinner(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		results []campaign.Result
		want    string
		sure    bool
		ok      bool
	}{
		{"clearly b", []campaign.Result{{"a", 1000, 20}, {"b", 1000, 60}}, "b", true, true},
		{"hardly b", []campaign.Result{{"a", 1000, 20}, {"b", 1000, 22}}, "b", false, true},
		{"equal: the first", []campaign.Result{{"a", 100, 5}, {"b", 100, 5}}, "a", false, true},
		{"nobody clicked", []campaign.Result{{"a", 100, 0}, {"b", 100, 0}}, "a", false, true},
		{"everybody clicked", []campaign.Result{{"a", 100, 100}, {"b", 100, 100}}, "a", false, true},
		{"one was never sent", []campaign.Result{{"a", 0, 0}, {"b", 10, 0}}, "b", false, true},
		{"nothing was sent", []campaign.Result{{"a", 0, 0}}, "", false, false},
		{"none", nil, "", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, sure, ok := campaign.Winner(tt.results); got != tt.want || sure != tt.sure || ok != tt.ok {
				t.Errorf("%q, %t, %t", got, sure, ok)
			}
		})
	}
}

func TestProgressAddsUp(t *testing.T) {
	t.Parallel()
	total := campaign.Tally{Recipients: 15, Sent: 5, Rejected: 1, Unknown: 1, Withheld: 2, Canceled: 1}
	if total.Recipients != 15 || total.Settled() != 10 || total.Open() != 5 || !total.Balanced() {
		t.Errorf("%+v", total)
	}
	if (campaign.Tally{Recipients: 1, Sent: 2}).Balanced() {
		t.Error("one recipient, sent twice, balances")
	}
}

func TestTheWatchOnReputation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		health campaign.Health
		want   campaign.Verdict
	}{
		{campaign.Health{}, campaign.Healthy},
		{campaign.Health{Sent: 10_000, Bounced: 199}, campaign.Healthy},
		{campaign.Health{Sent: 10_000, Bounced: 200}, campaign.Warn},
		{campaign.Health{Sent: 10_000, Bounced: 400}, campaign.Pause},
		{campaign.Health{Sent: 10_000, Complained: 7}, campaign.Healthy},
		{campaign.Health{Sent: 10_000, Complained: 8}, campaign.Warn},
		{campaign.Health{Sent: 10_000, Complained: 20}, campaign.Pause},
		{campaign.Health{Sent: 20, Bounced: 2}, campaign.Healthy},
		{campaign.Health{Sent: 100, Complained: 5}, campaign.Pause},
		{campaign.Health{Sent: 100, Bounced: 50}, campaign.Pause},
	} {
		if got := campaign.Watch(tt.health); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.health, got, tt.want)
		}
	}
}

func TestWarmUp(t *testing.T) {
	t.Parallel()
	w := campaign.WarmUp{Start: time.Date(2026, 3, 10, 0, 0, 0, 0, seoul), First: 500, Most: 50_000}
	for _, tt := range []struct {
		day, held int
		want      int
		limited   bool
	}{{0, 0, 500, true}, {1, 0, 750, true}, {2, 0, 1125, true}, {2, 1, 750, true}, {11, 0, 43248, true}, {12, 0, 0,
		false}, {-3, 0, 500, true}} {
		got, limited := w.Allowance(w.Start.AddDate(0, 0, tt.day).Add(20*time.Hour), seoul, tt.held)
		if got != tt.want || limited != tt.limited {
			t.Errorf("day %d, held %d: %d, %t", tt.day, tt.held, got, limited)
		}
	}
	if _, limited := (campaign.WarmUp{}).Allowance(w.Start, seoul, 0); limited {
		t.Error("no plan limits")
	}
}
