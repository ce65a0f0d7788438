package chat_test

import (
	"fmt"
	"sync"
	"testing"

	"dangol/functions/chat"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/conversation"
)

// begin begins a conversation with a key.
func begin(c *apitest.Client, key, text string) *apitest.Response {
	return c.With("Idempotency-Key", key).Do("POST", "/chat/conversations", map[string]any{"language": "ko", "text": text})
}

const (
	guestKey = "0123456789abcdef"
	question = "배송비는 얼마인가요?"
)

func TestAConversationIsBegunOncePerKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	guest := apitest.New(t, d.handler)
	var first, again, other started
	begin(guest, guestKey, question).Want(201).Into(&first)
	repeated := begin(guest, guestKey, question).Want(201)
	repeated.Into(&again)
	if got := repeated.Headers.Get("Idempotent-Replayed"); got != "true" {
		t.Errorf("the repetition is marked %q", got)
	}
	if again.Conversation.ID != first.Conversation.ID || again.Token != first.Token || len(first.Token) != 32 ||
		len(again.Messages) != len(first.Messages) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	// The token of the repetition opens it.
	guest.With("Chat-Token", again.Token).Do("GET", "/chat/conversations/"+first.Conversation.ID, nil).Want(200)
	begin(guest, guestKey, "다른 질문").WantProblem(422, "idempotency_key_reused")
	begin(guest, guestKey+"2", question).Want(201).Into(&other)
	if other.Conversation.ID == first.Conversation.ID || other.Token == first.Token {
		t.Errorf("another key gets %+v", other)
	}
	// Among guests the key alone tells who repeats a request: it must not be guessed.
	begin(guest, "short-key", question).WantField("header/Idempotency-Key")
	var without [2]started
	for i := range without {
		guest.Do("POST", "/chat/conversations", map[string]any{"language": "ko"}).Want(201).Into(&without[i])
	}
	if without[0].Conversation.ID == without[1].Conversation.ID || without[0].Token == without[1].Token {
		t.Error("without a key both are one")
	}
}

func TestTheKeysOfTwoCustomersNeverMeet(t *testing.T) {
	t.Parallel()
	d := open(t)
	var all [2]started
	for i, who := range []*apitest.Client{
		apitest.New(t, d.handler).As(apitest.Ann), apitest.New(t, d.handler).As(apitest.Bob),
	} {
		begin(who, "k-1", question).Want(201).Into(&all[i])
		who.Do("GET", "/chat/conversations/"+all[i].Conversation.ID, nil).Want(200)
	}
	if all[0].Conversation.ID == all[1].Conversation.ID || all[0].Token+all[1].Token != "" {
		t.Errorf("%+v", all)
	}
}

func TestOfManyBeginningsAtOnceOneConversationIsMade(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := apitest.New(t, d.handler).As(apitest.Ann)
	var mu sync.Mutex
	ids := map[string]bool{}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			var s started
			begin(ann, "k-1", question).Want(201).Into(&s)
			mu.Lock()
			defer mu.Unlock()
			ids[s.Conversation.ID] = true
		})
	}
	all.Wait()
	if len(ids) != 1 {
		t.Errorf("conversations: %v", ids)
	}
}

// Whichever call fails, asked again the conversation is there once, with the question and its answer once.
func TestABeginningThatFailsIsRepeatedWithItsKey(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 10; n++ {
		for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered} {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				in := fault.New(fault.Plan{})
				d := open(t, in.DB)
				ann := apitest.New(t, d.handler).As(apitest.Ann)
				in.Restart(fault.Plan{N: n, Mode: mode})
				if first := begin(ann, "k-1", question); first.Status != 201 && first.Status != 503 {
					t.Errorf("it is answered %d %s", first.Status, first.Body)
				}
				in.Stop()
				var s started
				begin(ann, "k-1", question).Want(201).Into(&s)
				var mine struct{ Conversations []chat.ConversationView }
				ann.Do("GET", "/chat/conversations", nil).Want(200).Into(&mine)
				if len(mine.Conversations) != 1 || mine.Conversations[0].ID != s.Conversation.ID {
					t.Errorf("conversations: %+v", mine.Conversations)
				}
				asked, answered := 0, 0
				for _, m := range s.Messages[1:] { // behind the greeting
					switch m.Role {
					case conversation.Shopper:
						asked++
					case conversation.Bot:
						answered++
					}
				}
				// The bot's own failure leaves the question stored without an answer, see Send.
				if asked != 1 || answered > 1 {
					t.Errorf("asked %d times, answered %d times", asked, answered)
				}
			})
		}
	}
}
