package runner

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestWhatIsKnownOfAKindIsForgottenByWritesThatMayMakeItDueEarlier(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	names := map[string]string{"#duePk": dueShard, "#dueAt": dueTime, "#state": "state"}
	values := map[string]types.AttributeValue{":shard": text("hold#3"), ":at": &types.AttributeValueMemberN{Value: "1"}}
	update := func(expression string) func(*dueCache) {
		return func(c *dueCache) { c.update(&expression, names, values) }
	}
	for _, tc := range []struct {
		name        string
		write       func(*dueCache)
		hold, other bool // whether they are known afterwards
	}{
		{"nothing", func(*dueCache) {}, true, true},
		{"an item that is a job", func(c *dueCache) {
			c.put(map[string]types.AttributeValue{dueShard: text("hold#3")})
		}, false, true},
		{"an item that is none", func(c *dueCache) {
			c.put(map[string]types.AttributeValue{"pk": text("hold#3")})
		}, true, true},
		{"an update that sets shard and time", update("SET #duePk = :shard, #dueAt = :at"), false, true},
		{"an update that sets a time without saying of what", update("SET #dueAt = :at ADD #dueTries :one"), false, false},
		{"an update that ends a job", update("SET #state = :at REMOVE #duePk, #dueAt, #dueTries"), true, true},
		{"an update of something else", update("SET #state = :at"), true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &dueCache{}
			for _, kind := range []string{"hold", "other"} {
				_, s, _ := c.first(kind, now)
				c.read(kind, s, firstJob{at: now.Add(time.Hour), there: true})
			}
			tc.write(c)
			_, _, hold := c.first("hold", now)
			_, _, other := c.first("other", now)
			if hold != tc.hold || other != tc.other {
				t.Errorf("hold known %v, other known %v; want %v, %v", hold, other, tc.hold, tc.other)
			}
		})
	}
}

func TestAReadingThatAWriteOvertookIsNotKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := &dueCache{}
	_, before, _ := c.first("hold", now)
	c.forget("hold#0") // a write between the query and its answer
	c.read("hold", before, firstJob{})
	if _, _, known := c.first("hold", now); known {
		t.Error("an answer from before the write is kept")
	}
	_, s, _ := c.first("hold", now)
	c.read("hold", s, firstJob{at: now.Add(time.Minute), there: true})
	if _, _, known := c.first("hold", now); !known {
		t.Error("what was read is not known")
	}
	if _, _, known := c.first("hold", now.Add(time.Minute)); known {
		t.Error("a job that has become due is not asked for again: it may be done")
	}
}
