package mail_test

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/mail"
)

func TestButtonsLeadWhereTheStorefrontHasItsPages(t *testing.T) {
	t.Parallel()
	links, err := mail.ParseLinks([]string{"order=/bestellung/{id}", "subscription=/abo?nr={id}", "payment=/zahlen/{id}"})
	if err != nil {
		t.Fatal(err)
	}
	own := brand
	own.Links = links
	all, err := mail.NewTemplates(own, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"order_confirmation":   "https://shop.example.com/bestellung/1K9X7-D3F8Q-7M2KA",
		"subscription_receipt": "https://shop.example.com/abo?nr=sub_1",
		"subscription_failed":  "https://shop.example.com/zahlen/sub_1",
		"subscription_gift":    "https://shop.example.com/gift#sub_1.0123456789ABCDEF",
	} {
		m, err := all.Write("en", cases[name])
		if err != nil || !strings.Contains(m.Text, want) {
			t.Errorf("%s: %v, no %q in\n%s", name, err, want, m.Text)
		}
	}
	for _, wrong := range []string{"order", "orders=/x/{id}", "order=x/{id}", "order=//evil.example/{id}", "order=/x",
		"order=https://evil.example/{id}"} {
		if _, err := mail.ParseLinks([]string{wrong}); err == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}

// A shop may lead to the pages that the API serves: the one that pays an unpaid subscription, and the one that reports
// a gift. They are at the API's address, not at the storefront's.
func TestButtonsLeadToThePagesOfTheAPI(t *testing.T) {
	t.Parallel()
	links, err := mail.ParseLinks([]string{
		"payment=/console/pay/index.html#{id}", "gift_report=/console/gift/report.html#{id}", "order=/consoles/{id}",
	})
	if err != nil {
		t.Fatal(err)
	}
	own := brand
	own.Links, own.API = links, "https://api.example.com"
	all, err := mail.NewTemplates(own, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"subscription_failed": "https://api.example.com/console/pay/index.html#sub_1",
		"subscription_gift":   "https://api.example.com/console/gift/report.html#sub_1.0123456789ABCDEF",
		"order_confirmation":  "https://shop.example.com/consoles/1K9X7-D3F8Q-7M2KA",
	} {
		m, err := all.Write("en", cases[name])
		if err != nil || !strings.Contains(m.Text, want) {
			t.Errorf("%s: %v, no %q in\n%s", name, err, want, m.Text)
		}
	}
}

func TestAConfirmationShowsWhereToHowAndWithWhat(t *testing.T) {
	t.Parallel()
	for language, want := range map[string][]string{
		"ko": {"받는 곳: 김하늘, 서울특별시 성동구 왕십리로 83, 04769", "배송 방법: 일반 배송", "결제 수단: visa 4242", "주문 보기: https://"},
		"en": {"Ships to: 김하늘", "Shipping method: 일반 배송", "Payment method: visa 4242", "View order: https://"},
	} {
		m, err := templates(t).Write(language, cases["order_confirmation"])
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(m.Text, part) {
				t.Errorf("%s: no %q in\n%s", language, part, m.Text)
			}
		}
	}
	m, err := templates(t).Write("ko", cases["order_confirmation"])
	if err != nil || !strings.Contains(m.HTML, "word-break:keep-all") {
		t.Errorf("Korean words are broken: %v", err)
	}
}
