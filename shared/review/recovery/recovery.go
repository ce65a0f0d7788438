// Package recovery is the rules of winning an unhappy customer back: what opens a case, its states and deadlines, what
// may be offered, the one neutral invitation to update the review, and the figures that say whether it helps. It is
// pure.
//
// Nothing that is offered depends on the review: an offer has no condition, and no state of a case asks for other
// stars.
package recovery

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"dangol/shared/platform/problem"
)

// State is where a case stands.
type State string

// The states of a case: open -> answered -> resolved -> closed. A case that needs nothing goes from open or answered to
// closed.
const (
	Open     State = "open"     // waits for the first answer
	Answered State = "answered" // the customer has an answer
	Resolved State = "resolved" // what was wrong is put right
	Closed   State = "closed"
)

// States lists every state.
var States = []State{Open, Answered, Resolved, Closed}

// Times of a case.
const (
	AnswerWithin = 24 * time.Hour // first answer, from opening
	InviteAfter  = 3 * 24 * time.Hour
	ReturnWithin = 90 * 24 * time.Hour // within which buying again counts
)

// Trigger is why a case was opened.
type Trigger string

// The triggers.
const (
	LowRating      Trigger = "low_rating"      // two stars or less
	ComplaintWords Trigger = "complaint_words" // in the text, whatever the stars
	Downgraded     Trigger = "downgraded"      // an edit or follow-up with fewer stars
)

// OfferKind is what the shop can offer in private.
type OfferKind string

// The kinds of offers. None has a condition.
const (
	Refund      OfferKind = "refund"
	Exchange    OfferKind = "exchange"
	Replacement OfferKind = "replacement"
	StoreCredit OfferKind = "store_credit"
)

// OfferKinds lists every kind.
var OfferKinds = []OfferKind{Refund, Exchange, Replacement, StoreCredit}

// CaseEntry is one thing that happened in a case.
type CaseEntry struct {
	At time.Time `json:"at"`
	By string    `json:"by"` // the agent's id, author, or system
	// opened, assigned, answered, offered, resolved, invited, updated, closed, overdue, bought_again, reopened
	What  string    `json:"what"`
	Text  string    `json:"text,omitempty"`
	Offer OfferKind `json:"offer,omitempty"`
}

// Case is one case.
type Case struct {
	ID             string      `json:"id"` // that of the review
	ReviewID       string      `json:"reviewId"`
	ProductID      string      `json:"productId"`
	OrderID        string      `json:"orderId,omitempty"`
	LineID         string      `json:"lineId,omitempty"`
	Language       string      `json:"language,omitempty"` // of the customer
	CustomerID     string      `json:"customerId,omitempty"`
	ConversationID string      `json:"conversationId,omitempty"`
	Triggers       []Trigger   `json:"triggers"`
	Words          []string    `json:"words,omitempty"`
	State          State       `json:"state"`
	Version        int         `json:"version"`
	Owner          string      `json:"owner,omitempty"` // the agent's id
	Opened         time.Time   `json:"openedAt"`
	AnswerBy       time.Time   `json:"answerBy"`
	AnsweredAt     time.Time   `json:"answeredAt,omitzero"`
	ResolvedAt     time.Time   `json:"resolvedAt,omitzero"`
	Resolution     OfferKind   `json:"resolution,omitempty"`
	InvitedAt      time.Time   `json:"invitedAt,omitzero"`
	OverdueAt      time.Time   `json:"overdueAt,omitzero"` // set once when the deadline passed without an answer
	UpdatedAt      time.Time   `json:"reviewUpdatedAt,omitzero"`
	StarsBefore    int         `json:"starsBefore"`
	StarsAfter     int         `json:"starsAfter,omitempty"`
	BoughtAgainAt  time.Time   `json:"boughtAgainAt,omitzero"`
	Log            []CaseEntry `json:"log"`
}

// Written is what a new or changed review says.
type Written struct {
	Stars, StarsBefore int // StarsBefore is 0 for a new review
	Text               string
}

