package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dangol/shared/platform/id"
)

// CustomMessage is what Cognito's custom message trigger gets and answers with.
type CustomMessage = events.CognitoEventUserPoolsCustomMessage

// The placeholders that Cognito fills in after the trigger has answered.
const (
	codePlaceholder     = "{####}"
	usernamePlaceholder = "{username}"
)

// accountCodeTTL is how long the code of a mail is valid, by what made Cognito send it (Developer Guide, Quotas).
var accountCodeTTL = map[string]time.Duration{
	"CustomMessage_SignUp": 24 * time.Hour, "CustomMessage_ResendCode": 24 * time.Hour,
	"CustomMessage_ForgotPassword":      time.Hour,
	"CustomMessage_UpdateUserAttribute": 24 * time.Hour, "CustomMessage_VerifyUserAttribute": 24 * time.Hour,
	"CustomMessage_Authentication":  3 * time.Minute,
	"CustomMessage_AdminCreateUser": 7 * 24 * time.Hour,
}

// accountCode is the code of the last mail to an address.
type accountCode struct {
	code    string
	expires time.Time
}

// accounts registers the pages of sign-up and of a forgotten password. Both end in a log-in; there are no passwords
// here, but the mails are those of the deployed pool, written by the same function.
func (i *Issuer) accounts() {
	for path, trigger := range map[string]string{
		"/signup": "CustomMessage_SignUp", "/resendcode": "CustomMessage_ResendCode",
		"/forgotPassword": "CustomMessage_ForgotPassword",
	} {
		i.routes.HandleFunc("GET "+path, i.askAddress)
		i.routes.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { i.mailCode(w, r, trigger) })
	}
	i.routes.HandleFunc("POST /confirmUser", i.confirm)
	i.routes.HandleFunc("POST /dev/account-mail", i.mailOnRequest)
}

var addressTemplate = template.Must(template.New("address").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Account</title></head><body><h1>Account</h1>
<form method="post"><label>E-mail <input name="username" type="email" required autofocus></label>
<button type="submit">Send a code</button></form></body></html>
`))

var codeTemplate = template.Must(template.New("code").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Account</title></head><body><h1>Account</h1>
<p>The code is in the mail to {{.Email}}: see <a href="/inbox" target="_blank">the inbox</a>.</p>
<form method="post" action="/confirmUser?{{.Query}}"><input type="hidden" name="username" value="{{.Email}}">
<label>Code <input name="code" required autofocus autocomplete="one-time-code"></label>
<button type="submit">Confirm</button></form>
<form method="post" action="/resendcode?{{.Query}}"><input type="hidden" name="username" value="{{.Email}}">
<button type="submit">Send another code</button></form></body></html>
`))

func (i *Issuer) askAddress(w http.ResponseWriter, r *http.Request) {
	if _, ok := i.request(w, r); !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = addressTemplate.Execute(w, nil)
}

// mailCode sends a code and shows the page that asks for it. The language of the page (lang, as in Cognito's managed
// login) is the attribute locale of the account.
func (i *Issuer) mailCode(w http.ResponseWriter, r *http.Request, trigger string) {
	if _, ok := i.request(w, r); !ok {
		return
	}
	email, ok := addressOf(w, r)
	if !ok {
		return
	}
	if err := i.sendCode(r.Context(), trigger, email, r.FormValue("lang"), nil); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = codeTemplate.Execute(w, map[string]any{"Email": email, "Query": template.URL(r.URL.Query().Encode())})
}

// addressOf reads the address of a form.
func addressOf(w http.ResponseWriter, r *http.Request) (email string, ok bool) {
	email = strings.ToLower(strings.TrimSpace(r.PostFormValue("username")))
	if !strings.Contains(email, "@") || len(email) > maxEmail {
		http.Error(w, "an e-mail address is needed", http.StatusBadRequest)
		return "", false
	}
	return email, true
}

// confirm takes the code of the last mail, once, and logs its reader in as a customer.
func (i *Issuer) confirm(w http.ResponseWriter, r *http.Request) {
	a, ok := i.request(w, r)
	if !ok {
		return
	}
	email, ok := addressOf(w, r)
	if !ok {
		return
	}
	if !i.takeCode(email, strings.TrimSpace(r.PostFormValue("code"))) {
		http.Error(w, "CodeMismatchException: the code is another, was used, or has expired", http.StatusBadRequest)
		return
	}
	i.loggedIn(w, r, a, Claims{Subject: subjectOf(email), Email: email})
}

func (i *Issuer) takeCode(email, code string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	sent, ok := i.accountCodes[email]
	if !ok || sent.code != code || i.options.Clock.Now().After(sent.expires) {
		return false
	}
	delete(i.accountCodes, email)
	return true
}

