// Package reward decides which reviews earn something: stated criteria that are the same for one star and five. It is
// pure, and its facts have no stars, so no rule in it can depend on them (KFTC guideline on endorsements, 16 CFR 465.4;
// see package compliance).
package reward

import (
	"cmp"
	"slices"
	"time"
	"unicode"

	"dangol/shared/money"
	"dangol/shared/platform/problem"
)

// Criteria are what a rewarded review must have. They are published with the offer.
type Criteria struct {
	MinLetters int   `json:"minLetters"` // letters and digits of the text
	Text       int64 `json:"text"`       // for a review with text, minor units
	Photo      int64 `json:"photo"`      // for a review with text and at least one photo that is shown
	BestCount  int   `json:"bestCount"`  // best reviews of a month
	Best       int64 `json:"best"`       // for each of them
	BestVotes  int   `json:"bestVotes"`  // votes that a best review needs
	// Budget is the most that one month's rewards may be worth in all; 0 rewards nothing.
	Budget   int64  `json:"budget"`
	Currency string `json:"currency"`
	// Wait is how long after delivery nothing is given: an order can still be withdrawn from.
	Wait time.Duration `json:"wait"`
	// ValidFor is how long a coupon can be used.
	ValidFor time.Duration `json:"validFor"`
}

// Default is used where the shop's configuration has nothing else.
var Default = Criteria{
	MinLetters: 50, Text: 500, Photo: 1500, BestCount: 3, Best: 10000, BestVotes: 5, Budget: 1_000_000, Currency: "KRW",
	Wait: 7 * 24 * time.Hour, ValidFor: 90 * 24 * time.Hour,
}

// Validate refuses criteria that no schema would let in, and that would give away what nobody meant to: an amount or a
// budget below zero, best reviews without number. Errors: 422 with the fields.
func (c Criteria) Validate() error {
	var f problem.Fields
	f.Between(c.MinLetters, 1, 2_000, "/minLetters")
	f.Between(c.BestCount, 0, 20, "/bestCount")
	f.Between(c.BestVotes, 1, 1_000, "/bestVotes")
	f.Require(c.Text >= 0, "/text", "too_small", "at least 0")
	f.Require(c.Photo >= 0, "/photo", "too_small", "at least 0")
	f.Require(c.Best >= 0, "/best", "too_small", "at least 0")
	f.Require(c.Budget >= 0, "/budget", "too_small", "at least 0")
	f.Require(money.Of(0, c.Currency).Validate() == nil, "/currency", "invalid", "a currency code")
	return f.Err()
}

// Facts is what a reward may depend on.
type Facts struct {
	Verified  bool
	Published bool
	Imported  bool
	Text      string
	Photos    int // that are shown
	Refunded  bool
	Doubted   bool // signals say that it may not be genuine, and no moderator has approved it
}

// The kinds of rewards.
const (
	ForText  = "review"
	ForPhoto = "photo_review"
	ForBest  = "best_of_month"
)

// Decide returns what a review earns; amount 0 when nothing, with the criterion that is missing as the kind.
func (c Criteria) Decide(f Facts) (kind string, amount int64) {
	switch {
	case !f.Verified || f.Imported:
		return "not_verified", 0
	case !f.Published:
		return "not_published", 0
	case f.Refunded:
		return "refunded", 0
	case f.Doubted:
		return "doubted", 0
	case letters(f.Text) < c.MinLetters:
		return "too_short", 0
	case f.Photos > 0:
		return ForPhoto, c.Photo
	default:
		return ForText, c.Text
	}
}

func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// Candidate is a review of the month.
type Candidate struct {
	ReviewID, ProductID string
	AuthorID            string
	Helpful, Votes      int
	Score               float64 // lower bound of the share of helpful votes
	Written             time.Time
}

// BestOf returns the best reviews of a month: those with BestVotes votes by the lower bound of the share of helpful
// ones, then by more votes, then the earlier one; at most one per author.
func (c Criteria) BestOf(all []Candidate) (best []Candidate) {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Votes, a.Votes), a.Written.Compare(b.Written),
			cmp.Compare(a.ReviewID, b.ReviewID))
	})
	authors := map[string]bool{}
	for _, x := range sorted {
		if len(best) < c.BestCount && x.Votes >= c.BestVotes && !authors[x.AuthorID] {
			authors[x.AuthorID] = true
			best = append(best, x)
		}
	}
	return best
}
