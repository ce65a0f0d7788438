package service_test

import (
	"context"
	"fmt"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/shared/conversation"
	"dangol/shared/platform/table"
)

// through lets the desk's calls to the database go through the injector.
func (d *desk) through(in *fault.Injector) { d.Table = table.New(in.DB(d.db), "care", nil) }

// erasing erases a customer's conversations, again until there is an answer.
type erasing struct {
	*desk
	ids []string
}

// erasable is a customer with a conversation that agent a has, of more items than one batch takes, and one with the
// bot.
func erasable(t testing.TB, in *fault.Injector) erasing {
	t.Helper()
	resume := in.Pause()
	defer resume()
	d := newDesk()
	d.staff(t, "a")
	held := d.begin(t)
	held, _ = d.say(t, customer, held, "client-01", "상담원 연결")
	held, err := d.Claim(t.Context(), agentWho("a"), held.ID)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 12 { // a message and its client id are two items
		held, _ = d.say(t, customer, held, fmt.Sprintf("client-1%d", n), "네")
	}
	other := d.begin(t)
	d.through(in)
	return erasing{d, []string{held.ID, other.ID}}
}

func (e erasing) Run(ctx context.Context) {
	for range 5 {
		if _, err := e.EraseOf(ctx, customer.ID); err == nil {
			return
		}
	}
}

func (e erasing) RunUntilIdle(context.Context) {}

func (e erasing) Check(t testing.TB) {
	t.Helper()
	partitions := []string{"CUSTOMER#" + customer.ID}
	for _, id := range e.ids {
		partitions = append(partitions, "CHAT#"+id)
	}
	for _, pk := range partitions {
		page, err := e.Table.Query(t.Context(), table.Query{Where: "#pk = :pk", With: map[string]any{":pk": pk}})
		if err != nil || len(page.Items) > 0 {
			t.Errorf("%d items of %s are left, %v", len(page.Items), pk, err)
		}
	}
	if a, err := e.Agent(t.Context(), "a"); err != nil || a.Active != 0 {
		t.Errorf("agent a counts %d conversations, %v", a.Active, err)
	}
}

// By the customer's list a conversation is found again: it goes with the conversation and not before.
func TestErasingCanBeRepeatedWhicheverCallFails(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario { return erasable(t, in) })
}

func TestErasingTakesACallForEach25Items(t *testing.T) {
	t.Parallel()
	in := fault.New(fault.Plan{})
	e := erasable(t, in)
	if err := e.Erase(t.Context(), e.ids[0]); err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for _, name := range in.Calls() {
		calls[name]++
	}
	// More than 25 and at most 50 items.
	if calls["BatchWriteItem"] != 2 || calls["TransactWriteItems"] != 1 || calls["DeleteItem"] != 0 {
		t.Errorf("calls: %v", calls)
	}
	if _, err := e.Load(t.Context(), customer, e.ids[0]); code(err) != "conversation_not_found" {
		t.Errorf("afterwards: %v", err)
	}
	if c, err := e.Load(t.Context(), customer, e.ids[1]); err != nil || c.State != conversation.WithBot {
		t.Errorf("the other one is %s, %v", c.State, err)
	}
}
