// Package sms sends text messages by AWS End User Messaging (SendTextMessage). A message is sent once: it has no
// idempotency key there, and what is sent here is a code that its reader can ask for again.
package sms

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
)

// Message is one text message.
type Message struct {
	To   string // E.164
	Text string
	// Seconds after which the carriers need not deliver it any more: 5 to 259,200.
	Life int
}

// Messaging sends from one origination identity: a number, a sender id or a pool of the account.
type Messaging struct {
	client      awsjson.Client
	origination string
}

// New returns the sender. origination is the ARN of the identity that messages come from; endpoint replaces the
// region's own when it is not empty.
func New(config aws.Config, origination, endpoint string, c clock.Clock) Messaging {
	if endpoint == "" {
		endpoint = "https://sms-voice." + config.Region + ".amazonaws.com"
	}
	return Messaging{awsjson.Client{Config: config, Service: "sms-voice", Base: endpoint, Clock: c}, origination}
}

// operation names SendTextMessage.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
const operation = "PinpointSMSVoiceV2.SendTextMessage"

// Send hands a message over and returns its id. Errors: *awsjson.Error, of which 400 ConflictException with
// DESTINATION_PHONE_NUMBER_OPTED_OUT and the like say that this number cannot be reached.
func (m Messaging) Send(ctx context.Context, message Message) (id string, err error) {
	var out struct {
		MessageID string `json:"MessageId"`
	}
	err = m.client.Call(ctx, operation, map[string]any{
		"DestinationPhoneNumber": message.To, "OriginationIdentity": m.origination, "MessageBody": message.Text,
		"MessageType": "TRANSACTIONAL", "TimeToLive": message.Life,
	}, &out)
	if err == nil && out.MessageID == "" {
		return "", errors.New("sms: an answer without an id")
	}
	return out.MessageID, err
}
