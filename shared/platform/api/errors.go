package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/danielgtaylor/huma/v2"

	"dangol/shared/platform/problem"
)

// installErrors makes Huma's own refusals (validation, size, media type) problems like ours. Huma keeps this in package
// variables, so it happens once.
var installErrors = sync.OnceFunc(func() {
	// The checker and the reader must agree: encoding/json would store EMAIL as email, Huma would check neither.
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return fromHuma(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := fromHuma(status, message, errs)
		if ctx != nil {
			p.RequestID = RequestID(ctx.Context())
		}
		return p
	}
})

// fromHuma is the problem for a refusal of Huma's own. A
// problem among the errors is the handler's and goes first.
func fromHuma(status int, message string, errs []error) *problem.Problem {
	for _, err := range errs {
		if p := problem.From(err); p.Code != "internal" {
			return p
		}
	}
	switch status {
	case http.StatusRequestEntityTooLarge:
		return problem.New(status, "body_too_large", "The request body is larger than this route takes.")
	case http.StatusUnsupportedMediaType:
		return problem.New(status, "unsupported_media_type", "Send application/json.")
	case http.StatusInternalServerError:
		return problem.New(status, "internal", "Something went wrong on our side. Trying again is safe.")
	}
	// What is left is bad input, with a field for each error.
	p := problem.New(status, "invalid_input", "The input is not valid; see errors.")
	for _, err := range errs {
		p.Fields = append(p.Fields, fieldOf(err))
	}
	// The body could not be read at all, so what Huma says about it is the detail.
	if status == http.StatusBadRequest {
		p.Code, p.Type, p.Detail = "bad_request", problem.TypeBase+"bad_request", message
		if len(p.Fields) > 0 {
			p.Detail = "The body is not valid JSON; see errors."
		}
	}
	return p
}

// unfitting matches what encoding/json says of a value that passed validation and does not fit into the Go type, such
// as a number beyond 64 bits. It names our types, which are nobody's business, and the field without indexes.
var unfitting = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^json: cannot unmarshal (\w+).* into Go struct field [^. ]*\.(\S+) of type`)
})

// fieldOf is the field that an error of the validation points at.
func fieldOf(err error) problem.Field {
	detailer, ok := err.(huma.ErrorDetailer)
	if !ok {
		return problem.Field{Pointer: "", Code: "invalid", Message: err.Error()}
	}
	d := detailer.ErrorDetail()
	if m := unfitting().FindStringSubmatch(d.Message); m != nil {
		return problem.Field{
			Pointer: "/" + strings.ReplaceAll(m[2], ".", "/"), Code: "wrong_type",
			Message: "the " + m[1] + " does not fit this field",
		}
	}
	return problem.Field{Pointer: pointer(d.Location, d.Message), Code: codeOf(d.Message), Message: d.Message}
}

// pointer turns Huma's location ("body.lines[0].quantity", "query.limit") into a JSON pointer into the body, or into
// place/name for the rest. A missing property is pointed at itself, not at its parent.
func pointer(location, message string) string {
	if name, ok := strings.CutPrefix(message, "expected required property "); ok {
		location += "." + strings.TrimSuffix(name, " to be present")
	}
	place, rest, _ := strings.Cut(strings.NewReplacer("[", ".", "]", "").Replace(location), ".")
	rest = strings.ReplaceAll(rest, ".", "/")
	if place == "body" {
		if rest == "" {
			return ""
		}
		return "/" + rest
	}
	return place + "/" + rest
}

// codes maps the beginnings of Huma's messages to stable codes. The first
// that matches counts, so longer beginnings stand before shorter ones.
var codes = []struct{ begins, code string }{
	{"unexpected property", "unknown_field"}, {"unknown query parameter", "unknown_field"},
	{"expected required property", "required"}, {"required", "required"},
	{"expected boolean", "wrong_type"}, {"expected number >", "too_small"}, {"expected number <", "too_large"},
	{"expected number", "wrong_type"}, {"expected integer", "wrong_type"}, {"expected array length >=", "too_short"},
	{"expected array length <=", "too_long"}, {"expected array", "wrong_type"}, {"expected object", "wrong_type"},
	{"expected length >=", "too_short"}, {"expected length <=", "too_long"},
	{"expected value to be one of", "not_allowed"},
	{"expected string to match", "wrong_format"}, {"expected string to be", "wrong_format"},
	{"expected string", "wrong_type"},
	{"invalid integer", "wrong_type"}, {"invalid", "wrong_format"},
}

// codeOf is the stable code of a message.
func codeOf(message string) string {
	for _, c := range codes {
		if strings.HasPrefix(message, c.begins) {
			return c.code
		}
	}
	return "invalid"
}

// refuse turns a handler's error into the answer and logs what the caller is not told.
func (s *Service) refuse(ctx context.Context, r Route, err error) error {
	p, level := judge(ctx, err)
	p.RequestID = RequestID(ctx)
	s.options.Log.LogAttrs(ctx, level, "refused", slog.String("operation", r.ID), slog.String("code", p.Code),
		slog.Int("status", p.Status), slog.String("requestId", p.RequestID), slog.Any("error", p.Cause))
	return &p
}

// judge says what an error means to the caller, and how loudly to log it. An operation that ran out of time is overload
// and not a fault: 503 with Retry-After, a warning. A caller who hung up is neither: nobody reads the answer. A service
// that does not answer is a fault, and trying again is what the caller can do about it: 503, logged as an error.
func judge(ctx context.Context, err error) (problem.Problem, slog.Level) {
	p := *problem.From(err)
	// Both are looked at: a handler may wrap the error of the
	// context, or return another one after the context ended.
	expired := errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	canceled := errors.Is(err, context.Canceled) || errors.Is(ctx.Err(), context.Canceled)
	switch {
	// The caller's mistakes are no fault of the shop: they are logged for debugging only.
	case p.Status < http.StatusInternalServerError:
		return p, slog.LevelDebug
	case expired:
		return *problem.Busy(err), slog.LevelWarn
	case canceled:
		return *problem.Busy(err), slog.LevelDebug
	case p.Status == http.StatusServiceUnavailable:
		return p, slog.LevelWarn
	case outside.IsErrorRetryable(err) == aws.TrueTernary:
		return *problem.Outage(err), slog.LevelError
	}
	return p, slog.LevelError
}

// outside tells errors of services that were not reached, or that failed themselves, from our own: the SDK has tried
// those a few times already.
var outside = retry.IsErrorRetryables(retry.DefaultRetryables)
