package compliance

import (
	"slices"
	"strings"
	"time"
)

// Exemption is why goods may be excluded from the right of withdrawal. Stable, machine-readable.
type Exemption string

// The exemptions that some law knows. ReducedPrice is none anywhere that a law is in the table; it is here so that the
// refusal of a policy that says "no returns on sale goods" can name it.
const (
	CustomMade      Exemption = "custom_made"      // made for this customer, agreed to in advance
	Perishable      Exemption = "perishable"       // spoils or expires rapidly
	UnsealedHygiene Exemption = "unsealed_hygiene" // not fit for return for health or hygiene once unsealed
	UnsealedMedia   Exemption = "unsealed_media"   // recordings, software: can be copied once unsealed
	DigitalContent  Exemption = "digital_content"  // begun with the customer's agreement
	ReducedPrice    Exemption = "reduced_price"    // sold at a reduced price
)

// Exemptions lists every exemption.
var Exemptions = []Exemption{CustomMade, Perishable, UnsealedHygiene, UnsealedMedia, DigitalContent, ReducedPrice}

// ReturnRule is what the consumer law of a country asks of returns to an online shop. Engineering reading only.
type ReturnRule struct {
	Country string
	// WithdrawalDays is how long after receipt the customer may withdraw without any reason; 0 is no such right.
	WithdrawalDays int
	// FaultMonths after receipt, and FaultKnownDays after the customer knew, goods that are faulty or not as described may
	// be returned. 0 is no separate right.
	FaultMonths, FaultKnownDays int
	// RefundBusinessDays or RefundDays is how long the shop may take with the refund: business days after it received the
	// goods, or days after it heard of the withdrawal (held back until the goods are there).
	RefundBusinessDays, RefundDays int
	// InterestBasisPoints is the interest on a late refund, a year.
	InterestBasisPoints int
	// OutboundBack says that a withdrawal from the whole order refunds the standard shipping to the customer.
	OutboundBack bool
	// Fees says whether the shop may keep more than the cost of the way back, such as a restocking fee.
	Fees bool
	// CreditOnly says whether the shop may give store credit instead of money.
	CreditOnly bool
	// FinalSale are the exemptions from withdrawal that the law knows; nil with no right of withdrawal is all.
	FinalSale []Exemption
	// Function is the label of the withdrawal function the shop has to offer, by language; nil is none.
	Function map[string]string
	Source   string
}

// koreaReturns. 전자상거래법: withdrawal within 7 days of receipt (17조 1항); exemptions (17조 2항, 시행령 21조),
// none for products at a reduced price; faults 3 months from receipt and 30 days from knowing (17조
// 3항); refund within 3 business days of getting the products back, else interest of 15 % a year
// (18조 2항, 시행령 21조의3); the customer bears the way back and nothing else (18조 9항), the shop for
// faults (18조 10항). A term to the customer's disadvantage is void (35조).
var koreaReturns = ReturnRule{
	Country: "KR", WithdrawalDays: 7, FaultMonths: 3, FaultKnownDays: 30, RefundBusinessDays: 3,
	InterestBasisPoints: 1_500,
	FinalSale:           []Exemption{CustomMade, Perishable, UnsealedHygiene, UnsealedMedia, DigitalContent},
	Source:              "전자상거래법 17조, 18조, 35조; 시행령 21조, 21조의3",
}

// Directive 2011/83/EU: 14 days from receipt (9), refund of all payments with the standard shipping within 14 days of
// the withdrawal and not before the goods or proof of their dispatch are there (13), the customer bears the way back if
// told so (14), exemptions (16), no other cost (14(5)), mandatory (25). Directive (EU) 2023/2673, from 2026-06-19: a
// withdrawal function, labeled "withdraw from contract here" or the like (11a). Faults: two years, Directive (EU)
// 2019/771, 10.
var euReturns = ReturnRule{
	Country: "EU", WithdrawalDays: 14, FaultMonths: 24, RefundDays: 14, OutboundBack: true,
	FinalSale: []Exemption{CustomMade, Perishable, UnsealedHygiene, UnsealedMedia, DigitalContent},
	Function:  map[string]string{"en": "Withdraw from contract here", "ko": "여기에서 계약 철회", "de": "Vertrag widerrufen"},
	Source:    "Directive 2011/83/EU art. 9-16, 25; Directive (EU) 2023/2673 art. 11a; Directive (EU) 2019/771 art. 10",
}

// UK: the Consumer Contracts Regulations 2013 (29-38) keep the rule of the EU directive; faults: 30 days to reject,
// then repair, Consumer Rights Act 2015 (22), which a shop meets with a longer right.
var ukReturns = ReturnRule{
	Country: "GB", WithdrawalDays: 14, FaultMonths: 6, RefundDays: 14, OutboundBack: true, FinalSale: euReturns.FinalSale,
	Source: "Consumer Contracts Regulations 2013, 29-38; Consumer Rights Act 2015, 20-24",
}

