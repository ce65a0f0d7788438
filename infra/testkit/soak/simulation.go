// Package soak plays a year of a shop with subscribers in which everything goes wrong now and then: outside calls fail,
// take effect unseen, twice or late, hang longer than a lease, or kill their worker; queue messages come 0 to 3 times
// to workers whose clocks differ; the runs stop for two days, and the clock jumps; subscribers skip, pause, upgrade,
// change cards, cancel and come back. At the end the books have to be right.
//
// One thing happens at a time, in an order drawn from the seed: the same settings play the same year.
package soak

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/subscription/service"
)

// Settings say what year it is.
type Settings struct {
	Subscribers int
	Months      int
	Seed        uint64
	Odds        fault.Odds
	// Open opens the shop, its calls going through the injector.
	Open func(*fault.Injector) *testshop.Shop
	// Progress is told what has happened at the end of each month.
	Progress func(month int, so Report)
}

// Report is what happened.
type Report struct {
	testsubscriptions.Tally
	Jobs    int    // that were handed out
	Copies  [4]int // of messages, by how often they came
	Heard   int    // messages of the bank
	Unheard int    // those that came again
	Outages int
	Jumps   int
	Calls   int
	Faults  map[fault.Mode]int
	Wishes  map[string]int // granted
	Refused map[string]int // by code
}

// Simulation is a year under way.
type Simulation struct {
	*testsubscriptions.Shop
	Settings
	Report
	t       testing.TB
	dice    *rand.Rand
	stage   *fault.Stage
	idle    []*service.Service // processes that wait for work
	started int                // processes
	market  market
	people  map[string]*person // by customer
	byID    map[string]*person // by subscription
	agenda  agenda
	down    time.Time // no runs until then
	calm    bool      // nothing goes wrong any more
}

// skews are how far the clocks of processes are off.
var skews = []time.Duration{0, 90 * time.Second, -20 * time.Second}

// New opens the shop.
func New(t testing.TB, s Settings) *Simulation {
	t.Helper()
	y := &Simulation{
		Settings: s, t: t, dice: rand.New(rand.NewPCG(s.Seed, 1)), people: map[string]*person{}, byID: map[string]*person{},
		Report: Report{Wishes: map[string]int{}, Refused: map[string]int{}},
	}
	at := &lateBound{}
	in := fault.Random(rand.New(rand.NewPCG(s.Seed, 2)), s.Odds, at)
	resume := in.Pause()
	defer resume()
	y.Shop = testsubscriptions.In(s.Open(in))
	at.Clock = y.Clock
	y.stage = fault.NewStage(y.Clock, rand.New(rand.NewPCG(s.Seed, 3)))
	t.Cleanup(y.stage.Close)
	y.DeliverWebhook(y.listen)
	y.market = y.open()
	y.plan()
	return y
}

// lateBound is a clock that is known later.
type lateBound struct{ clock.Clock }

// atOnce is how many requests and batches are worked on at once; those that hang do not count.
const atOnce = 3

// enter lets a process serve one request or batch, as Lambda does: one that waits, else another is started. Who was
// killed does not come back, nor does one in a hundred of the others.
func (y *Simulation) enter(ctx context.Context, serve func(context.Context, *service.Service)) {
	for y.stage.Awake() >= atOnce {
		y.stage.Step()
	}
	var s *service.Service
	if n := len(y.idle); n > 0 && y.dice.IntN(100) > 0 {
		s, y.idle = y.idle[0], y.idle[1:]
	} else {
		s = y.Worker()
		s.Clock, s.Sequential = testsubscriptions.Skewed{Clock: y.Clock, By: skews[y.started%len(skews)]}, true
		y.started++
	}
	y.stage.Enter(ctx, func(ctx context.Context) {
		serve(ctx, s)
		if !fault.Killed(ctx) && len(y.idle) < 2*atOnce {
			y.idle = append(y.idle, s)
		}
	})
}

