package returnpolicy

import (
	"fmt"
	"slices"
	"strings"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/format"
)

// Issue is what is wrong with a policy. Rule is the law that it violates, empty when it is no matter of law.
type Issue struct {
	Pointer string // JSON pointer into the policy
	Code    string
	Detail  string
	Rule    string
}

// The codes of issues with the law. The others are invalid, duplicate and required.
const (
	WindowTooShort      = "window_too_short"
	FaultWindowTooShort = "fault_window_too_short"
	FeeNotAllowed       = "fee_not_allowed"
	FinalSaleNotAllowed = "final_sale_not_allowed"
	OutboundRefund      = "outbound_refund_required"
	MoneyRequired       = "money_required"
)

// maxAmount bounds amounts in a policy; more is a mistake.
const maxAmount = 1_000_000_000

// Validate returns what is wrong with a policy: in its shape, and against the law of every country a section is for.
func (p Policy) Validate() []Issue {
	v := &validation{seen: map[string]bool{}}
	for i, s := range p.Sections {
		v.section(fmt.Sprintf("/sections/%d", i), s)
	}
	if !v.seen[anywhere] {
		v.add("/sections", "required", "", "one section is for *, everywhere else")
	}
	return v.issues
}

// validation collects the issues of one policy.
type validation struct {
	issues []Issue
	seen   map[string]bool // countries
}

// add notes an issue.
func (v *validation) add(pointer, code, rule, format string, args ...any) {
	v.issues = append(v.issues, Issue{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...), Rule: rule})
}

// section checks one section against its own shape and the laws of its countries.
func (v *validation) section(at string, s Section) {
	// Also when the schema of the API was passed: policies come from files, too.
	if len(s.Countries) == 0 {
		v.add(at+"/countries", "required", "", "at least one country")
	}
	if s.SendWithinDays < 7 || s.SendWithinDays > 90 {
		v.add(at+"/sendWithinDays", "invalid", "", "between 7 and 90")
	}
	// Several countries may have the same law, which is checked once.
	laws := v.laws(at, s)
	ids := map[string]bool{}
	for i, r := range s.Rules {
		here := fmt.Sprintf("%s/rules/%d", at, i)
		if ids[r.ID] {
			v.add(here+"/id", "duplicate", "", "each rule has an id of its own")
		}
		if err := format.Name(here+"/id", r.ID, 1, 40, format.Lower("_-")); err != nil {
			v.add(here+"/id", "wrong_format", "", "1 to 40 characters: small letters, digits, _ and -")
		}
		ids[r.ID] = true
		v.rule(here, r)
		for _, law := range laws {
			v.lawful(here, r, law)
		}
	}
	if n := len(s.Rules); n == 0 || !s.Rules[n-1].Goods.All() {
		v.add(at+"/rules", "required", "", "the last rule is for all goods")
	}
	for i, r := range s.Rules {
		// Rules after one for everything would never be used.
		if i < len(s.Rules)-1 && r.Goods.All() {
			v.add(fmt.Sprintf("%s/rules/%d/goods", at, i), "invalid", "", "only the last rule is for all goods")
		}
	}
}

// laws are the different laws of a section's countries; members of the EU share one.
func (v *validation) laws(at string, s Section) []compliance.ReturnRule {
	var laws []compliance.ReturnRule
	for i, name := range s.Countries {
		pointer := fmt.Sprintf("%s/countries/%d", at, i)
		if name != anywhere && (len(name) != 2 || strings.ToUpper(name) != name) {
			v.add(pointer, "invalid", "", "an ISO 3166 code in capitals, EU or *")
			continue
		}
		for _, country := range compliance.Countries(name) {
			if v.seen[country] {
				v.add(pointer, "duplicate", "", "%s is in two sections", country)
			}
			v.seen[country] = true
			law := compliance.ReturnRuleFor(country)
			known := slices.ContainsFunc(laws, func(l compliance.ReturnRule) bool { return l.Source == law.Source })
			if !known {
				laws = append(laws, law)
			}
		}
	}
	return laws
}

