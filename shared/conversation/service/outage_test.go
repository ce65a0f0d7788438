package service_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/fault"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/faq"
	"dangol/shared/platform/table"
)

// sending sends one message, again under the same id until there is an answer.
type sending struct {
	*desk
	c    conversation.Conversation
	text string
}

func (s sending) Run(ctx context.Context) {
	for range 5 {
		_, _, err := s.Send(ctx, customer, s.c.ID, service.Draft{ClientID: "client-01", Text: s.text})
		if err == nil {
			return
		}
	}
}

func (s sending) RunUntilIdle(context.Context) {}

func (s sending) Check(t testing.TB) {
	t.Helper()
	sent, answers := 0, 0
	for i, m := range s.log(t, s.c.ID) {
		if m.Seq != int64(i)+1 {
			t.Errorf("message %d has the number %d", i, m.Seq)
		}
		if m.ClientID == "client-01" {
			sent++
		}
		if strings.HasPrefix(m.ClientID, "answer-") {
			answers++
		}
	}
	c, err := s.Load(t.Context(), customer, s.c.ID)
	a, agentErr := s.Agent(t.Context(), "a")
	if err != nil || agentErr != nil || sent != 1 || answers > 1 {
		t.Errorf("sent %d times, answered %d times, %v", sent, answers, errors.Join(err, agentErr))
	}
	if (c.Holder() == "a") != (a.Active == 1) {
		t.Errorf("agent %q has it, and agent a counts %d", c.Holder(), a.Active)
	}
}

func TestAMessageIsStoredOnceWhicheverCallFails(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"answered by the bot": "배송비는 얼마인가요?", "handed to an agent": "비트코인 시세 좀 알려줘",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
				defer in.Pause()()
				d := newDesk()
				d.staff(t, "a", func(a *conversation.AgentStatus) { a.Auto = true })
				c := d.begin(t)
				d.through(in)
				return sending{d, c, text}
			})
		})
	}
}

// noLists is a database whose indexes do not answer, the list of agents among them.
type noLists struct{ table.DB }

func (n noLists) Query(ctx context.Context, in *dynamodb.QueryInput,
	o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if in.IndexName != nil {
		return nil, errors.New("the index does not answer")
	}
	return n.DB.Query(ctx, in, o...)
}

// What is stored is answered: that no agent could be looked for is the shop's matter, and the queue's timer runs.
func TestAChangeIsAnsweredAlsoWhenNobodyCanBeLookedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(*desk, conversation.Conversation) (conversation.Conversation, error)
	}{
		{"a message that the bot hands over", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			c, messages, err := d.Send(t.Context(), customer, c.ID,
				service.Draft{ClientID: "client-01", Text: "비트코인 시세 좀 알려줘"})
			if len(messages) < 3 {
				t.Errorf("the answer has %d messages: not the bot's, or not the notice", len(messages))
			}
			return c, err
		}},
		{"a mail", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			return d.ReceiveMail(t.Context(), c, service.InboundMail{ID: "mail-1", Text: "사진을 보냅니다"})
		}},
		{"the end of the shopper's silence", func(d *desk, c conversation.Conversation) (conversation.Conversation, error) {
			d.say(t, customer, c, "client-01", "상담원 연결")
			d.clock.Advance(time.Hour)
			if ring, err := d.Ring(t.Context(), c.ID); err != nil || ring != conversation.RingEscalate {
				t.Errorf("rang %s, %v", ring, err)
			}
			return d.Load(t.Context(), customer, c.ID)
		}},
	} {
		d := newDesk()
		c := d.begin(t)
		d.Table = table.New(noLists{d.db}, "care", nil)
		after, err := test.do(d, c)
		if err != nil || after.State != conversation.Queued || after.TimerAt.IsZero() {
			t.Errorf("%s: %s, %v", test.name, after.State, err)
		}
	}
}

// model is a language model that answers as it is told to.
type model func(ctx context.Context, entries []faq.Hit) (text, source string, ok bool, err error)

func (m model) Answer(ctx context.Context, _, _ string, entries []faq.Hit) (text, source string, ok bool, err error) {
	return m(ctx, entries)
}

func TestTheModelsWordsAreUsedOnlyWithTheirSource(t *testing.T) {
	t.Parallel()
	plain := newDesk()
	_, told := plain.say(t, customer, plain.begin(t), "client-01", "배송비는 얼마인가요?")
	own := told[1].Text // the FAQ's own text
	for _, test := range []struct {
		name  string
		model model
		want  string
	}{
		{"words with their source", func(_ context.Context, e []faq.Hit) (string, string, bool, error) {
			return " 3,000원입니다.\u202e ", e[0].ID, true, nil
		}, "3,000원입니다.\n\n*자주 묻는 질문: 배송비는 얼마인가요?*"},
		{"words of no entry", func(context.Context, []faq.Hit) (string, string, bool, error) {
			return "3,000원입니다.", "made-up", true, nil
		}, own},
		{"a number that no entry has", func(_ context.Context, e []faq.Hit) (string, string, bool, error) {
			return "77,777원입니다.", e[0].ID, true, nil
		}, own},
		{"no answer", func(_ context.Context, e []faq.Hit) (string, string, bool, error) {
			return "", e[0].ID, false, nil
		}, own},
		{"a failure", func(_ context.Context, e []faq.Hit) (string, string, bool, error) {
			return "3,000원입니다.", e[0].ID, true, errors.New("throttled")
		}, own},
	} {
		d := newDesk()
		d.Model = test.model
		_, messages := d.say(t, customer, d.begin(t), "client-01", "배송비는 얼마인가요?")
		if len(messages) != 2 || messages[1].Text != test.want || messages[1].Entry != "shipping-cost" {
			t.Errorf("%s: %+v", test.name, messages)
		}
	}
}

func TestAModelThatHangsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.Model = model(func(ctx context.Context, _ []faq.Hit) (string, string, bool, error) {
			<-ctx.Done()
			return "", "", false, ctx.Err()
		})
		c := d.begin(t)
		start := time.Now()
		_, messages := d.say(t, customer, c, "client-01", "배송비는 얼마인가요?")
		if took := time.Since(start); took != 4*time.Second || len(messages) != 2 || messages[1].Entry != "shipping-cost" {
			t.Errorf("after %s: %+v", took, messages)
		}
		// A question that a person gets is not worded at all.
		start = time.Now()
		d.say(t, customer, c, "client-02", "상담원 연결해 주세요")
		if took := time.Since(start); took != 0 {
			t.Errorf("a hand-over waited %s", took)
		}
	})
}

// shop is what the bot does for customers.
type shop func(conversation.ActionRequest) (string, []conversation.Button, error)

func (s shop) Do(_ context.Context, e conversation.ActionRequest) (string, []conversation.Button, error) {
	return s(e)
}

func TestWhatTheShopCannotDoGoesToAPerson(t *testing.T) {
	t.Parallel()
	var asked []conversation.ActionRequest
	for _, test := range []struct {
		name  string
		shop  service.Business
		state conversation.State
		text  string
	}{
		{"the shop answers", shop(func(e conversation.ActionRequest) (string, []conversation.Button, error) {
			asked = append(asked, e)
			return "주문이 없습니다.", nil, nil
		}), conversation.WithBot, "주문이 없습니다."},
		{"the shop does not answer", shop(func(conversation.ActionRequest) (string, []conversation.Button, error) {
			return "half of it", nil, errors.New("table missing: commerce-7")
		}), conversation.Queued, ""},
		{"there is no shop", nil, conversation.Queued, ""},
	} {
		d := newDesk()
		d.Business = test.shop
		c, messages, err := d.Send(t.Context(), customer, d.begin(t).ID,
			service.Draft{ClientID: "client-01", Pressed: "action:order_status"})
		if err != nil || c.State != test.state {
			t.Fatalf("%s: %s, %v", test.name, c.State, err)
		}
		last := messages[len(messages)-1]
		if test.text != "" && last.Text != test.text {
			t.Errorf("%s: %q", test.name, last.Text)
		}
		for _, m := range messages {
			if strings.Contains(m.Text, "commerce-7") || strings.Contains(m.Text, "half of it") {
				t.Errorf("%s: the shopper is shown %q", test.name, m.Text)
			}
		}
	}
	if len(asked) != 1 || asked[0].CustomerID != customer.ID || asked[0].Language != "ko" ||
		asked[0].Action != conversation.OrderStatus {
		t.Errorf("the shop was asked %+v", asked)
	}
}

// gateway answers posts of frames with a status.
func gateway(t *testing.T, answer http.HandlerFunc) service.Management {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return service.NewManagement(aws.Config{Region: "ap-northeast-2",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}, server.URL)
}

func TestAFrameIsPostedOnceAndItsFailureHasTheStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 403, 410, 413, 429, 500, 503} {
		var mu sync.Mutex
		var paths []string
		m := gateway(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			paths = append(paths, r.Method+" "+r.URL.Path)
			w.WriteHeader(status)
		})
		err := m.Post(t.Context(), "conn-1", []byte(`{}`))
		failed, ok := errors.AsType[*service.PostError](err)
		if status == 200 && err != nil || status != 200 && (!ok || failed.Status != status || errors.Unwrap(err) == nil) {
			t.Errorf("%d: %v", status, err)
		}
		if !slices.Equal(paths, []string{"POST /@connections/conn-1"}) {
			t.Errorf("%d: posted %v", status, paths)
		}
	}
}

func TestAGatewayThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	m := gateway(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) }) // before the server is closed, which waits for it
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the fan-out's time is over
	for name, poster := range map[string]service.Management{
		"it hangs": m, "nobody listens there": service.NewManagement(aws.Config{Region: "ap-northeast-2"},
			"http://127.0.0.1:1"),
	} {
		failed, ok := errors.AsType[*service.PostError](poster.Post(ctx, "conn-1", []byte(`{}`)))
		if !ok || failed.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: %+v", name, failed)
		}
	}
}

// hanging are sockets of which some take a frame and never answer.
type hanging struct{ *sockets }

func (h hanging) Post(ctx context.Context, connection string, data []byte) error {
	if strings.HasPrefix(connection, "hung") {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.sockets.Post(ctx, connection, data)
}

func TestAListenerWhoHangsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.Poster = hanging{d.sockets}
		c := d.begin(t)
		for n := range 12 {
			name := fmt.Sprint("there-", n)
			if n < 4 {
				name = fmt.Sprint("hung-", n)
			}
			d.connect(t, customer, c.ID, name)
			d.frame(t, name, service.ClientFrame{Do: "hello", Conversation: c.ID})
		}
		start := time.Now()
		if err := d.Announce(t.Context(), c.ID, "key-1", conversation.Notice{Code: conversation.CallDue}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the fan-out took %s", took)
		}
		for n := 4; n < 12; n++ {
			if got := d.sockets.received(fmt.Sprint("there-", n)); messagesIn(got) != 1 {
				t.Errorf("listener %d got %+v", n, got)
			}
		}
	})
}
