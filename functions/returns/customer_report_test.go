package returns

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/order"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

var firstOrder = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// dayOf is so many days after the first order.
func dayOf(n int) time.Time { return firstOrder.AddDate(0, 0, n) }

// ordersOf are so many orders, one a day, the newest first; order n has the id of dayOf(n).
func ordersOf(n int) (ids []string, all []order.Summary) {
	for i := range n {
		ids = append(ids, order.NewID(dayOf(i)))
		all = append([]order.Summary{{ID: ids[i], PlacedAt: dayOf(i)}}, all...)
	}
	return ids, all
}

func TestWhatStandsOutInTheReturnsOfACustomer(t *testing.T) {
	t.Parallel()
	ids, orders := ordersOf(4)
	card := func(n int, state rma.State, reason returnpolicy.Reason) rma.ReturnSummary {
		return rma.ReturnSummary{ID: rma.IDFor(ids[n], 1), State: state, Reason: string(reason), CreatedAt: dayOf(n),
			Currency: "KRW", Value: 10_000}
	}
	again := card(0, rma.Completed, returnpolicy.ChangedMind)
	again.ID = rma.IDFor(ids[0], 2)
	of := func(cards ...rma.ReturnSummary) []rma.ReturnSummary { return cards }
	const half, rejected, fault = "more than half", "rejected", "three in four"
	for _, c := range []struct {
		name    string
		orders  []order.Summary
		returns []rma.ReturnSummary
		notes   []string
	}{
		{"two of four orders", orders, of(card(1, rma.Completed, returnpolicy.Late),
			card(0, rma.Completed, returnpolicy.Late)), nil},
		{"three of four", orders, of(card(2, rma.Completed, returnpolicy.Late), card(1, rma.Completed, returnpolicy.Late),
			card(0, rma.Completed, returnpolicy.Late)), []string{half}},
		{"three of three, which say nothing yet", orders[1:], of(card(2, rma.Completed, returnpolicy.Late),
			card(1, rma.Completed, returnpolicy.Late), card(0, rma.Completed, returnpolicy.Late)), nil},
		{"three returns of two orders", orders, of(card(1, rma.Completed, returnpolicy.Late), again,
			card(0, rma.Completed, returnpolicy.Late)), nil},
		{"one was rejected", orders, of(card(0, rma.Rejected, returnpolicy.Late)), nil},
		{"two were rejected", orders, of(card(1, rma.Rejected, returnpolicy.Late), card(0, rma.Rejected, returnpolicy.Late)),
			[]string{rejected}},
		{"all four name a fault, each another", orders, of(card(3, rma.Completed, returnpolicy.WrongItem),
			card(2, rma.Completed, returnpolicy.MissingParts), card(1, rma.Completed, returnpolicy.NotAsDescribed),
			card(0, rma.Completed, returnpolicy.Damaged)), []string{half, fault}},
		{"three of four name a fault", orders, of(card(3, rma.Completed, returnpolicy.WrongSize),
			card(2, rma.Completed, returnpolicy.Faulty), card(1, rma.Completed, returnpolicy.Faulty),
			card(0, rma.Completed, returnpolicy.Faulty)), []string{half}},
	} {
		got := customerReport("cust-ann", c.orders, c.returns)
		if len(got.Notes) != len(c.notes) {
			t.Errorf("%s: %q, want %q", c.name, got.Notes, c.notes)
			continue
		}
		for i, want := range c.notes {
			if !strings.Contains(got.Notes[i], want) {
				t.Errorf("%s: %q, want %q", c.name, got.Notes[i], want)
			}
		}
	}
}

func TestTheReportOfACustomerCountsWhatCameAfterTheFirstReturn(t *testing.T) {
	t.Parallel()
	ids, orders := ordersOf(5)
	cards := []rma.ReturnSummary{ // the newest first
		{ID: rma.IDFor(ids[3], 1), State: rma.Completed, CreatedAt: dayOf(4), Currency: "USD", Value: 2_500},
		{ID: rma.IDFor(ids[1], 1), State: rma.Rejected, CreatedAt: dayOf(2), Currency: "KRW", Value: 10_000},
		{ID: rma.IDFor(ids[0], 1), State: rma.Completed, CreatedAt: dayOf(2).Add(time.Hour), Currency: "USD", Value: 500},
	}
	r := customerReport("cust-ann", orders, cards)
	got := fmt.Sprint(r.Orders, r.Returns, r.Completed, r.Rejected, r.OrdersAfter, r.Value.Amount, r.Value.Currency)
	// The order of the day of the first return was placed at that moment, and not after it.
	if want := "5 3 2 1 2 3000USD"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	none := customerReport("cust-bob", nil, nil)
	if none.OrdersAfter != 0 || none.Value.Amount != 0 || none.Value.Currency != "KRW" || none.Notes == nil {
		t.Errorf("of nobody: %+v", none)
	}
}

// TestWhoReturnsOnlyWhatIsFaultyIsNotedForAnyFault draws returns with any reasons: the note depends on whether the law
// calls the reason a fault, and on nothing else.
func TestWhoReturnsOnlyWhatIsFaultyIsNotedForAnyFault(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(rapid.SampledFrom(returnpolicy.Reasons), 1, 12).Draw(t, "reasons")
		ids, orders := ordersOf(len(drawn))
		faults := 0
		var cards []rma.ReturnSummary
		for i, reason := range drawn {
			if reason.Fault() {
				faults++
			}
			cards = append(cards, rma.ReturnSummary{ID: rma.IDFor(ids[i], 1), Reason: string(reason), CreatedAt: dayOf(i)})
		}
		noted := strings.Contains(fmt.Sprint(customerReport("cust-ann", orders, cards).Notes), "name a fault")
		if want := len(drawn) >= 4 && faults*4 > len(drawn)*3; noted != want {
			t.Fatalf("%d of %d returns name a fault, noted %v", faults, len(drawn), noted)
		}
	})
}
