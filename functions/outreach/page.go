package outreach

import (
	"html"
	"strings"
)

// texts of the pages, by language.
var texts = map[string]map[string]string{
	"ko": {
		"unsubscribe": "수신 거부", "unsubscribeAsk": "광고성 정보 수신을 거부하시겠습니까? 단추를 한 번 누르면 끝납니다.",
		"unsubscribed": "수신이 거부되었습니다. 더 이상 광고 메일을 보내 드리지 않습니다.", "confirm": "수신 동의 확인",
		"confirmAsk": "단추를 누르시면 광고성 정보 수신 동의가 완료됩니다.", "confirmed": "수신 동의가 완료되었습니다.",
		"notConfirmed": "이 링크는 더 이상 사용할 수 없습니다.", "preferences": "수신 설정", "save": "저장", "saved": "저장되었습니다.",
		"email": "이메일 수신", "push": "웹 푸시 수신", "night": "밤 9시부터 아침 8시 사이에도 웹 푸시 받기", "measure": "열람과 클릭 기록 허용",
		"why": "이 메시지를 받은 이유", "topics": "받고 싶은 주제", "sentAt": "보낸 때", "reason": "이유", "consentAt": "동의하신 때",
		"topic.news": "소식", "topic.offers": "혜택", "topic.cart": "장바구니 알림", "topic.tips": "사용법", "topic.reviews": "후기 요청",
		"topic.replenishment": "재구매 알림", "topic.subscriptions": "구독 소식",
		"reason.consent": "광고성 정보 수신에 동의하셨습니다.", "reason.existing_customer": "같은 종류의 상품을 구매하셨습니다.",
		"reason.opt_out_country": "거주 국가의 법이 수신 거부 방식을 따릅니다.", "reason.transactional": "주문이나 구독에 필요한 안내입니다.",
		"reason.legal_notice": "법에 따라 보내 드리는 안내입니다.",
	},
	"en": {
		"unsubscribe": "Unsubscribe", "unsubscribeAsk": "Do you want to receive no more advertising? One press of the " +
			"button is enough.",
		"unsubscribed": "You will receive no more advertising.", "confirm": "Confirm",
		"confirmAsk":   "Press the button to agree to receive advertising.",
		"confirmed":    "Thank you. Your consent was recorded.",
		"notConfirmed": "This link can no longer be used.", "preferences": "Preferences", "save": "Save", "saved": "Saved.",
		"email": "E-mail", "push": "Web push", "night": "Web push also between 21:00 and 08:00",
		"measure": "Record opens and clicks",
		"why":     "Why you got this message", "topics": "Topics", "sentAt": "Sent", "reason": "Reason",
		"consentAt":  "You agreed",
		"topic.news": "News", "topic.offers": "Offers", "topic.cart": "Cart reminders", "topic.tips": "How to use it",
		"topic.reviews":       "Reviews",
		"topic.replenishment": "Replenishment", "topic.subscriptions": "Subscriptions",
		"reason.consent":           "You agreed to receive advertising.",
		"reason.existing_customer": "You bought goods of the same kind.",
		"reason.opt_out_country":   "The law of your country allows it until you refuse.",
		"reason.transactional":     "It concerns your order or subscription.",
		"reason.legal_notice":      "The law obliges us to send it.",
	},
}

// text is a text of the pages. Texts that are missing show their key.
func text(language, key string) string {
	primary, _, _ := strings.Cut(language, "-")
	all, ok := texts[primary]
	if !ok {
		all = texts["en"]
	}
	if t, ok := all[key]; ok {
		return t
	}
	return key
}

const style = `:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}body{max-width:32rem;margin:0 auto;padding:1.5rem}` +
	`button{font:inherit;padding:.6rem 1.2rem}label{display:block;margin:.4rem 0}fieldset{margin:1rem 0;border:1px solid #8886}`

// page is a page for people. body is HTML; everything that people wrote in it is escaped by whoever made it.
func page(language, title, body string) *Page {
	return &Page{
		Type: "text/html; charset=utf-8", Cache: "no-store", Referrer: "no-referrer",
		Security: "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		Body: []byte(`<!doctype html><html lang="` + html.EscapeString(language) + `"><head><meta charset="utf-8">` +
			`<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>` +
			html.EscapeString(title) + `</title><style>` + style + `</style></head><body><main><h1>` + html.EscapeString(title) +
			`</h1>` + body +
			`</main></body></html>`),
	}
}

func paragraph(s string) string { return "<p>" + html.EscapeString(s) + "</p>" }

// form posts to the page's own address.
func form(hidden, inner, button string) string {
	return `<form method="post">` + hidden + inner + `<button type="submit">` + html.EscapeString(button) +
		`</button></form>`
}

func checkbox(name, value, label string, checked bool) string {
	mark := ""
	if checked {
		mark = " checked"
	}
	return `<label><input type="checkbox" name="` + html.EscapeString(name) + `" value="` + html.EscapeString(value) +
		`"` + mark + `> ` +
		html.EscapeString(label) + `</label>`
}
