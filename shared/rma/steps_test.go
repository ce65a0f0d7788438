package rma_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/rma"
	"dangol/shared/stock"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC) // a Monday in Seoul

// request is a return of three units of one line and one of another.
func request(way rma.ReturnMethod) *rma.RMA {
	return &rma.RMA{
		ID: "ret_1", State: rma.Requested, Country: "KR", Currency: "KRW", Resolution: rma.Exchange, Way: way,
		Lines: []rma.Line{
			{LineID: "soap", Units: []int{0, 1, 2}, Reason: "changed_mind"},
			{LineID: "oil", Units: []int{0}, Reason: "faulty"},
		},
		Swap: rma.Swap{Taken: []stock.Allocation{{VariantID: "var_1", Quantity: 4}}}, CreatedAt: noon,
	}
}

// all is everything of a request, arrived in good state.
var all = map[string]rma.Count{"soap": {Good: 3}, "oil": {Good: 1}}

// steps are what can be done to a return, by name; each answers whether it was refused.
var steps = map[string]func(*rma.RMA, time.Time) error{
	"approve": func(r *rma.RMA, now time.Time) error { return r.Approve(14, rma.ByShop, now) },
	"reject":  func(r *rma.RMA, now time.Time) error { return r.Reject("no", nil, rma.ByShop, now) },
	"book": func(r *rma.RMA, now time.Time) error {
		return r.Book(rma.Shipment{TrackingNumber: "1"}, rma.ByShop, now)
	},
	"send": func(r *rma.RMA, now time.Time) error {
		_, err := r.HandOver(rma.Shipment{}, rma.ByCustomer, now)
		return err
	},
	"receive":  func(r *rma.RMA, now time.Time) error { return r.Receive(all, rma.ByShop, now) },
	"inspect":  func(r *rma.RMA, now time.Time) error { return r.Inspect(nil, rma.ByShop, now) },
	"ask":      func(r *rma.RMA, now time.Time) error { return r.RequestBalance(now) },
	"complete": func(r *rma.RMA, now time.Time) error { return r.Complete(rma.Figures{Refund: 1}, rma.ByShop, now) },
	"cancel": func(r *rma.RMA, now time.Time) error {
		_, err := r.Cancel(rma.ByCustomer, now)
		return err
	},
	"cancel by the shop": func(r *rma.RMA, now time.Time) error {
		_, err := r.Cancel(rma.ByShop, now)
		return err
	},
}

func TestEachStepIsTakenFromItsStatesOnly(t *testing.T) {
	t.Parallel()
	from := map[string][]rma.State{
		"approve": {rma.Requested}, "reject": {rma.Requested, rma.Received, rma.Inspected},
		"book": {rma.Approved, rma.Booked}, "send": {rma.Approved, rma.Booked, rma.InTransit},
		"receive": {rma.Approved, rma.Booked, rma.InTransit, rma.Received}, "inspect": {rma.Received},
		"ask": {rma.Inspected}, "complete": {rma.Inspected, rma.AwaitingPayment},
		"cancel":             {rma.Requested, rma.Approved, rma.Booked, rma.Canceled},
		"cancel by the shop": {rma.Requested, rma.Approved, rma.Booked, rma.InTransit, rma.Canceled},
	}
	for name, step := range steps {
		for _, state := range rma.States {
			r := request(rma.Label)
			r.State = state
			err := step(r, noon)
			if want := slices.Contains(from[name], state); (err == nil) != want {
				t.Errorf("%s in %s: %v, want it allowed: %v", name, state, err, want)
			}
			if err != nil && (problem.Code(err) != "return_state" || r.State != state) {
				t.Errorf("%s in %s: %v, and the state became %s", name, state, err, r.State)
			}
		}
	}
}

func TestGoodsThatStayWithTheCustomerAreNeitherBookedNorSentNorReceived(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"book", "send", "receive"} {
		r := request(rma.Stays)
		r.State = rma.Approved
		if err := steps[name](r, noon); problem.Code(err) != "return_state" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := request(rma.Stays)
	r.State = rma.Approved
	if err := steps["complete"](r, noon); err != nil {
		t.Errorf("completed without a parcel: %v", err)
	}
}

