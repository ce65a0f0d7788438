package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type answer struct {
	ID    string `json:"id"`
	Total int64  `json:"total"`
}

var first = answer{ID: "ord_1", Total: 42_000}

// keyed is a request with key k and a body at a time.
func keyed(body string, at time.Time) idempotency.Request {
	return idempotency.For("placeOrder /orders", "customer#ann", "k", []byte(body), at)
}

var counter = table.Key{PK: "EFFECT", SK: "EFFECT"}

// transact runs an effect with its record in one transaction, as functions do, and returns what the client would get.
func transact(t *testing.T, tb *table.Table, r idempotency.Request, a answer) (answer, error) {
	t.Helper()
	done, err := r.AnswerWrite(a)
	if err != nil {
		t.Fatal(err)
	}
	err = tb.Transact(t.Context(), id.Secret(), done,
		table.Update{Key: counter, Do: "ADD #count :one", With: map[string]any{":one": 1}})
	if c, ok := table.Refused(err); ok && c.Refused(0) {
		var replayed answer
		err = r.Replay(c.Reasons[0].Item, &replayed)
		return replayed, err
	}
	return a, err
}

func effects(t *testing.T, tb *table.Table) int {
	t.Helper()
	var c struct {
		Count int `dynamodbav:"count"`
	}
	if err := tb.Get(t.Context(), counter, &c); err != nil && !errors.Is(err, table.ErrNotFound) {
		t.Fatal(err)
	}
	return c.Count
}

func TestRepeatedRequestGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		body  string
		after time.Duration
		want  answer
		code  string
		count int
	}{
		{"same key, same body: the first answer again", `{"a":1}`, time.Second, first, "", 1},
		{"same key, other body: 422 idempotency_key_reused", `{"a":2}`, time.Second, answer{}, "idempotency_key_reused", 1},
		{"same key, same body, at the end of the day: the first answer still", `{"a":1}`, idempotency.Retention, first, "",
			1},
		{"same key after the day: an effect of its own", `{"a":2}`, idempotency.Retention + time.Second, answer{ID: "ord_2"},
			"", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tb := localtest.Table(t, table.Commerce)
			if got, err := transact(t, tb, keyed(`{"a":1}`, noon), first); err != nil || got != first {
				t.Fatalf("first: %+v, %v", got, err)
			}
			got, err := transact(t, tb, keyed(c.body, noon.Add(c.after)), answer{ID: "ord_2"})
			if got != c.want || problem.Code(err) != c.code || effects(t, tb) != c.count {
				t.Errorf("%+v, %v, %d effects; want %+v, %q, %d", got, err, effects(t, tb), c.want, c.code, c.count)
			}
		})
	}
}

func TestTransactionWhoseAnswerGotLostIsRepeatedWithoutASecondEffect(t *testing.T) {
	t.Parallel()
	for _, mode := range fault.Modes {
		db := fault.New(fault.Plan{N: 1, Mode: mode}).DB(localtest.DB(t))
		tb := table.New(db, localtest.Name(t, table.Commerce), nil)
		r := idempotency.For("op", "caller", "key of "+string(mode), nil, noon)
		_, _ = transact(t, tb, r, first) // may fail: that is what is injected
		if got, err := transact(t, tb, r, first); err != nil || got != first || effects(t, tb) != 1 {
			t.Errorf("%s: %+v, %v, %d effects", mode, got, err, effects(t, tb))
		}
	}
}

