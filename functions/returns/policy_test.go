package returns_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/catalog"
	"dangol/shared/order"
)

// rule is a rule of a return policy for all goods, with changes.
func rule(changes object) object {
	r := object{"id": "all", "goods": object{}, "windowDays": 30, "faultMonths": 24, "outbound": "whole_order",
		"gifts": "keep", "promotions": "keep", "exchange": true, "ownWay": true}
	for name, value := range changes {
		r[name] = value
	}
	return r
}

func policyOf(rules ...object) object {
	return object{"sections": []object{{"countries": []string{"*", "KR"}, "sendWithinDays": 14, "rules": rules}}}
}

// publish makes a policy the one that orders are sold under from now on.
func (d *desk) publish(rules ...object) {
	d.T.Helper()
	d.client().As(apitest.Merchant).Do("POST", "/admin/return-policies", policyOf(rules...)).Want(201)
	d.Clock.Advance(time.Second)
}

func TestAPolicyDecidesHowGoodsMayBeReturned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		rule       object
		reason     string
		resolution string
		way        string
		status     int
		code       string
	}{
		{"all is allowed", nil, "changed_mind", "exchange", "own", 200, ""},
		{"no exchange", object{"exchange": false}, "changed_mind", "exchange", "label", 409, "exchange_not_offered"},
		{"no exchange, and a fault", object{"exchange": false}, "faulty", "exchange", "label", 200, ""},
		{"no parcel of the customer's own", object{"ownWay": false}, "changed_mind", "refund", "own", 422,
			"invalid_input"},
		{"no parcel of the customer's own, and a fault", object{"ownWay": false}, "faulty", "refund", "own", 200, ""},
		{"made for one customer", object{"finalSale": "custom_made"}, "changed_mind", "refund", "label", 409,
			"final_sale"},
		{"made for one customer, and a fault", object{"finalSale": "custom_made"}, "faulty", "refund", "label", 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.publish(rule(c.rule))
			soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
			other := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
			o := d.deliver(d.buy(map[string]int{soap: 1}))
			line := back(o.Lines[0].ID, 1, c.reason)
			if c.resolution == "exchange" {
				line["exchangeFor"] = other
			}
			want := wanted(c.resolution, line)
			want["way"] = c.way
			got := d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", want)
			if got.Status != c.status || !strings.Contains(got.Body, `"`+c.code+`"`) && c.code != "" {
				t.Errorf("%d %s, want %d %s", got.Status, got.Body, c.status, c.code)
			}
		})
	}
}

// TestGoodsForWhichTheLawWantsNoMoneyMayBeRefundedAsStoreCredit sells to the United States, whose law has no
// withdrawal.
func TestGoodsForWhichTheLawWantsNoMoneyMayBeRefundedAsStoreCredit(t *testing.T) {
	t.Parallel()
	d := open(t)
	sections := []object{
		{"countries": []string{"*", "KR"}, "sendWithinDays": 14, "rules": []object{rule(nil)}},
		{"countries": []string{"US"}, "sendWithinDays": 14, "rules": []object{rule(object{"creditOnly": true})}},
	}
	d.client().As(apitest.Merchant).Do("POST", "/admin/return-policies", object{"sections": sections}).Want(201)
	d.Clock.Advance(time.Second)
	soap := d.Sell(testshop.ProductSpec{Cents: 2_000, Units: 9})
	o := d.export(map[string]int{soap: 2})
	quote := func(resolution, reason string) *apitest.Response {
		return d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", wanted(resolution, back(o.Lines[0].ID, 1, reason)))
	}
	quote("refund", "changed_mind").WantProblem(409, "store_credit_only")
	quote("store_credit", "changed_mind").Want(200)
	quote("refund", "faulty").Want(200)
}

func TestAFeeForRestockingIsKeptOfWhatComesBackLateOnly(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.publish(rule(object{"restocking": object{"basisPoints": 1_000, "fromDay": 8}}))
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	for _, c := range []struct {
		after  time.Duration
		reason string
		want   int64
	}{
		{0, "changed_mind", 60_000},       // within the law's seven days nothing is kept (전자상거래법 17, 18)
		{8 * day, "changed_mind", 54_000}, // the shop's own days
		{0, "faulty", 60_000},
	} {
		d.Clock.Advance(c.after)
		if q := d.quote(o, wanted("refund", back(o.Lines[0].ID, 1, c.reason))); q.Refund.Amount != c.want {
			t.Errorf("%s after %s: %d, want %d; fees %+v", c.reason, c.after, q.Refund.Amount, c.want, q.Fees)
		}
	}
}

