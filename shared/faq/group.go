package faq

import (
	"cmp"
	"slices"
	"time"
)

// Miss is a question that got no answer.
type Miss struct {
	Question string    `dynamodbav:"question" json:"question"`
	Language string    `dynamodbav:"language" json:"language"`
	At       time.Time `dynamodbav:"at" json:"at"`
}

// Group is questions that ask much the same, with one of them for all.
type Group struct {
	Question string    `json:"question"`
	Language string    `json:"language"`
	Count    int       `json:"count"`
	LastAt   time.Time `json:"lastAt"`
	Examples []string  `json:"examples"`
}

// Questions belong together that share much of their terms; a group shows at most so many of them.
const (
	alike       = 0.4
	maxExamples = 5
)

// Grouped puts questions that are alike together, the largest group first. Each question joins the group whose first
// question it is most alike.
func Grouped(misses []Miss) []Group {
	var groups []Group
	var terms []map[string]bool
	for _, m := range misses {
		own := setOf(tokens(m.Question, LanguageOf(m.Question)))
		best, most := -1, alike
		for i := range groups {
			if share := overlap(own, terms[i]); groups[i].Language == m.Language && share >= most {
				best, most = i, share
			}
		}
		if best < 0 {
			groups, terms = append(groups, Group{Question: m.Question, Language: m.Language}), append(terms, own)
			best = len(groups) - 1
		}
		g := &groups[best]
		g.Count++
		if m.At.After(g.LastAt) {
			g.LastAt = m.At
		}
		if len(g.Examples) < maxExamples && !slices.Contains(g.Examples, m.Question) {
			g.Examples = append(g.Examples, m.Question)
		}
	}
	slices.SortStableFunc(groups, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
	return groups
}

func setOf(terms []string) map[string]bool {
	all := make(map[string]bool, len(terms))
	for _, t := range terms {
		all[t] = true
	}
	return all
}

// overlap is the share of terms that two sets have in common (Jaccard).
func overlap(a, b map[string]bool) float64 {
	both := 0
	for t := range a {
		if b[t] {
			both++
		}
	}
	if len(a)+len(b) == both {
		return 0
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
