package review

import (
	"cmp"
	"slices"

	"dangol/shared/platform/problem"
)

// Reason is a code for why a review, a photo or a question is not shown.
type Reason string

// The reasons of the published policy (docs/reviews.md). None of them is about the stars or about whether the opinion
// is favorable.
const (
	Profanity          Reason = "profanity"
	PersonalData       Reason = "personal_data"
	Links              Reason = "links"
	RepeatedCharacters Reason = "repeated_characters"
	OffTopic           Reason = "off_topic"
	WrongProduct       Reason = "wrong_product"
	ImageUnfit         Reason = "image"
	ConflictOfInterest Reason = "conflict_of_interest"
	Spam               Reason = "spam"
	Duplicate          Reason = "duplicate"
	NotGenuine         Reason = "not_genuine"
	Illegal            Reason = "illegal"
	Suspicious         Reason = "suspicious" // held because of its signals
	Reported           Reason = "reported"   // held because of reports
)

// ModerationPolicy is what is said about a reason.
type ModerationPolicy struct {
	Reason Reason `json:"reason"`
	// Mendable says that the author can mend the text or photo and send it again.
	Mendable bool `json:"mendable"`
	// Decision says that a moderator can give it as the reason of a decision.
	Decision bool              `json:"decision"`
	Text     map[string]string `json:"text"` // for the author, by language
}

// Policies is the published moderation policy, one entry per reason.
var Policies = []ModerationPolicy{
	{Profanity, true, true, texts("The text has an insult or a swear word.", "욕설이나 모욕적인 표현이 있습니다.")},
	{PersonalData, true, true, texts(
		"The text names personal data such as a phone number or an address.", "전화번호, 주소 같은 개인정보가 있습니다.")},
	{Links, true, true, texts("The text has a link.", "링크가 있습니다.")},
	{RepeatedCharacters, true, true, texts("The text is mostly repeated characters.", "같은 글자가 반복됩니다.")},
	{OffTopic, true, true, texts("The text is not about the product or its purchase.", "상품이나 구매와 관련이 없습니다.")},
	{WrongProduct, true, true, texts("The text is about another product.", "다른 상품에 대한 내용입니다.")},
	{ImageUnfit, true, true, texts("A photo or video cannot be shown.", "게시할 수 없는 사진이나 동영상입니다.")},
	{ConflictOfInterest, false, true, texts(
		"The author works for the shop or for a competitor.", "판매자 또는 경쟁사의 관계자가 작성했습니다.")},
	{Spam, false, true, texts("The review is advertising.", "광고성 글입니다.")},
	{Duplicate, false, true, texts("The same text was posted before.", "이미 등록된 글과 같습니다.")},
	{NotGenuine, false, true, texts(
		"The review does not come from using the product.", "실제 사용 경험이 아닌 것으로 확인되었습니다.")},
	{Illegal, false, true, texts("The content is against the law.", "법에 어긋나는 내용입니다.")},
	{Suspicious, false, false, texts("The review is being checked.", "확인 중인 리뷰입니다.")},
	{Reported, false, false, texts("The review was reported and is being checked.", "신고가 접수되어 확인 중입니다.")},
}

// texts is a text in both languages of the shop.
func texts(en, ko string) map[string]string { return map[string]string{"en": en, "ko": ko} }

// PolicyOf returns the entry of a reason; ok is false for one that is not in the policy.
func PolicyOf(r Reason) (p ModerationPolicy, ok bool) {
	for _, p := range Policies {
		if p.Reason == r {
			return p, true
		}
	}
	return p, false
}

// MediaReasons are the reasons for which a moderator takes a photo or video down.
var MediaReasons = []Reason{ImageUnfit, PersonalData, OffTopic, WrongProduct, Illegal}

// MediaReason is the reason given for taking a photo or video down; without one it is that it cannot be shown. Errors:
// 422 invalid_input.
func MediaReason(given string) (Reason, error) {
	r := cmp.Or(Reason(given), ImageUnfit)
	if !slices.Contains(MediaReasons, r) {
		return "", problem.InvalidField("/reason", "not_allowed", "one of %v", MediaReasons)
	}
	return r, nil
}

// Finding is a reason with the words it is about.
type Finding struct {
	Reason Reason `json:"reason"`
	Field  string `json:"field,omitempty"` // title, text, followUp, or the id of a photo
	Marks  []Mark `json:"marks,omitempty"`
}

// Mark is a part of a text, in characters (Unicode code points) from its start; End is not in it.
type Mark struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

// Outcome is the state that a moderator's reasons lead to: returned when the author can mend every one of them.
func Outcome(reasons []Finding) State {
	for _, f := range reasons {
		if p, ok := PolicyOf(f.Reason); !ok || !p.Mendable {
			return Rejected
		}
	}
	return Returned
}
