package outreach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/shared/compliance"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// What fails on our side is nobody's bad row: the merchant would take the person off the list.
func TestAnImportThatFailsRefusesNobodyAndCanBeSentAgain(t *testing.T) {
	t.Parallel()
	const list = `{"consents":[
		{"email":"a@example.com","at":"2025-06-01T12:00:00+09:00","source":"old shop","textVersion":"3","language":"ko"},
		{"email":"b@example.com","at":"2025-06-02T12:00:00+09:00","source":"old shop","textVersion":"3"}]}`
	for n := 1; n <= 6; n++ {
		for _, mode := range []fault.Mode{fault.Fails, fault.Unanswered} {
			in := fault.New(fault.Plan{})
			b := newBench(t, in.DB)
			in.Restart(fault.Plan{N: n, Mode: mode})
			first := b.merchant.Do("POST", "/outreach/consents/import", list)
			in.Stop()
			if first.Status != 200 && first.Status != 503 || strings.Contains(first.Body, "injected") ||
				first.Status == 200 && !strings.Contains(first.Body, `"refused":[]`) {
				t.Errorf("call %d %s: %d %s", n, mode, first.Status, first.Body)
			}
			var got struct {
				Imported int
				Refused  []string
			}
			b.merchant.Do("POST", "/outreach/consents/import", list).Want(200).Into(&got)
			if got.Imported != 2 || len(got.Refused) != 0 {
				t.Errorf("call %d %s, sent again: %+v", n, mode, got)
			}
			for _, email := range []string{"a@example.com", "b@example.com"} {
				c := b.contact(email)
				proofs, err := b.service.Proofs(t.Context(), c.ID)
				if err != nil || len(proofs) != 1 || c.Consent[compliance.Email].Answer != compliance.Given {
					t.Errorf("call %d %s: %s has %d proofs, %v", n, mode, email, len(proofs), err)
				}
			}
		}
	}
}

func TestACampaignGoesThroughItsStates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var made struct{ ID string }
	b.merchant.Do("POST", "/outreach/campaigns", plan).Want(201).Into(&made)
	at := "/outreach/campaigns/" + made.ID
	status := func() campaign.Status {
		var got struct{ Campaign service.Campaign }
		b.merchant.Do("GET", at, nil).Want(200).Into(&got)
		return got.Campaign.Status
	}
	for _, step := range []struct {
		path   string
		answer int
		then   campaign.Status
	}{
		{"/pause", 409, campaign.Draft}, // it has not begun
		{"/resume", 409, campaign.Draft},
		{"/schedule", 200, campaign.Scheduled},
		{"/schedule", 409, campaign.Scheduled}, // it is, already
		{"/stop", 200, campaign.Stopped},
		{"/resume", 409, campaign.Stopped}, // for good
		{"/schedule", 409, campaign.Stopped},
	} {
		if got := b.merchant.Do("POST", at+step.path, ""); got.Status != step.answer {
			t.Errorf("%s: %d %s", step.path, got.Status, got.Body)
		}
		if got := status(); got != step.then {
			t.Errorf("after %s it is %s, want %s", step.path, got, step.then)
		}
	}
	b.merchant.Do("GET", "/outreach/campaigns/cmp_00000000000000000000000000", nil).WantProblem(404, "campaign_not_found")
}

func TestCampaignsAreListedNewestFirstPageByPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var want []string
	for n := range 5 {
		var made struct{ ID string }
		b.merchant.Do("POST", "/outreach/campaigns", strings.Replace(plan, "Spring", fmt.Sprint("Spring ", n), 1)).
			Want(201).Into(&made)
		want = append([]string{made.ID}, want...)
		b.clock.Advance(time.Second)
	}
	var got []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		var page struct {
			Campaigns  []service.CampaignCard
			NextCursor string
		}
		b.merchant.Do("GET", "/outreach/campaigns?limit=2&cursor="+cursor, nil).Want(200).Into(&page)
		for _, c := range page.Campaigns {
			got = append(got, c.ID)
		}
		if cursor = page.NextCursor; pages > 5 {
			t.Fatal("pages without end")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	b.merchant.Do("GET", "/outreach/campaigns?cursor=made-up", nil).Want(422)
}

func TestASegmentIsCountedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.merchant.Do("POST", "/outreach/consents/import", `{"consents":[{"email":"a@example.com",
		"at":"2025-06-01T12:00:00+09:00","source":"old shop","textVersion":"3","language":"ko"}]}`).Want(200)
	korean := `{"condition":{"profile":{"field":"language","in":["ko"]}}}`
	var count service.SegmentCount
	b.merchant.Do("POST", "/outreach/segments/count", korean).Want(200).Into(&count)
	if count.People != 1 || count.Looked != 1 || count.Partial {
		t.Errorf("%+v", count)
	}
	b.merchant.Do("POST", "/outreach/segments/count",
		strings.Replace(korean, `["ko"]`, `["en"]`, 1)).Want(200).Into(&count)
	if count.People != 0 {
		t.Errorf("who reads English: %+v", count)
	}
	for _, bad := range []string{
		`{"condition":{}}`, `{"condition":{"profile":{"field":"shoe_size","in":["42"]}}}`,
		`{"condition":{"profile":{"field":"language","in":[]}}}`,
	} {
		for method, path := range map[string]string{"POST": "/outreach/segments/count", "PUT": "/outreach/segments/korean"} {
			if got := b.merchant.Do(method, path, bad); got.Status != 422 || !strings.Contains(got.Body, `"/condition`) {
				t.Errorf("%s %s: %d %s", path, bad, got.Status, got.Body)
			}
		}
	}
	b.merchant.Do("PUT", "/outreach/segments/korean", korean).Want(200)
	var list struct{ Segments []service.Segment }
	b.merchant.Do("GET", "/outreach/segments", nil).Want(200).Into(&list)
	if len(list.Segments) != 1 || list.Segments[0].Name != "korean" || list.Segments[0].Condition.Profile == nil {
		t.Errorf("%+v", list.Segments)
	}
}

func TestASeriesIsPausedAndGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	paused := func() (ids []string) {
		var got struct {
			Sequences []struct {
				ID      string
				Paused  bool
				Diagram string
			}
		}
		b.merchant.Do("GET", "/outreach/sequences", nil).Want(200).Into(&got)
		for _, s := range got.Sequences {
			if s.Paused {
				ids = append(ids, s.ID)
			}
			if !strings.HasPrefix(s.Diagram, "flowchart") {
				t.Errorf("%s has the diagram %q", s.ID, s.Diagram)
			}
		}
		return ids
	}
	if got := paused(); len(got) != 0 {
		t.Errorf("at first paused: %v", got)
	}
	for range 2 {
		b.merchant.Do("POST", "/outreach/sequences/abandoned_cart/pause", "").Want(204)
	}
	if got := paused(); !slices.Equal(got, []string{"abandoned_cart"}) {
		t.Errorf("paused: %v", got)
	}
	b.merchant.Do("POST", "/outreach/sequences/abandoned_cart/resume", "").Want(204)
	if got := paused(); len(got) != 0 {
		t.Errorf("after it goes on paused: %v", got)
	}
	for _, path := range []string{"/pause", "/resume"} {
		b.merchant.Do("POST", "/outreach/sequences/nothing"+path, "").WantProblem(404, "sequence_not_found")
	}
	b.merchant.Do("GET", "/outreach/sequences/nothing/report", nil).WantProblem(404, "sequence_not_found")
	b.merchant.Do("GET", "/outreach/sequences/abandoned_cart/report", nil).Want(200)
}

func TestMarketingIsPausedByAMerchant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, paused := range []bool{true, true, false} {
		var got struct{ Paused string }
		b.merchant.Do("PUT", "/outreach/sending", map[string]any{"paused": paused}).Want(200).Into(&got)
		if (got.Paused != "") != paused {
			t.Errorf("paused %v: %q", paused, got.Paused)
		}
	}
}

func TestACouponNeedsCodesThatCanBeUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, test := range map[string]struct {
		change func(*promotion.Promotion)
		ok     bool
	}{
		"live":  {func(*promotion.Promotion) {}, true},
		"draft": {func(p *promotion.Promotion) { p.State = promotion.Draft }, true}, // published later
		"ended": {func(p *promotion.Promotion) { p.Ends = noon }, false},
		"plain": {func(p *promotion.Promotion) { p.Codes = promotion.Codes{} }, false},
	} {
		promotionID := id.New(store.Prefix, noon)
		p := promotion.Promotion{ID: promotionID, State: promotion.Live, Starts: noon.AddDate(0, -1, 0),
			Ends:  noon.AddDate(0, 1, 0),
			Codes: promotion.Codes{Batch: promotion.NewBatch("b1", "THX", 10)}}
		test.change(&p)
		if err := b.f.Promotions.Table.Put(t.Context(), b.f.Promotions.Create(&store.Record{Promotion: p})); err != nil {
			t.Fatal(err)
		}
		got := b.merchant.Do("PUT", "/outreach/coupons/welcome", map[string]any{"promotionId": promotionID})
		if (got.Status < 300) != test.ok || !test.ok && !strings.Contains(got.Body, "promotion_without_codes") {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	b.merchant.Do("PUT", "/outreach/coupons/welcome", map[string]any{"promotionId": id.New(store.Prefix, noon)}).
		WantProblem(404, "promotion_not_found")
}

func TestAPersonIsErasedAndNothingIsKnownOfThemAnyMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.agree()
	b.record("mail-1")
	address := map[string]any{"email": "Haneul@Example.com"} // as the person writes it
	var known struct {
		Consent  map[compliance.Channel]consent.State
		Proofs   []consent.Change
		Messages []struct{ ID string }
	}
	b.merchant.Do("POST", "/outreach/contacts/lookup", address).Want(200).Into(&known)
	if known.Consent[compliance.Email].Answer != compliance.Given || len(known.Proofs) != 1 || len(known.Messages) != 1 {
		t.Errorf("%+v", known)
	}
	for range 2 {
		b.merchant.Do("POST", "/outreach/contacts/erase", address).Want(204)
	}
	var raw struct {
		table.Key
		Email string `dynamodbav:"email"`
	}
	c := b.contact(reader)
	if err := b.service.Table.Get(t.Context(), c.Key, &raw); err != nil || raw.Email != "" || c.ErasedAt.IsZero() {
		t.Errorf("stored is %+v, %v", raw, err)
	}
	b.merchant.Do("POST", "/outreach/contacts/erase", map[string]any{"email": "nobody"}).WantField("/email")
	b.merchant.Do("POST", "/outreach/contacts/lookup", map[string]any{"email": "a@b@c"}).WantField("/email")
}
