package chat_test

import (
	"strings"
	"testing"
	"time"

	"dangol/events"
	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

// lastCode is the code in the newest mail that was asked for about a conversation.
func (d desk) lastCode(t *testing.T, id string) string {
	t.Helper()
	page, err := d.chat.Table.Query(t.Context(), table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :mail)", Backwards: true,
		With: map[string]any{":pk": "CHAT#" + id, ":mail": "MAIL#" + events.MailAddressCode},
	})
	if err != nil || len(page.Items) == 0 {
		t.Fatalf("no code was asked for: %v", err)
	}
	var r struct {
		Event event.Event `dynamodbav:"event"`
	}
	if err := page.Items[0].Decode(&r); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(r.Event.Data), `"code":"`)
	return rest[:6]
}

func TestAGuestGetsTheTranscriptAtAnAddressThatWasProved(t *testing.T) {
	t.Parallel()
	d := open(t)
	guest := apitest.New(t, d.handler)
	var s started
	guest.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
	guest = guest.With("Chat-Token", s.Token)
	path := "/chat/conversations/" + s.Conversation.ID
	transcript := map[string]any{"clientId": "client-01"}
	guest.Do("POST", path+"/transcript", transcript).WantProblem(409, "address_not_proved")
	guest.Do("POST", path+"/contact/prove", map[string]any{"code": "123456"}).WantProblem(409, "address_missing")
	left := guest.Do("PUT", path+"/contact", map[string]any{"email": "gil@example.com"}).Want(200).Body
	if !strings.Contains(left, `"proved":false`) {
		t.Errorf("an address that was only typed: %s", left)
	}
	guest.Do("POST", path+"/contact/prove", map[string]any{"code": "wrong"}).WantProblem(409, "code_wrong")
	proved := guest.Do("POST", path+"/contact/prove", map[string]any{"code": d.lastCode(t, s.Conversation.ID)}).Want(200)
	if !strings.Contains(proved.Body, `"proved":true`) {
		t.Errorf("after the code: %s", proved.Body)
	}
	for range 2 {
		sent := guest.Do("POST", path+"/transcript", transcript).Want(202).Body
		if !strings.Contains(sent, "g…@example.com") || strings.Contains(sent, "gil@") {
			t.Errorf("the answer is %s", sent)
		}
	}
	// A stranger asks for it in vain.
	apitest.New(t, d.handler).As(apitest.Bob).Do("POST", path+"/transcript", transcript).Want(404)
	apitest.New(t, d.handler).Do("POST", path+"/transcript", transcript).Want(404)
}

func TestACustomersTranscriptGoesToTheAccountsAddress(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(auth.Principal{Kind: auth.Customer, Subject: "cus-ann", Email: "ann@example.com"})
	var s started
	ann.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
	path := "/chat/conversations/" + s.Conversation.ID
	sent := ann.Do("POST", path+"/transcript", map[string]any{"clientId": "client-01"}).Want(202).Body
	if !strings.Contains(sent, "a…@example.com") {
		t.Errorf("the answer is %s", sent)
	}
	same := ann.Do("PUT", path+"/contact", map[string]any{"email": "Ann@example.com"}).Want(200).Body
	if !strings.Contains(same, `"proved":true`) {
		t.Errorf("the account's own address: %s", same)
	}
}

func TestAStrangersMailboxIsNotFilledWithCodes(t *testing.T) {
	t.Parallel()
	d := open(t)
	sent := 0
	for range 6 { // each time another customer and another conversation
		var s started
		someone := apitest.New(t, d.handler)
		someone.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&s)
		got := someone.With("Chat-Token", s.Token).Do("PUT", "/chat/conversations/"+s.Conversation.ID+"/contact",
			map[string]any{"email": "Victim@example.com"})
		if got.Status == 200 {
			sent++
		} else if got.Status != 429 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	if sent != 3 {
		t.Errorf("%d codes went to one address within ten minutes", sent)
	}
	// Also not by beginning conversations with it.
	apitest.New(t, d.handler).Do("POST", "/chat/conversations",
		map[string]any{"language": "ko", "email": "victim@example.com"}).Want(429)
	d.clock.Advance(10 * time.Minute)
	apitest.New(t, d.handler).Do("POST", "/chat/conversations",
		map[string]any{"language": "ko", "email": "victim@example.com"}).Want(201)
}
