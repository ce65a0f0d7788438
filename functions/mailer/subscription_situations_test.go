package mailer

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/shared/mail"
	"dangol/shared/mail/texts"
	"dangol/shared/payment"
	"dangol/shared/subscription"
)

const (
	member   = subscription.Membership
	parcels  = subscription.Replenishment
	noCharge = "결제되지 않"
)

// situations are what a subscriber can be in, where, and the text that is true there. Each is played through the rules:
// the last notice of the kind is looked at.
var situations = []struct {
	name         string
	region, zone string
	plan         subscription.Plan
	start        func(*subscription.Start)
	first        payment.Kind // how the first charge fails
	play         func(*life)
	kind         subscription.NoticeKind
	text         string   // the key below notices that has to be chosen
	en, ko       []string // what the mail says in English and in Korean
	not          []string // what neither may say
	sent         int      // how many notices of the kind there are; 0 for any
}{
	{name: "Korea, a trial that nobody answers: three requests, the last one says so, nothing is charged", region: "KR",
		plan: planOf(member, trial(30)), play: func(l *life) { l.days(29) }, kind: subscription.NoticeConsent, sent: 3,
		text: "consent_request-trial_last", en: []string{"last reminder", "nothing is charged", "9 April 2027"},
		ko: []string{"마지막 안내", "2027년 4월 9일", noCharge}},
	{name: "Korea, a trial, the first request", region: "KR", plan: planOf(member, trial(30)),
		play: func(l *life) { l.days(20) }, kind: subscription.NoticeConsent, text: "consent_request-trial",
		en: []string{"explicit consent", "nothing is charged"}, ko: []string{"명시적인 동의"}, not: []string{"last reminder"}},
	{name: "USA, a silent trial is charged: it is announced once and no consent is asked for", region: "US",
		zone: "America/New_York", plan: planOf(member, trial(30)), play: func(l *life) { l.days(29) },
		kind: subscription.NoticeTrialEnding, sent: 1, text: "trial_ending",
		en: []string{"is charged without a further question", "₩10,000", "8 April 2027"},
		ko: []string{"따로 답하지 않아도 결제됩니다"}, not: []string{"consent", "nothing is charged", "동의"}},
	{name: "USA, a trial whose first month is paid by credit", region: "US", zone: "America/New_York",
		plan: planOf(member, trial(30)), start: withCredit(10_000), play: func(l *life) { l.days(29) },
		kind: subscription.NoticeTrialEnding, text: "trial_ending-credit", en: []string{"so nothing is charged"},
		ko: []string{"적립금"}, not: []string{"₩10,000"}},
	{name: "USA, a plan that always asks: consent is needed there too", region: "US", zone: "America/New_York",
		plan: planOf(member, trial(30), func(p *subscription.Plan) { p.Policy.AlwaysAskConsent = true }),
		play: func(l *life) { l.days(20) }, kind: subscription.NoticeConsent, text: "consent_request-trial",
		en: []string{"explicit consent"},
		ko: []string{"명시적인 동의", "아무것도 결제되지 않고"}},
	{name: "Korea, a price rise that stays out without consent", region: "KR", plan: planOf(member),
		play: func(l *life) { l.propose(); l.days(20) }, kind: subscription.NoticeConsent, text: "consent_request-keep",
		en: []string{"Without it the present price stays", "₩12,000", "Present amount: ₩10,000"},
		ko: []string{"지금 가격이 그대로 유지"}, not: []string{"ends", "종료"}},
	{name: "Korea, a price rise, the last reminder", region: "KR", plan: planOf(member),
		play: func(l *life) { l.propose(); l.days(30) }, kind: subscription.NoticeConsent, sent: 3,
		text: "consent_request-keep_last", en: []string{"last reminder", "the present price stays"},
		ko: []string{"마지막 안내", "지금 가격이 그대로 유지"}},
	{name: "Korea, a price rise that ends the subscription without consent", region: "KR", plan: planOf(member, endsAll),
		play: func(l *life) { l.propose(); l.days(20) }, kind: subscription.NoticeConsent, text: "consent_request-end",
		en: []string{"the subscription ends on that day"}, ko: []string{"그날 구독이 종료"}},
	{name: "Korea, a price rise that ends it, the last reminder", region: "KR", plan: planOf(member, endsAll),
		play: func(l *life) { l.propose(); l.days(30) }, kind: subscription.NoticeConsent, text: "consent_request-end_last",
		en: []string{"last reminder", "the subscription ends"}, ko: []string{"마지막 안내"}},
	{name: "USA, a price rise is announced once; silence lets it begin", region: "US", zone: "America/New_York",
		plan: planOf(member), play: func(l *life) { l.propose(); l.days(30) }, kind: subscription.NoticePriceChange, sent: 1,
		text: "price_change-keep", en: []string{"You need not do anything", "₩12,000", "the present price stays"},
		ko: []string{"거부하면 지금 가격이 유지"}, not: []string{"explicit", "명시적"}},
	{name: "Germany, a price rise of a plan that ends for those who refuse", region: "DE", zone: "Europe/Berlin",
		plan: planOf(member, endsAll), play: func(l *life) { l.propose(); l.days(30) }, kind: subscription.NoticePriceChange,
		sent: 1, text: "price_change-end", en: []string{"the subscription ends on that day"},
		ko: []string{"거부하면 그날 구독이 종료"}},
	{name: "USA, the renewal with the new price tells the new amount", region: "US", zone: "America/New_York",
		plan: planOf(member), play: func(l *life) { l.propose(); l.days(30) }, kind: subscription.NoticeRenewal,
		text: "renewal", en: []string{"Amount: ₩12,000"}, not: []string{"₩10,000"},
		ko: []string{"결제 금액: ₩12,000"}},
	{name: "a renewal", region: "KR", plan: planOf(member), play: func(l *life) { l.days(29) },
		kind: subscription.NoticeRenewal, sent: 1, text: "renewal",
		en: []string{"on 10 April 2027", "You can change or cancel"}, ko: []string{"2027년 4월 10일에"}},
	{name: "a renewal that account credit covers", region: "KR", plan: planOf(member), start: withCredit(20_000),
		play: func(l *life) { l.days(29) }, kind: subscription.NoticeRenewal, text: "renewal-credit",
		en: []string{"so nothing is charged"}, not: []string{"결제 금액:", "Amount:"},
		ko: []string{"적립금으로 모두 처리", "결제되는 금액이 없습니다"}},
	{name: "a renewal that account credit covers in part", region: "KR", plan: planOf(member), start: withCredit(14_000),
		play: func(l *life) { l.days(29) }, kind: subscription.NoticeRenewal, text: "renewal",
		en: []string{"Amount: ₩6,000"},
		ko: []string{"결제 금액: ₩6,000"}},
	{name: "a charge within the minimum term cannot be avoided", region: "KR", plan: planOf(member, minimum(3)),
		play: func(l *life) { l.days(29) }, kind: subscription.NoticeRenewal, text: "renewal-minimum_term",
		en: []string{"even if you cancel"}, ko: []string{"해지하더라도 결제"}, not: []string{"You can change or cancel"}},
	{name: "a renewal that would end for want of consent is not announced", region: "KR", plan: planOf(member, endsAll),
		play: func(l *life) {
			l.propose()
			l.days(29)
			l.notices = append(l.notices, subscription.Notice{Kind: subscription.NoticeRecovered})
			if slices.ContainsFunc(l.notices, func(n subscription.Notice) bool { return n.Kind == subscription.NoticeRenewal }) {
				l.t.Error("the renewal is announced although it will end")
			}
		}, kind: subscription.NoticeRecovered, text: "recovered",
		en: []string{"what was unpaid has been paid"},
		ko: []string{"밀린 구독료가 결제"}},
	{name: "canceled: what is paid runs on", region: "KR", plan: planOf(member),
		play: func(l *life) { l.days(5); l.do(subscription.Cancel{}) }, kind: subscription.NoticeCanceled, text: "canceled",
		en: []string{"until 9 April 2027", "nothing more is charged"}, ko: []string{"2027년 4월 9일까지"},
		not: []string{"10 April"}},
	{name: "canceled in the trial", region: "US", zone: "America/New_York", plan: planOf(member, trial(14)),
		play: func(l *life) { l.do(subscription.Cancel{}) }, kind: subscription.NoticeCanceled, text: "canceled-trial",
		en: []string{"nothing is charged", "until 22 March 2027"},
		ko: []string{"2027년 3월 22일까지", "아무것도 결제되지 않습니다"}},
	{name: "canceled inside the minimum term: two charges are still to come", region: "KR",
		plan: planOf(member, minimum(3)),
		play: func(l *life) { l.days(5); l.do(subscription.Cancel{}) }, kind: subscription.NoticeCanceled,
		text: "canceled-minimum_term", en: []string{"still to come until then: 2, ₩20,000 in all", "until 9 June 2027"},
		ko: []string{"2회, 모두 ₩20,000 결제"}},
	{name: "canceled inside a minimum term that credit pays", region: "KR", plan: planOf(member, minimum(2)),
		start: withCredit(20_000), play: func(l *life) { l.do(subscription.Cancel{}) }, kind: subscription.NoticeCanceled,
		text: "canceled", en: []string{"until 9 May 2027", "nothing more is charged"},
		ko: []string{"2027년 5월 9일까지", "더 결제되지 않습니다"}},
	{name: "canceled with parcels that are paid", region: "KR", plan: planOf(parcels, prepaid(3)),
		play: func(l *life) { l.do(subscription.Cancel{}) }, kind: subscription.NoticeCanceled, text: "canceled-prepaid",
		en: []string{"is sent until 9 June 2027"},
		ko: []string{"2027년 6월 9일까지 보내"}},
	{name: "canceled while a payment is running", region: "KR", plan: planOf(member),
		play: func(l *life) { l.days(30); l.decline = "lost"; l.days(1); l.do(subscription.Cancel{}) },
		kind: subscription.NoticeCanceled, text: "canceled-payment_running",
		en: []string{"₩10,000", "outcome is still to come"},
		ko: []string{"₩10,000 결제의 결과를 기다리고"}},
	{name: "over after a cancellation", region: "KR", plan: planOf(member),
		play: func(l *life) { l.do(subscription.Cancel{}); l.days(40) }, kind: subscription.NoticeEnded,
		text: "ended-canceled",
		en:   []string{"Last day: 9 April 2027"}, ko: []string{"마지막 날: 2027년 4월 9일"}, not: []string{"10 April"}},
	{name: "over because nobody agreed to the trial's price", region: "KR", plan: planOf(member, trial(14)),
		play: func(l *life) { l.days(20) }, kind: subscription.NoticeEnded, text: "ended-no_consent_trial",
		en: []string{"Nothing was charged", "Last day: 23 March 2027"},
		ko: []string{"결제된 금액은 없습니다", "마지막 날: 2027년 3월 23일"}},
	{name: "over because the new price was refused", region: "US", zone: "America/New_York", plan: planOf(member, endsAll),
		play: func(l *life) { l.propose(); l.days(20); l.answer(false); l.days(20) }, kind: subscription.NoticeEnded,
		text: "ended-no_consent_price", en: []string{"The new price was not charged"},
		ko: []string{"새 가격은 결제되지 않았고"}},
	{name: "over unpaid", region: "KR", plan: planOf(member),
		play: func(l *life) { l.decline = payment.KindHard; l.days(90) }, kind: subscription.NoticeEnded,
		text: "ended-unpaid", en: []string{"not charged any more"},
		ko: []string{"더 청구하지 않습니다"}},
	{name: "the first payment failed when nobody was there any more", region: "KR", plan: planOf(member), first: lost,
		play: func(l *life) { l.decline = payment.KindSoft; l.days(1) }, kind: subscription.NoticeEnded,
		text: "ended-payment_failed", en: []string{"Nothing was charged"}, not: []string{"마지막 날", "Last day"},
		ko: []string{"결제된 금액은 없습니다"}},
	{name: "nothing to send from the beginning", region: "KR", plan: planOf(parcels, stock(subscription.StockSkip)),
		first: lost, play: func(l *life) { l.noGoods = true; l.days(1) }, kind: subscription.NoticeEnded,
		text: "ended-nothing_to_send", en: []string{"Nothing was charged"},
		ko: []string{"품절되어", "결제된 금액은 없습니다"}},
	{name: "a gift is over", region: "KR", plan: planOf(parcels, prepaid(2)), start: given("adr_1"),
		play: func(l *life) { l.days(90) }, kind: subscription.NoticeEnded, text: "ended-gift_over",
		en: []string{"The gift has ended", "Nothing is charged"},
		ko: []string{"마지막 회차가 끝났습니다", "결제되는 금액은 없습니다"}},
	{name: "a gift that nobody claimed", region: "KR", plan: planOf(parcels, prepaid(2)), start: given(""),
		play: func(l *life) { l.days(120) }, kind: subscription.NoticeEnded, text: "ended-gift_unclaimed",
		en: []string{"not claimed in time", "All that you paid goes back"},
		ko: []string{"받는 분이 기한까지", "모두 결제 수단으로 환불"}},
	{name: "a gift is claimed", region: "KR", plan: planOf(parcels, prepaid(2)), start: given("adr_1"),
		play: func(l *life) { l.do(subscription.ClaimGift{CustomerID: "cus_2"}) }, kind: subscription.NoticeGiftClaimed,
		text: "gift_claimed",
		en:   []string{"up to its recipient"},
		ko:   []string{"받는 분이 확인했습니다"}},
	{name: "a soft decline is tried again, on the subscriber's clock", region: "US", zone: "America/New_York",
		plan: planOf(member), play: func(l *life) { l.decline = payment.KindSoft; l.days(31) },
		kind: subscription.NoticePaymentFailed, text: "payment_failed-retry",
		en: []string{"Next attempt: Sat, 10 Apr 2027, 10:00 EDT", "Benefits stop on", "Pay by"},
		ko: []string{"2027년 4월 10일 (토) 10:00 (EDT)"}},
	{name: "a hard decline waits for another card", region: "KR", plan: planOf(member),
		play: func(l *life) { l.decline = payment.KindHard; l.days(31) }, kind: subscription.NoticePaymentFailed,
		text: "payment_failed-card", en: []string{"do not try it again"}, not: []string{"다음 결제 시도", "Next attempt"},
		ko: []string{"이 카드로는 다시 결제하지 않습니다"}},
	{name: "the bank wants to see the cardholder", region: "KR", plan: planOf(member),
		play: func(l *life) { l.decline = payment.KindAction; l.days(31) }, kind: subscription.NoticePaymentFailed,
		text: "payment_failed-shopper", en: []string{"confirm the payment"}, not: []string{"Next attempt"},
		ko: []string{"본인 확인을 요청", "/pay"}},
	{name: "no retry is left", region: "KR", plan: planOf(member, retriedOnce),
		play: func(l *life) { l.decline = payment.KindSoft; l.days(33) }, kind: subscription.NoticePaymentFailed,
		text: "payment_failed-nothing", en: []string{"do not try again on our own"}, not: []string{"Next attempt"},
		ko: []string{"결제 기한: 2027년 4월 23일"}},
	{name: "a parcel that is not paid has no benefits to lose", region: "KR", plan: planOf(parcels),
		play: func(l *life) { l.decline = payment.KindHard; l.days(31) }, kind: subscription.NoticePaymentFailed,
		text: "payment_failed-card", not: []string{"혜택", "enefits"},
		en: []string{"do not try it again"},
		ko: []string{"다른 결제 수단을 등록"}},
	{name: "suspended", region: "KR", plan: planOf(member),
		play: func(l *life) { l.decline = payment.KindHard; l.days(45) }, kind: subscription.NoticeSuspended,
		text: "suspended-benefits", en: []string{"benefits have stopped", "Pay by"},
		ko: []string{"혜택을 멈추었습니다", "결제 기한"}},
	{name: "suspended parcels", region: "KR", plan: planOf(parcels),
		play: func(l *life) { l.decline = payment.KindHard; l.days(45) }, kind: subscription.NoticeSuspended,
		text: "suspended-parcels", en: []string{"nothing is sent"}, not: []string{"혜택", "enefits"},
		ko: []string{"배송을 멈추었습니다"}},
	{name: "paid after all", region: "KR", plan: planOf(member), play: func(l *life) {
		l.decline = payment.KindHard
		l.days(31)
		l.decline = ""
		l.do(subscription.ChangeCard{Card: subscription.Card{Token: "other"}})
	}, kind: subscription.NoticeRecovered, text: "recovered",
		en: []string{"what was unpaid has been paid"},
		ko: []string{"밀린 구독료가 결제"}},
	{name: "an upgrade that was not paid", region: "KR", plan: planOf(member), play: func(l *life) {
		l.decline = payment.KindSoft
		l.do(subscription.Upgrade{Terms: l.terms("plan_b", 20_000)})
	}, kind: subscription.NoticeChangeFailed, text: "change_failed",
		en: []string{"was not made", "is as it was"},
		ko: []string{"변경을 하지 않았습니다", "지금 구독은 그대로"}},
	{name: "the card expires before the next payment", region: "KR", plan: planOf(member),
		start: func(s *subscription.Start) { s.Card.ExpYear, s.Card.ExpMonth = 2027, 3 },
		play:  func(l *life) { l.days(29) }, kind: subscription.NoticeCardExpiring, text: "card_expiring",
		en: []string{"expires before the next payment"},
		ko: []string{"카드의 유효 기간이 끝납니다"}},
	{name: "out of stock, waited for, unpaid", region: "KR", plan: planOf(parcels, stock(subscription.StockWait)),
		play: outNextTime, kind: subscription.NoticeOutOfStock, text: "out_of_stock-wait",
		en: []string{"we charge the cycle"},
		ko: []string{"그때 결제하고 보내"}},
	{name: "out of stock, waited for, paid ahead", region: "KR",
		plan: planOf(parcels, prepaid(2), stock(subscription.StockWait)), play: outNextTime,
		kind: subscription.NoticeOutOfStock, text: "out_of_stock-wait_paid", en: []string{"You have paid for it"},
		not: []string{"그때 결제", "we charge"},
		ko:  []string{"이미 결제하신 회차"}},
	{name: "out of stock, something else", region: "KR", plan: planOf(parcels, stock(subscription.StockSubstitute)),
		play: func(l *life) {
			outNextTime(l)
			l.notices = l.notices[:len(l.notices)-1] // the substitutes are out as well, and the cycle is left out
		}, kind: subscription.NoticeOutOfStock, text: "out_of_stock-substitute",
		en: []string{"at the same price"},
		ko: []string{"같은 가격에 다른 상품"}},
	{name: "out of stock, left out, unpaid", region: "KR", plan: planOf(parcels, stock(subscription.StockSkip)),
		play: outNextTime, kind: subscription.NoticeOutOfStock, text: "out_of_stock-skip", en: []string{"It is not charged"},
		ko: []string{"이번 회차는 결제하지 않습니다"}},
	{name: "out of stock, refund, unpaid: nothing was paid that could come back", region: "KR",
		plan: planOf(parcels, stock(subscription.StockRefund)), play: outNextTime, kind: subscription.NoticeOutOfStock,
		text: "out_of_stock-skip", not: []string{"환불", "goes back"},
		en: []string{"It is not charged"},
		ko: []string{"이번 회차는 결제하지 않습니다"}},
	{name: "out of stock, left out, paid ahead", region: "KR",
		plan: planOf(parcels, prepaid(2), stock(subscription.StockSkip)), play: outNextTime,
		kind: subscription.NoticeOutOfStock, text: "out_of_stock-skip_paid", en: []string{"sent at the end"},
		ko: []string{"마지막에 한 번 더"}},
	{name: "out of stock, refunded", region: "KR", plan: planOf(parcels, prepaid(2), stock(subscription.StockRefund)),
		play: outNextTime, kind: subscription.NoticeOutOfStock, text: "out_of_stock-refund",
		en: []string{"goes back to your card"},
		ko: []string{"결제 수단으로 환불"}},
	{name: "out of stock, paid by credit", region: "KR", plan: planOf(parcels, stock(subscription.StockRefund)),
		start: withCredit(20_000), play: outNextTime, kind: subscription.NoticeOutOfStock, text: "out_of_stock-credit",
		en: []string{"becomes account credit"}, not: []string{"환불", "your card"},
		ko: []string{"적립금이 되어"}},
	{name: "a pause is planned", region: "KR", plan: planOf(member),
		play: func(l *life) { l.do(subscription.Pause{Until: "2027-06-01"}) }, kind: subscription.NoticePaused,
		text: "paused-planned", en: []string{"Paused from: 10 April 2027", "goes on on 1 June 2027", "₩10,000"},
		ko: []string{"멈추는 날: 2027년 4월 10일", "2027년 6월 1일에 다시 시작", "₩10,000"}},
	{name: "a pause is moved", region: "KR", plan: planOf(member), play: func(l *life) {
		l.do(subscription.Pause{Until: "2027-06-01"})
		l.days(40)
		l.do(subscription.Pause{Until: "2027-07-01"})
	}, kind: subscription.NoticePaused, text: "paused-moved", en: []string{"1 July 2027"},
		ko: []string{"2027년 7월 1일에 다시 시작"}},
	{name: "a planned pause is taken back", region: "KR", plan: planOf(member), play: func(l *life) {
		l.do(subscription.Pause{Until: "2027-06-01"})
		l.do(subscription.Resume{})
	}, kind: subscription.NoticeResumed, text: "resumed-withdrawn", en: []string{"10 April 2027", "₩10,000"},
		ko: []string{"날짜: 2027년 4월 10일", "₩10,000"}},
	{name: "a pause is over", region: "KR", plan: planOf(member), play: func(l *life) {
		l.do(subscription.Pause{Until: "2027-06-01"})
		l.days(90)
	}, kind: subscription.NoticeResumed, text: "resumed-over", en: []string{"1 June 2027"},
		ko: []string{"2027년 6월 1일에 새 기간이 시작"}},
	{name: "a downgrade is planned", region: "KR", plan: planOf(member),
		play: func(l *life) { l.do(subscription.Downgrade{Terms: l.terms("plan_b", 5_000)}) },
		kind: subscription.NoticeChangePlanned, text: "change_planned-plan",
		en: []string{"from 10 April 2027 your subscription is Plan B", "₩5,000"}, ko: []string{"Plan B"}},
	{name: "fewer units are planned", region: "KR", plan: planOf(parcels),
		play: func(l *life) { l.do(subscription.ChangeQuantity{Quantity: 2}) }, kind: subscription.NoticeChangePlanned,
		text: "change_planned-quantity", en: []string{"₩20,000"},
		ko: []string{"바뀐 수량", "₩20,000"}},
	{name: "other goods are planned", region: "KR", plan: planOf(parcels), play: func(l *life) {
		l.do(subscription.Swap{Contents: []subscription.Item{{VariantID: "var_tea", Quantity: 1}}, Price: 9_000})
	}, kind: subscription.NoticeChangePlanned, text: "change_planned-contents", en: []string{"₩9,000"},
		ko: []string{"바뀐 상품", "₩9,000"}},
	{name: "another plan after the trial", region: "KR", plan: planOf(member, trial(14)),
		play: func(l *life) { l.do(subscription.Downgrade{Terms: l.terms("plan_b", 5_000)}) },
		kind: subscription.NoticeChangePlanned, text: "change_planned-trial", en: []string{"24 March 2027", "Plan B"},
		ko: []string{"2027년 3월 24일부터 Plan B"}},
}

