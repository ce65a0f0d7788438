package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// State is what is known about a mail; the package comment says what follows from each.
type State string

// The states of a mail.
const (
	Claimed  State = "claimed"
	Waiting  State = "waiting"
	Sent     State = "sent"
	Rejected State = "rejected"
	Unknown  State = "unknown"
)

// lease is how long a claim counts as being worked on: longer than Timeout, shorter than the minute to the next delivery.
const lease = 45 * time.Second

// maxAsked is how often a mail is handed to SES without an answer.
const maxAsked = 2

// keep is how long it is known who was sent what: the 6 months for which a shop has to answer for its messages
// (전자상거래법 시행령 6조 asks it of advertising), in days that cover the longest.
const keep = 184 * 24 * time.Hour

// send is the record of one mail: one template for one event.
type send struct {
	table.Key
	EventID   string    `dynamodbav:"eventId"`
	Template  string    `dynamodbav:"template"`
	About     string    `dynamodbav:"about"` // id of the order or checkout
	State     State     `dynamodbav:"state"`
	Asked     int       `dynamodbav:"asked"`           // how often SES was asked and an answer is not known to have come
	Lease     int64     `dynamodbav:"lease,omitempty"` // Unix milliseconds at which a claim runs out
	Mark      string    `dynamodbav:"mark"`            // of the claim that stands, or stood last
	MessageID string    `dynamodbav:"messageId,omitempty"`
	At        time.Time `dynamodbav:"at"` // of the first claim
	To        string    `dynamodbav:"gsi1pk"`
	ToAt      string    `dynamodbav:"gsi1sk"`
	Card      card      `dynamodbav:"card"`
	TTL       int64     `dynamodbav:"ttl"` // Unix seconds
}

// card is what the list of a person's mails shows: why did I get this?
type card struct {
	Template string    `dynamodbav:"template"`
	About    string    `dynamodbav:"about"`
	State    State     `dynamodbav:"state"`
	At       time.Time `dynamodbav:"at"`
}

// toForm makes times sort as text.
const toForm = "2006-01-02T15:04:05.000Z"

// toKey is the place of a person's mails in the index. It names nobody, but whoever knows an address can look it up.
func toKey(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	return "TO#" + hex.EncodeToString(sum[:])
}

// record is the record of a letter, not yet claimed.
func (l letter) record(e event.Envelope) send {
	template := l.content.Template()
	return send{
		Key:     table.Key{PK: "SEND#" + e.ID + "#" + template, SK: "SEND"},
		EventID: e.ID, Template: template, About: l.about, To: toKey(l.to),
	}
}

// store keeps the records.
type store struct{ *table.Table }

// claim is what became of an attempt to claim.
type claim struct {
	send send
	ours bool // it is ours to send
	lost bool // given up with this call: asked twice without an answer
}

// errBusy says that another delivery of the same event is being worked on, or was a moment ago.
var errBusy = errors.New("another delivery is sending this mail")

// claim takes a mail for sending, or says why it is not to be sent. 1 round trip for a mail not seen before, 2 for one that is
// taken over. Errors: errBusy.
func (s store) claim(ctx context.Context, r send, now time.Time) (claim, error) {
	r.State, r.Asked, r.Lease, r.At = Claimed, 1, now.Add(lease).UnixMilli(), now
	r.Mark = id.New("clm", now)
	r.ToAt, r.Card, r.TTL = now.UTC().Format(toForm), r.card(Claimed, now), now.Add(keep).Unix()
	err := s.Put(ctx, table.Put{Item: r, If: table.IfNew})
	if err == nil {
		return claim{send: r, ours: true}, nil
	}
	refused, ok := table.Failed(err)
	if !ok {
		return claim{}, err
	}
	var prior send
	if err := refused.Item.Decode(&prior); err != nil {
		return claim{}, err
	}
	switch {
	case prior.Mark == r.Mark: // the client sent the put twice, because the answer to the first got lost
		return claim{send: r, ours: true}, nil
	case prior.State == Waiting, prior.State == Claimed && prior.Lease <= now.UnixMilli() && prior.Asked < maxAsked:
		return s.takeOver(ctx, prior, now)
	case prior.State == Claimed && prior.Lease > now.UnixMilli():
		return claim{}, errBusy
	case prior.State == Claimed:
		err := s.settle(ctx, prior, Unknown, "", now)
		return claim{lost: err == nil}, err
	default:
		return claim{}, nil
	}
}

// takeOver claims a mail that is known not to be sent, or whose claim has run out.
func (s store) takeOver(ctx context.Context, prior send, now time.Time) (claim, error) {
	next := prior
	next.State, next.Lease, next.Card = Claimed, now.Add(lease).UnixMilli(), prior.card(Claimed, now)
	next.Asked++
	next.Mark = id.New("clm", now)
	_, err := s.Update(ctx, table.Update{
		Key: prior.Key, Mark: next.Mark, Do: "SET #state = :claimed, #lease = :lease, #asked = :asked, #card = :card",
		// Of two deliveries at once only one finds the record as it was read.
		If: "#state = :state AND #mark = :seen",
		With: map[string]any{
			":claimed": Claimed, ":lease": next.Lease, ":asked": next.Asked, ":card": next.Card, ":state": prior.State, ":seen": prior.Mark,
		},
	})
	if _, refused := table.Failed(err); refused {
		return claim{}, errBusy
	}
	return claim{send: next, ours: err == nil}, err
}

// settle writes down what became of a claimed mail. A claim that was taken over meanwhile is left to whoever has it. 1 round
// trip.
func (s store) settle(ctx context.Context, r send, state State, messageID string, now time.Time) error {
	asked := r.Asked
	if state == Waiting {
		asked-- // SES did answer
	}
	_, err := s.Update(ctx, table.Update{
		Key: r.Key, Do: "SET #state = :state, #asked = :asked, #messageId = :id, #card = :card",
		If: "#state = :claimed AND #mark = :seen",
		With: map[string]any{
			":state": state, ":asked": asked, ":id": messageID, ":card": r.card(state, now), ":claimed": Claimed, ":seen": r.Mark,
		},
	})
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

func (r send) card(state State, now time.Time) card {
	return card{Template: r.Template, About: r.About, State: state, At: now}
}

// AccessPatterns are the ways into Outreach. Writes are charged for the item and its copy in the index.
var AccessPatterns = []table.Pattern{
	{
		Name: "claim the mail of an event", Key: "SEND#<event>#<template> / SEND", Trips: 1, Write: 2,
		Note: "a record of about 600 bytes, with its copy in gsi1",
	},
	{
		Name: "write down what became of a mail", Key: "SEND#<event>#<template> / SEND", Trips: 1, Write: 2,
		Note: "as above",
	},
	{
		Name: "who was sent what: the mails to an address, newest first", Key: "TO#<SHA-256 of the address>", Index: table.ByOne,
		Trips: 1, Read: 0.5, Note: "up to 4 KB of cards",
	},
}
