package chat_test

import (
	"regexp"
	"sync"
	"testing"
	"time"

	"dangol/functions/chat"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	own := func(body string) system.Request {
		return system.Request{Needs: ownConversation, Owned: true, Operators: true, Body: body}
	}
	queued := func(body string) system.Request { return system.Request{Needs: queuedConversation, Body: body} }
	claimed := func(body string) system.Request { return system.Request{Needs: claimedConversation, Body: body} }
	canned := system.Request{Needs: func(*system.Shop) system.Things {
		return system.Things{Fill: system.Fill{"cannedId": "hello"}}
	}}
	written := canned
	written.Body = `{"title":"Hello","language":"ko","text":"안녕하세요"}`
	system.Check(t, system.Function{
		Spec: chat.Spec(),
		Routes: system.Routes{
			"startConversation": {Body: `{"language":"ko"}`,
				Bodies: []string{`{"language":"ko","team":"care","name":"길","email":"gil@example.com","text":"안녕하세요"}`}}, "listMyConversations": {Needs: ownConversation},
			"getConversation": own(""), "listMessages": own(""),
			"sendMessage": own(`{"clientId":"client-01","text":"배송비는 얼마인가요?"}`), "markRead": own(`{"seq":1}`),
			"setConversationContact": own(`{"email":"{email}"}`), "closeConversation": own(""),
			"proveConversationContact": {Needs: mailedCode, Owned: true, Operators: true, Body: `{"code":"{code}"}`},
			"mailTranscript":           own(`{"clientId":"client-01"}`),
			"rateConversation":         {Needs: closedConversation, Owned: true, Body: `{"score":5,"note":"fast"}`},
			"prepareAttachment":        own(`{"name":"a.png","type":"image/png","size":100}`),
			"createSocketTicket": {Needs: ownConversation, Body: `{"conversationId":"{conversationId}"}`,
				Harmless: map[string]string{
					"/conversationId maxLength": "a customer's ticket does not hold it, and a guest's is that of a conversation " +
						"that was read"}},
			"listInbox": queued(""), "claimConversation": queued(""), "giveBackConversation": queued(""),
			"blockConversation":      queued(""),
			"transferConversation":   claimed(`{"team":"care"}`),
			"snoozeConversation":     claimed(`{"until":"2026-11-25T00:00:00Z"}`),
			"addConversationNote":    queued(`{"clientId":"note-0001","text":"called"}`),
			"tagConversation":        queued(`{"tags":["shipping"]}`),
			"getConversationContext": queued(""), "getAgent": queued(""), "listAgents": queued(""),
			"setAgent": {Harmless: map[string]string{"/limit minimum": "an agent without a limit has the usual one, 4"},
				Body: `{"name":"A","teams":["care"],"languages":["ko"],"limit":20,"online":true}`},
			"listCannedAnswers": {}, "setCannedAnswer": written, "removeCannedAnswer": canned,
			"exportConversations": {Needs: ownConversation}, "eraseConversations": {Needs: ownConversation},
		},
		Journey: func(s *system.Shop) {
			b := system.ShippedOrder(s)
			c := s.Do(b.Owner.Caller, "POST", "/chat/conversations", `{"language":"ko"}`).Field(s.T, "conversation.id")
			s.Do(b.Owner.Caller, "POST", "/chat/conversations/"+c+"/messages",
				`{"clientId":"where-is-it","pressed":"action:order_status"}`)
			s.RunUntilIdle() // the order makes the customer's profile
			s.Do(b.Owner.Caller, "POST", "/chat/conversations/"+c+"/messages",
				`{"clientId":"for-a-person","text":"상담원 연결해 주세요"}`)
			s.Do(s.Agent(), "GET", "/chat/conversations/"+c+"/context", nil)
			s.AdvanceBy(48 * time.Hour) // the bot's conversations end by themselves
		},
	})
}

// ownConversation is a customer's with the bot: {conversationId}, {customerId}.
func ownConversation(s *system.Shop) system.Things {
	name := system.Unique("gil")
	owner := system.Purse{Caller: s.As(name)}
	id := s.Do(owner.Caller, "POST", "/chat/conversations", `{"language":"ko"}`).Field(s.T, "conversation.id")
	return system.Things{Owner: owner, Fill: system.Fill{"conversationId": id, "customerId": name,
		"email": system.Unique("gil") + "@example.com"}}
}

var codeForm = regexp.MustCompile(`\b[0-9]{6}\b`)

// mailedCode is a conversation whose shopper left another address than the account's and was mailed its code: {code}.
func mailedCode(s *system.Shop) system.Things {
	b := ownConversation(s)
	s.Do(b.Owner.Caller, "PUT", "/chat/conversations/"+b.Fill["conversationId"]+"/contact",
		map[string]string{"email": b.Fill["email"]})
	s.RunUntilIdle()
	for _, m := range s.Mail().Messages(b.Fill["email"]) {
		b.Fill["code"] = codeForm.FindString(m.Text)
	}
	return b
}

// closedConversation can be rated.
func closedConversation(s *system.Shop) system.Things {
	b := ownConversation(s)
	s.Do(b.Owner.Caller, "POST", "/chat/conversations/"+b.Fill["conversationId"]+"/close", nil)
	return b
}

// claimedConversation is the agent's.
func claimedConversation(s *system.Shop) system.Things {
	b := queuedConversation(s)
	s.Do(s.Agent(), "POST", "/chat/conversations/"+b.Fill["conversationId"]+"/claim", nil)
	return b
}

// before is the conversation of each shop that was handed over last.
var before sync.Map

// queuedConversation waits for a person, and those who may take it are there. The one before has ended: an agent has 20
// at most.
func queuedConversation(s *system.Shop) system.Things {
	b := ownConversation(s)
	if last, ok := before.Swap(s, b); ok {
		last := last.(system.Things)
		s.Try(last.Owner.Caller, "POST", "/chat/conversations/"+last.Fill["conversationId"]+"/close", nil)
	}
	s.Do(b.Owner.Caller, "POST", "/chat/conversations/"+b.Fill["conversationId"]+"/messages",
		`{"clientId":"for-a-person","text":"상담원 연결"}`)
	for _, operator := range []system.Caller{s.Agent(), s.Merchant()} {
		s.Do(operator, "PUT", "/chat/agents/me", `{"name":"A","teams":["care"],"languages":["ko"],"limit":20,"online":true}`)
	}
	return b
}