func TestEverySituationHasTheTextThatIsTrue(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range situations {
		l := begin(t, c.region, cmp.Or(c.zone, "Asia/Seoul"), c.plan, c.first, c.start)
		c.play(l)
		n, sent := l.last(c.kind)
		if sent == 0 || c.sent != 0 && sent != c.sent {
			t.Errorf("%s: %d notices %s, want %d", c.name, sent, c.kind, c.sent)
			continue
		}
		text := strings.TrimSuffix(string(n.Kind)+"-"+n.Situation, "-")
		seen[text] = true
		if text != c.text {
			t.Errorf("%s: text %s, want %s", c.name, text, c.text)
		}
		for language, want := range map[string][]string{"en": c.en, "ko": c.ko} {
			if len(want) == 0 {
				t.Errorf("%s: nothing is expected of the text in %s", c.name, language)
			}
			got := written(t, l, n, language)
			for _, part := range want {
				if !strings.Contains(got, part) {
					t.Errorf("%s, %s: no %q in\n%s", c.name, language, part, got)
				}
			}
			for _, part := range c.not {
				if strings.Contains(got, part) {
					t.Errorf("%s, %s: %q in\n%s", c.name, language, part, got)
				}
			}
		}
	}
	catalog, err := texts.Of("ko")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range catalog.Keys() {
		text, isNotice := strings.CutPrefix(strings.TrimSuffix(key, ".title"), "notices.")
		if isNotice && strings.HasSuffix(key, ".title") && !seen[text] {
			t.Errorf("no situation leads to the text %s", text)
		}
	}
}

// last is the latest notice of a kind, and how many there were.
func (l *life) last(kind subscription.NoticeKind) (n subscription.Notice, sent int) {
	for _, one := range l.notices {
		if one.Kind == kind {
			n, sent = one, sent+1
		}
	}
	return n, sent
}

// written is the subject and the text of the mail that a notice becomes.
func written(t *testing.T, l *life, n subscription.Notice, language string) string {
	t.Helper()
	templates, err := mail.NewTemplates(mail.Brand{Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a",
		Contact: "help@example.com"}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	m, err := templates.Write(language, subscriptionMail(l.r.Announce(n)).content)
	if err != nil {
		t.Fatalf("%s: %v", n.Kind, err)
	}
	return m.Subject + "\n" + m.Text
}

func retriedOnce(p *subscription.Plan) { p.Policy.Dunning.MoneyDays = []int{1} }

// outNextTime lets the goods run out before the second cycle.
func outNextTime(l *life) {
	l.days(5)
	l.noGoods = true
	l.days(27)
}

// given is a gift, to an address or waiting to be claimed.
func given(addressID string) func(*subscription.Start) {
	return func(s *subscription.Start) {
		s.Gift, s.AddressID = &subscription.Gift{Recipient: "bo@example.com"}, addressID
	}
}
