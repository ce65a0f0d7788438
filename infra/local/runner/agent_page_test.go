//go:build chromium

package runner_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/system"
	"dangol/shared/platform/clock"
)

// waiting begins a customer's conversation that waits for a person, by HTTP, and returns its path.
func (s *shop) waiting(who system.Caller, name, language string) string {
	s.T.Helper()
	begun := s.Do(who, "POST", "/chat/conversations", map[string]string{"language": language, "name": name})
	path := "/chat/conversations/" + begun.Field(s.T, "conversation.id")
	text := map[string]string{"ko": "상담원 연결해 주세요", "en": "I want to talk to a person"}[language]
	s.write(who, path, text)
	return path
}

// write sends a message by HTTP.
func (s *shop) write(who system.Caller, path, text string) {
	s.T.Helper()
	s.written++
	s.Do(who, "POST", path+"/messages", map[string]string{"clientId": fmt.Sprintf("written-%d", s.written), "text": text})
}

// log waits until the log of the agents' page has an item of a class with a text.
func (p page) log(class, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`Array.from(document.querySelectorAll("#log li.%s")).some((li) => li.textContent.includes(%q))`,
		class, text))
}

// answerDialog fills in the open dialog and agrees. Pairs are names of fields and what they are set to.
func (p page) answerDialog(pairs ...string) {
	p.t.Helper()
	p.until(`document.querySelector("#dialog").open`)
	for i := 0; i+1 < len(pairs); i += 2 {
		p.do(fmt.Sprintf(`(() => { const e = document.querySelector('#fields [name="%s"]'); e.value = %q; e.dispatchEvent(new Event("change")); })()`,
			pairs[i], pairs[i+1]))
	}
	p.do(`document.querySelector("#dialog .buttons button").focus()`)
	p.keys("\r")
	p.until(`!document.querySelector("#dialog").open`)
}

// typesUntil goes on typing until another page's notice says so: what is typed within three seconds of other typing is
// not told again.
func (p page) typesUntil(other page, selector, text, notice string) {
	p.t.Helper()
	began := clock.System{}.Now()
	for {
		p.into(selector, text)
		if eval[string](other, `document.querySelector("#notice").textContent`) == notice {
			return
		}
		if took := (clock.System{}).Now().Sub(began); took > pageTime {
			p.t.Fatalf("never told: %s", notice)
		}
	}
}

