package subscription_test

import (
	"testing"

	. "dangol/shared/subscription"
)

func TestChangesOfPlan(t *testing.T) {
	t.Parallel()
	april := seoul("2026-04-01 09:00")
	gold := terms(plan(Membership, 60000, named("gold")), 1)
	t.Run("upgrade in mid-period: the day of the change is the new plan's, and the difference is charged now",
		func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 30000)), april)
			q, err := h.s.Quote(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
			if err != nil || q.Now.Amount != 15000 || len(q.Lines) != 2 || q.NextPayment != "2026-05-01" ||
				q.NextAmount.Amount != 60000 {
				t.Fatalf("quote %+v, %v", q, err)
			}
			h.do(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
			if h.cash() != 45000 || h.s.Terms.PlanID != "gold" || h.s.Span.Opens != "2026-04-16" {
				t.Errorf("taken %d, plan %s from %s", h.cash(), h.s.Terms.PlanID, h.s.Span.Opens)
			}
			h.until(seoul("2026-05-01 00:00"))
			h.balances()
		})
	t.Run("an upgrade that is not paid does not happen", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april, answering(success, poor))
		h.do(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
		wantState(t, h, Active)
		if h.s.Terms.PlanID == "gold" || len(h.notices) == 0 || h.s.Open != nil {
			t.Errorf("plan %s", h.s.Terms.PlanID)
		}
		h.until(seoul("2026-05-02 00:00"))
		h.tiles()
		h.balances()
	})
	t.Run("a move while the upgrade is being paid counts for it too", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april, answering(success, tookMute))
		h.do(Upgrade{Terms: gold}, seoul("2026-04-16 23:00"))
		h.do(Move{Zone: "Europe/Berlin", Region: "DE"}, seoul("2026-04-16 23:01"))
		wantCode(t, h.try(Pause{Until: "2026-06-01"}, seoul("2026-04-16 23:02")), "payment_running")
		h.until(seoul("2026-04-17 00:00"))
		if h.s.Anchor.Zone != "Europe/Berlin" || h.s.Terms.PlanID != "gold" {
			t.Errorf("%s in %s", h.s.Terms.PlanID, h.s.Anchor.Zone)
		}
	})
	t.Run("from a dear year to a month the rest is credit, and the invoice stops at 0", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 365000, every(1, Year))), seoul("2026-01-01 09:00"))
		monthly := terms(plan(Membership, 31000, named("month"), every(1, Month)), 1)
		h.do(Upgrade{Terms: monthly}, seoul("2026-01-02 09:00"))
		if h.s.Credit != 364000-31000 || h.cash() != 365000 {
			t.Fatalf("credit %d, taken %d", h.s.Credit, h.cash())
		}
		h.until(seoul("2026-02-02 09:00"))
		if h.s.Credit != 364000-62000 || h.cash() != 365000 || len(h.charges) != 1 {
			t.Errorf("credit %d, taken %d in %d charges", h.s.Credit, h.cash(), len(h.charges))
		}
		h.balances()
	})
	t.Run("downgrade: nothing now, the lower price at the end of the period", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 60000, named("gold"))), april)
		q, err := h.s.Quote(Downgrade{Terms: terms(plan(Membership, 30000), 1)}, seoul("2026-04-10 10:00"))
		if err != nil || q.Now.Amount != 0 || q.NextPayment != "2026-05-01" || q.NextAmount.Amount != 30000 {
			t.Fatalf("quote %+v, %v", q, err)
		}
		h.do(Downgrade{Terms: terms(plan(Membership, 30000), 1)}, seoul("2026-04-10 10:00"))
		h.until(seoul("2026-05-01 10:00"))
		if h.cash() != 90000 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("a downgrade from month to year keeps the 31st", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 60000)), seoul("2026-01-31 10:00"))
		h.do(Downgrade{Terms: terms(plan(Membership, 300000, named("year"), every(1, Year)), 1)}, seoul("2026-02-01 10:00"))
		h.until(seoul("2026-03-01 10:00"))
		if h.s.Span.Closes != "2027-02-28" || h.s.Anchor.Day != 31 {
			t.Errorf("span %+v, anchor %+v", h.s.Span, h.s.Anchor)
		}
	})
	t.Run("more units are an upgrade, fewer wait for the end", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april)
		h.do(ChangeQuantity{3}, seoul("2026-04-16 10:00"))
		if h.cash() != 30000+30000 {
			t.Fatalf("taken %d", h.cash())
		}
		h.do(ChangeQuantity{1}, seoul("2026-04-17 10:00"))
		h.until(seoul("2026-05-01 10:00"))
		if h.cash() != 90000 {
			t.Errorf("taken %d", h.cash())
		}
	})
	t.Run("refused: another kind, another currency, the same price, too many", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 30000)), april)
		wantCode(t, h.try(Upgrade{Terms: terms(plan(Box, 90000), 1)}, april), "other_kind")
		dollars := gold
		dollars.Currency = "USD"
		wantCode(t, h.try(Upgrade{Terms: dollars}, april), "other_currency")
		wantCode(t, h.try(Upgrade{Terms: terms(plan(Membership, 30000), 1)}, april), "not_an_upgrade")
		wantCode(t, h.try(Downgrade{Terms: gold}, april), "not_a_downgrade")
		wantCode(t, h.try(ChangeQuantity{101}, april), "invalid_input")
		wantCode(t, h.try(Swap{}, april), "not_for_this_plan")
		wantCode(t, h.try(SkipNext{}, april), "not_for_this_plan")
	})
}

