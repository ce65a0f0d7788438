package subscriptions

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/platform/civil"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// asked is a subscription for which a price is asked about.
func asked(kind compliance.ConsentKind, region string, silence subscription.Silence, language string,
	minimum int) *service.Record {
	r := &service.Record{Contact: service.Contact{Language: language}}
	r.Sub = subscription.Subscription{
		ID: "sub_1", Region: region, State: subscription.Active,
		Anchor: subscription.AnchorOn("2027-03-01", "Asia/Seoul"),
		Terms: subscription.Terms{
			Kind: subscription.Membership, Interval: subscription.Every(1, subscription.Month), Currency: "KRW", Price: 10_000,
			Quantity: 1, Prepaid: 1, MinCycles: minimum, Policy: subscription.Policy{Silence: silence, ConsentDays: []int{14}},
		},
		Span: subscription.Span{
			Kind: subscription.SpanPaid, Opens: "2027-03-01", Closes: "2027-04-01",
			End: civil.Date("2027-04-01").Start(time.UTC),
		},
		Cycles: 1,
		ConsentRequest: &subscription.ConsentRequest{
			ID: "q", Kind: kind, On: "2027-04-01", New: 12_000, Required: compliance.ConsentRuleFor(region).Required,
		},
	}
	r.Sub.Due = r.Sub.Span.End
	return r
}

// TestTheConsentNoticeSaysWhatTheDecisionIs is the table of what an answer, and none, lead to: by country and plan.
func TestTheConsentNoticeSaysWhatTheDecisionIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 10, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind    compliance.ConsentKind
		region  string
		silence subscription.Silence
		en, ko  string
		not     string
	}{
		{compliance.TrialTurnsPaid, "KR", subscription.KeepTerms, "Without your consent nothing is charged",
			"동의하지 않으면 결제되지 않고", "If you do not answer"},
		{compliance.TrialTurnsPaid, "US", subscription.KeepTerms, "If you do not answer, the price is charged",
			"답하지 않으면 체험이 끝날 때 결제", "Without your consent"},
		{compliance.PriceRises, "KR", subscription.KeepTerms, "Without your consent the present price stays", "지금 가격이 그대로",
			"If you do not answer"},
		{compliance.PriceRises, "KR", subscription.EndsAll, "the subscription ends on that day", "그날 구독이 종료",
			"present price stays"},
		{compliance.PriceRises, "US", subscription.KeepTerms, "If you do not answer, the new price is charged",
			"답하지 않으면 새 가격이 결제", "Without your consent"},
		{compliance.PriceRises, "DE", subscription.EndsAll, "the subscription ends on that day", "그날 구독이 종료",
			"present price stays"},
	} {
		for language, want := range map[string]string{"en": c.en, "ko": c.ko} {
			n, ok := noticeOf(asked(c.kind, c.region, c.silence, language, 0), now)
			if !ok || !strings.Contains(n.Effect, want) || strings.Contains(n.Effect, c.not) {
				t.Errorf("%s in %s, %s: %q, want %q and not %q", c.kind, c.region, language, n.Effect, want, c.not)
			}
		}
	}
	bound, _ := noticeOf(asked(compliance.PriceRises, "KR", subscription.KeepTerms, "en", 3), now)
	if !strings.Contains(bound.Cancel, "until 2027-05-31") {
		t.Errorf("a minimum term is left out of %q", bound.Cancel)
	}
	free, _ := noticeOf(asked(compliance.PriceRises, "KR", subscription.KeepTerms, "en", 0), now)
	if strings.Contains(free.Cancel, "minimum") {
		t.Errorf("a minimum term that is none: %q", free.Cancel)
	}
}
