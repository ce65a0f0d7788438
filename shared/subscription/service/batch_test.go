package service_test

import (
	"context"
	"sync"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// jobsOf claims what is due, as the sweeper does, and returns the jobs.
func jobsOf(t testing.TB, w *testsubscriptions.Shop) (jobs []due.Job) {
	t.Helper()
	now := w.Clock.Now()
	err := due.Overdue(context.Background(), w.Table, service.DueSubscription, now, func(j due.Job) error {
		jobs = append(jobs, j)
		_, err := due.Claim(context.Background(), w.Table, j, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// dueAtOnce is a shop with so many memberships that renew at the same moment, which has come.
func dueAtOnce(t testing.TB, in *fault.Injector, n int, change ...func(*subscription.Plan)) *testsubscriptions.Shop {
	t.Helper()
	resume := in.Pause()
	defer resume()
	w := testsubscriptions.New(t, in)
	plan := w.CreatePlan(change...)
	for range n {
		if _, _, err := w.Subscribe(context.Background(), w.Unfaulted, w.Subscriber(plan, "pm_card_visa")); err != nil {
			t.Fatal(err)
		}
	}
	at := w.All(t)[0].Sub.Span.End
	w.Until(context.Background(), at.Add(-1))
	w.Clock.MoveTo(at)
	return w
}

func wantPaid(t testing.TB, w *testsubscriptions.Shop, each int) {
	t.Helper()
	for _, r := range w.All(t) {
		if n := len(paid(w.InvoicesOf(t, r.Sub.ID))); n != each {
			t.Errorf("%s has paid %d invoices, want %d; it is %s", r.Sub.ID, n, each, r.Sub.State)
		}
	}
	w.Check(t)
}

func TestABatchBeginsInOneTransaction(t *testing.T) {
	t.Parallel()
	w := dueAtOnce(t, fault.New(fault.Plan{}), 10)
	jobs := jobsOf(t, w)
	ctx, meter := table.Metered(t.Context())
	for i, err := range w.Billing.Jobs(ctx, append(jobs, jobs[3])) {
		if err != nil {
			t.Errorf("job %d: %v", i, err)
		}
	}
	if got := meter.Cost(); len(jobs) != 10 || got.Trips != 12 {
		t.Errorf("%d renewals took %d round trips, want 1 to read, 1 to begin and 10 to note the payments", len(jobs),
			got.Trips)
	}
	wantPaid(t, w, 2)
}

func TestBatchesThatMeetTakeNumbersOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := dueAtOnce(t, fault.New(fault.Plan{}), 24)
	jobs := jobsOf(t, w)
	var all sync.WaitGroup
	for n := range 6 {
		worker, mine := w.Worker(), jobs[n*4:n*4+4]
		all.Go(func() {
			for i, err := range worker.Jobs(t.Context(), mine) {
				if err != nil {
					t.Errorf("job %d of worker %d: %v", i, n, err)
				}
			}
		})
	}
	all.Wait()
	wantPaid(t, w, 2)
}

func TestABatchWithAJobThatIsNoneDoesTheOthers(t *testing.T) {
	t.Parallel()
	w := dueAtOnce(t, fault.New(fault.Plan{}), 2)
	jobs := append(jobsOf(t, w), due.Job{Kind: "other", Key: table.Key{PK: "ELSE#1", SK: "ELSE"}})
	errs := w.Billing.Jobs(t.Context(), jobs)
	if errs[0] != nil || errs[1] != nil || errs[2] == nil {
		t.Errorf("errors %v, want one for the last", errs)
	}
	wantPaid(t, w, 2)
}

// crowd is a batch that a worker gets, with faults; what fails comes again.
type crowd struct{ *testsubscriptions.Shop }

// errors are what is injected
func (c crowd) Run(ctx context.Context)          { c.Billing.Jobs(ctx, jobsOf(c.T, c.Shop)) }
func (c crowd) RunUntilIdle(ctx context.Context) { c.Until(ctx, c.Clock.Now().AddDate(0, 0, 20)) }
func (c crowd) Check(t testing.TB)               { wantPaid(t, c.Shop, 2) }

func TestWhateverBreaksInABatchEachIsChargedOnce(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario { return crowd{dueAtOnce(t, in, 3)} })
}