// listen takes the bank's messages. The bank sends again what is not heard.
func (y *Simulation) listen(ctx context.Context, body []byte, header http.Header) error {
	n, err := y.Service.Provider.ParseWebhook(header, body, y.Clock.Now())
	if err != nil {
		return err
	}
	if err = y.Billing.HandleWebhook(fault.Mortal(ctx), n); err != nil {
		y.Unheard++
		return err
	}
	y.Heard++
	return nil
}

// Run plays the year and the days that follow it, in which nothing more goes wrong, and holds the books against the
// bank.
func (y *Simulation) Run(ctx context.Context) Report {
	y.t.Helper()
	end := testshop.Noon.AddDate(0, y.Months, 0)
	for month := 1; month <= y.Months; month++ {
		y.until(ctx, testshop.Noon.AddDate(0, month, 0))
		y.Calls, y.Report.Faults = y.Shop.Faults.Count()
		if y.Progress != nil {
			y.Progress(month, y.Report)
		}
	}
	y.Shop.Faults.Stop()
	y.calm = true
	y.until(ctx, end.Add(calm))
	y.Tally = y.CheckEach(y.t, y.calendar)
	return y.Report
}

// calm is enough for every unknown charge to be asked about. No day begins anywhere in its last half hour, so nobody is
// in the middle of something.
const calm = 3*24*time.Hour + 90*time.Minute

// until lets everything happen up to an instant.
func (y *Simulation) until(ctx context.Context, end time.Time) {
	y.t.Helper()
	for {
		y.appointments(ctx)
		y.sweep(ctx)
		y.play()
		y.DeliverWebhooks(ctx)
		next, ok := y.next(ctx)
		if !ok || next.After(end) {
			y.Clock.MoveTo(end)
			return
		}
		y.Clock.MoveTo(next)
	}
}

// next is when something more is to happen.
func (y *Simulation) next(ctx context.Context) (first time.Time, ok bool) {
	y.t.Helper()
	earlier := func(at time.Time, there bool) {
		if there && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	earlier(y.agenda.next())
	earlier(y.stage.Wakes())
	at, more, err := due.Next(ctx, y.Table, service.DueSubscription)
	if err != nil {
		y.t.Fatal(err)
	}
	if y.down.After(at) {
		at = y.down
	}
	earlier(at, more)
	return first, ok
}

// sweep hands out what is due, as the sweeper and the queue do.
func (y *Simulation) sweep(ctx context.Context) {
	y.t.Helper()
	now := y.Clock.Now()
	if now.Before(y.down) {
		return
	}
	var jobs []job
	err := due.Overdue(ctx, y.Table, service.DueSubscription, now, func(j due.Job) error {
		jobs = append(jobs, job{j, y.personOf(ctx, j.Key.PK)})
		return nil
	})
	if err != nil {
		y.t.Fatal(err)
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.who.n, b.who.n) })
	var queue []due.Job
	for _, j := range jobs {
		claimed, err := due.Claim(ctx, y.Table, j.Job, now)
		if err != nil {
			y.t.Fatal(err)
		}
		if claimed {
			queue = append(queue, y.copies(j.Job)...)
		}
	}
	y.dice.Shuffle(len(queue), func(a, b int) { queue[a], queue[b] = queue[b], queue[a] })
	for len(queue) > 0 {
		n := min(len(queue), 1+y.dice.IntN(batch))
		of := queue[:n]
		queue = queue[n:]
		y.enter(ctx, func(ctx context.Context, s *service.Service) { s.Jobs(ctx, of) }) // a failed job is due again
	}
}

// batch is how many messages a worker gets at once, at most.
const batch = 10

type job struct {
	due.Job
	who *person
}

// copies is the message of a job as often as it comes.
func (y *Simulation) copies(j due.Job) []due.Job {
	y.Jobs++
	times := 1
	if !y.calm {
		times = []int{0, 1, 1, 1, 1, 1, 1, 2, 2, 3}[y.dice.IntN(10)]
	}
	y.Copies[times]++
	return slices.Repeat([]due.Job{j}, times)
}

// play lets those who are at work finish, all but the hanging ones.
func (y *Simulation) play() {
	for y.stage.Step() {
	}
}
