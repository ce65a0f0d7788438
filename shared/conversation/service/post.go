package service

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
)

// Management is the Poster of API Gateway's management API (POST /@connections/{id}).
type Management struct {
	Client *apigatewaymanagementapi.Client
}

// NewManagement returns the Poster for the WebSocket API at an endpoint, for example
// https://abc.execute-api.ap-northeast-2.amazonaws.com/live. Frames are hints, so they are not tried again.
func NewManagement(config aws.Config, endpoint string) Management {
	return Management{apigatewaymanagementapi.NewFromConfig(config, func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint = &endpoint
		// A frame that comes late is worth nothing, because the log has it.
		o.RetryMaxAttempts = 1
	})}
}

// Post sends a frame. Errors: *PostError with the status; what failed is told by the status alone, since the error has
// several names.
func (m Management) Post(ctx context.Context, connectionID string, data []byte) error {
	_, err := m.Client.PostToConnection(ctx,
		&apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &connectionID, Data: data})
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return &PostError{Status: answer.HTTPStatusCode(), Err: err}
	}
	return &PostError{Status: http.StatusServiceUnavailable, Err: err}
}
