// Package dialer calls a shopper's number by Amazon Connect (StartOutboundVoiceContact), which then connects an agent.
// Without a dialer agents dial a tel: link.
package dialer

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"dangol/shared/platform/awsjson"
	"dangol/shared/platform/clock"
)

// Call is one attempt to reach somebody.
type Call struct {
	// Token makes a repeated request the same call: the request's id and the number of the attempt.
	Token    string
	To       string // E.164
	AgentID  string // who takes it
	CallID   string
	Language string
}

// Connect dials by an instance of Amazon Connect. The contact flow rings the agent whom the attribute agentId names.
type Connect struct {
	client awsjson.Client
	ConnectInstance
}

// ConnectInstance names what dials.
type ConnectInstance struct {
	InstanceID    string
	ContactFlowID string
	From          string // the number that is shown, E.164; one of the instance's
}

// NewConnect returns the dialer of an instance. endpoint replaces the region's own when it is not empty.
func NewConnect(config aws.Config, s ConnectInstance, endpoint string, c clock.Clock) Connect {
	if endpoint == "" {
		endpoint = "https://connect." + config.Region + ".amazonaws.com"
	}
	return Connect{awsjson.Client{Config: config, Service: "connect", Base: endpoint, Clock: c}, s}
}

// Dial starts the call and returns the contact's id. The same token starts it once: Connect remembers it for 7 days.
// Errors: *awsjson.Error, of which 400 DestinationNotAllowedException and OutboundContactNotPermittedException say that
// the number, or its country, may not be called.
func (d Connect) Dial(ctx context.Context, c Call) (contact string, err error) {
	var out struct {
		ContactID string `json:"ContactId"`
	}
	err = d.client.Do(ctx, http.MethodPut, "/contact/outbound-voice", map[string]any{
		"InstanceId": d.InstanceID, "ContactFlowId": d.ContactFlowID, "SourcePhoneNumber": d.From,
		"DestinationPhoneNumber": c.To, "ClientToken": c.Token,
		"Attributes": map[string]string{"agentId": c.AgentID, "callId": c.CallID, "language": c.Language},
	}, &out)
	if err == nil && out.ContactID == "" {
		return "", fmt.Errorf("connect: an answer without a contact")
	}
	return out.ContactID, err
}
