package outreach_test

import (
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/mail/texts"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

// A database that does not answer is no fault of a row: the merchant sends the list again and is told nothing of it.
func TestAnImportThatCannotBeStoredRefusesNoRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	down := fault.New(fault.Plan{N: 1, Times: fault.Forever, Mode: fault.Fails})
	b.service.Contacts.Table = localtest.Table(t, table.Outreach, down.DB)
	got := b.merchant.Do("POST", "/outreach/consents/import", `{"consents":[
		{"email":"a@example.com","at":"2025-06-01T12:00:00+09:00","source":"old shop","textVersion":"3"}]}`)
	if got.Status < 500 || strings.Contains(got.Body, "refused") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestAnImportBringsNothingBackOfSomebodyWhoWasErased(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	if err := b.service.Erase(t.Context(), reader); err != nil {
		t.Fatal(err)
	}
	b.merchant.Do("POST", "/outreach/consents/import", `{"consents":[{"email":"`+reader+`","language":"en",
		"at":"2025-06-01T12:00:00+09:00","source":"old shop","textVersion":"3"}]}`).Want(200)
	if c := b.contact(reader); c.Language != "" || c.Email != "" || c.ErasedAt.IsZero() {
		t.Errorf("%+v", c)
	}
}

// A link of which nothing is asked any more, for example since its owner was erased and has come back, says so.
func TestAConfirmationThatChangesNothingIsNotSaidToCount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := b.clock.Now()
	_, err := b.service.Contacts.Change(t.Context(), reader, now,
		func(*contact.Contact) ([]table.Write, bool, error) { return nil, false, nil })
	if err != nil {
		t.Fatal(err)
	}
	page := b.guest.Do("POST", "/outreach/confirm/"+b.sign(tracking.Confirm, consent.ContactID(reader), "email",
		now.Format(time.RFC3339)), nil).Want(200).Body
	catalog, err := texts.Of("ko")
	if err != nil {
		t.Fatal(err)
	}
	want, err := catalog.Text("pages.not_confirmed")
	if err != nil || !strings.Contains(page, want) || b.contact(reader).Consent[compliance.Email].Answer != "" {
		t.Errorf("%v, page %s", err, page)
	}
}

func TestALinkFromBeforeARefusalGivesNothingAfterTheAddressWasTypedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	confirm := func() string {
		return strings.TrimPrefix(b.outgoing()["consent_request"].Compose.URL, "https://api.example.com")
	}
	b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(202)
	old := confirm()
	b.clock.Advance(time.Hour)
	_, err := b.service.AnswerID(t.Context(), consent.ContactID(reader), consent.Change{Channel: compliance.Email,
		Action: consent.Refuse, At: b.clock.Now(), Source: "one_click", TextVersion: "one_click"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Hour)
	b.guest.Do("POST", "/outreach/sign-ups", signUp).Want(202)
	b.clock.Advance(time.Minute)
	b.guest.Do("POST", old, "").Want(200)
	if got := b.contact(reader).Consent[compliance.Email].Answer; got != compliance.Pending {
		t.Errorf("the old link made the consent %q", got)
	}
}
