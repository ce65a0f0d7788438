package outreach_test

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/functions/outreach"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/service"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/promotion/store"
)

var (
	seoul = time.FixedZone("KST", 9*60*60)
	noon  = time.Date(2026, 3, 10, 12, 0, 0, 0, seoul)
)

const reader = "haneul@example.com"

// bench is the function before the real engine.
type bench struct {
	t        testing.TB
	f        *outreach.Outreach
	service  *service.Service
	clock    *clock.Movable
	guest    *apitest.Client
	merchant *apitest.Client
}

// newBench is a bench with nothing in it. wrap, when given, stands between the table and the engine.
func newBench(t testing.TB, wrap ...func(table.DB) table.DB) *bench {
	t.Helper()
	now := clock.Stopped(noon)
	shop := service.Shop{
		Name: "온결", URL: "https://shop.example.com", Contact: "help@example.com", Address: "서울특별시 성동구 왕십리로 83",
		LinkBase: "https://api.example.com", Zone: seoul, DoubleOptIn: true,
	}
	s, err := service.New(localtest.Table(t, table.Outreach, wrap...), shop, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	f := &outreach.Outreach{
		Service: s, Limits: ratelimit.Limiter{Table: s.Table, Clock: now}, Hosts: []string{"fcm.googleapis.com"},
		Promotions: store.Store{Table: localtest.Table(t, table.Commerce), Clock: now},
	}
	guest := apitest.New(t, f.API(api.Options{Clock: now, Verify: apitest.Verify}).Lambda())
	return &bench{
		t: t, f: f, service: s, clock: now, guest: guest,
		merchant: guest.As(auth.Principal{Subject: "boss", Kind: auth.Merchant}),
	}
}

func (b *bench) contact(email string) contact.Contact {
	b.t.Helper()
	c, err := b.service.Contacts.Of(b.t.Context(), email)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) sign(p tracking.Purpose, fields ...string) string {
	b.t.Helper()
	signer, err := b.service.Keys.Signer(b.t.Context(), noon)
	if err != nil {
		b.t.Fatal(err)
	}
	return signer.Sign(p, fields...)
}

// outgoing lists the mails that wait in the outbox, by template, with the target of their button.
func (b *bench) outgoing() map[string]outbox.Mail {
	b.t.Helper()
	found := map[string]outbox.Mail{}
	for _, kind := range []string{outbox.DueMail, outbox.DueMarketing} {
		err := due.Overdue(b.t.Context(), b.service.Table, kind, b.clock.Now().AddDate(1, 0, 0), func(j due.Job) error {
			var t task.Task[outbox.Mail]
			if err := b.service.Table.Get(b.t.Context(), j.Key, &t); err != nil {
				return err
			}
			found[t.Payload.Value.Template] = t.Payload.Value
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return found
}

// agree makes a reader who has consented.
func (b *bench) agree() contact.Contact {
	b.t.Helper()
	c, err := b.service.Answer(b.t.Context(), reader, consent.Change{
		Channel: compliance.Email, Action: consent.Give, At: b.clock.Now(), Source: "test", TextVersion: "1",
	}, func(c *contact.Contact) { c.Language, c.Country = "ko", "KR" })
	if err != nil {
		b.t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	return c
}

const signUp = `{"email":"haneul@example.com","language":"ko","country":"KR","source":"footer_form","textVersion":"2026-03"}`

func TestASignUpSaysWhetherItHasToBeConfirmed(t *testing.T) {
	t.Parallel()
	for doubleOptIn, want := range map[bool]string{true: "pending", false: "subscribed"} {
		b := newBench(t)
		b.service.Shop.DoubleOptIn = doubleOptIn
		got := b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(http.StatusAccepted)
		if !strings.Contains(got.Body, `"state":"`+want+`"`) {
			t.Errorf("double opt-in %t: %s", doubleOptIn, got.Body)
		}
	}
}

// Whose language is not known is written to, and reads the pages, in the shop's first.
func TestPagesAndMailsOfAPersonHaveOneLanguage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.agree()
	for language, want := range map[string]string{"": "ko", "ko": "ko", "en": "en"} {
		_, err := b.service.Contacts.ChangeID(t.Context(), c.ID, b.clock.Now(),
			func(c *contact.Contact) ([]table.Write, bool, error) { c.Language = language; return nil, false, nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := b.contact(reader).MailLanguage(); got != want {
			t.Errorf("mails to %q are in %q", language, got)
		}
		for _, path := range []string{
			"/outreach/preferences/" + b.sign(tracking.Preferences, c.ID),
			"/outreach/unsubscribe/" + b.sign(tracking.Unsubscribe, c.ID, "news", "m1"),
		} {
			if page := b.guest.Do("GET", path, nil).Want(http.StatusOK); !strings.Contains(page.Body, `<html lang="`+want+`"`) {
				t.Errorf("%s of %q: %.80s", path, language, page.Body)
			}
		}
	}
}

func TestASignUpIsConfirmedFromTheMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(http.StatusAccepted)
	if got := b.contact(reader).Consent[compliance.Email].Answer; got != compliance.Pending {
		t.Fatalf("consent is %q before it was confirmed", got)
	}
	ask, ok := b.outgoing()["consent_request"]
	if !ok {
		t.Fatal("nobody was asked to confirm")
	}
	path := strings.TrimPrefix(ask.Compose.URL, "https://api.example.com")
	b.clock.Advance(time.Hour)
	page := b.guest.Do("GET", path, nil).Want(http.StatusOK)
	if got := b.contact(reader).Consent[compliance.Email].Answer; got != compliance.Pending ||
		!strings.Contains(page.Body, `method="post"`) {
		t.Errorf("looking at the page made the consent %q", got)
	}
	b.guest.With("Content-Type", "application/x-www-form-urlencoded").Do("POST", path, "").Want(http.StatusOK)
	state := b.contact(reader).Consent[compliance.Email]
	if state.Answer != compliance.Given || !state.Confirmed.Equal(b.clock.Now()) {
		t.Errorf("after the confirmation: %+v", state)
	}
	if _, sent := b.outgoing()["consent_given"]; !sent {
		t.Error("the person was not told of the result")
	}
	proofs, err := b.service.Proofs(t.Context(), consent.ContactID(reader))
	if err != nil || len(proofs) != 2 || proofs[0].TextVersion != "2026-03" || proofs[0].AddressHash == "" {
		t.Errorf("proofs %+v, %v", proofs, err)
	}
}

func TestAnOldOrForgedConfirmationGivesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(http.StatusAccepted)
	path := strings.TrimPrefix(b.outgoing()["consent_request"].Compose.URL, "https://api.example.com")
	b.guest.Do("POST", path+"x", "").WantProblem(http.StatusNotFound, "link_invalid")
	b.guest.Do("POST", "/outreach/confirm/"+b.sign(tracking.Preferences, "a", "b", "c"),
		"").WantProblem(http.StatusNotFound, "link_invalid")
	b.clock.Advance(15 * 24 * time.Hour)
	b.guest.Do("POST", path, "").Want(http.StatusOK)
	if got := b.contact(reader).Consent[compliance.Email].Answer; got != compliance.Pending {
		t.Errorf("a link of 15 days ago made the consent %q", got)
	}
}

func TestSignUpsOfAStrangerDoNotFloodAMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 3 {
		b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(http.StatusAccepted)
		b.clock.Advance(time.Minute)
	}
	b.guest.Do("POST", "/outreach/sign-ups", signUp).WantProblem(http.StatusTooManyRequests, "too_many_attempts")
}

func TestUnsubscribeIsRFC8058(t *testing.T) {
	t.Parallel()
	multipart := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	for _, c := range []struct {
		name, contentType, body string
		left                    bool
		status                  int
	}{
		{"form", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", true, 200},
		{"form with a charset", "application/x-www-form-urlencoded; charset=utf-8", "List-Unsubscribe=One-Click", true, 200},
		{"multipart", "multipart/form-data; boundary=x", multipart, true, 200},
		{"nothing said", "application/x-www-form-urlencoded", "", false, 400},
		{"JSON", "application/json", `{"List-Unsubscribe":"One-Click"}`, false, 400},
		{"multipart without a boundary", "multipart/form-data", multipart, false, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			who := b.agree()
			path := "/outreach/unsubscribe/" + b.sign(tracking.Unsubscribe, who.ID, "cart", "m1")
			page := b.guest.Do("GET", path, nil).Want(200)
			if got := b.contact(reader).Consent[compliance.Email].Answer; got != compliance.Given ||
				!strings.Contains(page.Body, "One-Click") {
				t.Fatalf("GET made the consent %q", got)
			}
			for range 2 { // once more is the same
				b.guest.With("Content-Type", c.contentType).Do("POST", path, []byte(c.body)).Want(c.status)
			}
			if got := b.contact(reader).Consent[compliance.Email].Answer; (got == compliance.Refused) != c.left {
				t.Errorf("consent is %q", got)
			}
			if _, sent := b.outgoing()["consent_refused"]; sent != c.left {
				t.Errorf("told of the result: %t", sent)
			}
		})
	}
}

func TestForgedLinksLeadNowhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := b.agree()
	token := b.sign(tracking.Unsubscribe, who.ID, "cart", "m1")
	for _, forged := range []string{token[:len(token)-1] + "B", strings.Replace(token, ".", "..", 1), "x",
		b.sign(tracking.Why, who.ID)} {
		b.guest.With("Content-Type", "application/x-www-form-urlencoded").Do("POST", "/outreach/unsubscribe/"+forged,
			[]byte("List-Unsubscribe=One-Click")).
			WantProblem(http.StatusNotFound, "link_invalid")
	}
	if b.contact(reader).Consent[compliance.Email].Answer != compliance.Given {
		t.Error("a forged link unsubscribed somebody")
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := b.agree()
	path := "/outreach/preferences/" + b.sign(tracking.Preferences, who.ID)
	page := b.guest.Do("GET", path, nil).Want(200).Body
	if !strings.Contains(page, `name="email" value="yes" checked`) ||
		!strings.Contains(page, `name="topic" value="cart" checked`) {
		t.Errorf("page %s", page)
	}
	form := b.guest.With("Content-Type", "application/x-www-form-urlencoded")
	form.Do("POST", path, []byte("email=yes&topic=news&topic=tips&measure=yes")).Want(200)
	c := b.contact(reader)
	if c.Consent[compliance.Email].Answer != compliance.Given || len(c.TopicsOff) != len(consent.Topics)-2 ||
		c.NoTracking {
		t.Errorf("%+v", c)
	}
	b.clock.Advance(time.Minute)
	form.Do("POST", path, []byte("topic=news")).Want(200)
	c = b.contact(reader)
	if c.Consent[compliance.Email].Answer != compliance.Refused || !c.NoTracking {
		t.Errorf("after everything was switched off: %+v", c)
	}
}

// record makes the record of a mail that was sent to the reader.
func (b *bench) record(id string, links ...string) {
	b.t.Helper()
	m := outbox.Mail{
		ID: id, Kind: compliance.Marketing, To: reader, Template: "cart_reminder",
		Source:  outbox.Source{Name: "sequence:abandoned_cart", Step: "reminder"},
		Contact: consent.ContactID(reader), Topic: "cart", Basis: compliance.ReasonConsent,
		Compose: &outbox.Compose{ConsentAt: noon},
	}
	if err := b.service.Outbox.Begin(b.t.Context(), m, links, b.clock.Now()); err != nil {
		b.t.Fatal(err)
	}
	if err := b.service.Table.Transact(b.t.Context(), "",
		m.Settle(outbox.Accepted, "ses-1", "", b.clock.Now())...); err != nil {
		b.t.Fatal(err)
	}
}

const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 " +
	"Mobile/15E148 Safari/604.1"

func TestClicksOfPeopleAndMachinesAreCountedApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.record("m1", "https://shop.example.com/cart")
	link := "/outreach/links/" + b.sign(tracking.Link, "m1", "0")
	scanner := b.guest.With("User-Agent", "curl/8.5")
	for range 2 {
		a := scanner.Do("GET", link, nil).Want(http.StatusFound)
		if a.Headers.Get("Location") != "https://shop.example.com/cart" || a.Headers.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", a.Headers)
		}
	}
	b.guest.With("User-Agent", phone).Do("GET", link, nil).Want(http.StatusFound) // within seconds of the delivery
	if c := b.contact(reader); len(c.Touches) != 0 {
		t.Errorf("a machine's click is a touch: %+v", c.Touches)
	}
	b.clock.Advance(time.Minute)
	for range 2 {
		b.guest.With("User-Agent", phone).Do("GET", link, nil).Want(http.StatusFound)
	}
	b.guest.With("User-Agent", phone).Do("GET", "/outreach/opened/"+b.sign(tracking.Open, "m1"), nil).Want(200)
	b.guest.Do("GET", "/outreach/opened/forged", nil).Want(200) // a picture in any case
	report, err := b.service.Outbox.Report(t.Context(), "sequence:abandoned_cart")
	if n := report["reminder"]; err != nil || n["clicked"] != 1 || n["machine_clicked"] != 1 || n["opened"] != 1 {
		t.Errorf("counted %v, %v", n, err)
	}
	if c := b.contact(reader); len(c.Touches) != 1 || len(c.Person.Events["mail.clicked"]) == 0 {
		t.Errorf("touches %+v", c.Touches)
	}
	b.guest.Do("GET", "/outreach/links/"+b.sign(tracking.Link, "m1", "1"), nil).WantProblem(404, "link_invalid")
	b.guest.Do("GET", "/outreach/links/"+b.sign(tracking.Link, "m1", "-1"), nil).WantProblem(404, "link_invalid")
}

func TestWhyDidIGetThis(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.record("m1")
	page := b.guest.Do("GET", "/outreach/why/"+b.sign(tracking.Why, "m1"), nil).Want(200).Body
	if !strings.Contains(page, "동의하셨습니다") || !strings.Contains(page, "2026-03-10 12:00") ||
		strings.Contains(page, reader) {
		t.Errorf("page %s", page)
	}
}

const browser = `{"token":"TOKEN","endpoint":"ENDPOINT","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",` +
	`"auth":"BTBZMqHH6r4Tts7J_aSIgg"},"textVersion":"push-1"}`

func TestABrowserAgreesToPushAndLeaves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	who := b.agree()
	token := b.sign(tracking.Preferences, who.ID)
	body := func(token, endpoint string) string {
		return strings.NewReplacer("TOKEN", token, "ENDPOINT", endpoint).Replace(browser)
	}
	for _, hostile := range []string{"https://169.254.169.254/latest", "http://fcm.googleapis.com/x",
		"https://evil.example/x", "https://localhost/x"} {
		b.guest.Do("POST", "/outreach/push/subscriptions", body(token, hostile)).WantField("/endpoint")
	}
	b.guest.Do("POST", "/outreach/push/subscriptions",
		body("forged", "https://fcm.googleapis.com/fcm/send/1")).WantProblem(404, "link_invalid")
	b.guest.Do("POST", "/outreach/push/subscriptions", body(token, "https://fcm.googleapis.com/fcm/send/1")).Want(201)
	if c := b.contact(reader); len(c.Push) != 1 || c.Consent[compliance.Push].Answer != compliance.Given {
		t.Errorf("%+v", c)
	}
	b.clock.Advance(time.Minute)
	b.guest.Do("POST", "/outreach/push/unsubscribe",
		`{"token":"`+token+`","endpoint":"https://fcm.googleapis.com/fcm/send/1"}`).Want(204)
	if c := b.contact(reader); len(c.Push) != 0 || c.Consent[compliance.Push].Answer != compliance.Refused {
		t.Errorf("%+v", c)
	}
	var key struct{ PublicKey string }
	b.guest.Do("GET", "/outreach/push/key", nil).Want(200).Into(&key)
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{87}$`).MatchString(key.PublicKey) {
		t.Errorf("key %q", key.PublicKey)
	}
}

// A request that comes again is about the same browser; the person's other browser keeps the consent.
func TestABrowserThatLeavesTwiceDoesNotTakeTheConsentOfAnotherOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := b.sign(tracking.Preferences, b.agree().ID)
	for _, n := range []string{"1", "2"} {
		b.guest.Do("POST", "/outreach/push/subscriptions", strings.NewReplacer("TOKEN", token,
			"ENDPOINT", "https://fcm.googleapis.com/fcm/send/"+n).Replace(browser)).Want(201)
		b.clock.Advance(time.Minute)
	}
	leave := func(n string) {
		t.Helper()
		b.guest.Do("POST", "/outreach/push/unsubscribe",
			`{"token":"`+token+`","endpoint":"https://fcm.googleapis.com/fcm/send/`+n+`"}`).Want(204)
		b.clock.Advance(time.Minute)
	}
	for range 3 {
		leave("1")
		if c := b.contact(reader); len(c.Push) != 1 || c.Consent[compliance.Push].Answer != compliance.Given {
			t.Fatalf("browsers %d, consent %q", len(c.Push), c.Consent[compliance.Push].Answer)
		}
	}
	leave("2")
	proofs, err := b.service.Proofs(t.Context(), b.contact(reader).ID)
	leave("2")
	again, err2 := b.service.Proofs(t.Context(), b.contact(reader).ID)
	if c := b.contact(reader); len(c.Push) != 0 || c.Consent[compliance.Push].Answer != compliance.Refused ||
		len(again) != len(proofs) || err != nil || err2 != nil {
		t.Errorf("%+v, %d and %d proofs, %v, %v", c.Push, len(proofs), len(again), err, err2)
	}
}

func TestOnlyMerchantsPlanCampaigns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, who := range []*apitest.Client{b.guest, b.guest.As(auth.Principal{Subject: "ann", Kind: auth.Customer}),
		b.guest.As(auth.Principal{Subject: "bo", Kind: auth.Agent})} {
		if got := who.Do("POST", "/outreach/campaigns", plan).Status; got != 401 && got != 403 {
			t.Errorf("status %d", got)
		}
	}
}

const plan = `{"name":"Spring","topic":"offers","local":"2026-03-11T10:00","by":"shop","maxLatenessMinutes":120,"url":"https://shop.example.com/spring",` +
	`"variants":[{"id":"a","texts":{"ko":{"subject":"봄","heading":"봄","body":["봄입니다."],"button":"보기"},` +
	`"en":{"subject":"Spring","heading":"Spring","body":["It is spring."],"button":"See"}}}]}`

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for old, c := range map[string]struct{ new, pointer string }{
		`https://shop.example.com/spring`: {"https://evil.example/", "/url"},
		`"subject":"봄"`:                   {`"subject":"(광고) 봄"`, "/variants/0/texts/ko/subject"},
		`2026-03-11T10:00`:                {"2026-13-45T10:00", "/local"},
		`"topic":"offers"`:                {`"topic":"offers","test":{"percent":10,"hours":2}`, "/test"},
		`"name":"Spring"`: {`"name":"Spring","audience":{"event":{"type":"mail.opened","atLeast":1}}`,
			"/audience/event/type"},
	} {
		b.merchant.Do("POST", "/outreach/campaigns", strings.Replace(plan, old, c.new, 1)).WantField(c.pointer)
	}
	b.merchant.Do("POST", "/outreach/campaigns", strings.Replace(plan, "2026-03-11", "2026-03-01", 1)).Want(201)
}