// accountMailRequest asks for any of the mails, to look at it in the inbox.
type accountMailRequest struct {
	Trigger  string            `json:"trigger"` // without CustomMessage_: SignUp, AdminCreateUser
	Email    string            `json:"email"`
	Locale   string            `json:"locale"`   // attribute of the account
	Metadata map[string]string `json:"metadata"` // what a storefront says with its request
}

// mailOnRequest sends one of the mails that no page here leads to: an invitation, a code of a log-in.
func (i *Issuer) mailOnRequest(w http.ResponseWriter, r *http.Request) {
	var in accountMailRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	if err == nil && accountCodeTTL["CustomMessage_"+in.Trigger] == 0 {
		err = fmt.Errorf("there is no trigger %q", in.Trigger)
	}
	if err == nil && !strings.Contains(in.Email, "@") {
		err = errors.New("email is missing")
	}
	if err == nil {
		err = i.sendCode(r.Context(), "CustomMessage_"+in.Trigger, strings.ToLower(in.Email), in.Locale, in.Metadata)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": err.Error()})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// sendCode asks the trigger for the words of a mail, fills the code in and sends it. Without a trigger the mail has a
// text of its own, as a pool without one. Errors are Cognito's.
func (i *Issuer) sendCode(ctx context.Context, trigger, email, locale string, metadata map[string]string) error {
	if i.options.Mail == nil {
		return errors.New("this issuer sends no mails")
	}
	e := i.customMessage(trigger, email, locale, metadata)
	words := e.Response
	words.EmailSubject, words.EmailMessage = "Your verification code", "Your code is "+codePlaceholder
	if i.options.CustomMessage != nil {
		answered, err := i.options.CustomMessage(ctx, e)
		if err != nil {
			return fmt.Errorf("UserLambdaValidationException: CustomMessage failed with error %w", err)
		}
		// A trigger that answers nothing leaves the pool's own text.
		if answered.Response.EmailMessage != "" {
			words = answered.Response
		}
	}
	if err := acceptable(e, words); err != nil {
		return err
	}
	code := newCode()
	fill := strings.NewReplacer(codePlaceholder, code, usernamePlaceholder, email)
	if err := i.options.Mail(ctx, email, words.EmailSubject, fill.Replace(words.EmailMessage)); err != nil {
		return fmt.Errorf("CodeDeliveryFailureException: %w", err)
	}
	now := i.options.Clock.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	maps.DeleteFunc(i.accountCodes, func(_ string, c accountCode) bool { return now.After(c.expires) })
	i.accountCodes[email] = accountCode{code: code, expires: now.Add(accountCodeTTL[trigger])}
	return nil
}

// customMessage is the event of a trigger as Cognito sends it.
func (i *Issuer) customMessage(trigger, email, locale string, metadata map[string]string) CustomMessage {
	e := CustomMessage{}
	e.Version, e.TriggerSource, e.Region, e.UserPoolID = "1", trigger, "local", "local_pool"
	e.CallerContext = events.CognitoEventUserPoolsCallerContext{ClientID: i.options.ClientID}
	e.UserName = subjectOf(email)
	e.Request.UserAttributes = map[string]any{"sub": e.UserName, "email": email}
	if locale != "" {
		e.Request.UserAttributes["locale"] = locale
	}
	e.Request.CodeParameter = codePlaceholder
	if trigger == "CustomMessage_AdminCreateUser" {
		e.Request.UsernameParameter = usernamePlaceholder
	}
	e.Request.ClientMetadata = metadata
	return e
}

// acceptable refuses the answers of a trigger that Cognito refuses.
func acceptable(e CustomMessage, words events.CognitoEventUserPoolsCustomMessageResponse) error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("InvalidLambdaResponseException: "+format, args...)
	}
	switch {
	case !strings.Contains(words.EmailMessage, e.Request.CodeParameter):
		return invalid("emailMessage has no %s", e.Request.CodeParameter)
	case !strings.Contains(words.EmailMessage, e.Request.UsernameParameter):
		return invalid("emailMessage has no %s", e.Request.UsernameParameter)
	case len([]rune(words.EmailMessage)) > 20_000:
		return invalid("emailMessage has more than 20,000 characters")
	case words.EmailSubject == "" || len([]rune(words.EmailSubject)) > 140:
		return invalid("emailSubject has 1 to 140 characters")
	}
	return nil
}

// newCode is a code of six digits.
func newCode() string {
	sum := sha256.Sum256([]byte(id.Secret()))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(sum[:8])%1_000_000)
}

// accountLinks is the part of the log-in page that leads to the others.
func accountLinks(q url.Values) template.HTML {
	query := template.HTMLEscapeString(q.Encode())
	return template.HTML(`<p><a href="/signup?` + query + `">Create an account</a> · <a href="/forgotPassword?` + query +
		`">Forgot your password?</a></p>`)
}