func TestPriorFindsWhatIsStillRemembered(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	for _, c := range []struct {
		name string
		r    idempotency.Request
		want bool
	}{
		{"before the first request", keyed("body", noon), false},
		{"after it", keyed("body", noon.Add(time.Hour)), true},
		{"with another body", keyed("other", noon.Add(time.Hour)), true},
		{"of another caller", idempotency.For("placeOrder /orders", "customer#bob", "k", nil, noon), false},
		{"without a key", idempotency.Request{}, false},
		{"when it is forgotten", keyed("body", noon.Add(idempotency.Retention+time.Second)), false},
	} {
		prior, ok, err := c.r.Lookup(t.Context(), tb)
		if err != nil || ok != c.want {
			t.Errorf("%s: found %v, %v", c.name, ok, err)
		}
		if got := (answer{}); ok && c.r == keyed("body", noon.Add(time.Hour)) {
			if err := c.r.Replay(prior, &got); err != nil || got != first {
				t.Errorf("%s: %+v, %v", c.name, got, err)
			}
		}
		if c.name == "before the first request" {
			if _, err := transact(t, tb, keyed("body", noon), first); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestARefusedRequestThatWasServedBeforeIsAnsweredAsThen(t *testing.T) {
	t.Parallel()
	gone := problem.NotFound("variant_not_found", "There is no such variant.")
	broken := errors.New("the connection was reset")
	for _, c := range []struct {
		name    string
		request idempotency.Request
		refusal error
		want    string // the code of the problem, "" for the first answer
	}{
		{"the same request", keyed("{}", noon.Add(time.Hour)), gone, ""},
		{"another body", keyed(`{"a":1}`, noon.Add(time.Hour)), gone, "idempotency_key_reused"},
		{"a day later", keyed("{}", noon.Add(idempotency.Retention+time.Second)), gone, "variant_not_found"},
		{"somebody else's key", idempotency.For("placeOrder /orders", "customer#bob", "k", []byte("{}"), noon), gone,
			"variant_not_found"},
		{"no key", idempotency.Request{}, gone, "variant_not_found"},
	} {
		tb := localtest.Table(t, table.Commerce)
		if _, err := transact(t, tb, keyed("{}", noon), first); err != nil {
			t.Fatal(err)
		}
		got, err := idempotency.Earlier[answer](t.Context(), tb, c.request, c.refusal)
		if problem.Code(err) != c.want || c.want == "" && got != first {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
		// A fault of ours says nothing about the request.
		if _, err := idempotency.Earlier[answer](t.Context(), tb, c.request, broken); !errors.Is(err, broken) {
			t.Errorf("%s: the fault is told as %v", c.name, err)
		}
	}
}

func TestRequestsAtOnceTakeEffectOnce(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got, err := transact(t, tb, keyed("{}", noon), first); err != nil || got != first {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if n := effects(t, tb); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestKeysOfDifferentCallersNeverMeet(t *testing.T) {
	t.Parallel()
	token := func(operation, caller, key string) string {
		return idempotency.For(operation, caller, key, nil, noon).Token("")
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z#/ ]{0,6}`)
		a := [3]string{text.Draw(t, "operation"), text.Draw(t, "caller"), text.Draw(t, "key") + "k"}
		b := [3]string{text.Draw(t, "operation"), text.Draw(t, "caller"), text.Draw(t, "key") + "k"}
		if (token(a[0], a[1], a[2]) == token(b[0], b[1], b[2])) != (a == b) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestRequestWithoutAKey(t *testing.T) {
	t.Parallel()
	r := idempotency.For("op", "caller", "", []byte("{}"), noon)
	if r.Keyed() || r.Token("fallback") != "fallback" {
		t.Errorf("%+v counts as keyed", r)
	}
	if k := keyed("{}", noon); !k.Keyed() || len(k.Token("")) > 36 {
		t.Errorf("token %q", k.Token(""))
	}
	runs := 0
	for range 2 {
		got, replayed, err := idempotency.Guard(t.Context(), nil, r, func() (answer, error) { runs++; return first, nil })
		if got != first || replayed || err != nil {
			t.Errorf("%+v, %t, %v", got, replayed, err)
		}
	}
	if runs != 2 {
		t.Errorf("ran %d times", runs)
	}
}

// guarded runs an effect that counts how often it ran.
func guarded(ctx context.Context, tb *table.Table, r idempotency.Request, runs *atomic.Int32, fail error) (answer, bool,
	error) {
	return idempotency.Guard(ctx, tb, r, func() (answer, error) {
		runs.Add(1)
		return first, fail
	})
}

func TestGuardRunsOnceAndReplays(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var runs atomic.Int32
	if got, replayed, err := guarded(t.Context(), tb, keyed("{}", noon), &runs, nil); got != first || replayed ||
		err != nil {
		t.Fatalf("first: %+v, %t, %v", got, replayed, err)
	}
	if got, replayed, err := guarded(t.Context(), tb, keyed("{}", noon.Add(time.Hour)), &runs, nil); got != first ||
		!replayed || err != nil {
		t.Errorf("again: %+v, %t, %v", got, replayed, err)
	}
	if _, replayed, err := guarded(t.Context(), tb, keyed("[]", noon), &runs, nil); replayed ||
		problem.Code(err) != "idempotency_key_reused" {
		t.Errorf("other body: %v", err)
	}
	if runs.Load() != 1 {
		t.Errorf("ran %d times", runs.Load())
	}
	if _, replayed, err := guarded(t.Context(), tb, keyed("[]", noon.Add(idempotency.Retention+time.Second)), &runs,
		nil); replayed || err != nil || runs.Load() != 2 {
		t.Errorf("after a day: %t, %v, ran %d times", replayed, err, runs.Load())
	}
}

func TestGuardWhileTheFirstRequestRuns(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var runs atomic.Int32
	_, _, err := idempotency.Guard(t.Context(), tb, keyed("{}", noon), func() (answer, error) {
		if _, _, err := guarded(t.Context(), tb, keyed("{}", noon.Add(time.Second)), &runs,
			nil); problem.Code(err) != "idempotency_in_progress" || problem.From(err).Status != 409 {
			t.Errorf("meanwhile: %v", err)
		}
		if _, _, err := guarded(t.Context(), tb, keyed("{}", noon.Add(31*time.Second)), &runs, nil); err != nil {
			t.Errorf("after the lease: %v", err)
		}
		return first, nil
	})
	if err != nil || runs.Load() != 1 {
		t.Errorf("%v, %d runs by others", err, runs.Load())
	}
}

func TestEffectThatFailsLeavesTheKeyFree(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var runs atomic.Int32
	declined := problem.PaymentRequired("declined", "no")
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := idempotency.Guard(ctx, tb, keyed("{}", noon), func() (answer, error) {
		cancel() // the caller is gone; the key is to be freed all the same
		return answer{}, declined
	})
	if !errors.Is(err, declined) {
		t.Fatalf("got %v", err)
	}
	if got, replayed, err := guarded(t.Context(), tb, keyed("{}", noon), &runs, nil); got != first || replayed ||
		err != nil {
		t.Errorf("again: %+v, %t, %v", got, replayed, err)
	}
}

// TestFailedEffectDoesNotFreeTheClaimOfAnother lets a slow request fail after another has taken over its key.
func TestFailedEffectDoesNotFreeTheClaimOfAnother(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var runs atomic.Int32
	_, _, _ = idempotency.Guard(t.Context(), tb, keyed("{}", noon), func() (answer, error) {
		_, _, err := idempotency.Guard(t.Context(), tb, keyed("{}", noon.Add(31*time.Second)), func() (answer, error) {
			_, _, _ = idempotency.Guard(t.Context(), tb, keyed("{}", noon.Add(62*time.Second)), func() (answer, error) {
				return answer{}, errors.New("the third fails")
			})
			return first, nil
		})
		if err != nil {
			t.Error(err)
		}
		return answer{}, errors.New("the first fails late")
	})
	if got, replayed, err := guarded(t.Context(), tb, keyed("{}", noon.Add(63*time.Second)), &runs, nil); got != first ||
		!replayed || err != nil {
		t.Errorf("%+v, %t, %v; want the second one's answer", got, replayed, err)
	}
}

func TestGuardWhateverCallFails(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 2; n++ {
		for _, mode := range fault.Modes {
			t.Run(fmt.Sprintf("call %d %s", n, mode), func(t *testing.T) {
				t.Parallel()
				db := fault.New(fault.Plan{N: n, Mode: mode}).DB(localtest.DB(t))
				tb := table.New(db, localtest.Name(t, table.Commerce), nil)
				var runs atomic.Int32
				_, _, err := guarded(t.Context(), tb, keyed("{}", noon), &runs, nil)
				if mode == fault.Twice && (err != nil || runs.Load() != 1) {
					t.Errorf("a call that the client repeated: %v, %d runs", err, runs.Load())
				}
				if n == 1 && err != nil && runs.Load() != 0 {
					t.Errorf("ran without a claim")
				}
				got, _, err := guarded(t.Context(), tb, keyed("{}", noon.Add(31*time.Second)), &runs, nil)
				if err != nil || got != first {
					t.Errorf("after the lease: %+v, %v", got, err)
				}
				// Only a record that never reached the table costs a second run.
				if most := map[bool]int32{true: 2, false: 1}[n == 2 && mode == fault.Fails]; runs.Load() > most {
					t.Errorf("ran %d times, want at most %d", runs.Load(), most)
				}
			})
		}
	}
}

func TestAnswerThatCannotBeKept(t *testing.T) {
	t.Parallel()
	if _, err := keyed("{}", noon).AnswerWrite(make(chan int)); err == nil {
		t.Error("a channel was kept")
	}
	if err := keyed("{}", noon).Replay(table.Item{}, &answer{}); err == nil {
		t.Error("an empty record was replayed")
	}
}

func TestRecordsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var runs atomic.Int32
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			done, err := idempotency.For("op", "c", "in a transaction", nil, noon).AnswerWrite(first)
			if err != nil {
				return err
			}
			return tb.Transact(ctx, "", done)
		},
		func(ctx context.Context) error {
			_, _, err := guarded(ctx, tb, keyed("{}", noon), &runs, nil)
			return err
		},
		func(ctx context.Context) error {
			_, _, err := guarded(ctx, tb, keyed("{}", noon), &runs, nil)
			return err
		},
	}
	for i, p := range idempotency.AccessPatterns {
		ctx, meter := table.Metered(t.Context())
		if err := steps[i](ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		cost := meter.Cost()
		if strings.Contains(p.Note, "no trip of its own") {
			cost.Trips--
		}
		if cost.Trips != p.Trips || math.Abs(cost.Write-p.Write) > 0.01 || cost.Read != p.Read {
			t.Errorf("%s: %+v, documented %+v", p.Name, cost, p)
		}
	}
}
