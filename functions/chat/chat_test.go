package chat_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/chat"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/callback"
	calls "dangol/shared/callback/store"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq/example"
	"dangol/shared/faq/store"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/ratelimit"
	"dangol/shared/platform/table"

	"context"
	"log/slog"
)

// monday is a Monday at ten in Seoul.
var monday = time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)

// desk is the function with a published FAQ.
type desk struct {
	handler lambda.Handler
	chat    *chat.Chat
	clock   *clock.Movable
}

type noFiles struct{}

func (noFiles) Upload(_ context.Context, key, _ string, _ int64, _ time.Duration) (string, error) {
	return "https://files.example.com/" + key, nil
}

func (noFiles) Remove(context.Context, ...string) error { return nil }

func (noFiles) Download(_ context.Context, key string, _ time.Duration) (string, error) {
	return "https://files.example.com/" + key + "?get", nil
}

// open is the function with a published FAQ. wrap, when given, stands between the table and the engine.
func open(t *testing.T, wrap ...func(table.DB) table.DB) desk {
	t.Helper()
	care, c := localtest.Table(t, table.Care, wrap...), clock.Stopped(monday)
	answers := &store.Store{Table: care, Clock: c}
	if err := answers.Import(t.Context(), example.Entries()); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.Publish(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	f := &chat.Chat{
		Service: &service.Service{Table: care, Clock: c, Log: slog.New(slog.DiscardHandler), Answers: answers,
			Files: noFiles{}},
		Limiter: ratelimit.Limiter{Table: care, Clock: c}, SocketURL: "wss://socket.example.com/live",
		Calls: calls.Store{Table: care, Clock: c},
	}
	return desk{f.Handler(api.Options{Clock: c, Verify: apitest.Verify}), f, c}
}

type started struct {
	Conversation chat.ConversationView
	Token        string
	Messages     []service.Message
}

func TestAGuestTalksToTheBotAndIsHandedOver(t *testing.T) {
	t.Parallel()
	d := open(t)
	guest := apitest.New(t, d.handler)
	var s started
	guest.Do("POST", "/chat/conversations", map[string]any{"language": "ko", "text": "배송비는 얼마인가요?"}).Want(201).Into(&s)
	if len(s.Messages) != 3 || s.Messages[2].Entry != "shipping-cost" || len(s.Token) != 32 {
		t.Fatalf("%+v", s)
	}
	mine := guest.With("Chat-Token", s.Token)
	path := "/chat/conversations/" + s.Conversation.ID
	body := map[string]any{"clientId": "client-01", "text": "상담원 연결해 주세요"}
	first := mine.Do("POST", path+"/messages", body).Want(200).Body
	again := mine.Do("POST", path+"/messages", body).Want(200).Body
	if !strings.Contains(first, `"state":"queued"`) || !strings.Contains(again, `"seq":4`) {
		t.Errorf("first %s\nagain %s", first, again)
	}
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	agent.Do("POST", path+"/claim", nil).Want(404)
	agent.Do("PUT", "/chat/agents/me",
		map[string]any{"name": "지은", "teams": []string{"care"}, "languages": []string{"ko"}, "limit": 3,
			"online": true}).Want(200)
	if inbox := agent.Do("GET", "/chat/inbox?state=queued", nil).Want(200).Body; !strings.Contains(inbox,
		s.Conversation.ID) {
		t.Errorf("the inbox has %s", inbox)
	}
	agent.Do("POST", path+"/claim", nil).Want(200)
	agent.Do("POST", path+"/claim", nil).Want(200) // as if the first answer was lost
	other := apitest.New(t, d.handler).As(auth.Principal{Kind: auth.Agent, Subject: "agent-2"})
	other.Do("PUT", "/chat/agents/me",
		map[string]any{"name": "민수", "teams": []string{"care"}, "languages": []string{"ko"}, "limit": 3,
			"online": true}).Want(200)
	other.Do("POST", path+"/claim", nil).WantProblem(409, "already_claimed")
	agent.Do("POST", path+"/messages", map[string]any{"clientId": "agent-01", "text": "안녕하세요"}).Want(200)
	agent.Do("POST", path+"/notes", map[string]any{"clientId": "agent-02", "text": "단골"}).Want(201)
	agent.Do("PUT", path+"/tags", map[string]any{"tags": []string{"shipping"}}).Want(200)
	if about := agent.Do("GET", path+"/context", nil).Want(200).Body; !strings.Contains(about, "상담원 연결해 주세요") {
		t.Errorf("the context is %s", about)
	}
	var log struct {
		Messages []service.Message
		More     bool
	}
	mine.Do("GET", path+"/messages?since=5", nil).Want(200).Into(&log)
	if n := len(log.Messages); n != 3 || log.Messages[1].Name != "지은" || !log.Messages[2].Hidden || log.More {
		t.Errorf("the shopper sees %+v", log.Messages)
	}
	mine.Do("POST", path+"/rating", map[string]any{"score": 5}).Want(409)
	agent.Do("POST", path+"/close", nil).Want(200)
	mine.Do("POST", path+"/rating", map[string]any{"score": 5, "note": "thanks"}).Want(200)
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann, bob := apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Bob)
	guest, agent := apitest.New(t, d.handler), apitest.New(t, d.handler).As(apitest.Agent)
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&s)
	if s.Token != "" {
		t.Error("a customer got a guest's token")
	}
	path := "/chat/conversations/" + s.Conversation.ID
	message := map[string]any{"clientId": "client-01", "text": "hello"}
	for _, other := range []*apitest.Client{bob, guest, guest.With("Chat-Token", strings.Repeat("a", 32))} {
		other.Do("GET", path, nil).Want(404)
		other.Do("GET", path+"/messages", nil).Want(404)
		other.Do("POST", path+"/messages", message).Want(404)
		other.Do("POST", path+"/read", map[string]any{"seq": 1}).Want(404)
		other.Do("POST", path+"/close", nil).Want(404)
		other.Do("PUT", path+"/contact", map[string]any{"email": "a@example.com"}).Want(404)
		other.Do("POST", path+"/attachments", map[string]any{"name": "a", "type": "image/png", "size": 10}).Want(404)
	}
	bob.Do("POST", path+"/claim", nil).Want(403)
	ann.Do("GET", "/chat/inbox", nil).Want(403)
	guest.Do("GET", "/chat/inbox", nil).Want(401)
	agent.Do("GET", "/chat/customers/"+apitest.Ann.Subject, nil).Want(403)
	merchant := apitest.New(t, d.handler).As(apitest.Merchant)
	if export := merchant.Do("GET", "/chat/customers/"+apitest.Ann.Subject, nil).Want(200).Body; !strings.Contains(export,
		s.Conversation.ID) {
		t.Errorf("the export has %s", export)
	}
	merchant.Do("DELETE", "/chat/customers/"+apitest.Ann.Subject, nil).Want(200)
	ann.Do("GET", path, nil).Want(404)
}

