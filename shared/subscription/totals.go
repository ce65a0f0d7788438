package subscription

import (
	"maps"
	"slices"
)

// Plus adds the movement of other subscriptions over the same time.
func (m Movement) Plus(o Movement) Movement {
	return Movement{
		// The time span is that of the other, so that a zero value can start a sum.
		From: o.From, To: o.To, Opening: m.Opening + o.Opening, Closing: m.Closing + o.Closing, New: m.New + o.New,
		Returned: m.Returned + o.Returned, Expansion: m.Expansion + o.Expansion, Contraction: m.Contraction + o.Contraction,
		ChurnVoluntary: m.ChurnVoluntary + o.ChurnVoluntary, ChurnInvoluntary: m.ChurnInvoluntary + o.ChurnInvoluntary,
	}
}

// Plus adds the share of others.
func (s Share) Plus(o Share) Share {
	return Share{Of: s.Of + o.Of, Part: s.Part + o.Part, OfAmount: s.OfAmount + o.OfAmount,
		PartAmount: s.PartAmount + o.PartAmount}
}

// MergeCohorts adds up the cohorts of two parts of the subscriptions, counted at the same instant. A month counts when
// it is over for the youngest member of either.
func MergeCohorts(a, b []Cohort) []Cohort {
	byMonth := map[string][]int{}
	for _, c := range slices.Concat(a, b) {
		before, there := byMonth[c.Month]
		if !there {
			byMonth[c.Month] = slices.Clone(c.Paying)
			continue
		}
		// A month counts only as far as both parts have reached it.
		before = before[:min(len(before), len(c.Paying))]
		for k := range before {
			before[k] += c.Paying[k]
		}
		byMonth[c.Month] = before
	}
	var out []Cohort
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		out = append(out, Cohort{Month: month, Paying: byMonth[month]})
	}
	return out
}