func TestADryRunOfACampaignSaysWhoAndWhyAndWritesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	if _, err := b.service.Contacts.Change(t.Context(), "nobody@example.com", noon,
		func(*contact.Contact) ([]table.Write, bool, error) {
			return nil, false, nil
		}); err != nil {
		t.Fatal(err)
	}
	var made struct{ ID string }
	b.merchant.Do("POST", "/outreach/campaigns", plan).Want(201).Into(&made)
	before := len(b.outgoing())
	var first, second service.DryRun
	b.merchant.Do("POST", "/outreach/campaigns/"+made.ID+"/dry-run", "").Want(200).Into(&first)
	b.merchant.Do("POST", "/outreach/campaigns/"+made.ID+"/dry-run", "").Want(200).Into(&second)
	if first.People != 2 || first.Mails != 1 || first.Reasons["consent"] != 1 || first.Reasons["no_consent"] != 1 ||
		len(b.outgoing()) != before {
		t.Errorf("%+v", first)
	}
	if len(second.Sample) != len(first.Sample) || second.Mails != first.Mails || first.Sample[0] != second.Sample[0] {
		t.Errorf("the second answer is %+v", second)
	}
	for _, m := range first.Sample {
		if m.Reason == "consent" && m.Subject != "(광고) 봄" {
			t.Errorf("subject %q", m.Subject)
		}
	}
}

