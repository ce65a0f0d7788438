package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/memory"
	"dangol/shared/catalog"
	"dangol/shared/conversation"
	"dangol/shared/order"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	promotions "dangol/shared/promotion/store"
	subscriptions "dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// counter is what the bot does for customers, on a table of its own.
type counter struct {
	business
	table *table.Table
	in    *fault.Injector
}

func newCounter() counter {
	in, c := fault.New(fault.Plan{}), clock.Stopped(panelTime)
	tb := table.New(in.DB(memory.New(table.Commerce)), "commerce", nil)
	return counter{business{
		orders: order.Store{Table: tb, Clock: c}, subscriptions: &service.Service{Table: tb, Clock: c},
		promotions: promotions.Store{Table: tb, Clock: c},
	}, tb, in}
}

// put stores an item.
func (c counter) put(t *testing.T, item table.Put) {
	t.Helper()
	if err := c.table.Put(t.Context(), item); err != nil {
		t.Fatal(err)
	}
}

// order stores an order of a customer with so many lines; the later ones are newer.
func (c counter) order(t *testing.T, customerID string, days, lines int, change func(*order.Order)) *order.Order {
	t.Helper()
	at := panelTime.AddDate(0, 0, days-100)
	o := &order.Order{ID: order.NewID(at), PlacedAt: at, Draft: order.Draft{CustomerID: customerID,
		Totals: order.Totals{Totals: pricing.Totals{Currency: "KRW"}}}}
	for n := range lines {
		o.Lines = append(o.Lines, order.Line{ID: fmt.Sprint("line_", n), Title: fmt.Sprint("비누 ", n), Quantity: n + 1})
	}
	c.put(t, c.orders.Place(o))
	o, err := c.orders.Change(t.Context(), o.ID, func(o *order.Order) (bool, []table.Write, error) {
		change(o)
		return true, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// do lets the bot do something for ann.
func (c counter) do(t *testing.T, action conversation.Action, of, language string) (string, []conversation.Button) {
	t.Helper()
	text, buttons, err := c.Do(t.Context(),
		conversation.ActionRequest{Action: action, Of: of, CustomerID: "ann", Language: language})
	if err != nil {
		t.Fatal(err)
	}
	return text, buttons
}

// is sets the state of an order.
func is(state order.State) func(*order.Order) { return func(o *order.Order) { o.State = state } }

func TestWhereTheLastOrdersAre(t *testing.T) {
	t.Parallel()
	c := newCounter()
	if text, buttons := c.do(t, conversation.OrderStatus, "", "en"); text != "You have no orders yet." || buttons != nil {
		t.Errorf("of nothing: %q, %v", text, buttons)
	}
	c.order(t, "ann", 0, 1, is(order.Delivered)) // the oldest of four: three are shown
	c.order(t, "bob", 9, 1, is(order.Delivered))
	c.order(t, "ann", 1, 1, is(order.Placed))
	c.order(t, "ann", 2, 1, func(o *order.Order) {
		o.State = order.Fulfilled
		o.Fulfillments = []order.Fulfillment{
			{Carrier: "CJ", TrackingNumber: "600", TrackingURL: "https://carrier.example.com/600"},
			{Carrier: "Post", TrackingNumber: "700", TrackingURL: "javascript:alert(1)"},
		}
	})
	c.order(t, "ann", 3, 1, is(order.Canceled))
	text, _ := c.do(t, conversation.OrderStatus, "", "en")
	lines := strings.Split(text, "\n")
	want := []string{"canceled", "on its way (CJ [600](https://carrier.example.com/600)) (Post 700)", "being prepared"}
	if len(lines) != 4 {
		t.Fatalf("%q", text)
	}
	for i, end := range want {
		if !strings.HasSuffix(lines[i+1], end) {
			t.Errorf("order %d: %q, want …%q", i, lines[i+1], end)
		}
	}
}

func TestAReturnIsOfferedStepByStep(t *testing.T) {
	t.Parallel()
	c := newCounter()
	if text, _ := c.do(t, conversation.StartReturn, "", "en"); text != conversation.Say("no_returns", "en") {
		t.Errorf("of nothing: %q", text)
	}
	c.order(t, "ann", 0, 1, is(order.Placed)) // has not left the shop
	o := c.order(t, "ann", 1, 7, is(order.Delivered))
	_, buttons := c.do(t, conversation.StartReturn, "", "ko")
	if len(buttons) != 1 || buttons[0].Value != conversation.PressReturn(o.ID, "") {
		t.Fatalf("orders: %+v", buttons)
	}
	_, of, _ := strings.Cut(buttons[0].Value, ":")
	_, reasons := c.do(t, conversation.ReturnOrder, of, "ko")
	if len(reasons) != len(returnReasons) {
		t.Fatalf("reasons: %+v", reasons)
	}
	_, of, _ = strings.Cut(reasons[1].Value, ":")
	_, lines := c.do(t, conversation.ReturnOrder, of, "ko")
	if len(lines) != mostLines+1 {
		t.Fatalf("%d lines of %d are offered", len(lines), len(o.Lines))
	}
	first, all := lines[0].Call, lines[mostLines].Call
	if first.Body != `{"lines":[{"lineId":"line_0","quantity":1,"reason":"wrong_item"}],"resolution":"refund"}` {
		t.Errorf("one line asks for %s", first.Body)
	}
	// All means all, also those that have no button of their own.
	if n := strings.Count(all.Body, "lineId"); n != 7 || !strings.Contains(all.Body, `"line_6","quantity":7`) {
		t.Errorf("all lines ask for %s", all.Body)
	}
	// A quote first, and the return with its token only after the shopper has agreed; pressed twice it is made once.
	path := "/orders/" + o.ID + "/returns"
	if first.Path != path+"/quote" || first.Confirm != "" || first.Then.Path != path || first.Then.Confirm == "" ||
		!first.Then.Keyed || first.Then.Take["quote"] != "token" || first.Then.Body != first.Body {
		t.Errorf("the calls are %+v and %+v", first, first.Then)
	}
}

func TestNobodysOrderButTheCustomersIsReturned(t *testing.T) {
	t.Parallel()
	c := newCounter()
	other := c.order(t, "bob", 0, 1, is(order.Delivered))
	for _, of := range []string{other.ID + ":faulty", "ord_0000000000000000:faulty", ":faulty", "../carts:faulty"} {
		if text, buttons := c.do(t, conversation.ReturnOrder, of, "en"); text != conversation.Say("no_returns", "en") ||
			buttons != nil {
			t.Errorf("%q: %q, %+v", of, text, buttons)
		}
	}
	// A reason that a client made up is asked for again.
	if text, _ := c.do(t, conversation.ReturnOrder, other.ID+":because", "en"); text != conversation.Say("return_why",
		"en") {
		t.Errorf("a reason that does not exist: %q", text)
	}
}

// subscription stores what the lists show of a subscription.
func (c counter) subscription(t *testing.T, id string, state subscriptions.State) {
	t.Helper()
	card := service.Summary{ID: id, State: state, Title: "커피 " + id, Amount: 12_000, Currency: "KRW"}
	item := struct {
		table.Key
		Owner   string                        `dynamodbav:"gsi1pk"`
		OwnerAt string                        `dynamodbav:"gsi1sk"`
		Card    table.Packed[service.Summary] `dynamodbav:"card"`
	}{table.Key{PK: id, SK: "SUBSCRIPTION"}, "SUBSCRIBER#ann", id, table.Packed[service.Summary]{Value: card}}
	c.put(t, table.Put{Item: item})
}

func TestOnlyARunningSubscriptionIsChanged(t *testing.T) {
	t.Parallel()
	c := newCounter()
	c.subscription(t, "sub_1", subscriptions.Canceled)
	if text, _ := c.do(t, conversation.SkipDelivery, "", "en"); text != conversation.Say("no_subscriptions", "en") {
		t.Errorf("an ended one: %q", text)
	}
	for i, state := range []subscriptions.State{subscriptions.Trialing, subscriptions.PastDue, subscriptions.Active,
		subscriptions.Active} {
		c.subscription(t, fmt.Sprint("sub_", i+2), state)
	}
	for action, want := range map[conversation.Action]conversation.Call{
		conversation.SkipDelivery: {Method: "POST", Path: "/subscriptions/sub_5/changes", Body: `{"do":"skip_next"}`,
			Confirm: "커피 sub_5: skip the next delivery?", Done: "The next delivery is skipped.", Keyed: true},
		conversation.CancelSubscription: {Method: "POST", Path: "/subscriptions/sub_5/cancel",
			Confirm: "커피 sub_5: cancel it? What you have paid for stays yours.", Done: "It is canceled.", Keyed: true},
	} {
		_, buttons := c.do(t, action, "", "en")
		if len(buttons) != shown || buttons[0].Label != "커피 sub_5 ₩12,000" {
			t.Fatalf("%s: %+v", action, buttons)
		}
		if got := *buttons[0].Call; got.Path != want.Path || got.Body != want.Body || got.Confirm != want.Confirm ||
			got.Done != want.Done || got.Method != want.Method || got.Keyed != want.Keyed {
			t.Errorf("%s calls %+v, want %+v", action, got, want)
		}
	}
}

func TestOnlyACouponThatIsTheCustomersAndWorksIsNamed(t *testing.T) {
	t.Parallel()
	c := newCounter()
	if text, _ := c.do(t, conversation.Coupons, "", "en"); text != conversation.Say("no_coupons", "en") {
		t.Errorf("of nothing: %q", text)
	}
	for code, change := range map[string]func(*promotion.Promotion){
		"MINE":     func(*promotion.Promotion) {},
		"PAUSED":   func(p *promotion.Promotion) { p.State = promotion.Paused },
		"DRAFT":    func(p *promotion.Promotion) { p.State = promotion.Draft },
		"TOMORROW": func(p *promotion.Promotion) { p.Starts = panelTime.Add(time.Hour) },
		"ENDED":    func(p *promotion.Promotion) { p.Ends = panelTime },
		"BOBS":     func(p *promotion.Promotion) { p.Conditions.Customers = []string{"bob"} },
		"ALL":      func(p *promotion.Promotion) { p.Conditions.Customers = nil },
		"":         func(*promotion.Promotion) {}, // applies by itself
	} {
		p := promotion.Promotion{ID: "promo_" + code, State: promotion.Scheduled, Starts: panelTime.Add(-time.Hour),
			Name: catalog.Text{"en": "Thanks"}, Codes: promotion.Codes{Single: code},
			Conditions: promotion.Conditions{Customers: []string{"bob", "ann"}}}
		change(&p)
		c.put(t, c.promotions.Create(&promotions.Record{Promotion: p}))
	}
	_, buttons := c.do(t, conversation.Coupons, "", "en")
	if len(buttons) != 1 || buttons[0].Label != "Thanks: MINE" || buttons[0].Call.Body != `{"codes":["MINE"]}` {
		t.Errorf("%+v", buttons)
	}
}

// What cannot be read is an error, which goes to a person: "you have no orders" would be a lie.
func TestTheBotDoesNotGuessWhatItCannotRead(t *testing.T) {
	t.Parallel()
	c := newCounter()
	o := c.order(t, "ann", 0, 1, is(order.Fulfilled))
	for _, action := range append(slices.Clone(conversation.Actions), conversation.ReturnOrder) {
		for n := 1; n <= 2; n++ {
			c.in.Restart(fault.Plan{N: n, Mode: fault.Fails})
			_, _, err := c.Do(t.Context(),
				conversation.ActionRequest{Action: action, Of: o.ID + ":faulty", CustomerID: "ann", Language: "ko"})
			if calls := len(c.in.Calls()); calls >= n && !errors.Is(err, fault.ErrInjected) {
				t.Errorf("%s, call %d of %d fails: %v", action, n, calls, err)
			}
		}
	}
	if _, _, err := c.Do(t.Context(), conversation.ActionRequest{Action: "refund_everything"}); err == nil {
		t.Error("an action that does not exist was done")
	}
}
