package care_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/shared/callback"
	"dangol/shared/platform/problem"
	"dangol/shared/sms"
)

// texts is a network of text messages that notes them, and may refuse.
type texts struct {
	sent []sms.Message
	fail error
}

func (n *texts) Send(_ context.Context, m sms.Message) (string, error) {
	if n.fail != nil {
		return "", n.fail
	}
	n.sent = append(n.sent, m)
	return "sms-1", nil
}

// code is the one in the last message.
func (n *texts) code() string {
	return regexp.MustCompile(`[0-9]{6}`).FindString(n.sent[len(n.sent)-1].Text)
}

// texting is a desk that sends text messages.
func texting(t *testing.T) (desk, *texts) {
	t.Helper()
	d, n := open(t), &texts{}
	d.care.SMS, d.care.Shop = n, "하늘"
	return d, n
}

// begin asks for a code and returns the verification.
func begin(guest *apitest.Client, number string) string {
	var v struct{ Verification string }
	guest.Do("POST", "/calls/verifications", map[string]any{"number": number}).Want(201).Into(&v)
	return v.Verification
}

// firstSlot is the first one that is free.
func firstSlot(guest *apitest.Client) time.Time {
	var free struct{ Slots []callback.Slot }
	guest.Do("GET", "/calls/slots", nil).Want(200).Into(&free)
	return free.Slots[0].From
}

func TestACallIsBookedWithANumberThatWasProved(t *testing.T) {
	t.Parallel()
	d, n := texting(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	if slots := ann.Do("GET", "/calls/slots", nil).Want(200).Body; !strings.Contains(slots, `"verify":true`) {
		t.Errorf("slots do not say that a number must be proved: %s", slots)
	}
	book := func(number, verification string) map[string]any {
		return map[string]any{"clientId": "client-01", "from": firstSlot(ann), "name": "하늘", "number": number,
			"verification": verification}
	}
	if got := ann.Do("POST", "/calls", book("010-1234-5678", "")).Want(422).Body; !strings.Contains(got, "/verification") {
		t.Errorf("without a verification: %s", got)
	}
	v := begin(ann, "010-1234-5678")
	if len(n.sent) != 1 || n.sent[0].To != "+821012345678" || !strings.HasPrefix(n.sent[0].Text, "[하늘] 인증번호는 ") ||
		n.sent[0].Life != 600 {
		t.Fatalf("sent %+v", n.sent)
	}
	ann.Do("POST", "/calls", book("010-1234-5678", v)).WantProblem(409, "number_not_verified")
	ann.Do("POST", "/calls/verifications/prove", map[string]any{"verification": v, "code": "wrong"}).
		WantProblem(409, "code_wrong")
	proved := ann.Do("POST", "/calls/verifications/prove", map[string]any{"verification": v, "code": n.code()}).Want(200)
	if !strings.Contains(proved.Body, "…5678") || strings.Contains(proved.Body, "1234") {
		t.Errorf("the answer shows %s", proved.Body)
	}
	ann.Do("POST", "/calls", book("010-9999-9999", v)).WantProblem(409, "number_not_verified")
	var call struct {
		ID       string
		Verified bool
	}
	if ann.Do("POST", "/calls", book("+82 10 1234 5678", v)).Want(201).Into(&call); !call.Verified {
		t.Error("the call does not say that its number was proved")
	}
	agent := apitest.New(t, d.handler).As(apitest.Agent)
	if begun := agent.Do("POST", "/calls/"+call.ID+"/begin", nil).Want(200).Body; !strings.Contains(begun,
		"tel:+821012345678") {
		t.Errorf("the agent who calls sees %s", begun)
	}
}

func TestANumberThatNobodyProvedIsNotCalledUnlessTheTeamAllowsIt(t *testing.T) {
	t.Parallel()
	d := open(t) // sends no text messages: numbers are taken as they are
	ann, agent := apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Agent)
	ann.Do("POST", "/calls/verifications", map[string]any{"number": "010-1234-5678"}).
		WantProblem(409, "verification_not_needed")
	var call struct{ ID string }
	ann.Do("POST", "/calls", map[string]any{"clientId": "client-01", "from": firstSlot(ann), "name": "하늘",
		"number": "010-1234-5678"}).Want(201).Into(&call)
	d.care.SMS = &texts{} // from now on it does
	agent.Do("POST", "/calls/"+call.ID+"/begin", nil).WantProblem(409, "number_not_verified")

	team, err := d.care.Chat.Team(t.Context(), "care")
	if err != nil {
		t.Fatal(err)
	}
	team.Calls.Unverified = true
	if _, err := d.care.Chat.PutTeam(t.Context(), team); err != nil {
		t.Fatal(err)
	}
	agent.Do("POST", "/calls/"+call.ID+"/begin", nil).Want(200)
	if slots := ann.Do("GET", "/calls/slots", nil).Want(200).Body; !strings.Contains(slots, `"verify":false`) {
		t.Errorf("%s", slots)
	}
	// A number that is proved all the same is noted so.
	v := begin(ann, "010-1234-5678")
	got := ann.Do("POST", "/calls", map[string]any{"clientId": "client-02", "from": firstSlot(ann), "name": "하늘",
		"number": "010-1234-5678", "verification": v}).Want(201).Body
	if !strings.Contains(got, `"verified":false`) {
		t.Errorf("a code that was not entered proves: %s", got)
	}
}

