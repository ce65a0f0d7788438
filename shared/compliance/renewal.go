package compliance

import "strings"

// RenewalRule is when a subscriber is told before a subscription renews: between Earliest and Latest days before.
// Engineering reading only.
type RenewalRule struct {
	Earliest, Latest int
	Source           string
}

// Days is when the notice goes out: in the middle of the allowed days, so that a run that is late for some days is
// still in time.
func (r RenewalRule) Days() int { return (r.Earliest + r.Latest) / 2 }

// halfYear and year are the lengths in days from which rules for long terms hold.
const halfYear, year = 180, 365

// RenewalRulesFor returns the rules for a subscription that renews every so many days in a country (ISO 3166, two
// letters); each wants a notice of its own. Where there is none the shop may choose.
//
// California: 15 to 45 days before the end of a term of a year or more (Bus. & Prof. Code 17602(b)(2)); taken for the
// whole of the USA. France: one to three months before a fixed term renews by silence (Code de la consommation L215-1).
// Mastercard, and so everywhere: 7 to 30 days before when billed every six months or less often (Transaction Processing
// Rules, subscription billing).
func RenewalRulesFor(country string, everyDays int) []RenewalRule {
	network := RenewalRule{Earliest: 30, Latest: 7,
		Source: "Mastercard Transaction Processing Rules, subscription billing"}
	switch country = strings.ToUpper(country); {
	case country == "US" && everyDays >= year:
		return []RenewalRule{{Earliest: 30, Latest: 15,
			Source: "Cal. Bus. & Prof. Code 17602(b)(2), within " + network.Source}}
	case country == "FR" && everyDays >= year:
		return []RenewalRule{{Earliest: 90, Latest: 32, Source: "Code de la consommation L215-1"}, network}
	case everyDays >= halfYear:
		return []RenewalRule{network}
	}
	return nil
}
