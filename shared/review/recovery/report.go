package recovery

import "time"

// Figures is one group of cases.
type Figures struct {
	Cases       int `json:"cases"`
	Matured     int `json:"matured"`     // opened at least 90 days ago, so that buying again can be judged
	BoughtAgain int `json:"boughtAgain"` // of the matured ones, within 90 days
}

// Outcomes is what the cases of a period say.
type Outcomes struct {
	Opened         int     `json:"opened"`
	AnsweredInTime int     `json:"answeredInTime"`
	Overdue        int     `json:"overdue"`
	Resolved       int     `json:"resolved"`
	Invited        int     `json:"invited"`
	Updated        int     `json:"updated"` // reviews changed after the invitation
	Raised         int     `json:"raised"`  // of those, with more stars than before
	Contacted      Figures `json:"contacted"`
	NotContacted   Figures `json:"notContacted"`
}

// Add counts a case as it stands at now.
func (r *Outcomes) Add(c *Case, now time.Time) {
	r.Opened++
	if !c.AnsweredAt.IsZero() && !c.AnsweredAt.After(c.AnswerBy) {
		r.AnsweredInTime++
	}
	if !c.OverdueAt.IsZero() || c.AnsweredAt.After(c.AnswerBy) {
		r.Overdue++
	}
	if !c.ResolvedAt.IsZero() {
		r.Resolved++
	}
	if !c.InvitedAt.IsZero() {
		r.Invited++
		if c.UpdatedAt.After(c.InvitedAt) {
			r.Updated++
			if c.StarsAfter > c.StarsBefore {
				r.Raised++
			}
		}
	}
	// The two groups are compared to see whether contacting customers helps.
	group := &r.NotContacted
	if !c.AnsweredAt.IsZero() {
		group = &r.Contacted
	}
	group.Cases++
	if now.Sub(c.Opened) >= ReturnWithin {
		group.Matured++
		if !c.BoughtAgainAt.IsZero() {
			group.BoughtAgain++
		}
	}
}