func TestHowManyCodesAreSent(t *testing.T) {
	t.Parallel()
	d, n := texting(t)
	ann, bob := apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Bob)
	send := func(who *apitest.Client, number string) int {
		return who.Do("POST", "/calls/verifications", map[string]any{"number": number, "language": "en"}).Status
	}
	for i := range 3 {
		if status := send(ann, "010-1234-5678"); status != 201 {
			t.Fatalf("code %d: %d", i+1, status)
		}
	}
	if status := send(bob, "+821012345678"); status != 429 {
		t.Errorf("a fourth code to the number, by somebody else: %d", status)
	}
	for i, number := range []string{"010-1111-1111", "010-2222-2222"} {
		if status := send(ann, number); status != 201 {
			t.Errorf("number %d: %d", i, status)
		}
	}
	if status := send(ann, "010-3333-3333"); status != 429 {
		t.Errorf("a sixth code of one caller: %d", status)
	}
	if status := send(bob, "010-3333-3333"); status != 201 {
		t.Errorf("another caller: %d", status)
	}
	if len(n.sent) != 6 || !strings.HasPrefix(n.sent[0].Text, "[하늘] Your code is ") {
		t.Errorf("%d messages, the first %+v", len(n.sent), n.sent[0])
	}
	// The day's limit of a number holds after the ten minutes.
	sent := 3
	for range 6 {
		d.clock.Advance(10 * time.Minute)
		for range 3 {
			if send(bob, "010-1234-5678") == 201 {
				sent++
			}
		}
	}
	if sent != 10 {
		t.Errorf("%d codes went to one number within a day", sent)
	}
}

func TestACodeThatCannotBeSentIsAFailureOfTheShop(t *testing.T) {
	t.Parallel()
	d, n := texting(t)
	n.fail = problem.Busy(errors.New("throttled"))
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	ann.Do("POST", "/calls/verifications", map[string]any{"number": "010-1234-5678"}).WantProblem(503, "sms_not_sent")
}

func TestCodesCannotBeGuessedThroughTheAPI(t *testing.T) {
	t.Parallel()
	d, _ := texting(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	v := begin(ann, "010-1234-5678")
	// Codes have six digits, so four zeros are none.
	seen := map[string]int{}
	for range 8 {
		got := ann.Do("POST", "/calls/verifications/prove", map[string]any{"verification": v, "code": "0000"})
		var p problem.Problem
		got.Into(&p)
		seen[p.Code]++
	}
	if seen["code_wrong"] != 5 || seen["code_used_up"] != 3 {
		t.Errorf("answers %v", seen)
	}
	ann.Do("POST", "/calls/verifications/prove", map[string]any{"verification": strings.Repeat("0", 32), "code": "0000"}).
		WantProblem(404, "verification_not_found")
	for range 30 {
		if ann.Do("POST", "/calls/verifications/prove", map[string]any{"verification": "x", "code": "1"}).Status == 429 {
			return
		}
	}
	t.Error("codes can be tried without end")
}