// One customer is served by two agents: notes, canned answers, tags, snooze, transfer, close, satisfaction, reopening.
func TestAgentsDoTheirWorkOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	s.Do(s.Merchant(), "PUT", "/teams/returns", `{"name":"교환팀","languages":["ko","en"],"version":0,`+
		`"hours":{"zone":"Asia/Seoul","country":"KR","week":[[],[{"from":540,"to":1080}],[],[],[],[],[]]},`+
		`"levels":{"firstAnswerMinutes":10,"nextAnswerMinutes":15,"unclaimedMinutes":5},"calls":{"slotMinutes":30,"capacity":2}}`)
	_, variant := s.Product(5, nil)
	bora := s.As("bora")
	order := s.Buy(s.CustomerWith("bora", variant, 1), "pm_card_visa").Field(t, "orderId")
	path := s.waiting(bora, "이보라", "ko")

	one := s.desk(t, "ko", "지은", "jieun@example.com", 1280, 800)
	one.openCard("이보라")
	one.until(`document.querySelector("#about").textContent.includes("배송 준비")`)
	one.press("claim")
	one.until(`document.querySelector("#send").offsetParent`)
	one.screenshot("agent-side-panel")
	one.accessible("an agent's conversation")

	// A canned answer is written on the page, and its variables are filled in.
	one.press("edit-canned")
	one.answerDialog("title", "주문 확인", "language", "ko", "text", "{name}님, {agent}입니다. 주문 {order}을 확인했습니다. {missing}")
	one.until(`document.querySelector("#canned").options.length === 2`)
	one.do(`(() => { const c = document.querySelector("#canned"); c.selectedIndex = 1; c.dispatchEvent(new Event("change")); })()`)
	number := eval[string](one, `document.querySelector("#text").value`)
	if !strings.Contains(number, "이보라님, 지은입니다. 주문 ") || strings.Contains(number, "{order}") {
		t.Errorf("the canned answer of order %s is %q", order, number)
	}
	one.press("send")
	one.until(`document.querySelector("#notice").textContent.includes("채운 뒤")`) // {missing} has no value
	one.do(`document.querySelector("#text").value = document.querySelector("#text").value.replace(" {missing}", "")`)
	one.press("send")
	one.log("agent", "을 확인했습니다.")

	// A note is for the shop only.
	one.into("#text", "까다로운 분이 아님")
	one.press("note")
	one.log("internal", "까다로운 분이 아님")
	if seen := s.Do(bora, "GET", path+"/messages?limit=100", nil).Body; strings.Contains(seen, "까다로운") {
		t.Errorf("the shopper reads the note: %s", seen)
	}
	one.press("tags")
	one.answerDialog("tags", "교환, 단골")
	one.until(`document.querySelectorAll("#facts .tag").length === 2`)

	// Put aside for an hour; the shopper's next message brings it back to its agent.
	one.press("snooze")
	one.answerDialog("name", "hour")
	one.until(`document.querySelector("#facts").textContent.includes("까지 보류")`)
	s.write(bora, path, "아직 계세요?")
	one.until(`document.querySelector("#facts").textContent.startsWith("상담 중")`)

	// To another team, where another agent claims it; a second agent who types is noticed.
	one.press("transfer")
	one.answerDialog("team", "returns")
	one.log("system", "담당 부서로")
	two := s.desk(t, "en", "Minsu", "minsu@example.com", 1280, 800)
	two.do(`(() => { const team = document.querySelector("#team"); team.value = "returns"; team.dispatchEvent(new Event("change")); })()`)
	two.openCard("이보라")
	two.log("system", "You are being transferred") // in the reader's language, not in the shopper's
	two.press("claim")
	two.until(`document.querySelector("#send").offsetParent`)
	one.typesUntil(two, "#text", "제가 ", "지은 is typing too")
	two.typesUntil(one, "#text", "I take it. ", "Minsu 상담원도 입력 중입니다")
	two.press("send")
	one.log("agent", "I take it.")

	two.press("close")
	two.until(`document.querySelector("#facts").textContent.includes("take it up again until")`)
	s.Do(bora, "POST", path+"/rating", `{"score":4,"note":"친절했어요"}`)
	two.until(`document.querySelector("#facts").textContent.includes("Rated 4 of 5") && document.querySelector("#facts").textContent.includes("친절했어요")`)
	s.write(bora, path, "하나 더요")
	two.openCard("이보라")
	two.log("system", "The conversation is open again.")
	two.press("block")
	two.answerDialog()
	two.log("system", "because of its language")
	two.until(`!document.querySelector("#block").offsetParent`)
}

// A refusal, the limit of an agent, and a service level that passes are said in the agent's language.
func TestAgentsAreWarnedInTheirLanguageOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	path := s.waiting(s.As("bora"), "이보라", "ko")
	korean := s.desk(t, "ko", "지은", "jieun@example.com", 1280, 800)
	english := s.desk(t, "en", "Minsu", "minsu@example.com", 1280, 800)
	for _, desk := range []page{korean, english} {
		desk.openCard("이보라")
		desk.press("presence") // away
		desk.until(`document.querySelector("#presence").getAttribute("aria-pressed") === "false"`)
		desk.press("claim")
	}
	korean.until(`document.querySelector("#notice").textContent === "상담원이 자리에 없습니다."`)
	english.until(`/[a-z]/.test(document.querySelector("#notice").textContent) && !/[가-힣]/.test(document.querySelector("#notice").textContent)`)
	s.AdvanceBy(6 * time.Minute) // unclaimed for longer than the team's service level
	korean.until(`document.querySelector("#alarm").textContent === "응답 시한이 지났습니다: 이보라" && !document.querySelector("#alarm").hidden`)
	english.until(`document.querySelector("#alarm").textContent === "The answer is overdue: 이보라"`)
	korean.until(`document.querySelector("#cards .late")?.textContent === "응답 시한 지남"`)
	korean.screenshot("agent-alarm")
	s.Do(s.As("bora"), "POST", path+"/close", nil)
}

