package issuer_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/issuer"
	"dangol/shared/platform/clock"
)

// sentMail is a mail about an account.
type sentMail struct{ to, subject, html string }

// withMails is a bench whose issuer sends mails, with words of the trigger.
func withMails(t *testing.T, trigger func(context.Context, issuer.CustomMessage) (issuer.CustomMessage,
	error)) (b *bench, sent *[]sentMail) {
	t.Helper()
	sent = &[]sentMail{}
	b = &bench{t: t, clock: clock.Stopped(noon)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	b.url = server.URL
	opened, err := issuer.Open(issuer.Options{URL: server.URL, Clock: b.clock, CustomMessage: trigger,
		Mail: func(_ context.Context, to, subject, html string) error {
			*sent = append(*sent, sentMail{to, subject, html})
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	b.Issuer = opened
	return b, sent
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// post sends a form of the account pages and returns status, where the browser is sent, and what the page says.
func (b *bench) post(path string, q url.Values, form ...string) (status int, location *url.URL, text string) {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	res := b.visit("POST", path+"?"+q.Encode(), values)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	location, err = url.Parse(res.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, location, string(body)
}

func TestASignUpIsConfirmedByTheCodeOfItsMail(t *testing.T) {
	t.Parallel()
	b, sent := withMails(t, nil)
	status, _, text := b.post("/signup", query(), "username", "Ann@Example.com")
	if status != http.StatusOK || len(*sent) != 1 || (*sent)[0].to != "ann@example.com" {
		t.Fatalf("%d, mails %v\n%s", status, *sent, text)
	}
	code := sixDigits.FindString((*sent)[0].html)
	status, back, text := b.post("/confirmUser", query(), "username", "ann@example.com", "code", code)
	if status != http.StatusFound || back.Query().Get("state") != "st4te" {
		t.Fatalf("%d %s %s", status, back, text)
	}
	got := b.exchange("grant_type", "authorization_code", "code", back.Query().Get("code"), "redirect_uri", callback,
		"code_verifier", verifier)
	identity, err := b.verify(got.ID)
	if err != nil || identity["email"] != "ann@example.com" {
		t.Errorf("%v, %v", identity, err)
	}
	// The same person as after a log-in by the page.
	logged := b.logIn(query(), "ann@example.com", "")
	other := b.exchange("grant_type", "authorization_code", "code", logged.Query().Get("code"), "redirect_uri", callback,
		"code_verifier", verifier)
	if again, err := b.verify(other.ID); err != nil || again["sub"] != identity["sub"] {
		t.Errorf("sub %v after sign-up, %v after log-in: %v", identity["sub"], again["sub"], err)
	}
}

func TestACodeIsRefusedWhenItIsNotTheLastOneOrUsedOrOld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(b *bench, code string, last func() string)
		code    func(code string) string
	}{
		"another code": {code: func(code string) string {
			if code == "000000" {
				return "000001"
			}
			return "000000"
		}},
		"no code": {code: func(string) string { return "" }},
		"a code that was used": {between: func(b *bench, code string, _ func() string) {
			b.post("/confirmUser", query(), "username", "ann@example.com", "code", code)
		}},
		"a code that is a day old": {between: func(b *bench, _ string, _ func() string) {
			b.clock.Advance(24*time.Hour + time.Second)
		}},
		"the code before the last": {between: func(b *bench, code string, last func() string) {
			for last() == code { // two codes in a row may be alike
				b.post("/resendcode", query(), "username", "ann@example.com")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, sent := withMails(t, nil)
			b.post("/signup", query(), "username", "ann@example.com")
			last := func() string { return sixDigits.FindString((*sent)[len(*sent)-1].html) }
			code := last()
			if c.between != nil {
				c.between(b, code, last)
			}
			if c.code != nil {
				code = c.code(code)
			}
			status, _, text := b.post("/confirmUser", query(), "username", "ann@example.com", "code", code)
			if status != http.StatusBadRequest || !strings.Contains(text, "CodeMismatchException") {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

func TestACodeIsForItsAddressAlone(t *testing.T) {
	t.Parallel()
	b, sent := withMails(t, nil)
	b.post("/signup", query(), "username", "eve@example.com")
	code := sixDigits.FindString((*sent)[0].html)
	if status, _, _ := b.post("/confirmUser", query(), "username", "ann@example.com", "code",
		code); status != http.StatusBadRequest {
		t.Errorf("eve's code logs ann in: %d", status)
	}
}

func TestTheTriggerIsAskedAsCognitoAsks(t *testing.T) {
	t.Parallel()
	var asked []issuer.CustomMessage
	b, sent := withMails(t, func(_ context.Context, e issuer.CustomMessage) (issuer.CustomMessage, error) {
		asked = append(asked, e)
		e.Response.EmailSubject, e.Response.EmailMessage = "Hello", e.Request.UsernameParameter+" has "+
			e.Request.CodeParameter
		return e, nil
	})
	b.post("/signup", query("lang", "ko"), "username", "ann@example.com")
	b.post("/resendcode", query(), "username", "ann@example.com")
	b.post("/forgotPassword", query(), "username", "ann@example.com")
	res := b.visitJSON("/dev/account-mail",
		`{"trigger":"AdminCreateUser","email":"boss@example.com","locale":"en","metadata":{"language":"ko"}}`)
	if res != http.StatusNoContent {
		t.Errorf("an invitation: %d", res)
	}
	want := []string{"CustomMessage_SignUp", "CustomMessage_ResendCode", "CustomMessage_ForgotPassword",
		"CustomMessage_AdminCreateUser"}
	if len(asked) != len(want) || len(*sent) != len(want) {
		t.Fatalf("%d questions, %d mails", len(asked), len(*sent))
	}
	for i, e := range asked {
		if e.TriggerSource != want[i] || e.Version != "1" || e.Request.CodeParameter != "{####}" ||
			e.CallerContext.ClientID != "dangol-local" || e.UserName != e.Request.UserAttributes["sub"] {
			t.Errorf("event %d: %+v", i, e)
		}
		if sixDigits.FindString((*sent)[i].html) == "" || strings.Contains((*sent)[i].html, "{") {
			t.Errorf("mail %d is not filled in: %s", i, (*sent)[i].html)
		}
	}
	if asked[0].Request.UserAttributes["locale"] != "ko" || asked[1].Request.UserAttributes["locale"] != nil {
		t.Errorf("locales %v, %v", asked[0].Request.UserAttributes, asked[1].Request.UserAttributes)
	}
	if last := asked[3].Request; last.UsernameParameter != "{username}" || last.ClientMetadata["language"] != "ko" {
		t.Errorf("the invitation asks with %+v", last)
	}
	if !strings.HasPrefix((*sent)[3].html, "boss@example.com has ") {
		t.Errorf("the invitation says %s", (*sent)[3].html)
	}
}

// What Cognito refuses of a trigger is refused here, so that it is noticed before the deployment.
func TestAnAnswerThatCognitoRefusesSendsNoMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		subject, html, want string
		fails               error
	}{
		"the trigger fails": {fails: errors.New("no table"), want: "UserLambdaValidationException"},
		"nothing to fill the code in": {subject: "s", html: "Hello",
			want: "InvalidLambdaResponseException: emailMessage has no {####}"},
		"a subject that is long": {subject: strings.Repeat("가", 141), html: "{####}", want: "emailSubject"},
		"no subject":             {html: "{####}", want: "emailSubject"},
		"a mail that is long":    {subject: "s", html: "{####}" + strings.Repeat("가", 20_000), want: "20,000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, sent := withMails(t, func(_ context.Context, e issuer.CustomMessage) (issuer.CustomMessage, error) {
				e.Response.EmailSubject, e.Response.EmailMessage = c.subject, c.html
				return e, c.fails
			})
			status, _, text := b.post("/signup", query(), "username", "ann@example.com")
			if status != http.StatusBadRequest || !strings.Contains(text, c.want) || len(*sent) != 0 {
				t.Errorf("%d %s, %d mails", status, text, len(*sent))
			}
		})
	}
}

func TestATriggerThatAnswersNothingLeavesTheOwnTextOfThePool(t *testing.T) {
	t.Parallel()
	b, sent := withMails(t, func(_ context.Context, e issuer.CustomMessage) (issuer.CustomMessage, error) {
		return e,
			nil
	})
	if status, _, text := b.post("/signup", query(), "username", "ann@example.com"); status != http.StatusOK ||
		len(*sent) != 1 || (*sent)[0].subject != "Your verification code" {
		t.Errorf("%d %s, mails %v", status, text, *sent)
	}
}

func TestTheAccountPagesRefuseWhatTheLogInPageRefuses(t *testing.T) {
	t.Parallel()
	b, sent := withMails(t, nil)
	for _, path := range []string{"/signup", "/forgotPassword", "/resendcode", "/confirmUser"} {
		if status, _, _ := b.post(path, query("client_id", "other"), "username", "ann@example.com"); status !=
			http.StatusBadRequest {
			t.Errorf("%s for another client: %d", path, status)
		}
		if status, _, _ := b.post(path, query(), "username", "nobody"); status != http.StatusBadRequest {
			t.Errorf("%s without an address: %d", path, status)
		}
	}
	for _, body := range []string{`{"trigger":"Passkey","email":"a@example.com"}`, `{"trigger":"SignUp"}`, `{`,
		`{"trigger":"SignUp","email":"a@example.com","mail":"x"}`} {
		if status := b.visitJSON("/dev/account-mail", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, status)
		}
	}
	if len(*sent) != 0 {
		t.Errorf("mails %v", *sent)
	}
	// The log-in page leads to both.
	res := b.visit("GET", "/login?"+query().Encode(), nil)
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(text), `href="/signup?`) ||
		!strings.Contains(string(text), `href="/forgotPassword?`) {
		t.Errorf("%v: %s", err, text)
	}
	if shown := b.visit("GET", "/signup?"+query().Encode(), nil); shown.StatusCode != http.StatusOK {
		t.Errorf("the page of sign-up: %d", shown.StatusCode)
	}
}

func TestAnIssuerWithoutMailsRefusesASignUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, "")
	if status, _, text := b.post("/signup", query(), "username", "ann@example.com"); status != http.StatusBadRequest ||
		!strings.Contains(text, "sends no mails") {
		t.Errorf("%d %s", status, text)
	}
}

// visitJSON posts a JSON body and returns the status.
func (b *bench) visitJSON(path, body string) int {
	b.t.Helper()
	res, err := http.Post(b.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
