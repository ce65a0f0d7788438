package orders_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"dangol/functions/orders"
	"dangol/infra/testkit/apitest"
)

func TestMerchantsFindOrders(t *testing.T) {
	t.Parallel()
	d := open(t)
	var ids []string
	for _, customer := range []string{"cust-ann", "", "cust-bob"} {
		ids = append(ids, d.sell(customer).id)
		d.Clock.Advance(time.Hour)
	}
	agent := apitest.New(t, d.handler).As(apitest.Merchant)
	type answer struct {
		Orders     []orders.Order       `json:"orders"`
		NextCursor string               `json:"nextCursor"`
		Totals     []orders.SearchTotal `json:"totals"`
	}
	ask := func(query string) (a answer) {
		agent.Do("GET", "/admin/orders/search?"+query, nil).Want(200).Into(&a)
		return a
	}
	var first orders.Order
	agent.Do("GET", "/orders/"+ids[0], nil).Want(200).Into(&first)
	at := first.PlacedAt.Add(30 * time.Minute).UTC().Format(time.RFC3339)
	for query, want := range map[string][]string{
		"": {ids[2], ids[1], ids[0]},
		"number=" + url.QueryEscape(first.Number): {ids[0]},
		"number=nonsense":                         nil,
		"customerId=cust-bob":                     {ids[2]},
		"email=HANEUL@example.com":                {ids[2], ids[1], ids[0]},
		"email=nobody@example.com":                nil,
		"q=" + url.QueryEscape("김하늘 haneul"):      {ids[2], ids[1], ids[0]},
		// As a Mac writes Hangul, and with letters in full width.
		"q=" + url.QueryEscape(norm.NFD.String("김하늘")+" ＨＡＮＥＵＬ"): {ids[2], ids[1], ids[0]},
		"q=" + first.Number:                   {ids[0]},
		"product=" + first.Lines[0].ProductID: {ids[0]},
		"product=" + first.Lines[0].VariantID: {ids[0]},
		"state=canceled":                      nil,
		"state=placed&to=" + at:               {ids[0]},
		"from=" + at:                          {ids[2], ids[1]},
	} {
		var got []string
		for _, o := range ask(query).Orders {
			got = append(got, o.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
	if lines := first.Totals.TaxLines; len(lines) != 1 || lines[0].Rate != 1_000 || lines[0].Amount != first.Totals.Tax {
		t.Errorf("tax lines %+v", lines)
	}
	all := ask("")
	if len(all.Totals) != 1 || all.Totals[0].Orders != 3 || all.Totals[0].Total.Amount != 3*first.Totals.Total.Amount {
		t.Errorf("totals %+v", all.Totals)
	}
	var paged []string
	for cursor, n := "", 0; n < 5; n++ {
		page := ask(fmt.Sprintf("limit=1&cursor=%s", cursor))
		for _, o := range page.Orders {
			paged = append(paged, o.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if !slices.Equal(paged, []string{ids[2], ids[1], ids[0]}) {
		t.Errorf("one by one: %v", paged)
	}
}
