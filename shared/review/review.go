// Package review is the rules of product reviews: what a review is, which states it has, what it adds to the summary of
// its product, the scores that are computed from that summary, the orders in which reviews are listed, and the forms in
// which they leave the shop (schema.org, product review feed). It is pure: no clock, no storage; package review/store
// keeps them.
//
// No rule in this package that decides about publication, order or reward reads the stars.
package review

import (
	"slices"
	"strings"
	"time"
)

// State is where a review stands.
type State string

// The states of a review. A new review is published or held; a moderator publishes, returns or rejects; the author
// mends a returned review and deletes any.
const (
	Published State = "published"
	Held      State = "held"     // waits for a moderator, at the latest until DecideBy
	Returned  State = "returned" // the author was given the reasons and may mend it
	Rejected  State = "rejected" // taken down for a reason that cannot be mended
	Deleted   State = "deleted"  // by its author
)

// States lists every state.
var States = []State{Published, Held, Returned, Rejected, Deleted}

// Content is what the author writes. Only the author changes it.
type Content struct {
	Stars      int               `json:"stars"` // 1 to 5
	Title      string            `json:"title,omitempty"`
	Text       string            `json:"text"`
	Attributes map[string]string `json:"attributes,omitempty"` // such as skin_type: dry
	Language   string            `json:"language"`             // ISO 639-1
}

// FollowUp is the second part that the author adds after a month of use. It is linked to the first by being in it.
type FollowUp struct {
	Stars   int       `json:"stars"`
	Text    string    `json:"text"`
	Written time.Time `json:"writtenAt"`
}

// MediaState is where a photo or video stands. It is judged apart from the text.
type MediaState string

// The states of a photo or video.
const (
	MediaUploading MediaState = "uploading"
	MediaPublished MediaState = "published"
	MediaHeld      MediaState = "held"
	MediaRejected  MediaState = "rejected"
)

// Media is a photo or a video of a review.
type Media struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"` // photo or video
	State     MediaState `json:"state"`
	Type      string     `json:"type"`             // MIME type of what is shown
	Width     int        `json:"width,omitempty"`  // pixels
	Height    int        `json:"height,omitempty"` // pixels
	Reason    Reason     `json:"reason,omitempty"` // why it is not shown
	Key       string     `json:"key,omitempty"`    // of the shown object
	Thumbnail string     `json:"thumbnail,omitempty"`
	Added     time.Time  `json:"addedAt"`
}

// The most a review may have.
const (
	MaxPhotos = 5
	MaxVideos = 1
)

