package care_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/functions/care"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq"
)

// wanted is a call in the first free slot.
func wanted(c *apitest.Client, clientID, conversationID string) map[string]any {
	return map[string]any{"clientId": clientID, "from": firstSlot(c), "name": "하늘", "number": "010-1234-5678",
		"conversationId": conversationID}
}

// talk begins a conversation and returns its id, and the token of a guest.
func (d desk) talk(t *testing.T, customerID string) (id, token string) {
	t.Helper()
	c, _, proof, err := d.care.Chat.Start(t.Context(),
		service.Participant{Role: conversation.Shopper, ID: customerID}, service.Opening{Language: "ko"})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, proof.Secret
}

// notes are the texts of a conversation's log that only the shop sees, and its notices.
func (d desk) notes(t *testing.T, id string) (notes, notices []string) {
	t.Helper()
	log, _, err := d.care.Chat.Replay(t.Context(), d.conversation(t, id), 0, 50, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range log {
		if m.Internal {
			notes = append(notes, m.Text)
		}
		if m.Notice != "" {
			notices = append(notices, string(m.Notice))
		}
	}
	return notes, notices
}

// A client that gets no answer asks again with the same id, whatever had happened by then.
func TestACallIsBookedAndNotedOnceWhicheverRequestIsRepeated(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 12; n++ {
		for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered} {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				in := fault.New(fault.Plan{})
				d := open(t, in.DB)
				ann, agent := apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Agent)
				chat, _ := d.talk(t, apitest.Ann.Subject)
				// repeated asks while the n-th call of the database goes wrong, and then again.
				repeated := func(c *apitest.Client, path string, body map[string]any, want int) *apitest.Response {
					in.Restart(fault.Plan{N: n, Mode: mode})
					first := c.Do("POST", path, body)
					in.Stop()
					if first.Status >= 400 && first.Status != 503 {
						t.Errorf("%s: %d %s", path, first.Status, first.Body)
					}
					return c.Do("POST", path, body).Want(want)
				}
				var call care.CallView
				repeated(ann, "/calls", wanted(ann, "client-01", chat), 201).Into(&call)
				repeated(agent, "/calls/"+call.ID+"/begin", nil, 200)
				outcome := map[string]any{"outcome": "no_answer", "note": "자동응답"}
				repeated(agent, "/calls/"+call.ID+"/outcome", outcome, 200).Into(&call)
				if len(call.Attempts) != 1 {
					t.Errorf("attempts: %+v", call.Attempts)
				}
				notes, notices := d.notes(t, chat)
				if strings.Join(notes, "|") != "no_answer: 자동응답" || strings.Join(notices, " ") != "call_booked" {
					t.Errorf("the log has the notes %q and the notices %q", notes, notices)
				}
				var open struct{ Calls []care.CallView }
				agent.Do("GET", "/calls", nil).Want(200).Into(&open)
				if len(open.Calls) != 1 {
					t.Errorf("%d calls are open", len(open.Calls))
				}
				var free struct{ Slots []struct{ Left int } }
				ann.Do("GET", "/calls/slots", nil).Want(200).Into(&free)
				if left := free.Slots[0].Left; left != 1 {
					t.Errorf("of two places %d are left", left)
				}
			})
		}
	}
}

func TestACallIsCanceledByWhoeverItBelongsTo(t *testing.T) {
	t.Parallel()
	d := open(t)
	guest := apitest.New(t, d.handler)
	chat, token := d.talk(t, "")
	mine := guest.With("Chat-Token", token)
	var call care.CallView
	mine.Do("POST", "/calls", wanted(guest, "client-01", chat)).Want(201).Into(&call)
	path := "/calls/" + call.ID
	for name, c := range map[string]*apitest.Client{
		"a guest without the token": guest, "with another": guest.With("Chat-Token", strings.Repeat("0", 32)),
		"a customer": guest.As(apitest.Bob),
	} {
		if got := c.Do("DELETE", path, nil); got.Status != 404 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	mine.Do("GET", path, nil).Want(200)
	for range 2 {
		mine.Do("DELETE", path, nil).Want(200)
	}
	agent := guest.As(apitest.Agent)
	agent.Do("POST", path+"/begin", nil).WantProblem(409, "call_ended")
	if open := agent.Do("GET", "/calls", nil).Want(200).Body; !strings.Contains(open, `"calls":[]`) {
		t.Errorf("open are %s", open)
	}
	// A call that an agent is making is not canceled under them.
	mine.Do("POST", "/calls", wanted(guest, "client-02", chat)).Want(201).Into(&call)
	agent.Do("POST", "/calls/"+call.ID+"/begin", nil).Want(200)
	mine.Do("DELETE", "/calls/"+call.ID, nil).WantProblem(409, "call_ended")
}

// That the database does not answer is not the same as that there is no such call.
func TestACallThatCannotBeReadIsNotMissing(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{})
	d := open(t, in.DB)
	guest := apitest.New(t, d.handler)
	chat, token := d.talk(t, "")
	mine := guest.With("Chat-Token", token)
	var call care.CallView
	mine.Do("POST", "/calls", wanted(guest, "client-01", chat)).Want(201).Into(&call)
	for n := 1; n <= 2; n++ {
		in.Restart(fault.Plan{N: n, Mode: fault.Fails})
		if got := mine.Do("GET", "/calls/"+call.ID, nil); got.Status != 503 {
			t.Errorf("call %d fails: %d %s", n, got.Status, got.Body)
		}
	}
}