// On a phone the queue, the conversation and the customer are three views; everything is done by the keyboard.
func TestAnAgentWorksOnAPhoneByTheKeyboardOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	_, variant := s.Product(5, nil)
	s.Buy(s.CustomerWith("bora", variant, 1), "pm_card_visa")
	s.waiting(s.As("bora"), "이보라", "ko")
	phone := s.desk(t, "ko", "지은", "jieun@example.com", 390, 844)
	phone.until(`document.querySelector("#cards button")?.offsetParent`)
	if eval[bool](phone, `Boolean(document.querySelector("#side").offsetParent)`) {
		t.Error("the side panel is beside the queue on a phone")
	}
	phone.screenshot("agent-phone-queue")
	phone.keys("\r") // the first card has the focus after the log-in
	phone.until(`document.querySelectorAll("#log li").length > 1 && document.activeElement.id === "text"`)
	phone.tab("claim")
	phone.keys("\r")
	phone.until(`document.querySelector("#send").offsetParent`)
	phone.screenshot("agent-phone-talk")
	phone.tab("text")
	phone.keys("안녕하세요\r")
	phone.log("agent", "안녕하세요")
	phone.do(`document.querySelector('#views [data-view="side"]').focus()`)
	phone.keys("\r")
	phone.until(`document.querySelector("#about").offsetParent && document.querySelector("#about").textContent.includes("배송 준비")`)
	phone.screenshot("agent-phone-customer")
	phone.accessible("the customer on a phone")
	phone.do(`document.querySelector('#views [data-view="talk"]').focus()`)
	phone.keys("\r")
	phone.tab("snooze")
	phone.keys("\r")
	phone.until(`document.querySelector("#dialog").open`)
	phone.screenshot("agent-phone-dialog")
	phone.accessible("a dialog on a phone")
	for range 12 {
		if !eval[bool](phone, `document.querySelector("#dialog").contains(document.activeElement) || document.activeElement === document.body`) {
			t.Fatal("the tab key leaves the dialog")
		}
		phone.keys("\t")
	}
	phone.keys("\x1b")
	phone.until(`!document.querySelector("#dialog").open && document.activeElement.id === "snooze"`)
}

// Out of hours a call is booked in the widget with a number that is proved, and the agent calls and notes it on the
// page.
func TestACallIsBookedAndMadeOnThePages(t *testing.T) {
	t.Parallel()
	s := openNow(t)
	s.Do(s.Agent(), "PUT", "/teams/care/override", `{"open":false}`)
	shopper := s.openWidget(t, "ko", 390, 844)
	shopper.keys("상담원 연결해 주세요\r")
	shopper.until(`!` + widget + `.querySelector(".offers").hidden`)
	shopper.do(widget + `.querySelector(".offers .choices button:last-child").focus()`)
	shopper.keys("\r")
	shopper.until(widget + `.querySelector("#from")?.options.length > 0`)
	shopper.screenshot("widget-call")
	shopper.accessible("booking a call")
	slot := eval[string](shopper, widget+`.querySelector("#from").value`)
	shopper.keys("\t이보라\t010-1234-5678\r")
	shopper.until(widget + `.querySelector("#code")`)
	texts := s.Do(system.Guest, "GET", "/dev/phone/texts", nil).Body
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(texts)
	shopper.keys(code + "\r")
	shopper.until(widget + `.querySelector(".offers").hidden && ` + widget +
		`.querySelector("ol").textContent.includes("예약했습니다")`)
	shopper.screenshot("widget-call-booked")

	from, err := time.Parse(time.RFC3339, slot)
	if err != nil {
		t.Fatal(err)
	}
	s.AdvanceBy(from.Sub(s.Clock().Now()) + time.Minute)
	agent := s.desk(t, "en", "Minsu", "minsu@example.com", 1280, 800)
	agent.until(`document.querySelector("#calls button")`)
	if shown := eval[string](agent, `document.querySelector("#calls").textContent`); strings.Contains(shown, "1234") {
		t.Errorf("the number is shown before the call is taken: %s", shown)
	}
	agent.do(`document.querySelector("#calls button").focus()`)
	agent.keys("\r")
	agent.until(`document.querySelector("#calls a")?.href === "tel:+821012345678"`)
	agent.screenshot("agent-call")
	agent.accessible("a call")
	agent.into(`#calls textarea`, "Exchange agreed")
	agent.do(`document.querySelector("#calls form .main").focus()`)
	agent.keys("\r")
	agent.until(`!document.querySelector("#calls li")`)
	agent.do(`document.querySelector("#cards button").focus()`)
	agent.keys("\r")
	agent.log("internal", "Exchange agreed")
	agent.log("system", "A call is booked for")
}
