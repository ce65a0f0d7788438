package subscription_test

import (
	"testing"
	"time"

	. "dangol/shared/subscription"
)

// TestHowLongAMembershipLastsIfNobodyTouchesItAgain says what each state gives, and for how long at most.
func TestHowLongAMembershipLastsIfNobodyTouchesItAgain(t *testing.T) {
	t.Parallel()
	const start = "2026-03-10 09:00" // the paid days end with 2026-04-09
	until := func(at string) func(*shop) { return func(h *shop) { h.until(seoul(at)) } }
	do := func(c Command, at string) func(*shop) { return func(h *shop) { h.do(c, seoul(at)) } }
	agree := func(h *shop) { h.do(yes(h.s), seoul("2026-03-15 10:00")) }
	bank := func(o ...outcome) []func(*shop) { return []func(*shop){answering(o...)} }
	monthly := plan(Membership, 31000)
	for _, c := range []struct {
		name  string
		plan  *Plan
		bank  []func(*shop)
		steps []func(*shop)
		want  string // "" is no membership
	}{
		{"paid: eight days beyond the paid days, as for one who cannot pay", monthly, nil, nil, "2026-04-18 10:00"},
		{"by the plan's own days", plan(Membership, 31000,
			func(p *Plan) { p.Policy.Dunning = Dunning{MoneyDays: []int{1}, SuspendDays: 3, CancelDays: 5} }),
			nil, nil, "2026-04-13 10:00"},
		{"a trial without consent: to its end", plan(Membership, 31000, trial(14)), nil, nil, "2026-03-24 00:00"},
		{"a trial with consent goes on", plan(Membership, 31000, trial(14)), nil, []func(*shop){agree}, "2026-04-01 10:00"},
		{"a trial of what is free goes on", plan(Membership, 0, trial(14)), nil, nil, "2026-04-01 10:00"},
		{"the renewal is being paid: still those eight days", monthly, bank(success, swallow),
			[]func(*shop){until("2026-04-10 00:01")}, "2026-04-18 10:00"},
		{"renewed: a month more", monthly, nil, []func(*shop){until("2026-04-10 00:01")}, "2026-05-18 10:00"},
		{"a run that was eight days late met an ill machine: until the next attempt", monthly, bank(success, ill),
			[]func(*shop){func(h *shop) { h.late(seoul("2026-04-18 09:58")) }}, "2026-04-18 10:03"},
		{"past due: until the day on which it is suspended", monthly, bank(success, poor, poor, poor, poor, poor),
			[]func(*shop){until("2026-04-12 00:00")}, "2026-04-18 10:00"},
		{"suspended: nothing", monthly, bank(success, poor, poor, poor, poor, poor), []func(*shop){until("2026-04-18 10:00")},
			""},
		{"recovered: all of it again", monthly, bank(success, poor, poor, poor, poor, poor),
			[]func(*shop){until("2026-04-18 10:00"), do(ChangeCard{Card: Card{Token: "card_2"}}, "2026-04-19 10:00")},
			"2026-05-18 10:00"},
		{"canceled: to the end of the paid days", monthly, nil, []func(*shop){do(Cancel{}, "2026-03-20 10:00")},
			"2026-04-10 00:00"},
		{"canceled within the minimum term: beyond, because a payment follows", plan(Membership, 31000, minimum(3)), nil,
			[]func(*shop){do(Cancel{}, "2026-03-20 10:00")}, "2026-04-18 10:00"},
		{"canceled and reactivated", monthly, nil,
			[]func(*shop){do(Cancel{}, "2026-03-20 10:00"), do(Reactivate{}, "2026-03-21 10:00")},
			"2026-04-18 10:00"},
		{"canceled with prepaid cycles left", plan(Membership, 31000, prepaid(3)), nil,
			[]func(*shop){do(Cancel{}, "2026-03-20 10:00")},
			"2026-04-18 10:00"},
		{"a pause is planned: to the end of the paid days", monthly, nil,
			[]func(*shop){do(Pause{Until: "2026-06-20"}, "2026-03-20 10:00")},
			"2026-04-10 00:00"},
		{"paused: nothing", monthly, nil,
			[]func(*shop){do(Pause{Until: "2026-06-20"}, "2026-03-20 10:00"), until("2026-04-11 00:00")}, ""},
		{"the first payment is on its way: nothing", monthly, bank(swallow), nil, ""},
		{"ended", monthly, bank(lost), nil, ""},
		{"a subscription to goods", plan(Replenishment, 12000), nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(c.plan), seoul(start), c.bank...)
			for _, step := range c.steps {
				step(h)
			}
			got, ok := h.s.Membership("단골")
			if ok != (c.want != "") {
				t.Fatalf("%s gives %+v %v", h.s.State, got, ok)
			}
			if !ok {
				return
			}
			if !got.Until.Equal(seoul(c.want)) {
				t.Errorf("%s lasts until %s, want %s in Seoul", h.s.State, got.Until.Add(9*time.Hour).Format("2006-01-02 15:04"),
					c.want)
			}
			last := got.Until.Add(-time.Nanosecond)
			if h.s.InForce(last) != c.plan.Benefits || h.s.InForce(got.Until) != (Benefits{}) ||
				!got.Since.Equal(seoul(start)) ||
				got.PlanID != c.plan.ID || got.Title != "단골" || got.State != string(h.s.State) || got.SubscriptionID != "sub_1" {
				t.Errorf("%+v; in force %+v, then %+v", got, h.s.InForce(last), h.s.InForce(got.Until))
			}
		})
	}
}

func TestAnUpgradeBringsItsBenefitsWithItsPayment(t *testing.T) {
	t.Parallel()
	gold := plan(Membership, 60000, named("gold"))
	gold.Benefits.PercentOffBP = 2000
	h := open(t, starting(plan(Membership, 30000)), seoul("2026-03-10 09:00"))
	h.do(Upgrade{Terms: terms(gold, 1)}, seoul("2026-03-20 10:00"))
	if got, _ := h.s.Membership(""); got.PlanID != "gold" || got.Benefits.PercentOffBP != 2000 {
		t.Errorf("%+v", got)
	}
}

func TestACanceledTrialEndsWithoutAChargeWhateverTheMinimumTerm(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 31000, trial(14), minimum(3))), seoul("2026-03-10 09:00"))
	h.do(Cancel{}, seoul("2026-03-12 10:00"))
	h.until(seoul("2026-05-30 00:00"))
	if h.s.State != Ended || len(h.invoices) != 0 {
		t.Errorf("it is %s with %d invoices\n%s", h.s.State, len(h.invoices), h.story())
	}
}
