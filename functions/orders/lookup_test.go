package orders_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/platform/table"
)

type found struct {
	Token string `json:"token"`
	Order struct {
		ID string `json:"id"`
	} `json:"order"`
}

func TestAGuestFindsAnOrderByNumberAndMail(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell("")
	number := order.NumberOf(o.id)
	ask := func(number, email string) *apitest.Response {
		return d.client().Do("POST", "/orders/lookup", map[string]any{"number": number, "email": email})
	}
	var f found
	ask(number, "Haneul@Example.com").Want(200).Into(&f)
	if f.Order.ID != o.id || f.Token == "" {
		t.Fatalf("%+v", f)
	}
	d.client().With("Order-Token", f.Token).Do("GET", "/orders/"+o.id, nil).Want(200)
	d.Clock.Advance(order.LookupTokenLife)
	d.client().With("Order-Token", f.Token).Do("GET", "/orders/"+o.id, nil).WantProblem(404, "order_not_found")

	wrong := ask(number, "somebody@example.com").Want(404)
	missing := ask("00000-00000-00000", "haneul@example.com").Want(404)
	nonsense := ask("not a number", "haneul@example.com").Want(404)
	if wrong.Body != missing.Body || missing.Body != nonsense.Body {
		t.Fatalf("the answers tell which orders exist:\n%s\n%s\n%s", wrong.Body, missing.Body, nonsense.Body)
	}
}

// Who has an order sent to another address cannot lock out whoever placed it.
func TestTheAddressThatAnOrderWasPlacedWithOpensItAlsoWhenMailsGoElsewhere(t *testing.T) {
	t.Parallel()
	d := open(t)
	o := d.sell("")
	_, err := d.Service.Cashier.Orders.Change(t.Context(), o.id, func(o *order.Order) (bool, []table.Write, error) {
		changed, err := o.ChangeContact("new@example.org", false, order.ByCustomer, d.Clock.Now())
		return changed, nil, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for email, status := range map[string]int{"haneul@example.com": 200, "new@example.org": 200, "eve@example.org": 404} {
		d.client().Do("POST", "/orders/lookup", map[string]any{"number": order.NumberOf(o.id), "email": email}).Want(status)
	}
}

func TestGuessingIsSlowedDownByNumberAndByAddress(t *testing.T) {
	t.Parallel()
	d := open(t)
	ask := func(number string) *apitest.Response {
		return d.client().Do("POST", "/orders/lookup", map[string]any{"number": number, "email": "a@example.com"})
	}
	for range 10 {
		ask("00000-00000-00000").Want(404)
	}
	limited := ask("OOOOO 00000 00000") // the same number, written otherwise
	limited.WantProblem(429, "too_many_attempts")
	if limited.Headers.Get("Retry-After") == "" {
		t.Fatal("no Retry-After")
	}
	for i := range 20 {
		ask(fmt.Sprintf("00000-00000-000%02d", i+10)).Want(404)
	}
	ask("00000-00000-00099").WantProblem(429, "too_many_attempts")
	d.Clock.Advance(time.Hour)
	ask("00000-00000-00000").Want(404)
}

func TestTheMerchantsListShowsWhatWaitsToBeShipped(t *testing.T) {
	t.Parallel()
	d := open(t)
	agent := d.client().As(apitest.Agent)
	var ids []string
	for i := range 5 {
		d.Clock.Advance(time.Minute)
		ids = append(ids, d.sell(fmt.Sprintf("cust-%d", i)).id)
	}
	agent.Do("POST", "/orders/"+ids[0]+"/fulfillments", map[string]any{"carrier": "cj"}).Want(201)
	list := func(query string) (got []string, next string) {
		var page struct {
			Orders     []struct{ ID string }
			NextCursor string
		}
		agent.Do("GET", "/admin/orders"+query, nil).Want(200).Into(&page)
		for _, o := range page.Orders {
			got = append(got, o.ID)
		}
		return got, page.NextCursor
	}
	first, next := list("?limit=3")
	rest, end := list("?limit=3&cursor=" + next)
	if got := fmt.Sprint(first, rest); got != fmt.Sprint([]string{ids[4], ids[3], ids[2]}, []string{ids[1]}) || end != "" {
		t.Fatalf("%s, then %q", got, end)
	}
	if shipped, _ := list("?state=fulfilled"); len(shipped) != 1 || shipped[0] != ids[0] {
		t.Fatalf("fulfilled: %v", shipped)
	}
	agent.Do("GET", "/admin/orders?state=lost", nil).WantField("query/state")
	agent.Do("GET", "/admin/orders?cursor=%21", nil).WantField("query/cursor")
	agent.Do("GET", "/admin/orders?limit=1000", nil).WantField("query/limit")
}