func TestACustomersCallBacksAreExportedAndErasedWithTheConversations(t *testing.T) {
	t.Parallel()
	d := open(t)
	slots, err := d.chat.Calls.Slots(t.Context(), "care", conversation.DefaultTeam().Hours, 30*time.Minute, 3)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, who := range []string{apitest.Ann.Subject, apitest.Bob.Subject} {
		r, err := d.chat.Calls.Book(t.Context(), callback.Request{Team: "care", CustomerID: who, Name: "이보라",
			Number: "+821012345678"}, slots, slots[0].From, 3, who, "client-01")
		if err != nil {
			t.Fatal(err)
		}
		ids[who] = r.ID
	}
	merchant := apitest.New(t, d.handler).As(apitest.Merchant)
	path := "/chat/customers/" + apitest.Ann.Subject
	export := merchant.Do("GET", path, nil).Want(200).Body
	if !strings.Contains(export, ids[apitest.Ann.Subject]) || !strings.Contains(export, "+821012345678") ||
		!strings.Contains(export, "이보라") || strings.Contains(export, ids[apitest.Bob.Subject]) {
		t.Errorf("the export has %s", export)
	}
	if erased := merchant.Do("DELETE", path, nil).Want(200).Body; !strings.Contains(erased, `"calls":1`) {
		t.Errorf("erased: %s", erased)
	}
	if export := merchant.Do("GET", path, nil).Want(200).Body; !strings.Contains(export, `"calls":[]`) {
		t.Errorf("after erasing the export has %s", export)
	}
	if erased := merchant.Do("DELETE", path, nil).Want(200).Body; !strings.Contains(erased, `"calls":0`) {
		t.Errorf("erased again: %s", erased)
	}
	if _, err := d.chat.Calls.Get(t.Context(), ids[apitest.Bob.Subject]); err != nil {
		t.Errorf("another's request: %v", err)
	}
}

