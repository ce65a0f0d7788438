package promotion_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/membership"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// regular is somebody with a membership that takes nothing off.
var regular = member("regular", membership.Benefits{PointsTimes: 2})

func member(plan string, b membership.Benefits, more ...membership.Plan) membership.Member {
	return append(membership.Member{{ID: plan, Title: strings.ToUpper(plan), Benefits: b}}, more...)
}

func takesOff(basisPoints int64) membership.Benefits {
	return membership.Benefits{PercentOffBP: basisPoints}
}

// account says what an outcome took off, by whom: "promotion 500, membership:regular:discount 1000".
func account(o promotion.Outcome) string {
	var parts []string
	for _, a := range o.Applied {
		parts = append(parts, fmt.Sprint(a.PromotionID, " ", a.Amount))
	}
	return strings.Join(parts, ", ")
}

// TestAMembersDiscountNextToPromotions has a row for each pair of rules.
func TestAMembersDiscountNextToPromotions(t *testing.T) {
	t.Parallel()
	const ours, ships = "membership:plan:discount", "membership:plan:shipping"
	tenth := member("plan", takesOff(1_000))
	sparing := member("plan", membership.Benefits{PercentOffBP: 1_000, ExcludeSaleItems: true})
	shipper := member("plan", membership.Benefits{FreeShipping: true})
	both := member("plan", membership.Benefits{PercentOffBP: 1_000, FreeShipping: true})
	goods := basket(line("a", 1, 10_000), line("b", 2, 5_000))
	sent := basket(line("a", 1, 10_000, shipped))
	along := with(promotion.Order)
	for _, tc := range []struct {
		name string
		who  membership.Member
		b    pricing.Basket
		from []promotion.Promotion
		want string
	}{
		{"alone", tenth, goods, nil, ours + " 2000"},
		{"on what a promotion left that goes along with order discounts", tenth, goods,
			[]promotion.Promotion{won("w", 5_000, along)},
			"w 5000, " + ours + " 1500"},
		{"its turn is last whatever the priority", tenth, goods,
			[]promotion.Promotion{won("w", 5_000, along, priority(-1_000_000))},
			"w 5000, " + ours + " 1500"},
		{"a promotion that goes along with nothing and gives more takes its place", tenth, goods,
			[]promotion.Promotion{won("w", 5_000)}, "w 5000"},
		{"one that gives less does not", tenth, goods, []promotion.Promotion{won("w", 1_000)}, ours + " 2000"},
		{"a product discount of one line that goes along with nothing gives way to it", tenth, goods,
			[]promotion.Promotion{percent("p", 1_500, class(promotion.Product), on("a"))}, ours + " 2000"},
		{"what goes along stays when what does not has to go", tenth, goods,
			[]promotion.Promotion{won("w", 1_000, along), won("x", 500, priority(1))}, "w 1000, " + ours + " 1900"},
		{"an exclusive promotion that is better applies alone", tenth, goods,
			[]promotion.Promotion{percent("x", 3_000, exclusive)}, "x 6000"},
		{"an exclusive promotion that is worse does not", tenth, goods, []promotion.Promotion{percent("x", 500, exclusive)},
			ours + " 2000"},
		{"a code that would give less is told so", tenth, withCodes(goods, "W"),
			[]promotion.Promotion{won("w", 1_000, code("W"))}, ours + " 2000"},
		{"goods on sale too", tenth, basket(line("a", 1, 10_000, wasAt(12_000)), line("b", 1, 10_000)), nil, ours + " 2000"},
		{"goods on sale are left alone where the plan says so", sparing,
			basket(line("a", 1, 10_000, wasAt(12_000)), line("b", 1, 10_000)), nil,
			ours + " 1000"},
		{"nothing but goods on sale: nothing", sparing, basket(line("a", 1, 10_000, wasAt(12_000))), nil, ""},
		{"what a floor refuses is not taken", tenth, basket(line("a", 1, 10_000, floor(9_900)), line("b", 1, 10_000)), nil,
			ours + " 1100"},
		{"floors everywhere: what they leave", tenth,
			basket(line("a", 1, 10_000, floor(9_900)), line("b", 1, 10_000, floor(9_800))), nil,
			ours + " 300"},
		{"free shipping", shipper, sent, nil, ships + " 3000"},
		{"free shipping where there is nothing to ship", shipper, goods, nil, ""},
		{"free shipping where the shop ships for nothing anyway", shipper, basket(line("a", 1, 50_000, shipped)), nil, ""},
		{"free shipping next to a promotion that goes along with nothing", shipper, sent,
			[]promotion.Promotion{won("w", 1_000)},
			"w 1000, " + ships + " 3000"},
		{"free shipping next to an exclusive promotion", shipper, sent, []promotion.Promotion{won("w", 1_000, exclusive)},
			"w 1000, " + ships + " 3000"},
		{"free shipping hides no exclusive promotion that is better", shipper, sent,
			[]promotion.Promotion{won("w", 4_000), percent("x", 5_000, exclusive)}, "x 5000, " + ships + " 3000"},
		{"free shipping that a promotion gives is the promotion's", shipper, sent, []promotion.Promotion{freeShipping("f")},
			"f 3000"},
		{"both", both, sent, nil, ours + " 1000, " + ships + " 3000"},
		{"both, and a better exclusive promotion: shipping only", both, sent,
			[]promotion.Promotion{won("w", 4_000, exclusive)},
			"w 4000, " + ships + " 3000"},
		{"a discount that would lose the shop's free shipping is left", member("plan", takesOff(100)),
			basket(line("a", 1, 50_000, shipped)), nil, ""},
		{"and is not with free shipping", member("plan", membership.Benefits{PercentOffBP: 100, FreeShipping: true}),
			basket(line("a", 1, 50_000, shipped)), nil, ours + " 500, " + ships + " 3000"},
		{"a promotion for members that keeps a better one out is left", regular, goods, []promotion.Promotion{
			won("m", 500, priority(9), func(p *promotion.Promotion) { p.Conditions.Audience = promotion.Members }),
			won("w", 2_000),
		}, "w 2000"},
		{"points and invitations take nothing off", regular, goods, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := apply(t, tc.b, promotion.Facts{Member: tc.who}, tc.from...)
			if account(got) != tc.want {
				t.Errorf("got %q, want %q", account(got), tc.want)
			}
			if again := pricing.Price(tc.b, shop(t), got.Offers); !reflect.DeepEqual(again, got.Totals) {
				t.Errorf("the offers give %+v\nthe outcome says %+v", again, got.Totals)
			}
			for _, code := range tc.b.Codes {
				if len(got.Refused) != 1 || got.Refused[0].Reason != promotion.BetterOffer {
					t.Errorf("%s is refused as %+v", code, got.Refused)
				}
			}
		})
	}
}

