// Package queue is SQS for a laptop: standard queues with delay, visibility timeout, receive limit and dead-letter
// queue, spoken to by the AWS SDK, and the Lambda event source that hands their messages to functions with partial
// batch failure. Messages do not expire: who advances the clock by a month still finds what lies in a dead-letter
// queue.
package queue

import (
	"container/heap"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"dangol/infra/local/engine/journal"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-lambda-go/events"
)

// Account and Region stand in the ARNs and URLs of the local queues.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Invoke runs a function with a payload and returns its answer; an error is a failed invocation.
type Invoke func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Queue describes one queue.
type Queue struct {
	Name        string
	Function    string        // gets the messages; empty leaves them to ReceiveMessage
	BatchSize   int           // messages per invocation; 0 is 10
	Visibility  time.Duration // how long a message received stays hidden; 0 is 30 s
	MaxReceives int           // receives after which a message goes to DeadLetter; 0 is without limit
	DeadLetter  string        // name of another queue
}

// Options are what a Service works with.
type Options struct {
	Clock  clock.Clock
	Invoke Invoke
	File   string       // where messages are kept; empty keeps them in memory
	Log    *slog.Logger // nil is silent
}

// Service holds the queues. It is an http.Handler for the SQS API, and safe for concurrent use: functions may send
// while they are being invoked.
type Service struct {
	options Options
	mu      sync.Mutex
	boxes   []*box // in the order given, so that deliveries are the same every time
	count   int64  // messages ever sent
	file    *journal.Journal[stored]
}

// stored is a line of the file: a message and its queue.
type stored struct {
	Queue   string  `json:"queue"`
	Message message `json:"message"`
}

// Open makes the queues, with the messages kept in the file. Messages of a queue that is gone are dropped.
func Open(queues []Queue, o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{options: o}
	for _, q := range queues {
		if q.BatchSize == 0 {
			q.BatchSize = 10
		}
		if q.Visibility == 0 {
			q.Visibility = 30 * time.Second
		}
		s.boxes = append(s.boxes, &box{Queue: q, byID: map[string]*message{}})
	}
	for _, q := range queues {
		if q.DeadLetter != "" && s.box(q.DeadLetter) == nil {
			return nil, fmt.Errorf("queue: %s names %s as dead-letter queue, which does not exist", q.Name, q.DeadLetter)
		}
	}
	file, kept, err := journal.Open[stored](o.File)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	s.file = file
	for _, k := range kept {
		if b := s.box(k.Queue); b != nil {
			b.add(&k.Message)
		}
		s.count = max(s.count, k.Message.Number)
	}
	return s, nil
}

// Close ends writing to the file.
func (s *Service) Close() error { return s.file.Close() }

// ARN returns the resource name of a queue.
func ARN(name string) string { return "arn:aws:sqs:" + Region + ":" + Account + ":" + name }

// box finds a queue by its name; nil when there is none.
func (s *Service) box(name string) *box {
	i := slices.IndexFunc(s.boxes, func(b *box) bool { return b.Name == name })
	if i < 0 {
		return nil
	}
	return s.boxes[i]
}

// NextDue returns when the next message becomes visible in a queue that has a function. ok is false when there is
// none.
func (s *Service) NextDue() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.boxes {
		if b.Function != "" && len(b.messages) > 0 && (!ok || b.messages[0].VisibleAt.Before(at)) {
			at, ok = b.messages[0].VisibleAt, true
		}
	}
	return at, ok
}

// RunDue invokes the functions with every message visible at this time, those sent meanwhile included, and returns how
// many were done with. The error is the end of ctx or a file that cannot be written; failed functions are not errors.
func (s *Service) RunDue(ctx context.Context) (int, error) {
	var total int
	// Again until a whole pass receives nothing: functions send messages while they run.
	for {
		var received int
		for _, b := range s.boxes {
			if b.Function == "" {
				continue
			}
			r, done, err := s.deliver(ctx, b)
			received += r
			total += done
			if err != nil {
				return total, err
			}
		}
		if received == 0 {
			return total, nil
		}
	}
}

