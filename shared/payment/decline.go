package payment

// Kind says what may be done after a decline.
type Kind string

// The kinds.
const (
	KindSoft      Kind = "soft"      // money may come: a retry on another day can succeed
	KindHard      Kind = "hard"      // never again with this method: wait for another one
	KindTechnical Kind = "technical" // somebody's machine was ill: retry in minutes
	KindAction    Kind = "action"    // the shopper has to authenticate; without them it fails again
)

// finalAdvice is the advice that forbids a retry: Mastercard's merchant advice codes (Transaction
// Processing Rules: 03 do not try again, 21 recurring payment canceled) and Stripe's with the same
// meaning (docs.stripe.com/declines/codes, advice_code).
var finalAdvice = map[string]bool{"03": true, "21": true, "do_not_try_again": true}

// kinds follows docs.stripe.com/declines/codes and the hard declines of
// docs.stripe.com/billing/revenue-recovery/smart-retries. Visa's category 1, "issuer will never approve", is never
// tried again (Visa Core Rules, response codes 04 and 07 pick-up, 12 invalid transaction, 14 invalid number, 15 no such
// issuer, 41 lost, 43 stolen, 46 closed, 57 not permitted, R0 stop payment, R1 and R3 revocation); the codes Stripe
// makes of them are among the hard ones.
var kinds = map[string]Kind{
	"authentication_required":                KindAction,
	"payment_intent_authentication_failure":  KindAction,
	"setup_intent_authentication_failure":    KindAction,
	"authentication_not_handled":             KindAction,
	"offline_pin_required":                   KindAction,
	"online_or_offline_pin_required":         KindAction,
	"approve_with_id":                        KindTechnical,
	"issuer_not_available":                   KindTechnical,
	"no_action_taken":                        KindTechnical,
	"processing_error":                       KindTechnical,
	"reenter_transaction":                    KindTechnical,
	"try_again_later":                        KindTechnical,
	"call_issuer":                            KindSoft,
	"card_declined":                          KindSoft,
	"card_decline_rate_limit_exceeded":       KindSoft,
	"card_velocity_exceeded":                 KindSoft,
	"do_not_honor":                           KindSoft,
	"duplicate_transaction":                  KindSoft,
	"generic_decline":                        KindSoft,
	"insufficient_funds":                     KindSoft,
	"not_permitted":                          KindSoft,
	"pin_try_exceeded":                       KindSoft,
	"security_violation":                     KindSoft,
	"withdrawal_count_limit_exceeded":        KindSoft,
	"card_not_supported":                     KindHard,
	"currency_not_supported":                 KindHard,
	"do_not_try_again":                       KindHard,
	"expired_card":                           KindHard,
	"fraudulent":                             KindHard,
	"highest_risk_level":                     KindHard,
	"incorrect_address":                      KindHard,
	"incorrect_cvc":                          KindHard,
	"incorrect_number":                       KindHard,
	"incorrect_pin":                          KindHard,
	"incorrect_zip":                          KindHard,
	"invalid_account":                        KindHard,
	"invalid_amount":                         KindHard,
	"invalid_cvc":                            KindHard,
	"invalid_expiry_month":                   KindHard,
	"invalid_expiry_year":                    KindHard,
	"invalid_number":                         KindHard,
	"invalid_pin":                            KindHard,
	"lost_card":                              KindHard,
	"merchant_blacklist":                     KindHard,
	"new_account_information_available":      KindHard,
	"pickup_card":                            KindHard,
	"restricted_card":                        KindHard,
	"revocation_of_all_authorizations":       KindHard,
	"revocation_of_authorization":            KindHard,
	"service_not_allowed":                    KindHard,
	"stolen_card":                            KindHard,
	"stop_payment_order":                     KindHard,
	"testmode_decline":                       KindHard,
	"transaction_not_allowed":                KindHard,
	"payment_method_customer_decline":        KindHard,
	"payment_method_provider_decline":        KindSoft,
	"payment_method_provider_timeout":        KindTechnical,
	"payment_method_not_available":           KindTechnical,
	"payment_method_unactivated":             KindHard,
	"payment_method_unexpected_state":        KindHard,
	"payment_intent_payment_attempt_expired": KindAction,
}

// Classify says what may be done after a decline code. An unknown code is soft: the retry schedule
// is short and ends by itself, whereas a wrong "hard" would lose a customer who can pay.
func Classify(code string) Kind {
	if kind, ok := kinds[code]; ok {
		return kind
	}
	return KindSoft
}

// ClassifyAdvised is Classify with the network's or the provider's advice, which wins when it forbids a retry.
func ClassifyAdvised(code string, advice ...string) Kind {
	for _, a := range advice {
		if finalAdvice[a] {
			return KindHard
		}
	}
	return Classify(code)
}

// hidden are decline codes that the shopper must not learn (docs.stripe.com/declines/codes): they
// would tell the holder of a stolen card what the bank knows.
var hidden = map[string]bool{
	"fraudulent": true, "lost_card": true, "stolen_card": true, "merchant_blacklist": true, "pickup_card": true,
	"restricted_card": true, "security_violation": true, "highest_risk_level": true,
}

// PublicDeclineCode is what a shopper may be told of a decline code: no more than "generic_decline" for cards reported
// lost or stolen.
func PublicDeclineCode(code string) string {
	if hidden[code] {
		// The same text that the bank gives for a decline without a reason.
		return "generic_decline"
	}
	return code
}
