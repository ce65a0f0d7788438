package faq

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// trade are groups of words that mean much the same in a shop, one group a line. A Korean word
// counts wherever a run of Hangul contains it, because endings follow without a space. An English
// word counts by its stem. A text with a word of a group gets the group as one more term, so that
// "택배비" and "배송 요금" find the same entries.
var trade = map[string]string{
	"ko": `배송 택배 배달 발송 운송 송장 도착
비용 요금 배송비 배송료 택배비 얼마 가격 부담
무료 공짜
환불 환급 돈 카드취소 돌려받
반품 반송 돌려보
교환 바꿔 바꾸 바꿀
취소 철회 잘못시 잘못시켰
해지 탈퇴 끊어 그만 없애
구독 정기 상자 박스 자동결제
멤버십 회원제 유료
쿠폰 코드 바우처
할인 세일 행사 혜택
언제 며칠 기간 기한 까지 걸려 걸리
파손 깨져 깨진 불량 망가 터졌 새어
주소 배송지 받는곳 이사
해외 외국 국제 나라 미국 일본
세금 관세 수입세 통관
결제 승인 지불 카드
실패 오류 거절 안돼
영수증 계산서 증빙 인보이스
가입 계정 아이디 등록
비밀번호 비번 암호 로그인
메일 이메일 소식지 문자
변경 수정 바꿀 바꾸
선물
정지 멈추 멈출 쉬고 쉬어 보류 중단
건너 스킵 빼
재고 입고 품절 솔드
빠졌 누락 분실 없어 못받
따가 두드러기 트러블 가려 붉어 뒤집
개봉 뜯 사용한 써봤
성분 재료 원료
두번 중복 이중 두개
포장 보자기
개인정보 내정보
늦 지연 아직
추천 맞는 좋아
각인 새길 새겨 이니셜
한정 리미티드
대량 단체 도매 회사
상담 고객센터 전화 문의`,
	"en": `ship shipping delivery deliver parcel package shipment courier arrive
cost fee charge price pay postage much
free
refund refunded money credited
return back give
exchange swap change different
cancel withdraw mistake
subscription box recurring renewal renewals cycle
membership member members
coupon code voucher promo
discount discounts sale promotion promotions off
when long days time period deadline date window until
broken damaged cracked defective leaked crushed faulty
address home redirect
abroad international countries states overseas
tax customs duties import
failed declined error work accepted invalid
receipt invoice bill proof
account register profile login sign
password log forgot reset
mail email newsletter newsletters messages
edit modify change wrong
gift present given
pause hold break stop
skip leave pass
stock restock again sold
missing lost part
rash irritated stings itchy broke red
opened opening seal used tried
ingredients ingredient made contain allergens
twice duplicate two
wrap wrapping pack
data personal erase delete
late delayed delay yet
recommend suits good
engrave engraving engraved carve initials personalized
limited edition
bulk wholesale group company
hours phone support reach open
track tracking where locate status
today urgent express quick rush fast
combine together merge
guest without
installment installments monthly split
currency dollars euros usd dollar euro
points credit rewards loyalty
cheaper lower dropped difference reduced
trial try
vegan animal animals cruelty vegetarian
expiry expire expires expired
steps first routine apply
skin oily dry sensitive acne
wrong incorrect mistaken
new welcome
stack multiple several both
confirmation confirm confirmed
purchase buy bought order ordered
amount quantity size color
item items product products thing`,
}

// groupSign keeps the term of a group apart from the word itself.
const groupSign = "="

// groups is trade by word: the term of each group that a word belongs to. It is built at the first
// question and not at start.
var groups = sync.OnceValue(func() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for language, lines := range trade {
		all[language] = map[string][]string{}
		for line := range strings.SplitSeq(lines, "\n") {
			words := strings.Fields(line)
			for _, word := range words {
				if language == "en" {
					word = stem(word)
				}
				all[language][word] = append(all[language][word], groupSign+words[0])
			}
		}
	}
	return all
})

// groupsOf appends the groups that the runs of a text belong to, each once.
func groupsOf(found []string, run []rune) []string {
	if !isHangul(run[0]) {
		return appendNew(found, groups()["en"][stem(string(run))])
	}
	text := string(run)
	for from := range text {
		for to := from; to < len(text); {
			_, size := utf8.DecodeRuneInString(text[to:])
			to += size
			found = appendNew(found, groups()["ko"][text[from:to]])
		}
	}
	return found
}

// appendNew appends what is not there yet; the lists are short.
func appendNew(to, more []string) []string {
	for _, s := range more {
		known := false
		for _, t := range to {
			known = known || s == t
		}
		if !known {
			to = append(to, s)
		}
	}
	return to
}

// endings close Korean words and say nothing about the subject: particles, politeness, questions. Longer ones first.
var endings = strings.Fields("주실수있나요 할수있나요 해주세요 하고싶어요 고싶어요 받고싶어요 싶은데요 싶습니다 인가요 하나요 되나요 있나요 없나요 " +
	"는데요 주세요 싶어요 었어요 았어요 했어요 됐어요 습니다 이에요 할래요 을까요 려고요 으려면 하려면 려면 니다 나요 어요 아요 해요 " +
	"세요 네요 까요 래요 가요 예요 데요 에서 에게 으로 까지 부터 이랑 는데 은데 은 는 이 가 을 를 에 로 도 만 의 와 과 랑 요")

// stopKorean are whole Korean words that say nothing about the subject.
var stopKorean = set("어떻게 어디 어디서 제가 저는 저 제 좀 수 것 거 걸 게 그 이 뭐 뭔 무슨 알려 안내 방법 하고 하면 하려 있어 있 돼 되 해 할 주 싶 싶은 혹시 그리고")

// root is a run of Hangul without its ending, nil for a word that says nothing. One syllable is always left.
func root(run []rune) []rune {
	text := string(run)
	for _, ending := range endings {
		if rest, ok := strings.CutSuffix(text, ending); ok && utf8.RuneCountInString(rest) >= 1 {
			text = rest
			break
		}
	}
	if stopKorean[text] || stopKorean[string(run)] {
		return nil
	}
	return []rune(text)
}
