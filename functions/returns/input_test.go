package returns_test

import (
	"strings"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/rma"
)

func TestEachRouteForEachCaller(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 99})
	o := d.deliver(d.buy(map[string]int{soap: 9}))
	r := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
	callers := map[string]*apitest.Client{
		"owner": d.ann(), "other": d.client().As(apitest.Bob), "guest": d.client(), "agent": d.agent(),
		"merchant": d.client().As(apitest.Merchant), "bad token": d.client().With("Authorization", "Bearer forged"),
	}
	lines := object{"lines": []object{back(o.Lines[0].ID, 1, "changed_mind")}, "resolution": "refund"}
	shop := map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 200, "merchant": 200, "bad token": 401}
	for _, c := range []struct {
		method, path string
		body         any
		want         map[string]int
	}{
		{"GET", "/return-policy", nil,
			map[string]int{"owner": 200, "other": 200, "guest": 200, "agent": 200, "merchant": 200}},
		{"POST", "/orders/{order}/returns/quote", lines,
			map[string]int{"owner": 200, "other": 404, "guest": 404, "agent": 200, "bad token": 401}},
		{"GET", "/orders/{order}/returns", nil,
			map[string]int{"owner": 200, "other": 404, "guest": 404, "agent": 200, "bad token": 401}},
		{"GET", "/returns/{return}", nil,
			map[string]int{"owner": 200, "other": 404, "guest": 404, "agent": 200, "bad token": 401}},
		{"GET", "/returns", nil, map[string]int{"owner": 200, "other": 200, "guest": 401, "agent": 200, "bad token": 401}},
		{"POST", "/returns/{return}/sent", nil, map[string]int{"other": 404, "guest": 404, "owner": 200, "bad token": 401}},
		{"POST", "/returns/{return}/cancel", nil, map[string]int{"other": 404, "guest": 404, "owner": 409, "bad token": 401}},
		{"GET", "/admin/returns", nil, shop},
		{"POST", "/admin/returns/{return}/receive", nil, shop},
		{"GET", "/admin/returns/report", nil, shop},
		{"GET", "/admin/return-policies", nil, shop},
		{"GET", "/admin/returns/customers/cust-ann", nil, shop},
		{"GET", "/admin/customers/cust-ann/store-credit", nil, shop},
		{"POST", "/admin/return-policies?dryRun=true", object{"sections": []object{}},
			map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 403, "merchant": 422, "bad token": 401}},
		{"PUT", "/orders/{order}/contact", object{"email": "new@example.com"},
			map[string]int{"other": 404, "guest": 404, "owner": 200, "bad token": 401}},
		{"POST", "/orders/{order}/hold", object{"reason": "x"},
			map[string]int{"owner": 403, "other": 403, "guest": 401, "agent": 409, "bad token": 401}},
	} {
		path := strings.NewReplacer("{order}", o.ID, "{return}", r.ID).Replace(c.path)
		for _, who := range []string{"other", "guest", "bad token", "owner", "agent", "merchant"} {
			want, asked := c.want[who]
			if !asked || who == "merchant" && c.method == "POST" && want == 200 {
				continue // a step that the agent has done
			}
			if got := callers[who].Do(c.method, path, c.body); got.Status != want {
				t.Errorf("%s %s as %s: %d, want %d: %s", c.method, c.path, who, got.Status, want, got.Body)
			}
		}
	}
}

