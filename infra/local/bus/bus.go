// Package bus is EventBridge for a laptop: PutEvents as the AWS SDK calls it, rules that pick events by source and
// detail-type, delivery to functions at least once with the retries of an asynchronous Lambda invocation, and a
// dead-letter list per rule. It can be told to refuse entries and to deliver twice, as the real one may.
package bus

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"dangol/infra/local/engine/journal"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/id"

	"github.com/aws/aws-lambda-go/events"
)

// Default is the bus every account has; SES puts its events there.
const Default = "default"

// Account and Region stand in the events, as placeholders that no real account has.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Retries and RetryStep are what Lambda does with an asynchronous invocation that fails: two more tries, one minute
// later and then two. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const (
	Retries   = 2
	RetryStep = time.Minute
)

// Invoke runs a function with a payload and returns its answer, which nobody reads; an error is a failed invocation.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Pattern picks events. Each list that is not empty must name the event's value.
type Pattern struct {
	Sources     []string
	DetailTypes []string
}

// Rule sends the events of a bus that its pattern picks to a function.
type Rule struct {
	Name    string
	Bus     string // empty is Default
	Pattern Pattern
	Target  string
}

// picks reports whether the rule wants an event of a bus.
func (r Rule) picks(bus string, e events.EventBridgeEvent) bool {
	named := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return cmp.Or(r.Bus, Default) == bus && named(r.Pattern.Sources, e.Source) &&
		named(r.Pattern.DetailTypes, e.DetailType)
}

// Faults are what the real bus does now and then. Both functions may be nil.
type Faults struct {
	// Refuse says whether the n-th entry ever put, from 1, fails and counts in FailedEntryCount.
	Refuse func(n int) bool
	// Twice says whether a rule delivers the n-th entry two times.
	Twice func(n int, rule string) bool
}

// Options are what a Bus works with.
type Options struct {
	Clock  clock.Clock
	Invoke Invoke
	Buses  []string     // besides Default and those the rules name
	File   string       // where undelivered events are kept; empty keeps them in memory
	Log    *slog.Logger // nil is silent
	Faults Faults
	// AtOnce is how many functions are invoked at a time. 0 is one after the other, in the order of the events, which
	// the real bus does not promise.
	AtOnce int
}

// Bus takes events and delivers them. It is an http.Handler for PutEvents, and safe for concurrent use: functions may
// put events while they are being invoked.
type Bus struct {
	options Options
	rules   []Rule
	buses   map[string]bool

	mu      sync.Mutex
	entries int   // ever put
	count   int64 // deliveries ever made
	waiting byDue
	dead    []*Delivery
	file    *journal.Journal[Delivery]
}

// Delivery is one event on its way to the target of one rule.
type Delivery struct {
	ID       string                  `json:"id"`
	Number   int64                   `json:"number"`
	Rule     string                  `json:"rule"`
	Event    events.EventBridgeEvent `json:"event"`
	Attempts int                     `json:"attempts,omitempty"`
	DueAt    time.Time               `json:"dueAt"`
	Dead     bool                    `json:"dead,omitempty"`
	Error    string                  `json:"error,omitempty"` // of the last attempt
}

// Open makes a bus with the undelivered events kept in the file. Deliveries of rules that are gone are dropped.
func Open(rules []Rule, o Options) (*Bus, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bus{options: o, rules: rules, buses: map[string]bool{Default: true}}
	for _, name := range o.Buses {
		b.buses[name] = true
	}
	for _, r := range rules {
		b.buses[cmp.Or(r.Bus, Default)] = true
	}
	file, kept, err := journal.Open[Delivery](o.File)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b.file = file
	for _, d := range kept {
		b.count = max(b.count, d.Number)
		switch {
		// The rule was removed from the topology since the last run.
		case b.rule(d.Rule) == nil:
		case d.Dead:
			b.dead = append(b.dead, &d)
		default:
			heap.Push(&b.waiting, &d)
		}
	}
	return b, nil
}

// Close ends writing to the file.
func (b *Bus) Close() error { return b.file.Close() }

