package report_test

import (
	"reflect"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/subscription/report"
	"dangol/shared/subscription/service"
)

// hasty is a clock on which every look takes longer than a slice of a walk may.
type hasty struct{ *clock.Movable }

func (h hasty) Now() time.Time { return h.Advance(15 * time.Second) }

// variety is a shop with some members and subscribers of goods, one of whom has left.
func variety(t *testing.T) *testsubscriptions.Shop {
	t.Helper()
	w := testsubscriptions.New(t, fault.New(fault.Plan{}))
	subscribe := func(p *service.Plan, card string) {
		if _, _, err := w.Subscribe(t.Context(), w.Billing, w.Subscriber(p, card)); err != nil {
			t.Fatal(err)
		}
	}
	member := w.CreatePlan()
	for range 6 {
		subscribe(member, "pm_card_visa")
	}
	w.Clock.MoveTo(w.All(t)[0].Sub.Span.End)
	subscribe(w.CreatePlan(testsubscriptions.Sends(w.Sell(testshop.ProductSpec{Units: 9}), 2)), "pm_card_visa")
	subscribe(w.CreatePlan(), "pm_card_sandbox_chargeCustomerFailLost")
	return w
}

func reportsOf(w *testsubscriptions.Shop) report.Reports { return report.Reports{Service: w.Unfaulted} }

var lately = report.Query{Currency: "KRW", From: testshop.Noon.AddDate(0, 0, -1),
	To: testshop.Noon.AddDate(0, 0, 9), Days: 40}

func TestAReportAddedUpInSlicesIsTheOneAddedUpAtOnce(t *testing.T) {
	t.Parallel()
	w := variety(t)
	want, err := reportsOf(w).Get(t.Context(), lately)
	if err != nil || !want.Ready {
		t.Fatalf("at once: %+v, %v", want, err)
	}
	if want.Movement.New != 60_000 || want.States["active"] != 7 || want.Renewals == 0 || len(want.Needs) != 1 {
		t.Errorf("figures %+v", want.Figures)
	}
	if err := reportsOf(w).Request(t.Context(), lately); err != nil {
		t.Fatal(err)
	}
	if early, err := reportsOf(w).Get(t.Context(), lately); err != nil || early.Ready {
		t.Fatalf("before the worker: %+v, %v", early, err)
	}
	slow := w.Worker()
	slow.Clock = hasty{w.Clock}
	worker := report.Reports{Service: slow}
	slices := 0
	for job := range reportJobs(t, w) {
		slices++
		for range 2 { // a message may come twice
			if err := worker.Continue(t.Context(), job.Key); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := reportsOf(w).Get(t.Context(), lately)
	if err != nil || !got.Ready || slices < 3 {
		t.Fatalf("after %d slices: %+v, %v", slices, got, err)
	}
	if !reflect.DeepEqual(got.Figures, want.Figures) {
		t.Errorf("in slices %+v\nat once %+v", got.Figures, want.Figures)
	}
}

// reportJobs yields what is due of reports, until nothing is.
func reportJobs(t *testing.T, w *testsubscriptions.Shop) func(func(due.Job) bool) {
	return func(yield func(due.Job) bool) {
		for found := true; found; {
			found = false
			err := due.Overdue(t.Context(), w.Table, report.Due, w.Clock.Now(), func(j due.Job) error {
				if !found {
					found = yield(j)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAReportIsAddedUpAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	w := variety(t)
	if err := reportsOf(w).Request(t.Context(), lately); err != nil {
		t.Fatal(err)
	}
	work := func() (n int) {
		for job := range reportJobs(t, w) {
			n++
			if err := reportsOf(w).Continue(t.Context(), job.Key); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	read := func() report.Report {
		r, err := reportsOf(w).Get(t.Context(), lately)
		if err != nil || !r.Ready {
			t.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	work()
	first := read()
	w.Clock.Advance(time.Hour)
	if read(); work() != 0 {
		t.Error("figures of an hour ago are added up again")
	}
	w.Clock.Advance(time.Minute)
	if again := read(); !again.AsOf.Equal(first.AsOf) {
		t.Errorf("older figures are not given while others are being made: %s", again.AsOf)
	}
	if work() == 0 || !read().AsOf.After(first.AsOf) {
		t.Error("older figures are not added up again")
	}
}