func TestADryRunOfASeries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	var got struct {
		Entered  string
		Messages []service.DryRunStep
	}
	b.merchant.Do("POST", "/outreach/sequences/abandoned_cart/dry-run",
		`{"email":"haneul@example.com"}`).Want(200).Into(&got)
	if got.Entered != "" || len(got.Messages) != 3 || !got.Messages[0].Allowed && got.Messages[0].Reason != "holdout" {
		t.Errorf("%+v", got)
	}
	b.merchant.Do("POST", "/outreach/sequences/no_such/dry-run", `{"email":"haneul@example.com"}`).WantProblem(404,
		"sequence_not_found")
}

func TestImportedConsentsNeedProof(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var got struct {
		Imported int
		Refused  []string
	}
	b.merchant.Do("POST", "/outreach/consents/import", `{"consents":[
		{"email":"a@example.com","at":"2025-06-01T12:00:00+09:00","source":"old shop","textVersion":"3"},
		{"email":"b@example.com","at":"2025-06-01T12:00:00+09:00","source":"","textVersion":"3"},
		{"email":"no address","at":"2025-06-01T12:00:00+09:00","source":"x","textVersion":"3"},
		{"email":"c@example.com","at":"2027-06-01T12:00:00+09:00","source":"x","textVersion":"3"}]}`).Want(200).Into(&got)
	if got.Imported != 1 || len(got.Refused) != 3 ||
		b.contact("a@example.com").Consent[compliance.Email].Answer != compliance.Given {
		t.Errorf("%+v", got)
	}
}

func TestOutreachSamples(t *testing.T) {
	t.Parallel()
	handler, err := outreach.New(t.Context(), apitest.Env(t, "outreach", noon, map[string]string{
		"LINK_BASE": "https://api.example.com", "SHOP_NAME": "온결", "SHOP_URL": "https://shop.example.com",
		"SHOP_CONTACT": "help@example.com",
	}))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "outreach", map[string]int{"sign-up": 202, "unsubscribe-forged": 404})
}
