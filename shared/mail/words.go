package mail

import (
	"fmt"
	"time"
)

// words are what the shared parts of the layout say; sentences are in the templates.
var words = map[string]map[string]string{
	"ko": {
		"order": "주문 번호", "placed": "주문 일시", "shipped": "발송 일시", "delivered": "배송 완료", "subtotal": "상품 금액",
		"discount": "할인", "shipping": "배송비", "free": "무료", "tax": "부가세", "taxIncluded": "부가세 포함", "total": "총 결제 금액",
		"refund": "환불 금액", "carrier": "택배사", "tracking": "운송장 번호", "follow": "배송 조회", "quantity": "수량",
		"help": "문의", "automatic": "주문이나 구독과 관련하여 자동으로 발송된 안내 메일입니다.", "amount": "결제 금액",
		"date": "날짜", "until": "확인 기한", "creditNote": "환불 명세서 번호", "toCard": "결제 수단으로 환불", "toCredit": "적립금으로", "times": "회차", "message": "전하는 말", "old": "이전 금액", "method": "결제 수단", "retry": "다시 결제하는 때", "invoice": "청구서 번호", "credit": "적립금 사용",
	},
	"en": {
		"order": "Order", "placed": "Placed", "shipped": "Shipped", "delivered": "Delivered", "subtotal": "Subtotal",
		"discount": "Discount", "shipping": "Shipping", "free": "Free", "tax": "Tax", "taxIncluded": "Tax included", "total": "Total",
		"refund": "Refund", "carrier": "Carrier", "tracking": "Tracking number", "follow": "Track parcel", "quantity": "Quantity",
		"help": "Help", "automatic": "This message was sent automatically because of your order or subscription.", "amount": "Amount",
		"date": "Date", "until": "Claim before", "creditNote": "Credit note", "toCard": "Back to your card", "toCredit": "Account credit", "times": "Deliveries", "message": "Message", "old": "Present amount", "method": "Payment method", "retry": "Next attempt", "invoice": "Invoice", "credit": "Account credit",
	},
}

func word(language, key string) (string, error) {
	w, ok := words[language][key]
	if !ok {
		return "", fmt.Errorf("no word %q in %s", key, language)
	}
	return w, nil
}

var koreanDays = [...]string{"일", "월", "화", "수", "목", "금", "토"}

// date writes a time of the shop's zone to the minute: "2026년 3월 1일 (일) 21:00", "Sun, 1 Mar 2026, 21:00 KST".
func date(language string, at time.Time) string {
	if language == "ko" {
		return fmt.Sprintf("%d년 %d월 %d일 (%s) %s", at.Year(), at.Month(), at.Day(), koreanDays[at.Weekday()], at.Format("15:04"))
	}
	return at.Format("Mon, 2 Jan 2006, 15:04 MST")
}