func TestBadInputIsRefusedWithItsField(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&s)
	path := "/chat/conversations/" + s.Conversation.ID
	for _, test := range []struct {
		name, method, path string
		body               any
		status             int
	}{
		{"a message without an id", "POST", path + "/messages", map[string]any{"text": "x"}, 422},
		{"a message without anything", "POST", path + "/messages", map[string]any{"clientId": "client-01"}, 422},
		{"a text that is too long", "POST", path + "/messages",
			map[string]any{"clientId": "client-01", "text": strings.Repeat("가", 4001)}, 422},
		{"a body that is too large", "POST", path + "/messages",
			map[string]any{"clientId": "client-01", "text": strings.Repeat("a", 128<<10)}, 413},
		{"broken JSON", "POST", path + "/messages", `{"clientId":`, 400},
		{"a number that was never given", "GET", path + "/messages?since=99", nil, 422},
		{"a negative number", "GET", path + "/messages?since=-1", nil, 422},
		{"a program as an attachment", "POST", path + "/attachments",
			map[string]any{"name": "a.exe", "type": "application/x-msdownload", "size": 10}, 422},
		{"a file that is too large", "POST", path + "/attachments",
			map[string]any{"name": "a", "type": "image/png", "size": 11 << 20}, 422},
		{"six stars", "POST", path + "/rating", map[string]any{"score": 6}, 422},
		{"an address that is none", "PUT", path + "/contact", map[string]any{"email": "nobody"}, 422},
		{"an id that is none", "GET", "/chat/conversations/nonsense", nil, 404},
		{"an unknown language", "POST", "/chat/conversations", map[string]any{"language": "xx"}, 422},
	} {
		if got := ann.Do(test.method, test.path, test.body); got.Status != test.status {
			t.Errorf("%s: %d %s", test.name, got.Status, got.Body)
		}
	}
}

func TestOneAddressCannotBeginConversationsWithoutEnd(t *testing.T) {
	t.Parallel()
	d := open(t)
	guest := apitest.New(t, d.handler)
	for range 20 {
		guest.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201)
	}
	guest.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(429)
	d.clock.Advance(10 * time.Minute)
	guest.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201)
}

func TestAnAttachmentIsSentAndReadByLinksThatExpire(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&s)
	path := "/chat/conversations/" + s.Conversation.ID
	var prepared struct {
		Attachment service.Attachment
		URL        string
	}
	ann.Do("POST", path+"/attachments",
		map[string]any{"name": "crack.png", "type": "image/png", "size": 100}).Want(201).Into(&prepared)
	ann.Do("POST", path+"/messages",
		map[string]any{"clientId": "client-01", "text": "a person please, an agent",
			"attachments": []any{prepared.Attachment}}).Want(200)
	if log := ann.Do("GET", path+"/messages?since=1", nil).Want(200).Body; !strings.Contains(log,
		prepared.Attachment.Key+"?get") {
		t.Errorf("the log has no link: %s", log)
	}
}

