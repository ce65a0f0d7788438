package care_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/care"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	calls "dangol/shared/callback/store"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq"
	"dangol/shared/faq/example"
	"dangol/shared/faq/store"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"
	verifications "dangol/shared/verification/store"
)

// monday is a Monday at ten in Seoul.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

type desk struct {
	handler lambda.Handler
	care    *care.Care
	clock   *clock.Movable
}

// open is the function on an empty table. wrap, when given, stands between the table and the engine.
func open(t *testing.T, wrap ...func(table.DB) table.DB) desk {
	t.Helper()
	c, of := clock.Stopped(monday), localtest.Table(t, table.Care, wrap...)
	f := &care.Care{
		FAQ:   &store.Store{Table: of, Clock: c},
		Chat:  &service.Service{Table: of, Clock: c, Log: slog.New(slog.DiscardHandler)},
		Calls: calls.Store{Table: of, Clock: c}, Limiter: ratelimit.Limiter{Table: of, Clock: c},
		Verifications: verifications.Store{Table: of, Clock: c},
	}
	return desk{f.Handler(api.Options{Clock: c, Verify: apitest.Verify}), f, c}
}

func TestAMerchantImportsEditsAndPublishesTheFAQ(t *testing.T) {
	t.Parallel()
	d := open(t)
	merchant, guest := apitest.New(t, d.handler).As(apitest.Merchant), apitest.New(t, d.handler)
	merchant.Do("PUT", "/faq/entries", map[string]any{"entries": example.Entries()}).Want(200)
	if body := guest.Do("GET", "/faq", nil).Want(200).Body; !strings.Contains(body, `"entries":[]`) {
		t.Errorf("shown before publishing: %.200s", body)
	}
	merchant.Do("POST", "/faq/publish", nil).Want(200)
	d.clock.Advance(6 * time.Second)
	var found struct {
		Verdict faq.Verdict
		Hits    []faq.Hit
	}
	guest.Do("GET", "/faq/search?q=How+much+is+shipping%3F&language=en", nil).Want(200).Into(&found)
	if found.Verdict != faq.Sure || found.Hits[0].ID != "shipping-cost" || found.Hits[0].Language != "en" {
		t.Errorf("%+v", found)
	}
	guest.Do("GET", "/faq/suggest?q=forgot+pass&language=en", nil).Want(200).Into(&found)
	if len(found.Hits) == 0 || found.Hits[0].ID != "password" {
		t.Errorf("%+v", found)
	}
	guest.Do("POST", "/faq/shipping-cost/feedback", map[string]any{"helped": true}).Want(204)
	guest.Do("POST", "/faq/nothing/feedback", map[string]any{"helped": true}).Want(404)
	if report := merchant.Do("GET", "/faq/report", nil).Want(200).Body; !strings.Contains(report, `"helped":1`) {
		t.Errorf("the report is %s", report)
	}
	entry := map[string]any{"category": "contact",
		"texts": map[string]any{"ko": map[string]any{"question": "주차장", "answer": "없습니다"}}, "version": 0}
	merchant.Do("PUT", "/faq/entries/parking", entry).Want(200)
	merchant.Do("PUT", "/faq/entries/parking", entry).Want(412)
	merchant.Do("DELETE", "/faq/entries/parking", nil).Want(204)
	bad := map[string]any{"entries": []any{map[string]any{"id": "a", "category": "b",
		"texts": map[string]any{"fr": map[string]any{"question": "xx", "answer": "yy"}}}}}
	if body := merchant.Do("PUT", "/faq/entries", bad).Want(422).Body; !strings.Contains(body, "/entries/0/texts/fr") {
		t.Errorf("a language that is not known: %s", body)
	}
	apitest.New(t, d.handler).As(apitest.Agent).Do("POST", "/faq/publish", nil).Want(403)
}

