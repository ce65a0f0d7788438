package mail

import (
	"fmt"
	"time"

	"dangol/shared/money"
)

// SubscriptionNotice tells a subscriber about their subscription: what is asked, what is to come, what went wrong. Kind is one of the
// keys of notices; Date is YYYY-MM-DD, a local day of the subscriber.
type SubscriptionNotice struct {
	Kind           string
	SubscriptionID string
	Plan           string
	Name           string
	Date           string
	Amount         money.Money
	Old            money.Money // the price before a rise; none when a trial turns paid
	Method         string      // the card, for people
	Required       bool        // without a yes the price does not begin
	Retry          time.Time   // when a failed payment is tried again
	Reason         string      // what is done about it, where the kind has several ways
}

// Template is "subscription_notice".
func (SubscriptionNotice) Template() string { return "subscription_notice" }

func (c SubscriptionNotice) missing() []string {
	missing := need(field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan})
	if _, ok := notices["ko"][c.Kind]; !ok {
		missing = append(missing, "kind")
	}
	return missing
}

// notice is what a mail of one kind says. %s in a title is the plan.
type notice struct{ title, text, button string }

// A credit note has a mail of its own, as the receipt has.
var notices = map[string]map[string]notice{
	"ko": {
		"consent_request": {"결제 동의가 필요합니다: %s", "아래 날짜부터 표시된 금액이 결제됩니다. 결제 전에 명시적인 동의가 필요합니다. 동의하지 않으면 새 금액은 결제되지 않으며, 언제든지 한 번에 해지할 수 있습니다.", "확인하고 답하기"},
		"trial_ending":    {"무료 체험이 곧 끝납니다: %s", "무료 체험이 끝나면 아래 금액이 결제됩니다. 원하지 않으면 그 전에 한 번에 해지할 수 있습니다.", "내 구독 보기"},
		"renewal":         {"구독 갱신 안내: %s", "아래 날짜에 구독이 갱신되어 표시된 금액이 결제됩니다. 변경하거나 해지하려면 그 전에 내 구독에서 할 수 있습니다.", "내 구독 보기"},
		"card_expiring":   {"카드 유효 기간이 끝납니다: %s", "다음 결제일 전에 카드의 유효 기간이 끝납니다. 결제 수단을 바꾸어 주세요.", "결제 수단 바꾸기"},
		"payment_failed":  {"결제하지 못했습니다: %s", "구독료를 결제하지 못했습니다. 혜택은 당분간 유지됩니다. 결제 수단을 확인하거나 바꾸어 주세요.", "결제 수단 바꾸기"},
		"suspended":       {"구독 혜택이 멈추었습니다: %s", "구독료가 결제되지 않아 혜택을 잠시 멈추었습니다. 결제하면 바로 다시 시작됩니다.", "결제 수단 바꾸기"},
		"recovered":       {"결제가 완료되었습니다: %s", "밀린 구독료가 결제되었습니다. 구독은 그대로 이어집니다.", "내 구독 보기"},
		"ended":           {"구독이 끝났습니다: %s", "구독이 끝났습니다. 더 결제되지 않습니다. 언제든지 다시 시작할 수 있습니다.", "다시 시작하기"},
		"canceled":        {"해지되었습니다: %s", "요청하신 대로 해지되었습니다. 아래 날짜까지 이용할 수 있으며 더 결제되지 않습니다.", "내 구독 보기"},
		"change_failed":   {"변경하지 못했습니다: %s", "결제가 되지 않아 요청하신 변경을 하지 않았습니다. 지금 구독은 그대로입니다.", "내 구독 보기"},
		"out_of_stock":    {"이번 회차 상품이 품절입니다: %s", "이번 회차 상품의 재고가 부족합니다. 보내 드리지 못하는 회차는 결제하지 않습니다.", "내 구독 보기"},

		"gift_claimed":         {"선물을 받았습니다: %s", "보내신 구독 선물을 받는 분이 확인했습니다. 이제 주소와 회차는 받는 분이 정합니다.", "내 구독 보기"},
		"ended.gift_over":      {"선물 구독이 끝났습니다: %s", "선물 구독의 마지막 회차가 끝났습니다. 결제되는 금액은 없습니다.", "구독 둘러보기"},
		"ended.gift_unclaimed": {"선물이 확인되지 않았습니다: %s", "보내신 구독 선물을 받는 분이 기한까지 확인하지 않았습니다. 결제하신 금액은 모두 결제 수단으로 환불합니다.", "내 구독 보기"},

		"out_of_stock.wait":       {"이번 회차 상품이 품절입니다: %s", "이번 회차 상품의 재고가 부족합니다. 들어오는 대로 보내 드리며, 아직 결제되지 않은 회차는 그때 결제합니다. 끝내 들어오지 않으면 이번 회차를 건너뛰고 결제하지 않습니다.", "내 구독 보기"},
		"out_of_stock.substitute": {"이번 회차는 다른 상품을 보내 드립니다: %s", "이번 회차 상품이 품절되어 같은 가격에 다른 상품을 보내 드립니다. 원하지 않으면 다음 회차부터 건너뛰거나 해지할 수 있습니다.", "내 구독 보기"},
		"out_of_stock.skip":       {"이번 회차를 건너뜁니다: %s", "이번 회차 상품이 품절되어 건너뜁니다. 결제하지 않으며, 미리 결제한 회차는 마지막에 한 번 더 보내 드립니다.", "내 구독 보기"},
		"out_of_stock.refund":     {"이번 회차 금액을 돌려 드립니다: %s", "이번 회차 상품이 품절되어 보내 드리지 못합니다. 미리 결제한 이번 회차 금액은 결제 수단으로 환불하고, 아직 결제하지 않았으면 결제하지 않습니다.", "내 구독 보기"},
	},
	"en": {
		"consent_request": {"Your consent is needed: %s", "From the day below the amount shown is charged, and only with your explicit consent. Without it the new amount is not charged. You can cancel at any time, in one step.", "Read and answer"},
		"trial_ending":    {"Your trial ends soon: %s", "When the trial ends the amount below is charged. You can cancel before, in one step.", "My subscription"},
		"renewal":         {"Your subscription renews: %s", "On the day below your subscription renews and the amount shown is charged. You can change or cancel it before.", "My subscription"},
		"card_expiring":   {"Your card expires: %s", "Your card expires before the next payment. Please use another one.", "Change payment method"},
		"payment_failed":  {"Payment failed: %s", "We could not take the payment for your subscription. Your benefits go on for the time being. Please check or change the payment method.", "Change payment method"},
		"suspended":       {"Your benefits have stopped: %s", "The subscription is unpaid, so its benefits have stopped. They go on as soon as it is paid.", "Change payment method"},
		"recovered":       {"Payment received: %s", "What was unpaid has been paid. Your subscription goes on.", "My subscription"},
		"ended":           {"Your subscription has ended: %s", "Your subscription has ended. Nothing more is charged. You can begin again at any time.", "Begin again"},
		"canceled":        {"Canceled: %s", "As you asked, your subscription is canceled. It runs until the day below, and nothing more is charged.", "My subscription"},
		"change_failed":   {"Not changed: %s", "The payment did not go through, so the change you asked for was not made. Your subscription is as it was.", "My subscription"},
		"out_of_stock":    {"Out of stock this time: %s", "The goods of this cycle are out of stock. A cycle that we cannot send is not charged.", "My subscription"},

		"gift_claimed":         {"Your gift was received: %s", "The subscription you gave has been claimed. Address and deliveries are up to its recipient from here on.", "My subscription"},
		"ended.gift_over":      {"The gift has ended: %s", "The last cycle of the gift is over. Nothing is charged.", "See subscriptions"},
		"ended.gift_unclaimed": {"Your gift was not claimed: %s", "The subscription you gave was not claimed in time. All that you paid goes back to your card.", "My subscription"},

		"out_of_stock.wait":       {"Out of stock this time: %s", "The goods of this cycle are out of stock. We send them as soon as they are back; a cycle that is not paid yet is charged then. If they do not come back, the cycle is left out and not charged.", "My subscription"},
		"out_of_stock.substitute": {"Something else this time: %s", "The goods of this cycle are out of stock. We send others instead, at the same price. If that is not what you want, skip the next cycle or cancel.", "My subscription"},
		"out_of_stock.skip":       {"We leave this time out: %s", "The goods of this cycle are out of stock, so it is left out and not charged. One that was paid ahead is sent at the end instead.", "My subscription"},
		"out_of_stock.refund":     {"Your money back for this time: %s", "The goods of this cycle are out of stock and we cannot send them. What you paid ahead for this cycle goes back to your card; what is not paid yet is not charged.", "My subscription"},
	},
}

