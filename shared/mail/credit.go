package mail

import (
	"strings"

	"dangol/shared/money"
)

// SubscriptionCreditNote tells that part of an invoice is taken back: what goes to the card, and what stays as account
// credit. Reason is one of those under credit_reasons in the texts; any other is told without one.
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
	return need(field{"number", c.Number}, field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan},
		field{"amount", c.Amount},
		field{"toCard", c.ToCard}, field{"toCredit", c.ToCredit})
}

// ReasonKey is the key of the reason in words, "" for one without.
func (c SubscriptionCreditNote) ReasonKey() string {
	key := "credit_reasons." + strings.ReplaceAll(c.Reason, " ", "_")
	if c.Reason == "" || !known(key) {
		return ""
	}
	return key
}