// rule finds a rule by its name; nil when there is none.
func (b *Bus) rule(name string) *Rule {
	i := slices.IndexFunc(b.rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &b.rules[i]
}

// Emit puts an event on a bus from inside, as AWS services do; detail is any JSON object.
func (b *Bus) Emit(bus, source, detailType string, detail json.RawMessage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.publish(bus, events.EventBridgeEvent{Source: source, DetailType: detailType, Detail: detail})
	return err
}

// publish makes a delivery for each rule that picks the event, and stores it before it counts. The
// caller holds the lock.
func (b *Bus) publish(bus string, e events.EventBridgeEvent) (eventID string, err error) {
	now := b.options.Clock.Now()
	e.Version, e.ID, e.AccountID, e.Region = "0", id.New("evt", now), Account, Region
	if e.Time.IsZero() {
		// EventBridge keeps whole seconds.
		e.Time = now.Truncate(time.Second)
	}
	if e.Resources == nil {
		e.Resources = []string{}
	}
	for _, r := range b.rules {
		if !r.picks(bus, e) {
			continue
		}
		copies := 1
		// At least once: a consumer has to cope with the second delivery.
		if b.options.Faults.Twice != nil && b.options.Faults.Twice(b.entries, r.Name) {
			copies = 2
		}
		for range copies {
			b.count++
			d := &Delivery{ID: fmt.Sprintf("%s#%d", e.ID, b.count), Number: b.count, Rule: r.Name, Event: e, DueAt: now}
			if err := b.file.Put(d.ID, *d); err != nil {
				return "", fmt.Errorf("bus: %w", err)
			}
			heap.Push(&b.waiting, d)
		}
	}
	return e.ID, nil
}

// NextDue returns when the next delivery or retry is to be made. ok is false when none waits.
func (b *Bus) NextDue() (at time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return time.Time{}, false
	}
	return b.waiting[0].DueAt, true
}

// Deliver invokes the targets with everything due at this time, what they put meanwhile included, and returns how many
// deliveries succeeded. The error is the end of ctx or a file that cannot be written; failed functions are not errors.
func (b *Bus) Deliver(ctx context.Context) (int, error) {
	var done int
	for {
		batch := b.due()
		if len(batch) == 0 {
			return done, nil
		}
		results := make([]error, len(batch))
		succeeded := make([]bool, len(batch))
		var all sync.WaitGroup
		for i, d := range batch {
			all.Go(func() { succeeded[i], results[i] = b.deliver(ctx, d) })
		}
		all.Wait()
		for _, ok := range succeeded {
			if ok {
				done++
			}
		}
		if err := errors.Join(results...); err != nil {
			return done, err
		}
	}
}

// deliver makes one invocation.
func (b *Bus) deliver(ctx context.Context, d *Delivery) (ok bool, err error) {
	payload, err := json.Marshal(d.Event)
	if err != nil {
		return false, fmt.Errorf("bus: payload: %w", err)
	}
	_, failure := b.options.Invoke(ctx, b.rule(d.Rule).Target, payload)
	return failure == nil, b.finish(ctx, d, failure)
}

// due takes the next deliveries that are due, as many as are made at once.
func (b *Bus) due() (batch []*Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.options.Clock.Now()
	for len(batch) < max(b.options.AtOnce, 1) && len(b.waiting) > 0 && !b.waiting[0].DueAt.After(now) {
		batch = append(batch, heap.Pop(&b.waiting).(*Delivery))
	}
	return batch
}

// finish deletes a delivery that succeeded, and postpones or gives up one that failed. One that was
// cut off by the end of ctx stays as it was: it is no failure of the function.
func (b *Bus) finish(ctx context.Context, d *Delivery, failure error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if failure == nil {
		return b.file.Delete(d.ID)
	}
	if ctx.Err() != nil {
		heap.Push(&b.waiting, d)
		return ctx.Err()
	}
	d.Attempts++
	d.Error = failure.Error()
	b.options.Log.Warn("event delivery failed", "rule", d.Rule, "event", d.Event.ID, "type", d.Event.DetailType,
		"attempts", d.Attempts, "error", failure)
	if d.Attempts > Retries {
		d.Dead = true
		b.dead = append(b.dead, d)
	} else {
		// One minute after the first failure, two after the second.
		d.DueAt = b.options.Clock.Now().Add(time.Duration(d.Attempts) * RetryStep)
		heap.Push(&b.waiting, d)
	}
	return b.file.Put(d.ID, *d)
}

// DeadLetters returns what a rule has given up, oldest first.
func (b *Bus) DeadLetters(rule string) []Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Delivery
	for _, d := range b.dead {
		if d.Rule == rule {
			out = append(out, *d)
		}
	}
	return out
}

// Redrive tries everything again that a rule has given up, at once, and returns how many deliveries
// that is.
func (b *Bus) Redrive(rule string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var moved int
	var left []*Delivery
	for _, d := range b.dead {
		if d.Rule != rule {
			left = append(left, d)
			continue
		}
		d.Dead, d.Attempts, d.DueAt = false, 0, b.options.Clock.Now()
		if err := b.file.Put(d.ID, *d); err != nil {
			return moved, fmt.Errorf("bus: %w", err)
		}
		heap.Push(&b.waiting, d)
		moved++
	}
	b.dead = left
	return moved, nil
}

// byDue is a heap by time, and by number for those of one time, so that events keep their order.
type byDue []*Delivery

func (h byDue) Len() int { return len(h) }

func (h byDue) Less(i, j int) bool {
	if !h[i].DueAt.Equal(h[j].DueAt) {
		return h[i].DueAt.Before(h[j].DueAt)
	}
	return h[i].Number < h[j].Number
}

func (h byDue) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *byDue) Push(x any) { *h = append(*h, x.(*Delivery)) }

func (h *byDue) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	// So that the delivery can be collected.
	(*h)[last] = nil
	*h = (*h)[:last]
	return d
}
