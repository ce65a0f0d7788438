package reviews_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"dangol/functions/reviews"
	"dangol/infra/testkit/system"
)

// The campaign of TestACampaignOfNearCopiesIsHeldWithReasonsAndShownToAModerator over HTTP: 30 customers really buy,
// the parcels arrive, and each writes nearly the same through the gateway.
func TestABurstOfNearCopiesOverHTTPIsHeldWithReasons(t *testing.T) {
	t.Parallel()
	const copies = 30
	s := system.Open(t)
	product, variant := s.Product(copies, nil)
	agent := s.Agent()
	buyers, orders := make([]system.Purse, copies), make([]string, copies)
	for n := range copies {
		buyers[n] = s.CustomerWith(system.Unique("copy"), variant, 1)
		orders[n] = s.Buy(buyers[n], "pm_card_visa").Field(t, "orderId")
	}
	s.RunUntilIdle() // a job takes the money, and nothing is shipped before
	for n, id := range orders {
		s.Do(agent, "POST", "/orders/"+id+"/fulfillments", map[string]string{"carrier": "cj", "trackingNumber": "1"})
		s.Do(agent, "POST", "/orders/"+id+"/fulfillments/1/delivered", nil)
		line := s.Do(buyers[n].Caller, "GET", "/orders/"+id, nil).Field(t, "lines.0.id")
		s.Do(buyers[n].Caller, "POST", "/reviews",
			map[string]any{"orderId": id, "lineId": line, "stars": 5, "text": nearCopy(n)})
	}
	s.RunUntilIdle()
	path := "/products/" + product + "/reviews"
	if got := s.Do(system.Guest, "GET", path+"/summary", nil).Field(t, "count"); got != "0" {
		t.Errorf("everybody sees %s of the copies", got)
	}
	var held struct{ Reviews []reviews.InspectedReview }
	list := s.Do(agent, "GET", "/admin/reviews?state=held&limit=100", nil)
	if err := json.Unmarshal([]byte(list.Body), &held); err != nil || len(held.Reviews) != copies {
		t.Fatalf("%d are held, %v", len(held.Reviews), err)
	}
	alike := 0
	for _, r := range held.Reviews {
		names := map[string]bool{}
		for _, signal := range r.Signals {
			names[signal.Name] = signal.Detail != ""
		}
		if names["near_duplicate"] {
			alike++
		}
		if r.Score < 50 || r.DecideBy.IsZero() {
			t.Errorf("held without an explanation or a deadline: %d %+v", r.Score, r.Signals)
		}
	}
	if alike < copies-1 { // the first has nothing to be like, until the second is seen
		t.Errorf("%d of %d are said to be alike", alike, copies)
	}
	// Nobody but the shop's people sees why.
	if got := s.Try(buyers[0].Caller, "GET", "/admin/reviews?state=held", nil); got.Status != http.StatusForbidden {
		t.Errorf("a customer reads the moderators' list: %d", got.Status)
	}
	own := s.Do(agent, "POST", fmt.Sprintf("/admin%s/audit", path), nil)
	if own.Field(t, "exact") != "true" {
		t.Errorf("the summary is not what a recount finds: %s", own.Body)
	}
}
