package care

import (
	"context"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/sms"
	"dangol/shared/verification"
)

// Texter sends text messages: see package sms.
type Texter interface {
	Send(ctx context.Context, m sms.Message) (id string, err error)
}

// Limits on codes by text message. Each costs money, and somebody's telephone rings: the number, the caller and the
// shop as a whole are limited.
const (
	codesPerNumber = 3  // in ten minutes
	codesPerCaller = 5  // in ten minutes
	codesPerDay    = 10 // a number, in a day
	codesOfShop    = 300
	triesPerCaller = 30 // codes entered in ten minutes
)

// verificationRoutes registers how a telephone number is proved.
func (f *Care) verificationRoutes(s *api.Service) {
	begin := route(api.Shopper, "POST", "/calls/verifications", "Calls", "verifyNumber",
		"Send a code to a telephone number",
		409, 429, 503)
	begin.Status, begin.Description = 201, verifyText
	api.Handle(s, begin, f.verify)
	prove := route(api.Shopper, "POST", "/calls/verifications/prove", "Calls", "proveNumber",
		"Enter the code that a telephone number was sent", 404, 409, 429, 503)
	prove.Description = "Five wrong codes, or ten minutes, end the verification. A number that was proved is good " +
		"for a day."
	api.Handle(s, prove, f.prove)
}

const verifyText = "A text message with six digits goes to the number. `verification` is a secret: send it with the " +
	"code, and then with the booking. At most 3 codes in 10 minutes and 10 a day go to a number. 409 " +
	"verification_not_needed where the shop sends no text messages; calls are then booked without."

// normal is how a number is written in a request, and refuses what is none.
func normal(text string) (string, error) {
	number, ok := phoneNumber(text)
	if !ok {
		return "", problem.InvalidField("/number", "wrong_format", "a number such as 010-1234-5678 or +82 10 1234 5678")
	}
	return number, nil
}

type verifyInput struct {
	Body struct {
		Number   string `json:"number" minLength:"6" maxLength:"30" example:"010-1234-5678"`
		Language string `json:"language,omitempty" enum:"ko,en" default:"ko"`
	}
}

type verifyOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Verification string    `json:"verification" doc:"A secret; it names the verification."`
		Number       string    `json:"number" doc:"The last four digits."`
		ExpiresAt    time.Time `json:"expiresAt" doc:"Until then the code can be entered."`
	}
}

// verify sends a code to a number. The limits come before anything is stored or sent.
func (f *Care) verify(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	number, err := normal(in.Body.Number)
	if err != nil {
		return nil, err
	}
	if err := conversation.CheckLanguage(in.Body.Language); err != nil {
		return nil, err
	}
	if f.SMS == nil {
		return nil, problem.Conflict("verification_not_needed", "This shop sends no text messages; book without one.")
	}
	if err := f.Limiter.Take(ctx,
		ratelimit.Limit{Name: "sms-number", Subject: number, Max: codesPerNumber, Window: limitWindow},
		ratelimit.Limit{Name: "sms-number-day", Subject: number, Max: codesPerDay, Window: 24 * time.Hour},
		ratelimit.Limit{Name: "sms-caller", Subject: api.LimitSubject(ctx), Max: codesPerCaller, Window: limitWindow},
		ratelimit.Limit{Name: "sms-shop", Subject: "all", Max: codesOfShop, Window: time.Hour},
	); err != nil {
		return nil, err
	}
	secret, code, expires, err := f.Verifications.Begin(ctx, number)
	if err != nil {
		return nil, err
	}
	text := conversation.Say("sms_code", in.Body.Language, "shop", f.Shop, "code", code)
	// Late codes are worth nothing, so the carriers drop them when the code has expired.
	id, err := f.SMS.Send(ctx, sms.Message{To: number, Text: text, Life: int(verification.Life.Seconds())})
	if err != nil {
		f.Chat.Log.ErrorContext(ctx, "text message", "error", err)
		return nil, problem.Unavailable("sms_not_sent", "The text message could not be sent; try again.").Because(err)
	}
	f.Chat.Log.InfoContext(ctx, "text message", "message", id)
	out := &verifyOutput{Caching: "no-store"}
	out.Body.Verification, out.Body.Number, out.Body.ExpiresAt = secret, lastDigits(number), expires
	return out, nil
}

type proveInput struct {
	Body struct {
		Verification string `json:"verification" minLength:"1" maxLength:"64"`
		Code         string `json:"code" minLength:"1" maxLength:"20" example:"123456"`
	}
}

type proveOutput struct {
	Body struct {
		Number string `json:"number" doc:"The last four digits."`
	}
}

// prove checks a code.
func (f *Care) prove(ctx context.Context, in *proveInput) (*proveOutput, error) {
	limit := ratelimit.Limit{Name: "sms-prove", Subject: api.LimitSubject(ctx), Max: triesPerCaller, Window: limitWindow}
	if err := f.Limiter.Take(ctx, limit); err != nil {
		return nil, err
	}
	number, err := f.Verifications.Prove(ctx, in.Body.Verification, in.Body.Code)
	if err != nil {
		return nil, err
	}
	out := &proveOutput{}
	out.Body.Number = lastDigits(number)
	return out, nil
}

// proofNeeded reports whether a team calls proved numbers only. Where the shop sends no text messages nobody could
// prove one.
func (f *Care) proofNeeded(team conversation.Team) bool {
	return f.SMS != nil && !team.Calls.Unverified
}

// proved reports whether a verification has proved the number, and refuses a number that the team does not call.
// Errors: 409 number_not_verified.
func (f *Care) proved(ctx context.Context, team conversation.Team, number, secret string) (bool, error) {
	if secret == "" {
		return false, nil // where a proof is needed a booking without a verification was refused before
	}
	ok, err := f.Verifications.Proved(ctx, secret, number)
	if err == nil && !ok && f.proofNeeded(team) {
		return false, notVerified()
	}
	return ok, err
}

// notVerified is the refusal of a number that nobody has proved.
func notVerified() error {
	return problem.Conflict("number_not_verified", "This number was not proved by a code within the last day.")
}

// lastDigits is what others than the agent who calls see of a number.
func lastDigits(number string) string { return "…" + number[max(0, len(number)-4):] }
