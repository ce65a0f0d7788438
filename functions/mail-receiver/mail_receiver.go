// Package mailreceiver is the function that takes replies to mails of conversations: what a shopper answers by mail
// goes on in the conversation, where an agent answers.
//
// It owns no items: it writes messages and notes through shared/conversation/service, reads the keys that signed the
// reply address from the table Outreach, and stores attachments beside those of the chat. It publishes no events.
//
// Triggers: events of S3 on the default bus, for each mail that SES has stored in the bucket of inbound mails. They may
// come twice: a mail is taken once by its Message-ID. The mail is deleted when it was taken or refused; one that could
// not be worked off stays for a week.
package mailreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"dangol/shared/conversation"
	"dangol/shared/conversation/inbound"
	"dangol/shared/conversation/replyaddress"
	"dangol/shared/conversation/service"
	"dangol/shared/outreach/keystore"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Objects is the part of the S3 client in use.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// Receiver takes mails.
type Receiver struct {
	Chat    *service.Service
	Keys    *keystore.Store
	Objects Objects
	Inbound string // bucket of mails
	Files   string // bucket of conversations' files
	Domain  string // of reply addresses
	Log     *slog.Logger
	Metrics *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "mail-receiver", Purpose: "Takes replies to mails of conversations", New: New, Memory: 512,
		Timeout: 60 * time.Second, InboundMail: true,
		Environment: []string{"CARE_TABLE", "OUTREACH_TABLE", "SOCKET_URL", "INBOUND_BUCKET", "CHAT_BUCKET",
			"INBOUND_DOMAIN"},
		Tables: []function.Grant{
			{
				Table:   table.Care.Name,
				Actions: []string{"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"}, Indexes: []string{table.ByOne},
			},
			{Table: table.Outreach.Name, Actions: []string{"GetItem"}},
		},
		Permissions: []function.Permission{function.ReceiveMail, function.PostToSockets},
		Alarms: []function.Alarm{{
			Name: "inbound-mail-refused", Metric: metricRefused, Above: 20,
			What: "Many mails to the shop's reply addresses are refused: see the outcome of each in the function's log",
		}},
	}
}

// metricRefused counts the mails that are in no conversation: neither taken nor noted.
const metricRefused = "InboundMailRefused"

// gone is the outcome of an event whose mail was worked off before.
const gone = "gone"

// New builds the function. Environment: CARE_TABLE, OUTREACH_TABLE; INBOUND_BUCKET, where SES stores mails;
// CHAT_BUCKET, where files of conversations are; INBOUND_DOMAIN, the domain of reply addresses, without which no mail
// is one; SOCKET_URL, the WebSocket API.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	var config struct {
		Inbound   string `env:"INBOUND_BUCKET"`
		Files     string `env:"CHAT_BUCKET"`
		Domain    string `env:"INBOUND_DOMAIN,optional"`
		SocketURL string `env:"SOCKET_URL"`
	}
	if err := env.Config(&config); err != nil {
		return nil, err
	}
	tables, err := env.Tables(ctx, "CARE_TABLE", "OUTREACH_TABLE")
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(env.AWS(), func(o *s3.Options) {
		if at := env.Endpoint("S3"); at != nil {
			o.BaseEndpoint, o.UsePathStyle = at, true
		}
	})
	r := &Receiver{
		Chat: &service.Service{
			Table: tables[0], Clock: env.Clock, Log: env.Log, Metrics: env.Metrics(), LeaveConnections: true,
			Poster: service.NewManagement(env.AWS(), "http"+strings.TrimPrefix(config.SocketURL, "ws")),
		},
		Keys: &keystore.Store{Table: tables[1]}, Objects: client, Inbound: config.Inbound, Files: config.Files,
		Domain: config.Domain, Log: env.Log, Metrics: env.Metrics(),
	}
	return lambda.NewHandler(r.Handle), nil
}

// Handle takes one mail that SES has stored. An error lets the event come again.
func (r *Receiver) Handle(ctx context.Context, in events.EventBridgeEvent) error {
	var detail struct {
		Object struct {
			Key  string `json:"key"`
			Size int64  `json:"size"`
		} `json:"object"`
	}
	if err := json.Unmarshal(in.Detail, &detail); err != nil || detail.Object.Key == "" {
		return fmt.Errorf("mail-receiver: %s is no event of an object: %w", in.ID, err)
	}
	what, err := r.take(ctx, detail.Object.Key, detail.Object.Size)
	if err != nil {
		r.Log.ErrorContext(ctx, "inbound mail", "object", detail.Object.Key, "error", err)
		return fmt.Errorf("mail-receiver: %s: %w", detail.Object.Key, err)
	}
	r.Log.InfoContext(ctx, "inbound mail", "object", detail.Object.Key, "outcome", what)
	r.count(ctx, what)
	_, err = r.Objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &r.Inbound, Key: &detail.Object.Key})
	return err
}

