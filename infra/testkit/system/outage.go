package system

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/fault"
	"dangol/shared/platform/api"
	"dangol/shared/platform/table"
)

// outagesOfWrite is how many failures a route that writes meets: each needs things of its own. Reading routes meet the
// failure of every call.
var outagesOfWrite = flag.Int("outages", 1, "failures of the database for each route that writes")

// failing puts the injector between the function and its tables, after what the test itself puts there.
func (f Function) failing(faults *fault.Injector) func(*runner.Options) {
	return func(o *runner.Options) {
		before := o.WrapDB
		o.WrapDB = func(function string, db table.DB) table.DB {
			if function == f.Spec.Name {
				db = faults.DB(db)
			}
			if before != nil {
				db = before(function, db)
			}
			return db
		}
	}
}

// outages lets calls of a route to the database fail, be throttled, meet a transaction, lose their answer or happen
// twice. The answer is 503 with a time to try again, or the one without the failure; and the same request, sent again,
// gets what it would have got without the failure.
func (f Function) outages(t *testing.T, s *Shop, faults *fault.Injector) {
	t.Helper()
	played := 0
	for _, route := range f.Spec.API.(*api.Service).Routes() {
		q, ok := f.Routes[route.ID]
		if !ok || route.Access == api.Signed {
			continue
		}
		sum := fnv.New64a()
		sum.Write([]byte(route.ID))
		dice := rand.New(rand.NewPCG(*hostileSeed, sum.Sum64()))
		o := outage{s: s, faults: faults, route: route, q: q}
		want, calls := o.undisturbed()
		plans := plansFor(calls)
		if route.Method != http.MethodGet {
			dice.Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
			plans = plans[:min(len(plans), *outagesOfWrite)]
		}
		for _, p := range plans {
			o.play(t, p, calls[:p.N], want.Status)
			played++
		}
	}
	t.Logf("failures of the database: %d", played)
}

// plansFor are all failures of the calls.
func plansFor(calls []string) (plans []fault.Plan) {
	for n, name := range calls {
		for _, mode := range fault.ModesOf(name) {
			plans = append(plans, fault.Plan{N: n + 1, Mode: mode})
		}
	}
	return plans
}

// outage is a route that meets failures of the database.
type outage struct {
	s      *Shop
	faults *fault.Injector
	route  api.Route
	q      Request
	things *Things // kept for a route that changes nothing
}

// undisturbed is the answer without a failure, and the calls behind it.
func (o *outage) undisturbed() (Answer, []string) {
	ask := o.prepare()
	o.faults.Restart(fault.Plan{})
	got := ask()
	o.faults.Stop()
	return got, o.faults.Calls()
}

// prepare makes what the route is about, and returns the request, which is the same each time it is sent.
func (o *outage) prepare() func() Answer {
	if o.things == nil || o.route.Method != http.MethodGet {
		b := o.q.things(o.s)
		o.things = &b
		o.s.RunUntilIdle()
	}
	b := *o.things
	q := o.q
	q.Body, q.Query = b.fill(q.Body), b.fill(q.Query)
	key := Unique("key-of-a-failing-request")
	return func() Answer { return o.s.sendKeyed(o.s.caller(o.route, b), o.route, q, b, key) }
}

// play sends a request while the last of the calls fails, and then again.
func (o *outage) play(t *testing.T, p fault.Plan, calls []string, want int) {
	t.Helper()
	before, call := calls[:p.N-1], calls[p.N-1]
	about := fmt.Sprintf("%s, %s %s", o.route.ID, call, p)
	ask := o.prepare()
	o.faults.Restart(p)
	got := ask()
	o.faults.Stop()
	switch {
	case got.Status == http.StatusServiceUnavailable:
		if got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: 503 without Retry-After", about)
		}
	case got.Status >= 500:
		t.Errorf("%s: %d %s", about, got.Status, got.Body)
	case got.Status/100 != want/100:
		t.Errorf("%s: the failure is told as %d %s", about, got.Status, got.Body)
	}
	// Who got an answer to a request without a key does not send it again.
	if got.Status < 300 && o.route.Keyed == api.Unkeyed {
		return
	}
	again := ask()
	// 200 instead of 201: a customer's only cart is there already.
	if again.Status/100 == want/100 {
		return
	}
	// What has taken effect without an answer is told as done, where no key tells that it was the caller's own request.
	// Where one does, the request may be thought to run still.
	unknown := p.Mode == fault.Unanswered || slices.ContainsFunc(before, fault.Writes)
	if unknown && o.route.Keyed == api.Unkeyed && slices.Contains(done, again.Status) ||
		unknown && strings.Contains(again.Body, `"idempotency_in_progress"`) {
		return
	}
	t.Errorf("%s: %d, and then %d %s, want %d", about, got.Status, again.Status, again.Body, want)
}

// done are the answers to a change that was made before.
var done = []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed}
