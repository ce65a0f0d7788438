package outreach_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/tracking"
)

// pushed is a push message that the reader was sent.
func (b *bench) pushed(id string) {
	b.t.Helper()
	m := outbox.Mail{
		ID: id, Kind: compliance.Marketing, Channel: compliance.Push, To: reader, Template: "cart_reminder",
		Source: outbox.Source{Name: "sequence:abandoned_cart", Step: "push_reminder"}, Contact: consent.ContactID(reader),
		Topic: "cart", Basis: compliance.ReasonConsent,
	}
	if err := b.service.Table.Transact(b.t.Context(), "",
		m.Settle(outbox.Accepted, "", "", b.clock.Now())...); err != nil {
		b.t.Fatal(err)
	}
}

// clicked is how many clicks are counted.
func (b *bench) clicked() int {
	b.t.Helper()
	report, err := b.service.Outbox.Report(b.t.Context(), "sequence:abandoned_cart")
	if err != nil {
		b.t.Fatal(err)
	}
	return report["push_reminder"][outbox.CountClicked]
}

func TestADoubleClickOnANotificationIsOneClick(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.pushed("p1")
	token := b.sign(tracking.PushClick, "p1")
	var clicks sync.WaitGroup
	for range 4 {
		clicks.Go(func() {
			b.guest.Do("POST", "/outreach/push/clicks", `{"token":"`+token+`"}`).Want(http.StatusNoContent)
		})
	}
	clicks.Wait()
	if n := b.clicked(); n != 1 {
		t.Errorf("%d clicks are counted", n)
	}
	if c := b.contact(reader); len(c.Touches) != 1 || len(c.Person.Events["push.clicked"]) != 1 {
		t.Errorf("touches %+v, events %v", c.Touches, c.Person.Events)
	}
}

// Only the browser that showed the message has its token, and no other token of the shop counts as one.
func TestClicksThatNoNotificationMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.pushed("p1")
	good := b.sign(tracking.PushClick, "p1")
	for name, token := range map[string]string{
		"no token":                "",
		"no token of ours":        "k1.cDE.AAAAAAAAAAAAAAAAAAAAAA",
		"a token for a link":      b.sign(tracking.Link, "p1", "0"),
		"a token for the picture": b.sign(tracking.Open, "p1"),
		"the token of the page":   b.sign(tracking.Why, "p1"),
		"one letter changed":      good[:len(good)-1] + map[bool]string{true: "B", false: "A"}[good[len(good)-1] == 'A'],
		"cut":                     good[:len(good)-4],
		"with more behind it":     good + ".x",
		"of a key that is none":   "zz" + good[strings.Index(good, "."):],
		"very long":               strings.Repeat("a", 513),
	} {
		got := b.guest.Do("POST", "/outreach/push/clicks", `{"token":"`+token+`"}`)
		if got.Status != http.StatusNotFound && got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	if n := b.clicked(); n != 0 {
		t.Errorf("%d clicks are counted", n)
	}
	// A message that is no longer kept is no fault of the browser.
	b.guest.Do("POST", "/outreach/push/clicks", `{"token":"`+b.sign(tracking.PushClick, "gone")+`"}`).
		Want(http.StatusNoContent)
}

// Texts of strangers and authors become headers of mails: a line break would add one.
func TestNoHeaderCanBePutIntoAMailThroughAnAddressOrAText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, body string }{
		"the address of a sign-up": {"/outreach/sign-ups", strings.Replace(signUp, "haneul@example.com",
			`a@example.com\r\nBcc: victims@example.com`, 1)},
		"two addresses": {"/outreach/sign-ups",
			strings.Replace(signUp, "haneul@example.com", "a@example.com,b@example.com", 1)},
		"a name around an address": {"/outreach/sign-ups",
			strings.Replace(signUp, "haneul@example.com", "A <a@example.com>", 1)},
		"an address SES cannot use": {"/outreach/sign-ups", strings.Replace(signUp, "haneul@example.com",
			"하늘@example.com", 1)},
	} {
		b := newBench(t)
		got := b.guest.Do("POST", c.path, c.body)
		if got.Status < 400 || got.Status >= 500 || len(b.outgoing()) != 0 {
			t.Errorf("%s: %d %s, mails %v", name, got.Status, got.Body, b.outgoing())
		}
	}
}
