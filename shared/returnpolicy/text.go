package returnpolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dangol/shared/compliance"
	"dangol/shared/money"
)

// Text writes the policy for customers in a country as plain text, in Korean for ko and in English for every other
// language.
func (p Policy) Text(country, language string) string {
	w := words["en"]
	if language == "ko" {
		w = words["ko"]
	}
	s, law := p.Section(country), compliance.ReturnRuleFor(country)
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(w.title, p.Version, p.From.In(ZoneOf(country)).Format("2006-01-02"))
	for _, r := range s.Rules {
		line("")
		line("%s", w.goods(r.Goods))
		for _, text := range w.rule(r) {
			line("- %s", text)
		}
	}
	line("")
	line(w.send, s.SendWithinDays)
	line("%s", w.refund(law))
	// Only where the law gives such a right.
	if law.WithdrawalDays > 0 {
		line(w.law, law.WithdrawalDays, law.Source)
	}
	// The European Union wants the function named with these words (Directive (EU) 2023/2673).
	if label := law.Function["en"]; label != "" {
		line(w.function, cmp.Or(law.Function[w.language], label))
	}
	return b.String()
}

// vocabulary is the sentences of the text in one language.
type vocabulary struct {
	language, title, all, products, categories, tags, boxes                  string
	window, fault, final, wayFree, wayPaid, ownWay, outbound, outboundNever  string
	restocking, restockingFrom, exchange, bonus, creditOnly, gifts, promoted string
	send, business, days, law, function, interest                            string
	exemptions                                                               map[compliance.Exemption]string
}

// words are the sentences by language, as formats for fmt.
var words = map[string]vocabulary{
	"en": {
		language: "en", title: "Returns and refunds (version %d, from %s)", all: "All goods", products: "Products: %s",
		categories: "Categories: %s", tags: "Goods tagged: %s", boxes: "Boxes of a subscription",
		window: "You may return the goods within %d days of receipt, whatever the reason.",
		fault: "What is faulty, damaged or not as described may be returned within %d months of receipt; we pay the way " +
			"back.",
		final: "Excluded from returns without fault: %s.", wayFree: "The way back is free.",
		wayPaid:        "The way back with our label costs %s.",
		ownWay:         "You may also send the goods back yourself.",
		outbound:       "The shipping is refunded when the whole order comes back.",
		outboundNever:  "The shipping to you is refunded only when we are at fault.",
		restocking:     "We keep %s of the price as a restocking fee.",
		restockingFrom: "From day %d after receipt on we keep %s of the price as a restocking fee.",
		exchange:       "The goods can be exchanged for another variant.",
		bonus:          "Take store credit instead of money and get %s on top.",
		creditOnly:     "Returns without fault are refunded as store credit.",
		gifts:          "A gift that the goods you keep no longer earn comes back too, or its price is charged.",
		promoted:       "A discount that the goods you keep no longer earn is charged.",
		send:           "Send the goods within %d days of the approval.",
		business:       "We refund within %d business days of receiving the goods.",
		days:           "We refund within %d days, once the goods are back.",
		law:            "Your right by law to withdraw within %d days is not affected (%s).",
		function:       "To withdraw: “%s”.", interest: "A late refund bears interest of %s a year.",
		exemptions: map[compliance.Exemption]string{
			compliance.CustomMade: "made to your order", compliance.Perishable: "perishable goods",
			compliance.UnsealedHygiene: "hygiene goods that were unsealed", compliance.UnsealedMedia: "media that were unsealed",
			compliance.DigitalContent: "digital content", compliance.ReducedPrice: "goods at a reduced price",
		},
	},
	"ko": {
		language: "ko", title: "반품 및 환불 정책 (버전 %d, %s부터)", all: "모든 상품", products: "상품: %s", categories: "카테고리: %s",
		tags: "태그: %s", boxes: "정기배송 상품",
		window: "상품을 받은 날부터 %d일 이내에는 이유와 관계없이 반품할 수 있습니다.",
		fault:  "하자가 있거나 파손되었거나 설명과 다른 상품은 받은 날부터 %d개월 이내에 반품할 수 있으며, 반품 배송비는 저희가 부담합니다.",
		final:  "단순 변심 반품이 제한됩니다: %s.", wayFree: "반품 배송비는 무료입니다.", wayPaid: "반품 배송비는 %s입니다.",
		ownWay: "직접 보내실 수도 있습니다.", outbound: "주문 전체를 반품하시면 처음 배송비도 환불합니다.",
		outboundNever: "처음 배송비는 저희 책임인 경우에만 환불합니다.", restocking: "재입고 수수료로 상품 가격의 %s를 공제합니다.",
		restockingFrom: "받은 날부터 %d일째부터는 재입고 수수료로 상품 가격의 %s를 공제합니다.",
		exchange:       "다른 옵션으로 교환할 수 있습니다.", bonus: "적립금으로 환불받으시면 %s를 더 드립니다.",
		creditOnly: "단순 변심 반품은 적립금으로 환불합니다.",
		gifts:      "남은 상품이 사은품 조건에 미치지 못하면 사은품도 함께 반품하시거나 그 가격을 공제합니다.",
		promoted:   "남은 상품이 할인 조건에 미치지 못하면 그 할인을 공제합니다.", send: "승인 후 %d일 이내에 상품을 보내 주세요.",
		business: "상품이 도착한 날부터 %d영업일 이내에 환불합니다.", days: "상품이 도착하면 %d일 이내에 환불합니다.",
		law:      "%d일 이내의 법정 청약철회권에는 영향이 없습니다 (%s).",
		function: "철회 방법: “%s”.", interest: "환불이 늦어지면 연 %s의 지연이자를 드립니다.",
		exemptions: map[compliance.Exemption]string{
			compliance.CustomMade: "주문 제작 상품", compliance.Perishable: "쉽게 변질되는 상품",
			compliance.UnsealedHygiene: "개봉한 위생 상품", compliance.UnsealedMedia: "개봉한 음반·영상·소프트웨어",
			compliance.DigitalContent: "디지털 콘텐츠", compliance.ReducedPrice: "할인 상품",
		},
	},
}

