package chat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
)

// connectsPerAddress bounds how often one address opens a connection in a minute.
const connectsPerAddress = 60

// socket serves the WebSocket API: the authorizer of $connect, $connect itself, $disconnect, and every frame.
type socket struct{ *Chat }

// Invoke tells the authorizer's request from the API's own.
func (s socket) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var what struct {
		MethodArn      string `json:"methodArn"`
		RequestContext struct {
			ConnectionID string `json:"connectionId"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal(payload, &what); err != nil || what.RequestContext.ConnectionID == "" {
		return nil, fmt.Errorf("chat: neither a request nor a frame")
	}
	if what.MethodArn != "" {
		var in events.APIGatewayCustomAuthorizerRequestTypeRequest
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, fmt.Errorf("chat: authorizer: %w", err)
		}
		return json.Marshal(s.authorize(ctx, in))
	}
	var in events.APIGatewayWebsocketProxyRequest
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("chat: frame: %w", err)
	}
	out, err := s.event(ctx, in)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// authorize lets a connection in by its ticket, which is used up. A refusal is a policy that denies: API Gateway
// answers 403.
func (s socket) authorize(ctx context.Context,
	in events.APIGatewayCustomAuthorizerRequestTypeRequest) events.APIGatewayCustomAuthorizerResponse {
	answer := func(effect, principal string, context map[string]any) events.APIGatewayCustomAuthorizerResponse {
		return events.APIGatewayCustomAuthorizerResponse{
			PrincipalID: principal, Context: context,
			PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17",
				Statement: []events.IAMPolicyStatement{
					{Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{in.MethodArn}},
				}},
		}
	}
	// Before the ticket is looked up: guessing tickets must not pay.
	err := s.Limiter.Take(ctx, ratelimit.Limit{
		Name: "chat-connect", Subject: in.RequestContext.Identity.SourceIP, Max: connectsPerAddress, Window: time.Minute,
	})
	if err != nil {
		return answer("Deny", "refused", nil)
	}
	a, err := s.Redeem(ctx, in.QueryStringParameters["ticket"])
	if err != nil {
		// A ticket that is wrong is usual; a table that does not answer is not.
		if problem.From(err).Status >= 500 {
			s.Log.ErrorContext(ctx, "authorize", "error", err)
		}
		return answer("Deny", "refused", nil)
	}
	return answer("Allow", "ticket",
		map[string]any{"role": string(a.Role), "id": a.ID, "name": a.Name, "conversation": a.Conversation})
}

// event handles a connection's beginning, its end, and its frames. The answer to a frame goes back as the answer of the
// route.
func (s socket) event(ctx context.Context, in events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse,
	error) {
	connection := in.RequestContext.ConnectionID
	switch in.RequestContext.EventType {
	case "CONNECT":
		// An error refuses the connection: without its item no message would reach it.
		if err := s.Connect(ctx, connection, admitted(in.RequestContext.Authorizer)); err != nil {
			return events.APIGatewayProxyResponse{}, err
		}
		return events.APIGatewayProxyResponse{StatusCode: 200}, nil
	case "DISCONNECT":
		return events.APIGatewayProxyResponse{StatusCode: 200}, s.Disconnect(ctx, connection)
	}
	body := []byte(in.Body)
	if in.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(in.Body)
		if err != nil {
			decoded = nil // Receive answers that this is no frame
		}
		body = decoded
	}
	return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(s.Receive(ctx, connection, body))}, nil
}

// admitted is who the authorizer let in, as API Gateway
// hands it on with each event of the connection.
func admitted(context any) service.Admission {
	fields, _ := context.(map[string]any)
	text := func(name string) string {
		value, _ := fields[name].(string)
		return value
	}
	return service.Admission{
		Role: conversation.Role(text("role")), ID: text("id"), Name: text("name"), Conversation: text("conversation"),
	}
}
