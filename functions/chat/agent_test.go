package chat_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	domain "dangol/events"
	"dangol/functions/chat"
	"dangol/infra/testkit/apitest"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/table"
)

// minsu is a second agent.
var minsu = auth.Principal{Kind: auth.Agent, Subject: "agent-2"}

// online lets an agent take conversations.
func online(c *apitest.Client, name string) {
	c.Do("PUT", "/chat/agents/me", map[string]any{"name": name, "teams": []string{"care"}, "languages": []string{"ko"},
		"limit": 3, "online": true}).Want(200)
}

// claimed is ann's conversation, which the agent has.
func claimed(t *testing.T, d desk) (path string, ann, agent *apitest.Client) {
	t.Helper()
	ann, agent = apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Agent)
	online(agent, "지은")
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "ko", "text": "상담원 연결"}).Want(201).Into(&s)
	path = "/chat/conversations/" + s.Conversation.ID
	agent.Do("POST", path+"/claim", nil).Want(200)
	return path, ann, agent
}

func TestWhatAnAgentDoesWithAConversation(t *testing.T) {
	t.Parallel()
	d := open(t)
	path, ann, agent := claimed(t, d)
	other := apitest.New(t, d.handler).As(minsu)
	online(other, "민수")
	state := func(r *apitest.Response) conversation.State {
		var v chat.ConversationView
		r.Want(200).Into(&v)
		return v.State
	}
	aside := map[string]any{"until": monday.Add(time.Hour)}
	other.Do("POST", path+"/snooze", aside).WantProblem(409, "not_owner")
	agent.Do("POST", path+"/snooze", map[string]any{"until": monday}).WantField("/until")
	if got := state(agent.Do("POST", path+"/snooze", aside)); got != conversation.Snoozed {
		t.Errorf("put aside it is %s", got)
	}
	agent.Do("POST", path+"/transfer", map[string]any{"team": "nobody"}).WantProblem(404, "team_not_found")
	other.Do("POST", path+"/transfer", map[string]any{"team": "care"}).WantProblem(409, "not_owner")
	if got := state(agent.Do("POST", path+"/transfer", map[string]any{"team": "care"})); got != conversation.Queued {
		t.Errorf("transferred it is %s", got)
	}
	other.Do("POST", path+"/claim", nil).Want(200)
	agent.Do("POST", path+"/give-back", nil).WantProblem(409, "not_owner")
	if got := state(other.Do("POST", path+"/give-back", nil)); got != conversation.WithBot {
		t.Errorf("given back it is %s", got)
	}
	// Nobody counts a conversation that they do not have.
	var staff struct{ Agents []conversation.AgentStatus }
	agent.Do("GET", "/chat/agents", nil).Want(200).Into(&staff)
	if len(staff.Agents) != 2 || staff.Agents[0].Active+staff.Agents[1].Active != 0 {
		t.Errorf("the agents are %+v", staff.Agents)
	}
	if got := state(agent.Do("POST", path+"/block", nil)); got != conversation.Closed {
		t.Errorf("blocked it is %s", got)
	}
	ann.Do("POST", path+"/messages", map[string]any{"clientId": "client-09", "text": "왜요?"}).
		WantProblem(403, "conversation_blocked")
}

func TestAnAgentIsKnownAfterSayingWhoTheyAre(t *testing.T) {
	t.Parallel()
	d := open(t)
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	agent.Do("GET", "/chat/agents/me", nil).WantProblem(404, "agent_not_found")
	if body := agent.Do("GET", "/chat/agents", nil).Want(200).Body; !strings.Contains(body, `"agents":[]`) {
		t.Errorf("nobody is %s", body)
	}
	online(agent, "지은")
	var me conversation.AgentStatus
	agent.Do("GET", "/chat/agents/me", nil).Want(200).Into(&me)
	if me.Name != "지은" || !me.Online || me.Limit != 3 || me.Active != 0 {
		t.Errorf("%+v", me)
	}
}

func TestPreparedAnswersAreKeptByTheAgents(t *testing.T) {
	t.Parallel()
	d := open(t)
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	late := map[string]any{"title": "늦은 배송", "language": "ko", "text": "{name}님, 죄송합니다."}
	for range 2 { // written again it is the same one
		agent.Do("PUT", "/chat/canned/late", late).Want(200)
	}
	agent.Do("PUT", "/chat/canned/gift", map[string]any{"title": "Gift", "language": "en", "text": "Yes"}).Want(200)
	agent.Do("PUT", "/chat/canned/late", map[string]any{"title": "", "language": "ko", "text": "x"}).WantField("/title")
	var all struct{ Canned []service.Canned }
	agent.Do("GET", "/chat/canned", nil).Want(200).Into(&all)
	if len(all.Canned) != 2 || all.Canned[1].Text != "{name}님, 죄송합니다." {
		t.Errorf("%+v", all.Canned)
	}
	for range 2 {
		agent.Do("DELETE", "/chat/canned/late", nil).Want(200).Into(&all)
	}
	if len(all.Canned) != 1 || all.Canned[0].ID != "gift" {
		t.Errorf("after removing one: %+v", all.Canned)
	}
	apitest.New(t, d.handler).As(apitest.Ann).Do("GET", "/chat/canned", nil).Want(403)
}

