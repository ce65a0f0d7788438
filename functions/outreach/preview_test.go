package outreach_test

import (
	"net/http"
	"strings"
	"testing"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/platform/auth"
)

func TestAPreviewIsWhatThePersonWouldGet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	step := map[string]any{"sequence": "win_back", "step": "with_code", "email": reader}
	got := b.merchant.Do("POST", "/outreach/previews", step).Want(http.StatusOK)
	for _, want := range []string{`"subject":"(광고) 다시 오시는 길에`, `"language":"ko"`, `"allowed":true`, `"coupon":true`} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("no %s in %s", want, got.Body)
		}
	}
	step["email"] = "nobody@example.com"
	if got := b.merchant.Do("POST", "/outreach/previews", step).Want(http.StatusOK).Body; !strings.Contains(got,
		`"allowed":false,"reason":"no_consent"`) && !strings.Contains(got, `"reason":"no_consent"`) {
		t.Errorf("of somebody who has not agreed: %s", got)
	}
	if out := b.outgoing(); len(out) > 1 { // the notice of the consent
		t.Errorf("a preview sends %v", out)
	}
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"no such series": {map[string]any{"sequence": "x", "step": "y", "email": reader}, 404, "sequence_not_found"},
		"a step that waits": {map[string]any{"sequence": "win_back", "step": "a_month", "email": reader}, 404,
			"step_not_found"},
		"no such campaign": {map[string]any{"campaign": "x", "email": reader}, 404, "campaign_not_found"},
		"neither":          {map[string]any{"email": reader}, 422, "invalid_request"},
	} {
		a := b.merchant.Do("POST", "/outreach/previews", c.body)
		if a.Status != c.status || !strings.Contains(a.Body, c.code) && c.status == 404 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	b.guest.Do("POST", "/outreach/previews", step).Want(http.StatusUnauthorized)
}

func TestATestSendGoesToTheCallerOnlyAndIsNoAdvertising(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	step := map[string]any{"sequence": "abandoned_cart", "step": "reminder", "email": reader}
	boss := b.guest.As(auth.Principal{Subject: "boss", Kind: auth.Merchant, Email: "boss@shop.example.com"})
	boss.Do("POST", "/outreach/previews/send", step).Want(http.StatusAccepted)
	m := b.outgoing()["cart_reminder"]
	if m.To != "boss@shop.example.com" || !m.Test || m.Kind != compliance.Transactional || m.Contact != "" ||
		m.DueKind() != outbox.DueMail || !m.Compose.Plain || !strings.HasPrefix(m.Compose.Texts.Subject, "[Test] (광고) ") {
		t.Errorf("%+v %+v", m, m.Compose)
	}
	if c := b.contact(reader); len(c.Recent) != 0 {
		t.Error("it counts for the cap of the customer")
	}
	// A token without an address names nobody to send to.
	b.merchant.Do("POST", "/outreach/previews/send", step).Want(http.StatusUnprocessableEntity)
	boss.Do("POST", "/outreach/previews/send", map[string]any{"sequence": "abandoned_cart", "step": "push_reminder",
		"email": reader}).Want(http.StatusUnprocessableEntity)
}

func TestASignUpOfAStrangerChangesNothingThatThePersonHasChosen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	stranger := `{"email":"` + reader + `","language":"en","country":"US","zone":"Pacific/Niue","birthday":"01-01",` +
		`"source":"footer_form","textVersion":"1","topicsOff":["news","offers","cart"]}`
	b.guest.Do("POST", "/outreach/sign-ups", stranger).Want(http.StatusAccepted)
	c := b.contact(reader)
	if c.Language != "ko" || c.Country != "KR" || len(c.TopicsOff) != 0 || c.Consent[compliance.Email].Answer !=
		compliance.Given {
		t.Errorf("a stranger made the contact %+v", c)
	}
	for _, birthday := range []string{"02-30", "13-01", "00-10", "1-1"} {
		b.guest.Do("POST", "/outreach/sign-ups", strings.Replace(stranger, "01-01", birthday, 1)).
			Want(http.StatusUnprocessableEntity)
	}
}
