package runner_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dangol/infra/local/ses"
	"dangol/infra/testkit/system"
)

// logInQuery is a storefront's request to log in.
var logInQuery = url.Values{
	"response_type": {"code"}, "client_id": {"dangol-local"}, "redirect_uri": {"http://localhost:3000/callback"},
	"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	"scope": {"openid email shop/customer"},
}

// only is the one mail to an address.
func (s *shop) only(t *testing.T, email string) ses.Message {
	t.Helper()
	all := s.Mail().Messages(email)
	if len(all) != 1 {
		t.Fatalf("%d mails to %s", len(all), email)
	}
	return all[0]
}

func TestASignUpGetsTheShopsMailWithItsCode(t *testing.T) {
	t.Parallel()
	s := open(t)
	email := system.Unique("new") + "@example.com"
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(path string, form url.Values) *http.Response {
		answer, err := browser.PostForm(s.Address()+path+"?"+logInQuery.Encode(), form)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	if answer := send("/signup", url.Values{"username": {email}}); answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s: %s", answer.Status, text)
	}
	m := s.only(t, email)
	// The address is new, so the mail is in both languages, with the shop's name, layout and sender.
	if m.Subject != "[하늘 HANEUL] 인증 코드 / Your code for 하늘 HANEUL" || m.From != "hello@haneul.example" ||
		!strings.Contains(m.HTML, "주식회사 하늘") || strings.Contains(m.HTML, "{####}") {
		t.Errorf("%s from %s\n%s", m.Subject, m.From, m.HTML)
	}
	code := regexp.MustCompile(`>(\d{6})<`).FindStringSubmatch(m.HTML)
	if code == nil {
		t.Fatalf("no code in\n%s", m.HTML)
	}
	answer := send("/confirmUser", url.Values{"username": {email}, "code": {code[1]}})
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound ||
		!strings.HasPrefix(to, "http://localhost:3000/callback?code=") {
		t.Errorf("%s, sent to %q", answer.Status, to)
	}
}

func TestEachMailAboutAnAccountCanBeLookedAtInTheInbox(t *testing.T) {
	t.Parallel()
	s := open(t)
	for trigger, subject := range map[string]string{
		"SignUp": "Your code for", "ResendCode": "Your code for", "ForgotPassword": "Choose a new password",
		"UpdateUserAttribute": "Confirm your address", "VerifyUserAttribute": "Confirm your address",
		"Authentication": "Your log-in code", "AdminCreateUser": "was made for you",
	} {
		email := system.Unique(strings.ToLower(trigger)) + "@example.com"
		s.Do(system.Guest, "POST", "/dev/account-mail", map[string]string{
			"trigger": trigger, "email": email, "locale": "en-US",
		})
		m := s.only(t, email)
		if !strings.Contains(m.Subject, subject) || strings.Contains(m.HTML, "{####}") ||
			strings.Contains(m.HTML, "인증") {
			t.Errorf("%s: %s\n%s", trigger, m.Subject, m.HTML)
		}
		if invited := strings.Contains(m.HTML, email); invited != (trigger == "AdminCreateUser") {
			t.Errorf("%s names the account: %v", trigger, invited)
		}
	}
}

// The customer chose a language in the shop; the code of a forgotten password comes in it.
func TestACustomersCodeComesInTheLanguageOfTheirProfile(t *testing.T) {
	t.Parallel()
	s := open(t)
	email := system.Unique("kim") + "@example.com"
	s.Do(s.As(subjectOf(email)), "PUT", "/me/profile", map[string]any{"language": "en"})
	s.Do(system.Guest, "POST", "/dev/account-mail", map[string]string{"trigger": "ForgotPassword", "email": email})
	if m := s.only(t, email); !strings.HasPrefix(m.Subject, "Choose a new password for") {
		t.Errorf("subject %q", m.Subject)
	}
}
