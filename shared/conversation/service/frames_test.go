package service_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/table"
)

// together is a table in which the first updates wait for each other before they go on to a second one.
type together struct {
	table.DB
	mu      sync.Mutex
	waiting int
	all     chan struct{}
}

func (d *together) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	out, err := d.DB.UpdateItem(ctx, in, o...)
	d.mu.Lock()
	first := d.waiting > 0
	if first {
		if d.waiting--; d.waiting == 0 {
			close(d.all)
		}
	}
	d.mu.Unlock()
	if first {
		<-d.all
	}
	return out, err
}

// A page sends several frames at once. Whichever begins a window, the others count in it and none is refused.
func TestFramesThatBeginAWindowTogetherAreAllTaken(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "one")
	d.frame(t, "one", service.ClientFrame{Do: "ping"})
	d.clock.Advance(time.Minute)
	answers := make([]service.Event, 8)
	d.Table = table.New(&together{DB: d.db, waiting: len(answers), all: make(chan struct{})}, "care", nil)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = d.frame(t, "one", service.ClientFrame{Do: "ping"}) })
	}
	all.Wait()
	for _, answer := range answers {
		if answer.Type != "pong" {
			t.Fatalf("one of 8 frames within a minute: %+v", answer)
		}
	}
}

// What an agent types into a note, or beside the one who has the conversation, is no news for the shopper.
func TestInternalTypingIsForAgentsOnly(t *testing.T) {
	t.Parallel()
	d := newDesk()
	c := d.begin(t)
	d.connect(t, customer, c.ID, "shopper")
	for _, name := range []string{"jieun", "minsu"} {
		d.staff(t, name)
		d.connect(t, agentWho(name), "", name)
	}
	for _, connection := range []string{"shopper", "jieun", "minsu"} {
		d.frame(t, connection, service.ClientFrame{Do: "hello", Conversation: c.ID})
	}
	d.frame(t, "minsu", service.ClientFrame{Do: "typing", Conversation: c.ID, Internal: true})
	told := d.sockets.received("jieun")
	if len(told) != 1 || told[0].Type != "typing" || told[0].Role != conversation.Agent || told[0].Name != "minsu" {
		t.Errorf("the other agent was told %+v", told)
	}
	if told := d.sockets.received("shopper"); len(told) != 0 {
		t.Errorf("the shopper was told %+v", told)
	}
}
