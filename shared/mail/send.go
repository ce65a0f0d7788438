package mail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var (
	// ErrRejected says that the message was not accepted and never will be.
	ErrRejected = errors.New("mail: rejected")
	// ErrNotNow says that the message was not accepted, and that it may be later: throttled, sending paused, not verified.
	ErrNotNow = errors.New("mail: not accepted for now")
	// ErrThrottled is an ErrNotNow: more was sent in a second or a day than the account may.
	ErrThrottled = fmt.Errorf("%w: throttled", ErrNotNow)
	// ErrUnknown says that the answer never came: the message may be on its way. SES has no idempotency key, so who sends
	// again may send twice; what is worse is for the caller to decide.
	ErrUnknown = errors.New("mail: outcome unknown")
)

// SES is the part of the SES v2 client in use.
type SES interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
	GetAccount(context.Context, *sesv2.GetAccountInput, ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
}

// Sender sends messages from one address. It is safe for concurrent use.
type Sender struct {
	ses   SES
	from  string
	reply []string
	set   *string
}

// Identity is who mails come from.
type Identity struct {
	From             string // "Name <address>"; the address or its domain is verified in SES
	ReplyTo          string // empty: answers go to From
	ConfigurationSet string // SES configuration set: where bounces, complaints and deliveries are told; empty for none
}

// NewSender returns a sender. Error: an address that is none.
func NewSender(ses SES, who Identity) (*Sender, error) {
	from, err := mail.ParseAddress(who.From)
	if err != nil {
		return nil, fmt.Errorf("mail from %q: %w", who.From, err)
	}
	s := &Sender{ses: ses, from: from.String()} // String encodes a name that is not ASCII (RFC 2047)
	if who.ReplyTo != "" {
		reply, err := mail.ParseAddress(who.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("mail reply to %q: %w", who.ReplyTo, err)
		}
		s.reply = []string{reply.String()}
	}
	if who.ConfigurationSet != "" {
		s.set = &who.ConfigurationSet
	}
	return s, nil
}

// Send hands the message to SES and returns the id SES gave it. It asks once: a repetition could be a second mail, so
// whether to repeat is the caller's choice. Errors: ErrRejected, ErrNotNow, ErrUnknown.
func (s *Sender) Send(ctx context.Context, m Message) (id string, err error) {
	if err := m.check(); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotNow, err)
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &s.from, ReplyToAddresses: s.reply, ConfigurationSetName: s.set,
		Destination: &types.Destination{ToAddresses: []string{m.To}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: utf8(m.Subject), Body: &types.Body{Text: utf8(m.Text), Html: utf8(m.HTML)}, Headers: m.headers(),
		}},
	}
	if m.ReplyTo != "" {
		in.ReplyToAddresses = []string{m.ReplyTo}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Tags)) {
		in.EmailTags = append(in.EmailTags, types.MessageTag{Name: aws.String(name), Value: aws.String(m.Tags[name])})
	}
	out, err := s.ses.SendEmail(ctx, in, once)
	if err != nil {
		return "", fmt.Errorf("%w: %w", outcome(err), err)
	}
	return aws.ToString(out.MessageId), nil
}

// Account asks what the account may send: mails a second, mails in 24 hours (-1 for no limit), and how many it has sent
// in the last 24.
func (s *Sender) Account(ctx context.Context) (perSecond float64, quota, sent int, err error) {
	out, err := s.ses.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("mail: account: %w", err)
	}
	if out.SendQuota == nil {
		return 0, 0, 0, errors.New("mail: account: SES named no quota")
	}
	return out.SendQuota.MaxSendRate, int(out.SendQuota.Max24HourSend), int(out.SendQuota.SentLast24Hours), nil
}

// From is the address that mails come from.
func (s *Sender) From() string { return s.from }

// once turns the SDK's own retries off.
func once(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} }

func utf8(text string) *types.Content {
	return &types.Content{Data: &text, Charset: aws.String("UTF-8")}
}

// headers are those of RFC 8058 when the message can be unsubscribed from.
func (m Message) headers() (all []types.MessageHeader) {
	add := func(name, value string) {
		all = append(all, types.MessageHeader{Name: &name, Value: &value})
	}
	if m.Unsubscribe != "" {
		add("List-Unsubscribe", "<"+m.Unsubscribe+">")
		add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if m.FeedbackID != "" {
		add("Feedback-ID", m.FeedbackID)
	}
	return all
}

// outcome says what an error of SES means for the message. Whatever SES answered with 4xx was not accepted; a
// connection that was never made cannot have carried it; all else may have.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
func outcome(err error) error {
	if _, ok := errors.AsType[*types.MessageRejected](err); ok {
		return ErrRejected
	}
	if _, ok := errors.AsType[*types.BadRequestException](err); ok {
		return ErrRejected
	}
	if _, ok := errors.AsType[*types.TooManyRequestsException](err); ok {
		return ErrThrottled
	}
	if _, ok := errors.AsType[*types.LimitExceededException](err); ok {
		return ErrThrottled
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return ErrNotNow
	}
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		if code := answer.HTTPStatusCode(); code >= 400 && code < 500 {
			return ErrNotNow
		}
	}
	return ErrUnknown
}
