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
	team := fill("teamId", "care")
	system.Check(t, system.Function{
		Spec: care.Spec(),
		Routes: system.Routes{
			"listFAQ": {}, "searchFAQ": {Query: "q=shipping"}, "suggestFAQ": {Query: "q=shipping"},
			"rateFAQ":        {Needs: publishedFAQ, Body: `{"helped":true}`},
			"listFAQEntries": {}, "importFAQ": {Body: faqBody}, "publishFAQ": {}, "reportFAQ": {},
			"editFAQEntry": {Needs: func(s *system.Shop) system.Things { return fill("entryId", system.Unique("parking"))(s) },
				Body: `{"category":"a","texts":{"ko":{"question":"주차","answer":"없음"}},"version":0}`},
			"removeFAQEntry": {Needs: fill("entryId", "parking")},
			"listTeams":      {}, "getHours": {Needs: team}, "overrideHours": {Needs: team, Body: `{"open":true}`},
			"setTeam": {Needs: team, Body: `{"name":"Care","languages":["ko"],"hours":{"zone":"Asia/Seoul","week":[[],[],[],[],[],[],[]]},` +
				`"levels":{"firstAnswerMinutes":5,"nextAnswerMinutes":5,"unclaimedMinutes":5},"calls":{"slotMinutes":30,"capacity":2},"version":99}`},
			"listCallSlots": {},
			"bookCall": {Needs: provedNumber, Body: `{"clientId":"call-0001","from":"2026-01-01T00:00:00Z","name":"A",` +
				`"number":"{number}","verification":"{verification}"}`},
			"verifyNumber": {Body: `{"number":"010-1234-5678"}`},
			"proveNumber":  {Needs: provedNumber, Body: `{"verification":"{verification}","code":"{code}"}`},
			"getCall":      {Needs: ownCall, Owned: true, Operators: true},
			"cancelCall":   {Needs: ownCall, Owned: true, Operators: true},
			"listCalls":    {}, "beginCall": {Needs: ownCall}, "finishCall": {Needs: ownCall, Body: `{"outcome":"reached"}`},
			"reportCare": {Query: "from=2026-11-01&to=2026-11-30"},
		},
		Journey: func(s *system.Shop) { s.AdvanceBy(48 * time.Hour) }, // reminders and calls are due
	})
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