// Triggers returns why a review opens a case, with the complaint words found; empty when it opens none.
func Triggers(w Written) (why []Trigger, words []string) {
	if w.Stars <= 2 {
		why = append(why, LowRating)
	}
	if words = complaints(w.Text); len(words) > 0 {
		why = append(why, ComplaintWords)
	}
	if w.StarsBefore > w.Stars {
		why = append(why, Downgraded)
	}
	return why, words
}

// Complaint words: Korean ones as parts of words, because particles and endings follow without a space; English ones as
// whole words. deliveryWords alone are no complaint: "배송이 빨라요" praises.
var (
	koreanComplaints  = strings.Fields("불량 환불 누락 파손 반품 교환 하자 고장 깨져 깨졌 터졌 새서 샜어 불친절 지연 안와요 안왔 늦게 오배송 잘못왔")
	englishComplaints = strings.Fields(
		"broken refund late damaged defective missing leaking leaked faulty wrong return complaint never")
	deliveryWord    = "배송"
	deliveryTrouble = strings.Fields("느리 느려 느린 늦 오래걸 안와 지연 엉망 문제 별로 실망 최악")
)

// complaints finds the words of a complaint. Spaces are dropped for Korean, where they are often
// left out.
func complaints(text string) (found []string) {
	compact := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	for _, w := range koreanComplaints {
		if strings.Contains(compact, w) {
			found = append(found, w)
		}
	}
	if strings.Contains(compact, deliveryWord) {
		for _, w := range deliveryTrouble {
			if strings.Contains(compact, w) {
				found = append(found, deliveryWord)
				break
			}
		}
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range englishComplaints {
		if slices.Contains(words, w) {
			found = append(found, w)
		}
	}
	return found
}

// Start opens a case.
func Start(c Case, now time.Time) *Case {
	c.State, c.Version, c.Opened, c.AnswerBy = Open, 1, now, now.Add(AnswerWithin)
	c.log(now, "system", "opened", "", "")
	return &c
}

// log adds an entry.
func (c *Case) log(at time.Time, by, what, text string, offer OfferKind) {
	c.Log = append(c.Log, CaseEntry{At: at, By: by, What: what, Text: text, Offer: offer})
}

// is refuses an action that the state does not allow.
func (c *Case) is(action string, allowed ...State) error {
	if slices.Contains(allowed, c.State) {
		return nil
	}
	return problem.Conflict("case_state", "A case that is %s cannot be %s.", c.State, action)
}

// maxLog bounds the entries of a case.
const maxLog = 200

// room refuses a change that would fill the log: the item must stay small enough to be written.
func (c *Case) room() error {
	if len(c.Log) >= maxLog {
		return problem.Conflict("case_full", "A case has at most %d entries.", maxLog)
	}
	return nil
}

// Assign gives the case to an agent. Errors: 409 case_state, case_full.
func (c *Case) Assign(owner, by string, now time.Time) error {
	if err := c.is("assigned", Open, Answered, Resolved); err != nil {
		return err
	}
	c.Owner = owner
	c.log(now, by, "assigned", owner, "")
	return c.room()
}

// Answer notes an answer to the customer, public or private; the first one ends the deadline. Errors: 409 case_state,
// case_full.
func (c *Case) Answer(text, by string, now time.Time) error {
	if err := c.is("answered", Open, Answered, Resolved); err != nil {
		return err
	}
	c.answered(by, now)
	c.log(now, by, "answered", text, "")
	return c.room()
}

// answered ends the deadline with the first answer, and gives the case to whoever gave it when
// nobody has it.
func (c *Case) answered(by string, now time.Time) {
	if c.AnsweredAt.IsZero() {
		c.AnsweredAt = now
	}
	if c.State == Open {
		c.State = Answered
	}
	if c.Owner == "" {
		c.Owner = by
	}
}

// MakeOffer offers something in private. It counts as an answer. Errors: 409 case_state, case_full; 422 for an unknown
// kind or a text that makes the offer depend on the review.
func (c *Case) MakeOffer(kind OfferKind, text, by string, now time.Time) error {
	if !slices.Contains(OfferKinds, kind) {
		return problem.InvalidField("/offer", "not_allowed", "refund, exchange, replacement or store_credit")
	}
	if word, ok := Conditional(text); ok {
		return problem.InvalidField("/text", "conditional_offer", "an offer that does not mention the review; found %q", word)
	}
	if err := c.is("given an offer", Open, Answered, Resolved); err != nil {
		return err
	}
	c.answered(by, now)
	c.log(now, by, "offered", text, kind)
	return c.room()
}

// about are the words with which a text would tie an offer to the review. An offer has no reason to use them.
var about = strings.Fields("별점 리뷰 후기 평점 star stars review reviews rating ratings five-star")

// Conditional reports whether the text of an offer speaks of the review or its stars, and with which word (16 CFR
// 465.4: no incentive that is conditioned on sentiment).
func Conditional(text string) (word string, is bool) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range about {
		// Korean words take particles, so they are found inside longer words.
		if slices.Contains(words, w) || w[0] >= 0x80 && strings.Contains(text, w) {
			return w, true
		}
	}
	return "", false
}

