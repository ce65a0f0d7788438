package runner_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/system"
)

// subjectOf is the subject that the log-in page gives an address.
func subjectOf(email string) string {
	sum := sha256.Sum256([]byte(email))
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// unpaid is a subscriber whose renewal was not paid with the card, and the link of the mail about it.
func (s *shop) unpaid(t *testing.T, card string) (email, link string) {
	t.Helper()
	email = system.Unique("dora") + "@example.com"
	dora := s.As(subjectOf(email))
	made := s.Do(dora.With("Idempotency-Key", system.Unique("key-for-the-subscription")), "POST", "/subscriptions",
		map[string]any{
			"planId": s.Plan(nil), "currency": "KRW", "paymentMethod": card, "region": "KR", "zone": "Asia/Seoul",
			"language": "ko", "email": email, "returnUrl": s.Address() + "/docs",
		})
	if made.Status == http.StatusAccepted {
		system.Approve(t, made.Field(t, "payment.redirectUrl"))
		s.Do(dora, "POST", "/subscriptions/"+made.Field(t, "id")+"/confirm", nil)
	}
	s.AdvanceBy(32 * 24 * time.Hour)
	for _, m := range s.Mail().Messages(email) {
		if at := strings.Index(m.Text, s.Address()+"/console/pay/index.html#"); at >= 0 {
			link, _, _ = strings.Cut(m.Text[at:], "\n")
			return email, strings.TrimSpace(link)
		}
	}
	t.Fatalf("no mail leads to the page that pays: %q", s.Subjects(email))
	return "", ""
}

func TestTheLinkInAMailAboutAnUnpaidSubscriptionOpensThePageThatPaysIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, card := range map[string]string{
		"the bank wants the cardholder": "pm_card_authenticationRequired",
		"the card is declined":          "pm_card_chargeCustomerFail",
	} {
		_, link := s.unpaid(t, card)
		answer, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s answers %s, %s", name, link, answer.Status, answer.Header.Get("Content-Type"))
		}
		if _, id, _ := strings.Cut(link, "#"); !strings.HasPrefix(id, "sub_") {
			t.Errorf("%s: the link names no subscription: %s", name, link)
		}
	}
}