// deliver makes one invocation with up to a batch of messages.
func (s *Service) deliver(ctx context.Context, b *box) (received, done int, err error) {
	batch, err := s.receive(b, b.BatchSize, b.Visibility)
	if err != nil || len(batch) == 0 {
		return 0, 0, err
	}
	var event events.SQSEvent
	for _, m := range batch {
		event.Records = append(event.Records, m.record(b.Name))
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return 0, 0, fmt.Errorf("queue: payload: %w", err)
	}
	answer, failure := s.options.Invoke(ctx, b.Function, payload)
	// The runner is stopping: that is no failure of the function.
	if ctx.Err() != nil {
		return 0, 0, s.giveBack(ctx, b, batch)
	}
	failed := failures(batch, answer, failure)
	if len(failed) > 0 {
		s.options.Log.Warn("queue batch failed", "queue", b.Name, "function", b.Function, "messages", len(batch),
			"failed", len(failed), "error", failure)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range batch {
		if failed[m.ID] {
			continue
		}
		done++
		if err := s.remove(b, m.ID); err != nil {
			return len(batch), done, err
		}
	}
	return len(batch), done, nil
}

// giveBack makes messages visible again whose function was stopped with the runner. Without it they
// would stay hidden until their timeout.
func (s *Service) giveBack(ctx context.Context, b *box, batch []message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range batch {
		if kept := b.byID[m.ID]; kept != nil {
			kept.VisibleAt = s.options.Clock.Now()
			// It does not count as a receive, so it brings no message closer to the dead-letter
			// queue.
			kept.Receives--
			heap.Fix(&b.messages, kept.place)
			if err := s.keep(b, kept); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// failures reads batchItemFailures. A failed function, an unreadable answer and an id that is not
// in the batch fail all messages.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func failures(batch []message, answer []byte, failure error) map[string]bool {
	all := map[string]bool{}
	for _, m := range batch {
		all[m.ID] = true
	}
	if failure != nil {
		return all
	}
	// Nothing, or null, means that all succeeded.
	if len(answer) == 0 {
		return nil
	}
	var report *events.SQSEventResponse
	if err := json.Unmarshal(answer, &report); err != nil {
		return all
	}
	if report == nil {
		return nil
	}
	failed := map[string]bool{}
	for _, f := range report.BatchItemFailures {
		if !all[f.ItemIdentifier] {
			return all
		}
		failed[f.ItemIdentifier] = true
	}
	return failed
}

// Depth says how many messages a queue holds: ready to be received, hidden after a receive, and delayed.
func (s *Service) Depth(name string) (visible, hidden, delayed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.box(name); b != nil {
		return b.depth(s.options.Clock.Now())
	}
	return 0, 0, 0
}

// Messages returns the bodies in a queue, oldest first, without receiving them.
func (s *Service) Messages(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.box(name)
	if b == nil {
		return nil
	}
	var bodies []string
	for _, m := range b.inOrder() {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// Send puts a message into the queue with the ARN.
func (s *Service) Send(arn, body string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.boxes, func(b *box) bool { return ARN(b.Name) == arn })
	if i < 0 {
		return fmt.Errorf("queue: there is no %s", arn)
	}
	_, err := s.send(s.boxes[i], message{Body: body}, 0)
	return err
}

// Redrive sends everything in a dead-letter queue back to the queue it came from, as if sent again, and returns how
// many messages moved.
func (s *Service) Redrive(name string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dead := s.box(name)
	if dead == nil {
		return 0, fmt.Errorf("queue: no queue %s", name)
	}
	var moved int
	for _, m := range dead.inOrder() {
		to := s.box(m.From)
		if to == nil {
			continue
		}
		// As if it had just been sent: the count of receives starts again.
		m.From, m.Receives, m.FirstReceived, m.VisibleAt = "", 0, time.Time{}, s.options.Clock.Now()
		if err := s.move(m, dead, to); err != nil {
			return moved, err
		}
		moved++
	}
	return moved, nil
}
