package care_test

import (
	"fmt"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"dangol/functions/care"
	"dangol/infra/testkit/system"
)

const faqBody = `{"entries":[{"id":"entry","category":"a","texts":{"ko":{"question":"배송비","answer":"무료"}}}]}`

func TestAccess(t *testing.T) {
	t.Parallel()
	fill := func(name, value string) func(*system.Shop) system.Things {
		return func(*system.Shop) system.Things { return system.Things{Fill: system.Fill{name: value}} }
	}
	fresh := func(name, prefix string) func(*system.Shop) system.Things {
		return func(s *system.Shop) system.Things { return fill(name, system.Unique(prefix))(s) }
	}
	team := fill("teamId", "care")
	system.Check(t, system.Function{
		Spec: care.Spec(),
		Routes: system.Routes{
			"listFAQ": {}, "searchFAQ": {Query: "q=shipping"}, "suggestFAQ": {Query: "q=shipping"},
			"rateFAQ":        {Needs: publishedFAQ, Body: `{"helped":true}`},
			"listFAQEntries": {}, "importFAQ": {Body: faqBody}, "publishFAQ": {}, "reportFAQ": {},
			"editFAQEntry": {Needs: fresh("entryId", "parking"),
				Bodies: []string{`{"category":"a","texts":{"ko":{"question":"주차","answer":"없음","phrasings":["어디에 주차하나요"]}},` +
					`"order":3,"version":0,"action":"order_status"}`},
				Body: `{"category":"a","texts":{"ko":{"question":"주차","answer":"없음"}},"version":0}`},
			"removeFAQEntry": {Needs: fill("entryId", "parking")},
			"listTeams":      {}, "getHours": {Needs: team}, "overrideHours": {Needs: ownTeam, Body: `{"open":true}`},
			"setTeam": {Needs: fresh("teamId", "team"), Bodies: []string{teamWithDays}, Harmless: map[string]string{
				"/hours/week maxItems": "the type has seven days: more are left out",
				"/hours/week minItems": "the type has seven days: missing ones are closed",
			}, Body: `{"name":"Care","languages":["ko"],"hours":{"zone":"Asia/Seoul","week":[[],[],[],[],[],[],[]]},` +
				`"levels":{"firstAnswerMinutes":5,"nextAnswerMinutes":5,"unclaimedMinutes":5},"calls":{"slotMinutes":30,"capacity":2},"version":0}`},
			"listCallSlots": {},
			"bookCall": {Needs: freeSlot,
				Bodies: []string{`{"clientId":"call-{unique}","from":"{from}","name":"A","number":"{number}","verification":"{verification}",` +
					`"team":"care","topic":"a parcel","language":"ko","conversationId":"{conversationId}"}`},
				Body: `{"clientId":"call-{unique}","from":"{from}","name":"A","number":"{number}","verification":"{verification}"}`},
			"verifyNumber": {Body: `{"number":"010-1234-5678"}`},
			"proveNumber":  {Needs: provedNumber, Body: `{"verification":"{verification}","code":"{code}"}`},
			"getCall":      {Needs: ownCall, Owned: true, Operators: true},
			"cancelCall":   {Needs: ownCall, Owned: true, Operators: true},
			"listCalls":    {}, "beginCall": {Needs: ownCall}, "finishCall": {Needs: begunCall, Body: `{"outcome":"reached","note":"all is well"}`},
			"reportCare": {Query: "from=2026-11-01&to=2026-11-30"},
		},
		Journey: func(s *system.Shop) { s.AdvanceBy(48 * time.Hour) }, // reminders and calls are due
	})
}

// teamWithDays has a day of its own.
const teamWithDays = `{"name":"Care","languages":["ko"],"levels":{"firstAnswerMinutes":5,"nextAnswerMinutes":5,"unclaimedMinutes":5},` +
	`"calls":{"slotMinutes":30,"capacity":2},"version":0,"hours":{"zone":"Asia/Seoul","week":[[{"from":0,"to":60}],[],[],[],[],[],[]],` +
	`"days":[{"date":"2027-02-17","spans":[{"from":0,"to":60}],"note":"stock-taking"}]}}`

// ownTeam is a team that nobody else changes: {teamId}.
func ownTeam(s *system.Shop) system.Things {
	id := system.Unique("team")
	s.Do(s.Merchant(), "PUT", "/teams/"+id, teamWithDays)
	return system.Things{Fill: system.Fill{"teamId": id}}
}

// freeSlot is a time at which a call can be booked, and a conversation that it can be about: {from}, {conversationId}.
func freeSlot(s *system.Shop) system.Things {
	b := provedNumber(s)
	b.Owner = system.Purse{Caller: s.As(system.Unique("hana"))}
	b.Fill["conversationId"] = s.Do(b.Owner.Caller, "POST", "/chat/conversations", `{"language":"ko"}`).Field(s.T,
		"conversation.id")
	b.Fill["from"] = s.Do(system.Guest, "GET", "/calls/slots", nil).Field(s.T, "slots.0.from")
	return b
}

// begunCall is one that the agent makes: {callId}.
func begunCall(s *system.Shop) system.Things {
	b := ownCall(s)
	s.Do(s.Agent(), "POST", "/calls/"+b.Fill["callId"]+"/begin", nil)
	return b
}

// publishedFAQ has one entry: {entryId}.
func publishedFAQ(s *system.Shop) system.Things {
	s.Do(s.Merchant(), "PUT", "/faq/entries", faqBody)
	s.Do(s.Merchant(), "POST", "/faq/publish", nil)
	s.AdvanceBy(6 * time.Second) // until the function has read it
	return system.Things{Fill: system.Fill{"entryId": "entry"}}
}

// provedNumber is a number whose code was read on the telephone and entered: {number}, {verification}, {code}.
func provedNumber(s *system.Shop) system.Things {
	number := fmt.Sprintf("+8210%08d", numbers.Add(1))
	who := s.As(system.Unique("hana"))
	v := s.Do(who, "POST", "/calls/verifications", map[string]any{"number": number}).Field(s.T, "verification")
	code := sixDigits.FindString(s.Mail().Messages(number)[0].Text)
	s.Do(who, "POST", "/calls/verifications/prove", map[string]any{"verification": v, "code": code})
	return system.Things{Fill: system.Fill{"number": number, "verification": v, "code": code}}
}

// numbers counts telephone numbers: each gets a few codes only.
var numbers atomic.Int64

var sixDigits = regexp.MustCompile(`[0-9]{6}`)

// ownCall is a customer's, in a slot that is still free: {callId}.
func ownCall(s *system.Shop) system.Things {
	b := provedNumber(s)
	owner := system.Purse{Caller: s.As(system.Unique("hana"))}
	slots := s.Do(system.Guest, "GET", "/calls/slots", nil)
	call := s.Do(owner.Caller, "POST", "/calls", map[string]any{
		"clientId": system.Unique("call-of"), "from": slots.Field(s.T, "slots.0.from"), "name": "하나",
		"number": b.Fill["number"], "verification": b.Fill["verification"],
	})
	return system.Things{Owner: owner, Fill: system.Fill{"callId": call.Field(s.T, "id")}}
}
