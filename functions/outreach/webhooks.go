package outreach

import (
	"context"
	"net/http"

	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/api"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// webhookRoutes are the routes of endpoints.
func (f *Outreach) webhookRoutes(s *api.Service) {
	merchant := func(method, path, id, summary, text string, errors ...int) api.Route {
		return route(api.MerchantIs, method, "/webhooks"+path, id, summary, text, errors...)
	}
	create := merchant("POST", "", "createWebhook", "Tell another system of events", createWebhookText, 409, 422)
	create.Status, create.Keyed = http.StatusCreated, api.KeyOptional
	api.Handle(s, create, f.createWebhook)
	api.Handle(s, merchant("GET", "", "listWebhooks", "Endpoints, oldest first", "Without their secrets."),
		f.listWebhooks)
	api.Handle(s, merchant("DELETE", "/{webhookId}", "deleteWebhook", "Take an endpoint off",
		"What waits to be sent is not sent."), f.deleteWebhook)
	api.Handle(s, merchant("POST", "/{webhookId}/rotate", "rotateWebhook", "Give an endpoint another secret",
		"The former one signs too for 24 hours. An endpoint that was disabled works again.", 404, 409), f.rotateWebhook)
	try := merchant("POST", "/{webhookId}/test", "testWebhook", "Send an event webhook.test",
		"409 for an endpoint that is disabled: nothing would be sent.", 404, 409)
	try.Status = http.StatusAccepted
	api.Handle(s, try, f.testWebhook)
	api.Handle(s, merchant("GET", "/{webhookId}/attempts", "listWebhookAttempts", "Requests to an endpoint, newest first",
		"Of the last 30 days."), f.webhookAttempts)
}

// createWebhookText is the description of createWebhook.
const createWebhookText = "By the rules of Standard Webhooks: POST with the headers webhook-id (the same in each " +
	"attempt), webhook-timestamp and webhook-signature, at least once. An answer other than 2xx is tried again for " +
	"three days; 410 disables the endpoint, and so does an endpoint that takes nothing for as long. The secret is in " +
	"this answer and in no other."

// CreateWebhookInput is an address and the events it wants.
type CreateWebhookInput struct {
	Body struct {
		URL    string   `json:"url" maxLength:"500" example:"https://crm.example.com/dangol"`
		Events []string `json:"events" minItems:"1" maxItems:"10" nullable:"false" enum:"consent.given,consent.refused,message.bounced,message.complained,message.failed,campaign.finished"`
	}
}

// WebhookSecretOutput is an endpoint with its secret.
type WebhookSecretOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body     WebhookSecret
}

// WebhookSecret is an endpoint with the key of its signatures.
type WebhookSecret struct {
	webhook.Endpoint
	Secret string `json:"secret" doc:"Key of the signatures; begins with whsec_."`
}

// createWebhook stores an endpoint and tells its secret, once for each key.
func (f *Outreach) createWebhook(ctx context.Context, in *CreateWebhookInput) (*WebhookSecretOutput, error) {
	// The address is checked here and again with each connection.
	if err := webhook.Check(in.Body.URL, f.Hooks); err != nil {
		return nil, problem.InvalidField("/url", "webhook_address_refused", "a public https address").Because(err)
	}
	if err := webhook.CheckEvents(in.Body.Events); err != nil {
		return nil, err
	}
	made, replayed, err := once(ctx, f, func() (WebhookSecret, error) {
		e, err := f.Service.Webhooks.Store.Create(ctx, in.Body.URL, in.Body.Events, f.now())
		return WebhookSecret{e, e.Secret}, err
	})
	return &WebhookSecretOutput{Replayed: replayed, Body: made}, err
}

// secretOutput is an endpoint with its secret, for the answers that may show it.
func secretOutput(e webhook.Endpoint) *WebhookSecretOutput {
	return &WebhookSecretOutput{Body: WebhookSecret{e, e.Secret}}
}

// WebhooksOutput lists endpoints.
type WebhooksOutput struct {
	Body struct {
		Webhooks []webhook.Endpoint `json:"webhooks" nullable:"false"`
	}
}

// listWebhooks lists the endpoints.
func (f *Outreach) listWebhooks(ctx context.Context, _ *struct{}) (*WebhooksOutput, error) {
	all, err := f.Service.Webhooks.Store.All(ctx)
	out := &WebhooksOutput{}
	out.Body.Webhooks = all
	return out, err
}

// OneWebhookInput names an endpoint.
type OneWebhookInput struct {
	WebhookID string `path:"webhookId" maxLength:"60"`
}

// deleteWebhook takes an endpoint off.
func (f *Outreach) deleteWebhook(ctx context.Context, in *OneWebhookInput) (*struct{}, error) {
	return nil, f.Service.Webhooks.Store.Remove(ctx, in.WebhookID, f.now())
}

// rotateWebhook replaces the secret of an endpoint.
func (f *Outreach) rotateWebhook(ctx context.Context, in *OneWebhookInput) (*WebhookSecretOutput, error) {
	e, err := f.Service.Webhooks.Store.Rotate(ctx, in.WebhookID, f.now())
	if err != nil {
		return nil, err
	}
	return secretOutput(e), nil
}

// testWebhook sends a test event. The answer comes before the attempt is made.
func (f *Outreach) testWebhook(ctx context.Context, in *OneWebhookInput) (*struct{}, error) {
	return nil, f.Service.Webhooks.Try(ctx, in.WebhookID, id.New("evt", f.now()))
}

// WebhookAttemptsInput is a page of the log.
type WebhookAttemptsInput struct {
	OneWebhookInput
	api.Paging
}

// WebhookAttemptsOutput is the log of an endpoint.
type WebhookAttemptsOutput struct {
	Body struct {
		Attempts   []webhook.Attempt `json:"attempts" nullable:"false"`
		NextCursor string            `json:"nextCursor,omitempty"`
	}
}

// webhookAttempts lists the requests to an endpoint.
func (f *Outreach) webhookAttempts(ctx context.Context, in *WebhookAttemptsInput) (*WebhookAttemptsOutput, error) {
	all, next, err := f.Service.Webhooks.Store.Attempts(ctx, in.WebhookID, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &WebhookAttemptsOutput{}
	out.Body.Attempts, out.Body.NextCursor = all, string(next)
	return out, nil
}
