// Package problem is the one error shape of the API: RFC 9457 problem details with a stable machine-readable code and,
// for bad input, one entry per field with a JSON pointer. Rules and stores return these; the api package writes them.
package problem

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Problem is an answer that says no. Code never changes once published; Detail is for developers and safe to show.
// Message is for shoppers; the api package fills it in. Cause is logged and never sent.
type Problem struct {
	Type      string         `json:"type" doc:"A link to the description of this code." example:"https://dangol.dev/problems/cart_ordered"`
	Title     string         `json:"title" doc:"The status in words." example:"Conflict"`
	Status    int            `json:"status" doc:"The HTTP status." example:"409"`
	Code      string         `json:"code" doc:"Stable, machine-readable." example:"cart_ordered"`
	Message   string         `json:"message,omitempty" doc:"What to tell the shopper, in the language of the request (Accept-Language)." example:"이미 주문한 장바구니입니다."`
	Detail    string         `json:"detail,omitempty" doc:"What happened, for developers, in English." example:"This cart has been ordered."`
	Fields    []Field        `json:"errors,omitempty" doc:"What is wrong with the input, field by field."`
	Extra     map[string]any `json:"extra,omitempty" doc:"Facts a program can act on; which ones is documented with the code."`
	RequestID string         `json:"requestId,omitempty" doc:"Quote this when asking for help."`
	Cause     error          `json:"-"` // for the log only
}

// Field points at one wrong input.
type Field struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body, or query/name, header/name, path/name." example:"/lines/0/quantity"`
	Code    string `json:"code" doc:"Stable, machine-readable." example:"too_large"`
	Message string `json:"message" doc:"What is expected, for people." example:"at most 100"`
}

// TypeBase is the prefix of every problem's type; docs/problems.md lists them.
const TypeBase = "https://dangol.dev/problems/"

// New makes a problem with a status of your own; the named constructors below cover the common ones.
func New(status int, code, format string, args ...any) *Problem {
	return &Problem{Type: TypeBase + code, Title: http.StatusText(status), Status: status, Code: code,
		Detail: filled(format, args...)}
}

// filled is a text with its arguments. Without arguments it is not a format: it may contain a percent sign.
func filled(format string, args ...any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// BadRequest is 400: the request cannot be read.
func BadRequest(code, format string, args ...any) *Problem {
	return New(http.StatusBadRequest, code, format, args...)
}

// Unauthorized is 401: who is calling is not known, or the token is bad.
func Unauthorized(code, format string, args ...any) *Problem {
	return New(http.StatusUnauthorized, code, format, args...)
}

// PaymentRequired is 402: the payment was declined.
func PaymentRequired(code, format string, args ...any) *Problem {
	return New(http.StatusPaymentRequired, code, format, args...)
}

// Forbidden is 403: the caller is known and may not.
func Forbidden(code, format string, args ...any) *Problem {
	return New(http.StatusForbidden, code, format, args...)
}

// NotFound is 404. It is also the answer for what belongs to someone else, so that ids cannot be probed.
func NotFound(code, format string, args ...any) *Problem {
	return New(http.StatusNotFound, code, format, args...)
}

// Conflict is 409: the state of the thing does not allow it.
func Conflict(code, format string, args ...any) *Problem {
	return New(http.StatusConflict, code, format, args...)
}

// Precondition is 412: If-Match names a version that is gone.
func Precondition(code, format string, args ...any) *Problem {
	return New(http.StatusPreconditionFailed, code, format, args...)
}

// Invalid is 422 with the fields that are wrong.
func Invalid(fields ...Field) *Problem {
	p := New(http.StatusUnprocessableEntity, "invalid_input", "The input is not valid; see errors.")
	p.Fields = fields
	return p
}

// InvalidField is Invalid for a single field.
func InvalidField(pointer, code, format string, args ...any) *Problem {
	return Invalid(Field{Pointer: pointer, Code: code, Message: filled(format, args...)})
}

// TooMany is 429: slow down.
func TooMany(code, format string, args ...any) *Problem {
	return New(http.StatusTooManyRequests, code, format, args...)
}

// Unavailable is 503: something outside does not answer; trying again is safe, after a moment unless With(RetryAfter)
// says another time.
func Unavailable(code, format string, args ...any) *Problem {
	return New(http.StatusServiceUnavailable, code, format, args...).With(RetryAfter, moment)
}

// moment is how many seconds something outside is given to answer again.
const moment = 2

// RetryAfter is the name of the extra fact that says in how many seconds to try again; api sends it as the header too.
const RetryAfter = "retryAfter"

// Busy is 503 busy: load, or other changes of the same thing, stood in the way of each try. cause is the last refusal.
func Busy(cause error) *Problem {
	return Unavailable("busy", "Too much is happening at once. Try the same request again, with the same key.").
		With(RetryAfter, 1).Because(cause)
}

// Outage is 503 unavailable: a service that the operation needs was not reached or failed. Whether it took effect there
// is not known, which is why a repetition carries the same key.
func Outage(cause error) *Problem {
	return Unavailable("unavailable", "Something that the shop needs does not answer. Try the same request again, "+
		"with the same key.").With(RetryAfter, 1).Because(cause)
}

// GetHeaders are the headers that go with the problem, for Huma: Retry-After when there is such a fact.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if seconds, ok := p.Extra[RetryAfter].(int); ok {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	return h
}

// Because records what lies behind the problem, for the log.
// Copies: a problem may be a shared value.
func (p *Problem) Because(err error) *Problem {
	q := *p
	q.Cause = err
	return &q
}

// With adds a fact a program can act on, in the place of one with the same key.
func (p *Problem) With(key string, value any) *Problem {
	q := *p
	q.Extra = map[string]any{}
	for k, v := range p.Extra {
		q.Extra[k] = v
	}
	q.Extra[key] = value
	return &q
}

// Error implements error. It names the cause, for the log; clients get the JSON only.
func (p *Problem) Error() string {
	if p.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", p.Code, p.Detail, p.Cause)
	}
	return p.Code + ": " + p.Detail
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// GetStatus makes a Problem what the HTTP layer (Huma) calls a status error.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType says how a Problem travels.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// From turns any error into a problem: itself when it is one, else a bare 500 that tells nothing.
func From(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return New(http.StatusInternalServerError, "internal",
		"Something went wrong on our side. Trying again is safe.").Because(err)
}

// Code returns the code of err, or "" when it is not a problem.
func Code(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return ""
}