func TestHoursAreWrittenShownAndOverridden(t *testing.T) {
	t.Parallel()
	d := open(t)
	merchant, agent, guest := apitest.New(t, d.handler).As(apitest.Merchant), apitest.New(t,
		d.handler).As(apitest.Agent), apitest.New(t, d.handler)
	if body := guest.Do("GET", "/teams/care/hours", nil).Want(200).Body; !strings.Contains(body, `"open":true`) {
		t.Errorf("on a Monday at ten: %s", body)
	}
	team := conversation.DefaultTeam()
	body := map[string]any{"name": "Care", "languages": team.Languages, "hours": team.Hours, "levels": team.Levels,
		"calls": team.Calls, "version": 0}
	merchant.Do("PUT", "/teams/care", body).Want(200)
	merchant.Do("PUT", "/teams/care", body).Want(412)
	agent.Do("PUT", "/teams/care/override", map[string]any{"open": false}).Want(200)
	if body := guest.Do("GET", "/teams/care/hours", nil).Want(200).Body; !strings.Contains(body, `"open":false`) ||
		!strings.Contains(body, "2026-11-30T04:00:00Z") {
		t.Errorf("switched off at ten, it opens after lunch: %s", body)
	}
	body["hours"] = map[string]any{"zone": "Mars/Olympus", "week": team.Hours.Week}
	if answer := merchant.Do("PUT", "/teams/care", body).Want(422).Body; !strings.Contains(answer, "/hours/zone") {
		t.Errorf("%s", answer)
	}
	guest.Do("PUT", "/teams/care/override", map[string]any{"open": true}).Want(401)
	guest.Do("GET", "/teams/nobody/hours", nil).Want(404)
}

