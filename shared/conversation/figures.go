package conversation

import (
	"slices"
	"time"
)

// ConversationSummary is a conversation as lists and figures show it. It is in the index entry, so
// neither reads the conversation itself.
type ConversationSummary struct {
	ID            string    `dynamodbav:"id" json:"id"`
	State         State     `dynamodbav:"state" json:"state"`
	Team          string    `dynamodbav:"team" json:"team"`
	Language      string    `dynamodbav:"language" json:"language"`
	AgentID       string    `dynamodbav:"agentId,omitempty" json:"agentId,omitempty"`
	CustomerID    string    `dynamodbav:"customerId,omitempty" json:"customerId,omitempty"`
	Name          string    `dynamodbav:"name,omitempty" json:"name,omitempty"`
	Preview       string    `dynamodbav:"preview,omitempty" json:"preview,omitempty"`
	Reason        Reason    `dynamodbav:"reason,omitempty" json:"reason,omitempty"`
	Priority      int       `dynamodbav:"priority" json:"priority"`
	Escalations   int       `dynamodbav:"escalations,omitempty" json:"escalations,omitempty" doc:"How often a service level has passed."`
	Answers       int       `dynamodbav:"answers" json:"answers"`
	Rating        int       `dynamodbav:"rating,omitempty" json:"rating,omitempty"`
	Tags          []string  `dynamodbav:"tags,omitempty" json:"tags,omitempty"`
	CreatedAt     time.Time `dynamodbav:"createdAt" json:"createdAt"`
	LastAt        time.Time `dynamodbav:"lastAt" json:"lastAt"`
	QueuedAt      time.Time `dynamodbav:"queuedAt,omitzero" json:"queuedAt,omitzero"`
	FirstQueuedAt time.Time `dynamodbav:"firstQueuedAt,omitzero" json:"-"`
	FirstAnswerAt time.Time `dynamodbav:"firstAnswerAt,omitzero" json:"firstAnswerAt,omitzero"`
	AnswerBy      time.Time `dynamodbav:"answerBy,omitzero" json:"answerBy,omitzero"`
	ClosedAt      time.Time `dynamodbav:"closedAt,omitzero" json:"closedAt,omitzero"`
}

// Card makes the card; preview is the beginning of the last message.
func (c Conversation) Card(preview string) ConversationSummary {
	// 80 characters fit a line of the inbox.
	if runes := []rune(preview); len(runes) > 80 {
		preview = string(runes[:80]) + "…"
	}
	return ConversationSummary{
		ID: c.ID, State: c.State, Team: c.Team, Language: c.Language, AgentID: c.AgentID, CustomerID: c.CustomerID,
		Name:    c.Name,
		Preview: preview, Reason: c.Reason, Priority: c.Priority, Escalations: c.Escalations, Answers: c.Answers,
		Rating: c.Rating, Tags: c.Tags,
		CreatedAt: c.CreatedAt, LastAt: c.LastAt, QueuedAt: c.QueuedAt, FirstQueuedAt: c.FirstQueuedAt,
		FirstAnswerAt: c.FirstAnswerAt, AnswerBy: c.AnswerBy,
		ClosedAt: c.ClosedAt,
	}
}

// ConversationFigures are what a merchant is told about the conversations of a period.
type ConversationFigures struct {
	Conversations int     `json:"conversations"`
	ByHour        [24]int `json:"byHour" doc:"conversations begun, by hour of the team's day"`
	// Deflected were answered by the bot and ended without a person; HandedOver went to one.
	Deflected      int            `json:"deflected"`
	HandedOver     int            `json:"handedOver"`
	Open           int            `json:"open"`
	DeflectionRate float64        `json:"deflectionRate" doc:"deflected as a share of those that ended"`
	HandoverRate   float64        `json:"handoverRate"`
	Reasons        map[Reason]int `json:"reasons" doc:"why they went to a person"`
	// Times in seconds: from the hand-over to a person's first answer, and from the beginning to the end.
	FirstAnswerMedian int            `json:"firstAnswerMedianSeconds"`
	FirstAnswerP90    int            `json:"firstAnswerP90Seconds"`
	ResolutionMedian  int            `json:"resolutionMedianSeconds"`
	Ratings           int            `json:"ratings"`
	Satisfaction      float64        `json:"satisfaction" doc:"average of the ratings, 1 to 5; 0 without any"`
	Tags              map[string]int `json:"tags"`
}

// Summarize adds conversations up.
func Summarize(cards []ConversationSummary, zone *time.Location) ConversationFigures {
	f := ConversationFigures{Conversations: len(cards), Reasons: map[Reason]int{}, Tags: map[string]int{}}
	var first, resolution []int
	ended, stars := 0, 0
	for _, c := range cards {
		f.ByHour[c.CreatedAt.In(zone).Hour()]++
		if c.ClosedAt.IsZero() {
			f.Open++
		} else {
			ended++
			resolution = append(resolution, int(c.ClosedAt.Sub(c.CreatedAt).Seconds()))
		}
		switch {
		case c.Reason != "":
			f.HandedOver++
			f.Reasons[c.Reason]++
		// Ended without a person, and the bot has given at least one answer.
		case !c.ClosedAt.IsZero() && c.Answers > 0:
			f.Deflected++
		}
		if !c.FirstAnswerAt.IsZero() && !c.FirstQueuedAt.IsZero() {
			first = append(first, max(0, int(c.FirstAnswerAt.Sub(c.FirstQueuedAt).Seconds())))
		}
		if c.Rating > 0 {
			f.Ratings++
			stars += c.Rating
		}
		for _, tag := range c.Tags {
			f.Tags[tag]++
		}
	}
	f.DeflectionRate, f.HandoverRate, f.Satisfaction = share(f.Deflected, ended), share(f.HandedOver,
		len(cards)), share(stars, f.Ratings)
	f.FirstAnswerMedian, f.FirstAnswerP90, f.ResolutionMedian = quantile(first, 50), quantile(first,
		90), quantile(resolution, 50)
	return f
}

// share is a part of a whole; 0 of nothing.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// quantile is the smallest value that percent of the values do not exceed (nearest rank); 0 without values.
func quantile(values []int, percent int) int {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[max(0, (len(values)*percent+99)/100-1)]
}
