package runner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dangol/infra/testkit/system"
)

// boxShop is a shop with a monthly box: one edition until March and from April on, another for March whose goods are
// few.
type boxShop struct {
	*shop
	usual, march, instead string // variants
}

func openBoxes(t *testing.T) boxShop {
	t.Helper()
	b := boxShop{shop: open(t)}
	_, b.usual = b.Product(100, nil)
	_, b.march = b.Product(1, nil)
	_, b.instead = b.Product(2, nil)
	return b
}

// box is a plan for 9,900 won a box that does what is said when the goods are out. prepaid is how many boxes are paid
// at once.
func (b boxShop) box(do string, prepaid int) string {
	edition := func(name, from, variant string) map[string]any {
		return map[string]any{"name": name, "from": from,
			"contents": []any{map[string]any{"variantId": variant, "quantity": 1}}}
	}
	return b.Plan(map[string]any{
		"kind": "box", "prepaid": prepaid, "editions": []any{
			edition("winter", "2026-01-01", b.usual), edition("march", "2027-03-01", b.march),
			edition("spring", "2027-04-01", b.usual),
		},
		"policy": map[string]any{
			"stock":       map[string]any{"do": do, "waitDays": 5},
			"substitutes": []any{map[string]any{"variantId": b.instead, "quantity": 1}},
		},
	})
}

func (b boxShop) left(variant string) string {
	return b.Do(b.Merchant(), "GET", "/stock/"+variant, nil).Field(b.T, "available")
}

// sent is what somebody's orders hold, oldest first.
func (b boxShop) sent(c system.Caller) (variants []string) {
	b.T.Helper()
	var list struct{ Orders []struct{ ID string } }
	b.read(b.Do(c, "GET", "/orders?limit=50", nil), &list)
	for _, o := range slices.Backward(list.Orders) {
		variants = append(variants, b.Do(c, "GET", "/orders/"+o.ID, nil).Field(b.T, "lines.0.variantId"))
	}
	return variants
}

func (s *shop) read(a system.Answer, into any) {
	s.T.Helper()
	if err := json.Unmarshal([]byte(a.Body), into); err != nil {
		s.T.Fatal(err)
	}
}

// money is what the bank has taken from somebody and given back.
func (s *shop) money(customer string) (taken, back int64) {
	for _, e := range s.Payments().Ledger() {
		if e.CustomerID == customer {
			taken, back = taken+e.Captured.Amount, back+e.Refunded.Amount
		}
	}
	return taken, back
}

// TestTheBoxForMarchRunsOutOfStockAndFollowsThePolicy has one box for March and more subscribers than that. Each has a
// box on the 22nd of every month from November on; whoever came a day earlier gets the one.
func TestTheBoxForMarchRunsOutOfStockAndFollowsThePolicy(t *testing.T) {
	t.Parallel()
	b := openBoxes(t)
	b.Subscribe(b.As("early"), b.box("wait", 1), "pm_card_visa")
	b.AdvanceBy(oneDay)
	for name, plan := range map[string]string{
		"wait": b.box("wait", 1), "substitute": b.box("substitute", 1), "skip": b.box("skip", 1),
		"refund":     b.box("refund", 1),
		"ahead-wait": b.box("wait", 6), "ahead-substitute": b.box("substitute", 6), "ahead-skip": b.box("skip", 6),
		"ahead-refund": b.box("refund", 6),
	} {
		b.Subscribe(b.As(name), plan, "pm_card_visa")
	}
	b.advanceTo("2027-03-22T18:00:00")
	b.march24(t)
	b.Do(b.Merchant(), "PUT", "/stock/"+b.march, `{"available":2}`)
	b.advanceTo("2027-05-20T18:00:00")
	b.may20(t)
}