// invoke sends an event of the WebSocket API.
func (d desk) invoke(t *testing.T, event any) []byte {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.handler.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func frame(connection, kind, body string, authorizer map[string]any) map[string]any {
	return map[string]any{"body": body,
		"requestContext": map[string]any{"connectionId": connection, "eventType": kind, "authorizer": authorizer}}
}

func TestTheSocketLetsInByTicketAndAnswersFrames(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "en"}).Want(201).Into(&s)
	var ticket struct{ Ticket, URL string }
	ann.Do("POST", "/chat/tickets", map[string]any{}).Want(201).Into(&ticket)
	if ticket.URL != "wss://socket.example.com/live?ticket="+ticket.Ticket {
		t.Errorf("the address is %s", ticket.URL)
	}
	ask := map[string]any{
		"type": "REQUEST", "methodArn": "arn:aws:execute-api:x",
		"queryStringParameters": map[string]string{"ticket": ticket.Ticket},
		"requestContext": map[string]any{"connectionId": "c1",
			"identity": map[string]string{"sourceIp": "203.0.113.7"}},
	}
	var answer events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(d.invoke(t, ask), &answer); err != nil ||
		answer.PolicyDocument.Statement[0].Effect != "Allow" {
		t.Fatalf("%+v, %v", answer, err)
	}
	var second events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(d.invoke(t, ask), &second); err != nil ||
		second.PolicyDocument.Statement[0].Effect != "Deny" {
		t.Errorf("a ticket let in twice: %+v, %v", second, err)
	}
	d.invoke(t, frame("c1", "CONNECT", "", answer.Context))
	hello := fmt.Sprintf(`{"do":"hello","conversationId":%q}`, s.Conversation.ID)
	if out := string(d.invoke(t, frame("c1", "MESSAGE", hello, nil))); !strings.Contains(out, `\"type\":\"welcome\"`) {
		t.Errorf("hello is answered with %s", out)
	}
	d.invoke(t, frame("c1", "DISCONNECT", "", nil))
	if out := string(d.invoke(t, frame("c1", "MESSAGE", hello, nil))); !strings.Contains(out, "connection_unknown") {
		t.Errorf("after the end it is answered with %s", out)
	}
}

func TestATimerIsRung(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var s started
	ann.Do("POST", "/chat/conversations",
		map[string]any{"language": "en", "text": "I want to talk to an agent"}).Want(201).Into(&s)
	d.clock.Advance(6 * time.Minute)
	job := func(id string) map[string]any {
		return map[string]any{"Records": []any{map[string]any{
			"messageId": "m1", "eventSource": "aws:sqs",
			"body": fmt.Sprintf(`{"kind":"conversation","key":{"pk":"CHAT#%s","sk":"CHAT"}}`, id),
		}}}
	}
	for _, id := range []string{s.Conversation.ID, "chat_01m8mzegm0k1w0wvwjsbbq2hvv"} {
		if out := string(d.invoke(t, job(id))); strings.Contains(out, "m1") {
			t.Errorf("the job of %s failed: %s", id, out)
		}
	}
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	if inbox := agent.Do("GET", "/chat/inbox", nil).Want(200).Body; !strings.Contains(inbox, `"priority":2`) {
		t.Errorf("nothing escalated: %s", inbox)
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	handler, err := chat.New(t.Context(), apitest.Env(t, "chat", monday, environment(t)))
	if err != nil {
		t.Fatal(err)
	}
	apitest.Samples(t, handler, "chat", map[string]int{
		"start-as-guest": 201, "start-in-unknown-language": 422, "read-foreign": 404, "send-without-id": 422,
		"claim-without-token": 401,
		"ticket-for-nothing":  404, "frame-of-unknown-connection": 200, "disconnect-of-unknown-connection": 200,
	})
}

func environment(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"CARE_TABLE": localtest.Name(t, table.Care), "SOCKET_URL": "ws://127.0.0.1:9/socket",
		"CHAT_BUCKET": "chat-files"}
}

func TestAStartThatCannotWorkNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"CARE_TABLE", "COMMERCE_TABLE", "JWT_ISSUER", "SOCKET_URL", "CHAT_BUCKET"} {
		changed := environment(t)
		changed[variable] = ""
		if _, err := chat.New(t.Context(), apitest.Env(t, "chat", monday, changed)); err == nil ||
			!strings.Contains(err.Error(), variable) {
			t.Errorf("without %s the start says %v", variable, err)
		}
	}
}
