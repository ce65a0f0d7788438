package service

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"dangol/events"
	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
	"dangol/shared/verification"
)

// Opening is a conversation as it is begun.
type Opening struct {
	Language string
	Name     string
	Email    string
	Team     string
	Text     string
	// Request is the request when it has an idempotency key, and Key the key as the client sent it.
	Request idempotency.Request
	Key     string
}

// Proof is what the caller is told of a beginning besides the conversation: a guest's secret, and whether a repetition
// was answered.
type Proof struct {
	Secret   string
	Replayed bool
}

// Start begins a conversation with the bot. A guest gets the secret that proves it, which is shown this once. A
// repetition with the same idempotency key is answered with the conversation of the first, as it is, and the same
// secret. 2 round trips, and those of the bot's turn when there is a first message; 2 more for a repetition. Errors:
// 422 idempotency_key_reused.
func (s *Service) Start(ctx context.Context, who Participant, o Opening) (conversation.Conversation, []Message, Proof,
	error) {
	b, err := s.begin(ctx, who, o)
	if err != nil {
		return conversation.Conversation{}, nil, Proof{}, err
	}
	c, greeting := b.conversation, b.greeting
	writes, err := s.writesOf(ctx, b, o)
	if err != nil {
		return c, nil, Proof{}, err
	}
	// The id as token, so that a repetition by the SDK makes one conversation.
	err = s.Table.Transact(ctx, c.ID, writes...)
	if canceled, refused := table.Refused(err); o.Request.Keyed() && refused && canceled.Refused(0) {
		return s.startedBefore(ctx, who, o, canceled.Reasons[0].Item)
	}
	if err != nil {
		return c, nil, Proof{}, err
	}
	if o.Text == "" {
		return c, []Message{greeting.shown(false)}, Proof{Secret: b.secret}, nil
	}
	// The first message goes the way of every other one.
	who.Token = b.secret
	c, more, err := s.Send(ctx, who, c.ID, Draft{ClientID: "opening-" + c.ID, Text: o.Text})
	return c, append([]Message{greeting.shown(false)}, more...), Proof{Secret: b.secret}, err
}

// beginning is a conversation that is about to be stored.
type beginning struct {
	conversation conversation.Conversation
	greeting     Message // the first of the log, so that a replay shows it too
	secret       string  // of a guest
	code         string  // to be mailed for the proof of the address; empty for none
}

// begin makes a conversation of an opening; nothing is stored. Errors: 422 for what the opening names.
func (s *Service) begin(ctx context.Context, who Participant, o Opening) (b beginning, err error) {
	team, err := s.Team(ctx, o.Team)
	if err != nil {
		return b, err
	}
	if err := conversation.CheckLanguage(o.Language); err != nil {
		return b, err
	}
	now := s.Clock.Now()
	name, err := nameOf(o.Name)
	if err != nil {
		return b, err
	}
	if o.Email, err = conversation.CheckContact(name, o.Email); err != nil {
		return b, err
	}
	c := conversation.Conversation{ID: id.New(Prefix, now), Language: o.Language, CustomerID: who.ID, Name: name,
		Version: 1}
	if email := cmp.Or(o.Email, who.Email); email != "" {
		code, send := verification.NewCode(), false
		if c, send, err = c.Leave(email, who.Email, code, now); err != nil {
			return b, err
		}
		if send {
			b.code = code
		}
	}
	// A customer proves a conversation by their account; a guest needs the secret.
	if who.ID == "" {
		b.secret = secretOf(o.Key, c.ID)
		c.TokenHash = hash(b.secret)
	}
	c = conversation.Start(c, team, now)
	c.Seq = 1
	b.conversation, b.greeting = c, Message{
		Key: keyOfMessage(c.ID, 1), Conversation: c.ID, Seq: 1, Role: conversation.Bot, At: now,
		Text: conversation.Say("greeting", c.Language), Buttons: conversation.Menu(c.Language, c.CustomerID != ""),
	}
	return b, nil
}

// writesOf are the writes that store a beginning, for one transaction. That of a keyed request is the first, so that
// its refusal is number 0.
func (s *Service) writesOf(ctx context.Context, b beginning, o Opening) (writes []table.Write, err error) {
	c := b.conversation
	if o.Request.Keyed() {
		done, err := o.Request.AnswerWrite(c.ID)
		if err != nil {
			return nil, err
		}
		writes = append(writes, done)
	}
	writes = append(writes, table.Put{Item: recordOf(c, ""), If: table.IfNew},
		table.Put{Item: b.greeting, If: table.IfNew})
	if c.CustomerID != "" {
		// The pointer only repeats the id in its key, so writing it over itself changes nothing.
		writes = append(writes, table.Put{Item: pointer{Key: keyOfPointer(c.CustomerID, c.ID), Conversation: c.ID}})
	}
	if b.code == "" {
		return writes, nil
	}
	body := letter(c, events.MailAddressCode, c.Email)
	body.Code = b.code
	put, err := s.mail(ctx, "opening", body)
	return append(writes, put), err
}

// startedBefore answers a repetition: the conversation that the first request has made, whose first message is sent
// again in case that request died before it was.
func (s *Service) startedBefore(ctx context.Context, who Participant, o Opening,
	record table.Item) (c conversation.Conversation, messages []Message, proof Proof, err error) {
	proof.Replayed = true
	var first string
	if err := o.Request.Replay(record, &first); err != nil {
		return c, nil, proof, err
	}
	if who.ID == "" {
		proof.Secret = secretOf(o.Key, first)
		who.Token = proof.Secret
	}
	if o.Text != "" {
		_, _, err = s.Send(ctx, who, first, Draft{ClientID: "opening-" + first, Text: o.Text})
		if err != nil {
			return c, nil, proof, err
		}
	}
	if c, err = s.Load(ctx, who, first); err != nil {
		return c, nil, proof, err
	}
	messages, _, err = s.Replay(ctx, c, 0, 100, false)
	return c, messages, proof, err
}

// secretOf is a guest's secret. With an idempotency key it is made of the key and the conversation's id, so that a
// repetition gets it again though it is stored nowhere: whoever knows the key could have made the request.
func secretOf(key, conversationID string) string {
	if key == "" {
		return id.Secret()
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("chat token of " + conversationID))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// pointer leads from a customer to a conversation.
type pointer struct {
	table.Key
	Conversation string `dynamodbav:"conversation"`
}