// march24 is how everybody stands when the goods are out.
func (b boxShop) march24(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		who, mail   string
		sent        []string
		taken, back int64
	}{
		{who: "early", sent: []string{b.march}, taken: 5 * 9_900},
		{who: "wait", mail: "품절입니다", taken: 4 * 9_900},
		{who: "substitute", mail: "다른 상품을", sent: []string{b.instead}, taken: 5 * 9_900},
		{who: "skip", mail: "건너뜁니다", taken: 4 * 9_900},
		{who: "refund", mail: "건너뜁니다", taken: 4 * 9_900},
		{who: "ahead-wait", mail: "품절입니다", taken: 6 * 9_900},
		{who: "ahead-substitute", mail: "다른 상품을", sent: []string{b.instead}, taken: 6 * 9_900},
		{who: "ahead-skip", mail: "건너뜁니다", taken: 6 * 9_900},
		{who: "ahead-refund", mail: "돌려 드립니다", taken: 6 * 9_900, back: 9_900},
	} {
		want := append([]string{b.usual, b.usual, b.usual, b.usual}, c.sent...)
		if got := b.sent(b.As(c.who)); !slices.Equal(got, want) {
			t.Errorf("%s was sent %v by March, want %v", c.who, got, want)
		}
		if taken, back := b.money(c.who); taken != c.taken || back != c.back {
			t.Errorf("%s paid %d and got %d back by March, want %d and %d", c.who, taken, back, c.taken, c.back)
		}
		if c.mail != "" && b.mailsWith(c.who, c.mail) != 1 {
			t.Errorf("%s has the mails %v, want one that says %s", c.who, b.Subjects(c.who+"@example.com"), c.mail)
		}
	}
	if left := []string{b.left(b.march), b.left(b.instead)}; !slices.Equal(left, []string{"0", "0"}) {
		t.Errorf("%v boxes for March and substitutes are left", left)
	}
}

// may20 is how everybody stands after the goods came back in time for those who wait, and April's box.
func (b boxShop) may20(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		who   string
		boxes int
		march string
		taken int64
	}{
		{who: "early", boxes: 6, march: b.march, taken: 6}, {who: "wait", boxes: 6, march: b.march, taken: 6},
		{who: "substitute", boxes: 6, march: b.instead, taken: 6}, {who: "skip", boxes: 5, taken: 5},
		{who: "refund", boxes: 5, taken: 5},
		{who: "ahead-wait", boxes: 6, march: b.march, taken: 6},
		{who: "ahead-substitute", boxes: 6, march: b.instead, taken: 6},
		{who: "ahead-skip", boxes: 5, taken: 6}, {who: "ahead-refund", boxes: 5, taken: 6},
	} {
		got := b.sent(b.As(c.who))
		if len(got) != c.boxes || c.march != "" && got[4] != c.march || got[len(got)-1] != b.usual {
			t.Errorf("%s was sent %v by May, want %d with %s for March", c.who, got, c.boxes, c.march)
		}
		if taken, _ := b.money(c.who); taken != c.taken*9_900 {
			t.Errorf("%s paid %d by May, want %d boxes", c.who, taken, c.taken)
		}
	}
	if left := b.left(b.march); left != "0" {
		t.Errorf("%s boxes for March are left of 2 that two were waiting for", left)
	}
	b.advanceTo("2027-05-23T18:00:00")
	// What was left out of six paid boxes is sent in May, and what was given back is not: that subscriber pays for the
	// next six.
	if taken, _ := b.money("ahead-skip"); len(b.sent(b.As("ahead-skip"))) != 6 || taken != 6*9_900 {
		t.Errorf("the box moved to the end: %v for %d", b.sent(b.As("ahead-skip")), taken)
	}
	if taken, back := b.money("ahead-refund"); taken != 12*9_900 || back != 9_900 {
		t.Errorf("whoever got one box back paid %d, back %d", taken, back)
	}
	for key, n := range charges(b.Runner) {
		if n != 1 {
			t.Errorf("%s was charged %d times", key, n)
		}
	}
	if all := strings.Join(b.Subjects("wait@example.com"), "\n"); strings.Count(all, "품절") != 1 {
		t.Errorf("whoever waits is told once, not each day: %s", all)
	}
}
