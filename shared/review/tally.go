package review

import (
	"maps"
	"slices"
	"strconv"
)

// Tally is counts by name. A review has the tally of what it adds to the summary of its product, and the summary is the
// sum of its reviews' tallies, exactly: a change of a review adds the difference of its two tallies in the same
// transaction.
//
// Names: n1 to n5 are published reviews by rating; photos, verified, rewarded, imported, followUps are published
// reviews that have or are it; attr.<name>.<value> and lang.<language> are published reviews by answer and language;
// state.<state> is all reviews by state.
type Tally map[string]int

// Tally is what the review adds to the summary of its product.
func (r *Review) Tally() Tally {
	t := Tally{"state." + string(r.State): 1}
	if r.State != Published {
		return t
	}
	t["n"+strconv.Itoa(r.Rating())] = 1
	t["lang."+r.Language] = 1
	for name, value := range r.Attributes {
		t["attr."+name+"."+value] = 1
	}
	for name, has := range map[string]bool{
		"photos": r.Photos() > 0, "verified": r.Verified, "rewarded": r.Reward != nil, "imported": r.Imported != "",
		"followUps": r.FollowUp != nil,
	} {
		if has {
			t[name] = 1
		}
	}
	return t
}

// Plus is the sum, without zeros.
func (t Tally) Plus(u Tally) Tally { return t.combine(u, 1) }

// Minus is the difference, without zeros.
func (t Tally) Minus(u Tally) Tally { return t.combine(u, -1) }

// combine adds with a sign and drops zeros, so that equal tallies have equal maps.
func (t Tally) combine(u Tally, sign int) Tally {
	out := Tally{}
	maps.Copy(out, t)
	for name, n := range u {
		out[name] += sign * n
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// Names lists the names in order.
func (t Tally) Names() []string { return sortedKeys(t) }

// Equal reports whether both have the same counts; a missing name is zero.
func (t Tally) Equal(u Tally) bool { return len(t.Minus(u)) == 0 }

// sortedKeys are the keys in order: expressions made of them must not depend on the order of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