// USA: no right of withdrawal from an online purchase; states ask that the policy is shown before the purchase (Cal.
// Civ. Code 1723). Faults: the implied warranty, UCC 2-314 and 2-608; a shop meets it with a right to return faulty
// goods.
var usReturns = ReturnRule{
	Country: "US", FaultMonths: 1, RefundDays: 30, Fees: true, CreditOnly: true, FinalSale: Exemptions,
	Source: "Cal. Civ. Code 1723; UCC 2-314, 2-608",
}

// Japan: 8 days from receipt unless the shop shows another policy before the purchase (特定商取引法 15条の3), so a policy
// decides; faults: one year from knowing (民法 566条), met with a right of a year from receipt.
var japanReturns = ReturnRule{
	Country: "JP", FaultMonths: 12, RefundDays: 30, Fees: true, CreditOnly: true, FinalSale: Exemptions,
	Source: "特定商取引法 15条の3; 民法 566条",
}

// ReturnRuleFor returns the rule of a country (ISO 3166, two letters). A country that is not in the table gets Korea's,
// the law of the shop's home, under which the contract stands.
func ReturnRuleFor(country string) ReturnRule {
	switch country = strings.ToUpper(country); {
	case country == "US":
		return usReturns
	case country == "GB":
		return ukReturns
	case country == "JP":
		return japanReturns
	case slices.Contains(euCountries, country):
		r := euReturns
		r.Country = country
		return r
	}
	return koreaReturns
}

// Countries returns the countries that the name of a group stands for: EU, or a country itself.
func Countries(name string) []string {
	if strings.EqualFold(name, "EU") {
		return slices.Clone(euCountries)
	}
	return []string{strings.ToUpper(name)}
}

// Allows reports whether the law knows the exemption from the right of withdrawal.
func (r ReturnRule) Allows(e Exemption) bool {
	return r.WithdrawalDays == 0 || slices.Contains(r.FinalSale, e)
}

// WindowEnds is the first instant after the last of the given days after receipt, in the customer's zone. The day of
// receipt does not count (민법 157조; Regulation 1182/71, 3(1)).
func WindowEnds(received time.Time, days int, zone *time.Location) time.Time {
	y, m, d := received.In(zone).Date()
	return time.Date(y, m, d+days+1, 0, 0, 0, 0, zone).UTC()
}

// FaultEnds is the first instant at which the right to return faulty goods is over: the months after receipt, and with
// a known day also the days after that, whichever is first. The day is clamped to the last of its month.
func (r ReturnRule) FaultEnds(received, known time.Time, zone *time.Location) time.Time {
	y, m, d := received.In(zone).Date()
	// Day 0 of the following month is the last day of this one.
	last := time.Date(y, m+time.Month(r.FaultMonths)+1, 0, 0, 0, 0, 0, zone).Day()
	end := time.Date(y, m+time.Month(r.FaultMonths), min(d, last)+1, 0, 0, 0, 0, zone).UTC()
	if r.FaultKnownDays == 0 || known.IsZero() {
		return end
	}
	if byKnown := WindowEnds(known, r.FaultKnownDays, zone); byKnown.Before(end) {
		return byKnown
	}
	return end
}

// RefundBy is the first instant at which a refund is late. received is when the shop had the goods back, and heard when
// it heard of the return; received is zero while the goods are not back.
func (r ReturnRule) RefundBy(heard, received time.Time) time.Time {
	switch {
	// The time begins when the products are back; before that no refund can be late.
	case r.RefundBusinessDays > 0 && received.IsZero():
		return time.Time{}
	case r.RefundBusinessDays > 0:
		return BusinessDaysAfter(received, r.RefundBusinessDays)
	}
	end := heard.AddDate(0, 0, r.RefundDays)
	// Products that come back late hold the refund back; the shop then has one day.
	if held := received.AddDate(0, 0, 1); !received.IsZero() && held.After(end) {
		return held
	}
	if received.IsZero() {
		return time.Time{}
	}
	return end
}

// LateInterest is what a refund of an amount owes in interest when it is paid at an instant and was due before by:
// whole days that have begun, a year of 365 days, rounded down to minor units. 0 when it is in time or no interest is
// known.
func (r ReturnRule) LateInterest(amount int64, by, at time.Time) int64 {
	if by.IsZero() || at.Before(by) || amount <= 0 {
		return 0
	}
	// A day that has begun counts as a whole one.
	days := int64(at.Sub(by)/(24*time.Hour)) + 1
	// The product of amount, rate and days fits for amounts below 10^12 and any late refund of this century.
	return amount * int64(r.InterestBasisPoints) / 10_000 * days / 365
}
