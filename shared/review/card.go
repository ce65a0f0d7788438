package review

import "time"

// ReviewSummary is what everybody sees of a review. Lists carry it, so listing never reads more.
type ReviewSummary struct {
	ID         string            `json:"id" example:"rev_01m80674exnpsz0bg9nw68d4b7"`
	ProductID  string            `json:"productId"`
	VariantID  string            `json:"variantId,omitempty"`
	Rating     int               `json:"rating" doc:"The stars that count: those of the follow-up when there is one."`
	Stars      int               `json:"stars" doc:"The stars of the first review."`
	Title      string            `json:"title,omitempty"`
	Text       string            `json:"text" doc:"Plain text. Put it into a page as text, never as HTML."`
	Attributes map[string]string `json:"attributes,omitempty"`
	Language   string            `json:"language"`
	Author     string            `json:"author,omitempty"`
	Verified   bool              `json:"verified" doc:"The author bought the product in this shop and has received it."`
	Imported   string            `json:"imported,omitempty" doc:"The system the review was imported from; what it says was not checked here."`
	Rewarded   *CardReward       `json:"rewarded,omitempty" doc:"The author was given this for the review. It has to be shown with it."`
	FollowUp   *FollowUp         `json:"followUp,omitempty" doc:"What the author added after a month of use."`
	Media      []CardMedia       `json:"media,omitempty"`
	Reply      *Reply            `json:"reply,omitempty" doc:"The shop's public answer."`
	Helpful    int               `json:"helpful"`
	Unhelpful  int               `json:"unhelpful"`
	Written    time.Time         `json:"writtenAt"`
	Edited     time.Time         `json:"editedAt,omitzero"`
}

// CardReward is what everybody sees of a reward.
type CardReward struct {
	Kind     string `json:"kind"`
	Form     string `json:"form"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// CardMedia is what everybody sees of a photo or video; the keys are below the address of the media bucket.
type CardMedia struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Type      string `json:"type"`
	Key       string `json:"key"`
	Thumbnail string `json:"thumbnail,omitempty"`
	Width     int    `json:"width,omitempty"`
	Height    int    `json:"height,omitempty"`
}

// Card is the part of a review that everybody sees. Reasons, signals and reports stay out of it.
func (r *Review) Card() ReviewSummary {
	c := ReviewSummary{
		ID: r.ID, ProductID: r.ProductID, VariantID: r.VariantID, Rating: r.Rating(), Stars: r.Stars, Title: r.Title,
		Text: r.Text, Attributes: r.Attributes, Language: r.Language, Author: r.Author, Verified: r.Verified,
		Imported: r.Imported, FollowUp: r.FollowUp, Reply: r.Reply, Helpful: r.Helpful, Unhelpful: r.Unhelpful,
		Written: r.Written, Edited: r.Edited,
	}
	if r.Reward != nil {
		c.Rewarded = &CardReward{Kind: r.Reward.Kind, Form: r.Reward.Form, Amount: r.Reward.Amount,
			Currency: r.Reward.Currency}
	}
	for _, m := range r.Shown() {
		c.Media = append(c.Media, CardMedia{
			ID: m.ID, Kind: m.Kind, Type: m.Type, Key: m.Key, Thumbnail: m.Thumbnail, Width: m.Width, Height: m.Height,
		})
	}
	return c
}

// Filter chooses reviews of a list.
type Filter struct {
	Stars     int // 0 for all
	Photo     bool
	Language  string
	Attribute string // name:value
}

// Keeps reports whether the filter lets a review through.
func (f Filter) Keeps(c ReviewSummary) bool {
	if f.Stars != 0 && c.Rating != f.Stars || f.Language != "" && c.Language != f.Language {
		return false
	}
	if f.Photo && !c.hasPhoto() {
		return false
	}
	if f.Attribute == "" {
		return true
	}
	for name, value := range c.Attributes {
		if name+":"+value == f.Attribute {
			return true
		}
	}
	return false
}

// hasPhoto reports whether a photo is shown; videos do not count for the filter.
func (c ReviewSummary) hasPhoto() bool {
	for _, m := range c.Media {
		if m.Kind == "photo" {
			return true
		}
	}
	return false
}
