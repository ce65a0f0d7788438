package outbox

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"dangol/shared/compliance"
	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
)

// State is what is known about a message.
type State string

// The states. Sending is an attempt that was begun.
const (
	Sending  State = "sending"
	Accepted State = "accepted" // SES took it
	Rejected State = "rejected" // SES will never take it
	Unknown  State = "unknown"  // nobody knows whether SES took it, and it is not sent again
	Withheld State = "withheld" // the gate refused it, or it was too late
	Canceled State = "canceled" // a goal was reached or a campaign stopped before it was sent
)

// keep is how long it is known who was sent what: advertising for six months (전자상거래법 시행령 6조), in days that cover the
// longest.
const keep = 184 * 24 * time.Hour

// Record is the record of one message.
type Record struct {
	table.Key
	ID        string                 `dynamodbav:"id"`
	Kind      compliance.MessageKind `dynamodbav:"kind"`
	Channel   compliance.Channel     `dynamodbav:"channel"`
	Template  string                 `dynamodbav:"template"`
	About     string                 `dynamodbav:"about,omitempty"`
	Source    Source                 `dynamodbav:"source"`
	Contact   string                 `dynamodbav:"contact,omitempty"`
	Topic     string                 `dynamodbav:"topic,omitempty"`
	State     State                  `dynamodbav:"state"`
	Reason    string                 `dynamodbav:"reason,omitempty"` // of the gate, of the rejection
	MessageID string                 `dynamodbav:"messageId,omitempty"`
	TriedAt   time.Time              `dynamodbav:"triedAt"`
	At        time.Time              `dynamodbav:"at"`
	ConsentAt time.Time              `dynamodbav:"consentAt,omitempty"`
	Resends   int                    `dynamodbav:"resends,omitempty"` // after attempts that nobody answered
	// Links are where its links lead; a link carries its place in this list.
	Links []string `dynamodbav:"links,omitempty"`

	// What SES and the recipient did. Each is set once.
	SentEvent  time.Time `dynamodbav:"sentEvent,omitempty"`
	Delivered  time.Time `dynamodbav:"delivered,omitempty"`
	Bounced    time.Time `dynamodbav:"bounced,omitempty"`
	Complained time.Time `dynamodbav:"complained,omitempty"`
	Opened     time.Time `dynamodbav:"opened,omitempty"`
	Clicked    time.Time `dynamodbav:"clicked,omitempty"` // by a person, first
	Machine    time.Time `dynamodbav:"machine,omitempty"` // by a machine, first

	Stopped bool `dynamodbav:"stopped,omitempty"` // not to be sent any more
	// Repeated says that a person has had it sent again as a message of its own, which is counted in its place.
	Repeated bool   `dynamodbav:"repeated,omitempty"`
	To       string `dynamodbav:"gsi1pk,omitempty"`
	ToAt     string `dynamodbav:"gsi1sk,omitempty"`
	Card     Card   `dynamodbav:"card"`
	TTL      int64  `dynamodbav:"ttl,omitempty"`
}

// Card is what lists of messages show.
type Card struct {
	ID string `dynamodbav:"id" json:"id"`
	// Channel is empty on cards from before push messages had records: those are mails.
	Channel  compliance.Channel `dynamodbav:"channel,omitempty" json:"channel,omitempty"`
	Template string             `dynamodbav:"template" json:"template"`
	Source   Source             `dynamodbav:"source" json:"source"`
	About    string             `dynamodbav:"about,omitempty" json:"about,omitempty"`
	State    State              `dynamodbav:"state" json:"state"`
	Reason   string             `dynamodbav:"reason,omitempty" json:"reason,omitempty"`
	At       time.Time          `dynamodbav:"at" json:"at"`
}

// Failure is an entry in the merchant's list of mails that need a look: rejected or unknown.
type Failure struct {
	table.Key
	List  string `dynamodbav:"gsi1pk"`
	Place string `dynamodbav:"gsi1sk"`
	Card  Card   `dynamodbav:"card"`
	TTL   int64  `dynamodbav:"ttl"`
}