func TestAReportIsOfTheTeamsDays(t *testing.T) {
	t.Parallel()
	d := open(t)
	// In Seoul: the last second of November, the first and the last of 1 December, the first of the 2nd.
	for _, at := range []string{"2026-11-30T14:59:59Z", "2026-11-30T15:00:00Z", "2026-12-01T14:59:59Z",
		"2026-12-01T15:00:00Z"} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		d.clock.MoveTo(moment)
		d.talk(t, "cus-1")
	}
	merchant := apitest.New(t, d.handler).As(apitest.Merchant)
	for _, test := range []struct {
		from, to    string
		began       int
		first, last int // of the hours 0 and 23
	}{
		{"2026-12-01", "2026-12-01", 2, 1, 1},
		{"2026-11-01", "2026-11-30", 1, 0, 1},
		{"2026-12-02", "2026-12-31", 1, 1, 0},
		{"2026-11-30", "2026-12-02", 4, 2, 2},
	} {
		var f conversation.ConversationFigures
		merchant.Do("GET", "/care/report?from="+test.from+"&to="+test.to, nil).Want(200).Into(&f)
		if f.Conversations != test.began || f.ByHour[0] != test.first || f.ByHour[23] != test.last {
			t.Errorf("%s to %s: %d began, by hour %v", test.from, test.to, f.Conversations, f.ByHour)
		}
	}
	merchant.Do("GET", "/care/report?from=2026-11-30&to=2026-11-30&team=nobody", nil).Want(404)
}

func TestTheFAQIsListedByCategoryAndReportedByMonth(t *testing.T) {
	t.Parallel()
	d := open(t)
	merchant, guest := apitest.New(t, d.handler).As(apitest.Merchant), apitest.New(t, d.handler)
	entry := func(id, category, language, question string) map[string]any {
		return map[string]any{"id": id, "category": category,
			"texts": map[string]any{language: map[string]any{"question": question, "answer": "네, 됩니다"}}}
	}
	merchant.Do("PUT", "/faq/entries", map[string]any{"entries": []any{
		entry("park", "visit", "ko", "주차장이 있나요"), entry("gift", "order", "ko", "선물 포장이 되나요"),
		entry("hours", "visit", "en", "When are you open"),
	}}).Want(200)
	merchant.Do("PUT", "/faq/entries", map[string]any{"entries": []any{}}).WantField("/entries")
	merchant.Do("POST", "/faq/publish", nil).Want(200)
	var list struct {
		Entries    []faq.Answer
		Categories []string
	}
	for _, test := range []struct {
		query      string
		entries    string
		categories string
	}{
		{"?language=ko", "park gift", "visit order"},
		{"?language=ko&category=order", "gift", "visit order"}, // the others can still be chosen
		{"?language=ko&category=nothing", "", "visit order"},
		{"?language=en", "hours", "visit"},
	} {
		guest.Do("GET", "/faq"+test.query, nil).Want(200).Into(&list)
		var ids []string
		for _, e := range list.Entries {
			ids = append(ids, e.ID)
		}
		if strings.Join(ids, " ") != test.entries || strings.Join(list.Categories, " ") != test.categories {
			t.Errorf("%s: %v of %v", test.query, ids, list.Categories)
		}
	}
	// An opinion counts, also on an entry that is in the other language only.
	guest.Do("POST", "/faq/hours/feedback", map[string]any{"helped": false}).Want(204)
	for _, asked := range []string{"강아지 사료 파나요", "강아지 사료 있나요"} {
		if err := d.care.FAQ.Unanswered(t.Context(), asked, "ko"); err != nil {
			t.Fatal(err)
		}
	}
	var report struct {
		Uses       []struct{ Entry string }
		Unanswered []faq.Group
	}
	merchant.Do("GET", "/faq/report", nil).Want(200).Into(&report)
	if len(report.Uses) != 1 || report.Uses[0].Entry != "hours" || len(report.Unanswered) != 1 ||
		report.Unanswered[0].Count != 2 {
		t.Errorf("%+v", report)
	}
	merchant.Do("GET", "/faq/report?month=2026-10", nil).Want(200).Into(&report)
	if len(report.Unanswered) != 0 {
		t.Errorf("of October: %+v", report.Unanswered)
	}
	merchant.Do("GET", "/faq/report?month=2026-13", nil).WantField("query/month")
	apitest.New(t, d.handler).As(apitest.Agent).Do("GET", "/teams", nil).Want(200)
}
