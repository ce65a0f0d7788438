package service_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

// What was sent to somebody, and on what ground, can be looked up for push messages as for mails.
func TestAPushMessageIsListedWithItsReasonLikeAMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		browser string
		latest  time.Duration
		state   outbox.State
		reason  string
		listed  bool // for the merchant
	}{
		"sent":                  {"201", time.Hour, outbox.Accepted, string(compliance.ReasonConsent), false},
		"refused for good":      {"413", time.Hour, outbox.Rejected, "the push service answered 413", true},
		"without an answer":     {"lost", time.Hour, outbox.Unknown, "", true},
		"every browser is gone": {"410", time.Hour, outbox.Withheld, "no_browser", false},
		"too late":              {"201", -time.Second, outbox.Withheld, "too_late", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPushes(t)
			p.browsers(c.browser)
			p.clock.Advance(time.Minute)
			p.send(compliance.Marketing, c.latest)
			cards, _, err := p.Outbox.SentTo(t.Context(), person, 10, "")
			if err != nil || len(cards) != 1 {
				t.Fatalf("listed %+v, %v", cards, err)
			}
			got := cards[0]
			if got.Channel != compliance.Push || got.State != c.state || c.reason != "" && got.Reason != c.reason {
				t.Errorf("listed as %+v, want %s because of %q", got, c.state, c.reason)
			}
			failures, _, err := p.Outbox.Failures(t.Context(), 10, "")
			if err != nil || (len(failures) == 1) != c.listed {
				t.Errorf("failures %+v, %v", failures, err)
			}
		})
	}
}

// The rate of bounces is that of mails; push messages must not make it look smaller.
func TestPushMessagesDoNotCountForTheReputationOfTheMailSender(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	p.browsers("201")
	p.send(compliance.Marketing, time.Hour)
	if health, err := p.Outbox.Health(t.Context(), p.clock.Now()); err != nil || health.Sent != 0 {
		t.Errorf("%+v, %v", health, err)
	}
}

// A purchase stops what waits in the outbox, on every channel.
func TestAPushMessageThatWasStoppedIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	p.browsers("201")
	if err := p.Table.Transact(t.Context(), "", outbox.StopWrite("push_1", p.clock.Now())); err != nil {
		t.Fatal(err)
	}
	got := p.send(compliance.Marketing, time.Hour)
	if len(p.asked) != 0 || len(got) != 1 || got[outbox.CountCanceled] != 1 {
		t.Errorf("asked %q, counted %v", p.asked, got)
	}
}

// clickOf is the token that came with a message; ok is false without one.
func (p *pushes) clickOf(t *testing.T) (token string, ok bool) {
	t.Helper()
	var shown struct {
		URL   string
		Click *struct{ URL, Token string }
	}
	if len(p.shown) != 1 || json.Unmarshal([]byte(p.shown[0]), &shown) != nil {
		t.Fatalf("shown %q", p.shown)
	}
	if shown.Click == nil {
		return "", false
	}
	if shown.Click.URL != p.Shop.LinkBase+"/outreach/push/clicks" {
		t.Errorf("clicks go to %s", shown.Click.URL)
	}
	return shown.Click.Token, true
}

func TestAClickOnANotificationCountsOnceAndForTheOrderOfTheNextDay(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	p.browsers("201", "201")
	p.clock.Advance(time.Minute)
	p.send(compliance.Marketing, time.Hour)
	p.shown = p.shown[:1] // both browsers get the same
	token, ok := p.clickOf(t)
	signer, err := p.Keys.Signer(t.Context(), p.clock.Now())
	if err != nil || !ok {
		t.Fatal(err, p.shown)
	}
	fields, err := signer.Verify(tracking.PushClick, token, 1)
	if err != nil {
		t.Fatal(err)
	}
	// A second browser shows it too, and a double click asks twice at the same time.
	var clicks errgroup.Group
	for range 4 {
		clicks.Go(func() error { return p.PushClick(t.Context(), fields[0]) })
	}
	if err := clicks.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := p.counted(); got[outbox.CountClicked] != 1 || got[outbox.CountSent] != 1 {
		t.Errorf("counted %v", got)
	}
	c, err := p.Contacts.Of(t.Context(), person)
	if err != nil || len(c.Touches) != 1 || c.Touches[0].Kind != attribution.PushClick {
		t.Fatalf("touches %+v, %v", c.Touches, err)
	}
	if n := len(c.Person.Events["push.clicked"]); n != 1 {
		t.Errorf("%d clicks in the profile: %v", n, c.Person.Events)
	}
	for after, want := range map[time.Duration]bool{23 * time.Hour: true, 25 * time.Hour: false} {
		_, counts := attribution.LastTouch(c.Touches, c.Touches[0].At.Add(after), attribution.DefaultWindows)
		if counts != want {
			t.Errorf("an order after %s counts: %t", after, counts)
		}
	}
}

func TestWhoIsNotMeasuredGetsANotificationWithoutATokenForTheClick(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	p.browsers("201")
	p.clock.Advance(time.Minute)
	_, err := p.Contacts.ChangeID(t.Context(), consent.ContactID(person), p.clock.Now(),
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.NoTracking = true
			return nil, false, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	p.send(compliance.Marketing, time.Hour)
	if _, ok := p.clickOf(t); ok {
		t.Error("the click would be measured")
	}
}

// A click may come long after the message: the record is gone, or the person is.
func TestAClickOnAMessageThatIsForgottenIsNoError(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	if err := p.PushClick(t.Context(), "gone"); err != nil {
		t.Error(err)
	}
	p.browsers("201")
	p.clock.Advance(time.Minute)
	p.send(compliance.Marketing, time.Hour)
	if err := p.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if err := p.PushClick(t.Context(), "push_1"); err != nil {
		t.Error(err)
	}
	if c, err := p.Contacts.Of(t.Context(), person); err != nil || len(c.Touches) != 0 || slices.Contains(p.asked, "") {
		t.Errorf("%+v, %v", c.Touches, err)
	}
}

func TestAPushMessageThatFailedIsSentAgainWhenAPersonDecidesSo(t *testing.T) {
	t.Parallel()
	p := newPushes(t)
	p.browsers("413")
	p.clock.Advance(time.Minute)
	p.send(compliance.Marketing, time.Hour)
	again, err := p.Resend(t.Context(), "push_1")
	if err != nil || again != "push_1-again" {
		t.Fatal(again, err)
	}
	if failures, _, err := p.Outbox.Failures(t.Context(), 10, ""); err != nil || len(failures) != 0 {
		t.Errorf("still listed: %+v, %v", failures, err)
	}
	p.browsers("201")
	if got := p.worked(); got[outbox.CountSent] != 1 || got[outbox.CountRejected] != 0 {
		t.Errorf("counted %v", got)
	}
	if _, err := p.Resend(t.Context(), again); err == nil {
		t.Error("a message that was taken is sent again")
	}
}