func TestChangesOfDate(t *testing.T) {
	t.Parallel()
	start := seoul("2026-03-10 09:00")
	t.Run("a later day: the days between are billed at the price of a day of the period they belong to",
		func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 31000)), start)
			h.do(ChangeDate{To: "2026-04-25"}, seoul("2026-03-20 10:00"))
			h.until(seoul("2026-04-26 10:00"))
			wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-04-10", "2026-04-25")
			if want := int64(31000 + 15*1000 + 31000); h.cash() != want {
				t.Errorf("taken %d, want %d: 15 of the 31 days from 25 March", h.cash(), want)
			}
			h.balances()
		})
	t.Run("an earlier day: what is not used becomes credit", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		h.do(ChangeDate{To: "2026-03-31", Day: 31}, seoul("2026-03-20 10:00"))
		if h.s.Credit != 10*1000 {
			t.Fatalf("credit %d", h.s.Credit)
		}
		h.until(seoul("2026-05-01 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-03-31", "2026-04-30")
		h.balances()
	})
	t.Run("the last day of February stands for the 31st", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), seoul("2026-02-10 09:00"))
		h.do(ChangeDate{To: "2026-02-28", Day: 31}, seoul("2026-02-11 10:00"))
		h.until(seoul("2026-04-01 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-02-10", "2026-02-28", "2026-03-31")
	})
	t.Run("a parcel waits for its new day for nothing", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Box, 20000)), start)
		h.do(ChangeDate{To: "2026-04-25"}, seoul("2026-03-20 10:00"))
		h.until(seoul("2026-04-26 10:00"))
		wantDates(t, h.opens(SpanPaid), "2026-03-10", "2026-04-25")
		if h.cash() != 40000 || len(h.parcels) != 2 {
			t.Errorf("taken %d for %d parcels", h.cash(), len(h.parcels))
		}
	})
	t.Run("refused: today, too far, a day that is not", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 31000)), start)
		for name, c := range map[string]ChangeDate{
			"today": {To: "2026-03-10"}, "too far": {To: "2026-05-11"}, "no date": {To: "2026-02-30"},
			"32": {To: "2026-03-31", Day: 32}, "another day": {To: "2026-03-30", Day: 31},
		} {
			if h.try(c, start) == nil {
				t.Errorf("%s was taken", name)
			}
		}
	})
	t.Run("a move over the date line leaves a daily period empty, not negative", func(t *testing.T) {
		t.Parallel()
		h := open(t, starting(plan(Membership, 1000, every(1, Day)), in("US", "Pacific/Pago_Pago")),
			instant("2026-03-10T12:00:00Z"))
		h.do(Move{Zone: "Pacific/Kiritimati", Region: "KI"}, instant("2026-03-10T13:00:00Z"))
		h.until(instant("2026-03-14T00:00:00Z"))
		h.tiles()
		h.balances()
	})
	t.Run("a move to Los Angeles keeps the end of the running period and closes the next at midnight there",
		func(t *testing.T) {
			t.Parallel()
			h := open(t, starting(plan(Membership, 31000)), start)
			h.do(Move{Zone: "America/Los_Angeles", Region: "US"}, seoul("2026-03-20 10:00"))
			h.until(seoul("2026-04-12 00:00"))
			if got := h.s.Span; !got.Start.Equal(seoul("2026-04-10 00:00")) || !got.End.Equal(instant("2026-05-10T07:00:00Z")) {
				t.Errorf("span %+v", got)
			}
			h.tiles()
		})
}
