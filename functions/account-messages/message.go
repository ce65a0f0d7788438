package accountmessages

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"dangol/shared/mail"
	"dangol/shared/mail/texts"
)

// event is what the trigger gets and answers with.
type event = events.CognitoEventUserPoolsCustomMessage

// The most that Cognito takes of each part of an answer, in characters (Developer Guide, Custom message Lambda
// trigger).
const (
	maxSubject = 140
	maxMail    = 20_000
	maxSMS     = 140
)

// kinds are the kinds of mail by what made Cognito send it.
var kinds = map[string]string{
	"CustomMessage_SignUp":              mail.AccountSignUp,
	"CustomMessage_ResendCode":          mail.AccountSignUp,
	"CustomMessage_ForgotPassword":      mail.AccountForgotPassword,
	"CustomMessage_UpdateUserAttribute": mail.AccountVerifyAddress,
	"CustomMessage_VerifyUserAttribute": mail.AccountVerifyAddress,
	"CustomMessage_Authentication":      mail.AccountLogIn,
	"CustomMessage_AdminCreateUser":     mail.AccountInvite,
}

// answer fills in the response of an event. Errors: a trigger that there is no mail for, a placeholder that is missing,
// a mail that is longer than Cognito takes.
func (f *AccountMessages) answer(ctx context.Context, e event) (event, error) {
	kind, ok := kinds[e.TriggerSource]
	if !ok {
		return e, fmt.Errorf("no mail for the trigger %q", e.TriggerSource)
	}
	content := mail.AccountMail{Kind: kind, Code: e.Request.CodeParameter}
	if kind == mail.AccountInvite {
		content.Username = e.Request.UsernameParameter
	}
	language := f.language(ctx, e)
	if language == "" {
		// Nobody knows who reads it: a person who is just signing up, an operator who is invited.
		content.Languages, language = texts.Languages, texts.Languages[0]
	}
	message, err := f.Templates.Write(language, content)
	if err != nil {
		return e, err
	}
	if n := utf8.RuneCountInString(message.HTML); n > maxMail {
		return e, fmt.Errorf("the mail has %d characters, Cognito takes %d", n, maxMail)
	}
	e.Response.EmailSubject = clip(message.Subject, maxSubject)
	e.Response.EmailMessage = message.HTML
	// The pool sends no text messages; an empty one would still be an answer that Cognito refuses.
	e.Response.SMSMessage, err = f.sms(language, content)
	return e, err
}

// sms is the text message that goes with a mail, in case a pool sends one.
func (f *AccountMessages) sms(language string, c mail.AccountMail) (string, error) {
	catalog, err := texts.Of(language)
	if err != nil {
		return "", err
	}
	key := "account.sms"
	if c.Kind == mail.AccountInvite {
		key = "account.sms_invite"
	}
	// The shop's name is cut and never the code.
	room := maxSMS - utf8.RuneCountInString(c.Code+c.Username) - len("[]:  ")
	return catalog.Text(key, "shop", clip(f.Templates.Brand().Name, room), "code", c.Code, "username", c.Username)
}

// clip cuts a text to so many characters; the last one is then an ellipsis.
func clip(text string, most int) string {
	runes := []rune(text)
	switch {
	case len(runes) <= most:
		return text
	case most < 1:
		return ""
	}
	return string(runes[:most-1]) + "…"
}

// language is what the person reads, "" when nobody knows: what the storefront says with the request (ClientMetadata),
// else what the customer chose in the shop, else the attribute locale of the account.
func (f *AccountMessages) language(ctx context.Context, e event) string {
	if asked := e.Request.ClientMetadata["language"]; asked != "" {
		return texts.Language(asked)
	}
	attribute := func(name string) string {
		text, _ := e.Request.UserAttributes[name].(string)
		return text
	}
	if sub := attribute("sub"); sub != "" {
		profile, err := f.Customers.Get(ctx, sub)
		if err != nil {
			// A code in another language is better than none.
			f.Log.WarnContext(ctx, "the language of a customer is not known", "error", err)
		} else if profile.Language != "" {
			return texts.Language(profile.Language)
		}
	}
	if locale := attribute("locale"); locale != "" {
		return texts.Language(locale)
	}
	return ""
}