// goods says what a rule is for.
func (w vocabulary) goods(g Goods) string {
	var parts []string
	// add notes a kind of goods with its names.
	add := func(format string, names []string) {
		if len(names) > 0 {
			parts = append(parts, fmt.Sprintf(format, strings.Join(names, ", ")))
		}
	}
	add(w.products, g.Products)
	add(w.categories, g.Categories)
	add(w.tags, g.Tags)
	if g.Boxes {
		parts = append(parts, w.boxes)
	}
	if len(parts) == 0 {
		return w.all
	}
	return strings.Join(parts, "; ")
}

// rule says what a rule gives, one sentence for each of its parts, in the order in which customers
// ask.
func (w vocabulary) rule(r Rule) []string {
	var out []string
	// say adds a sentence when it applies.
	say := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	// Excluded products have no window, way back or exchange to speak of.
	returnable := r.FinalSale == ""
	say(!returnable, w.final, w.exemptions[r.FinalSale])
	say(returnable && r.WindowDays > 0, w.window, r.WindowDays)
	say(r.FaultMonths > 0, w.fault, r.FaultMonths)
	if text := r.Condition[w.language]; text != "" {
		out = append(out, text)
	}
	say(returnable && len(r.WayBack) == 0, "%s", w.wayFree)
	say(returnable && len(r.WayBack) > 0, w.wayPaid, w.amounts(r.WayBack))
	say(returnable && r.OwnWay, "%s", w.ownWay)
	say(returnable && r.Outbound == OutboundWhole, "%s", w.outbound)
	say(returnable && r.Outbound == OutboundNever, "%s", w.outboundNever)
	if bp := r.Restocking.BasisPoints; bp > 0 && r.Restocking.FromDay > 0 {
		say(true, w.restockingFrom, r.Restocking.FromDay, percent(bp))
	} else {
		say(bp > 0, w.restocking, percent(bp))
	}
	say(r.Exchange, "%s", w.exchange)
	say(r.CreditBonus > 0 && !r.CreditOnly, w.bonus, percent(r.CreditBonus))
	say(r.CreditOnly, "%s", w.creditOnly)
	say(returnable && r.Gifts == Charge, "%s", w.gifts)
	say(returnable && r.Promotions == Charge, "%s", w.promoted)
	return out
}

// amounts lists amounts by currency, in a fixed order.
func (w vocabulary) amounts(a Amounts) string {
	var out []string
	for _, code := range slices.Sorted(maps.Keys(a)) {
		out = append(out, money.Of(a[code], code).Display())
	}
	return strings.Join(out, " / ")
}

// refund says how long the refund takes, as the law of the country counts.
func (w vocabulary) refund(law compliance.ReturnRule) string {
	if law.RefundBusinessDays > 0 {
		return fmt.Sprintf(w.business, law.RefundBusinessDays) + " " + fmt.Sprintf(w.interest,
			percent(law.InterestBasisPoints))
	}
	return fmt.Sprintf(w.days, law.RefundDays)
}

// percent writes basis points: 500 is 5%, 750 is 7.5%.
func percent(basisPoints int) string {
	text := fmt.Sprintf("%d.%02d", basisPoints/100, basisPoints%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}
