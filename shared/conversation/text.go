package conversation

import (
	"strings"
	"time"
)

// Languages are those that the bot and the notices have texts in.
var Languages = []string{"ko", "en"}

// NoticeCode names a system message. Clients show its text and may act on the code.
type NoticeCode string

// The notices.
const (
	HandedOver    NoticeCode = "handed_over"
	OutOfHours    NoticeCode = "out_of_hours"
	Claimed       NoticeCode = "claimed"
	Transferred   NoticeCode = "transferred"
	GivenBack     NoticeCode = "given_back"
	Reopened      NoticeCode = "reopened"
	ClosedNotice  NoticeCode = "closed"
	BlockedNotice NoticeCode = "blocked"
	CallBooked    NoticeCode = "call_booked"
	CallReminder  NoticeCode = "call_reminder"
	CallDue       NoticeCode = "call_due"
	CallMissed    NoticeCode = "call_missed"
)

// texts are the words of the bot and of the notices, by code and language. {…} is filled in.
var texts = map[string]map[string]string{
	string(HandedOver): {"ko": "상담원에게 연결해 드릴게요. 잠시만 기다려 주세요.",
		"en": "I am connecting you to a person. One moment, please."},
	string(OutOfHours): {"ko": "지금은 상담 시간이 아닙니다. {time}부터 순서대로 답해 드립니다. 메일로 답을 받거나 전화를 예약하실 수도 있습니다.",
		"en": "We are closed right now. Somebody will answer from {time} on. You can also leave your email address or " +
			"book a call."},
	string(Claimed):       {"ko": "{name} 상담원이 연결되었습니다.", "en": "{name} has joined the conversation."},
	string(Transferred):   {"ko": "담당 부서로 연결해 드릴게요.", "en": "You are being transferred to another team."},
	string(GivenBack):     {"ko": "이제 자동 안내가 이어집니다.", "en": "The assistant continues from here."},
	string(Reopened):      {"ko": "대화를 다시 시작합니다.", "en": "The conversation is open again."},
	string(ClosedNotice):  {"ko": "상담이 종료되었습니다. 오늘 상담은 어떠셨나요?", "en": "This conversation is closed. How did we do?"},
	string(BlockedNotice): {"ko": "욕설이 이어져 대화를 마칩니다.", "en": "This conversation was ended because of its language."},
	string(CallBooked):    {"ko": "{time}에 전화드리기로 예약했습니다.", "en": "A call is booked for {time}."},
	string(CallReminder):  {"ko": "곧 {time}에 전화드리겠습니다.", "en": "We will call you at {time}."},
	string(CallDue):       {"ko": "지금 전화드리겠습니다.", "en": "We are calling you now."},
	string(CallMissed): {"ko": "{time}에 약속한 전화를 드리지 못했습니다. 죄송합니다. 다시 예약하시거나 여기에 글을 남겨 주세요.",
		"en": "We did not make the call of {time}. We are sorry. Please book another one, or write to us here."},
	"sms_code": {"ko": "[{shop}] 인증번호는 {code}입니다. 10분 안에 입력해 주세요.",
		"en": "[{shop}] Your code is {code}. Enter it within 10 minutes."},
	"greeting": {"ko": "안녕하세요, 하늘입니다. 무엇을 도와드릴까요?",
		"en": "Hello, this is Haneul. What can I do for you?"},
	"unsure":              {"ko": "이 가운데 궁금하신 것이 있나요?", "en": "Is it one of these?"},
	"unknown":             {"ko": "그 질문에는 제가 가진 답이 없습니다.", "en": "I have no answer to that question."},
	"source":              {"ko": "자주 묻는 질문: {question}", "en": "From the FAQ: {question}"},
	"none_of_these":       {"ko": "여기에 없어요", "en": "None of these"},
	"person":              {"ko": "상담원 연결", "en": "Talk to a person"},
	"order_status":        {"ko": "주문 어디 있어요?", "en": "Where is my order?"},
	"start_return":        {"ko": "반품 시작", "en": "Start a return"},
	"skip_delivery":       {"ko": "이번 배송 건너뛰기", "en": "Skip the next delivery"},
	"cancel_subscription": {"ko": "구독 해지", "en": "Cancel a subscription"},
	"coupons":             {"ko": "쓸 수 있는 쿠폰", "en": "Coupons I can use"},
	"orders":              {"ko": "최근 주문입니다.", "en": "Your latest orders:"},
	"no_orders":           {"ko": "아직 주문이 없습니다.", "en": "You have no orders yet."},
	"subscriptions":       {"ko": "어느 구독인가요?", "en": "Which subscription?"},
	"no_subscriptions":    {"ko": "진행 중인 구독이 없습니다.", "en": "You have no running subscription."},
	"returns": {"ko": "어느 주문을 반품하시나요? 고르시면 돌려받을 금액을 먼저 보여 드립니다.",
		"en": "Which order do you want to return? You see what you get back before you commit."},
	"no_returns": {"ko": "받으신 주문이 없습니다. 아직 보내지 않은 주문은 주문 내역에서 취소하실 수 있습니다.",
		"en": "No order has reached you yet. An order that was not sent can be canceled in your order list."},
	"return_why": {"ko": "반품하시는 까닭을 골라 주세요.", "en": "Why do you want to return it?"},
	"return_what": {"ko": "무엇을 반품하시나요? 고르시면 돌려받을 금액을 먼저 보여 드립니다.",
		"en": "What do you want to return? You see what you get back before you commit."},
	"return_all": {"ko": "모두", "en": "Everything"},
	"return_confirm": {"ko": "돌려받으실 금액은 {refund.display}입니다. 반품을 접수할까요?",
		"en": "You get back {refund.display}. Request the return?"},
	"return_done":             {"ko": "반품을 접수했습니다.", "en": "The return is requested."},
	"reason_changed_mind":     {"ko": "마음이 바뀌었어요", "en": "I changed my mind"},
	"reason_faulty":           {"ko": "불량이에요", "en": "It is faulty"},
	"reason_wrong_item":       {"ko": "다른 물건이 왔어요", "en": "I got another item"},
	"reason_not_as_described": {"ko": "설명과 달라요", "en": "It is not as described"},
	"your_coupons": {"ko": "고객님께 드린 쿠폰입니다. 누르시면 장바구니에 넣어 드립니다.",
		"en": "These coupons are yours. Press one to put it into your cart."},
	"no_coupons": {"ko": "고객님께 따로 드린 쿠폰은 없습니다. 코드가 있으시면 장바구니에 입력해 주세요. 쓸 수 없는 코드는 까닭을 알려 드립니다.",
		"en": "There is no coupon of your own. If you have a code, enter it in your cart: it says why when one does " +
			"not apply."},
	"coupon_confirm": {"ko": "장바구니의 코드를 {code}(으)로 바꿀까요?",
		"en": "Use the code {code} in your cart? It replaces a code that is there."},
	"coupon_done": {"ko": "장바구니에 넣었습니다. 합계는 {totals.total.display}입니다.",
		"en": "It is in your cart. The total is {totals.total.display}."},
	"skip_confirm": {"ko": "{title}: 다음 회차를 건너뛸까요?", "en": "{title}: skip the next delivery?"},
	"skip_done":    {"ko": "다음 회차를 건너뜁니다.", "en": "The next delivery is skipped."},
	"cancel_confirm": {"ko": "{title}: 해지할까요? 이미 결제한 기간까지는 그대로입니다.",
		"en": "{title}: cancel it? What you have paid for stays yours."},
	"cancel_done":               {"ko": "해지되었습니다.", "en": "It is canceled."},
	"order_placed":              {"ko": "보낼 준비를 하고 있습니다", "en": "being prepared"},
	"order_partially_fulfilled": {"ko": "일부를 보냈습니다", "en": "partly on its way"},
	"order_fulfilled":           {"ko": "배송 중입니다", "en": "on its way"},
	"order_delivered":           {"ko": "배송이 끝났습니다", "en": "delivered"},
	"order_canceled":            {"ko": "취소되었습니다", "en": "canceled"},
	"log_in_first": {"ko": "주문과 구독은 로그인하신 뒤에 보여 드릴 수 있습니다.",
		"en": "Please log in first: orders and subscriptions are shown to their owner only."},
	"helped":     {"ko": "도움이 됐어요", "en": "That helped"},
	"not_helped": {"ko": "도움이 안 됐어요", "en": "That did not help"},
	"glad":       {"ko": "다행입니다. 더 궁금하신 것이 있으면 말씀해 주세요.", "en": "Glad to hear it. Ask me anything else."},
}

// Say is a text by its code in a language, English where the language has none. fill pairs names of placeholders with
// what is put in.
func Say(code, language string, fill ...string) string {
	text := texts[code][language]
	if text == "" {
		text = texts[code]["en"]
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// SayTime is a time of day on a team's wall clock, as people say it.
func SayTime(at time.Time, team Team, language string) string {
	local := team.Hours.Local(at)
	if language == "ko" {
		half := "오전"
		if local.Hour() >= 12 {
			half = "오후"
		}
		weekdays := []rune("일월화수목금토")
		return local.Format("1월 2일(") + string(weekdays[local.Weekday()]) + ") " + half + local.Format(" 3:04")
	}
	return local.Format("Mon 2 Jan, 3:04 PM MST")
}

// Text is the notice in words.
func (n Notice) Text(team Team, language, name string) string {
	if n.At.IsZero() {
		return Say(string(n.Code), language, "name", name)
	}
	return Say(string(n.Code), language, "time", SayTime(n.At, team, language))
}