func TestBadRequestsForReturns(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap, other := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9}), d.Sell(testshop.ProductSpec{Price: 60_000,
		Units: 0})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	waiting := d.buy(map[string]int{soap: 1})
	line := o.Lines[0].ID
	with := func(change func(object)) object {
		l := back(line, 1, "changed_mind")
		change(l)
		return l
	}
	for _, c := range []struct {
		name, order string
		body        any
		status      int
		code        string
	}{
		{"no line", o.ID, wanted("refund"), 422, "invalid_input"},
		{"a line of another order", o.ID, wanted("refund", back("line_other", 1, "faulty")), 422, "invalid_input"},
		{"a line twice", o.ID, wanted("refund", back(line, 1, "faulty"), back(line, 1, "faulty")), 422, "invalid_input"},
		{"more units than were bought", o.ID, wanted("refund", back(line, 3, "faulty")), 422, "invalid_input"},
		{"no unit", o.ID, wanted("refund", back(line, 0, "faulty")), 422, "invalid_input"},
		{"a reason that is none", o.ID, wanted("refund", back(line, 1, "bored")), 422, "invalid_input"},
		{"a resolution that is none", o.ID, wanted("revenge", back(line, 1, "faulty")), 422, "invalid_input"},
		{"a photo that is a web page", o.ID,
			wanted("refund", with(func(l object) { l["photos"] = []string{"https://example.com/a.html"} })), 422,
			"invalid_input"},
		{"a photo without https", o.ID,
			wanted("refund", with(func(l object) { l["photos"] = []string{"http://example.com/a.jpg"} })), 422, "invalid_input"},
		{"a photo that is script", o.ID,
			wanted("refund", with(func(l object) { l["photos"] = []string{"javascript:alert(1)//.jpg"} })), 422,
			"invalid_input"},
		{"an exchange for nothing", o.ID, wanted("exchange", back(line, 1, "wrong_size")), 422, "invalid_input"},
		{"an exchange for the same", o.ID, wanted("exchange", with(func(l object) { l["exchangeFor"] = soap })), 422,
			"invalid_input"},
		{"an exchange for what is gone", o.ID, wanted("exchange", with(func(l object) { l["exchangeFor"] = other })), 409,
			"out_of_stock"},
		{"an exchange for what never was", o.ID, wanted("exchange", with(func(l object) { l["exchangeFor"] = "var_x" })), 409,
			"variant_not_sold"},
		{"a refund for something else", o.ID, wanted("refund", with(func(l object) { l["exchangeFor"] = soap })), 422,
			"invalid_input"},
		{"what was not shipped", waiting.ID, wanted("refund", back(waiting.Lines[0].ID, 1, "changed_mind")), 409,
			"not_shipped"},
		{"no object", o.ID, `[]`, 422, "invalid_input"},
		{"no JSON", o.ID, `{`, 400, "bad_json"},
		{"an order that is none", "ord_nonsense", wanted("refund", back(line, 1, "faulty")), 404, "order_not_found"},
	} {
		got := d.ann().Do("POST", "/orders/"+c.order+"/returns/quote", c.body)
		if got.Status != c.status || !strings.Contains(got.Body, `"code":"`+c.code+`"`) && c.status != 400 {
			t.Errorf("%s: %d %s", c.name, got.Status, got.Body)
		}
	}
	for _, token := range []string{"nonsense", "e30", "bnVsbA"} {
		body := wanted("refund", back(line, 1, "changed_mind"))
		body["quote"] = token
		if got := d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", body); got.Status != 422 && got.Status != 409 {
			t.Errorf("token %s: %d %s", token, got.Status, got.Body)
		}
	}
}

func TestAUnitIsReturnedOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	first := d.request(o, wanted("refund", back(o.Lines[0].ID, 2, "changed_mind")))
	d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote",
		wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))).WantProblem(409, "units_returned")
	d.ann().Do("POST", "/returns/"+first.ID+"/cancel", nil).Want(200)
	d.ann().Do("POST", "/returns/"+first.ID+"/cancel", nil).Want(200)
	d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
}

func TestTheWindowClosesToTheSecondAndAQuoteSaysWhatChanged(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3})) // at noon in Seoul on 2 March
	want := wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))
	last := time.Date(2026, 3, 17, 0, 0, 0, 0, time.FixedZone("KST", 9*60*60))
	d.Clock.MoveTo(last.Add(-time.Second))
	q := d.quote(o, want)
	if q.Until == nil || !q.Until.Equal(last) {
		t.Fatalf("the right ends %v, want %s", q.Until, last)
	}
	d.Clock.MoveTo(last)
	d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", want).WantProblem(409, "return_window_closed")
	want["quote"] = q.Token
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", want).WantProblem(409, "return_window_closed")

	late := wanted("refund", back(o.Lines[0].ID, 1, "faulty"))
	q = d.quote(o, late)
	late["quote"] = strings.Replace(q.Token, q.Token[:4], q.Token[:4], 1)
	other := d.quote(o, wanted("refund", back(o.Lines[0].ID, 2, "faulty")))
	late["quote"] = other.Token
	p := d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", late).WantProblem(409, "quote_changed")
	if changes, ok := p.Extra["changes"].([]any); !ok || len(changes) == 0 {
		t.Fatalf("nothing changed: %+v", p.Extra)
	}
}

