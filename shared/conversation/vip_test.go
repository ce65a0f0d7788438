package conversation_test

import (
	"testing"
	"time"

	"dangol/shared/conversation"
)

func TestWhoOrdersOftenWithinAYearIsServedByPeople(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	times := func(n int, ago time.Duration) (all []time.Time) {
		for range n {
			all = append(all, now.Add(-ago))
		}
		return all
	}
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		bought []time.Time
		want   bool
	}{
		{"nobody's customer", nil, false},
		{"one order fewer", times(conversation.VIPOrders-1, day), false},
		{"as many as it takes", times(conversation.VIPOrders, day), true},
		{"the oldest within the year", append(times(conversation.VIPOrders-1, day), times(1, 364*day)...), true},
		{"the oldest more than a year ago", append(times(conversation.VIPOrders-1, day), times(1, 366*day)...), false},
		{"many, long ago", times(50, 400*day), false},
	} {
		if got := conversation.IsVIP(c.bought, now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