func TestACustomerListsTheirOwnConversationsNewestFirst(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var ids []string
	for range 3 {
		var s started
		ann.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
		ids = append([]string{s.Conversation.ID}, ids...)
		d.clock.Advance(time.Second)
	}
	apitest.New(t, d.handler).As(apitest.Bob).Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201)
	var mine struct{ Conversations []chat.ConversationView }
	ann.Do("GET", "/chat/conversations", nil).Want(200).Into(&mine)
	var got []string
	for _, c := range mine.Conversations {
		got = append(got, c.ID)
	}
	if strings.Join(got, " ") != strings.Join(ids, " ") {
		t.Errorf("%v, want %v", got, ids)
	}
	apitest.New(t, d.handler).Do("GET", "/chat/conversations", nil).Want(401)
}

func TestWhatWasNotReadIsMailedByItsJobOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	path, ann, agent := claimed(t, d)
	ann.Do("PUT", path+"/contact", map[string]any{"email": apitest.Ann.Email}).Want(200)
	agent.Do("POST", path+"/messages", map[string]any{"clientId": "agent-001", "text": "오늘 보내 드릴게요."}).Want(200)
	d.clock.Advance(6 * time.Minute)
	id := strings.TrimPrefix(path, "/chat/conversations/")
	job := map[string]any{"Records": []any{map[string]any{"messageId": "m1", "eventSource": "aws:sqs",
		"body": fmt.Sprintf(`{"kind":"conversation_mail","key":{"pk":"CHAT#%s","sk":"UNREAD"}}`, id)}}}
	for range 2 { // the queue delivers twice
		if out := string(d.invoke(t, job)); strings.Contains(out, "m1") {
			t.Fatalf("the job failed: %s", out)
		}
	}
	page, err := d.chat.Table.Query(t.Context(), table.Query{Where: "#pk = :pk AND begins_with(#sk, :mail)",
		With: map[string]any{":pk": "CHAT#" + id, ":mail": "MAIL#" + domain.MailMessages}})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d mails, %v", len(page.Items), err)
	}
}

// ask is what API Gateway asks the authorizer for a connection from an address.
func ask(ticket, address string) map[string]any {
	return map[string]any{"type": "REQUEST", "methodArn": "arn:aws:execute-api:x",
		"queryStringParameters": map[string]string{"ticket": ticket},
		"requestContext":        map[string]any{"connectionId": "c1", "identity": map[string]string{"sourceIp": address}}}
}

// effect is what the authorizer says.
func effect(t *testing.T, d desk, request map[string]any) string {
	t.Helper()
	var answer events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(d.invoke(t, request), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.PolicyDocument.Statement[0].Effect
}

func TestNobodyGuessesATicket(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var ticket struct{ Ticket string }
	ann.Do("POST", "/chat/tickets", map[string]any{}).Want(201).Into(&ticket)
	for _, wrong := range []string{"", "x", strings.Repeat("0", 32), ticket.Ticket + "0", strings.ToUpper(ticket.Ticket)} {
		if got := effect(t, d, ask(wrong, "203.0.113.7")); got != "Deny" {
			t.Errorf("%q: %s", wrong, got)
		}
	}
	for range 60 {
		effect(t, d, ask(strings.Repeat("1", 32), "203.0.113.8"))
	}
	// Also the right one is refused to an address that has guessed too often, and is good elsewhere still.
	if got := effect(t, d, ask(ticket.Ticket, "203.0.113.8")); got != "Deny" {
		t.Errorf("after sixty guesses: %s", got)
	}
	if got := effect(t, d, ask(ticket.Ticket, "203.0.113.9")); got != "Allow" {
		t.Errorf("from another address: %s", got)
	}
}

func TestWhatIsNoFrameIsAnsweredAndNothingMore(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var ticket struct{ Ticket string }
	ann.Do("POST", "/chat/tickets", map[string]any{}).Want(201).Into(&ticket)
	var answer events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(d.invoke(t, ask(ticket.Ticket, "203.0.113.7")), &answer); err != nil {
		t.Fatal(err)
	}
	d.invoke(t, frame("c1", "CONNECT", "", answer.Context))
	encoded := func(body string) map[string]any {
		f := frame("c1", "MESSAGE", body, nil)
		f["isBase64Encoded"] = true
		return f
	}
	for _, test := range []struct {
		name  string
		frame map[string]any
		want  string
	}{
		{"no JSON", frame("c1", "MESSAGE", "hello", nil), "bad_frame"},
		{"nothing", frame("c1", "MESSAGE", "", nil), "bad_frame"},
		{"an unknown request", frame("c1", "MESSAGE", `{"do":"erase"}`, nil), "bad_frame"},
		{"base64 that is none", encoded("%%%"), "bad_frame"},
		{"base64 of a frame", encoded(base64.StdEncoding.EncodeToString([]byte(`{"do":"ping"}`))), "pong"},
		{"a frame of nobody", frame("c2", "MESSAGE", `{"do":"ping"}`, nil), "connection_unknown"},
	} {
		if out := string(d.invoke(t, test.frame)); !strings.Contains(out, test.want) {
			t.Errorf("%s: %s", test.name, out)
		}
	}
	// The end may be told twice.
	for range 2 {
		if out := string(d.invoke(t, frame("c1", "DISCONNECT", "", nil))); !strings.Contains(out, "200") {
			t.Errorf("the end: %s", out)
		}
	}
}
