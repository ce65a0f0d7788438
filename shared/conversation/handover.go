package conversation

import (
	"strings"
	"unicode"
)

// Reason says why a conversation went to a person.
type Reason string

// The reasons.
const (
	AsksPerson   Reason = "asks_person"
	Legal        Reason = "legal"
	Privacy      Reason = "privacy"
	Complaint    Reason = "complaint"
	Refund       Reason = "refund"
	OpenCase     Reason = "open_case"
	VIP          Reason = "vip"
	FailedTwice  Reason = "failed_twice"
	Unanswerable Reason = "unanswerable"
	ByMail       Reason = "mail"
	ByPhone      Reason = "phone"
)

// Signals is what a hand-over is decided from.
type Signals struct {
	Text     string
	Failed   int  // answers of the bot in a row that were none, this message not counted
	Sure     bool // the bot has an answer to this message
	VIP      bool // the customer's loyalty tier, or lifetime value, is served by people
	OpenCase bool // a recovery case is open for the customer
}

// handoverRule is a row of the table. Rows are tried in order and the first that holds decides, so
// the gravest reasons stand first.
type handoverRule struct {
	reason   Reason
	priority int
	holds    func(Signals) bool
}

// handoverRules match phrases and no language model: what goes to a person can be read here and
// tested.
var handoverRules = []handoverRule{
	{Legal, 4, anyOf("고소|소송|변호사|법적|소비자보호원|소비자원|공정위|내용증명|신고하겠|lawyer|attorney|lawsuit|sue you|legal " +
		"action|court|consumer agency")},
	{Privacy, 4, anyOf("개인정보 유출|개인정보유출|내 정보가 유출|정보 유출|해킹|도용|" +
		"data breach|data leak|my data was|hacked|identity theft|gdpr")},
	{AsksPerson, 1, anyOf("상담원|상담사|사람이랑|사람과 |사람 연결|사람하고|직원 연결|직원이랑|직원 바꿔|담당자 연결|담당자 바꿔|" +
		"human|real person|talk to a person|speak to a person|talk to someone|speak to someone|an " +
		"agent|representative|operator")},
	{Complaint, 3, anyOf("화가 나|화나|짜증|최악|실망|불만|항의|엉망|사기|책임자|장난하|어이없|" +
		"terrible|awful|worst|unacceptable|disappointed|complaint|complain|" +
		"scam|angry|furious|ridiculous|your manager|the manager")},
	{Refund, 2, anyOf("환불해|환불 해|환불요청|환불 요청|환불받고|환불 받고|돈 돌려|돈을 돌려|돌려주세요|refund me|want a refund|want my refund|" +
		"want my money|my money back|give me a refund|need a refund|demand a refund")},
	{OpenCase, 3, func(s Signals) bool { return s.OpenCase }},
	// A member is served by people, unless the bot is sure of its answer.
	{VIP, 2, func(s Signals) bool { return s.VIP && !s.Sure }},
	{FailedTwice, 1, func(s Signals) bool { return !s.Sure && s.Failed >= 1 }},
}

// HandoverReason is why a message goes to a person instead of the bot; ok is false when the bot keeps it.
func HandoverReason(s Signals) (reason Reason, ok bool) {
	for _, rule := range handoverRules {
		if rule.holds(s) {
			return rule.reason, true
		}
	}
	return "", false
}

// Priority is how urgent the reason makes a conversation.
func (r Reason) Priority() int {
	for _, rule := range handoverRules {
		if rule.reason == r {
			return rule.priority
		}
	}
	return 0
}

// anyOf holds when the text contains one of the phrases, separated by |. English ones must begin at a word and end at
// one.
func anyOf(phrases string) func(Signals) bool {
	all := strings.Split(phrases, "|")
	return func(s Signals) bool {
		text := " " + plain(s.Text) + " "
		for _, phrase := range all {
			// English phrases begin with ASCII; Korean words take endings, so they match anywhere.
			if phrase[0] < 0x80 {
				phrase = " " + phrase + " "
			}
			if strings.Contains(text, phrase) {
				return true
			}
		}
		return false
	}
}

// plain is a text in lower case with single spaces and without punctuation.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}
