package mail

import "dangol/shared/money"

// SubscriptionCreditNote tells that part of an invoice is taken back: what goes to the card, and what stays as account credit. Reason is
// a key of creditReasons; any other is told without one.
type SubscriptionCreditNote struct {
	Number         string
	SubscriptionID string
	Plan           string
	Name           string
	Reason         string
	Amount         money.Money
	ToCard         money.Money
	ToCredit       money.Money
	Tax            money.Money // contained in the amount
}

// Template is "subscription_credit_note".
func (SubscriptionCreditNote) Template() string { return "subscription_credit_note" }

func (c SubscriptionCreditNote) missing() []string {
	return need(field{"number", c.Number}, field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan}, field{"amount", c.Amount},
		field{"toCard", c.ToCard}, field{"toCredit", c.ToCredit})
}

// Path is where the storefront shows the subscription.
func (c SubscriptionCreditNote) Path() string { return "/account/subscriptions/" + c.SubscriptionID }

var creditReasons = map[string]map[string]string{
	"ko": {
		"canceled": "해지하신 뒤 남은 기간의 금액입니다.", "out of stock": "보내 드리지 못한 회차의 금액입니다.",
		"suspended": "혜택이 멈춘 기간의 금액입니다.", "date changed": "결제일 변경으로 줄어든 기간의 금액입니다.",
		"unused days": "요금제 변경으로 남은 기간의 금액입니다.", "gift_unclaimed": "확인되지 않은 선물의 금액입니다.",
	},
	"en": {
		"canceled": "It is for the days after you canceled.", "out of stock": "It is for what we could not send.",
		"suspended": "It is for the days without benefits.", "date changed": "It is for the days that the new date leaves out.",
		"unused days": "It is for the days of the plan before that are left.", "gift_unclaimed": "It is for the gift that was not claimed.",
	},
}

// Because is the reason in words, "" for one without.
func (c SubscriptionCreditNote) Because(language string) string {
	return creditReasons[language][c.Reason]
}
