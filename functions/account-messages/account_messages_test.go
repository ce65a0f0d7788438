package accountmessages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	accountmessages "dangol/functions/account-messages"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/customer"
	"dangol/shared/mail"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ann is the sub in the samples.
const ann = "44d8a4c8-7071-70e7-9c1c-6d5f6a1b2c3d"

type message = events.CognitoEventUserPoolsCustomMessage

// bench is the function over a fresh table, with what it logs and counts.
type bench struct {
	*accountmessages.AccountMessages
	t   testing.TB
	log bytes.Buffer
	out bytes.Buffer
}

func newBench(t testing.TB, brand mail.Brand, commerce *table.Table) *bench {
	t.Helper()
	templates, err := mail.NewTemplates(brand, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t}
	c := clock.Stopped(noon)
	b.AccountMessages = accountmessages.Build(commerce, templates, c, slog.New(slog.NewTextHandler(&b.log, nil)),
		metrics.New(&b.out, c, map[string]string{"function": "account-messages"}))
	return b
}

var brand = mail.Brand{Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com",
	Imprint: []string{"주식회사 온결"}}

// answer hands the function an event and returns its answer.
func (b *bench) answer(payload []byte) (m message) {
	b.t.Helper()
	out, err := b.Handle(b.t.Context(), payload)
	if err != nil {
		b.t.Fatal(err)
	}
	raw, err := json.Marshal(out)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("../../events/samples/account-messages", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// changed is a sample with some of its request replaced.
func changed(t testing.TB, name string, change func(*message)) []byte {
	t.Helper()
	var m message
	if err := json.Unmarshal(sample(t, name), &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	payload, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestEachMailSaysWhatItsCodeIsForInTheLanguageOfItsReader(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ subject, text string }{
		// Nobody knows the language of somebody new: both.
		"sign-up":            {"[온결] 인증 코드 / Your code for 온결", "finish your account at 온결"},
		"sign-up-in-english": {"Your code for 온결", "enter this code to finish"},
		"resend-code":        {"[온결] 인증 코드", "가입을 마치려면"},
		"forgot-password":    {"Choose a new password for 온결", "valid for one hour"},
		"update-attribute":   {"Confirm your address at 온결", "this address belongs to your account"},
		"verify-attribute":   {"Confirm your address at 온결", "this address belongs to your account"},
		"log-in-code":        {"Your log-in code for 온결", "Nobody of the shop asks you for this code"},
		"admin-invite":       {"[온결] 계정이 만들어졌습니다 / An account at 온결 was made for you", "{username}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, brand, localtest.Table(t, table.Commerce))
			got := b.answer(sample(t, name)).Response
			if got.EmailSubject != want.subject {
				t.Errorf("subject %q, want %q", got.EmailSubject, want.subject)
			}
			for _, part := range []string{want.text, "{####}", "#1f4d3a", "주식회사 온결", "help@example.com"} {
				if !strings.Contains(got.EmailMessage, part) {
					t.Errorf("the mail lacks %q:\n%s", part, got.EmailMessage)
				}
			}
			if !strings.Contains(got.SMSMessage, "{####}") {
				t.Errorf("the text message is %q", got.SMSMessage)
			}
			if b.log.Len() > 0 || b.out.Len() > 0 {
				t.Errorf("log %s, metrics %s", &b.log, &b.out)
			}
		})
	}
}

// The order of what is known: the request, the customer's own choice in the shop, the attribute of the account.
func TestTheLanguageIsTheOneThatTheReaderChoseLast(t *testing.T) {
	t.Parallel()
	const korean, english = `<html lang="ko">`, `<html lang="en">`
	for _, c := range []struct {
		name, profile, locale, asked string
		want                         string
	}{
		{"the storefront's word for this request comes first", "ko", "ko-KR", "en-US", english},
		{"then the customer's choice in the shop", "ko", "en-US", "", korean},
		{"then the attribute of the account", "", "ko-KR", "", korean},
		{"a language that the shop does not speak is English", "", "fr-FR", "", english},
		{"with nothing known the mail is in both, Korean first", "", "", "", korean},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			commerce := localtest.Table(t, table.Commerce)
			b := newBench(t, brand, commerce)
			if c.profile != "" {
				_, err := b.Customers.Change(t.Context(), ann, func(p *customer.Profile) (bool, error) {
					return p.Rename(nil, &c.profile)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			got := b.answer(changed(t, "forgot-password", func(m *message) {
				m.Request.UserAttributes["locale"] = c.locale
				m.Request.ClientMetadata = map[string]string{"language": c.asked}
			})).Response
			if !strings.Contains(got.EmailMessage, c.want) {
				t.Errorf("want %s:\n%s", c.want, got.EmailMessage)
			}
			both := c.profile+c.locale+c.asked == ""
			if strings.Contains(got.EmailMessage, `<div lang="en" style`) != both {
				t.Errorf("both languages %v, want %v", !both, both)
			}
		})
	}
}

// deaf is a database that answers no read.
type deaf struct{ table.DB }

func (deaf) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput,
	error) {
	return nil, errors.New("no answer")
}

func TestACodeGoesOutAlsoWhenTheCustomersTableDoesNotAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, brand, table.New(deaf{}, "Commerce", nil))
	got := b.answer(sample(t, "forgot-password")).Response
	if !strings.Contains(got.EmailMessage, "{####}") || !strings.Contains(got.EmailMessage, `<html lang="en">`) {
		t.Errorf("the mail is %q", got.EmailMessage)
	}
	if !strings.Contains(b.log.String(), "no answer") {
		t.Errorf("the log does not say why: %s", &b.log)
	}
}