// words are those of the kind, or of one of its ways where there are several.
func (c SubscriptionNotice) words(language string) notice {
	if way, ok := notices[language][c.Kind+"."+c.Reason]; ok {
		return way
	}
	return notices[language][c.Kind]
}

// Title is the subject and heading.
func (c SubscriptionNotice) Title(language string) string {
	return fmt.Sprintf(c.words(language).title, c.Plan)
}

// Text is what the mail says.
func (c SubscriptionNotice) Text(language string) string { return c.words(language).text }

// Button is the words on the way to the subscription.
func (c SubscriptionNotice) Button(language string) string { return c.words(language).button }

// Path is where the storefront shows the subscription.
func (c SubscriptionNotice) Path() string { return "/account/subscriptions/" + c.SubscriptionID }

// SubscriptionReceipt is the receipt of a paid invoice.
type SubscriptionReceipt struct {
	Number         string
	SubscriptionID string
	Plan           string
	Name           string
	Lines          []Line
	Subtotal       money.Money
	CreditUsed     money.Money
	Tax            money.Money // contained in the lines
	Total          money.Money
	Method         string
}

// Template is "subscription_receipt".
func (SubscriptionReceipt) Template() string { return "subscription_receipt" }

func (c SubscriptionReceipt) missing() []string {
	return need(field{"number", c.Number}, field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan}, field{"lines", c.Lines},
		field{"subtotal", c.Subtotal}, field{"total", c.Total})
}

// Path is where the storefront shows the subscription.
func (c SubscriptionReceipt) Path() string { return "/account/subscriptions/" + c.SubscriptionID }

// day writes a date YYYY-MM-DD for people; what is none stays as it is.
func day(language, date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	if language == "ko" {
		return fmt.Sprintf("%d년 %d월 %d일", at.Year(), at.Month(), at.Day())
	}
	return at.Format("2 January 2006")
}
