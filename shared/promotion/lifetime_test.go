package promotion_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"dangol/shared/platform/civil"
	"dangol/shared/promotion"
)

func TestABasketHeldAcrossTheEdgesOfASaleIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	seoul := zone(t, "Asia/Seoul")
	starts, err1 := civil.ParseLocal("2026-09-25T10:00", seoul)
	ends, err2 := civil.ParseLocal("2026-09-27T24:00", seoul)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	set := promotion.NewSet([]promotion.Promotion{
		percent("sale", 2_000, between(starts, ends), withAll), gifts(between(starts, ends), withAll, priority(1)),
		won("always", 500, between(starts.AddDate(-1, 0, 0), time.Time{}), withAll, priority(-1)),
	})
	at := func(when time.Time) promotion.Outcome {
		b := basket(line("a", 1, 60_000))
		b.At = when
		return set.Apply(b, shop(t), promotion.Facts{})
	}
	for _, tc := range []struct {
		name          string
		shown, bought time.Time
		total         int64
		want          []promotion.AppliedChange
	}{
		{"a second before it starts nothing has changed yet", starts.Add(-time.Hour), starts.Add(-time.Second), 59_500, nil},
		{"at ten o'clock the sale and its gift begin", starts.Add(-time.Second), starts, 47_500,
			[]promotion.AppliedChange{{PromotionID: "gifts", GiftsAfter: 1}, {PromotionID: "sale", After: 12_000}}},
		{"while it lasts nothing changes", starts, ends.Add(-time.Second), 47_500, nil},
		{"at midnight both end", ends.Add(-time.Second), ends, 59_500,
			[]promotion.AppliedChange{{PromotionID: "gifts", GiftsBefore: 1}, {PromotionID: "sale", Before: 12_000}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			bought := at(tc.bought)
			got := promotion.CompareApplied(at(tc.shown).Applied, bought.Applied)
			if bought.Totals.Total != tc.total || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("total %d, want %d\nchanges %+v\nwant    %+v", bought.Totals.Total, tc.total, got, tc.want)
			}
		})
	}
}

func TestAPromotionIsStoredWhole(t *testing.T) {
	t.Parallel()
	p := buyXGetY("x", 2, 1, withAll, priority(7), skipSale, from(1_000), atMost(500), getFrom("a"))
	p.Budget = promotion.Budget{Spend: krw(9), Uses: 3}
	p.Codes = promotion.Codes{Batch: promotion.NewBatch("b", "VIP", 5)}
	p.LimitPerCustomer, p.LimitPerCode, p.Group, p.Reason = 1, 2, "chuseok-2026", "because"
	p.Conditions.Segments = []string{"gold"}
	p.Conditions.Audience, p.Conditions.Plans = promotion.Members, []string{"plan_gold"}
	p.Terms.MembersFrom, p.Terms.AllAtOnce = noon, true
	p.Terms.Gifts = []promotion.GiftTier{{From: krw(5), Variants: []string{"A", "B"}, Choose: 1}}
	p.Terms.Tiers = byAmount.Tiers
	p.Terms.Parts = []promotion.SetPart{part(2, "a")}
	p.Terms.Shipping = &promotion.ShippingTerms{Methods: []string{"express"}, Countries: []string{"KR"}}

	item, err := attributevalue.MarshalMap(p)
	if err != nil {
		t.Fatal(err)
	}
	var stored promotion.Promotion
	if err := attributevalue.UnmarshalMap(item, &stored); err != nil || !reflect.DeepEqual(stored, p) {
		t.Errorf("stored and read: %v\ngot  %+v\nwant %+v", err, stored, p)
	}

	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var sent promotion.Promotion
	if err := json.Unmarshal(raw, &sent); err != nil {
		t.Fatal(err)
	}
	if sent.Codes.Batch.Secret != nil {
		t.Error("the secret of the batch is in the JSON")
	}
	sent.Codes.Batch.Secret = p.Codes.Batch.Secret
	if !reflect.DeepEqual(sent, p) {
		t.Errorf("sent and read\ngot  %+v\nwant %+v", sent, p)
	}
}
