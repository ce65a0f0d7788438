//go:build chromium

package runner_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const widget = `document.querySelector("dangol-chat").shadowRoot`

// A shopper on a phone asks the bot and then for a person; an agent claims on the page and answers; both by keyboard.
func TestAShopperAndAnAgentTalkOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	shopper := browse(t, s.Address()+"/console/chat/widget.html", 390, 844)
	shopper.until(`customElements.get("dangol-chat") && document.querySelector("dangol-chat").shadowRoot`)
	shopper.do(widget + `.querySelector(".launch").focus()`)
	shopper.keys("\r")
	shopper.until(widget + `.querySelectorAll("li").length === 1`)
	shopper.until(widget + `.querySelector(".transcript").hidden`) // nothing to mail yet
	shopper.do(widget + `.querySelector("textarea").focus()`)
	shopper.keys("배송비는 얼마인가요?" + "\r")
	shopper.until(widget + `.querySelector("ol").textContent.includes("3,000원")`)
	shopper.screenshot("widget-faq")
	shopper.keys("<b>상담원</b> 연결해 주세요" + "\r")
	shopper.until(widget + `.querySelector("li.system")`)
	shopper.until(widget + `.querySelector("ol").textContent.includes("<b>상담원</b>")`)

	agent := s.desk(t, "ko", "지은", "jieun@example.com", 1280, 800)
	agent.until(`document.querySelectorAll("#cards button").length === 1 && document.activeElement.closest("#cards")`)
	agent.keys("\r") // the first card has the focus after the log-in
	agent.until(`document.activeElement.id === "text"`)
	agent.press("claim")
	agent.until(`document.querySelector("#send").offsetParent`)
	agent.into("#text", "안녕하세요, 지은입니다.")
	shopper.until(`!` + widget + `.querySelector(".typing").hidden`)
	agent.do(`document.querySelector("#send").click()`)
	agent.until(`document.querySelector("#log li.agent")?.textContent.includes("지은입니다")`)
	agent.until(`!document.querySelector("#log").textContent.includes("보내는 중")`)
	shopper.until(widget + `.querySelector("li.agent")?.textContent.includes("지은입니다")`)
	if !eval[bool](shopper, widget+`.querySelector(".typing").hidden`) {
		t.Error("the agent is shown as typing what has arrived")
	}
	shopper.screenshot("widget-agent")
	agent.until(`document.querySelector("#log .receipt")?.textContent.includes("읽음")`)
	shopper.do(`(() => { const files = new DataTransfer();
		files.items.add(new File(["a torn seam"], "seam.txt", { type: "text/plain" }));
		const input = ` + widget + `.querySelector("input[type=file]");
		input.files = files.files; input.dispatchEvent(new Event("change")); })()`)
	agent.until(`document.querySelector("#log li.shopper .file")?.textContent === "seam.txt"`)
	agent.screenshot("agent-answering")

	for _, connection := range s.Sockets().Open() {
		s.Sockets().Cut(connection) // the network is gone in mid-talk
	}
	agent.into("#text", "끊겨도 도착합니다.\r")
	shopper.until(widget + `.querySelector("ol").textContent.includes("끊겨도 도착합니다")`)
	texts := eval[[]string](shopper, `Array.from(`+widget+`.querySelectorAll("li"), (li) => li.textContent)`)
	if n := strings.Count(fmt.Sprint(texts), "끊겨도 도착합니다"); n != 1 {
		t.Errorf("the message is shown %d times: %q", n, texts)
	}
	s.transcript(t, shopper, "bora@example.com")
	agent.do(`document.querySelector("#close").click()`)
	shopper.until(widget + `.querySelector(".rating button")`)
	shopper.do(widget + `.querySelector(".rating button:nth-of-type(5)").click()`)
	shopper.until(widget + `.querySelector(".rating").textContent.includes("감사합니다")`)
	shopper.screenshot("widget-rated")
}

// transcript asks for the chat by mail, by the keyboard alone: with an address that its code proves.
func (s *shop) transcript(t *testing.T, p page, email string) {
	t.Helper()
	p.do(widget + `.querySelector("header .transcript").focus()`)
	p.keys("\r")
	p.until(widget + `.activeElement?.id === "mail-email"`)
	p.keys(email + "\r")
	s.proveByMail(t, p, "mail-code", email)
	p.until(widget + `.querySelector(".mailing").hidden && ` + widget + `.querySelector(".said").textContent.includes("b…@")`)
	p.screenshot("widget-transcript")
	s.RunUntilIdle()
	for _, m := range s.Mail().Messages(email) {
		if strings.Contains(m.Text, "안녕하세요, 지은입니다.") && strings.Contains(m.Text, "<b>상담원</b> 연결해 주세요") {
			return
		}
	}
	t.Errorf("no transcript has arrived: %+v", s.Mail().Messages(email))
}

// proveByMail types the code that an address was mailed into the field that has the focus.
func (s *shop) proveByMail(t *testing.T, p page, field, email string) {
	t.Helper()
	p.until(widget + `.activeElement?.id === "` + field + `"`)
	p.accessible("a code by mail")
	s.RunUntilIdle()
	code := ""
	for _, m := range s.Mail().Messages(email) { // the newest first
		if code = sixDigits.FindString(m.Text); code != "" {
			break
		}
	}
	if code == "" {
		t.Fatalf("no code has arrived: %+v", s.Mail().Messages(email))
	}
	p.keys("000000x\r") // a wrong one leaves the form
	p.until(`!/확인 번호를 보냈|emailed you a code/.test(` + widget + `.querySelector(".said").textContent)`)
	p.do(widget + `.activeElement.value = ""`)
	p.keys(code + "\r")
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)
