package mail

import (
	"time"

	"dangol/shared/money"
)

// SubscriptionNotice tells a subscriber about their subscription: what is asked, what is to come, what went wrong. Kind
// is one of those under notices in the texts; Date is YYYY-MM-DD, a local day of the subscriber.
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
	if c.Kind == "" || !known("notices."+c.Kind+".title") {
		missing = append(missing, "kind")
	}
	return missing
}

// TextKey is the key of a text of the notice: title, text or button. A kind that has several ways has a text for each.
func (c SubscriptionNotice) TextKey(part string) string {
	if c.Reason != "" && known("notices."+c.Kind+"-"+c.Reason+".title") {
		return "notices." + c.Kind + "-" + c.Reason + "." + part
	}
	return "notices." + c.Kind + "." + part
}

// CardholderNeeded is the Reason of a failed payment that the bank allows only with the cardholder.
const CardholderNeeded = "shopper"

// Path is where the storefront shows the subscription; for a payment that needs the cardholder the page that pays it,
// which sends them to their bank.
func (c SubscriptionNotice) Path() string {
	path := "/account/subscriptions/" + c.SubscriptionID
	if c.Reason == CardholderNeeded {
		path += "/pay"
	}
	return path
}

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
	return need(field{"number", c.Number}, field{"subscriptionID", c.SubscriptionID}, field{"plan", c.Plan},
		field{"lines", c.Lines},
		field{"subtotal", c.Subtotal}, field{"total", c.Total})
}

// Path is where the storefront shows the subscription.
func (c SubscriptionReceipt) Path() string { return "/account/subscriptions/" + c.SubscriptionID }