func TestWhatArrivesIsCountedUpToWhatWasAnnounced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		counts []map[string]rma.Count
		code   string
	}{
		{"in two parcels", []map[string]rma.Count{{"soap": {Good: 1}}, {"soap": {Damaged: 1, Wrong: 1}}}, ""},
		{"one too many", []map[string]rma.Count{{"soap": {Good: 4}}}, "invalid_input"},
		{"one too many in the second parcel", []map[string]rma.Count{{"soap": {Good: 3}}, {"soap": {Wrong: 1}}},
			"invalid_input"},
		{"less than nothing", []map[string]rma.Count{{"soap": {Good: 2, Damaged: -1}}}, "invalid_input"},
		{"nothing", []map[string]rma.Count{{"soap": {}}}, "invalid_input"},
		{"another line", []map[string]rma.Count{{"towel": {Good: 1}}}, "invalid_input"},
	} {
		r := request(rma.Label)
		r.State = rma.Booked
		var err error
		for _, counts := range c.counts {
			err = r.Receive(counts, rma.ByShop, noon)
		}
		if problem.Code(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
}

func TestTheInspectionAcceptsAtMostWhatArrived(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		result map[string]rma.Result
		ok     bool
	}{
		{"everything as it arrived", nil, true},
		{"less", map[string]rma.Result{"soap": {Accepted: 1, Grade: "B", Restocked: 1}}, true},
		{"a fee for damage", map[string]rma.Result{"soap": {Accepted: 2, DamageFee: 500, WriteOff: 2}}, true},
		{"more than arrived", map[string]rma.Result{"soap": {Accepted: 3}}, false},
		{"a fee for damage on a fault", map[string]rma.Result{"oil": {Accepted: 1, DamageFee: 500}}, false},
		{"a fee that is negative", map[string]rma.Result{"soap": {Accepted: 1, DamageFee: -1}}, false},
		{"more restocked than arrived", map[string]rma.Result{"soap": {Accepted: 2, Restocked: 2, WriteOff: 2}}, false},
		{"a grade that is none", map[string]rma.Result{"soap": {Accepted: 1, Grade: "E"}}, false},
		{"another line", map[string]rma.Result{"towel": {Accepted: 1}}, false},
		{"a note of 1,000 characters", map[string]rma.Result{"soap": {Accepted: 1, Note: strings.Repeat("가", 1000)}}, true},
		{"a longer note", map[string]rma.Result{"soap": {Accepted: 1, Note: strings.Repeat("가", 1001)}}, false},
	} {
		r := request(rma.Label)
		r.State = rma.Booked
		if err := r.Receive(map[string]rma.Count{"soap": {Good: 1, Damaged: 1, Wrong: 1}, "oil": {Damaged: 1}},
			rma.ByShop, noon); err != nil {
			t.Fatal(err)
		}
		if err := r.Inspect(c.result, rma.ByShop, noon); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatIsSaidOfAParcelHasBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		parcel rma.Shipment
		wrong  string // the pointer, "" when it is taken
	}{
		{"nothing is said of it", rma.Shipment{}, ""},
		{"the longest", rma.Shipment{Carrier: strings.Repeat("가", 40), TrackingNumber: strings.Repeat("1", 60)}, ""},
		{"a longer carrier", rma.Shipment{Carrier: strings.Repeat("가", 41)}, "/carrier"},
		{"a longer number", rma.Shipment{Carrier: "cj", TrackingNumber: strings.Repeat("1", 61)}, "/trackingNumber"},
	} {
		r := request(rma.Own)
		if err := steps["approve"](r, noon); err != nil {
			t.Fatal(err)
		}
		changed, err := r.HandOver(c.parcel, rma.ByCustomer, noon)
		if changed != (c.wrong == "") || c.wrong != "" && problem.From(err).Fields[0].Pointer != c.wrong {
			t.Errorf("%s: %v, %v", c.name, changed, err)
		}
		if c.wrong != "" && r.State != rma.Approved {
			t.Errorf("%s: refused, and the return is %s", c.name, r.State)
		}
	}
}

func TestHeldGoodsOfAnExchangeAreSoldWhenTheParcelDoesNotCome(t *testing.T) {
	t.Parallel()
	r := request(rma.Own)
	for _, name := range []string{"approve", "send"} {
		if err := steps[name](r, noon); err != nil {
			t.Fatal(err)
		}
	}
	end := noon.Add(rma.ArriveWithin)
	if got := r.DueAt(end.Add(-time.Second)); got != rma.Nothing || r.Due.At == 0 {
		t.Fatalf("before the end %s, due %+v", got, r.Due)
	}
	if got := r.DueAt(end); got != rma.Unhold {
		t.Fatalf("at the end %s", got)
	}
	r.Unheld(end)
	if r.State != rma.InTransit || r.Resolution != rma.Refund || r.Instead != rma.NotArrived || len(r.Swap.Taken) > 0 ||
		r.DueAt(end) != rma.Nothing {
		t.Fatalf("afterwards %+v", r)
	}
	if err := steps["receive"](r, end); err != nil {
		t.Errorf("what arrives later: %v", err)
	}
}