// timeForm formats times so that they sort as text.
const timeForm = "2006-01-02T15:04:05.000Z"

// keyOf is the key of a message's record.
func keyOf(id string) table.Key { return table.Key{PK: "MSG#" + id, SK: "MSG"} }

// failureKey is the key of its entry in the list of failures.
func failureKey(id string) table.Key { return table.Key{PK: "MSG#" + id, SK: "FAILURE"} }

// listKey is the index key of a person's messages. It names nobody, but whoever knows an address can look it up.
func listKey(address string) string { return "TO#" + format.HashEmail(address) }

// failures is the index key of the merchant's list.
const failures = "FAILURES"

// Store keeps records and counters. It is safe for concurrent use.
type Store struct{ Table *table.Table }

// ErrStopped says that the message must not be sent any more.
var ErrStopped = errors.New("outbox: stopped before it was sent")

// Get reads a record. 1 round trip. Errors: table.ErrNotFound.
func (s Store) Get(ctx context.Context, id string) (r Record, err error) {
	err = s.Table.Get(ctx, keyOf(id), &r)
	return r, err
}

// Begin writes down that a mail is about to be sent, with the targets of its links. SES's events may have made the
// record already. It is listed with its outcome, which the task brings about whatever happens: an entry in the index
// for the second in between would double its cost. 1 round trip. Errors: ErrStopped.
func (s Store) Begin(ctx context.Context, m Mail, links []string, now time.Time) error {
	_, err := s.Table.Update(ctx, table.Update{
		Key: keyOf(m.ID), Do: recordFields + ", #links = :links, #triedAt = :now",
		If:   "attribute_not_exists(#stopped)", // whoever stops a message first wins
		With: m.values(Sending, "", now, map[string]any{":links": links}),
	})
	if _, refused := table.Failed(err); refused {
		return ErrStopped
	}
	return err
}

// recordFields is the update clause that writes what a mail says of itself, and listFields what lists need of it.
const (
	recordFields = "SET #id = :id, #kind = :kind, #channel = :channel, #template = :template, #about = :about, " +
		"#source = :source, #contact = :contact, #topic = :topic, #state = :state, #reason = :reason, #at = :now, " +
		"#consentAt = :consentAt, #ttl = :ttl"
	listFields = ", #gsi1pk = :to, #gsi1sk = :toAt, #card = :card"
)

// values are the values for recordFields. The basis of the gate is the reason, unless the outcome has one.
func (m Mail) values(state State, reason string, now time.Time, more map[string]any) map[string]any {
	consentAt := time.Time{}
	if m.Compose != nil {
		consentAt = m.Compose.ConsentAt
	}
	if reason == "" {
		reason = string(m.Basis)
	}
	with := map[string]any{
		":id": m.ID, ":kind": m.Kind, ":channel": m.channel(), ":template": m.Template, ":about": m.About,
		":source":  m.Source,
		":contact": m.Contact, ":topic": m.Topic, ":state": state, ":reason": reason, ":now": now, ":consentAt": consentAt,
		":ttl": now.Add(keep).Unix(),
	}
	maps.Copy(with, more)
	return with
}

// card is the entry that lists show.
func (m Mail) card(state State, reason string, now time.Time) Card {
	return Card{ID: m.ID, Channel: m.channel(), Template: m.Template, Source: m.Source, About: m.About, State: state,
		Reason: reason, At: now}
}

