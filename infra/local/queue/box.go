package queue

import (
	"cmp"
	"container/heap"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dangol/shared/platform/id"

	"github.com/aws/aws-lambda-go/events"
)

// message is one message with its history.
type message struct {
	ID            string               `json:"id"`
	Number        int64                `json:"number"`
	Body          string               `json:"body"`
	Attributes    map[string]attribute `json:"attributes,omitempty"`
	Group         string               `json:"group,omitempty"`
	SentAt        time.Time            `json:"sentAt"`
	VisibleAt     time.Time            `json:"visibleAt"`
	FirstReceived time.Time            `json:"firstReceived,omitzero"`
	Receives      int                  `json:"receives,omitempty"`
	Handle        string               `json:"handle,omitempty"` // of the last receive
	From          string               `json:"from,omitempty"`   // in a dead-letter queue: where it failed

	// Changed by the heap, so that a message can be removed from the middle.
	place int // in the heap
}

// attribute is a message attribute as the SQS API writes it.
type attribute struct {
	DataType    string  `json:"DataType"`
	StringValue *string `json:"StringValue,omitempty"`
	BinaryValue []byte  `json:"BinaryValue,omitempty"`
}

// box is a queue with its messages, the next visible one on top.
type box struct {
	Queue
	messages byVisibility
	byID     map[string]*message
}

// add puts a message into the heap and the index.
func (b *box) add(m *message) {
	heap.Push(&b.messages, m)
	b.byID[m.ID] = m
}

// drop removes a message from both.
func (b *box) drop(m *message) {
	heap.Remove(&b.messages, m.place)
	delete(b.byID, m.ID)
}

// inOrder are the messages in the order in which they were sent.
func (b *box) inOrder() []*message {
	return slices.SortedFunc(slices.Values(b.messages), func(x, y *message) int { return cmp.Compare(x.Number, y.Number) })
}

// depth counts as GetQueueAttributes does: ready, received but not deleted, and delayed.
func (b *box) depth(now time.Time) (visible, hidden, delayed int) {
	for _, m := range b.messages {
		switch {
		case !m.VisibleAt.After(now):
			visible++
		case m.Receives > 0:
			hidden++
		default:
			delayed++
		}
	}
	return visible, hidden, delayed
}

// send adds a message and stores it. The caller holds the lock.
func (s *Service) send(b *box, m message, delay time.Duration) (*message, error) {
	now := s.options.Clock.Now()
	s.count++
	m.ID, m.Number, m.SentAt, m.VisibleAt = newID(now), s.count, now, now.Add(delay)
	b.add(&m)
	return &m, s.keep(b, &m)
}

// receive hides up to limit visible messages and returns copies of them. One that was received too
// often goes to the
// dead-letter queue instead.
func (s *Service) receive(b *box, limit int, hide time.Duration) ([]message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock.Now()
	var batch []message
	for len(batch) < limit && len(b.messages) > 0 && !b.messages[0].VisibleAt.After(now) {
		m := b.messages[0]
		if b.DeadLetter != "" && b.MaxReceives > 0 && m.Receives >= b.MaxReceives {
			m.From, m.VisibleAt = b.Name, now
			if err := s.move(m, b, s.box(b.DeadLetter)); err != nil {
				return batch, err
			}
			continue
		}
		m.Receives++
		// A new handle with each receive: a slow receiver must not delete what was given to another
		// one.
		m.Handle = id.Secret()
		m.VisibleAt = now.Add(hide)
		if m.FirstReceived.IsZero() {
			m.FirstReceived = now
		}
		batch = append(batch, *m)
		if err := s.keep(b, m); err != nil {
			return batch, err
		}
		if hide <= 0 {
			break // it stays visible on top
		}
		heap.Fix(&b.messages, m.place)
	}
	return batch, nil
}

// move puts a message into another queue and stores where it is.
func (s *Service) move(m *message, from, to *box) error {
	from.drop(m)
	to.add(m)
	return s.keep(to, m)
}

// remove deletes a message; one that is gone already is no error, as in SQS.
func (s *Service) remove(b *box, id string) error {
	m := b.byID[id]
	if m == nil {
		return nil
	}
	b.drop(m)
	if err := s.file.Delete(id); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	return nil
}

// keep stores a message with its queue.
func (s *Service) keep(b *box, m *message) error {
	if err := s.file.Put(m.ID, stored{Queue: b.Name, Message: *m}); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	return nil
}

// record is the message in the form in which Lambda hands it to a function.
func (m *message) record(queue string) events.SQSMessage {
	record := events.SQSMessage{
		MessageId: m.ID, ReceiptHandle: m.Handle, Body: m.Body, Md5OfBody: checksum(m.Body), Attributes: m.system(),
		MessageAttributes: map[string]events.SQSMessageAttribute{},
		EventSourceARN:    ARN(queue), EventSource: "aws:sqs", AWSRegion: Region,
	}
	for name, a := range m.Attributes {
		record.MessageAttributes[name] = events.SQSMessageAttribute{
			DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue,
			StringListValues: []string{}, BinaryListValues: [][]byte{},
		}
	}
	return record
}

// system are the attributes that SQS itself adds.
func (m *message) system() map[string]string {
	out := map[string]string{
		"SenderId":                         "local",
		"SentTimestamp":                    milliseconds(m.SentAt),
		"ApproximateReceiveCount":          strconv.Itoa(m.Receives),
		"ApproximateFirstReceiveTimestamp": milliseconds(m.FirstReceived),
	}
	if m.Group != "" {
		out["MessageGroupId"] = m.Group
	}
	if m.From != "" {
		out["DeadLetterQueueSourceArn"] = ARN(m.From)
	}
	return out
}

// milliseconds is an instant as SQS writes it.
func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// checksum is MD5 because the SQS API asks for it: the SDK refuses an answer without it.
func checksum(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// newID names a message; ids sort by time.
func newID(now time.Time) string { return id.New("msg", now) }

// byVisibility is a heap by the time at which messages become visible, and by number within one
// instant.
type byVisibility []*message

func (h byVisibility) Len() int { return len(h) }

func (h byVisibility) Less(i, j int) bool {
	if !h[i].VisibleAt.Equal(h[j].VisibleAt) {
		return h[i].VisibleAt.Before(h[j].VisibleAt)
	}
	return h[i].Number < h[j].Number
}

func (h byVisibility) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byVisibility) Push(x any) {
	m := x.(*message)
	m.place = len(*h)
	*h = append(*h, m)
}

func (h *byVisibility) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	// So that the message can be collected.
	(*h)[last] = nil
	*h = (*h)[:last]
	return m
}