func TestAPolicyThatIsEditedBetweenQuoteAndCommitDoesNotTouchOrdersOfBefore(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	q := d.quote(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
	merchant := d.client().As(apitest.Merchant)
	rule := object{"id": "all", "goods": object{}, "windowDays": 7, "faultMonths": 24, "outbound": "whole_order",
		"gifts": "keep", "promotions": "keep",
		"wayBack": object{"KRW": 9_000}}
	section := object{"countries": []string{"*", "KR"}, "sendWithinDays": 14, "rules": []object{rule}}
	d.Clock.Advance(time.Second)
	short := object{"id": "all", "goods": object{}, "windowDays": 6, "faultMonths": 24, "outbound": "never",
		"gifts": "keep", "promotions": "keep"}
	bad := object{"countries": []string{"*", "KR"}, "sendWithinDays": 14, "rules": []object{short}}
	p := merchant.Do("POST", "/admin/return-policies",
		object{"sections": []object{bad}}).WantField("/sections/0/rules/0/windowDays")
	if p.Code != "window_too_short" || !strings.Contains(p.Message, "전자상거래법") {
		t.Fatalf("refused by %+v", p)
	}
	merchant.Do("POST", "/admin/return-policies?dryRun=true", object{"sections": []object{section}}).Want(200)
	merchant.Do("POST", "/admin/return-policies",
		object{"sections": []object{section}, "from": "2020-01-01T00:00:00Z"}).WantField("/from")
	merchant.Do("POST", "/admin/return-policies", object{"sections": []object{section}}).Want(201)
	want := wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))
	want["quote"] = q.Token
	var r returns.Return
	d.keyed(d.ann()).Do("POST", "/orders/"+o.ID+"/returns", want).Want(201).Into(&r)
	if r.Policy != 0 || r.Quoted.Refund.Amount != 57_000 {
		t.Fatalf("version %d, %d", r.Policy, r.Quoted.Refund.Amount)
	}
	d.Clock.Advance(time.Second)
	next := d.deliver(d.buy(map[string]int{soap: 2}))
	if q := d.quote(next, wanted("refund", back(next.Lines[0].ID, 1, "changed_mind"))); q.Policy != 1 ||
		q.Refund.Amount != 51_000 {
		t.Fatalf("version %d, %d", q.Policy, q.Refund.Amount)
	}
}

func TestPartOfAReturnArrivesDamagedOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 20_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 4}))
	line := o.Lines[0].ID
	r := d.request(o, wanted("refund", back(line, 4, "changed_mind")))
	at := "/admin/returns/" + r.ID
	d.agent().Do("POST", at+"/receive", object{"lines": []object{{"lineId": line, "good": 5}}}).WantField("/lines")
	// A second count of the same line in one body would replace the first.
	twice := []object{{"lineId": line, "good": 1}, {"lineId": line, "good": 1}}
	d.agent().Do("POST", at+"/receive", object{"lines": twice}).WantField("/lines/1/lineId")
	d.agent().Do("POST", at+"/receive", object{"lines": []object{{"lineId": line, "good": 1, "wrong": 1}}}).Want(200)
	d.agent().Do("POST", at+"/receive", object{"lines": []object{{"lineId": line, "damaged": 1}}}).Want(200)
	d.agent().Do("POST", at+"/inspect", object{"lines": []object{{"lineId": line, "accepted": 3}}}).WantField("/lines")
	d.agent().Do("POST", at+"/inspect", object{"lines": []object{
		{"lineId": line, "accepted": 2, "restocked": 1, "writeOff": 1, "grade": "C", "damageFee": 5_000},
	}}).Want(200).Into(&r)
	// Two units of 20,000, less 3,000 for the way back and 5,000 for the damage.
	if _, refunded := d.bank(o.Payment.ID); r.State != rma.Completed || refunded != 32_000 {
		t.Fatalf("%s, %d refunded, want 32,000", r.State, refunded)
	}
	if n := d.SellableUnits(t, soap); n != 6 {
		t.Fatalf("%d in stock, want 6", n)
	}
	q := d.quote(o, wanted("refund", back(line, 2, "faulty"))) // those that were not accepted are not gone
	if q.Refund.Amount != 40_000 {
		t.Fatalf("the others are worth %d", q.Refund.Amount)
	}
	d.agent().Do("POST", at+"/inspect", nil).WantProblem(409, "return_state")
}

func TestASecondReturnOfAUnitSaysThatItWasReturned(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 3}))
	quote := func(quantity int) *apitest.Response {
		return d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote",
			wanted("refund", back(o.Lines[0].ID, quantity, "changed_mind")))
	}
	first := d.request(o, wanted("refund", back(o.Lines[0].ID, 2, "changed_mind")))
	quote(1).Want(200)
	quote(2).WantProblem(409, "units_returned") // while the first return is open
	d.settle(first)
	quote(2).WantProblem(409, "units_returned") // and after it
	last := d.request(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind")))
	quote(1).WantProblem(409, "units_returned")
	d.ann().Do("POST", "/returns/"+last.ID+"/cancel", nil).Want(200)
	quote(1).Want(200) // what was canceled can be asked for again
}