// Resolve notes that what was wrong is put right, and how. The invitation follows InviteAfter later. Errors: 409
// case_state, case_full.
func (c *Case) Resolve(how OfferKind, text, by string, now time.Time) error {
	if how != "" && !slices.Contains(OfferKinds, how) {
		return problem.InvalidField("/resolution", "not_allowed", "refund, exchange, replacement or store_credit")
	}
	if err := c.is("resolved", Answered); err != nil {
		return err
	}
	c.State, c.ResolvedAt, c.Resolution = Resolved, now, how
	c.log(now, by, "resolved", text, how)
	return c.room()
}

// Close ends a case without an invitation, also a full one. Errors: 409 case_state.
func (c *Case) Close(text, by string, now time.Time) error {
	if err := c.is("closed", Open, Answered, Resolved); err != nil {
		return err
	}
	c.State = Closed
	c.log(now, by, "closed", text, "")
	return nil
}

// Due is what happens to the case next by itself, and when; the zero time when nothing does.
func (c *Case) Due() time.Time {
	switch {
	case c.State == Open && c.OverdueAt.IsZero():
		return c.AnswerBy
	case c.State == Resolved:
		return c.ResolvedAt.Add(InviteAfter)
	}
	return time.Time{}
}

// Tick does what is due: it notes a missed deadline once, or invites the author once to update the review and closes
// the case. It returns what happened, "overdue" or "invited", or "" when nothing was due.
func (c *Case) Tick(now time.Time) string {
	due := c.Due()
	if due.IsZero() || now.Before(due) {
		return ""
	}
	if c.State == Open {
		c.OverdueAt = now
		c.log(now, "system", "overdue", "", "")
		return "overdue"
	}
	c.State = Closed
	// The author is invited once in the life of a case, also when it was opened again.
	if !c.InvitedAt.IsZero() {
		c.log(now, "system", "closed", "", "")
		return ""
	}
	c.InvitedAt = now
	c.log(now, "system", "invited", "", "")
	return "invited"
}

// Updated notes that the author changed the review. A downgrade opens a closed case again, with a new deadline.
func (c *Case) Updated(w Written, now time.Time) {
	why, words := Triggers(w)
	c.UpdatedAt, c.StarsAfter = now, w.Stars
	// The facts are stored in any case; a full log only lacks the entry.
	if len(c.Log) < maxLog {
		c.log(now, "author", "updated", "", "")
	}
	if c.State != Closed || !slices.Contains(why, Downgraded) {
		return
	}
	c.Triggers, c.Words = why, words
	c.State, c.Opened, c.AnswerBy = Open, now, now.Add(AnswerWithin)
	c.AnsweredAt, c.ResolvedAt, c.OverdueAt = time.Time{}, time.Time{}, time.Time{}
	c.log(now, "system", "reopened", "", "")
}

// Bought notes a later order of the customer; changed is false when it does not count or is known.
func (c *Case) Bought(at time.Time) (changed bool) {
	if !c.BoughtAgainAt.IsZero() || !at.After(c.Opened) || at.Sub(c.Opened) > ReturnWithin {
		return false
	}
	c.BoughtAgainAt = at
	c.log(at, "system", "bought_again", "", "")
	return true
}