// rule checks the shape of a rule.
func (v *validation) rule(at string, r Rule) {
	// Limits of reason: a number beyond them is a slip of the hand.
	v.between(at+"/windowDays", r.WindowDays, 0, 365)
	v.between(at+"/faultMonths", r.FaultMonths, 0, 120)
	v.between(at+"/restocking/basisPoints", r.Restocking.BasisPoints, 0, 10_000)
	v.between(at+"/restocking/fromDay", r.Restocking.FromDay, 0, 365)
	v.between(at+"/creditBonus", r.CreditBonus, 0, 5_000)
	v.amounts(at+"/wayBack", r.WayBack)
	v.amounts(at+"/keepBelow", r.KeepBelow)
	if r.FinalSale != "" && !slices.Contains(compliance.Exemptions, r.FinalSale) {
		v.add(at+"/finalSale", "invalid", "", "not a known exemption")
	}
	if r.Outbound != OutboundNever && r.Outbound != OutboundWhole {
		v.add(at+"/outbound", "invalid", "", "never or whole_order")
	}
	if r.Gifts != Keep && r.Gifts != Charge {
		v.add(at+"/gifts", "invalid", "", "keep or charge")
	}
	if r.Promotions != Keep && r.Promotions != Charge {
		v.add(at+"/promotions", "invalid", "", "keep or charge")
	}
	// The text for customers is written in both languages.
	if len(r.Condition) > 0 && (r.Condition["ko"] == "" || r.Condition["en"] == "") {
		v.add(at+"/condition", "required", "", "in Korean (ko) and English (en)")
	}
}

// between checks a number against limits.
func (v *validation) between(at string, n, least, most int) {
	if n < least || n > most {
		v.add(at, "invalid", "", "between %d and %d", least, most)
	}
}

// amounts checks currencies and amounts.
func (v *validation) amounts(at string, a Amounts) {
	for code, amount := range a {
		if _, err := money.Digits(code); err != nil {
			v.add(at+"/"+code, "invalid", "", "not a currency of ISO 4217")
		} else if amount < 0 || amount > maxAmount {
			v.add(at+"/"+code, "invalid", "", "between 0 and %d", maxAmount)
		}
	}
}

// lawful checks a rule against the law of a country: it may give more than the law, and never less.
func (v *validation) lawful(at string, r Rule, law compliance.ReturnRule) {
	if r.FinalSale != "" && !law.Allows(r.FinalSale) {
		v.add(at+"/finalSale", FinalSaleNotAllowed, law.Source, "the law of %s knows no exclusion because of %s", law.Country,
			r.FinalSale)
	}
	// Excluded products have no window.
	if r.FinalSale == "" && r.WindowDays < law.WithdrawalDays {
		v.add(at+"/windowDays", WindowTooShort, law.Source, "the law of %s gives %d days", law.Country, law.WithdrawalDays)
	}
	if r.FaultMonths < law.FaultMonths {
		v.add(at+"/faultMonths", FaultWindowTooShort, law.Source, "the law of %s gives %d months for faults", law.Country,
			law.FaultMonths)
	}
	// A fee from a later day on touches no right that the law gives.
	if r.Restocking.BasisPoints > 0 && !law.Fees && r.Restocking.FromDay <= law.WithdrawalDays {
		v.add(at+"/restocking", FeeNotAllowed, law.Source,
			"no fee on a return within the %d days of the law of %s; use fromDay",
			law.WithdrawalDays, law.Country)
	}
	if law.OutboundBack && r.Outbound != OutboundWhole {
		v.add(at+"/outbound", OutboundRefund, law.Source,
			"the law of %s refunds the shipping of an order that comes back as a whole", law.Country)
	}
	if r.CreditOnly && !law.CreditOnly {
		v.add(at+"/creditOnly", MoneyRequired, law.Source, "the law of %s gives money back", law.Country)
	}
}
