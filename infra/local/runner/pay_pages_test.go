//go:build chromium

package runner_test

import "testing"

// The link in the mail leads a subscriber on a phone to their bank and back, in both languages.
func TestASubscriberPaysOnThePages(t *testing.T) {
	t.Parallel()
	s := open(t)
	email, link := s.unpaid(t, "pm_card_authenticationRequired")
	phone := browse(t, link, 390, 844)
	phone.until(`!document.querySelector("#main").hidden`)
	phone.screenshot("pay-login")
	phone.do(`document.querySelector("#main").click()`)
	phone.until(`document.querySelector("#username")`)
	phone.do(`document.querySelector("#username").value = ""`)
	phone.into("#username", email+"\r")
	phone.until(`location.pathname === "/console/pay/index.html" && document.querySelector("#facts") && !document.querySelector("#facts").hidden`)
	phone.screenshot("pay-bank-wanted")
	first := eval[string](phone, `document.querySelector("#status").textContent`)
	phone.do(`document.querySelector("#language").click()`)
	if second := eval[string](phone, `document.querySelector("#status").textContent`); second == first {
		t.Errorf("the page has one language: %q", first)
	}
	phone.screenshot("pay-other-language")
	phone.do(`document.querySelector("#main").click()`)
	phone.until(`document.querySelector("[name=decision]")`)
	phone.do(`document.querySelector("[name=decision][value=approve]").click()`)
	phone.until(`location.pathname === "/console/pay/index.html" && document.querySelector("#main") && document.querySelector("#main").hidden`)
	phone.until(`/완료|Paid/.test(document.querySelector("#status").textContent)`)
	phone.screenshot("pay-paid")
}
