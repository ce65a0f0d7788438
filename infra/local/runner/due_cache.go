package runner

import (
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The attributes of table.Due.
const (
	dueShard = "duePk"
	dueTime  = "dueAt"
)

// dueCache remembers when the first job of each kind is due, so that a look at what to do next costs no queries while
// nothing has changed: with four shards of some twenty kinds, and several looks for each purchase, they were four
// fifths of the engine's work. Only what could make a job due earlier makes it forget; a job that is done or put off
// leaves a time that is too early, which is asked for again when it comes.
type dueCache struct {
	mu      sync.Mutex
	known   map[string]firstJob
	changes map[string]int // how often each kind was changed
	all     int            // how often any kind may have been
}

// firstJob is when the first job of a kind is due; there is false when there is none.
type firstJob struct {
	at    time.Time
	there bool
}

// stamp is the state of a kind before it is read.
type stamp struct{ changes, all int }

// first returns what is known of a kind at an instant. A job that is due by then has to be read again.
func (c *dueCache) first(kind string, now time.Time) (known firstJob, s stamp, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok = c.known[kind]
	return known, stamp{c.changes[kind], c.all}, ok && (!known.there || known.at.After(now))
}

// read notes what was read of a kind, unless a write came in between.
func (c *dueCache) read(kind string, s stamp, found firstJob) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s == (stamp{c.changes[kind], c.all}) {
		if c.known == nil {
			c.known = map[string]firstJob{}
		}
		c.known[kind] = found
	}
}

// put forgets the kind whose job an item that was written is.
func (c *dueCache) put(item map[string]types.AttributeValue) {
	if shard, ok := item[dueShard].(*types.AttributeValueMemberS); ok {
		c.forget(shard.Value)
	}
}

// update forgets the kind of the shard that an update sets, and every kind when it sets a time and no shard: which job
// that is the update does not say. One that only removes them makes no job due earlier.
func (c *dueCache) update(expression *string, names map[string]string, values map[string]types.AttributeValue) {
	if expression == nil {
		return
	}
	_, timed := valueSet(*expression, names, dueTime)
	shard, placed := valueSet(*expression, names, dueShard)
	if text, ok := values[shard].(*types.AttributeValueMemberS); placed && ok {
		c.forget(text.Value)
	} else if timed || placed {
		c.forget("")
	}
}

// valueSet is the placeholder of the value that an update expression sets an attribute to.
func valueSet(expression string, names map[string]string, attribute string) (placeholder string, ok bool) {
	for alias, name := range names {
		if name != attribute {
			continue
		}
		if _, rest, found := strings.Cut(expression, alias+" = "); found {
			end := strings.IndexAny(rest, " ,")
			if end < 0 {
				end = len(rest)
			}
			return rest[:end], true
		}
	}
	return "", false
}

// forget forgets the kind of a shard, and every kind when there is none.
func (c *dueCache) forget(shard string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if shard == "" {
		c.known, c.all = nil, c.all+1
		return
	}
	kind := shard
	if i := strings.LastIndexByte(shard, '#'); i >= 0 {
		kind = shard[:i]
	}
	if c.changes == nil {
		c.changes = map[string]int{}
	}
	delete(c.known, kind)
	c.changes[kind]++
}