// count writes the metric of an outcome; one that is lost fails nothing. An event that came twice is no mail.
func (r *Receiver) count(ctx context.Context, what string) {
	if what == gone {
		return
	}
	name := metricRefused
	switch what {
	case string(inbound.Take):
		name = "InboundMailTaken"
	case string(inbound.Note):
		name = "InboundMailNoted"
	}
	if err := r.Metrics.Emit(nil, metrics.Metric{Name: name, Unit: metrics.Count, Value: 1}); err != nil {
		r.Log.WarnContext(ctx, "metrics", "error", err)
	}
}

// take reads a mail and does with it what the rules say. It returns what became of it: take, note, or the reason of a
// refusal.
func (r *Receiver) take(ctx context.Context, key string, size int64) (string, error) {
	if size > inbound.MaxSize {
		return "too_large", nil
	}
	got, err := r.Objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &r.Inbound, Key: &key})
	// The event came twice: the first one deleted the mail.
	if missing(err) {
		return gone, nil
	}
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(got.Body, inbound.MaxSize+1))
	if err != nil {
		return "", err
	}
	if len(raw) > inbound.MaxSize {
		return "too_large", nil
	}
	m, err := inbound.Read(raw)
	if err != nil {
		return "unreadable", nil // it will not be readable the next time
	}
	return r.reply(ctx, m)
}

// reply finds the conversation that a mail answers, and decides.
func (r *Receiver) reply(ctx context.Context, m inbound.Mail) (string, error) {
	ref, ok := r.addressed(m)
	if !ok {
		return "no_reply_address", nil
	}
	signer, err := r.Keys.Known(ctx)
	if err != nil {
		return "", err
	}
	c, err := r.Chat.Load(ctx, service.Participant{Role: conversation.Agent}, ref.ConversationID)
	if problem.Code(err) == "conversation_not_found" {
		return "no_conversation", nil
	}
	if err != nil {
		return "", err
	}
	contact := c.ProvedEmail()
	action, reason := inbound.Decide(m, contact, signer != nil && ref.For(signer, contact))
	switch action {
	case inbound.Take:
		return r.message(ctx, c, m)
	case inbound.Note:
		// Files of somebody who may not be the shopper are not kept.
		return string(inbound.Note), r.Chat.NoteMail(ctx, c.ID, service.InboundMail{ID: m.ID, Text: m.Noted(reason)})
	}
	return string(reason), nil
}

// addressed is the address of a conversation among those that a mail was sent to.
func (r *Receiver) addressed(m inbound.Mail) (replyaddress.Ref, bool) {
	for _, to := range m.To {
		if ref, err := replyaddress.Parse(r.Domain, to); err == nil && r.Domain != "" {
			return ref, true
		}
	}
	return replyaddress.Ref{}, false
}

// message stores the files of a mail and adds it to the conversation.
func (r *Receiver) message(ctx context.Context, c conversation.Conversation, m inbound.Mail) (string, error) {
	c, err := r.Chat.MailTo(ctx, c)
	if err != nil {
		return "", err
	}
	mail := service.InboundMail{ID: m.ID, Text: m.Message()}
	for n, f := range m.Files {
		a := r.Chat.AttachmentOf(c, m.ID, n, f.Name, f.Type, int64(len(f.Content)))
		if _, err := r.Objects.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &r.Files, Key: &a.Key, ContentType: &a.Type, ContentLength: aws.Int64(a.Size),
			Body: bytes.NewReader(f.Content),
		}); err != nil {
			return "", err
		}
		mail.Attachments = append(mail.Attachments, a)
	}
	_, err = r.Chat.ReceiveMail(ctx, c, mail)
	// What the rules of conversations refuse will be refused the next time too.
	if p := problem.From(err); err != nil && p.Status < 500 && p.Status >= 400 {
		return p.Code, nil
	}
	return string(inbound.Take), err
}
