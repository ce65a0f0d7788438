package membership_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/membership"
)

var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

func held(subscription, plan string, lasts time.Duration, b membership.Benefits) membership.Entitlement {
	return membership.Entitlement{SubscriptionID: subscription, PlanID: plan, Title: plan, Benefits: b,
		Until: noon.Add(lasts)}
}

func TestReadersLookAtTheTimeThemselves(t *testing.T) {
	t.Parallel()
	s := membership.Entitlements{
		held("sub_1", "silver", time.Hour, membership.Benefits{PercentOffBP: 500}),
		held("sub_2", "gold", 2*time.Hour, membership.Benefits{PercentOffBP: 1_000, FreeShipping: true}),
	}
	for _, c := range []struct {
		name  string
		after time.Duration
		plans int
		off   int64
	}{
		{"both", 0, 2, 1_000}, {"to the last instant", time.Hour - 1, 2, 1_000}, {"then the other", time.Hour, 1, 1_000},
		{"then none", 2 * time.Hour, 0, 0},
	} {
		m := s.Member(noon.Add(c.after))
		if len(m) != c.plans || m.Benefits().PercentOffBP != c.off || m.HasPlan() != (c.plans > 0) {
			t.Errorf("%s: %+v", c.name, m)
		}
	}
	m := s.Member(noon)
	if !m.HasPlan("gold") || !m.HasPlan("bronze", "silver") || m.HasPlan("bronze") ||
		s.Member(noon.Add(time.Hour)).HasPlan("silver") {
		t.Errorf("by plan: %+v", m)
	}
}

func TestTwoSubscriptionsToOnePlanCountOnceAndAsLongAsTheLongerOne(t *testing.T) {
	t.Parallel()
	s := membership.Entitlements{
		held("sub_1", "gold", time.Hour, membership.Benefits{PercentOffBP: 1_000}),
		held("sub_2", "gold", 2*time.Hour, membership.Benefits{PercentOffBP: 1_000}),
	}
	if in := s.At(noon); len(in) != 1 || in[0].SubscriptionID != "sub_2" {
		t.Errorf("%+v", in)
	}
}

func TestOfSeveralMembershipsTheBestOfEachBenefitCounts(t *testing.T) {
	t.Parallel()
	of := func(all ...membership.Benefits) membership.Member {
		var m membership.Member
		for _, b := range all {
			m = append(m, membership.Plan{Benefits: b})
		}
		return m
	}
	sparing := membership.Benefits{PercentOffBP: 1_000, ExcludeSaleItems: true}
	for _, c := range []struct {
		name string
		who  membership.Member
		want membership.Benefits
	}{
		{"nobody", nil, membership.Benefits{}},
		{"each from another", of(membership.Benefits{PercentOffBP: 500, PointsTimes: 3},
			membership.Benefits{FreeShipping: true, EarlyAccessHours: 24},
			membership.Benefits{Invitations: true, PointsTimes: 2, EarlyAccessHours: 2}),
			membership.Benefits{PercentOffBP: 500, FreeShipping: true, EarlyAccessHours: 24, PointsTimes: 3, Invitations: true}},
		{"the higher percentage with its rule", of(membership.Benefits{PercentOffBP: 500}, sparing), sparing},
		{"of equal ones the one without", of(sparing, membership.Benefits{PercentOffBP: 1_000}),
			membership.Benefits{PercentOffBP: 1_000}},
	} {
		if got := c.who.Benefits(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if of().PointsTimes() != 1 || of(membership.Benefits{PointsTimes: 5}).PointsTimes() != 5 ||
		of(membership.Benefits{EarlyAccessHours: 2}).EarlyAccess() != 2*time.Hour {
		t.Error("points or early access")
	}
}

func TestTheOrderOfMembershipsDecidesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s membership.Entitlements
		for range rapid.IntRange(0, 5).Draw(t, "memberships") {
			s = append(s, held(rapid.SampledFrom([]string{"sub_1", "sub_2", "sub_3"}).Draw(t, "subscription"),
				rapid.SampledFrom([]string{"a", "b"}).Draw(t, "plan"), time.Duration(rapid.IntRange(-1, 3).Draw(t, "lasts")),
				membership.Benefits{PercentOffBP: rapid.Int64Range(0, 3).Draw(t, "percent"),
					ExcludeSaleItems: rapid.Bool().Draw(t, "sparing")}))
		}
		one := s.Member(noon)
		other := membership.Entitlements(rapid.Permutation(s).Draw(t, "order")).Member(noon)
		if len(one) != len(other) {
			t.Fatalf("%+v and %+v", one, other)
		}
		for i := range one {
			if one[i].ID != other[i].ID {
				t.Fatalf("%+v and %+v", one, other)
			}
		}
	})
}
