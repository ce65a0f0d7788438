package review

import (
	"math"
	"strconv"
)

// The prior of the Bayesian score: every product begins with PriorWeight virtual reviews of PriorStars, as Trustpilot
// does it (support.trustpilot.com 201748946: 7 reviews of 3.5 stars).
const (
	PriorWeight = 7
	PriorStars  = 3.5
)

// z95 is the 97.5th percentile of the normal distribution: a two-sided interval of 95 %.
const z95 = 1.959964

// Stars is how many published reviews have each rating; index 0 is one star.
func (t Tally) Stars() (n [5]int) {
	for i := range n {
		n[i] = t["n"+strconv.Itoa(i+1)]
	}
	return n
}

// Rated is how many reviews are published.
func (t Tally) Rated() (n int) {
	for _, k := range t.Stars() {
		n += k
	}
	return n
}

// sumOfStars is the sum of all ratings, from which averages are computed exactly.
func (t Tally) sumOfStars() (sum int) {
	for i, k := range t.Stars() {
		sum += (i + 1) * k
	}
	return sum
}

// Average is the mean rating, 0 without reviews.
func (t Tally) Average() float64 {
	if t.Rated() == 0 {
		return 0
	}
	return float64(t.sumOfStars()) / float64(t.Rated())
}

// Bayesian is the mean rating with the prior: what products with few reviews are compared by.
func (t Tally) Bayesian() float64 {
	return (PriorWeight*PriorStars + float64(t.sumOfStars())) / float64(PriorWeight+t.Rated())
}

// Satisfied is the lower bound of the share of buyers who rate 4 or 5 (Wilson, 95 %).
func (t Tally) Satisfied() float64 {
	n := t.Stars()
	return Wilson(n[3]+n[4], t.Rated())
}

// Wilson is the lower bound of the Wilson score interval at 95 % for a share of yes among all votes, 0 without votes
// (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).
func Wilson(yes, all int) float64 {
	if all <= 0 {
		return 0
	}
	n, p := float64(all), float64(yes)/float64(all)
	center := p + z95*z95/(2*n)
	spread := z95 * math.Sqrt((p*(1-p)+z95*z95/(4*n))/n)
	return math.Max(0, (center-spread)/(1+z95*z95/n))
}

// Round rounds a score to two decimals, for showing.
func Round(score float64) float64 { return math.Round(score*100) / 100 }