// TestNoOrderOfStepsBreaksAReturn takes steps and lets time pass in any order: an end is final, units are never counted
// twice, the time of the law starts once, and whatever is waited for is in the due index.
func TestNoOrderOfStepsBreaksAReturn(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(steps))
	for name := range steps {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		r, now := request(rapid.SampledFrom([]rma.ReturnMethod{rma.Label, rma.Pickup, rma.Own, rma.Stays}).Draw(t,
			"way")), noon
		r.Opened(rma.ByCustomer, now)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			state, over, refundBy, entries := r.State, r.State.Finished(), r.Deadlines.RefundBy, len(r.Timeline)
			if rapid.Bool().Draw(t, "time passes") {
				now = now.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(t, "hours")) * time.Hour)
				tick(r, now)
			} else if err := steps[rapid.SampledFrom(names).Draw(t, "step")](r, now); err != nil && r.State != state {
				t.Fatalf("%v, and the state went from %s to %s", err, state, r.State)
			}
			if over && r.State != state {
				t.Fatalf("%s became %s", state, r.State)
			}
			if !refundBy.IsZero() && !r.Deadlines.RefundBy.Equal(refundBy) {
				t.Fatalf("the law's time moved from %s to %s", refundBy, r.Deadlines.RefundBy)
			}
			if len(r.Timeline) < entries || len(r.Timeline) > 100 {
				t.Fatalf("%d entries after %d", len(r.Timeline), entries)
			}
			check(t, r, now)
		}
	})
}

// tick does what is due, as the worker does.
func tick(r *rma.RMA, now time.Time) {
	switch r.DueAt(now) {
	case rma.Expire:
		r.Expired(now)
	case rma.Warn:
		r.Warned(now)
	case rma.NoteLate:
		r.WasLate(now)
	case rma.Lapse:
		r.Lapsed(now)
	case rma.Unhold:
		r.Unheld(now)
	default:
		r.Settle()
	}
}

func check(t *rapid.T, r *rma.RMA, now time.Time) {
	for _, l := range r.Lines {
		if l.Count.Total() > len(l.Units) || l.Result.Accepted > l.Count.Good+l.Count.Damaged {
			t.Fatalf("line %+v", l)
		}
	}
	if len(r.AcceptedUnits()) > len(r.Units()) {
		t.Fatalf("%v of %v accepted", r.AcceptedUnits(), r.Units())
	}
	if r.State.Finished() && r.Due.At != 0 {
		t.Fatalf("%s and due at %d", r.State, r.Due.At)
	}
	waits := r.State == rma.AwaitingPayment || r.State == rma.Received && !r.Deadlines.Late
	if waits && r.Due.At == 0 {
		t.Fatalf("%s at %s and nothing is due", r.State, now)
	}
}

// Whatever happens to a return while the provider is asked for a reservation: it stays due at the check of it, until
// the reservation is placed or forgotten.
func TestAReservationWhoseOutcomeIsNotKnownKeepsTheReturnDue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		r := request(rma.Label)
		if err := r.Approve(14, rma.ByShop, now); err != nil {
			t.Fatal(err)
		}
		check := now.Add(time.Minute)
		r.Hold.Attempt.Key = "ret_1-hold-1"
		r.Await(check)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				_ = r.Book(rma.Shipment{Carrier: "cj", TrackingNumber: "1"}, rma.ByShop, now)
			case 1:
				_, _ = r.HandOver(rma.Shipment{}, rma.ByCustomer, now)
			case 2:
				_ = r.Receive(map[string]rma.Count{"soap": {Good: 1}}, rma.ByShop, now)
			case 3:
				_, _ = r.Cancel(rma.ByShop, now)
			case 4:
				_ = r.Reject("used", nil, rma.ByShop, now)
			case 5:
				r.Settle()
			}
			if got := time.UnixMilli(r.At).UTC(); r.Shard == "" || !got.Equal(check) {
				t.Fatalf("a %s return is due at %s, want %s", r.State, got, check)
			}
		}
		r.Hold.Attempt = rma.Attempt{}
		r.Settle()
		if r.State.Finished() && r.Shard != "" {
			t.Fatalf("a %s return is still due", r.State)
		}
	})
}
