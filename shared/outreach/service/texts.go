package service

import "strings"

// pushTitles are the titles of push messages, by template and language. The body is what the storefront's service
// worker shows under them.
var pushTitles = map[string]map[string]string{
	"cart_reminder": {"ko": "장바구니에 담아 두신 상품이 있습니다", "en": "You left something in your cart"},
}

func pushTitle(template, language string) string {
	primary, _, _ := strings.Cut(language, "-")
	texts := pushTitles[template]
	if text, ok := texts[primary]; ok {
		return text
	}
	return texts["en"]
}