// Settle returns the writes that record the outcome of a mail: its record with its place in lists, its counter where
// there is one, and its entry in the list of failures. They are stored in one transaction with the end of the task, so
// each mail is counted once.
func (m Mail) Settle(state State, messageID, reason string, now time.Time) []table.Write {
	if reason == "" {
		reason = string(m.Basis)
	}
	do := recordFields + listFields
	more := map[string]any{
		":to": listKey(m.To), ":toAt": now.UTC().Format(timeForm), ":card": m.card(state, reason, now),
	}
	if messageID != "" {
		do, more[":messageId"] = do+", #messageId = :messageId", messageID
	}
	record := table.Update{
		Key: keyOf(m.ID), Do: do, With: m.values(state, reason, now, more),
		// Always: the task's version keeps two outcomes apart, and SES's events touch other attributes.
	}
	writes := []table.Write{record}
	if m.Source.Counted() {
		writes = append(writes, CountState(m.Source, m.ID, state, now))
	}
	// SES judges the sender by its mails alone.
	if state == Accepted && m.Kind == compliance.Marketing && m.channel() == compliance.Email {
		writes = append(writes, Count(healthOf(now), m.ID, now, Counters{CountSent: 1}))
	}
	if state == Rejected || state == Unknown {
		writes = append(writes, table.Put{Item: m.failure(state, reason, now)}) // one entry for each mail, the newest counts
	}
	return writes
}

// failure is the entry in the merchant's list.
func (m Mail) failure(state State, reason string, now time.Time) Failure {
	return Failure{
		Key: failureKey(m.ID), List: failures, Place: now.UTC().Format(timeForm) + "#" + m.ID,
		Card: m.card(state, reason, now),
		TTL:  now.Add(keep).Unix(),
	}
}

// Asked records that the link at a position of a message was requested, and returns how many
// different links of it were requested within a time before, this one included. One attribute for
// each link keeps the record small, however often it is requested. 1 round trip. Errors:
// table.ErrNotFound.
func (s Store) Asked(ctx context.Context, id string, place int, now time.Time, within time.Duration) (int, error) {
	after, err := s.Table.Update(ctx, table.Update{
		Key: keyOf(id), Do: fmt.Sprintf("SET #%s%d = :now", askedLink, place), If: table.IfExists,
		With: map[string]any{":now": now.UnixMilli()},
	})
	if _, refused := table.Failed(err); refused {
		return 0, table.ErrNotFound
	}
	if err != nil {
		return 0, err
	}
	links, since := 0, now.Add(-within).UnixMilli()
	// Programs that check mails follow many links within seconds; people do not.
	for name, value := range after {
		var at int64
		if strings.HasPrefix(name, askedLink) && attributevalue.Unmarshal(value, &at) == nil && at >= since {
			links++
		}
	}
	return links, nil
}

// askedLink begins the attributes that say when each link was asked for last, in Unix milliseconds.
const askedLink = "asked"

// Resend records that a mail is sent again because the attempt before was not answered. 1 round
// trip.
func (s Store) Resend(ctx context.Context, id string) error {
	_, err := s.Table.Update(ctx, table.Update{
		// the record of an attempt
		Key: keyOf(id), Do: "ADD #resends :one", If: "attribute_exists(#state)", With: map[string]any{":one": 1},
	})
	return err
}

// RepeatWrite notes that a message is sent again as one of its own, as a part of a transaction: what is heard of it
// from now on changes no count of outcomes. It is refused when the outcome is another by now.
func RepeatWrite(r Record) table.Update {
	return table.Update{
		Key: r.Key, Do: "SET #repeated = :yes", If: "#state = :seen",
		With: map[string]any{":yes": true, ":seen": r.State},
	}
}

// StopWrite keeps a message from being sent, as a part of a transaction. A mail that has been sent already only gets
// the attribute.
func StopWrite(id string, now time.Time) table.Update {
	return table.Update{
		Key: keyOf(id), Do: "SET #stopped = :yes, #ttl = :ttl",
		With: map[string]any{":yes": true, ":ttl": now.Add(keep).Unix()},
		// Always: whether it was too late shows in the state.
	}
}

// SentTo lists the messages to an address, newest first. 1 round trip.
func (s Store) SentTo(ctx context.Context, address string, limit int, after table.Cursor) ([]Card, table.Cursor,
	error) {
	return s.list(ctx, listKey(address), limit, after)
}

