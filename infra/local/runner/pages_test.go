//go:build chromium

package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dangol/shared/faq/example"
)

// page is a tab of a headless Chromium.
type page struct {
	t   *testing.T
	ctx context.Context
}

// pageTime bounds the wait for something to show. A machine that runs all tests at once is slow.
const pageTime = 90 * time.Second

// browse opens a tab in a browser of its own.
func browse(t *testing.T, url string, width, height int) page {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium on this machine: make browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(pageTime), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := page{t, ctx}
	p.run(chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url))
	return p
}

func (p page) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval is the value of an expression on the page.
func eval[T any](p page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// do runs a statement on the page.
func (p page) do(statement string) {
	p.t.Helper()
	eval[bool](p, "("+statement+", true)")
}

// keys types into what has the focus.
func (p page) keys(text string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(text))
}

// into types into an element.
func (p page) into(selector, text string) {
	p.t.Helper()
	p.do(fmt.Sprintf("document.querySelector(%q).focus()", selector))
	p.keys(text)
}

// until waits until an expression is true.
func (p page) until(expression string) {
	p.t.Helper()
	deadline := time.After(pageTime)
	for {
		if eval[bool](p, "Boolean("+expression+")") {
			return
		}
		select {
		case <-deadline:
			text := eval[string](p, `document.body.innerText + (document.querySelector("dangol-chat")?.shadowRoot?.querySelector("section").textContent ?? "")`+
				`+ "\nfocus " + document.activeElement?.id + ", typed " + document.querySelector("#text")?.value + "\n" `+
				`+ JSON.stringify(performance.getEntriesByType("resource").slice(-6).map((e) => e.name))`)
			p.t.Fatalf("never true: %s\nthe page shows %.2000s", expression, text)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// screenshot keeps a picture of the page when SCREENSHOTS names a folder, and checks that nothing is wider than the
// screen.
func (p page) screenshot(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if eval[bool](p, "document.documentElement.scrollWidth > innerWidth") {
		p.t.Errorf("%s: the page is wider than the screen", name)
	}
	if len(picture) < 1000 {
		p.t.Errorf("%s: a picture of %d bytes", name, len(picture))
	}
	if folder := os.Getenv("SCREENSHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// logIn logs an agent in on the log-in page, which leads back.
func (p page) logIn() {
	p.t.Helper()
	p.until(`location.pathname === "/login" && document.querySelector("#group")`)
	p.do(`document.querySelector("#group").value = "agent"`)
	p.do(`document.querySelector("form").submit()`)
}

const widget = `document.querySelector("dangol-chat").shadowRoot`

// A shopper on a phone asks the bot and then for a person; an agent claims on the page and answers; both by keyboard.
func TestAShopperAndAnAgentTalkOnThePages(t *testing.T) {
	t.Parallel()
	s := open(t)
	entries, err := json.Marshal(map[string]any{"entries": example.Entries()})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(s.Merchant(), "PUT", "/faq/entries", string(entries))
	s.Do(s.Merchant(), "POST", "/faq/publish", nil)

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

	agent := browse(t, s.Address()+"/console/chat/index.html", 1280, 800)
	agent.until(`document.querySelector("#login-form button.main").textContent !== ""`)
	agent.screenshot("agent-login")
	agent.into("#name", "지은\r")
	agent.logIn()
	agent.until(`document.querySelectorAll("#cards button").length === 1`)
	agent.do(`document.querySelector("#cards button").focus()`)
	agent.keys("\r")
	agent.until(`!document.querySelector("#claim").hidden && !document.querySelector("#actions").hidden`)
	agent.do(`document.querySelector("#claim").focus()`)
	agent.keys("\r")
	agent.until(`!document.querySelector("#write").hidden`)
	agent.into("#text", "안녕하세요, 지은입니다.\r")
	agent.until(`document.querySelector("#log li.agent")?.textContent.includes("지은입니다")`)
	agent.until(`!document.querySelector("#log").textContent.includes(" …")`)
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
	phone := browse(t, s.Address()+"/console/chat/index.html", 390, 844)
	phone.do(`localStorage.setItem("dangol-agent-language", "en")`)
	phone.run(chromedp.Reload())
	phone.until(`document.querySelector("#login-form button.main").textContent === "Log in"`)
	phone.into("#name", "Jieun\r")
	phone.logIn()
	phone.until(`document.querySelector("#desk")?.hidden === false`)
	phone.screenshot("agent-phone")
}

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