// An error of the trigger would be the shopper's failed sign-up; unanswered, Cognito sends the pool's own text.
func TestWhatCannotBeWrittenIsLeftToThePoolAndCounted(t *testing.T) {
	t.Parallel()
	longImprint := brand
	longImprint.Imprint = []string{strings.Repeat("가", 21_000)}
	for _, c := range []struct {
		name, why string
		brand     mail.Brand
		payload   []byte
	}{
		{"a trigger of tomorrow", "CustomMessage_Passkey", brand,
			changed(t, "sign-up", func(m *message) { m.TriggerSource = "CustomMessage_Passkey" })},
		{"no code to fill in", "code", brand, changed(t, "sign-up", func(m *message) { m.Request.CodeParameter = "" })},
		{"an invitation without its account", "username", brand,
			changed(t, "admin-invite", func(m *message) { m.Request.UsernameParameter = "" })},
		{"a mail that is longer than Cognito takes", "20000", longImprint, sample(t, "sign-up")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.brand, localtest.Table(t, table.Commerce))
			out, err := b.Handle(t.Context(), c.payload)
			if raw, ok := out.(json.RawMessage); err != nil || !ok || !bytes.Equal(raw, c.payload) {
				t.Errorf("the event does not come back as it was: %v, %s", err, out)
			}
			if !strings.Contains(b.log.String(), c.why) {
				t.Errorf("the log does not say %q: %s", c.why, &b.log)
			}
			if !strings.Contains(b.out.String(), `"PlainAccountMail":1`) {
				t.Errorf("not counted: %s", &b.out)
			}
		})
	}
}

func TestAPayloadOfAnotherTriggerIsAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t, brand, localtest.Table(t, table.Commerce))
	if out, err := b.Handle(t.Context(), []byte(`["not", "an", "event"]`)); err == nil {
		t.Errorf("answered %s", out)
	}
}

// Whatever a shop is called, Cognito takes the answer: its limits, its placeholders, each kind and language.
func TestCognitoTakesTheAnswerWhateverTheShopIsCalled(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("../../events/samples/account-messages/*.json")
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples", err)
	}
	commerce := localtest.Table(t, table.Commerce)
	rapid.Check(t, func(rt *rapid.T) {
		named := brand
		named.Name = rapid.StringN(1, 200, -1).Draw(rt, "name")
		file := rapid.SampledFrom(samples).Draw(rt, "sample")
		b := newBench(t, named, commerce)
		m := b.answer(sample(t, strings.TrimSuffix(filepath.Base(file), ".json")))
		got := m.Response
		for what, part := range map[string]struct {
			text string
			most int
		}{"subject": {got.EmailSubject, 140}, "mail": {got.EmailMessage, 20_000}, "text message": {got.SMSMessage, 140}} {
			if n := utf8.RuneCountInString(part.text); n == 0 || n > part.most {
				rt.Fatalf("the %s has %d characters: %q", what, n, part.text)
			}
		}
		for _, placeholder := range []string{m.Request.CodeParameter, m.Request.UsernameParameter} {
			if !strings.Contains(got.EmailMessage, placeholder) || !strings.Contains(got.SMSMessage, placeholder) {
				rt.Fatalf("no %q in %q", placeholder, got.SMSMessage)
			}
		}
	})
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	shop := map[string]string{"SHOP_NAME": "온결", "SHOP_URL": "https://shop.example.com",
		"SHOP_CONTACT": "help@example.com", "LINK_BASE": "https://api.example.com"}
	for _, c := range []struct{ name, variable, value string }{
		{"no table", "COMMERCE_TABLE", ""}, {"no name", "SHOP_NAME", ""}, {"no storefront", "SHOP_URL", ""},
		{"a color that is none", "SHOP_COLOR", "green"}, {"a zone that is none", "SHOP_TIMEZONE", "Asia/Nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set := map[string]string{}
			for name, value := range shop {
				set[name] = value
			}
			set[c.variable] = c.value
			_, err := accountmessages.New(t.Context(), apitest.Env(t, "account-messages", noon, set))
			want := strings.TrimPrefix(c.variable, "SHOP_")
			if err == nil || !strings.Contains(strings.ToUpper(err.Error()), want) {
				t.Errorf("error %v does not name %s", err, want)
			}
		})
	}
	handler, err := accountmessages.New(t.Context(), apitest.Env(t, "account-messages", noon, shop))
	if err != nil {
		t.Fatal(err)
	}
	out, err := handler.Invoke(t.Context(), sample(t, "forgot-password"))
	if err != nil || !bytes.Contains(out, []byte("Choose a new password for 온결")) {
		t.Errorf("%v: %s", err, out)
	}
}
