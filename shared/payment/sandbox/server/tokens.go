package server

import (
	"strconv"
	"strings"
)

// behavior is what a method token makes happen.
type behavior struct {
	brand, last4 string
	decline      string // refused with this code, on session and off
	offSession   string // refused with this code when the shopper is away
	offTimes     int    // how often; 0 means always
	kept         bool   // offSession is the answer to any charge of the kept method, also on session
	declines     int    // how many payments of one customer are refused before one succeeds
	challenge    bool   // the shopper has to approve on the challenge page
	once         bool   // only while the method is not kept
	setup        bool   // keeping the method has a challenge of its own
	hang         bool   // takes effect, the answer never comes
	hangBefore   bool   // no effect, and the answer never comes
	late         bool   // processing; the outcome comes two minutes later, by webhook
	refund       string // how refunds go: refundFails or refundWaits; "" at once
	captured     bool   // taken at once, whatever was asked, as with Toss Payments
}

// refundFails reports a refund as done and takes that back two minutes later; refundWaits leaves it
// pending for two minutes. Stripe's test cards of these names do the same.
const (
	refundFails = "fails"
	refundWaits = "waits"
)

// behaviors by token without its prefix and underscores, in lower case. The names are those of Stripe's test methods
// (docs.stripe.com/testing), so "pm_card_visa_chargeDeclinedLostCard" and "tok_visa_chargeDeclinedLostCard" are both
// understood; those with "sandbox" in them exist only here.
var behaviors = map[string]behavior{
	"visa":                            {brand: "visa", last4: "4242"},
	"visadebit":                       {brand: "visa", last4: "5556"},
	"mastercard":                      {brand: "mastercard", last4: "4444"},
	"amex":                            {brand: "amex", last4: "8431"},
	"jcb":                             {brand: "jcb", last4: "0505"},
	"kr":                              {brand: "visa", last4: "0001"},
	"chargedeclined":                  {brand: "visa", last4: "0002", decline: "generic_decline"},
	"chargedeclinedinsufficientfunds": {brand: "visa", last4: "9995", decline: "insufficient_funds"},
	"chargedeclinedlostcard":          {brand: "visa", last4: "9987", decline: "lost_card"},
	"chargedeclinedstolencard":        {brand: "visa", last4: "9979", decline: "stolen_card"},
	"chargedeclinedexpiredcard":       {brand: "visa", last4: "0069", decline: "expired_card"},
	"chargedeclinedincorrectcvc":      {brand: "visa", last4: "0127", decline: "incorrect_cvc"},
	"chargedeclinedprocessingerror":   {brand: "visa", last4: "0119", decline: "processing_error"},
	"chargedeclinedfraudulent":        {brand: "visa", last4: "0019", decline: "fraudulent"},
	"chargedeclinedvelocitylimit":     {brand: "visa", last4: "6975", decline: "card_velocity_exceeded"},
	"threedsecure2required": {brand: "visa", last4: "3220", challenge: true,
		offSession: "authentication_required"},
	"threedsecurerequired": {brand: "visa", last4: "3220", challenge: true,
		offSession: "authentication_required"},
	"authenticationrequired": {brand: "visa", last4: "3184", challenge: true, setup: true,
		offSession: "authentication_required"},
	"authenticationrequiredonsetup":  {brand: "visa", last4: "3155", challenge: true, setup: true, once: true},
	"chargecustomerfail":             {brand: "visa", last4: "0341", offSession: "generic_decline", kept: true},
	"sandboxchargecustomerfailfunds": {brand: "visa", last4: "0342", offSession: "insufficient_funds", kept: true},
	"sandboxchargecustomerfaillost":  {brand: "visa", last4: "0343", offSession: "lost_card", kept: true},
	"sandboxchargecustomerfailtech":  {brand: "visa", last4: "0344", offSession: "processing_error", kept: true},
	"sandboxchargecustomerfailtwice": {brand: "visa", last4: "0345", offSession: "insufficient_funds", offTimes: 2,
		kept: true},
	"refundfail":                  {brand: "visa", last4: "5126", refund: refundFails},
	"pendingrefund":               {brand: "visa", last4: "7726", refund: refundWaits},
	"sandboxhang":                 {brand: "visa", last4: "0501", hang: true},
	"sandboxhangbefore":           {brand: "visa", last4: "0502", hangBefore: true},
	"sandboxlatewebhook":          {brand: "visa", last4: "0503", late: true},
	"sandboxcaptured":             {brand: "visa", last4: "0504", captured: true},
	"sandboxthreedsecurecaptured": {brand: "visa", last4: "0505", challenge: true, captured: true},
}

// lookupToken finds what a token of the browser's form does; kept methods have ids of their own.
func lookupToken(token string) (behavior, bool) {
	name := strings.ToLower(token)
	for _, prefix := range []string{"pm_card_", "pm_", "tok_"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	// Stripe writes "visa_chargeDeclined" for tokens and "chargeDeclined" for payment methods.
	if rest, ok := strings.CutPrefix(name, "visa_charge"); ok {
		name = "charge" + rest
	}
	name = strings.ReplaceAll(name, "_", "")
	if n, ok := declinesFirst(name); ok {
		return behavior{brand: "visa", last4: "0346", declines: n}, true
	}
	b, ok := behaviors[name]
	return b, ok
}

// declinesFirst reads "sandboxdeclines3times": a card that refuses a customer's first payments and then pays.
func declinesFirst(name string) (times int, ok bool) {
	digits, ok := strings.CutPrefix(name, "sandboxdeclines")
	if !ok {
		return 0, false
	}
	times, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(digits, "times"), "time"))
	return times, err == nil && times > 0
}
