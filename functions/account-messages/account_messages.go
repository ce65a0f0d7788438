// Package accountmessages writes the mails about accounts that Amazon Cognito sends: codes of sign-up, password reset,
// address verification and log-in, and invitations of operators. They get the shop's layout and its texts, in the
// language of the person who reads them. It owns no items, publishes no events, and reads customers' profiles for
// their language.
//
// Trigger: the custom message trigger of the user pool. Cognito asks before each mail, waits at most 5 seconds, and
// sends the answer from the pool's own sender (docs/deploy.md, setting accountMail).
//
// # What cannot be answered
//
// An error here would fail the sign-up or log-in itself. So a mail that cannot be written is logged and counted
// (PlainAccountMail), and the event goes back as it came: Cognito then sends the plain text of the pool.
package accountmessages

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/shared/customer"
	"dangol/shared/mail"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/function"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

// metricPlain counts mails that go out with the pool's plain text.
const metricPlain = "PlainAccountMail"

// AccountMessages is the function with what it needs.
type AccountMessages struct {
	Customers customer.Store
	Templates *mail.Templates
	Log       *slog.Logger
	Metrics   *metrics.Writer
}

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "account-messages", Purpose: "Writes the mails about accounts that Cognito sends: codes and invitations",
		New: New, Memory: 512, Timeout: 5 * time.Second, // Cognito waits no longer
		Environment:     append(mail.BrandVariables(), "COMMERCE_TABLE"),
		Tables:          []function.Grant{{Table: table.Commerce.Name, Actions: []string{"GetItem"}}},
		AccountMessages: true,
		Alarms: []function.Alarm{{Name: "plain", Metric: metricPlain,
			What: "Mails about accounts go out with the plain text of the user pool: the log of account-messages says why"}},
	}
}

// New builds the function. Environment: COMMERCE_TABLE and what mail.TemplatesFromEnv reads.
func New(ctx context.Context, env *boot.Env) (lambda.Handler, error) {
	tables, err := env.Tables(ctx, "COMMERCE_TABLE")
	if err != nil {
		return nil, err
	}
	templates, err := mail.TemplatesFromEnv(env)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(Build(tables[0], templates, env.Clock, env.Log, env.Metrics()).Handle), nil
}

// Build puts the function together over the table Commerce.
func Build(t *table.Table, templates *mail.Templates, c clock.Clock, log *slog.Logger,
	m *metrics.Writer) *AccountMessages {
	return &AccountMessages{Customers: customer.Store{Table: t, Clock: c}, Templates: templates, Log: log, Metrics: m}
}

// Handle answers one event of the trigger. Error: a payload that is no such event.
func (f *AccountMessages) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, fmt.Errorf("account-messages: %w", err)
	}
	written, err := f.answer(ctx, e)
	if err != nil {
		f.Log.ErrorContext(ctx, "mail about an account", "trigger", e.TriggerSource, "error", err)
		if err := f.Metrics.Emit(nil, metrics.Metric{Name: metricPlain, Unit: metrics.Count, Value: 1}); err != nil {
			f.Log.ErrorContext(ctx, "metrics", "error", err)
		}
		return payload, nil
	}
	return written, nil
}
