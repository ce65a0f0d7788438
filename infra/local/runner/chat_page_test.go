//go:build chromium

package runner_test

import (
	"fmt"
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
	agent.into("#text", "안녕하세요, 지은입니다.\r")
	agent.until(`document.querySelector("#log li.agent")?.textContent.includes("지은입니다")`)
	agent.until(`!document.querySelector("#log").textContent.includes("보내는 중")`)
	shopper.until(widget + `.querySelector("li.agent")?.textContent.includes("지은입니다")`)
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
	agent.do(`document.querySelector("#close").click()`)
	shopper.until(widget + `.querySelector(".rating button")`)
	shopper.do(widget + `.querySelector(".rating button:nth-of-type(5)").click()`)
	shopper.until(widget + `.querySelector(".rating").textContent.includes("감사합니다")`)
	shopper.screenshot("widget-rated")
}