// Failures lists the mails that need a look, newest first. 1 round trip.
func (s Store) Failures(ctx context.Context, limit int, after table.Cursor) ([]Card, table.Cursor, error) {
	return s.list(ctx, failures, limit, after)
}

// list reads one index key, newest first.
func (s Store) list(ctx context.Context, hash string, limit int, after table.Cursor) ([]Card, table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": hash}, Limit: limit, After: after,
		Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	cards := []Card{}
	for _, item := range page.Items {
		var r struct {
			Card Card `dynamodbav:"card"`
		}
		if err := item.Decode(&r); err != nil {
			return nil, "", fmt.Errorf("outbox: list: %w", err)
		}
		cards = append(cards, r.Card)
	}
	return cards, page.Next, nil
}

// Clear takes a mail off the list of failures. 1 round trip.
func (s Store) Clear(ctx context.Context, id string, now time.Time) error {
	_, err := s.Table.Update(ctx, cleared(id, now))
	return err
}

// cleared removes the entry from the list; the rest of it is deleted in its time.
func cleared(id string, now time.Time) table.Update {
	return table.Update{
		Key: failureKey(id), Do: "SET #ttl = :ttl REMOVE #gsi1pk, #gsi1sk",
		With: map[string]any{":ttl": now.Add(keep).Unix()},
		// Always: off the list already is as good.
	}
}

// shards spread the counters of one source: a campaign may finish some hundred mails a second, and
// one item takes a thousand writes.
const shards = 8

// Counters by name.
type Counters map[string]int

// The names of the counters.
const (
	CountSent       = "sent"
	CountRejected   = "rejected"
	CountUnknown    = "unknown"
	CountWithheld   = "withheld"
	CountCanceled   = "canceled"
	CountHeldOut    = "held_out"
	CountSES        = "ses_sent" // Send events
	CountDelivered  = "delivered"
	CountBounced    = "bounced"
	CountComplained = "complained"
	CountOpened     = "opened"
	CountClicked    = "clicked"
	CountMachine    = "machine_clicked"
	CountOrders     = "orders"
	CountRevenue    = "revenue"
	CountLeft       = "unsubscribed"
)

// counterOf is the counter of an outcome.
func counterOf(s State) string {
	switch s {
	case Accepted:
		return CountSent
	case Rejected:
		return CountRejected
	case Unknown:
		return CountUnknown
	case Canceled:
		return CountCanceled
	}
	return CountWithheld
}

// Count is the write that adds to the counters of a source and step. about picks the shard. Whoever adds keeps its own
// record of having added, in the same transaction.
func Count(s Source, about string, now time.Time, add Counters) table.Count {
	h := fnv.New32a()
	h.Write([]byte(about))
	return table.Count{
		Key: table.Key{PK: "STATS#" + s.Name, SK: fmt.Sprintf("%s#%d", s.Step, h.Sum32()%shards)},
		Set: map[string]any{"ttl": now.AddDate(2, 0, 0).Unix(), "step": s.Step},
		Add: add,
	}
}

// CountState is the write that counts the outcome of a message.
func CountState(s Source, about string, state State, now time.Time) table.Count {
	return Count(s, about, now, Counters{counterOf(state): 1})
}

// Report reads the counters of a source, by step. 1 round trip for about 100 steps.
func (s Store) Report(ctx context.Context, source string) (map[string]Counters, error) {
	report := map[string]Counters{}
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": "STATS#" + source}},
		func(item table.Item) error {
			var all map[string]any
			if err := item.Decode(&all); err != nil {
				return err
			}
			// The step is an attribute of its own, because a step's name may contain the separator
			// of the key.
			step, _ := all["step"].(string)
			if report[step] == nil {
				report[step] = Counters{}
			}
			for name, value := range all {
				if n, ok := value.(float64); ok && name != "ttl" {
					report[step][name] += int(n)
				}
			}
			return nil
		})
	return report, err
}