func TestAMembersDiscountHasItsOwnNameAndIsSpreadToTheUnit(t *testing.T) {
	t.Parallel()
	b := basket(line("a", 3, 3_333), line("b", 1, 1))
	for language, want := range map[string]string{"en": "Membership: PLAN", "ko": "멤버십: PLAN"} {
		got := apply(t, b, promotion.Facts{Member: member("plan", takesOff(1_000)), Languages: []string{language}})
		if a := got.Totals.Adjustments; len(a) != 1 || a[0].Name != want || a[0].Amount != 1_000 {
			t.Errorf("%+v", a)
		}
		var units []int64
		for _, l := range got.Totals.Lines {
			units = append(units, l.Units...)
		}
		if slices.Sort(units); !slices.Equal(units, []int64{1, 2_999, 3_000, 3_000}) {
			t.Errorf("the units cost %v", units)
		}
	}
	if plan, ok := promotion.PlanOfBenefit(promotion.BenefitID("plan_01k9:x", "discount")); !ok || plan != "plan_01k9:x" {
		t.Errorf("the plan is %q", plan)
	}
	if _, ok := promotion.PlanOfBenefit("promo_01k9"); ok {
		t.Error("a promotion is taken for a benefit")
	}
}

func TestSeveralMembershipsGiveTheBestOfEach(t *testing.T) {
	t.Parallel()
	low, high := takesOff(500), membership.Benefits{PercentOffBP: 2_000, ExcludeSaleItems: true}
	both := member("low", low, membership.Plan{ID: "high", Benefits: high},
		membership.Plan{ID: "ships", Benefits: membership.Benefits{FreeShipping: true}})
	two := promotion.Facts{Member: member("a", low, membership.Plan{ID: "b", Benefits: takesOff(700)})}
	if got := account(apply(t, basket(line("a", 1, 10_000)), two)); got != "membership:b:discount 700" {
		t.Errorf("of 5 and 7 per cent off the same goods: %q", got)
	}
	for _, tc := range []struct {
		name string
		b    pricing.Basket
		want string
	}{
		{"the higher percentage, not the sum", basket(line("a", 1, 10_000)), "membership:high:discount 2000"},
		{"the lower one where the higher leaves the goods alone", basket(line("a", 1, 10_000, wasAt(11_000))),
			"membership:low:discount 500"},
		{"whichever takes more off together", basket(line("a", 1, 10_000, wasAt(11_000)), line("b", 1, 1_000)),
			"membership:low:discount 550"},
		{"shipping from another", basket(line("a", 1, 10_000, shipped)),
			"membership:high:discount 2000, membership:ships:shipping 3000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := account(apply(t, tc.b, promotion.Facts{Member: both})); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func drawMember(t *rapid.T) membership.Member {
	var m membership.Member
	for n := range rapid.IntRange(1, 3).Draw(t, "memberships") {
		m = append(m, membership.Plan{ID: fmt.Sprint("plan", n), Benefits: membership.Benefits{
			PercentOffBP:     rapid.SampledFrom([]int64{0, 1, 500, 3_333, 10_000}).Draw(t, "percent"),
			ExcludeSaleItems: rapid.Bool().Draw(t, "sparing"), FreeShipping: rapid.Bool().Draw(t, "ships"),
		}})
	}
	return m
}

// drawForMembers makes some of the promotions for members only.
func drawForMembers(t *rapid.T) []promotion.Promotion {
	all := drawPromotions(t)
	for i := range all {
		if rapid.IntRange(0, 3).Draw(t, "audience") == 0 {
			all[i].Conditions.Audience = promotion.Members
		}
	}
	return all
}

func TestBeingAMemberNeverCostsMore(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, set, m := drawBasket(t), promotion.NewSet(drawForMembers(t)), drawMember(t)
		before := set.Apply(b, s, promotion.Facts{}).Totals
		for n := range len(m) {
			after := set.Apply(b, s, promotion.Facts{Member: m[:n+1]}).Totals
			if after.Total > before.Total {
				t.Fatalf("%d before the membership %d, %d with it", before.Total, n+1, after.Total)
			}
			before = after
		}
	})
}

