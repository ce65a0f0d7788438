package events

import "time"

// ReviewRef begins every event about a review: which one, of what, and whom to write to. OrderID and CustomerID are
// empty for an imported review, CustomerID for a guest. Who sends mail reads the address from the order.
type ReviewRef struct {
	ReviewID   string `json:"reviewId"`
	ProductID  string `json:"productId"`
	OrderID    string `json:"orderId,omitempty"`
	LineID     string `json:"lineId,omitempty"`
	CustomerID string `json:"customerId,omitempty"`
	Language   string `json:"language"`
}

// ReviewPublished says that a review can be seen by everybody, anew or in a changed form.
type ReviewPublished struct {
	ReviewRef
	Rating      int       `json:"rating"`             // 1 to 5: the latest opinion of the buyer
	Previous    int       `json:"previous,omitempty"` // before the change; 0 when it was not to be seen
	Verified    bool      `json:"verified"`
	FollowUp    bool      `json:"followUp,omitempty"` // with the part after a month of use
	PublishedAt time.Time `json:"publishedAt"`
}

// EventType is "review.published".
func (ReviewPublished) EventType() string { return "review.published" }

// ReviewUnpublished says that a review cannot be seen by everybody: it is held for a moderator, was returned to its
// author, rejected, or deleted by its author.
type ReviewUnpublished struct {
	ReviewRef
	State    string   `json:"state"`              // held, returned, rejected, deleted
	Reasons  []string `json:"reasons,omitempty"`  // codes of the moderation policy
	Previous int      `json:"previous,omitempty"` // the rating that no longer counts; 0 when none did
}

// EventType is "review.unpublished".
func (ReviewUnpublished) EventType() string { return "review.unpublished" }

// ReviewMediaRejected says that a moderator does not show a photo or video of a review. Its files are deleted.
type ReviewMediaRejected struct {
	ReviewRef
	MediaID string `json:"mediaId"`
	Kind    string `json:"kind"`   // photo or video
	Reason  string `json:"reason"` // code of the moderation policy
}

// EventType is "review.media_rejected".
func (ReviewMediaRejected) EventType() string { return "review.media_rejected" }

// ReviewReplied says that the shop has answered a review in public.
type ReviewReplied struct {
	ReviewRef
	Text string `json:"text"`
}

// EventType is "review.replied".
func (ReviewReplied) EventType() string { return "review.replied" }

// ReviewRewarded says that a review has earned a reward, by criteria that do not look at its stars.
type ReviewRewarded struct {
	ReviewRef
	Kind     string    `json:"kind"` // review, photo_review, best_of_month
	Form     string    `json:"form"` // coupon
	Code     string    `json:"code"`
	Amount   int64     `json:"amount"` // minor units
	Currency string    `json:"currency"`
	ValidTo  time.Time `json:"validTo,omitzero"`
}

// EventType is "review.rewarded".
func (ReviewRewarded) EventType() string { return "review.rewarded" }

// ReviewRewardRevoked says that a reward was taken back.
type ReviewRewardRevoked struct {
	ReviewRef
	Reason string `json:"reason"` // refund, abuse
	Spent  bool   `json:"spent"`  // it had been used, so nothing came back
}

// EventType is "review.reward_revoked".
func (ReviewRewardRevoked) EventType() string { return "review.reward_revoked" }

// ReviewRequested says that it is time to ask the buyer of an order line for a review. Every buyer is asked for both
// kinds, whatever an earlier review said; the first kind is left out when there is a review already, the second when
// the buyer has deleted it or has written the follow-up.
type ReviewRequested struct {
	ReviewRef
	Kind        string    `json:"kind"` // first (7 days after delivery), follow_up (30 days)
	VariantID   string    `json:"variantId,omitempty"`
	DeliveredAt time.Time `json:"deliveredAt"`
}

// EventType is "review.requested".
func (ReviewRequested) EventType() string { return "review.requested" }

// RecoveryRef begins every event about the case of an unhappy customer.
type RecoveryRef struct {
	ReviewRef
	CaseID         string `json:"caseId"`
	ConversationID string `json:"conversationId,omitempty"`
	Owner          string `json:"owner,omitempty"` // the agent's id
}

// RecoveryOpened says that a review opened a case, or opened it again.
type RecoveryOpened struct {
	RecoveryRef
	Triggers []string  `json:"triggers"` // low_rating, complaint_words, downgraded
	AnswerBy time.Time `json:"answerBy"`
}

// EventType is "recovery.opened".
func (RecoveryOpened) EventType() string { return "recovery.opened" }

// RecoveryAnswered says that the shop wrote to the customer in private. Offer is refund, exchange, replacement or
// store_credit, or empty; it has no condition.
type RecoveryAnswered struct {
	RecoveryRef
	Text  string `json:"text"`
	Offer string `json:"offer,omitempty"`
}

// EventType is "recovery.answered".
func (RecoveryAnswered) EventType() string { return "recovery.answered" }

// RecoveryResolved says that what was wrong is put right.
type RecoveryResolved struct {
	RecoveryRef
	Resolution string    `json:"resolution,omitempty"`
	ResolvedAt time.Time `json:"resolvedAt"`
}

// EventType is "recovery.resolved".
func (RecoveryResolved) EventType() string { return "recovery.resolved" }

// RecoveryDeadlineMissed says that nobody answered a case in time.
type RecoveryDeadlineMissed struct {
	RecoveryRef
	AnswerBy time.Time `json:"answerBy"`
}

// EventType is "recovery.deadline_missed".
func (RecoveryDeadlineMissed) EventType() string { return "recovery.deadline_missed" }

// ReviewUpdateInvited says that the author may be told, once and neutrally, that the review can be changed.
type ReviewUpdateInvited struct {
	RecoveryRef
}

// EventType is "review.update_invited".
func (ReviewUpdateInvited) EventType() string { return "review.update_invited" }

// QuestionAsked says that somebody asked about a product.
type QuestionAsked struct {
	QuestionID string `json:"questionId"`
	ProductID  string `json:"productId"`
	Language   string `json:"language"`
	Text       string `json:"text"`
}

// EventType is "question.asked".
func (QuestionAsked) EventType() string { return "question.asked" }

// QuestionAnswered says that a question about a product has an answer.
type QuestionAnswered struct {
	QuestionID string `json:"questionId"`
	ProductID  string `json:"productId"`
	CustomerID string `json:"customerId"` // who asked
	Language   string `json:"language"`
	By         string `json:"by"` // shop, buyer
	Text       string `json:"text"`
}

// EventType is "question.answered".
func (QuestionAnswered) EventType() string { return "question.answered" }