func TestTheCatalogSaysWhatIsGivenInExchange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		resolution string
		change     func(*catalog.Product)
		status     int
		code       string
	}{
		{"as it is", "exchange", func(*catalog.Product) {}, 200, ""},
		{"archived", "exchange", func(p *catalog.Product) { p.Status = catalog.Archived }, 409, "variant_not_sold"},
		{"limited by customer", "exchange", func(p *catalog.Product) { p.Variants[0].MaxPerCustomer = 1 }, 409,
			"variant_limited"},
		{"without a price in won", "exchange", func(p *catalog.Product) {
			p.Variants[0].Prices = map[string]catalog.Price{"USD": {Amount: 800}}
		}, 409, "not_in_currency"},
		{"archived, to replace what is faulty", "replacement",
			func(p *catalog.Product) { p.Status = catalog.Archived }, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
			other := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
			o := d.deliver(d.buy(map[string]int{soap: 1}))
			line := back(o.Lines[0].ID, 1, "faulty")
			changed := soap
			if c.resolution == "exchange" {
				line["exchangeFor"], changed = other, other
			}
			d.edit(changed, c.change)
			got := d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", wanted(c.resolution, line))
			if got.Status != c.status || !strings.Contains(got.Body, `"`+c.code+`"`) && c.code != "" {
				t.Errorf("%d %s, want %d %s", got.Status, got.Body, c.status, c.code)
			}
		})
	}
}

func TestAGuestHasNoAccountForStoreCredit(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	b := d.FillCart("", map[string]int{soap: 1})
	o := d.deliver(d.checkOut(b))
	guest := d.client().With("Cart-Token", b.Token)
	path := "/orders/" + o.ID + "/returns/quote"
	guest.Do("POST", path, wanted("store_credit", back(o.Lines[0].ID, 1, "changed_mind"))).
		WantProblem(409, "account_required")
	var q returns.Quote
	guest.Do("POST", path, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))).Want(200).Into(&q)
	if q.Credit != nil || q.Refund.Amount != 57_000 {
		t.Errorf("credit %+v is offered, %d refunded", q.Credit, q.Refund.Amount)
	}
}

func TestWhatWasCanceledIsNotReturned(t *testing.T) {
	t.Parallel()
	d, o, _ := waiting(t)
	if _, err := d.Service.Cashier.Cancel(t.Context(), o, "changed_mind", order.ByCustomer); err != nil {
		t.Fatal(err)
	}
	d.ann().Do("POST", "/orders/"+o.ID+"/returns/quote", wanted("refund", back(o.Lines[0].ID, 1, "faulty"))).
		WantProblem(409, "order_canceled")
}

func TestOfTwoWhoPublishAPolicyAtOnceOneIsAnsweredThatItChanged(t *testing.T) {
	t.Parallel()
	d := open(t)
	answers := make([]*apitest.Response, 4)
	var all sync.WaitGroup
	for i := range answers {
		policy := policyOf(rule(object{"windowDays": 10 + i}))
		all.Go(func() {
			answers[i] = d.client().As(apitest.Merchant).Do("POST", "/admin/return-policies", policy)
		})
	}
	all.Wait()
	published := 0
	for _, a := range answers {
		if a.Status == 201 {
			published++
			continue
		}
		a.WantProblem(409, "policy_changed")
	}
	var list struct{ Policies []returns.PolicyVersion }
	d.agent().Do("GET", "/admin/return-policies", nil).Want(200).Into(&list)
	if len(list.Policies) != published+1 || published == 0 {
		t.Errorf("%d were answered that theirs is published, %d versions are there", published, len(list.Policies))
	}
	for i, p := range list.Policies {
		if p.Version != i {
			t.Errorf("version %d at place %d", p.Version, i)
		}
	}
}

func TestAPolicyIsInForceFromItsDay(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	policy := policyOf(rule(object{"wayBack": object{"KRW": 9_000}}))
	from := d.Clock.Now().Add(day)
	policy["from"] = from
	d.client().As(apitest.Merchant).Do("POST", "/admin/return-policies", policy).Want(201)
	before := d.deliver(d.buy(map[string]int{soap: 1}))
	d.Clock.MoveTo(from)
	after := d.deliver(d.buy(map[string]int{soap: 1}))
	for o, want := range map[*order.Order]int64{before: 57_000, after: 51_000} {
		if q := d.quote(o, wanted("refund", back(o.Lines[0].ID, 1, "changed_mind"))); q.Refund.Amount != want {
			t.Errorf("sold at %s under version %d: %d, want %d", o.PlacedAt, q.Policy, q.Refund.Amount, want)
		}
	}
	var v returns.PolicyView
	if d.client().Do("GET", "/return-policy?country=kr", nil).Want(200).Into(&v); v.Version != 1 {
		t.Errorf("version %d is shown", v.Version)
	}
}

func TestTheLawOfACountryIsFoundHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, country := range []string{"DE", "de"} {
		var v returns.PolicyView
		d.client().Do("GET", "/return-policy?country="+country, nil).Want(200).Into(&v)
		if v.Law.WithdrawalDays != 14 || v.Text["en"] == "" || len(v.Law.Function) == 0 {
			t.Errorf("%s: %+v", country, v.Law)
		}
		text := d.client().Do("GET", "/return-policy/text?language=en&country="+country, nil).Want(200)
		if text.Body != v.Text["en"] || !strings.HasPrefix(text.Headers.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: the text is %q", country, text.Body)
		}
	}
}