func TestWhatAMemberPaysAddsUp(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, promotions, m := drawBasket(t), drawForMembers(t), drawMember(t)
		o := promotion.NewSet(promotions).Apply(b, s, promotion.Facts{Member: m})
		if again := pricing.Price(b, s, o.Offers); !reflect.DeepEqual(again, o.Totals) {
			t.Fatalf("the offers give %+v\nthe outcome says %+v", again, o.Totals)
		}
		var applied, lines int64
		off := 0
		for _, a := range o.Applied {
			applied += a.Amount
			if _, benefit := promotion.PlanOfBenefit(a.PromotionID); benefit && strings.HasSuffix(a.PromotionID, "discount") {
				off++
			}
		}
		for i, l := range o.Totals.Lines {
			if least := min(b.Lines[i].Floor, l.Unit) * int64(l.Quantity); l.Total < least || l.Total > l.Subtotal {
				t.Fatalf("line %s costs %d of %d, its floor is %d", l.ID, l.Total, l.Subtotal, least)
			}
			lines += l.Discount
		}
		if applied != o.Totals.Discount || lines+o.Totals.ShippingDiscount != applied || o.Totals.Total < 0 || off > 1 {
			t.Fatalf("applied %d, on lines %d, %d percentages, in %+v", applied, lines, off, o.Totals)
		}
		for _, code := range b.Codes {
			used := slices.ContainsFunc(o.Applied, func(a promotion.Applied) bool { return a.Code == code })
			refused := slices.ContainsFunc(o.Refused, func(r promotion.Refused) bool { return r.Code == code && r.Reason != "" })
			if used == refused {
				t.Fatalf("%s: applied %v, refused %v", code, used, refused)
			}
		}
		other := b
		other.Lines = rapid.Permutation(b.Lines).Draw(t, "order")
		if again := promotion.NewSet(rapid.Permutation(promotions).Draw(t, "turns")).Apply(other, s,
			promotion.Facts{Member: m}); again.Totals.Total != o.Totals.Total {
			t.Fatalf("in another order it costs %d, not %d", again.Totals.Total, o.Totals.Total)
		}
	})
}