// Reply is the shop's public answer below a review.
type Reply struct {
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Reward is what the author was given for the review. It is stored with the review and disclosed wherever the review is
// shown.
type Reward struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`           // review, photo_review, best_of_month
	Form     string    `json:"form"`           // coupon
	Code     string    `json:"code,omitempty"` // of the coupon; the author's alone to see
	Amount   int64     `json:"amount"`
	Currency string    `json:"currency"`
	At       time.Time `json:"at"`
	// Replaced are the ids of rewards that the review had before this one.
	Replaced []string `json:"replaced,omitempty"`
	// Revoked is set when it was taken back; the disclosure stays, because the review was written for a reward.
	Revoked    time.Time `json:"revokedAt,omitzero"`
	RevokedFor string    `json:"revokedFor,omitempty"` // refund, abuse
}

// OutcomeRefunded is why a review earns nothing whose line was refunded before its reward was decided.
const OutcomeRefunded = "refunded"

// MayEarn reports whether a review can still be given something: its line was not refunded, and no reward of it was
// taken back.
func (r *Review) MayEarn() bool {
	return r.RewardOutcome != OutcomeRefunded && (r.Reward == nil || r.Reward.Revoked.IsZero())
}

// Review is one review of one order line.
type Review struct {
	Content
	ID        string    `json:"id"`
	ProductID string    `json:"productId"`
	VariantID string    `json:"variantId,omitempty"`
	OrderID   string    `json:"orderId,omitempty"` // empty when imported
	LineID    string    `json:"lineId,omitempty"`
	AuthorID  string    `json:"authorId"`   // a customer, or guest:<hash of the mail address>
	Author    string    `json:"authorName"` // as shown
	State     State     `json:"state"`
	Version   int       `json:"version"`
	Reasons   []Finding `json:"reasons,omitempty"` // why it is held, returned or rejected
	Signals   []Signal  `json:"signals,omitempty"` // of a review that may not be genuine; for moderators
	FollowUp  *FollowUp `json:"followUp,omitempty"`
	Media     []Media   `json:"media,omitempty"`
	Reply     *Reply    `json:"reply,omitempty"`
	Reward    *Reward   `json:"reward,omitempty"`
	Verified  bool      `json:"verified,omitempty"`
	Imported  string    `json:"imported,omitempty"` // the system it was imported from
	Helpful   int       `json:"helpful,omitempty"`
	Unhelpful int       `json:"unhelpful,omitempty"`
	// ReportWeight is the sum of the weights of the reports since the last decision, in hundredths.
	ReportWeight int       `json:"reportWeight,omitempty"`
	Edits        int       `json:"edits,omitempty"`
	Written      time.Time `json:"writtenAt"`
	Edited       time.Time `json:"editedAt,omitzero"`
	DecideBy     time.Time `json:"decideBy,omitzero"` // of a held one
	// RewardAt is when it is decided whether the review earns something; zero once that is decided.
	RewardAt time.Time `json:"rewardAt,omitzero"`
	// RewardOutcome is what was decided: the kind of the reward, or the criterion that is missing.
	RewardOutcome string    `json:"rewardOutcome,omitempty"`
	Delivered     time.Time `json:"deliveredAt,omitzero"`
	// Approved is set by a moderator's decision to publish: the same content is not held again for the same signals.
	Approved time.Time `json:"approvedAt,omitzero"`
	// DeletedAs is the state that the author deleted it in. What a moderator has taken down or returned, or reports
	// hold, is not published by deleting it and writing it anew.
	DeletedAs State `json:"deletedAs,omitempty"`
}

// Before is the state whose decisions bind the author: of a deleted review that in which it was deleted.
func (r *Review) Before() State {
	if r.State == Deleted {
		return r.DeletedAs
	}
	return r.State
}

// Delete removes what the author has said. Stars and language stay: the index keys and old events name them, and they
// are nothing personal. So do the reasons for which it was not shown, without the words they are about.
func (r *Review) Delete() {
	r.DeletedAs, r.State, r.Content = r.State, Deleted, Content{Stars: r.Stars, Language: r.Language}
	reasons := make([]Finding, len(r.Reasons))
	for i, f := range r.Reasons {
		reasons[i] = Finding{Reason: f.Reason, Field: f.Field}
	}
	r.FollowUp, r.Reply, r.Reasons, r.RewardAt = nil, nil, reasons, time.Time{}
	for i := range r.Media {
		r.Media[i].State = MediaRejected // review-media deletes the files
	}
}

// StaysHeld reports whether a version that its author has changed waits for a moderator, whatever it says now: reports
// hold it, or it was returned and then deleted, so that its words cannot be compared.
func (r *Review) StaysHeld() bool {
	reported := slices.ContainsFunc(r.Reasons, func(f Finding) bool { return f.Reason == Reported })
	return r.Before() == Held && reported || r.State == Deleted && r.DeletedAs == Returned
}

// Signal is one named reason to think that a review may not be genuine.
type Signal struct {
	Name   string `json:"name"`
	Weight int    `json:"weight"`
	Detail string `json:"detail"` // for moderators, in English
}

// NextJob is when something has to be done about the review by itself: a held one is published, a photo that is held
// too, and a reward is decided. The zero time when there is nothing.
func (r *Review) NextJob() time.Time {
	switch r.State {
	case Held:
		return r.DecideBy
	case Published:
		// A published review may have photos that are held.
		if !r.DecideBy.IsZero() && (r.RewardAt.IsZero() || r.DecideBy.Before(r.RewardAt)) {
			return r.DecideBy
		}
		return r.RewardAt
	}
	return time.Time{}
}

// HoldMedia takes all photos and videos down until a moderator decides.
func (r *Review) HoldMedia(reason Reason, decideBy time.Time) {
	for i := range r.Media {
		if r.Media[i].State == MediaPublished {
			r.Media[i].State, r.Media[i].Reason = MediaHeld, reason
			r.DecideBy = decideBy
		}
	}
}

// MediaDeadline is when photos that are held are published; the zero time when none is held.
func (r *Review) MediaDeadline() time.Time {
	if slices.ContainsFunc(r.Media, func(m Media) bool { return m.State == MediaHeld }) {
		return r.DecideBy
	}
	return time.Time{}
}

// ReleaseMedia shows the photos and videos again that are held.
func (r *Review) ReleaseMedia() {
	for i := range r.Media {
		if r.Media[i].State == MediaHeld {
			r.Media[i].State, r.Media[i].Reason = MediaPublished, ""
		}
	}
}

// HoldScore is the sum of the weights of signals from which a review is held.
const HoldScore = 50

// Doubted reports whether the signals of a review reach HoldScore and no moderator has approved it. Such a review earns
// nothing, also when it was published because nobody decided.
func (r *Review) Doubted() bool {
	score := 0
	for _, s := range r.Signals {
		score += s.Weight
	}
	return score >= HoldScore && r.Approved.IsZero()
}

// Rating is the stars that count: the latest opinion of the buyer, so those of the follow-up when there is one.
func (r *Review) Rating() int {
	if r.FollowUp != nil {
		return r.FollowUp.Stars
	}
	return r.Stars
}

// Shown returns the photos and videos that everybody may see.
func (r *Review) Shown() (out []Media) {
	for _, m := range r.Media {
		if m.State == MediaPublished {
			out = append(out, m)
		}
	}
	return out
}

// Photos is how many photos are shown.
func (r *Review) Photos() (n int) {
	for _, m := range r.Shown() {
		if m.Kind == "photo" {
			n++
		}
	}
	return n
}

// MediaByID returns the place of a photo or video in Media, -1 when there is none.
func (r *Review) MediaByID(id string) int {
	return slices.IndexFunc(r.Media, func(m Media) bool { return m.ID == id })
}

// AuthorName makes the name that is shown from a full one: the first letter and as many asterisks as letters, at most
// three, as Korean shops do it. The name of somebody who gave none is empty.
func AuthorName(full string) string {
	letters := []rune(strings.TrimSpace(Clean(full)))
	if len(letters) == 0 {
		return ""
	}
	return string(letters[0]) + strings.Repeat("*", min(3, max(1, len(letters)-1)))
}

// ByGuest is the author id of a buyer without an account; emailHash is the hash of the mail address of the order.
func ByGuest(emailHash string) string { return "guest:" + emailHash }
