package subscription_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/invoice"
	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

func TestTheTaxOfAnInvoiceIsInItsLines(t *testing.T) {
	t.Parallel()
	h := open(t, starting(plan(Membership, 11000, setup(5500))), seoul("2026-03-10 09:00"))
	inv := h.invoices[Key("sub_1", 1)]
	if inv.Total != 16500 || len(inv.Lines) != 2 ||
		!slices.Equal(inv.Taxes, []invoice.TaxLine{{RateBP: 1000, Gross: 16500, Tax: 1500}}) {
		t.Errorf("%+v", inv)
	}
	if inv.Lines[0].From != "2026-03-10" || inv.Lines[0].To != "2026-04-10" {
		t.Errorf("line %+v", inv.Lines[0])
	}
}

func TestWhatIsToCome(t *testing.T) {
	t.Parallel()
	box := plan(Box, 20000, prepaid(3))
	h := open(t, starting(box), seoul("2026-03-10 09:00"))
	up := h.s.Upcoming(2)
	if len(up) != 2 || up[0].On != "2026-06-10" || up[0].Amount.Amount != 60000 || up[1].On != "2026-09-10" {
		t.Errorf("payments %+v", up)
	}
	soap := open(t, starting(plan(Replenishment, 5000, every(2, Week))), seoul("2026-03-10 09:00"))
	before := seoul("2026-05-01 00:00")
	parcels := slices.Concat(h.s.Parcels(before), soap.s.Parcels(before))
	edition := func(d civil.Date) []Item {
		e, _ := box.EditionOn(d)
		return e.Contents
	}
	want := []Need{{"var_soap", 6}, {"var_tea", 1}}
	if got := StockNeeded(parcels, edition); !slices.Equal(got, want) {
		t.Errorf("needed %+v, want %+v", got, want)
	}
	h.do(Cancel{}, seoul("2026-03-11 09:00"))
	if up := h.s.Upcoming(5); len(up) != 0 {
		t.Errorf("a canceled one still pays %+v", up)
	}
}

func TestAQuoteIsWhatHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := life(t, 0)
		if h.s.State == Ended {
			return
		}
		at := h.s.Due.Add(-1)
		c := anyCommand(t, h.s, at)
		q, err := h.s.Quote(c, at)
		cash := h.cash()
		if tried := h.try(c, at); (err == nil) != (tried == nil) {
			t.Fatalf("quote says %v, the command %v", err, tried)
		}
		if err == nil && h.cash() != cash+q.Now.Amount-q.Refund.Amount {
			t.Fatalf("%T: quote %+v, taken %d\n%s", c, q, h.cash()-cash, h.story())
		}
	})
}