func TestACallIsBookedAtNightRemindedCalledAndNoted(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.clock.Advance(13 * time.Hour) // Monday, 23:00 in Seoul
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	chat, _, _, err := d.care.Chat.Start(t.Context(),
		service.Participant{Role: conversation.Shopper, ID: apitest.Ann.Subject}, service.Opening{Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	var slots struct{ Slots []struct{ From time.Time } }
	ann.Do("GET", "/calls/slots", nil).Want(200).Into(&slots)
	if want := monday.Add(23 * time.Hour); !slots.Slots[0].From.Equal(want) {
		t.Fatalf("the first slot is %s, want %s", slots.Slots[0].From, want)
	}
	body := map[string]any{"clientId": "client-01", "from": slots.Slots[0].From, "name": "하늘", "number": "010-1234-5678",
		"conversationId": chat.ID}
	var call care.CallView
	ann.Do("POST", "/calls", body).Want(201).Into(&call)
	if again := ann.Do("POST", "/calls", body).Want(201).Body; !strings.Contains(again, call.ID) {
		t.Errorf("booked twice: %s", again)
	}
	if call.Number != "…5678" || call.Dial != "" {
		t.Errorf("the shopper sees %+v", call)
	}
	apitest.New(t, d.handler).As(apitest.Bob).Do("GET", "/calls/"+call.ID, nil).Want(404)
	apitest.New(t, d.handler).As(apitest.Bob).Do("POST", "/calls", body).Want(404)
	d.clock.Advance(9*time.Hour + 45*time.Minute)
	d.ring(t, call.ID)
	d.clock.Advance(15 * time.Minute)
	d.ring(t, call.ID)
	d.ring(t, call.ID)
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	if open := agent.Do("GET", "/calls", nil).Want(200).Body; !strings.Contains(open, call.ID) ||
		strings.Contains(open, "821012345678") {
		t.Errorf("the list shows %s", open)
	}
	if begun := agent.Do("POST", "/calls/"+call.ID+"/begin", nil).Want(200).Body; !strings.Contains(begun,
		"tel:+821012345678") {
		t.Errorf("the agent who calls sees %s", begun)
	}
	apitest.New(t, d.handler).As(apitest.Merchant).Do("POST", "/calls/"+call.ID+"/begin", nil).Want(409)
	agent.Do("POST", "/calls/"+call.ID+"/outcome",
		map[string]any{"outcome": "reached", "note": "카드 4242424242424242"}).Want(200)
	agent.Do("POST", "/calls/"+call.ID+"/outcome", map[string]any{"outcome": "reached"}).Want(409)
	log, _, err := d.care.Chat.Replay(t.Context(), d.conversation(t, chat.ID), 0, 50, true)
	var notices []string
	for _, m := range log[1:] {
		notices = append(notices, string(m.Notice))
	}
	if err != nil || strings.Join(notices, " ") != "call_booked call_reminder call_due " ||
		!strings.Contains(log[4].Text, "************4242") {
		t.Errorf("the log has %q, %+v, %v", notices, log, err)
	}
}

func (d desk) conversation(t *testing.T, id string) conversation.Conversation {
	t.Helper()
	c, err := d.care.Chat.Load(t.Context(), service.Participant{Role: conversation.Agent, ID: "a"}, id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (d desk) ring(t *testing.T, call string) {
	t.Helper()
	payload := fmt.Sprintf(`{"Records":[{"messageId":"m1","eventSource":"aws:sqs","body":"{\"kind\":\"callback\",\"key\":{\"pk\":\"CALL#%s\",\"sk\":\"CALL\"}}"}]}`, call)
	out, err := d.handler.Invoke(t.Context(), []byte(payload))
	if err != nil || strings.Contains(string(out), "m1") {
		t.Fatalf("%s, %v", out, err)
	}
}

func TestNumbersThatCanBeCalled(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	for n, number := range []string{"12345678", "+0212345678", "tel:0101234", "010-1234-567x", "０１０-1234-5678",
		"00821012345678"} {
		body := map[string]any{"clientId": fmt.Sprint("client-0", n), "from": monday.Add(time.Hour), "name": "A",
			"number": number}
		if got := ann.Do("POST", "/calls", body); got.Status != 422 || !strings.Contains(got.Body, "/number") {
			t.Errorf("%s: %d %s", number, got.Status, got.Body)
		}
	}
}

func TestFiguresOfAPeriod(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, text := range []string{"상담원 연결", "안녕하세요"} {
		if _, _, _, err := d.care.Chat.Start(t.Context(), service.Participant{Role: conversation.Shopper, ID: "c"},
			service.Opening{Language: "ko", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	merchant := apitest.New(t, d.handler).As(apitest.Merchant)
	var f conversation.ConversationFigures
	merchant.Do("GET", "/care/report?from=2026-11-30&to=2026-11-30", nil).Want(200).Into(&f)
	if f.Conversations != 2 || f.HandedOver != 1 || f.ByHour[10] != 2 || f.Reasons[conversation.AsksPerson] != 1 {
		t.Errorf("%+v", f)
	}
	merchant.Do("GET", "/care/report?from=2026-11-30&to=2026-11-01", nil).Want(422)
	merchant.Do("GET", "/care/report?from=2020-01-01&to=2026-11-01", nil).Want(422)
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := care.New(t.Context(),
		apitest.Env(t, "care", monday, map[string]string{"CARE_TABLE": localtest.Name(t, table.Care), "SHOP_NAME": "하늘"}))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "care", map[string]int{
		"list-faq": 200, "search": 200, "search-without-question": 422, "hours": 200, "hours-of-nobody": 404, "slots": 200,
		"book-without-number": 422, "verify-what-is-no-number": 422, "prove-without-verification": 404,
		"publish-without-token": 401,
	})
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"CARE_TABLE", "JWT_ISSUER", "SHOP_NAME"} {
		changed := map[string]string{"CARE_TABLE": "x", "SHOP_NAME": "하늘"}
		changed[variable] = ""
		if _, err := care.New(t.Context(), apitest.Env(t, "care", monday, changed)); err == nil ||
			!strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}
