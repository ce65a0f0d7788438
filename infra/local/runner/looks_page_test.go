//go:build chromium

package runner_test

import (
	"fmt"
	"strings"
	"testing"
)

// sizes are the screens that the pages are looked at on.
var sizes = []struct {
	name          string
	width, height int
}{{"phone", 390, 844}, {"desktop", 1280, 800}}

// openWidget opens the widget on the demo page.
func (s *shop) openWidget(t *testing.T, language string, width, height int) page {
	t.Helper()
	p := browse(t, s.Address()+"/console/chat/widget.html#"+language, width, height)
	p.until(`document.querySelector("dangol-chat")?.shadowRoot?.querySelector(".launch").textContent`)
	p.do(widget + `.querySelector(".launch").focus()`)
	p.keys("\r")
	p.until(widget + `.querySelectorAll("li").length === 1`)
	return p
}

// The widget in both languages, on a phone and a desktop, light and dark: greeting, suggestions, answer, closed team.
func TestTheWidgetLooksRightOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	asked := map[string]string{"ko": "배송비", "en": "How much is shipp"}
	person := map[string]string{"ko": "상담원 연결해 주세요", "en": "I want to talk to a person"}
	s.Do(s.Agent(), "PUT", "/teams/care/override", `{"open":false}`)
	for _, language := range []string{"ko", "en"} {
		for _, size := range sizes {
			name := fmt.Sprintf("widget-%s-%s", size.name, language)
			p := s.openWidget(t, language, size.width, size.height)
			p.keys(asked[language])
			p.until(widget + `.querySelectorAll(".suggestions button").length > 0 && !` + widget +
				`.querySelector(".suggestions").hidden`)
			p.screenshot(name + "-suggestions")
			p.accessible(name + "-suggestions")
			p.do(widget + `.querySelector(".suggestions button").focus()`)
			p.keys("\r")
			p.until(widget + `.querySelector("ol").textContent.includes("3,000")`)
			p.screenshot(name)
			p.accessible(name)
			p.keys(person[language] + "\r")
			p.until(`!` + widget + `.querySelector(".offers").hidden`)
			p.do(widget + `.querySelector(".offers button").focus()`)
			p.keys("\r")
			p.keys("bora@example.com")
			p.screenshot(name + "-closed")
			p.accessible(name + "-closed")
			p.darken()
			p.screenshot(name + "-dark")
			p.accessible(name + "-dark")
			if size.name == "phone" { // an address may leave few of them in an hour
				p.keys("\r")
				s.proveByMail(t, p, "code", "bora@example.com")
				p.until(widget + `.querySelector(".offers").hidden && /메일|email/.test(` + widget +
					`.querySelector(".said").textContent)`)
			}
			p.do(`document.querySelector("dangol-chat").setAttribute("language", "` + map[string]string{"ko": "en",
				"en": "ko"}[language] + `")`)
			p.until(widget + `.querySelector("li.system").textContent.includes("` + map[string]string{"ko": "We are closed",
				"en": "상담 시간이 아닙니다"}[language] + `")`)
		}
	}
}

// By the keyboard alone: open, ask, go through everything, end, rate, close. On a phone the focus stays in the panel.
func TestTheWidgetIsUsedByTheKeyboardOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	p := s.openWidget(t, "en", 390, 844)
	if got := eval[string](p, focused); !strings.Contains(eval[string](p, widget+`.activeElement?.tagName ?? ""`),
		"TEXTAREA") {
		t.Errorf("the focus is on %q after opening", got)
	}
	p.keys("How much is shipping?\r")
	p.until(widget + `.querySelector("ol").textContent.includes("3,000")`)
	seen := map[string]bool{}
	for range 25 {
		p.keys("\t")
		if !eval[bool](p, `document.activeElement?.tagName === "DANGOL-CHAT"`) {
			t.Fatalf("the focus has left the panel: %v", seen)
		}
		seen[eval[string](p, focused)] = true
	}
	for _, part := range []string{"end", "shut", "send", "attach"} {
		if !seen[part] {
			t.Errorf("the tab key never comes to %s: %v", part, seen)
		}
	}
	p.tab("end")
	p.keys("\r")
	p.until(widget + `.querySelector(".rating button")`)
	p.do(widget + `.querySelector(".rating button").focus()`)
	p.keys("\t\t\t\t\r") // five stars
	p.until(widget + `.querySelector(".rating").textContent.includes("Thank you")`)
	p.accessible("after the rating")
	p.keys("\x1b")
	p.until(widget + `.querySelector(".panel").hidden && ` + widget + `.activeElement.className === "launch"`)
}

// The agents' page in both languages, on a phone and a desktop, light and dark.
func TestTheAgentsPageLooksRightOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	_, variant := s.Product(50, nil)
	for _, language := range []string{"ko", "en"} {
		for _, size := range sizes {
			name := fmt.Sprintf("agent-%s-%s", size.name, language)
			customer := "bora-" + name
			s.Buy(s.CustomerWith(customer, variant, 1), "pm_card_visa")
			s.waiting(s.As(customer), "이보라", language)
			p := s.desk(t, language, "지은", name+"@example.com", size.width, size.height)
			p.until(`document.querySelector("#cards button")?.offsetParent`)
			p.screenshot(name + "-queue")
			p.accessible(name + "-queue")
			p.openCard("이보라")
			p.press("claim")
			p.until(`document.querySelector("#send").offsetParent && document.querySelector("#about li")`)
			p.screenshot(name)
			p.accessible(name)
			p.darken()
			p.screenshot(name + "-dark")
			p.accessible(name + "-dark")
			if size.name == "phone" {
				p.press("tags")
				p.until(`document.querySelector("#dialog").open`)
				p.accessible(name + "-dialog")
				p.keys("\x1b")
				p.do(`document.querySelector('#views [data-view="side"]').click()`)
				p.screenshot(name + "-customer")
				p.accessible(name + "-customer")
				p.do(`document.querySelector('#views [data-view="talk"]').click()`)
			}
			p.press("close")
			p.until(`!document.querySelector("#close").offsetParent`)
		}
	}
}

// The other pages fit a phone, too.
func TestTheOtherPagesFitAPhoneOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	for _, path := range []string{"/console/gift/report.html", "/console/pay/index.html", "/", "/inbox"} {
		p := browse(t, s.Address()+path, 390, 844)
		p.until(`document.readyState === "complete" && document.body.innerText.length > 10`)
		p.screenshot("phone" + strings.ReplaceAll(path, "/", "-"))
	}
	docs := browse(t, s.Address()+"/docs", 390, 844)
	docs.until(`document.body.innerText.includes("Dangol") && document.querySelectorAll("h1, h2").length > 1`)
	docs.screenshot("phone-docs")
}
